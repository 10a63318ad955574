/* A client of `muster mcp` and a musterd, both of whom send anything: what comes out is one JSON-RPC message a line, each
 * request is answered once at most, and what goes to the mailbox is one object a line.
 *
 * The input is lines. "=JSON" is musterd's answer to the oldest call, "-" breaks its connection, "!" lets a minute pass;
 * all others are the client's. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fmt/json.h"
#include "hold/proto.h"
#include "mcp/mcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int open_calls;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int take_message(void *arg, struct mcp_call *call, const char *line, size_t len, struct err *err)
{
	(void)arg;
	struct json_object *message JSON_FREE = json_parse_object(line, len, NULL);
	must(len <= HOLD_LINE_MAX && !memchr(line, '\n', len) && json_str(message, "m") != NULL);
	open_calls++;
	call->carried = &open_calls;
	return len % 7 == 0 ? err_set(err, ERR_FAILED, "the mailbox is closed") : 0;
}

static void end_call(void *arg, struct mcp_call *call)
{
	(void)arg;
	must(call->carried == &open_calls);
	open_calls--;
}

static void check_message(struct json_object *message)
{
	must(strcmp(json_str_or(message, "jsonrpc", ""), "2.0") == 0);
	must(json_has(message, "result") + json_has(message, "error") + json_has(message, "method") == 1);
	must(!json_has(message, "id") || json_any(message, "id") != NULL);
	must(json_has(message, "id") || !json_has(message, "result"));
}

static void check_output(struct str *out)
{
	for (char *line = out->data, *end; line && line < out->data + out->len; line = end + 1) {
		end = memchr(line, '\n', (size_t)(out->data + out->len - line));
		must(end != NULL);
		struct json_object *message JSON_FREE = json_parse(line, (size_t)(end - line), NULL);
		if (!json_object_is_type(message, json_type_array)) {
			check_message(message);
			continue;
		}
		must(json_len(message) > 0);
		for (size_t i = 0; i < json_len(message); i++)
			check_message(json_at(message, i));
	}
	str_reset(out);
}

static void take_line(struct mcp *m, const char *line, size_t len, int64_t *now_ms)
{
	struct err err = {.code = ERR_FAILED, .msg = "the holder is gone"};
	if (len == 0)
		return;
	if (*line == '=' && m->calls) {
		mcp_answer(m, m->calls, line + 1, len - 1);
	} else if (*line == '-' && m->calls) {
		mcp_fail(m, m->calls, &err);
	} else if (*line == '!') {
		*now_ms += 60000;
		clock_fake(*now_ms, *now_ms);
		must(mcp_progress(m) >= -1);
	} else {
		mcp_line(m, line, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mcp_port port = {.send = take_message, .end = end_call};
	struct mcp m;
	int64_t now_ms = 1000;
	clock_fake(now_ms, now_ms);
	mcp_init(&m, &port);
	for (const uint8_t *line = data, *stop = data + size, *end; line < stop; line = end + 1) {
		end = memchr(line, '\n', (size_t)(stop - line));
		end = end ? end : stop;
		take_line(&m, (const char *)line, (size_t)(end - line), &now_ms);
		must((int)m.n_calls == open_calls && m.n_calls <= MCP_CALLS_MAX);
		check_output(&m.out);
	}
	mcp_fini(&m);
	must(open_calls == 0);
	return 0;
}
