/* Codex's adapter against a host that notes what it is asked for. The JSON is what Codex 0.169.0 sends. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/codex.h"
#include "base/mem.h"
#include "bridge/bridge.h"
#include "fmt/json.h"

/* ---- a host ---- */

struct fixture {
	struct agent_session s;
	struct str log;             /* a line for each call of the host's functions below */
	struct json_object *detail; /* of the item opened last */
	char *topic;                /* the same */
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
	mem_replace(&f->topic, item->topic);
}

static void host_item_withdraw(struct agent_session *s, const char *key, const char *reason)
{
	(void)reason;
	str_addf(&of(s)->log, "withdraw %s\n", key);
}

static void host_reply(struct agent_session *s, uint64_t request, struct json_object *answer)
{
	str_addf(&of(s)->log, "reply %llu %s\n", (unsigned long long)request, json_line(answer));
}

/* Only what decides: the method and the id, or the whole answer. */
static void host_input(struct agent_session *s, const void *bytes, size_t len)
{
	struct json_object *message JSON_FREE = json_parse_object(bytes, len, NULL);
	const char *method = json_str(message, "method");
	assert_non_null(message);
	if (method)
		str_addf(&of(s)->log, "input %s %s\n", method, json_str_or(message, "id", "-"));
	else
		str_addf(&of(s)->log, "input %s\n", json_line(message));
}

static void host_prompt_settled(struct agent_session *s, int64_t prompt, const char *failed_why)
{
	str_addf(&of(s)->log, "settled %lld %s\n", (long long)prompt, failed_why ? failed_why : "taken");
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
	str_addf(&of(s)->log, "said %s %s\n", kind, json_line(data));
}

static void host_timer(struct agent_session *s, const char *name, int delay_ms)
{
	str_addf(&of(s)->log, "timer %s %s\n", name, delay_ms < 0 ? "off" : "on");
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
	f->s = (struct agent_session){
		.host = &host,
		.ops = &agent_codex,
		.host_data = f,
		.id = "0000000000",
		.name = "parser",
		.workspace = "/w",
		.folder = "/s",
		.prompt = "Do it.",
		.command = &f->command,
		.muster_path = "/opt/bin/muster",
		.socket = "/s/box",
		.state = json_new(),
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	json_object_put(f->s.state);
	json_object_put(f->detail);
	free(f->topic);
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

static void line(struct fixture *f, const char *json)
{
	agent_codex.on_line(&f->s, json, strlen(json));
}

static void hook(struct fixture *f, uint64_t request, const char *event, const char *json)
{
	struct json_object *data JSON_FREE = json_parse_text(json, NULL);
	assert_non_null(data);
	agent_codex.on_hook(&f->s, request, event, data);
}

static void answer(struct fixture *f, const char *key, uint64_t request, const char *option, const char *text)
{
	agent_codex.answer(&f->s, key, request, f->detail, &(struct agent_answer){.option = option, .text = text});
}

/* Its command line, joined by blanks. The caller owns it. */
static char *launch(struct fixture *f, enum agent_start how)
{
	struct agent_launch l = {0};
	struct err err = {0};
	struct str words = STR_INIT;
	assert_int_equal(agent_codex.launch(&f->s, how, &l, &err), 0);
	assert_int_equal(l.pipe, f->s.headless);
	for (size_t i = 0; i < l.argv.n; i++)
		str_addf(&words, "%s%s", i ? " " : "", l.argv.v[i]);
	strv_fini(&l.argv);
	return str_take(&words);
}

/* A headless session that has its thread and whose brief was taken. */
static void begin(struct fixture *f)
{
	f->s.headless = true;
	free(launch(f, AGENT_START_NEW));
	agent_codex.on_attached(&f->s, true);
	line(f, "{\"id\":\"muster-1\",\"result\":{}}");
	line(f, "{\"id\":\"muster-2\",\"result\":{\"thread\":{\"id\":\"t\",\"status\":{\"type\":\"idle\"}}}}");
	line(f, "{\"id\":\"muster-3\",\"result\":{}}");
	line(f, "{\"id\":\"muster-4\",\"result\":{\"turn\":{\"id\":\"u\"}}}");
	expect(f, "input initialize muster-1\ninput initialized -\ninput thread/start muster-2\n"
		  "input thread/name/set muster-3\nsignal app-server idle\ninput turn/start muster-4\n");
}

#define COMMAND(id)                                                                                                \
	"{\"method\":\"item/commandExecution/requestApproval\",\"id\":" #id ",\"params\":{\"threadId\":\"t\","     \
	"\"turnId\":\"u\",\"itemId\":\"i\",\"command\":\"/bin/bash -lc 'make check'\",\"cwd\":\"/w\","             \
	"\"availableDecisions\":[\"accept\",\"cancel\"]}}"

/* ---- launching ---- */

static void test_command_lines(void **state)
{
	struct fixture *f = *state;
	struct json_object *options JSON_FREE = json_parse_text(
		"{\"model\":\"m \\\"x\\\"\",\"sandbox\":\"read-only\",\"args\":[\"-c\",\"a=1\"],\"mcp\":false}", NULL);
	char *terminal MEM_FREE = launch(f, AGENT_START_NEW);
	assert_string_equal(terminal, "/opt/bin/muster-bridge --socket=/s/codex.sock -- codex -c "
				      "approval_policy=\"on-request\" -c mcp_servers.muster.command=\"/opt/bin/muster\" -c "
				      "mcp_servers.muster.args=[\"mcp\"] -c mcp_servers.muster.env.MUSTER_SOCKET=\"/s/box\" "
				      "-c mcp_servers.muster.tool_timeout_sec=604800");
	f->s.headless = true;
	f->s.options = options;
	char *headless MEM_FREE = launch(f, AGENT_START_NEW);
	assert_string_equal(headless, "codex -c model=\"m \\\"x\\\"\" -c approval_policy=\"on-request\" -c "
				      "sandbox_mode=\"read-only\" -c a=1 app-server");
}

static void test_resume(void **state)
{
	struct fixture *f = *state;
	begin(f);
	agent_codex.on_exited(&f->s, 9);
	free(launch(f, AGENT_START_RESUME));
	agent_codex.on_attached(&f->s, true);
	line(f, "{\"id\":\"muster-1\",\"result\":{}}");
	line(f, "{\"id\":\"muster-2\",\"result\":{\"thread\":{\"id\":\"t\",\"status\":{\"type\":\"idle\"}}}}");
	expect(f, "input initialize muster-1\ninput initialized -\ninput thread/resume muster-2\nsignal app-server "
		  "idle\n");
	assert_string_equal(json_str(f->s.state, "conversation"), "t");
}

/* ---- commands as a shell gets them ---- */

static void check_script(const char *command, const char *want)
{
	char *script MEM_FREE = codex_command_script(command);
	assert_string_equal(script, want);
}

static void test_scripts(void **state)
{
	(void)state;
	check_script("/bin/bash -lc 'make check'", "make check");
	check_script("bash -c \"echo \\\"\\$HOME\\\" 'x'\"", "echo \"$HOME\" 'x'");
	check_script("/usr/bin/zsh -lc ls", "ls");
	check_script("/bin/bash -lc 'it'\\''s'", "it's");
	check_script("/bin/bash -lc ''", "");
	/* Anything else stays whole: nothing of a command is ever left out. */
	check_script("/bin/bash -lc 'make' extra", "/bin/bash -lc 'make' extra");
	check_script("/bin/bash -lc 'make", "/bin/bash -lc 'make");
	check_script("/bin/bash -lc \"make", "/bin/bash -lc \"make");
	check_script("/bin/bash -x 'make'", "/bin/bash -x 'make'");
	check_script("python3 -c 'x'", "python3 -c 'x'");
	check_script("/w/bash -lc 'make check'", "/w/bash -lc 'make check'"); /* no shell, but what is called so */
	check_script("./sh -c 'make check'", "./sh -c 'make check'");
	check_script("/usr/bin/../../w/sh -c ls", "/usr/bin/../../w/sh -c ls");
	check_script("bash", "bash");
	check_script("", "");
}

/* ---- needs ---- */

static void test_a_command(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, COMMAND(7));
	expect(f, "open rpc-7 it wants to run: make check [allow,deny]\n");
	assert_string_equal(f->topic, "run make check");
	answer(f, "rpc-7", 0, "allow", NULL);
	expect(f, "input {\"result\":{\"decision\":\"accept\"},\"id\":7}\n");
	agent_codex.on_attached(&f->s, true);
	expect(f, "input {\"result\":{\"decision\":\"accept\"},\"id\":7}\n"); /* it may not have arrived */
	line(f, "{\"method\":\"serverRequest/resolved\",\"params\":{\"threadId\":\"t\",\"requestId\":7}}");
	agent_codex.on_attached(&f->s, true);
	expect(f, "withdraw rpc-7\n"); /* which is closed by then */
}

static void test_a_reason_follows_a_refusal(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, COMMAND(1));
	str_reset(&f->log);
	answer(f, "rpc-1", 0, "deny", "not now");
	expect(f, "input {\"result\":{\"decision\":\"decline\"},\"id\":1}\ninput turn/start muster-5\n");
}

static void test_always_is_what_codex_offers(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"item/commandExecution/requestApproval\",\"id\":\"a\",\"params\":{\"threadId\":\"t\","
		"\"command\":\"ls\",\"cwd\":\"/elsewhere\",\"availableDecisions\":[\"accept\",{"
		"\"acceptWithExecpolicyAmendment\":{\"execpolicy_amendment\":[\"ls\"]}},\"cancel\"]}}");
	expect(f, "open rpc-\"a\" it wants to run: ls [allow,deny,always]\n");
	assert_null(f->topic); /* it runs elsewhere */
	answer(f, "rpc-\"a\"", 0, "always", NULL);
	expect(f, "input {\"result\":{\"decision\":{\"acceptWithExecpolicyAmendment\":{"
		  "\"execpolicy_amendment\":[\"ls\"]}}},\"id\":\"a\"}\n");
}

static void test_a_file_change_is_shown(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"item/"
		"started\",\"params\":{\"threadId\":\"t\",\"item\":{\"type\":\"fileChange\",\"id\":\"c\","
		"\"changes\":[{\"path\":\"/w/a\",\"kind\":{\"type\":\"update\"},\"diff\":\"@@ -1 +1 "
		"@@\\n-x\\n+y\\n\"},"
		"{\"path\":\"/w/b\",\"kind\":{\"type\":\"add\"},\"diff\":\"new\\n\"}]}}}");
	line(f, "{\"method\":\"item/fileChange/requestApproval\",\"id\":2,\"params\":{\"threadId\":\"t\","
		"\"itemId\":\"c\"}}");
	expect(f, "said tool {\"id\":\"c\",\"name\":\"fileChange\",\"kind\":\"edit\",\"status\":\"in_progress\",\"title\":"
		  "\"change: /w/a, /w/b\",\"path\":\"/w/a, /w/b\",\"diff\":\"update /w/a\\n@@ -1 +1 @@\\n-x\\n+y\\nadd "
		  "/w/b\\n+new\\n\"}\n"
		  "open rpc-2 it wants to change: /w/a, /w/b [allow,deny,always]\n");
	assert_string_equal(json_str(f->detail, "diff"), "update /w/a\n@@ -1 +1 @@\n-x\n+y\nadd /w/b\n+new\n");
	answer(f, "rpc-2", 0, "always", NULL);
	expect(f, "input {\"result\":{\"decision\":\"acceptForSession\"},\"id\":2}\n");
}

static void test_questions(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"item/tool/requestUserInput\",\"id\":3,\"params\":{\"threadId\":\"t\",\"questions\":["
		"{\"id\":\"q\",\"question\":\"Which?\",\"options\":[{\"label\":\"A\",\"description\":\"a\"}]},"
		"{\"id\":\"r\",\"question\":\"Why?\"}]}}");
	expect(f, "open rpc-3 Which? (and 1 more)\n");
	answer(f, "rpc-3", 0, NULL, "A\nso that");
	expect(f, "input {\"result\":{\"answers\":{\"q\":{\"answers\":[\"A\"]},\"r\":{\"answers\":[\"so "
		  "that\"]}}},\"id\":3}\n");
}

static void test_elicitations(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"mcpServer/elicitation/"
		"request\",\"id\":4,\"params\":{\"serverName\":\"db\",\"mode\":\"form\","
		"\"message\":\"Drop it?\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}}");
	expect(f, "open rpc-4 db: Drop it? [allow,deny]\n");
	answer(f, "rpc-4", 0, "deny", NULL);
	expect(f, "input {\"result\":{\"action\":\"decline\",\"content\":null,\"_meta\":null},\"id\":4}\n");
	line(f, "{\"method\":\"mcpServer/elicitation/"
		"request\",\"id\":5,\"params\":{\"serverName\":\"db\",\"mode\":\"form\","
		"\"message\":\"Rows?\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":"
		"\"integer\",\"title\":\"How many\"},\"name\":{\"type\":\"string\"}}}}}");
	expect(f, "open rpc-5 db: Rows?\n");
	answer(f, "rpc-5", 0, NULL, "12\n12");
	expect(f, "input {\"result\":{\"action\":\"accept\",\"content\":{\"n\":12,\"name\":\"12\"},\"_meta\":"
		  "null},\"id\":5}\n");
}

static void test_what_is_not_for_a_person_is_refused(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"attestation/generate\",\"id\":6,\"params\":{}}");
	expect(f, "said other {\"name\":\"attestation/generate\",\"text\":\"\"}\n"
		  "input {\"error\":{\"code\":-32601,\"message\":\"muster does not do that\"},\"id\":6}\n");
}

/* ---- turns, prompts ---- */

static void test_turns(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"turn/started\",\"params\":{\"threadId\":\"t\",\"turn\":{\"id\":\"u\"}}}");
	line(f, COMMAND(1));
	line(f, "{\"method\":\"turn/started\",\"params\":{\"threadId\":\"another\",\"turn\":{\"id\":\"v\"}}}");
	line(f, "{\"method\":\"turn/"
		"completed\",\"params\":{\"threadId\":\"t\",\"turn\":{\"id\":\"u\",\"status\":\"failed\","
		"\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":\\\"no money\\\"}}\"}}}}");
	expect(f, "withdraw turn-failed\nturn started\nopen rpc-1 it wants to run: make check [allow,deny]\n"
		  "withdraw rpc-1\nsignal app-server error\nopen turn-failed its turn failed: no money\n");
	assert_false(codex_need_any(&f->s));
}

/* The app-server waits for it still: without an item nobody could answer. */
static void test_a_turn_ends_without_what_a_subagent_asks(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"item/commandExecution/requestApproval\",\"id\":2,\"params\":{\"threadId\":\"sub\","
		"\"command\":\"ls\"}}");
	line(f, COMMAND(1));
	str_reset(&f->log);
	line(f, "{\"method\":\"turn/completed\",\"params\":{\"threadId\":\"t\",\"turn\":{\"id\":\"u\"}}}");
	expect(f, "withdraw rpc-1\nturn ended: \n");
	answer(f, "rpc-2", 0, "allow", NULL);
	expect(f, "input {\"result\":{\"decision\":\"accept\"},\"id\":2}\n");
}

static void test_a_prompt_that_was_lost_is_sent_again(void **state)
{
	struct fixture *f = *state;
	begin(f);
	agent_codex.tell(&f->s, 5, "go on");
	expect(f, "input turn/start muster-5\n");
	agent_codex.on_attached(&f->s, true);
	expect(f, "timer recheck on\n");
	agent_codex.on_timer(&f->s, "recheck");
	expect(f, "input thread/turns/list muster-6\n");
	line(f, "{\"id\":\"muster-6\",\"result\":{\"data\":[{\"id\":\"u\",\"items\":[{\"type\":\"userMessage\","
		"\"clientId\":\"another\"}]}]}}");
	expect(f, "input turn/start muster-7\n");
	line(f, "{\"id\":\"muster-7\",\"result\":{\"turn\":{\"id\":\"u\"}}}");
	expect(f, "settled 5 taken\n");
	line(f, "{\"id\":\"muster-7\",\"result\":{\"turn\":{\"id\":\"u\"}}}"); /* once is enough */
	expect(f, "");
}

static void test_a_prompt_that_arrived_is_not_sent_again(void **state)
{
	struct fixture *f = *state;
	begin(f);
	agent_codex.tell(&f->s, 5, "go on");
	char *uuid MEM_FREE = mem_strdup(json_str(json_obj(f->s.state, "tell"), "uuid"));
	agent_codex.on_timer(&f->s, "recheck");
	str_reset(&f->log);
	char *turns MEM_FREE =
		mem_printf("{\"id\":\"muster-6\",\"result\":{\"data\":[{\"items\":[{\"type\":\"userMessage\","
			   "\"clientId\":\"%s\"}]}]}}",
			   uuid);
	line(f, turns);
	expect(f, "settled 5 taken\n");
}

static void test_a_refused_prompt_fails(void **state)
{
	struct fixture *f = *state;
	begin(f);
	agent_codex.tell(&f->s, 5, "go on");
	line(f, "{\"id\":\"muster-5\",\"error\":{\"code\":-32600,\"message\":\"no\"}}");
	expect(f, "input turn/start muster-5\nsettled 5 no\n");
}

/* ---- what makes no sense ---- */

static char *blown_up(const char *before, size_t n, const char *after)
{
	struct str text = STR_INIT;
	str_adds(&text, before);
	for (size_t i = 0; i < n; i++)
		str_addc(&text, 'x');
	str_adds(&text, after);
	return str_take(&text);
}

static void test_what_is_beyond_measure_is_refused(void **state)
{
	struct fixture *f = *state;
	begin(f);
	char *ask MEM_FREE = blown_up("{\"method\":\"item/commandExecution/requestApproval\",\"id\":1,\"params\":{\"command\":\"",
				      300 << 10, "\"}}");
	char *id MEM_FREE = blown_up("{\"method\":\"item/commandExecution/requestApproval\",\"id\":\"", 300, "\"}");
	line(f, ask);
	line(f, id);
	assert_null(strstr(str_c(&of(&f->s)->log), "open "));
	assert_int_equal(json_int(json_obj(f->s.state, "unknown"), "request beyond all measure", 0), 2);
	str_reset(&of(&f->s)->log);
	for (int i = 0; i < 70; i++) {
		char *one MEM_FREE = mem_printf("{\"method\":\"item/commandExecution/requestApproval\",\"id\":%d,"
						"\"params\":{\"command\":\"ls\"}}", i);
		line(f, one);
	}
	assert_int_equal(json_int(json_obj(f->s.state, "unknown"), "request beyond what may be open at once", 0), 6);
	assert_int_equal(json_len(json_arr(f->s.state, "open")), 64);
	str_reset(&of(&f->s)->log);
}

static void test_a_long_change_is_kept_by_its_names(void **state)
{
	struct fixture *f = *state;
	begin(f);
	char *item MEM_FREE = blown_up("{\"method\":\"item/started\",\"params\":{\"threadId\":\"t\",\"item\":{\"type\":"
				       "\"fileChange\",\"id\":\"c\",\"changes\":[{\"path\":\"/w/a\",\"diff\":\"",
				       1 << 20, "\"}]}}}");
	line(f, item);
	assert_true(strlen(json_line(f->s.state)) < 64 << 10);
	line(f, "{\"method\":\"item/fileChange/requestApproval\",\"id\":2,\"params\":{\"threadId\":\"t\","
		"\"itemId\":\"c\"}}");
	assert_non_null(strstr(str_c(&of(&f->s)->log), "open rpc-2 it wants to change: /w/a "));
	assert_string_equal(json_str(f->detail, "diff"), "update /w/a\n(too long to be shown)\n");
	str_reset(&of(&f->s)->log);
}

/* Short enough to be kept, but not what would be written: it must not meet another that begins the same. */
static void test_a_change_that_the_bridge_cut_meets_no_other(void **state)
{
	struct fixture *f = *state;
	begin(f);
	line(f, "{\"method\":\"item/started\",\"params\":{\"threadId\":\"t\",\"item\":{\"type\":\"fileChange\",\"id\":"
		"\"c\",\"changes\":[{\"path\":\"/w/a\",\"kind\":{\"type\":\"add\"},\"diff\":\"x" BRIDGE_CUT "\"}]}}}");
	line(f, "{\"method\":\"item/fileChange/requestApproval\",\"id\":2,\"params\":{\"threadId\":\"t\","
		"\"itemId\":\"c\"}}");
	assert_non_null(strstr(str_c(&f->log), "open rpc-2 it wants to change: /w/a "));
	assert_string_equal(json_str(f->detail, "diff"), "update /w/a\n(too long to be shown)\n");
	assert_null(f->topic);
	str_reset(&f->log);
}

static void test_a_thread_without_a_name_fails(void **state)
{
	struct fixture *f = *state;
	f->s.headless = true;
	free(launch(f, AGENT_START_NEW));
	agent_codex.on_attached(&f->s, true);
	line(f, "{\"id\":\"muster-1\",\"result\":{}}");
	line(f, "{\"id\":\"muster-2\",\"result\":{\"thread\":{}}}");
	assert_non_null(strstr(str_c(&of(&f->s)->log), "open turn-failed its turn failed: thread/start: its answer names no thread"));
	str_reset(&of(&f->s)->log);
}

static void test_nonsense_is_no_matter(void **state)
{
	static const char *const lines[] = {
		"",
		"{",
		"[]",
		"null",
		"{}",
		"{\"id\":\"muster-99\",\"result\":{}}",
		"{\"id\":1,\"result\":null}",
		"{\"method\":7,\"id\":{}}",
		"{\"method\":\"turn/completed\"}",
		"{\"method\":\"item/started\",\"params\":{\"item\":[]}}",
		"{\"method\":\"serverRequest/resolved\",\"params\":{}}",
		"{\"method\":\"thread/started\",\"params\":{\"thread\":null}}",
	};
	struct fixture *f = *state;
	begin(f);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		line(f, lines[i]);
	expect(f, "said other {\"name\":\"line that is no message\",\"text\":\"\\\"\\\"\"}\n"
		  "said other {\"name\":\"line that is no message\",\"text\":\"\\\"{\\\"\"}\n"
		  "said other {\"name\":\"line that is no message\",\"text\":\"\\\"[]\\\"\"}\n"
		  "said other {\"name\":\"line that is no message\",\"text\":\"\\\"null\\\"\"}\n"
		  "said other {\"name\":\"message without a method\",\"text\":\"{}\"}\n");
	for (int i = 0; i < 200; i++) {
		char *other MEM_FREE = mem_printf("{\"method\":\"new/%d\",\"params\":{}}", i);
		line(f, other);
	}
	struct json_object *others = json_obj(f->s.state, "unknown");
	assert_int_equal(json_int(others, "new/0", 0), 1);
	assert_int_equal(json_object_object_length(others), 33);
	assert_int_equal(json_int(others, "other", 0), 200 - 30); /* two names were taken before */
	str_reset(&of(&f->s)->log);
	answer(f, "rpc-1", 0, "allow", NULL); /* of nothing that is open */
	expect(f, "");
}

/* ---- through the bridge ---- */

static void test_what_was_lost_is_told(void **state)
{
	struct fixture *f = *state;
	free(launch(f, AGENT_START_NEW));
	hook(f, 9, "line", "{\"method\":\"muster/lost\",\"params\":{\"count\":2}}");
	expect(f, "reply 9 {}\nwithdraw bridge-lost\n"
		  "open bridge-lost 2 messages of Codex did not reach muster; look into its terminal\n");
}

static void test_orders_wait_for_the_bridge(void **state)
{
	struct fixture *f = *state;
	free(launch(f, AGENT_START_NEW));
	hook(f, 10, "ready", "{}");
	expect(f, "reply 10 {}\n");
	assert_int_equal(json_len(json_arr(f->s.state, "orders")), 1);
	hook(f, 11, "next", "{}");
	assert_non_null(strstr(str_c(&f->log), "reply 11 {\"orders\":[{\"send\":{\"id\":\"muster-1\""));
	str_reset(&f->log);
	hook(f, 12, "line", "{\"id\":\"muster-1\",\"result\":{}}");
	expect(f, "reply 12 {}\n");
	hook(f, 13, "next", "{}");
	assert_non_null(strstr(str_c(&f->log), "{\"method\":\"initialized\"}"));
	assert_non_null(strstr(str_c(&f->log), "\"method\":\"thread/start\""));
}

/* A terminal whose thread is there, and takes prompts. */
static void begin_terminal(struct fixture *f)
{
	f->s.prompt = NULL;
	free(launch(f, AGENT_START_NEW));
	hook(f, 10, "ready", "{}");
	hook(f, 11, "line", "{\"id\":\"muster-1\",\"result\":{}}");
	hook(f, 12, "line", "{\"id\":\"muster-2\",\"result\":{\"thread\":{\"id\":\"t\",\"status\":{\"type\":\"idle\"}}}}");
	hook(f, 13, "line", "{\"id\":\"muster-3\",\"result\":{}}");
	hook(f, 14, "next", "{}");
	str_reset(&f->log);
}

static void test_a_prompt_outlives_a_lost_connection(void **state)
{
	struct fixture *f = *state;
	begin_terminal(f);
	agent_codex.tell(&f->s, 5, "go on");
	char *uuid MEM_FREE = mem_strdup(json_str(json_obj(f->s.state, "tell"), "uuid"));
	hook(f, 15, "ready", "{}"); /* a new connection; the order with the prompt goes there */
	hook(f, 16, "line", "{\"id\":\"muster-4\",\"error\":{\"message\":\"Not initialized\"}}");
	hook(f, 17, "line", "{\"id\":\"muster-6\",\"result\":{}}");
	expect(f, "reply 15 {}\nreply 16 {}\nreply 17 {}\n");
	hook(f, 18, "line", "{\"id\":\"muster-7\",\"result\":{\"thread\":{\"id\":\"t\",\"status\":{\"type\":\"idle\"}}}}");
	expect(f, "reply 18 {}\nsignal app-server idle\ntimer recheck on\n");
	hook(f, 19, "next", "{}");
	str_reset(&f->log);
	agent_codex.on_attached(&f->s, true); /* and a new musterd */
	expect(f, "timer recheck on\n");
	agent_codex.on_timer(&f->s, "recheck");
	hook(f, 20, "line", "{\"id\":\"muster-8\",\"result\":{\"data\":[]}}");
	hook(f, 21, "next", "{}");
	const char *again = strstr(str_c(&f->log), "\"id\":\"muster-9\",\"method\":\"turn/start\"");
	assert_non_null(again);
	assert_non_null(strstr(again, uuid));
	str_reset(&f->log);
	hook(f, 22, "line", "{\"id\":\"muster-9\",\"result\":{\"turn\":{\"id\":\"u\"}}}");
	expect(f, "reply 22 {}\nsettled 5 taken\n");
}

static void test_a_permission_through_the_bridge(void **state)
{
	struct fixture *f = *state;
	free(launch(f, AGENT_START_NEW));
	hook(f, 20, "ask", COMMAND(7));
	expect(f, "open rpc-7 it wants to run: make check [allow,deny]\n");
	answer(f, "rpc-7", 20, "allow", NULL);
	expect(f, "reply 20 {\"result\":{\"decision\":\"accept\"}}\n");
	hook(f, 21, "ask", COMMAND(8));
	str_reset(&f->log);
	hook(f, 22, "line",
	     "{\"method\":\"serverRequest/resolved\",\"params\":{\"threadId\":\"t\",\"requestId\":8}}");
	expect(f, "reply 22 {}\nwithdraw rpc-8\nreply 21 {\"drop\":true}\n");
	hook(f, 23, "ask", "{\"method\":\"currentTime/read\",\"id\":9,\"params\":{}}");
	expect(f, "reply 23 {\"drop\":true}\n"); /* Codex's own interface knows better */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_command_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resume, setup, teardown),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test_setup_teardown(test_a_command, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_reason_follows_a_refusal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_always_is_what_codex_offers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_file_change_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_questions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_elicitations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_for_a_person_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_turn_ends_without_what_a_subagent_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_prompt_that_was_lost_is_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_prompt_that_arrived_is_not_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_refused_prompt_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_beyond_measure_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_long_change_is_kept_by_its_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_change_that_the_bridge_cut_meets_no_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_thread_without_a_name_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense_is_no_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_was_lost_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_orders_wait_for_the_bridge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_prompt_outlives_a_lost_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_permission_through_the_bridge, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
