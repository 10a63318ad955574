/* JSON-RPC on the agent's standard input and output: what goes out exactly once, and what comes in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/acp.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum {
	RETRY_MS = 500,
	ERROR_MAX = 600,
};

/* ---- to it ---- */

static struct json_object *member(struct agent_session *s, const char *name, struct json_object *(*make)(void))
{
	struct json_object *m = json_any(s->state, name);
	if (!m) {
		m = make();
		json_add_obj(s->state, name, m);
	}
	return m;
}

/* Takes over msg. */
static void send_message(struct agent_session *s, struct json_object *msg)
{
	struct json_object *out = member(s, "out", json_new), *wait = json_arr(out, "wait");
	struct json_object *entry = json_new();
	struct str line STR_FREE = STR_INIT;
	int64_t at = json_int(out, "end", 0);
	if (!wait) {
		wait = json_new_array();
		json_add_obj(out, "wait", wait);
	}
	json_add_str(msg, "jsonrpc", "2.0");
	json_add_line(&line, msg);
	str_addc(&line, '\n');
	json_object_put(msg);
	json_add_int(entry, "at", at);
	json_add_strn(entry, "line", line.data, line.len);
	json_push(wait, entry);
	json_add_int(out, "end", at + (int64_t)line.len);
	s->host->save(s);
	s->host->input_at(s, (uint64_t)at, line.data, line.len);
}

void acp_resend(struct agent_session *s)
{
	struct json_object *wait = json_arr(json_obj(s->state, "out"), "wait");
	for (size_t i = 0; i < json_len(wait); i++) {
		const char *line = json_str_or(json_at(wait, i), "line", "");
		s->host->input_at(s, (uint64_t)json_int(json_at(wait, i), "at", 0), line, strlen(line));
	}
}

static uint64_t entry_end(struct json_object *entry)
{
	return (uint64_t)json_int(entry, "at", 0) + strlen(json_str_or(entry, "line", ""));
}

void acp_on_input_done(struct agent_session *s, uint64_t end, int error)
{
	struct json_object *wait = json_arr(json_obj(s->state, "out"), "wait");
	if (error == -ENOBUFS || error == -EINVAL) { /* it does not read: what was refused is given again */
		s->host->timer(s, "resend", RETRY_MS);
		return;
	}
	if (error)
		return; /* it ends */
	size_t n = 0;
	while (n < json_len(wait) && entry_end(json_at(wait, n)) <= end)
		n++;
	if (n == 0)
		return;
	json_object_array_del_idx(wait, 0, n);
	s->host->save(s);
}

struct json_object *acp_request(struct agent_session *s, const char *method, struct json_object *params,
				int64_t *ret_id)
{
	struct json_object *msg = json_new(), *asked = json_new();
	int64_t id = json_int(s->state, "seq", 0) + 1;
	MEM_FREE char *key = mem_printf("%lld", (long long)id);
	json_add_int(s->state, "seq", id);
	json_add_str(asked, "m", method);
	json_add_obj(member(s, "asked", json_new), key, asked);
	json_add_int(msg, "id", id);
	json_add_str(msg, "method", method);
	json_add_obj(msg, "params", params);
	send_message(s, msg);
	if (ret_id)
		*ret_id = id;
	return asked;
}

void acp_notify(struct agent_session *s, const char *method, struct json_object *params)
{
	struct json_object *msg = json_new();
	json_add_str(msg, "method", method);
	json_add_obj(msg, "params", params);
	send_message(s, msg);
}

void acp_respond(struct agent_session *s, struct json_object *id, struct json_object *result)
{
	struct json_object *msg = json_new();
	json_add_obj(msg, "id", json_copy(id));
	json_add_obj(msg, "result", result);
	send_message(s, msg);
}

void acp_respond_error(struct agent_session *s, struct json_object *id, int code, const char *message)
{
	struct json_object *msg = json_new(), *error = json_new();
	json_add_int(error, "code", code);
	json_add_str(error, "message", message);
	json_add_obj(msg, "id", json_copy(id));
	json_add_obj(msg, "error", error);
	send_message(s, msg);
}

struct json_object *acp_params(struct agent_session *s)
{
	struct json_object *params = json_new();
	json_add_str(params, "sessionId", json_str_or(s->state, "conversation", ""));
	return params;
}

char *acp_error_text(struct json_object *msg)
{
	struct json_object *error = json_obj(msg, "error");
	if (!json_has(msg, "error"))
		return NULL;
	struct str text = STR_INIT;
	const char *message = json_str_or(error, "message", "an error without a message");
	text_add_inert(&text, message, strnlen(message, ERROR_MAX), TEXT_ONE_LINE);
	const char *more = json_str(json_obj(error, "data"), "details");
	if (more) {
		str_adds(&text, ": ");
		text_add_inert(&text, more, strnlen(more, ERROR_MAX), TEXT_ONE_LINE);
	}
	return str_take(&text);
}

/* ---- from it ---- */

static const struct {
	const char *method;
	void (*handle)(struct agent_session *s, struct json_object *asked, struct json_object *msg);
} answers[] = {
	{"initialize", acp_on_initialized},   {"session/new", acp_on_session},
	{"session/load", acp_on_session},     {"session/resume", acp_on_session},
	{"session/set_mode", acp_on_setting}, {"session/set_config_option", acp_on_setting},
	{"session/prompt", acp_on_prompted},
};

/* An answer to something that we did not ask, or that was answered before, is an agent's mistake and changes
 * nothing. */
static void on_answer(struct agent_session *s, struct json_object *msg)
{
	struct json_object *id = json_any(msg, "id"), *all = json_obj(s->state, "asked");
	struct json_object *asked JSON_FREE = id ? json_object_get(json_obj(all, json_line(id))) : NULL;
	if (!asked || (!json_has(msg, "result") && !json_has(msg, "error"))) {
		say_unknown(s, "answer to nothing", msg);
		return;
	}
	json_object_object_del(all, json_line(id));
	s->host->save(s);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (strcmp(answers[i].method, json_str_or(asked, "m", "")) == 0)
			answers[i].handle(s, asked, msg);
}

static const struct {
	const char *method;
	void (*handle)(struct agent_session *s, struct json_object *id, struct json_object *params);
} requests[] = {
	{"session/request_permission", acp_on_permission},
	{"elicitation/create", acp_on_elicitation},
};

static void on_request(struct agent_session *s, const char *method, struct json_object *msg)
{
	struct json_object *id = json_any(msg, "id");
	if (id && !json_object_is_type(id, json_type_int) && !json_object_is_type(id, json_type_string)) {
		say_unknown(s, "request with a strange id", msg);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		if (strcmp(requests[i].method, method) == 0) {
			requests[i].handle(s, id, json_obj(msg, "params"));
			return;
		}
	}
	say_unknown(s, method, msg);
	acp_respond_error(s, id, ACP_NO_METHOD, "this client does not do that");
}

static void on_cancel_request(struct agent_session *s, struct json_object *params)
{
	acp_need_cancel(s, json_any(params, "requestId"), "the agent took it back");
}

static const struct {
	const char *method;
	void (*handle)(struct agent_session *s, struct json_object *params);
} notifications[] = {
	{"session/update", acp_on_update},
	{"$/cancel_request", on_cancel_request},
};

static void on_notification(struct agent_session *s, const char *method, struct json_object *msg)
{
	for (size_t i = 0; i < ARRAY_LEN(notifications); i++) {
		if (strcmp(notifications[i].method, method) == 0) {
			notifications[i].handle(s, json_obj(msg, "params"));
			return;
		}
	}
	say_unknown(s, method, msg);
}

void acp_on_line(struct agent_session *s, const char *line, size_t len)
{
	struct json_object *msg JSON_FREE = json_parse_object(line, len, NULL);
	const char *method = json_str(msg, "method");
	if (!msg) {
		say_unknown_line(s, line, len);
	} else if (method && json_has(msg, "id")) {
		on_request(s, method, msg);
	} else if (method) {
		on_notification(s, method, msg);
	} else {
		on_answer(s, msg);
	}
}
