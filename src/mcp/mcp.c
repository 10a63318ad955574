#include "mcp/mcp.h"

#include <string.h>

#include "fmt/json.h"
#include "mcp/message.h"

#define META_VERSION "io.modelcontextprotocol/protocolVersion"
#define META_CLIENT "io.modelcontextprotocol/clientInfo"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define META_SERVER "io.modelcontextprotocol/serverInfo"

/* The newest first: it is offered to a client that wants one we do not know. Arrays of requests were in the
 * protocol up to 2025-03-26. */
static const struct {
	const char *name;
	bool batches;
} versions[] = {
	{"2025-11-25", false}, {"2025-06-18", false}, {"2025-03-26", true},
	{"2024-11-05", true},  {"2024-10-07", true},
};
static const char modern_version[] = "2026-07-28";

/* ---- answers ---- */

static struct json_object *server_info(void)
{
	struct json_object *o = json_new();
	json_add_str(o, "name", MCP_SERVER_NAME);
	json_add_str(o, "title", "muster");
	json_add_str(o, "version", MUSTER_VERSION);
	return o;
}

static struct str *answers_of(const struct mcp_request *r)
{
	return r->batch ? mcp_batch_out(r->batch) : &r->mcp->out;
}

void mcp_reply(const struct mcp_request *r, struct json_object *result)
{
	struct json_object *owned JSON_FREE = result;
	if (r->modern) {
		struct json_object *meta = json_new();
		json_add_obj(meta, META_SERVER, server_info());
		json_add_str(owned, "resultType", "complete");
		json_add_obj(owned, "_meta", meta);
	}
	mcp_add_result(answers_of(r), r->id, owned);
}

void mcp_refuse(const struct mcp_request *r, int code, const char *text, struct json_object *data)
{
	mcp_add_error(answers_of(r), r->id, code, text, data);
}

static void refuse_params(const struct mcp_request *r, const char *text)
{
	mcp_refuse(r, MCP_INVALID_PARAMS, text, NULL);
}

/* ---- the methods, one function each ---- */

static struct json_object *capabilities(void)
{
	struct json_object *o = json_new();
	json_add_obj(o, "tools", json_new()); /* the list never changes */
	return o;
}

static void on_initialize(const struct mcp_request *r)
{
	const char *wanted = json_str(r->params, "protocolVersion");
	if (!wanted) {
		refuse_params(r, "initialize needs a protocolVersion");
		return;
	}
	r->mcp->version = versions[0].name;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (strcmp(versions[i].name, wanted) == 0)
			r->mcp->version = versions[i].name;
	struct json_object *result = json_new();
	json_add_str(result, "protocolVersion", r->mcp->version);
	json_add_obj(result, "capabilities", capabilities());
	json_add_obj(result, "serverInfo", server_info());
	json_add_str(result, "instructions", mcp_instructions);
	mcp_reply(r, result);
}

/* What may be kept of an answer: the same for everybody, but not for longer than this program is the same. */
static void add_cache(struct json_object *result)
{
	json_add_int(result, "ttlMs", 0);
	json_add_str(result, "cacheScope", "private");
}

static void on_discover(const struct mcp_request *r)
{
	struct json_object *result = json_new(), *supported = json_new_array();
	json_push_str(supported, modern_version);
	json_add_obj(result, "supportedVersions", supported);
	json_add_obj(result, "capabilities", capabilities());
	json_add_str(result, "instructions", mcp_instructions);
	add_cache(result);
	mcp_reply(r, result);
}

static void on_ping(const struct mcp_request *r)
{
	mcp_reply(r, json_new());
}

bool mcp_knows_structure(const struct mcp_request *r)
{
	return r->modern || !r->mcp->version || strcmp(r->mcp->version, "2025-06-18") >= 0;
}

static void on_tools_list(const struct mcp_request *r)
{
	if (json_any(r->params, "cursor")) {
		refuse_params(r, "the list of tools has one page: there is no such cursor");
		return;
	}
	struct json_object *result = json_new();
	json_add_obj(result, "tools", mcp_tools_json(mcp_knows_structure(r)));
	if (r->modern)
		add_cache(result);
	mcp_reply(r, result);
}

enum { LEGACY = 1 << 0, MODERN = 1 << 1 };

static const struct {
	const char *name;
	unsigned eras;
	void (*handle)(const struct mcp_request *r);
} methods[] = {
	{"initialize", LEGACY, on_initialize},          {"ping", LEGACY, on_ping},
	{"server/discover", MODERN, on_discover},       {"tools/list", LEGACY | MODERN, on_tools_list},
	{"tools/call", LEGACY | MODERN, mcp_call_tool},
};

/* ---- requests ---- */

/* The claim of a request to belong to the stateless era. 0: it may go on; -1: it was refused. */
static int check_claim(struct mcp_request *r, struct json_object *meta)
{
	struct json_object *claim = json_any(meta, META_VERSION), *client = json_any(meta, META_CLIENT);
	r->modern = json_has(meta, META_VERSION);
	if (!r->modern)
		return 0;
	const char *why = NULL;
	if (!json_text(claim))
		why = "_meta: " META_VERSION " must be a text";
	else if (!json_obj(meta, META_CAPABILITIES))
		why = "_meta: " META_CAPABILITIES " must be an object";
	else if (client && (!json_str(client, "name") || !json_str(client, "version")))
		why = "_meta: " META_CLIENT " must have a name and a version";
	if (why) {
		refuse_params(r, why);
		return -1;
	}
	if (strcmp(json_text(claim), modern_version) == 0)
		return 0;
	struct json_object *data JSON_FREE = json_new(), *supported = json_new_array();
	json_push_str(supported, modern_version);
	json_add_obj(data, "supported", supported);
	json_add_obj(data, "requested", json_object_get(claim));
	mcp_refuse(r, MCP_UNSUPPORTED_VERSION, "this version of the protocol is not supported", data);
	return -1;
}

static void take_request(struct mcp_request *r, const char *method)
{
	struct err err;
	if (mcp_id_is_open(r->mcp, r->id)) {
		mcp_refuse(r, MCP_INVALID_REQUEST, "a request with this id is open", NULL);
		return;
	}
	if (check_claim(r, json_obj(r->params, "_meta")) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(methods[i].name, method) == 0 && methods[i].eras & (r->modern ? MODERN : LEGACY)) {
			methods[i].handle(r);
			return;
		}
	}
	err_set(&err, ERR_USAGE, "there is no method %s", method);
	mcp_refuse(r, MCP_METHOD_NOT_FOUND, err.msg, NULL);
}

static void take_message(struct mcp *m, struct json_object *json, struct mcp_batch *batch)
{
	struct mcp_message message;
	struct err err;
	int bad = mcp_message_read(json, &message, &err);
	struct mcp_request r = {.mcp = m, .id = message.id, .params = message.params, .batch = batch};
	if (bad)
		mcp_refuse(&r, MCP_INVALID_REQUEST, err.msg, NULL);
	else if (message.method && message.id)
		take_request(&r, message.method);
	else if (message.method && strcmp(message.method, "notifications/cancelled") == 0)
		mcp_cancel(m, json_any(message.params, "requestId"));
	/* All other notifications, and responses, tell nothing that is needed here. */
}

static bool takes_batches(const struct mcp *m)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (m->version == versions[i].name)
			return versions[i].batches;
	return false;
}

static void take_array(struct mcp *m, struct json_object *array)
{
	if (!takes_batches(m) || json_len(array) == 0) {
		mcp_add_error(&m->out, NULL, MCP_INVALID_REQUEST,
			      json_len(array) ? "arrays of requests are not in this version of the protocol"
					      : "an empty array asks for nothing",
			      NULL);
		return;
	}
	struct mcp_batch *batch = mcp_batch_new();
	for (size_t i = 0; i < json_len(array); i++)
		take_message(m, json_at(array, i), batch);
	mcp_batch_release(m, batch);
}

/* More than a handful of values are not asked of any tool; what would be too many is not even parsed. */
static bool has_too_many_values(const char *line, size_t len)
{
	size_t values = 0;
	bool in_text = false;
	for (size_t i = 0; i < len; i++) {
		if (in_text && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			in_text = !in_text;
		else if (!in_text && (line[i] == ',' || line[i] == '[' || line[i] == '{'))
			values++;
	}
	return values > MCP_VALUES_MAX;
}

void mcp_line(struct mcp *m, const char *line, size_t len)
{
	struct err err = {0};
	if (has_too_many_values(line, len)) {
		err_set(&err, ERR_USAGE, "a line has more than %d values; it was not read", MCP_VALUES_MAX);
		mcp_add_error(&m->out, NULL, MCP_INVALID_REQUEST, err.msg, NULL);
		return;
	}
	struct json_object *json JSON_FREE = json_parse(line, len, &err);
	if (err.code != ERR_NONE)
		mcp_add_error(&m->out, NULL, MCP_PARSE_ERROR, err.msg, NULL);
	else if (json_object_is_type(json, json_type_array))
		take_array(m, json);
	else
		take_message(m, json, NULL);
}

void mcp_line_too_long(struct mcp *m)
{
	struct err err;
	err_set(&err, ERR_USAGE, "a line has more than %d bytes; it was not read", MCP_LINE_MAX);
	mcp_add_error(&m->out, NULL, MCP_INVALID_REQUEST, err.msg, NULL);
}
