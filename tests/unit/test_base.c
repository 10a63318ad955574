#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/text.h"

static void test_str_grows_and_consumes(void **state)
{
	(void)state;
	struct str s STR_FREE = STR_INIT;
	assert_string_equal(str_c(&s), "");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%03d", i);
	assert_int_equal(s.len, 3000);
	str_consume(&s, 2997);
	assert_string_equal(s.data, "999");
	str_adds(&s, " \n\t");
	str_trim(&s);
	assert_string_equal(s.data, "999");
	str_consume(&s, 100);
	assert_int_equal(s.len, 0);
}

static void test_strv_env(void **state)
{
	(void)state;
	struct strv v STRV_FREE = STRV_INIT;
	for (int i = 0; i < 20; i++)
		strv_addf(&v, "K%d=%d", i, i);
	strv_setenv(&v, "K7", "seven");
	assert_string_equal(strv_getenv(&v, "K7"), "seven");
	strv_unsetenv(&v, "K7");
	assert_null(strv_getenv(&v, "K7"));
	assert_int_equal(v.n, 19);
	assert_null(v.v[19]);
	strv_unsetenv(&v, "missing");
	while (v.n)
		strv_unsetenv(&v, "K0"), strv_unsetenv(&v, "K1"), strv_unsetenv(&v, "K2"), strv_fini(&v);
	strv_add(&v, "again");
	assert_string_equal(strv_argv(&v)[0], "again");
	struct strv parts STRV_FREE = STRV_INIT;
	strv_split(&parts, ",a,,bc,", ',');
	assert_int_equal(parts.n, 2);
	assert_string_equal(parts.v[1], "bc");
}

static void test_pack_round_trip_and_short_input(void **state)
{
	(void)state;
	struct str s STR_FREE = STR_INIT;
	struct strv list STRV_FREE = STRV_INIT, read STRV_FREE = STRV_INIT;
	strv_add(&list, "one");
	strv_add(&list, "");
	pack_u8(&s, 7);
	pack_u16(&s, 65535);
	pack_u32(&s, 1u << 31);
	pack_u64(&s, UINT64_MAX);
	pack_text(&s, "text");
	pack_strv(&s, &list);
	struct unpack u = unpack_init(s.data, s.len);
	assert_int_equal(unpack_u8(&u), 7);
	assert_int_equal(unpack_u16(&u), 65535);
	assert_int_equal(unpack_u32(&u), 1u << 31);
	assert_true(unpack_u64(&u) == UINT64_MAX);
	char *text MEM_FREE = unpack_text(&u);
	assert_string_equal(text, "text");
	unpack_strv(&u, &read);
	assert_true(unpack_done(&u));
	assert_int_equal(read.n, 2);
	/* Cut anywhere, reading ends in an error and never past the end. */
	for (size_t cut = 0; cut < s.len; cut++) {
		char *copy MEM_FREE = mem_resize(NULL, cut + 1, 1);
		memcpy(copy, s.data, cut);
		struct strv out STRV_FREE = STRV_INIT;
		u = unpack_init(copy, cut);
		unpack_u8(&u), unpack_u16(&u), unpack_u32(&u), unpack_u64(&u);
		char *t MEM_FREE = unpack_text(&u);
		assert_non_null(t);
		unpack_strv(&u, &out);
		assert_false(unpack_done(&u));
	}
}

static void test_pack_refuses_nul_in_text(void **state)
{
	(void)state;
	struct str s STR_FREE = STR_INIT;
	pack_bytes(&s, "a\0b", 3);
	struct unpack u = unpack_init(s.data, s.len);
	char *text MEM_FREE = unpack_text(&u);
	assert_true(u.bad);
	assert_string_equal(text, "");
}

static void test_text_is_inert(void **state)
{
	(void)state;
	static const struct {
		const char *in, *one_line;
	} rows[] = {
		{"plain", "plain"},
		{"\x1b[31mred\x1b[0m", "red"},
		{"\x1b]0;title\x07" "after", "after"},
		{"\x1b]0;title\x1b\\after", "after"},
		{"\x1bPq#0;2;0;0;0\x1b\\x", "x"},
		{"\x1b]52;c;never ends", ""},
		{"a\rb\x08" "c\x7f" "d", "abcd"},
		{"line\nnext\ttab", "line next tab"},
		{"\xff\xc0\xafok", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdok"},
		{"\xe2\x80\xae" "evil", "evil"},
		{"\xc2\x9b" "31mx", "31mx"},
		{"\x1b(B\x1b=\x1b", ""},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str out STR_FREE = STR_INIT;
		text_add_inert(&out, rows[i].in, strlen(rows[i].in), TEXT_ONE_LINE);
		assert_string_equal(str_c(&out), rows[i].one_line);
	}
	assert_false(text_is_utf8("\xed\xa0\x80", 3)); /* a surrogate */
	assert_true(text_is_utf8("\xf0\x9f\x98\x80", 4));
}

static void test_json_text_is_inert(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"{\"a\":\"plain \303\244\"}", "{\"a\":\"plain \303\244\"}"},
		{"\"\302\233 31m\177\"", "\"\\u009b 31m\\u007f\""},      /* CSI as one character, DEL */
		{"\"\342\200\256x\"", "\"\\u202ex\""},                    /* from right to left */
		{"\"\363\240\200\201\033\"", "\"\\udb40\\udc01\\u001b\""}, /* a tag, beyond 16 bits */
		{"\"\377\"", "\"\\ufffd\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str out STR_FREE = STR_INIT;
		text_add_inert_json(&out, rows[i].text, strlen(rows[i].text));
		assert_string_equal(str_c(&out), rows[i].shown);
	}
}

static void test_err_is_one_line(void **state)
{
	(void)state;
	struct err err;
	assert_int_equal(err_set(&err, ERR_USAGE, "bad name: %s", "a\nb\x1b[0m"), -1);
	assert_null(strchr(err.msg, '\n'));
	assert_null(strchr(err.msg, '\x1b'));
	err_set_errno(&err, ERR_FAILED, -ENOENT, "cannot open %s", "x");
	assert_string_equal(err.msg, "cannot open x: No such file or directory");
	err_prefix(&err, "task");
	assert_string_equal(err.msg, "task: cannot open x: No such file or directory");
	assert_int_equal(err_set(NULL, ERR_FAILED, "nobody listens"), -1);
}

static void test_files(void **state)
{
	(void)state;
	char root[] = "/tmp/muster-base-XXXXXX";
	assert_non_null(mkdtemp(root));
	char *deep MEM_FREE = mem_printf("%s/a/b/c", root);
	char *file MEM_FREE = mem_printf("%s/file", deep);
	char *outside MEM_FREE = mem_printf("%s/outside", root);
	char *link MEM_FREE = mem_printf("%s/a/link", root);
	char *top MEM_FREE = mem_printf("%s/a", root);
	assert_int_equal(file_mkdirs(deep, 0700), 0);
	assert_int_equal(file_mkdirs(deep, 0700), 0);
	assert_int_equal(file_write_atomic(file, 0600, "hello", 5), 0);
	assert_int_equal(file_mkdirs(file, 0700), -EEXIST);
	struct str text STR_FREE = STR_INIT;
	assert_int_equal(file_read(file, 4, &text), -EFBIG);
	assert_int_equal(text.len, 0);
	assert_int_equal(file_read(file, 5, &text), 0);
	assert_string_equal(text.data, "hello");
	/* What is no regular file is not waited for. */
	struct err err;
	char *pipe MEM_FREE = mem_printf("%s/pipe", root);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(file_read(pipe, 5, &text), -EINVAL);
	assert_int_equal(file_read("/dev/zero", 5, &text), -EINVAL);
	assert_int_equal(file_read(root, 5, &text), -EISDIR);
	assert_int_equal(file_read_text(pipe, 5, &text, &err), -1);
	assert_non_null(strstr(err.msg, "it is no regular file"));
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(file_read_text(file, 4, &text, &err), -1);
	assert_non_null(strstr(err.msg, "it has more than 4 bytes"));
	str_reset(&text);
	assert_int_equal(file_read_stream(file, 5, &text), 0);
	assert_string_equal(text.data, "hello");
	/* Removal does not follow links and copes with folders without permissions. */
	assert_int_equal(file_mkdirs(outside, 0700), 0);
	assert_int_equal(symlink(outside, link), 0);
	assert_int_equal(chmod(deep, 0), 0);
	assert_int_equal(file_remove_tree(top), 0);
	assert_false(file_exists(top));
	assert_true(file_is_dir(outside));
	assert_int_equal(file_remove_tree(top), 0);
	assert_int_equal(file_remove_tree(root), 0);
}

/* In a folder that nobody may write in, the error says so, and not that something deeper is missing. */
static void test_folders_in_one_that_is_closed(void **state)
{
	(void)state;
	char root[] = "/tmp/muster-base-XXXXXX";
	assert_non_null(mkdtemp(root));
	char *inside MEM_FREE = mem_printf("%s/there/inside", root);
	char *deep MEM_FREE = mem_printf("%s/a/b", root);
	assert_int_equal(file_mkdirs(inside, 0755), 0);
	assert_int_equal(chmod(root, 0555), 0);
	bool root_user = geteuid() == 0;
	assert_true(!root_user || seteuid(65534) == 0);
	int missing = file_mkdirs(deep, 0700), present = file_mkdirs(inside, 0700);
	assert_true(!root_user || seteuid(0) == 0);
	assert_int_equal(missing, -EACCES);
	assert_int_equal(present, 0);
	assert_int_equal(chmod(root, 0700), 0);
	assert_int_equal(file_remove_tree(root), 0);
}

static void test_ids(void **state)
{
	(void)state;
	struct id a = id_new(), b = id_new();
	assert_true(id_valid(a.text));
	assert_string_not_equal(a.text, b.text);
	assert_false(id_valid("short"));
	assert_false(id_valid("ILOU567890"));
	char uuid[37];
	id_uuid(uuid);
	assert_int_equal(strlen(uuid), 36);
	assert_int_equal(uuid[14], '4');
}

static void test_nearest(void **state)
{
	(void)state;
	static const struct {
		const char *word, *expected;
	} rows[] = {{"serach", "search"}, {"docet", "docket"}, {"sart", "start"}, {"zzzzzz", NULL}, {"", NULL}, {"x", NULL}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct nearest n = nearest_init(rows[i].word);
		nearest_offer(&n, "search");
		nearest_offer(&n, "docket");
		nearest_offer(&n, "start");
		nearest_offer(&n, "y");
		if (rows[i].expected)
			assert_string_equal(n.best, rows[i].expected);
		else
			assert_null(n.best);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str_grows_and_consumes),
		cmocka_unit_test(test_strv_env),
		cmocka_unit_test(test_pack_round_trip_and_short_input),
		cmocka_unit_test(test_pack_refuses_nul_in_text),
		cmocka_unit_test(test_text_is_inert),
		cmocka_unit_test(test_json_text_is_inert),
		cmocka_unit_test(test_err_is_one_line),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_folders_in_one_that_is_closed),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
