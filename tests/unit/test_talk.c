/* How a conversation looks on a terminal, and the line below it. */
#include <string.h>

#include "unit.h"

#include "cli/line.h"
#include "cli/out.h"
#include "cli/talk.h"
#include "fmt/json.h"

static void expect(const char *data, int width, bool color, const char *want)
{
	struct json_object *o JSON_FREE = json_parse_text(data, NULL);
	struct str out STR_FREE = STR_INIT;
	assert_non_null(o);
	talk_add(&out, o, 4, width, color);
	assert_string_equal(str_c(&out), want);
}

static void expect_line(const char *data, const char *want)
{
	struct json_object *o JSON_FREE = json_parse_text(data, NULL);
	struct str out STR_FREE = STR_INIT;
	talk_add_line(&out, o);
	assert_string_equal(str_c(&out), want);
}

static void test_each_kind(void **state)
{
	(void)state;
	expect("{\"kind\":\"prompt\",\"said\":{\"text\":\"Do it.\\nNow.\"}}", 0, false,
	       "    > Do it.\n      Now.\n");
	expect("{\"kind\":\"message\",\"said\":{\"text\":\"Done.\"}}", 0, false, "      Done.\n");
	expect("{\"kind\":\"tool\",\"said\":{\"title\":\"Edit a\",\"diff\":\"-one\\n+two\\n\"}}", 0, false,
	       "    * Edit a\n      -one\n      +two\n");
	expect("{\"kind\":\"tool\",\"said\":{\"title\":\"run\",\"command\":\"make\"}}", 0, false, "    $ make\n");
	expect("{\"kind\":\"tool_update\",\"said\":{\"title\":\"run\",\"status\":\"failed\",\"output\":\"no\","
	       "\"left_out\":7}}",
	       0, false, "    ! failed: run\n      no\n      … 7 bytes more\n");
	expect("{\"kind\":\"plan\",\"said\":{\"steps\":[{\"text\":\"a\",\"status\":\"completed\"},{\"text\":"
	       "\"b\\nc\",\"status\":\"?\"}]}}",
	       0, false, "    = [x] a\n      [?] b c\n");
	expect("{\"kind\":\"usage\",\"said\":{\"input_tokens\":7,\"context_used\":5,\"context_size\":9,\"cost\":0."
	       "5,\"currency\":\"EUR\"}}",
	       0, false, "      7 tokens in, context 5 of 9, 0.5 EUR\n");
	expect("{\"kind\":\"mode\",\"said\":{\"mode\":\"p\",\"name\":\"Plan\"}}", 0, false,
	       "      mode: Plan (p)\n");
	expect("{\"kind\":\"commands\",\"said\":{\"commands\":[\"a\"]}}", 0, false, "");
	expect("{\"kind\":\"new one\",\"said\":{\"name\":\"n\",\"text\":\"t\"}}", 0, false, "    ? n t\n");
	expect("{\"kind\":\"new one\",\"said\":{\"text\":\"t\"}}", 0, false, "    ? new one t\n");
	expect("{\"kind\":\"message\"}", 0, false, "");
	expect("{\"kind\":\"plan\",\"said\":{\"steps\":7}}", 0, false, "");
}

static void test_width_and_colour(void **state)
{
	(void)state;
	expect("{\"kind\":\"message\",\"said\":{\"text\":\"eins zwei drei vier fünf sechs\"}}", 26, false,
	       "      eins zwei drei vier\n      fünf sechs\n");
	expect("{\"kind\":\"thought\",\"said\":{\"text\":\"hm\"}}", 0, true, "    \033[2m~ hm\033[0m\n");
	expect("{\"kind\":\"tool\",\"said\":{\"title\":\"E\",\"diff\":\"-a\\n+b\\n\"}}", 0, true,
	       "    \033[34m* E\033[0m\n    \033[31m  -a\033[0m\n    \033[32m  +b\033[0m\n");
}

static void test_inert(void **state)
{
	(void)state;
	expect("{\"kind\":\"message\",\"said\":{\"text\":\"a\\u001b[2Jb\\u001b]0;title\\u0007c\\u202ed\"}}", 0,
	       false, "      abcd\n");
	expect("{\"kind\":\"tool\",\"said\":{\"title\":\"x\\u001b[31m\",\"command\":\"rm\\u001b[1A -rf\"}}", 0,
	       false, "    $ rm -rf\n");
	expect("{\"kind\":\"other\",\"said\":{\"name\":\"\\u001b[H\",\"text\":\"\\u001b[H\"}}", 0, false, "");
	expect("{\"kind\":\"config\",\"said\":{\"options\":{\"\\u001b[Ha\":\"\\u001b[Hb\"}}}", 0, false,
	       "      a: b\n");
}

static void test_long_diffs_are_cut(void **state)
{
	(void)state;
	struct json_object *data JSON_FREE = json_new(), *said = json_new();
	struct str diff STR_FREE = STR_INIT, out STR_FREE = STR_INIT;
	for (int i = 0; i < 100; i++)
		str_addf(&diff, "+%d\n", i);
	json_add_str(data, "kind", "tool");
	json_add_str(said, "title", "Write");
	json_add_str(said, "diff", diff.data);
	json_add_obj(data, "said", said);
	talk_add(&out, data, 0, 0, false);
	assert_non_null(strstr(out.data, "  +39\n  … 60 lines more\n"));
	assert_null(strstr(out.data, "+40"));
}

static void test_one_line(void **state)
{
	(void)state;
	expect_line("{\"kind\":\"message\",\"said\":{\"text\":\"one\\ntwo\"}}", "message: one …");
	expect_line("{\"kind\":\"tool_update\",\"said\":{\"title\":\"Read a\",\"status\":\"completed\"}}",
		    "tool_update: Read a completed");
	expect_line("{\"kind\":\"commands\",\"said\":{}}", "commands");
}

/* ---- the line that is typed ---- */

static void type(struct line *l, const char *keys, enum line_wish wish, size_t left, const char *text)
{
	size_t used, len = strlen(keys);
	assert_int_equal(line_take(l, keys, len, &used), wish);
	assert_int_equal(len - used, left);
	assert_string_equal(str_c(&l->text), text);
}

static void test_typing(void **state)
{
	(void)state;
	struct line l = {0};
	type(&l, "hé", LINE_EDITED, 0, "hé");
	type(&l, "\x7f\x7f\x7f", LINE_EDITED, 0, "");
	type(&l, "one two\rmore", LINE_SEND, 4, "one two");
	type(&l, "\x17", LINE_EDITED, 0, "one ");
	type(&l, "\n2\033\r3", LINE_EDITED, 0, "one \n2\n3");
	type(&l, "\x15", LINE_EDITED, 0, "");
	type(&l, "a\033[A\033OP\033[1;5Cb\x01\tc", LINE_EDITED, 0, "ab c");
	type(&l, "\x03", LINE_EDITED, 0, "");
	type(&l, "\x03", LINE_INTERRUPT, 0, "");
	type(&l, "\033", LINE_INTERRUPT, 0, "");
	type(&l, "x\x04", LINE_EDITED, 0, "x");
	type(&l, "\x15\x04", LINE_LEAVE, 0, "");
	type(&l, "\033[200~a\rb\033[31m", LINE_EDITED, 0, "a\nb");
	type(&l, "\rc\033[201~\r", LINE_SEND, 0, "a\nb\nc");
	type(&l, "\033[", LINE_EDITED, 0, "a\nb\nc");
	line_fini(&l);
}

static void test_what_is_typed_is_shown_by_its_end(void **state)
{
	(void)state;
	struct line l = {0};
	struct str out STR_FREE = STR_INIT;
	size_t used;
	line_take(&l, "漢字 and\nmore", strlen("漢字 and\nmore"), &used);
	line_show(&l, 80, &out);
	assert_string_equal(str_c(&out), "漢字 and⏎more");
	str_reset(&out);
	line_show(&l, 10, &out);
	assert_string_equal(str_c(&out), " and⏎more");
	str_reset(&out);
	line_show(&l, 0, &out);
	assert_string_equal(str_c(&out), "");
	for (int i = 0; i < 3 * LINE_MAX_TEXT; i++)
		line_take(&l, "x", 1, &used);
	assert_int_equal(l.text.len, LINE_MAX_TEXT);
	line_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind),
		cmocka_unit_test(test_width_and_colour),
		cmocka_unit_test(test_inert),
		cmocka_unit_test(test_long_diffs_are_cut),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_typing),
		cmocka_unit_test(test_what_is_typed_is_shown_by_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
