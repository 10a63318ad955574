#include "mcp/message.h"

#include <string.h>

#include "fmt/json.h"

static bool is_id(struct json_object *id)
{
	return json_object_is_type(id, json_type_string) || json_object_is_type(id, json_type_int);
}

int mcp_message_read(struct json_object *message, struct mcp_message *ret, struct err *err)
{
	*ret = (struct mcp_message){0};
	if (!json_object_is_type(message, json_type_object))
		return err_set(err, ERR_USAGE, "a message is a JSON object");
	struct json_object *id = json_any(message, "id"), *params = json_any(message, "params");
	if (is_id(id))
		ret->id = id;
	else if (json_has(message, "id"))
		return err_set(err, ERR_USAGE, "the id of a request is a text or a whole number");
	if (strcmp(json_str_or(message, "jsonrpc", ""), "2.0") != 0)
		return err_set(err, ERR_USAGE, "a message has \"jsonrpc\": \"2.0\"");
	if (!json_has(message, "method") && (json_has(message, "result") || json_has(message, "error")))
		return 0;
	const char *method = json_str(message, "method");
	if (!method)
		return err_set(err, ERR_USAGE, "a request names its method");
	if (params && !json_object_is_type(params, json_type_object))
		return err_set(err, ERR_USAGE, "params is an object");
	ret->method = method;
	ret->params = params;
	return 0;
}

static void add_start(struct str *out, struct json_object *id)
{
	str_adds(out, "{\"jsonrpc\":\"2.0\"");
	if (!id)
		return;
	str_adds(out, ",\"id\":");
	json_add_line(out, id);
}

static void add_member(struct str *out, const char *name, struct json_object *value)
{
	str_addf(out, ",\"%s\":", name);
	json_add_line(out, value);
}

void mcp_add_result(struct str *out, struct json_object *id, struct json_object *result)
{
	add_start(out, id);
	add_member(out, "result", result);
	str_adds(out, "}\n");
}

void mcp_add_error(struct str *out, struct json_object *id, int code, const char *text, struct json_object *data)
{
	struct json_object *error JSON_FREE = json_new();
	json_add_int(error, "code", code);
	json_add_str(error, "message", text);
	if (data)
		json_add_obj(error, "data", json_object_get(data));
	add_start(out, id);
	add_member(out, "error", error);
	str_adds(out, "}\n");
}

void mcp_add_notification(struct str *out, const char *method, struct json_object *params)
{
	struct json_object *name JSON_FREE = json_new_str(method);
	add_start(out, NULL);
	add_member(out, "method", name);
	add_member(out, "params", params);
	str_adds(out, "}\n");
}
