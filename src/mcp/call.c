/* Calls of tools: from their arguments to the mailbox, and from its answer to the result. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "fmt/json.h"
#include "hold/proto.h"
#include "mcp/mcp.h"
#include "mcp/message.h"

void mcp_init(struct mcp *m, const struct mcp_port *port)
{
	*m = (struct mcp){.port = port};
}

/* ---- results ---- */

/* A failure is a result too: the model reads it and can do better. */
static struct json_object *result_of(const char *text, size_t len, struct json_object *structured, bool failed)
{
	struct json_object *result = json_new(), *content = json_new_array(), *part = json_new();
	json_add_str(part, "type", "text");
	json_add_strn(part, "text", text, len);
	json_push(content, part);
	json_add_obj(result, "content", content);
	if (structured)
		json_add_obj(result, "structuredContent", structured);
	if (failed)
		json_add_bool(result, "isError", true);
	return result;
}

static void reply_failed(const struct mcp_request *r, const struct err *err)
{
	mcp_reply(r, result_of(err->msg, strlen(err->msg), NULL, true));
}

/* ---- open calls ---- */

static struct mcp_request request_of(struct mcp *m, const struct mcp_call *c)
{
	return (struct mcp_request){.mcp = m, .id = c->id, .modern = c->modern, .batch = c->batch};
}

static struct mcp_call *call_new(const struct mcp_request *r, const struct mcp_tool *tool, struct json_object *args)
{
	struct mcp *m = r->mcp;
	struct mcp_call *c = mem_alloc(sizeof *c), **at = &m->calls;
	struct json_object *token = json_any(json_obj(r->params, "_meta"), "progressToken");
	*c = (struct mcp_call){
		.tool = tool,
		.id = json_object_get(r->id),
		.args = json_object_get(args),
		.began_ms = clock_mono_ms(),
		.modern = r->modern,
		.structured = mcp_knows_structure(r),
		.batch = mcp_batch_hold(r->batch),
	};
	if (json_object_is_type(token, json_type_string) || json_object_is_type(token, json_type_int))
		c->token = json_object_get(token);
	c->progress_ms = c->began_ms + MCP_PROGRESS_MS;
	while (*at)
		at = &(*at)->next;
	*at = c;
	m->n_calls++;
	return c;
}

static void call_end(struct mcp *m, struct mcp_call *call)
{
	struct mcp_call **at = &m->calls;
	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	m->n_calls--;
	m->port->end(m->port->arg, call);
	mcp_batch_release(m, call->batch);
	json_object_put(call->id);
	json_object_put(call->args);
	json_object_put(call->token);
	free(call);
}

void mcp_fini(struct mcp *m)
{
	while (m->calls)
		call_end(m, m->calls);
	str_fini(&m->out);
}

static struct mcp_call *find(const struct mcp *m, struct json_object *id)
{
	for (struct mcp_call *c = m->calls; c && id; c = c->next)
		if (json_object_equal(c->id, id))
			return c;
	return NULL;
}

bool mcp_id_is_open(const struct mcp *m, struct json_object *id)
{
	return find(m, id) != NULL;
}

void mcp_cancel(struct mcp *m, struct json_object *id)
{
	struct mcp_call *c = find(m, id);
	if (c)
		call_end(m, c);
}

/* ---- calling ---- */

/* The tool that the request names and its checked arguments (to be put); NULL: it was refused. */
static const struct mcp_tool *find_tool(const struct mcp_request *r, struct json_object **ret_args)
{
	const char *name = json_str(r->params, "name");
	const struct mcp_tool *tool = name ? mcp_tool_find(name) : NULL;
	struct json_object *args = json_any(r->params, "arguments");
	struct err err;
	if (!tool) {
		struct nearest near = nearest_init(name ? name : "");
		for (const struct mcp_tool *t = mcp_tools; t->name; t++)
			nearest_offer(&near, t->name);
		err_set(&err, ERR_USAGE, "there is no tool %s%s%s%s", name ? name : "without a name",
			near.best ? "; did you mean " : "", near.best ? near.best : "", near.best ? "?" : "");
	} else if (args && !json_object_is_type(args, json_type_object)) {
		err_set(&err, ERR_USAGE, "the arguments of %s must be an object", name);
	} else {
		*ret_args = args ? json_object_get(args) : json_new();
		return tool;
	}
	mcp_refuse(r, MCP_INVALID_PARAMS, err.msg, NULL);
	return NULL;
}

static int start(const struct mcp_request *r, const struct mcp_tool *tool, struct json_object *args,
		 struct err *err)
{
	if (mcp_schema_check(tool->takes, args, err) < 0)
		return err_prefix(err, "%s", tool->name);
	if (r->mcp->n_calls >= MCP_CALLS_MAX)
		return err_set(err, ERR_REFUSED, "%d calls are open; wait for one of them to end", MCP_CALLS_MAX);
	struct json_object *message JSON_FREE = mcp_tool_message(tool, args);
	struct str line STR_FREE = STR_INIT;
	json_add_line(&line, message);
	if (line.len > HOLD_LINE_MAX)
		return err_set(err, ERR_USAGE, "%s: all of it has %zu bytes; at most %d are taken", tool->name,
			       line.len, HOLD_LINE_MAX);
	struct mcp_call *call = call_new(r, tool, args);
	if (r->mcp->port->send(r->mcp->port->arg, call, line.data, line.len, err) == 0)
		return 0;
	call_end(r->mcp, call);
	return -1;
}

void mcp_call_tool(const struct mcp_request *r)
{
	struct json_object *args JSON_FREE = NULL;
	const struct mcp_tool *tool = find_tool(r, &args);
	struct err err;
	if (tool && start(r, tool, args, &err) < 0)
		reply_failed(r, &err);
}

void mcp_fail(struct mcp *m, struct mcp_call *call, const struct err *err)
{
	struct mcp_request r = request_of(m, call);
	reply_failed(&r, err);
	call_end(m, call);
}

void mcp_answer(struct mcp *m, struct mcp_call *call, const char *json, size_t len)
{
	struct err err;
	struct str text STR_FREE = STR_INIT;
	struct json_object *answer JSON_FREE = json_parse_object(json, len, &err);
	if (answer && json_str(answer, "error"))
		err_set(&err, ERR_REFUSED, "%s", json_str(answer, "error"));
	else if (answer)
		err.code = ERR_NONE;
	if (err.code != ERR_NONE) {
		mcp_fail(m, call, &err);
		return;
	}
	struct mcp_request r = request_of(m, call);
	struct json_object *given JSON_FREE = mcp_schema_cut(call->tool->gives, answer);
	call->tool->tell(&text, call->args, given);
	bool structured = call->structured && !call->tool->wordy;
	mcp_reply(&r, result_of(str_c(&text), text.len, structured ? json_object_get(given) : NULL, false));
	call_end(m, call);
}

/* ---- signs of life ---- */

static void give_progress(struct mcp *m, struct mcp_call *c, int64_t now_ms)
{
	struct json_object *params JSON_FREE = json_new();
	int64_t waited_s = (now_ms - c->began_ms) / 1000;
	struct err text;
	err_set(&text, ERR_NONE, "waiting for the lead since %lld s", (long long)waited_s);
	json_add_obj(params, "progressToken", json_object_get(c->token));
	json_add_int(params, "progress", waited_s);
	json_add_str(params, "message", text.msg);
	mcp_add_notification(&m->out, "notifications/progress", params);
}

int mcp_progress(struct mcp *m)
{
	int64_t now_ms = clock_mono_ms(), next_ms = INT64_MAX;
	for (struct mcp_call *c = m->calls; c; c = c->next) {
		if (!c->token)
			continue;
		if (c->progress_ms <= now_ms) {
			give_progress(m, c, now_ms);
			c->progress_ms = now_ms + MCP_PROGRESS_MS;
		}
		next_ms = MIN(next_ms, c->progress_ms);
	}
	return next_ms == INT64_MAX ? -1 : (int)(next_ms - now_ms);
}
