#include "mcp/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "fmt/json.h"

/* ---- the schema ---- */

static struct json_object *object_schema(const struct mcp_field *fields, bool taken);

static struct json_object *typed(const char *type)
{
	struct json_object *o = json_new();
	json_add_str(o, "type", type);
	return o;
}

static struct json_object *text_schema(int64_t min, int64_t max, bool taken)
{
	struct json_object *o = typed("string");
	if (taken && min)
		json_add_int(o, "minLength", min);
	if (taken)
		json_add_int(o, "maxLength", max);
	return o;
}

static struct json_object *list_schema(const struct mcp_field *f, struct json_object *items, bool taken)
{
	struct json_object *o = typed("array");
	json_add_obj(o, "items", items);
	if (taken && f->min)
		json_add_int(o, "minItems", f->min);
	if (taken)
		json_add_int(o, "maxItems", f->max);
	return o;
}

static struct json_object *whole_schema(const struct mcp_field *f, bool taken)
{
	struct json_object *o = typed("integer");
	if (taken && f->min != INT64_MIN)
		json_add_int(o, "minimum", f->min);
	if (taken && f->max != INT64_MAX)
		json_add_int(o, "maximum", f->max);
	return o;
}

static struct json_object *field_schema(const struct mcp_field *f, bool taken)
{
	switch (f->type) {
	case MCP_TEXT:
		return text_schema(f->min, f->max, taken);
	case MCP_WHOLE:
		return whole_schema(f, taken);
	case MCP_FLAG:
		return typed("boolean");
	case MCP_OBJECT:
		return object_schema(f->of, taken);
	case MCP_TEXTS:
		return list_schema(f, text_schema(1, MCP_TEXT_MAX, taken), taken);
	case MCP_WHOLES:
		return list_schema(f, typed("integer"), taken);
	case MCP_OBJECTS:
		return list_schema(f, object_schema(f->of, taken), taken);
	}
	abort();
}

static struct json_object *object_schema(const struct mcp_field *fields, bool taken)
{
	struct json_object *o = typed("object"), *members = json_new(), *required = json_new_array();
	for (const struct mcp_field *f = fields; f->name; f++) {
		struct json_object *member = field_schema(f, taken);
		if (f->help)
			json_add_str(member, "description", f->help);
		json_add_obj(members, f->name, member);
		if (f->required)
			json_push_str(required, f->name);
	}
	json_add_obj(o, "properties", members);
	if (json_len(required))
		json_add_obj(o, "required", required);
	else
		json_object_put(required);
	if (taken)
		json_add_bool(o, "additionalProperties", false);
	return o;
}

struct json_object *mcp_schema_taken(const struct mcp_field *fields)
{
	return object_schema(fields, true);
}

struct json_object *mcp_schema_given(const struct mcp_field *fields)
{
	return object_schema(fields, false);
}

/* ---- checking ---- */

/* Where in the arguments a check is: "questions[2]." before the name of a field. */
struct place {
	const struct place *in;
	const struct mcp_field *field;
	int64_t index; /* -1: not in a list */
};

static void add_place(struct str *out, const struct place *at)
{
	if (!at)
		return;
	add_place(out, at->in);
	str_addf(out, "%s%s", out->len ? "." : "", at->field->name);
	if (at->index >= 0)
		str_addf(out, "[%lld]", (long long)at->index);
}

static int wrong(const struct place *at, struct err *err, const char *what, ...) PRINTF_LIKE(3, 4);

static int wrong(const struct place *at, struct err *err, const char *what, ...)
{
	struct str line STR_FREE = STR_INIT;
	va_list ap;
	add_place(&line, at);
	str_addc(&line, ' ');
	va_start(ap, what);
	str_addv(&line, what, ap);
	va_end(ap);
	return err_set(err, ERR_USAGE, "%s", str_c(&line));
}

static int check_text(const struct place *at, struct json_object *value, int64_t min, int64_t max, struct err *err)
{
	const char *text = json_text(value);
	if (!text)
		return wrong(at, err, "must be a text (without a NUL character)");
	int64_t len = (int64_t)strlen(text);
	if (len < min)
		return wrong(at, err, "is empty");
	if (len > max)
		return wrong(at, err,
			     "has %lld bytes; at most %lld are taken: put what is long into a file and name that",
			     (long long)len, (long long)max);
	return 0;
}

static int check_whole(const struct place *at, struct json_object *value, struct err *err)
{
	const struct mcp_field *f = at->field;
	int64_t number = json_object_get_int64(value);
	if (json_object_is_type(value, json_type_int) && number >= f->min && number <= f->max)
		return 0;
	if (f->min == INT64_MIN || f->max == INT64_MAX)
		return wrong(at, err, "must be a whole number");
	return wrong(at, err, "must be a whole number from %lld to %lld", (long long)f->min, (long long)f->max);
}

static int check_object(const struct place *in, const struct mcp_field *fields, struct json_object *o,
			struct err *err);

static int check_element(const struct place *at, struct json_object *value, struct err *err)
{
	if (at->field->type == MCP_TEXTS)
		return check_text(at, value, 1, MCP_TEXT_MAX, err);
	if (at->field->type == MCP_WHOLES)
		return json_object_is_type(value, json_type_int) ? 0 : wrong(at, err, "must be a whole number");
	if (!json_object_is_type(value, json_type_object))
		return wrong(at, err, "must be an object");
	return check_object(at, at->field->of, value, err);
}

static int check_list(const struct place *at, struct json_object *value, struct err *err)
{
	const struct mcp_field *f = at->field;
	if (!json_object_is_type(value, json_type_array))
		return wrong(at, err, "must be a list");
	int64_t n = (int64_t)json_len(value);
	if (n < f->min || n > f->max)
		return wrong(at, err, "must have %lld to %lld elements, not %lld", (long long)f->min,
			     (long long)f->max, (long long)n);
	for (int64_t i = 0; i < n; i++) {
		struct place element = {.in = at->in, .field = f, .index = i};
		if (check_element(&element, json_at(value, (size_t)i), err) < 0)
			return -1;
	}
	return 0;
}

static int check_field(const struct place *at, struct json_object *value, struct err *err)
{
	switch (at->field->type) {
	case MCP_TEXT:
		return check_text(at, value, at->field->min, at->field->max, err);
	case MCP_WHOLE:
		return check_whole(at, value, err);
	case MCP_FLAG:
		return json_object_is_type(value, json_type_boolean) ? 0 : wrong(at, err, "must be true or false");
	case MCP_OBJECT:
		return check_element(at, value, err);
	case MCP_TEXTS:
	case MCP_WHOLES:
	case MCP_OBJECTS:
		return check_list(at, value, err);
	}
	abort();
}

static int check_known(const struct place *in, const struct mcp_field *fields, const char *name, struct err *err)
{
	struct nearest near = nearest_init(name);
	for (const struct mcp_field *f = fields; f->name; f++) {
		if (strcmp(f->name, name) == 0)
			return 0;
		nearest_offer(&near, f->name);
	}
	struct str where STR_FREE = STR_INIT;
	add_place(&where, in);
	return err_set(err, ERR_USAGE, "%s%sthere is no argument %s%s%s%s", str_c(&where), where.len ? ": " : "",
		       name, near.best ? "; did you mean " : "", near.best ? near.best : "", near.best ? "?" : "");
}

/* 5.0 is a whole number to JSON Schema. */
static void make_whole(struct json_object *o, const struct mcp_field *f, struct json_object *value)
{
	double number = json_object_get_double(value);
	bool fits = number > -1e15 && number < 1e15 && number == (double)(int64_t)number;
	if (fits && f->type == MCP_WHOLE && json_object_is_type(value, json_type_double))
		json_add_int(o, f->name, (int64_t)number);
}

static int check_object(const struct place *in, const struct mcp_field *fields, struct json_object *o,
			struct err *err)
{
	json_object_object_foreach(o, name, given)
	{
		(void)given;
		if (check_known(in, fields, name, err) < 0)
			return -1;
	}
	for (const struct mcp_field *f = fields; f->name; f++) {
		struct place at = {.in = in, .field = f, .index = -1};
		struct json_object *value = json_any(o, f->name);
		if (!value && f->required)
			return wrong(&at, err, "is missing");
		if (!value) {
			json_object_object_del(o, f->name);
			continue;
		}
		make_whole(o, f, value);
		if (check_field(&at, json_any(o, f->name), err) < 0)
			return -1;
	}
	return 0;
}

int mcp_schema_check(const struct mcp_field *fields, struct json_object *args, struct err *err)
{
	return check_object(NULL, fields, args, err);
}

/* ---- cutting ---- */

static struct json_object *cut_list(const struct mcp_field *f, enum json_type type, struct json_object *value)
{
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < json_len(value); i++) {
		struct json_object *element = json_at(value, i);
		if (!json_object_is_type(element, type))
			continue;
		json_push(list,
			  type == json_type_object ? mcp_schema_cut(f->of, element) : json_object_get(element));
	}
	return list;
}

/* By enum mcp_type: the type of the value, and of the elements of a list. */
static const enum json_type types[][2] = {
	[MCP_TEXT] = {json_type_string, json_type_null},     [MCP_WHOLE] = {json_type_int, json_type_null},
	[MCP_FLAG] = {json_type_boolean, json_type_null},    [MCP_OBJECT] = {json_type_object, json_type_null},
	[MCP_TEXTS] = {json_type_array, json_type_string},   [MCP_WHOLES] = {json_type_array, json_type_int},
	[MCP_OBJECTS] = {json_type_array, json_type_object},
};

static struct json_object *cut_field(const struct mcp_field *f, struct json_object *value)
{
	if (!json_object_is_type(value, types[f->type][0]))
		return NULL;
	if (f->type == MCP_OBJECT)
		return mcp_schema_cut(f->of, value);
	return types[f->type][0] == json_type_array ? cut_list(f, types[f->type][1], value)
						    : json_object_get(value);
}

struct json_object *mcp_schema_cut(const struct mcp_field *fields, struct json_object *answer)
{
	struct json_object *o = json_new();
	for (const struct mcp_field *f = fields; f->name; f++) {
		struct json_object *value = cut_field(f, json_any(answer, f->name));
		if (value)
			json_add_obj(o, f->name, value);
	}
	return o;
}
