/* JSON over json-c: bounded parsing, getters that check the type, builders that let no malformed UTF-8 in.
 *
 * Ownership follows json-c: what json_parse() and json_new() return is the caller's reference (JSON_FREE or
 * json_object_put() drops it); what a getter returns is borrowed from the object it was asked of; what is added to
 * an object or array with json_add_obj() or json_push() belongs to that object from then on
 * (json_object_get() first to keep a reference).
 *
 * Getters accept any `obj`, also NULL and what is not an object, and treat a member of the wrong type as
 * missing: a message from an untrusted party needs no further check than the result.
 *
 * (json-c owns the name json_bool as a type: the getter for booleans is json_flag.) */
#ifndef FMT_JSON_H
#define FMT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strv.h"

enum {
	JSON_DEPTH_MAX = 64,
	JSON_BYTES_MAX = 16 << 20,
};

void json_freep(struct json_object **obj);
#define JSON_FREE CLEANUP(json_freep)

/* Parses exactly one value; white space may stand around it, anything else is an error that names the byte
 * offset. Malformed UTF-8 becomes U+FFFD. NULL with err (ERR_USAGE) on failure; *also* NULL, without an
 * error, for the text `null`: ask for an object with json_parse_object() where null makes no sense. */
struct json_object *json_parse(const void *bytes, size_t len, struct err *err);
/* The same for a C string. */
struct json_object *json_parse_text(const char *text, struct err *err);
/* An object, or NULL with err. */
struct json_object *json_parse_object(const void *bytes, size_t len, struct err *err);

/* A text without NUL bytes, or NULL. */
const char *json_str(struct json_object *obj, const char *key);
const char *json_str_or(struct json_object *obj, const char *key, const char *otherwise);
int64_t json_int(struct json_object *obj, const char *key, int64_t otherwise);
/* `otherwise` also for a number outside min to max. */
int64_t json_int_in(struct json_object *obj, const char *key, int64_t min, int64_t max, int64_t otherwise);
bool json_flag(struct json_object *obj, const char *key, bool otherwise);
struct json_object *json_obj(struct json_object *obj, const char *key); /* an object, or NULL */
struct json_object *json_arr(struct json_object *obj, const char *key); /* an array, or NULL */
struct json_object *json_any(struct json_object *obj, const char *key); /* whatever it is, or NULL */
bool json_has(struct json_object *obj, const char *key);                /* also true when it is null */

/* Array elements by index; 0 and NULL for what is not an array. */
size_t json_len(struct json_object *arr);
struct json_object *json_at(struct json_object *arr, size_t i);
const char *json_str_at(struct json_object *arr, size_t i);

/* Adds the texts of the member (an array of texts, or one text) to ret. False, with ret unchanged, when it is there
 * but is something else; true when it is missing. */
bool json_strv(struct json_object *obj, const char *key, struct strv *ret);

/* The text of a JSON string value, or NULL when v is none or has a NUL byte inside. */
const char *json_text(struct json_object *v);

struct json_object *json_new(void);
struct json_object *json_new_array(void);
struct json_object *json_new_str(const char *text); /* NULL stays NULL: null */
struct json_object *json_new_strn(const void *bytes, size_t len);
struct json_object *json_new_strv(const struct strv *v);

/* A member that is already there is replaced. A NULL text or object is written as null. */
void json_add_str(struct json_object *obj, const char *key, const char *text);
void json_add_strn(struct json_object *obj, const char *key, const void *bytes, size_t len);
void json_add_int(struct json_object *obj, const char *key, int64_t value);
void json_add_bool(struct json_object *obj, const char *key, bool value);
void json_add_null(struct json_object *obj, const char *key);
void json_add_obj(struct json_object *obj, const char *key, struct json_object *taken);
void json_add_strv(struct json_object *obj, const char *key, const struct strv *v);

void json_push(struct json_object *arr, struct json_object *taken);
void json_push_str(struct json_object *arr, const char *text);

/* A deep copy with a reference of its own; NULL gives NULL. */
struct json_object *json_copy(struct json_object *obj);

/* The value on one line (no newline inside or after). The pointer lives as long as obj is not changed. */
const char *json_line(struct json_object *obj);
/* Appends it to out, without a newline. */
void json_add_line(struct str *out, struct json_object *obj);

#endif
