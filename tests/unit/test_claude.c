/* Claude Code's adapter against a host that notes what it is asked for. The JSON is what Claude Code 2.1.330 sends.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"

/* ---- a host ---- */

struct fixture {
	struct agent_session s;
	struct str log;             /* a line for each call of the host's functions below */
	struct json_object *detail; /* of the item opened last */
	struct json_object *answer; /* given to the hook last */
	char folder[64];
	struct strv command;
};

static struct fixture *of(struct agent_session *s)
{
	return s->host_data;
}

static void host_signal(struct agent_session *s, const char *source, enum agent_activity a, int confidence,
			const char *detail)
{
	(void)confidence;
	(void)detail;
	str_addf(&of(s)->log, "signal %s %s\n", source, agent_activity_name(a));
}

static void host_item_open(struct agent_session *s, const struct agent_item *item)
{
	struct fixture *f = of(s);
	str_addf(&f->log, "open %s %s", item->key, item->title);
	for (size_t i = 0; i < json_len(item->options); i++)
		str_addf(&f->log, "%s%s", i ? "," : " [", json_str(json_at(item->options, i), "key"));
	str_adds(&f->log, item->options ? "]\n" : "\n");
	json_object_put(f->detail);
	f->detail = json_copy(item->detail);
}

static void host_item_withdraw(struct agent_session *s, const char *key, const char *reason)
{
	str_addf(&of(s)->log, "withdraw %s %s\n", key, reason);
}

static void host_reply(struct agent_session *s, uint64_t request, struct json_object *answer)
{
	struct fixture *f = of(s);
	str_addf(&f->log, "reply %llu\n", (unsigned long long)request);
	json_object_put(f->answer);
	f->answer = json_copy(answer);
}

static void host_input(struct agent_session *s, const void *bytes, size_t len)
{
	struct str *log = &of(s)->log;
	str_adds(log, "input ");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = ((const unsigned char *)bytes)[i];
		if (c >= 0x20)
			str_addc(log, (char)c);
		else if (c != '\n')
			str_addf(log, "^%c", c + '@');
	}
	str_addc(log, '\n');
}

static void host_prompt_settled(struct agent_session *s, int64_t prompt, const char *failed_why)
{
	str_addf(&of(s)->log, "settled %lld %s\n", (long long)prompt, failed_why ? "failed" : "taken");
}

static void host_turn_started(struct agent_session *s)
{
	str_adds(&of(s)->log, "turn started\n");
}

static void host_turn_ended(struct agent_session *s, const char *last_words)
{
	str_addf(&of(s)->log, "turn ended: %s\n", last_words ? last_words : "");
}

static void host_said(struct agent_session *s, const char *kind, struct json_object *data)
{
	(void)s;
	(void)kind;
	(void)data;
}

static void host_timer(struct agent_session *s, const char *name, int delay_ms)
{
	(void)s;
	(void)name;
	(void)delay_ms;
}

static void host_save(struct agent_session *s)
{
	(void)s;
}

static const struct agent_host host = {
	.signal = host_signal,
	.item_open = host_item_open,
	.item_withdraw = host_item_withdraw,
	.reply = host_reply,
	.input = host_input,
	.prompt_settled = host_prompt_settled,
	.turn_started = host_turn_started,
	.turn_ended = host_turn_ended,
	.said = host_said,
	.timer = host_timer,
	.save = host_save,
};

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);
	snprintf(f->folder, sizeof f->folder, "/tmp/test_claude.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->s = (struct agent_session){
		.host = &host,
		.ops = &agent_claude,
		.host_data = f,
		.id = "0000000000",
		.name = "s",
		.workspace = "/w",
		.folder = f->folder,
		.socket = "/run/muster/agent/1",
		.prompt = "Do it.",
		.command = &f->command,
		.muster_path = "/opt/muster",
		.state = json_new(),
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(file_remove_tree(f->folder), 0);
	json_object_put(f->s.state);
	json_object_put(f->detail);
	json_object_put(f->answer);
	str_fini(&f->log);
	free(f);
	return 0;
}

/* What the host was asked since the last look. */
static void expect(struct fixture *f, const char *want)
{
	assert_string_equal(str_c(&f->log), want);
	str_reset(&f->log);
}

static void forget(struct fixture *f)
{
	str_reset(&f->log);
}

static void hook(struct fixture *f, uint64_t request, const char *event, const char *json)
{
	struct json_object *data JSON_FREE = json_parse_text(json, NULL);
	assert_non_null(data);
	agent_claude.on_hook(&f->s, request, event, data);
}

static void line(struct fixture *f, const char *json)
{
	agent_claude.on_line(&f->s, json, strlen(json));
}

static void answer(struct fixture *f, const char *key, uint64_t request, const char *option, const char *text)
{
	agent_claude.answer(&f->s, key, request, f->detail, &(struct agent_answer){.option = option, .text = text});
}

/* Its command line, joined by blanks. The caller owns it. */
static char *launch(struct fixture *f, enum agent_start how)
{
	struct agent_launch l = {0};
	struct err err = {0};
	struct str out = STR_INIT;
	assert_int_equal(agent_claude.launch(&f->s, how, &l, &err), 0);
	for (size_t i = 0; i < l.argv.n; i++)
		str_addf(&out, "%s%s", i ? " " : "", l.argv.v[i]);
	assert_int_equal(l.pipe, f->s.headless);
	strv_fini(&l.argv);
	strv_fini(&l.env);
	return str_take(&out);
}

#define BASH "{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"touch a\",\"description\":\"Run\"}}"
#define ASK                                                                                                        \
	"{\"tool_name\":\"AskUserQuestion\",\"tool_input\":{\"questions\":[{\"question\":\"Colour?\",\"header\":"  \
	"\"C\","                                                                                                   \
	"\"options\":[{\"label\":\"Red\",\"description\":\"r\"},{\"label\":\"Green\",\"description\":\"g\"}],"     \
	"\"multiSelect\":false}%s]}}"

/* ---- launching ---- */

static void a_new_conversation_gets_the_brief(void **state)
{
	struct fixture *f = *state;
	char *argv MEM_FREE = launch(f, AGENT_START_NEW);
	const char *id = json_str(f->s.state, "conversation");
	char *want MEM_FREE = mem_printf(
		"claude --mcp-config %s/claude-mcp.json --settings %s/claude-settings.json --permission-mode manual "
		"--session-id %s -- Do it.",
		f->folder, f->folder, id);
	assert_string_equal(argv, want);
	struct str settings STR_FREE = STR_INIT;
	char *path MEM_FREE = mem_printf("%s/claude-settings.json", f->folder);
	assert_int_equal(file_read(path, 1 << 20, &settings), 0);
	assert_non_null(strstr(settings.data, "\"'/opt/muster' hook --wait PermissionRequest\""));
	assert_non_null(strstr(settings.data, "\"'/opt/muster' hook Stop\""));
}

static char *file_of(struct fixture *f, const char *name)
{
	struct str text = STR_INIT;
	char *path MEM_FREE = mem_printf("%s/%s", f->folder, name);
	assert_int_equal(file_read(path, 1 << 20, &text), 0);
	return str_take(&text);
}

static void it_gets_the_tools_unless_they_are_switched_off(void **state)
{
	struct fixture *f = *state;
	for (int headless = 0; headless < 2; headless++) {
		f->s.headless = headless;
		char *argv MEM_FREE = launch(f, AGENT_START_NEW);
		assert_non_null(strstr(argv, "/claude-mcp.json"));
		char *config MEM_FREE = file_of(f, "claude-mcp.json"), *settings MEM_FREE = file_of(f, "claude-settings.json");
		assert_string_equal(config,
				    "{\"mcpServers\":{\"muster\":{\"type\":\"stdio\",\"command\":\"/opt/muster\",\"args\":[\"mcp\"],"
				    "\"env\":{\"MUSTER_SOCKET\":\"/run/muster/agent/1\"},\"timeout\":604800000,"
				    "\"alwaysLoad\":true}}}");
		assert_non_null(strstr(settings, "\"mcp__muster__ask\""));
		assert_non_null(strstr(settings, "\"mcp__muster__job_list\""));
		assert_null(strstr(settings, "mcp__muster__job_start")); /* it would be a way around the permissions of its shell */
		assert_int_equal(strstr(settings, "\"hooks\"") != NULL, !headless);
	}
	f->s.options = json_parse_text("{\"mcp\":false}", NULL);
	char *argv MEM_FREE = launch(f, AGENT_START_NEW);
	assert_null(strstr(argv, "mcp"));
	json_object_put(f->s.options);
	f->s.options = json_parse_text("{\"mcp\":\"no\"}", NULL);
	struct agent_launch l = {0};
	struct err err;
	assert_int_equal(agent_claude.launch(&f->s, AGENT_START_NEW, &l, &err), -1);
	assert_string_equal(err.msg, "the option mcp of claude must be true or false");
	strv_fini(&l.argv);
	json_object_put(f->s.options);
	f->s.options = NULL;
}

static void a_brief_too_long_for_an_argument_goes_to_a_file(void **state)
{
	struct fixture *f = *state;
	char *brief MEM_FREE = mem_alloc(200001);
	memset(brief, 'x', 200000);
	f->s.prompt = brief;
	char *argv MEM_FREE = launch(f, AGENT_START_NEW);
	char *path MEM_FREE = mem_printf("%s/brief.md", f->folder);
	struct str written STR_FREE = STR_INIT;
	assert_non_null(strstr(argv, path));
	assert_true(strlen(argv) < 2000);
	assert_int_equal(file_read(path, 1 << 20, &written), 0);
	assert_string_equal(written.data, brief);
}

static void resuming_goes_on_with_what_was_said(void **state)
{
	struct fixture *f = *state;
	free(launch(f, AGENT_START_NEW));
	char *unsaid MEM_FREE = launch(f, AGENT_START_RESUME);
	assert_null(strstr(unsaid, "--resume"));
	assert_non_null(strstr(unsaid, "Do it."));
	hook(f, 1, "SessionStart", "{\"session_id\":\"c-1\",\"source\":\"startup\"}");
	hook(f, 2, "UserPromptSubmit", "{\"prompt\":\"Do it.\"}");
	char *said MEM_FREE = launch(f, AGENT_START_RESUME);
	assert_non_null(strstr(said, "--resume c-1"));
	assert_null(strstr(said, "Do it."));
	hook(f, 3, "SessionStart", "{\"session_id\":\"c-2\",\"source\":\"clear\"}");
	char *cleared MEM_FREE = launch(f, AGENT_START_RESUME);
	assert_null(strstr(cleared, "--resume"));
	assert_null(strstr(cleared, "Do it."));
}

/* ---- permissions and questions ---- */

static void a_permission_is_allowed_only_by_a_yes(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *option, *text, *behavior, *message;
	} cases[] = {
		{"allow", NULL, "allow", NULL},
		{"deny", NULL, "deny", "The lead denied this."},
		{"deny", "why not", "deny", "why not"},
		{NULL, "yes please", "deny", "yes please"},
		{NULL, NULL, "deny", "The lead denied this."},
		{"something", NULL, "deny", "The lead denied this."},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		hook(f, 7, "PermissionRequest", BASH);
		expect(f,
		       "open hook-7 Bash: touch a [allow,deny]\nwithdraw terminal it has said what it waits for\n");
		assert_string_equal(json_str(f->detail, "command"), "touch a");
		answer(f, "hook-7", 7, cases[i].option, cases[i].text);
		expect(f, "reply 7\n");
		struct json_object *specific = json_obj(json_obj(f->answer, "output"), "hookSpecificOutput");
		assert_string_equal(json_str(specific, "hookEventName"), "PermissionRequest");
		struct json_object *decision = json_obj(specific, "decision");
		assert_string_equal(json_str(decision, "behavior"), cases[i].behavior);
		if (cases[i].message)
			assert_string_equal(json_str(decision, "message"), cases[i].message);
	}
}

static struct json_object *given_answers(struct fixture *f)
{
	struct json_object *specific = json_obj(json_obj(f->answer, "output"), "hookSpecificOutput");
	return json_obj(json_obj(json_obj(specific, "decision"), "updatedInput"), "answers");
}

static void questions_are_answered_by_label_or_by_line(void **state)
{
	struct fixture *f = *state;
	char *one MEM_FREE = mem_printf(ASK, "");
	char *two MEM_FREE =
		mem_printf(ASK, ",{\"question\":\"Size?\",\"options\":[{\"label\":\"S\"}],\"multiSelect\":true}");
	hook(f, 1, "PermissionRequest", one);
	expect(f, "open hook-1 Colour? [Red,Green]\nwithdraw terminal it has said what it waits for\n");
	answer(f, "hook-1", 1, "Green", NULL);
	assert_string_equal(json_str(given_answers(f), "Colour?"), "Green");
	forget(f);
	hook(f, 2, "PermissionRequest", two);
	expect(f, "open hook-2 Colour? (and 1 more)\nwithdraw terminal it has said what it waits for\n");
	assert_non_null(strstr(json_str(f->detail, "context"), "2. Size? [S] (several, with commas)"));
	answer(f, "hook-2", 2, NULL, "Red\nS");
	assert_string_equal(json_str(given_answers(f), "Colour?"), "Red");
	assert_string_equal(json_str(given_answers(f), "Size?"), "S");
}

static void an_answer_in_the_terminal_lets_the_hook_go(void **state)
{
	struct fixture *f = *state;
	hook(f, 1, "PermissionRequest", BASH);
	hook(f, 2, "PermissionRequest", "{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"touch b\"}}");
	forget(f);
	hook(f, 3, "PostToolUse",
	     "{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"touch b\"},\"tool_response\":{}}");
	expect(f, "withdraw hook-2 answered in the terminal\nreply 2\nreply 3\n");
	agent_claude.on_status(&f->s, "state=blocked:app=claude-code:kind=permission");
	agent_claude.on_status(&f->s, "state=working:app=claude-code");
	forget(f);
	agent_claude.on_timer(&f->s, "unblock");
	expect(f, "withdraw hook-1 answered in the terminal\nreply 1\n");
}

static void a_dialog_that_opens_again_keeps_its_items(void **state)
{
	struct fixture *f = *state;
	hook(f, 1, "PermissionRequest", BASH);
	agent_claude.on_status(&f->s, "state=blocked:app=claude-code");
	agent_claude.on_status(&f->s, "state=working:app=claude-code");
	agent_claude.on_status(&f->s, "state=blocked:app=claude-code");
	forget(f);
	agent_claude.on_timer(&f->s, "unblock");
	expect(f, "");
	agent_claude.on_exited(&f->s, 0);
	expect(f, "withdraw hook-1 the agent's process ended\nreply 1\n");
}

/* ---- typing ---- */

static void start_up(struct fixture *f)
{
	hook(f, 1, "SessionStart", "{\"session_id\":\"c-1\",\"source\":\"startup\"}");
	forget(f);
}

static void a_prompt_is_typed_between_turns_and_taken_by_its_words(void **state)
{
	struct fixture *f = *state;
	start_up(f);
	hook(f, 2, "UserPromptSubmit", "{\"prompt\":\"first\"}");
	forget(f);
	agent_claude.tell(&f->s, 5, "two\nlines \x1b[201~\x03");
	expect(f, "");
	hook(f, 3, "Stop", "{\"last_assistant_message\":\"ok\",\"background_tasks\":[]}");
	expect(f, "signal hook idle\nturn ended: ok\ninput ^U^U^U^U^[[200~twolines ^[[201~\nreply 3\n");
	agent_claude.tell(&f->s, 5, "two\nlines \x1b[201~\x03"); /* by a new musterd: not pasted twice */
	expect(f, "");
	agent_claude.on_timer(&f->s, "enter");
	expect(f, "input ^M\n");
	hook(f, 4, "UserPromptSubmit", "{\"prompt\":\"<task-notification>x</task-notification>\"}");
	assert_null(strstr(str_c(&f->log), "settled"));
	hook(f, 5, "UserPromptSubmit",
	     "{\"prompt\":\"\\n<pasted_content id=\\\"a\\\">\\ntwo\\nlines\\n</pasted_content>\"}");
	assert_non_null(strstr(str_c(&f->log), "settled 5 taken\n"));
}

static void nothing_is_typed_into_a_dialog(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	start_up(f);
	agent_claude.tell(&f->s, 5, "text");
	forget(f);
	hook(f, 2, "PermissionRequest", BASH);
	forget(f);
	agent_claude.on_timer(&f->s, "enter");
	agent_claude.on_timer(&f->s, "retry");
	assert_int_equal(agent_claude.clear(&f->s, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_int_equal(agent_claude.interrupt(&f->s, &err), -1);
	expect(f, "");
}

static void a_late_report_of_a_dialog_holds_a_prompt_up_but_for_a_moment(void **state)
{
	struct fixture *f = *state;
	start_up(f);
	hook(f, 2, "UserPromptSubmit", "{\"prompt\":\"first\"}");
	hook(f, 3, "PermissionRequest", BASH);
	answer(f, "hook-3", 3, "allow", NULL);
	agent_claude.on_status(&f->s, "state=blocked:app=claude-code:kind=permission");
	hook(f, 4, "Stop", "{\"background_tasks\":[]}");
	forget(f);
	agent_claude.tell(&f->s, 5, "text");
	agent_claude.on_status(&f->s, "state=working:app=claude-code");
	agent_claude.on_status(&f->s, "state=done:app=claude-code");
	assert_null(strstr(str_c(&f->log), "input"));
	agent_claude.on_timer(&f->s, "unblock");
	assert_non_null(strstr(str_c(&f->log), "input ^U^U^U^U^[[200~text^[[201~\n"));
}

static void after_an_interruption_the_input_is_emptied_once(void **state)
{
	struct fixture *f = *state;
	start_up(f);
	hook(f, 2, "UserPromptSubmit", "{\"prompt\":\"first\"}");
	forget(f);
	agent_claude.on_status(&f->s, "state=idle:app=claude-code");
	expect(f, "signal hook idle\nturn ended: \n");
	agent_claude.tell(&f->s, 6, "next");
	expect(f, "");
	agent_claude.on_timer(&f->s, "rested");
	expect(f, "input ^C\n");
	agent_claude.on_timer(&f->s, "rested");
	expect(f, "input ^U^U^U^U^[[200~next^[[201~\n");
}

/* ---- headless ---- */

static void a_headless_prompt_is_sent_again_until_it_arrived(void **state)
{
	struct fixture *f = *state;
	f->s.headless = true;
	char *argv MEM_FREE = launch(f, AGENT_START_NEW);
	assert_null(strstr(argv, "Do it."));
	char *uuid MEM_FREE = mem_strdup(json_str(f->s.state, "brief"));
	char *sent MEM_FREE = mem_printf(
		"input {\"type\":\"user\",\"uuid\":\"%s\",\"message\":{\"role\":\"user\",\"content\":\"Do it.\"},"
		"\"parent_tool_use_id\":null,\"session_id\":\"\"}\n",
		uuid);
	agent_claude.on_attached(&f->s, true);
	expect(f, sent);
	agent_claude.on_attached(&f->s, true);
	expect(f, sent);
	char *queued MEM_FREE =
		mem_printf("{\"type\":\"command_lifecycle\",\"command_uuid\":\"%s\",\"state\":\"queued\"}", uuid);
	line(f, queued);
	agent_claude.on_attached(&f->s, true);
	expect(f, "");
}

static void a_headless_turn(void **state)
{
	struct fixture *f = *state;
	f->s.headless = true;
	line(f, "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"c-9\"}");
	expect(f, "withdraw turn-failed it works again\nturn started\nsignal stream working\n");
	line(f, "{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":{\"subtype\":\"can_use_tool\","
		"\"tool_name\":\"Bash\","
		"\"input\":{\"command\":\"ls\"},\"permission_suggestions\":[{\"type\":\"setMode\"}]}}");
	expect(f, "open stream-r1 Bash: ls [allow,deny,always]\n");
	const char *sent =
		"input {\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"r1\","
		"\"response\":{\"behavior\":\"allow\",\"updatedInput\":{\"command\":\"ls\"}}}}\n";
	answer(f, "stream-r1", 0, "allow", NULL);
	expect(f, sent);
	agent_claude.on_attached(&f->s, true);
	expect(f, sent);
	line(f, "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"r1\"}}");
	agent_claude.on_attached(&f->s, true);
	expect(f, "");
	line(f, "{\"type\":\"system\",\"subtype\":\"background_tasks_changed\",\"tasks\":[{\"task_id\":\"b\"}]}");
	line(f, "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"done\"}");
	expect(f, "signal stream working\nturn ended: done\n");
	line(f, "{\"type\":\"system\",\"subtype\":\"background_tasks_changed\",\"tasks\":[]}");
	expect(f, "signal stream idle\n");
	line(f, "{\"type\":\"result\",\"subtype\":\"error_during_execution\",\"is_error\":true,\"terminal_reason\":"
		"\"aborted_streaming\"}");
	expect(f, "signal stream idle\nturn ended: \n");
	line(f, "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"result\":\"API Error: 400\"}");
	expect(f, "signal stream error\nopen turn-failed its turn failed: API Error: 400\n");
}

static void what_is_not_understood_changes_nothing(void **state)
{
	struct fixture *f = *state;
	f->s.headless = true;
	static const char *const lines[] = {"",
					    "{",
					    "[]",
					    "null",
					    "{\"type\":7}",
					    "{\"type\":\"control_request\"}",
					    "{\"type\":\"user\",\"message\":null}",
					    "{\"type\":\"assistant\"}",
					    "{\"type\":\"control_cancel_request\",\"request_id\":\"none\"}",
					    "{\"type\":\"later\"}"};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		line(f, lines[i]);
	agent_claude.on_status(&f->s, "state=nonsense");
	expect(f, "");
	line(f, "{\"type\":\"control_request\",\"request_id\":\"r2\",\"request\":{\"subtype\":\"elicitation\"}}");
	expect(f, "input {\"type\":\"control_response\",\"response\":{\"subtype\":\"error\",\"request_id\":\"r2\","
		  "\"error\":\"this client does not do that\"}}\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_conversation_gets_the_brief),
		CASE(it_gets_the_tools_unless_they_are_switched_off),
		CASE(a_brief_too_long_for_an_argument_goes_to_a_file),
		CASE(resuming_goes_on_with_what_was_said),
		CASE(a_permission_is_allowed_only_by_a_yes),
		CASE(questions_are_answered_by_label_or_by_line),
		CASE(an_answer_in_the_terminal_lets_the_hook_go),
		CASE(a_dialog_that_opens_again_keeps_its_items),
		CASE(a_prompt_is_typed_between_turns_and_taken_by_its_words),
		CASE(nothing_is_typed_into_a_dialog),
		CASE(a_late_report_of_a_dialog_holds_a_prompt_up_but_for_a_moment),
		CASE(after_an_interruption_the_input_is_emptied_once),
		CASE(a_headless_prompt_is_sent_again_until_it_arrived),
		CASE(a_headless_turn),
		CASE(what_is_not_understood_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
