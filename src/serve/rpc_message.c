#include "serve/rpc_message.h"

#include <string.h>

#include "fmt/json.h"

static bool id_has_form(struct json_object *id)
{
	return json_object_is_type(id, json_type_null) || json_object_is_type(id, json_type_string) ||
	       json_object_is_type(id, json_type_int) || json_object_is_type(id, json_type_double);
}

int rpc_request_read(struct json_object *message, struct rpc_request *ret, struct err *err)
{
	*ret = (struct rpc_request){0};
	if (!json_object_is_type(message, json_type_object))
		return err_set(err, ERR_USAGE, "a request is a JSON object");
	struct json_object *id = json_any(message, "id");
	if (!id_has_form(id))
		return err_set(err, ERR_USAGE, "the id of a request is a text or a number");
	ret->id = id;
	ret->wants_reply = json_has(message, "id");
	const char *version = json_str(message, "jsonrpc");
	if (!version || strcmp(version, "2.0") != 0)
		return err_set(err, ERR_USAGE, "a request has \"jsonrpc\": \"2.0\"");
	ret->method = json_str(message, "method");
	if (!ret->method)
		return err_set(err, ERR_USAGE, "a request names its method");
	struct json_object *params = json_any(message, "params");
	if (params && !json_object_is_type(params, json_type_object))
		return err_set(err, ERR_USAGE, "params is an object: parameters have names");
	ret->params = params;
	return 0;
}

static void add_id(struct str *out, struct json_object *id)
{
	str_adds(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (id)
		json_add_line(out, id);
	else
		str_adds(out, "null");
}

void rpc_add_result(struct str *out, struct json_object *id, struct json_object *result)
{
	add_id(out, id);
	str_adds(out, ",\"result\":");
	json_add_line(out, result);
	str_addc(out, '}');
}

void rpc_add_error(struct str *out, struct json_object *id, int code, const char *text)
{
	struct json_object *message JSON_FREE = json_new_str(text);
	add_id(out, id);
	str_addf(out, ",\"error\":{\"code\":%d,\"message\":", code);
	json_add_line(out, message);
	str_adds(out, "}}");
}

void rpc_add_notification(struct str *out, const char *method, struct json_object *params)
{
	str_addf(out, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
	json_add_line(out, params);
	str_addc(out, '}');
}
