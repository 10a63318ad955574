/* A line from a client: whatever it is, what answers it is one line of JSON that names the same id, and parameters
 * that pass the check have the types that handlers rely on. */
#include <stdlib.h>
#include <string.h>

#include "fmt/json.h"
#include "serve/api.h"
#include "serve/params.h"
#include "serve/rpc_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_reply(struct json_object *id, const struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	rpc_add_error(&text, id, err->code, err->msg);
	must(!memchr(text.data, '\n', text.len));
	struct json_object *reply JSON_FREE = json_parse(text.data, text.len, NULL);
	must(json_obj(reply, "error") != NULL);
	must(strcmp(json_line(json_any(reply, "id")), json_line(id)) == 0);
}

static void check_params(const char *schema, struct json_object *params)
{
	struct param p;
	for (const char *s = schema; param_next(&s, &p);) {
		struct json_object *value = json_any(params, p.name);
		must(value || !(p.required || p.has_default));
		if (value && p.type == 's')
			must(json_text(value) != NULL);
		if (value && p.type == 'i')
			must(json_object_get_int64(value) >= p.min && json_object_get_int64(value) <= p.max);
	}
}

static void take_message(struct json_object *message)
{
	struct err err = {0};
	struct rpc_request request;
	if (rpc_request_read(message, &request, &err) < 0) {
		check_reply(request.id, &err);
		return;
	}
	const char *nearest;
	const struct api_method *method = api_find(request.method, &nearest);
	struct json_object *params JSON_FREE = request.params ? json_copy(request.params) : json_new();
	/* Every schema is tried on parameters of a method that does not exist. */
	for (size_t i = 0; i < api_methods_n; i++) {
		if (method && method != &api_methods[i])
			continue;
		struct json_object *copy JSON_FREE = json_copy(params);
		if (params_check(api_methods[i].params, copy, &err) < 0)
			check_reply(request.id, &err);
		else
			check_params(api_methods[i].params, copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct json_object *message JSON_FREE = json_parse(data, size, &err);
	if (json_object_is_type(message, json_type_array))
		for (size_t i = 0; i < json_len(message); i++)
			take_message(json_at(message, i));
	else
		take_message(message);
	return 0;
}
