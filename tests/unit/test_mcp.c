/* The protocol core of `muster mcp`, both eras, with a port that keeps what it is given. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "mcp/mcp.h"

#define MODERN                                                                                                     \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                                   \
	"\"io.modelcontextprotocol/clientCapabilities\":{}}"

struct fix {
	struct mcp mcp;
	struct str sent; /* messages to the mailbox, a line each */
	int ended;
	bool refuses;
};

static int keep(void *arg, struct mcp_call *call, const char *line, size_t len, struct err *err)
{
	struct fix *f = arg;
	(void)call;
	if (f->refuses)
		return err_set(err, ERR_FAILED, "the mailbox is closed");
	str_add(&f->sent, line, len);
	str_addc(&f->sent, '\n');
	return 0;
}

static void note_end(void *arg, struct mcp_call *call)
{
	(void)call;
	((struct fix *)arg)->ended++;
}

static struct fix fix;
static const struct mcp_port port = {.send = keep, .end = note_end, .arg = &fix};

static int setup(void **state)
{
	(void)state;
	fix = (struct fix){0};
	mcp_init(&fix.mcp, &port);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	clock_real();
	mcp_fini(&fix.mcp);
	str_fini(&fix.sent);
	return 0;
}

static void say(const char *line)
{
	mcp_line(&fix.mcp, line, strlen(line));
}

/* The next line to the client, which there must be; the caller puts it. */
static struct json_object *hear(void)
{
	struct str *out = &fix.mcp.out;
	char *end = out->len ? memchr(out->data, '\n', out->len) : NULL;
	assert_non_null(end);
	size_t len = (size_t)(end - out->data);
	struct json_object *o = json_parse(out->data, len, NULL);
	assert_non_null(o);
	str_consume(out, len + 1);
	return o;
}

static void hears_nothing(void)
{
	assert_int_equal(fix.mcp.out.len, 0);
}

static void hears(const char *expected)
{
	struct json_object *o JSON_FREE = hear();
	assert_string_equal(json_line(o), expected);
}

/* An error with that code and that text in its message. */
static void hears_error(int code, const char *text)
{
	struct json_object *o JSON_FREE = hear();
	assert_int_equal(json_int(json_obj(o, "error"), "code", 0), code);
	assert_non_null(strstr(json_str(json_obj(o, "error"), "message"), text));
}

static const char *text_of(struct json_object *o)
{
	return json_str(json_at(json_arr(json_obj(o, "result"), "content"), 0), "text");
}

/* A tool's failure whose text is that. */
static void hears_failure(const char *text)
{
	struct json_object *o JSON_FREE = hear();
	assert_true(json_flag(json_obj(o, "result"), "isError", false));
	assert_string_equal(text_of(o), text);
}

static void begin(const char *version)
{
	MEM_FREE char *line =
		mem_printf("{\"jsonrpc\":\"2.0\",\"id\":\"init\",\"method\":\"initialize\",\"params\":{"
			   "\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":{}}}",
			   version);
	say(line);
}

static void call(int id, const char *tool, const char *arguments)
{
	MEM_FREE char *line = mem_printf("{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\","
					 "\"params\":{\"name\":\"%s\",\"arguments\":%s}}",
					 id, tool, arguments);
	say(line);
}

static struct mcp_call *open_call(size_t n)
{
	struct mcp_call *c = fix.mcp.calls;
	while (c && n--)
		c = c->next;
	assert_non_null(c);
	return c;
}

static void answer(size_t n, const char *json)
{
	mcp_answer(&fix.mcp, open_call(n), json, strlen(json));
}

/* ---- the old era ---- */

static void versions_are_agreed_on(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{"2025-11-25", "2025-11-25"}, {"2025-06-18", "2025-06-18"}, {"2025-03-26", "2025-03-26"},
		{"2024-11-05", "2024-11-05"}, {"2026-07-28", "2025-11-25"}, {"1999-01-01", "2025-11-25"},
	};
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		begin(pairs[i][0]);
		struct json_object *o JSON_FREE = hear(), *result = json_obj(o, "result");
		assert_string_equal(json_str(result, "protocolVersion"), pairs[i][1]);
		assert_string_equal(json_str(json_obj(result, "serverInfo"), "name"), "muster");
		assert_non_null(json_obj(json_obj(result, "capabilities"), "tools"));
		assert_non_null(strstr(json_str(result, "instructions"), "ask_many"));
		assert_false(json_has(result, "resultType"));
	}
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}");
	hears_error(-32602, "protocolVersion");
}

static void notifications_get_no_answer(void **state)
{
	(void)state;
	say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
	say("{\"jsonrpc\":\"2.0\",\"method\":\"no/such/thing\",\"params\":{}}");
	say("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}");
	say("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1,\"message\":\"x\"}}");
	hears_nothing();
	say("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"}");
	hears("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}");
}

static void the_list_has_what_the_version_knows(void **state)
{
	(void)state;
	for (int old = 0; old < 2; old++) {
		begin(old ? "2025-03-26" : "2025-06-18");
		json_object_put(hear());
		say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
		struct json_object *o JSON_FREE = hear(), *tools = json_arr(json_obj(o, "result"), "tools");
		assert_int_equal(json_len(tools), 12);
		for (size_t i = 0; i < json_len(tools); i++) {
			struct json_object *tool = json_at(tools, i);
			assert_ptr_equal(mcp_tool_find(json_str(tool, "name")), &mcp_tools[i]);
			assert_string_equal(json_str(json_obj(tool, "inputSchema"), "type"), "object");
			assert_int_equal(json_has(tool, "outputSchema"), !old && !mcp_tools[i].wordy);
		}
	}
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"2\"}}");
	hears_error(-32602, "cursor");
}

static void a_question_waits_while_others_are_answered(void **state)
{
	(void)state;
	call(1, "ask",
	     "{\"question\":\"Which?\",\"options\":[{\"key\":\"a\",\"label\":\"the "
	     "first\"}],\"sure\":70.0,\"context\":null}");
	call(2, "report", "{\"text\":\"half\",\"percent\":50}");
	assert_string_equal(
		str_c(&fix.sent),
		"{\"question\":\"Which?\",\"options\":[{\"key\":\"a\",\"label\":\"the first\"}],\"sure\":70,"
		"\"m\":\"ask\",\"blocking\":true}\n"
		"{\"text\":\"half\",\"percent\":50,\"m\":\"report\"}\n");
	hears_nothing();
	say("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}");
	hears("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}");
	answer(1, "{\"ok\":true}");
	hears("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"Noted.\"}],"
	      "\"structuredContent\":{\"ok\":true}}}");
	answer(0, "{\"answer\":{\"option\":\"a\",\"text\":\"why not\",\"new\":1},\"more\":2}");
	hears("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"The lead's "
	      "answer: a (the "
	      "first)\\nThe lead adds: why not\"}],"
	      "\"structuredContent\":{\"answer\":{\"option\":\"a\",\"text\":\"why not\"}}}}");
	assert_int_equal(fix.ended, 2);
	assert_int_equal(fix.mcp.n_calls, 0);
}

static void an_old_client_gets_no_structure(void **state)
{
	(void)state;
	begin("2024-11-05");
	json_object_put(hear());
	call(1, "report", "{\"text\":\"half\"}");
	answer(0, "{\"ok\":true}");
	hears("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"Noted.\"}]}}");
}

static void who_assumes_does_not_wait(void **state)
{
	(void)state;
	call(1, "ask", "{\"question\":\"Which?\",\"assumption\":\"a\"}");
	call(2, "ask_many", "{\"questions\":[{\"question\":\"A?\",\"assumption\":\"a\"},{\"question\":\"B?\"}]}");
	call(3, "ask_many", "{\"questions\":[{\"question\":\"A?\",\"assumption\":\"a\"}]}");
	call(4, "ask", "{\"question\":\"Which?\",\"assumption\":\"a\",\"blocking\":true}");
	call(5, "propose_decision", "{\"decision\":\"format\",\"value\":\"json\"}");
	static const bool blocking[] = {false, true, false, true, true};
	for (size_t i = 0; i < ARRAY_LEN(blocking); i++) {
		size_t len = (size_t)(strchr(fix.sent.data, '\n') - fix.sent.data);
		struct json_object *o JSON_FREE = json_parse(fix.sent.data, len, NULL);
		assert_int_equal(json_flag(o, "blocking", !blocking[i]), blocking[i]);
		str_consume(&fix.sent, len + 1);
	}
	answer(0, "{\"item\":7}");
	struct json_object *o JSON_FREE = hear();
	assert_string_equal(text_of(o), "Asked: item 7 on the docket. Go on; the answer will come as a prompt.");
	answer(1, "{\"items\":[8]}");
	struct json_object *many JSON_FREE = hear();
	assert_string_equal(json_line(json_obj(json_obj(many, "result"), "structuredContent")),
			    "{\"items\":[8],\"note\":\"Asked. Go on; the answers will come as prompts.\"}");
}

static void what_comes_back_is_told(void **state)
{
	(void)state;
	static const char *const cases[][4] = {
		{"ask_many", "{\"questions\":[{\"question\":\"A?\"},{\"question\":\"B?\"}]}",
		 "{\"answers\":[{\"text\":\"yes\"},{\"withdrawn\":\"it is too late\"}]}",
		 "1. A?\nyes\n2. B?\nwithdrawn without an answer: it is too late"},
		{"decisions", "{}",
		 "{\"decisions\":[{\"name\":\"format\",\"value\":\"json\",\"because\":\"it is "
		 "read\",\"version\":2},"
		 "{\"name\":\"port\",\"value\":null}]}",
		 "format: json (version 2)\n  because: it is read\nport: not decided yet"},
		{"decisions", "{}", "{\"decisions\":[]}", "There are no decisions yet."},
		{"await_decision", "{\"decision\":\"format\"}",
		 "{\"decision\":{\"name\":\"format\",\"value\":\"json\"}}", "format: json"},
		{"propose_decision", "{\"decision\":\"format\",\"value\":\"json\",\"blocking\":false}",
		 "{\"item\":3}",
		 "Proposed format: item 3 on the docket. Go on; the decision will come as a prompt."},
		{"job_logs", "{\"job\":\"a\"}",
		 "{\"text\":\"\\u001b[31mred\\u001b[0m\\u0000\\n\",\"next\":9,\"size\":10,\"state\":\"running\"}",
		 "running; 10 bytes, read up to 9\nred\n"},
		{"job_list", "{}", "{\"jobs\":[]}", "There are no jobs."},
		{"job_list", "{}",
		 "{\"jobs\":[{\"name\":\"a\",\"state\":\"exited\",\"exit\":3,\"command\":[\"x\",\"y\"]},{\"name\":"
		 "\"12\",\"state\":"
		 "\"running\",\"pid\":12,\"found\":true,\"command\":[\"z\"],\"exit\":null}]}",
		 "a: exited with 3: x y\n12: running, process 12, found: z"},
		{"job_stop", "{\"job\":\"a\"}", "{\"ok\":true}", "a has ended."},
		{"ask", "{\"question\":\"A?\"}", "{\"answer\":{}}", "The lead's answer: an empty answer"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		call(1, cases[i][0], cases[i][1]);
		answer(0, cases[i][2]);
		struct json_object *o JSON_FREE = hear();
		assert_string_equal(text_of(o), cases[i][3]);
		assert_false(json_flag(json_obj(o, "result"), "isError", false));
	}
}

static void a_job_is_a_command_line(void **state)
{
	(void)state;
	call(1, "job_start", "{\"command\":\"make -j2 && ./run\",\"name\":\"run\"}");
	assert_string_equal(str_c(&fix.sent), "{\"command\":[\"sh\",\"-c\",\"make -j2 && ./run\"],\"name\":\"run\","
					      "\"m\":\"job\",\"op\":\"start\"}\n");
	str_reset(&fix.sent);
	call(2, "job_logs", "{\"job\":\"run\"}");
	assert_string_equal(str_c(&fix.sent),
			    "{\"job\":\"run\",\"m\":\"job\",\"op\":\"logs\",\"offset\":-16384}\n");
}

/* ---- what goes wrong ---- */

static void wrong_arguments_are_named(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"ask", "{}", "ask: question is missing"},
		{"ask", "{\"question\":\"\"}", "ask: question is empty"},
		{"ask", "{\"question\":[\"a\"]}", "ask: question must be a text (without a NUL character)"},
		{"ask", "{\"question\":\"a\\u0000b\"}", "ask: question must be a text (without a NUL character)"},
		{"ask", "{\"question\":\"a\",\"sure\":101}", "ask: sure must be a whole number from 0 to 100"},
		{"ask", "{\"question\":\"a\",\"sure\":1.5}", "ask: sure must be a whole number from 0 to 100"},
		{"ask", "{\"question\":\"a\",\"blocking\":\"no\"}", "ask: blocking must be true or false"},
		{"ask", "{\"question\":\"a\",\"optoins\":[]}",
		 "ask: there is no argument optoins; did you mean options?"},
		{"ask", "{\"question\":\"a\",\"options\":\"b\"}", "ask: options must be a list"},
		{"ask", "{\"question\":\"a\",\"options\":[\"b\"]}", "ask: options[0] must be an object"},
		{"ask", "{\"question\":\"a\",\"options\":[{\"key\":\"b\",\"label\":\"b\"},{\"key\":\"c\"}]}",
		 "ask: options[1].label is missing"},
		{"ask_many", "{\"questions\":[]}", "ask_many: questions must have 1 to 50 elements, not 0"},
		{"ask_many", "{\"questions\":[{\"question\":\"a\",\"options\":[{\"key\":\"b\",\"lable\":\"b\"}]}]}",
		 "ask_many: questions[0].options[0]: there is no argument lable; did you mean label?"},
		{"propose_decision", "{\"decision\":\"a\",\"value\":\"b\",\"options\":[1]}",
		 "propose_decision: options[0] must be a text (without a NUL character)"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		call(1, cases[i][0], cases[i][1]);
		hears_failure(cases[i][2]);
	}
	MEM_FREE char *text = mem_alloc(MCP_TEXT_MAX + 2);
	memset(text, 'x', MCP_TEXT_MAX + 1);
	MEM_FREE char *arguments = mem_printf("{\"text\":\"%s\"}", text);
	call(1, "report", arguments);
	hears_failure("report: text has 16385 bytes; at most 16384 are taken: put what is long into a file and "
		      "name that");
	assert_int_equal(fix.sent.len, 0);
}

static void all_texts_together_must_fit_the_mailbox(void **state)
{
	(void)state;
	struct str arguments STR_FREE = STR_INIT;
	MEM_FREE char *text = mem_alloc(MCP_TEXT_MAX + 1);
	memset(text, '\\', MCP_TEXT_MAX);
	str_adds(&arguments, "{\"questions\":[");
	for (int i = 0; i < 50; i++)
		str_addf(&arguments, "%s{\"question\":\"a\",\"context\":\"%s\"}", i ? "," : "", text);
	str_adds(&arguments, "]}");
	call(1, "ask_many",
	     str_c(&arguments)); /* pairs of backslashes: half as many characters, all of them doubled */
	assert_int_equal(fix.mcp.n_calls, 1);
	call(2, "ask_many", "{\"questions\":[]}");
	json_object_put(hear());
	str_reset(&arguments);
	str_adds(&arguments, "{\"questions\":[");
	for (int i = 0; i < 50; i++)
		str_addf(&arguments, "%s{\"question\":\"%s\",\"context\":\"%s\",\"assumption\":\"%s\"}",
			 i ? "," : "", text, text, text);
	str_adds(&arguments, "]}");
	call(3, "ask_many", str_c(&arguments));
	struct json_object *o JSON_FREE = hear();
	assert_non_null(strstr(text_of(o), "ask_many: all of it has 2"));
	assert_int_equal(fix.mcp.n_calls, 1);
}

static void unknown_tools_and_methods(void **state)
{
	(void)state;
	call(1, "job_stat", "{}");
	hears_error(-32602, "there is no tool job_stat; did you mean job_start?");
	call(1, "ask", "[]");
	hears_error(-32602, "must be an object");
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}");
	hears_error(-32602, "without a name");
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/list\"}");
	hears_error(-32601, "there is no method resources/list");
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}"); /* says nothing of the new era */
	hears_error(-32601, "server/discover");
}

static void garbage_gets_errors(void **state)
{
	(void)state;
	say("what?");
	hears_error(-32700, "JSON");
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"");
	hears_error(-32700, "ends in the middle");
	say("3");
	hears_error(-32600, "object");
	say("null");
	hears_error(-32600, "object");
	say("{}");
	hears_error(-32600, "jsonrpc");
	say("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}");
	hears("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"the id of a request is a text or a "
	      "whole number\"}}");
	say("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":3}");
	hears("{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":-32600,\"message\":\"a request names its "
	      "method\"}}");
	say("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\",\"params\":[]}");
	hears_error(-32600, "params");
	say("[{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}]");
	hears_error(-32600, "arrays of requests");
	say("[]");
	hears_error(-32600, "empty array");
	mcp_line_too_long(&fix.mcp);
	hears_error(-32600, "4194304");
}

static void a_small_line_of_many_values_is_not_parsed(void **state)
{
	(void)state;
	struct str line STR_FREE = STR_INIT;
	str_adds(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"x\":[");
	for (int i = 0; i < MCP_VALUES_MAX; i++)
		str_adds(&line, "{},");
	str_adds(&line, "0]}}");
	say(str_c(&line));
	hears_error(-32600, "more than 10000 values");
	str_reset(&line);
	str_adds(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"x\":\"\\\"");
	for (int i = 0; i < MCP_VALUES_MAX; i++)
		str_adds(&line, "{},"); /* in a text they are letters */
	str_adds(&line, "\"}}");
	say(str_c(&line));
	hears("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
}

static void failures_of_the_other_side_are_results(void **state)
{
	(void)state;
	call(1, "recap", "{\"text\":\"a\"}");
	answer(0, "{\"error\":\"unknown message: recap\"}");
	hears_failure("unknown message: recap");
	call(1, "recap", "{\"text\":\"a\"}");
	answer(0, "what?");
	struct json_object *o JSON_FREE = hear();
	assert_true(json_flag(json_obj(o, "result"), "isError", false));
	fix.refuses = true;
	call(1, "recap", "{\"text\":\"a\"}");
	hears_failure("the mailbox is closed");
	fix.refuses = false;
	call(1, "recap", "{\"text\":\"a\"}");
	struct err err = {.code = ERR_FAILED, .msg = "the session's holder closed the connection"};
	mcp_fail(&fix.mcp, fix.mcp.calls, &err);
	hears_failure("the session's holder closed the connection");
	assert_int_equal(fix.ended, 4);
}

static void open_calls_are_limited_and_their_ids_taken(void **state)
{
	(void)state;
	for (int i = 0; i < MCP_CALLS_MAX; i++)
		call(i, "ask", "{\"question\":\"a\"}");
	call(1, "ask", "{\"question\":\"a\"}");
	hears_error(-32600, "id is open");
	call(100, "ask", "{\"question\":\"a\"}");
	hears_failure("24 calls are open; wait for one of them to end");
	say("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"method\":\"ping\"}"); /* a text is another id than a number */
	hears("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}");
}

static void what_is_cancelled_is_withdrawn_and_not_answered(void **state)
{
	(void)state;
	call(1, "ask", "{\"question\":\"a\"}");
	call(2, "ask", "{\"question\":\"b\"}");
	say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
	    "cancelled\",\"params\":{\"requestId\":1,\"reason\":\"x\"}}");
	assert_int_equal(fix.ended, 1);
	assert_int_equal(fix.mcp.n_calls, 1);
	say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"2\"}}");
	say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}");
	assert_int_equal(fix.ended, 1);
	hears_nothing();
	call(1, "ask", "{\"question\":\"c\"}"); /* its id is free again */
	assert_int_equal(fix.mcp.n_calls, 2);
}

static void the_end_withdraws_all(void **state)
{
	(void)state;
	call(1, "ask", "{\"question\":\"a\"}");
	call(2, "ask", "{\"question\":\"b\"}");
	mcp_fini(&fix.mcp);
	assert_int_equal(fix.ended, 2);
}

/* ---- arrays of requests ---- */

static void an_array_is_answered_by_an_array(void **state)
{
	(void)state;
	begin("2025-03-26");
	json_object_put(hear());
	say("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"ask\",\"arguments\":"
	    "{\"question\":\"a\"}}},{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},7,"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}]");
	hears_nothing();
	answer(0, "{\"answer\":{\"text\":\"yes\"}}");
	hears("[{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"a message is a JSON object\"}},"
	      "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}},"
	      "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"The lead's "
	      "answer: yes\"}]}}]");
	say("[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]");
	hears_nothing();
	say("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"ask\",\"arguments\":"
	    "{\"question\":\"a\"}}},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}]");
	say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
	hears("[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}]");
}

/* ---- the new era ---- */

static void discovery_says_who_we_are(void **state)
{
	(void)state;
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{" MODERN "}}");
	struct json_object *o JSON_FREE = hear(), *result = json_obj(o, "result");
	assert_string_equal(json_str(result, "resultType"), "complete");
	assert_string_equal(json_line(json_arr(result, "supportedVersions")), "[\"2026-07-28\"]");
	assert_string_equal(json_line(json_obj(result, "capabilities")), "{\"tools\":{}}");
	assert_non_null(json_str(result, "instructions"));
	assert_int_equal(json_int(result, "ttlMs", -1), 0);
	assert_string_equal(json_str(result, "cacheScope"), "private");
	struct json_object *info = json_obj(json_obj(result, "_meta"), "io.modelcontextprotocol/serverInfo");
	assert_string_equal(json_str(info, "version"), MUSTER_VERSION);
}

static void each_request_stands_alone(void **state)
{
	(void)state;
	say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" MODERN "}}");
	struct json_object *list JSON_FREE = hear();
	assert_string_equal(json_str(json_obj(list, "result"), "resultType"), "complete");
	assert_int_equal(json_len(json_arr(json_obj(list, "result"), "tools")), 12);
	say("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"decisions\"," MODERN
	    "}}");
	answer(0, "{\"decisions\":[]}");
	struct json_object *called JSON_FREE = hear(), *result = json_obj(called, "result");
	assert_string_equal(json_str(result, "resultType"), "complete");
	assert_string_equal(json_line(json_obj(result, "structuredContent")), "{\"decisions\":[]}");
	/* What the new era has not got. */
	say("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\",\"params\":{" MODERN "}}");
	hears_error(-32601, "ping");
	say("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"initialize\",\"params\":{" MODERN "}}");
	hears_error(-32601, "initialize");
	/* A client that falls back is served all the same. */
	begin("2025-11-25");
	json_object_put(hear());
	say("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}");
	hears("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}");
}

static void claims_are_checked(void **state)
{
	(void)state;
#define CLAIM(meta) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{" meta "}}}"
#define VERSION "\"io.modelcontextprotocol/protocolVersion\":"
#define CAPABILITIES "\"io.modelcontextprotocol/clientCapabilities\":{}"
	say(CLAIM(VERSION "3," CAPABILITIES));
	hears_error(-32602, "protocolVersion must be a text");
	say(CLAIM(VERSION "\"2026-07-28\""));
	hears_error(-32602, "clientCapabilities must be an object");
	say(CLAIM(VERSION "\"2026-07-28\"," CAPABILITIES
			  ",\"io.modelcontextprotocol/clientInfo\":{\"name\":\"x\"}"));
	hears_error(-32602, "clientInfo must have a name and a version");
	say(CLAIM(VERSION "\"2027-01-01\"," CAPABILITIES));
	hears("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32022,\"message\":\"this version of the protocol "
	      "is not "
	      "supported\",\"data\":{\"supported\":[\"2026-07-28\"],\"requested\":\"2027-01-01\"}}}");
}

/* ---- signs of life ---- */

static void who_waits_gets_signs_of_life(void **state)
{
	(void)state;
	clock_fake(1000000, 5000);
	call(1, "ask", "{\"question\":\"a\"}");
	assert_int_equal(mcp_progress(&fix.mcp), -1); /* nobody asked for them: no wake-up */
	say("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"ask\",\"arguments\":"
	    "{\"question\":\"b\"},\"_meta\":{\"progressToken\":\"t\"}}}");
	assert_int_equal(mcp_progress(&fix.mcp), MCP_PROGRESS_MS);
	hears_nothing();
	clock_fake(1000000, 5000 + MCP_PROGRESS_MS);
	assert_int_equal(mcp_progress(&fix.mcp), MCP_PROGRESS_MS);
	hears("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
	      "progress\",\"params\":{\"progressToken\":\"t\",\"progress\":25,"
	      "\"message\":\"waiting for the lead since 25 s\"}}");
	answer(1, "{\"answer\":{\"text\":\"yes\"}}");
	json_object_put(hear());
	assert_int_equal(mcp_progress(&fix.mcp), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions_are_agreed_on),
		TEST(notifications_get_no_answer),
		TEST(the_list_has_what_the_version_knows),
		TEST(a_question_waits_while_others_are_answered),
		TEST(an_old_client_gets_no_structure),
		TEST(who_assumes_does_not_wait),
		TEST(what_comes_back_is_told),
		TEST(a_job_is_a_command_line),
		TEST(wrong_arguments_are_named),
		TEST(all_texts_together_must_fit_the_mailbox),
		TEST(unknown_tools_and_methods),
		TEST(garbage_gets_errors),
		TEST(a_small_line_of_many_values_is_not_parsed),
		TEST(failures_of_the_other_side_are_results),
		TEST(open_calls_are_limited_and_their_ids_taken),
		TEST(what_is_cancelled_is_withdrawn_and_not_answered),
		TEST(the_end_withdraws_all),
		TEST(an_array_is_answered_by_an_array),
		TEST(discovery_says_who_we_are),
		TEST(each_request_stands_alone),
		TEST(claims_are_checked),
		TEST(who_waits_gets_signs_of_life),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
