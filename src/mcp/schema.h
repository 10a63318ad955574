/* What a tool takes and what it gives, as tables of fields. The JSON Schema that a model reads and the check of
 * what it then sends come from the same table.
 *
 * What is taken is checked strictly, for the sake of one clear line that a model can act on. What is given is cut
 * to its table, so that it fits the schema that was announced whatever musterd adds to its answers. */
#ifndef MCP_SCHEMA_H
#define MCP_SCHEMA_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum mcp_type {
	MCP_TEXT,  /* min to max: bytes of UTF-8 */
	MCP_WHOLE, /* a whole number from min to max */
	MCP_FLAG,
	MCP_OBJECT,  /* with the fields `of` */
	MCP_TEXTS,   /* a list of min to max texts, each of 1 to MCP_TEXT_MAX bytes */
	MCP_WHOLES,  /* a list of min to max whole numbers */
	MCP_OBJECTS, /* a list of min to max objects */
};

/* What musterd keeps of one text; more would be cut without a word. */
enum { MCP_TEXT_MAX = 16 * 1024 };

struct mcp_field {
	const char *name; /* NULL ends a table */
	enum mcp_type type;
	bool required;
	int64_t min, max;
	const char *help; /* for the model */
	const struct mcp_field *of;
};

/* The schema of an object with these fields: of arguments (nothing else is allowed, limits), or of a result. */
struct json_object *mcp_schema_taken(const struct mcp_field *fields);
struct json_object *mcp_schema_given(const struct mcp_field *fields);

/* Checks an object against the table. Members that are null count as missing and are dropped, whole numbers that
 * were written with a fraction (5.0) are made whole. ERR_USAGE says where: "options[1].label is missing". */
int mcp_schema_check(const struct mcp_field *fields, struct json_object *args, struct err *err) NODISCARD;

/* A new object with those members of `answer` that are in the table and of its type. */
struct json_object *mcp_schema_cut(const struct mcp_field *fields, struct json_object *answer);

#endif
