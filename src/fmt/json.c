#include "fmt/json.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { LINE_FLAGS = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };

/* json-c reports memory that ran out by NULL or -1; like base/mem.h, this code does not go on without it. */
static struct json_object *need(struct json_object *obj)
{
	if (!obj)
		abort();
	return obj;
}

void json_freep(struct json_object **obj)
{
	json_object_put(*obj);
	*obj = NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Parses well-formed UTF-8. ret_end is the offset up to which it was read. */
static struct json_object *parse_utf8(struct json_tokener *tok, const char *text, size_t len, size_t *ret_end)
{
	struct json_object *obj = json_tokener_parse_ex(tok, text, (int)len);
	*ret_end = json_tokener_get_parse_end(tok);
	if (json_tokener_get_error(tok) == json_tokener_continue && *ret_end == len)
		obj = json_tokener_parse_ex(tok, "", 1); /* the end is what completes a bare number */
	return obj;
}

/* json-c reads NaN and Infinity, and numbers too large for a double as Infinity; none can be written again as JSON.
 */
static bool has_strange_number(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_double:
		return !isfinite(json_object_get_double(v));
	case json_type_array:
		for (size_t i = 0; i < json_len(v); i++)
			if (has_strange_number(json_at(v, i)))
				return true;
		return false;
	case json_type_object: {
		json_object_object_foreach(v, key, member)
		{
			(void)key;
			if (has_strange_number(member))
				return true;
		}
		return false;
	}
	default:
		return false;
	}
}

static struct json_object *parse_whole(const char *text, size_t len, struct err *err)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tok)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	size_t end;
	struct json_object *obj = parse_utf8(tok, text, len, &end);
	enum json_tokener_error error = json_tokener_get_error(tok);
	json_tokener_free(tok);
	if (error == json_tokener_continue || (error == json_tokener_error_parse_eof && end == len))
		return err_set(err, ERR_USAGE, "JSON ends in the middle, at byte %zu", len), NULL;
	if (error != json_tokener_success)
		return err_set(err, ERR_USAGE, "JSON at byte %zu: %s", end, json_tokener_error_desc(error)), NULL;
	while (end < len && is_space(text[end]))
		end++;
	if (end == len && !has_strange_number(obj))
		return obj;
	json_object_put(obj);
	if (end < len)
		err_set(err, ERR_USAGE, "JSON at byte %zu: something follows the value", end);
	else
		err_set(err, ERR_USAGE, "JSON: a number is out of range");
	return NULL;
}

struct json_object *json_parse(const void *bytes, size_t len, struct err *err)
{
	if (len > JSON_BYTES_MAX)
		return err_set(err, ERR_USAGE, "JSON of %zu bytes: the limit is %d", len, JSON_BYTES_MAX), NULL;
	if (text_is_utf8(bytes, len))
		return parse_whole(bytes, len, err);
	struct str repaired STR_FREE = STR_INIT;
	text_add_utf8(&repaired, bytes, len);
	return parse_whole(repaired.data, repaired.len, err);
}

struct json_object *json_parse_text(const char *text, struct err *err)
{
	return json_parse(text, strlen(text), err);
}

struct json_object *json_parse_object(const void *bytes, size_t len, struct err *err)
{
	struct err why = {0};
	struct json_object *obj = json_parse(bytes, len, &why);
	if (json_object_is_type(obj, json_type_object))
		return obj;
	if (why.code != ERR_NONE)
		err_set(err, why.code, "%s", why.msg);
	else
		err_set(err, ERR_USAGE, "JSON: an object is expected, this is %s",
			json_type_to_name(json_object_get_type(obj)));
	json_object_put(obj);
	return NULL;
}

struct json_object *json_any(struct json_object *obj, const char *key)
{
	struct json_object *v = NULL;
	if (json_object_is_type(obj, json_type_object))
		json_object_object_get_ex(obj, key, &v);
	return v;
}

bool json_has(struct json_object *obj, const char *key)
{
	return json_object_is_type(obj, json_type_object) && json_object_object_get_ex(obj, key, NULL);
}

const char *json_text(struct json_object *v)
{
	if (!json_object_is_type(v, json_type_string))
		return NULL;
	const char *text = json_object_get_string(v);
	return strlen(text) == (size_t)json_object_get_string_len(v) ? text : NULL;
}

const char *json_str(struct json_object *obj, const char *key)
{
	return json_text(json_any(obj, key));
}

const char *json_str_or(struct json_object *obj, const char *key, const char *otherwise)
{
	const char *text = json_str(obj, key);
	return text ? text : otherwise;
}

int64_t json_int(struct json_object *obj, const char *key, int64_t otherwise)
{
	struct json_object *v = json_any(obj, key);
	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : otherwise;
}

int64_t json_int_in(struct json_object *obj, const char *key, int64_t min, int64_t max, int64_t otherwise)
{
	int64_t n = json_int(obj, key, otherwise);
	return n < min || n > max ? otherwise : n;
}

bool json_flag(struct json_object *obj, const char *key, bool otherwise)
{
	struct json_object *v = json_any(obj, key);
	return json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) : otherwise;
}

static struct json_object *typed(struct json_object *obj, const char *key, enum json_type type)
{
	struct json_object *v = json_any(obj, key);
	return json_object_is_type(v, type) ? v : NULL;
}

struct json_object *json_obj(struct json_object *obj, const char *key)
{
	return typed(obj, key, json_type_object);
}

struct json_object *json_arr(struct json_object *obj, const char *key)
{
	return typed(obj, key, json_type_array);
}

size_t json_len(struct json_object *arr)
{
	return json_object_is_type(arr, json_type_array) ? json_object_array_length(arr) : 0;
}

struct json_object *json_at(struct json_object *arr, size_t i)
{
	return i < json_len(arr) ? json_object_array_get_idx(arr, i) : NULL;
}

const char *json_str_at(struct json_object *arr, size_t i)
{
	return json_text(json_at(arr, i));
}

bool json_strv(struct json_object *obj, const char *key, struct strv *ret)
{
	struct json_object *v = json_any(obj, key);
	if (!v)
		return !json_has(obj, key);
	const char *one = json_text(v);
	if (one) {
		strv_add(ret, one);
		return true;
	}
	if (!json_object_is_type(v, json_type_array))
		return false;
	for (size_t i = 0; i < json_len(v); i++)
		if (!json_str_at(v, i))
			return false;
	for (size_t i = 0; i < json_len(v); i++)
		strv_add(ret, json_str_at(v, i));
	return true;
}

struct json_object *json_new(void)
{
	return need(json_object_new_object());
}

struct json_object *json_new_array(void)
{
	return need(json_object_new_array());
}

struct json_object *json_new_strn(const void *bytes, size_t len)
{
	if (text_is_utf8(bytes, len))
		return need(json_object_new_string_len(bytes, (int)MIN(len, (size_t)INT_MAX - 1)));
	struct str repaired STR_FREE = STR_INIT;
	text_add_utf8(&repaired, bytes, len);
	return need(json_object_new_string_len(repaired.data, (int)MIN(repaired.len, (size_t)INT_MAX - 1)));
}

struct json_object *json_new_str(const char *text)
{
	return text ? json_new_strn(text, strlen(text)) : NULL;
}

struct json_object *json_new_strv(const struct strv *v)
{
	struct json_object *arr = json_new_array();
	for (size_t i = 0; i < v->n; i++)
		json_push_str(arr, v->v[i]);
	return arr;
}

void json_add_obj(struct json_object *obj, const char *key, struct json_object *taken)
{
	if (json_object_object_add(obj, key, taken) != 0)
		abort();
}

void json_add_str(struct json_object *obj, const char *key, const char *text)
{
	json_add_obj(obj, key, json_new_str(text));
}

void json_add_strn(struct json_object *obj, const char *key, const void *bytes, size_t len)
{
	json_add_obj(obj, key, json_new_strn(bytes, len));
}

void json_add_int(struct json_object *obj, const char *key, int64_t value)
{
	json_add_obj(obj, key, need(json_object_new_int64(value)));
}

void json_add_bool(struct json_object *obj, const char *key, bool value)
{
	json_add_obj(obj, key, need(json_object_new_boolean(value)));
}

void json_add_null(struct json_object *obj, const char *key)
{
	json_add_obj(obj, key, NULL);
}

void json_add_strv(struct json_object *obj, const char *key, const struct strv *v)
{
	json_add_obj(obj, key, json_new_strv(v));
}

void json_push(struct json_object *arr, struct json_object *taken)
{
	if (json_object_array_add(arr, taken) != 0)
		abort();
}

void json_push_str(struct json_object *arr, const char *text)
{
	json_push(arr, json_new_str(text));
}

struct json_object *json_copy(struct json_object *obj)
{
	struct json_object *copy = NULL;
	if (obj && json_object_deep_copy(obj, &copy, NULL) != 0)
		abort();
	return copy;
}

const char *json_line(struct json_object *obj)
{
	return json_object_to_json_string_ext(obj, LINE_FLAGS);
}

void json_add_line(struct str *out, struct json_object *obj)
{
	size_t len;
	const char *line = json_object_to_json_string_length(obj, LINE_FLAGS, &len);
	str_add(out, line, len);
}
