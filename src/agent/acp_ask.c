/* Questions of the agent: a form (elicitation/create) of fields, each with a type. A form with one choice becomes
 * that choice on the docket, with a text field beside it for other answers; any other form is answered by a line
 * for each field. */
#include <stdlib.h>
#include <string.h>

#include "agent/acp.h"
#include "agent/permission.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { FIELDS_MAX = 32, CHOICES_MAX = 32, SCHEMA_MAX = 64 * 1024, TEXT_MAX = 4096 };

/* ---- fields ---- */

/* [{"const","title","description"}…] or ["…"], of a field or of the items of a list; NULL: it is no choice. */
static struct json_object *choices_of(struct json_object *field)
{
	static const char *const members[] = {"oneOf", "anyOf", "enum"};
	struct json_object *const places[] = {field, json_obj(field, "items")};
	for (size_t p = 0; p < ARRAY_LEN(places); p++)
		for (size_t i = 0; i < ARRAY_LEN(members); i++)
			if (json_len(json_arr(places[p], members[i])))
				return json_arr(places[p], members[i]);
	return NULL;
}

static const char *choice_value(struct json_object *choice)
{
	return json_text(choice) ? json_text(choice) : json_str(choice, "const");
}

static const char *field_type(struct json_object *field)
{
	return json_str_or(field, "type", "string");
}

static bool is_required(struct json_object *schema, const char *name)
{
	struct json_object *list = json_arr(schema, "required");
	for (size_t i = 0; i < json_len(list); i++)
		if (strcmp(json_str_at(list, i) ? json_str_at(list, i) : "", name) == 0)
			return true;
	return false;
}

/* A text that may be left out, beside a choice: "other", or a remark. */
static bool is_aside(struct json_object *schema, const char *name, struct json_object *field)
{
	return !choices_of(field) && strcmp(field_type(field), "string") == 0 && !is_required(schema, name);
}

/* The names of the fields that a question is made of, and of the text beside each (or ""). */
struct form {
	struct strv names, asides;
	bool single; /* one choice of which one is taken */
};

static void form_fini(struct form *f)
{
	strv_fini(&f->names);
	strv_fini(&f->asides);
}

static struct form read_form(struct json_object *schema)
{
	struct form f = {0};
	struct json_object *fields = json_obj(schema, "properties"), *before = NULL;
	if (!fields)
		return f;
	json_object_object_foreach(fields, name, field)
	{
		if (choices_of(before) && f.asides.n < f.names.n && is_aside(schema, name, field)) {
			strv_add(&f.asides, name);
			continue;
		}
		while (f.asides.n < f.names.n)
			strv_add(&f.asides, "");
		strv_add(&f.names, name);
		before = field;
	}
	while (f.asides.n < f.names.n)
		strv_add(&f.asides, "");
	struct json_object *first = f.names.n ? json_obj(fields, f.names.v[0]) : NULL;
	f.single = f.names.n == 1 && choices_of(first) && strcmp(field_type(first), "array") != 0;
	return f;
}

/* ---- the item ---- */

static void add_field(struct str *out, const char *name, struct json_object *field)
{
	struct json_object *choices = choices_of(field);
	const char *type = field_type(field), *more = json_str(field, "description");
	str_adds(out, json_str_or(field, "title", name));
	if (more)
		str_addf(out, ": %s", more);
	for (size_t i = 0; i < MIN(json_len(choices), (size_t)CHOICES_MAX); i++)
		str_addf(out, "%s%s", i ? " | " : " [",
			 choice_value(json_at(choices, i)) ? choice_value(json_at(choices, i)) : "");
	str_adds(out, choices ? "]" : "");
	if (strcmp(type, "array") == 0)
		str_adds(out, " (several, with commas)");
	else if (strcmp(type, "boolean") == 0)
		str_adds(out, " (yes or no)");
	else if (strcmp(type, "string") != 0)
		str_adds(out, " (a number)");
	str_addc(out, '\n');
}

static struct json_object *form_options(const struct form *f, struct json_object *fields)
{
	struct json_object *choices = choices_of(json_obj(fields, f->names.v[0])), *options = json_new_array();
	for (size_t i = 0; i < MIN(json_len(choices), (size_t)CHOICES_MAX); i++) {
		struct json_object *choice = json_at(choices, i);
		const char *value = choice_value(choice);
		const char *label = json_str_or(choice, "description", json_str_or(choice, "title", value));
		if (value)
			permission_push_option(options, value, label);
	}
	return options;
}

/* Of several fields, or one that is no choice, all that is asked. */
static char *form_text(const struct form *f, struct json_object *fields)
{
	struct str text = STR_INIT;
	if (f->names.n > 1)
		str_adds(&text, "Answer with one line for each of these:\n");
	for (size_t i = 0; i < f->names.n; i++)
		add_field(&text, f->names.v[i], json_obj(fields, f->names.v[i]));
	return str_take(&text);
}

static void open_item(struct agent_session *s, const char *key, const char *message, struct json_object *schema,
		      const struct form *f)
{
	struct json_object *detail JSON_FREE = json_new(), *fields = json_obj(schema, "properties");
	struct json_object *options JSON_FREE = f->single ? form_options(f, fields) : NULL;
	struct str title STR_FREE = STR_INIT, topic STR_FREE = STR_INIT;
	text_add_inert(&title, message, strnlen(message, TEXT_MAX), TEXT_ONE_LINE);
	str_adds(&topic, message);
	if (!f->single) {
		MEM_FREE char *text = form_text(f, fields);
		json_add_str(detail, "context", text);
		str_addf(&topic, "\n%s", text);
	}
	json_add_obj(detail, "schema", json_copy(schema));
	s->host->item_open(s, &(struct agent_item){
				      .need = AGENT_NEED_QUESTION,
				      .key = key,
				      .blocking = true,
				      .title = str_c(&title),
				      .topic = str_c(&topic),
				      .detail = detail,
				      .options = options,
			      });
}

void acp_on_elicitation(struct agent_session *s, struct json_object *id, struct json_object *params)
{
	struct json_object *schema = json_obj(params, "requestedSchema");
	const char *message = json_str_or(params, "message", "it asks a question");
	char *key MEM_FREE = NULL;
	if (acp_in_phase(s, "over"))
		return;
	struct form f = read_form(schema);
	if (f.names.n == 0 || f.names.n > FIELDS_MAX || strlen(json_line(schema)) > SCHEMA_MAX) {
		say_unknown(s, "question that cannot be shown", params);
		acp_respond_error(s, id, ACP_INVALID_PARAMS, "only forms of up to 32 fields can be answered here");
		form_fini(&f);
		return;
	}
	acp_turn_begun(s);
	acp_text_flush(s);
	if (acp_need_add(s, id, "question", &key))
		open_item(s, key, message, schema, &f);
	form_fini(&f);
}

/* ---- the answer ---- */

/* The value of the choice that the text names by its value, its title, or its place from 1; NULL: none. */
static const char *choice_named(struct json_object *field, const char *text)
{
	struct json_object *choices = choices_of(field);
	char *end;
	long place = strtol(text, &end, 10);
	for (size_t i = 0; i < json_len(choices); i++) {
		const char *value = choice_value(json_at(choices, i)),
			   *title = json_str(json_at(choices, i), "title");
		if (value && (strcasecmp(value, text) == 0 || (title && strcasecmp(title, text) == 0)))
			return value;
	}
	return end != text && !*end && place >= 1 && (size_t)place <= json_len(choices)
		       ? choice_value(json_at(choices, (size_t)place - 1))
		       : NULL;
}

static struct json_object *list_of(struct json_object *field, const char *text)
{
	struct json_object *list = json_new_array();
	struct strv parts STRV_FREE = STRV_INIT;
	strv_split(&parts, text, ',');
	for (size_t i = 0; i < parts.n; i++) {
		const char *part = parts.v[i] + strspn(parts.v[i], " ");
		const char *value = choice_named(field, part);
		if (*part)
			json_push_str(list, value ? value : part);
	}
	return list;
}

/* The text as a value of the field's type; NULL when it is none. */
static struct json_object *value_of(struct json_object *field, const char *text)
{
	static const char *const yes[] = {"yes", "y", "true", "1", "on"};
	const char *type = field_type(field), *choice = choice_named(field, text);
	char *end;
	if (strcmp(type, "array") == 0)
		return list_of(field, text);
	if (strcmp(type, "boolean") == 0) {
		for (size_t i = 0; i < ARRAY_LEN(yes); i++)
			if (strcasecmp(yes[i], text) == 0)
				return json_object_new_boolean(true);
		return json_object_new_boolean(false);
	}
	if (strcmp(type, "integer") == 0) {
		long long n = strtoll(text, &end, 10);
		return end != text && !*end ? json_object_new_int64(n) : NULL;
	}
	if (strcmp(type, "number") == 0) {
		double n = strtod(text, &end);
		return end != text && !*end ? json_object_new_double(n) : NULL;
	}
	return json_new_str(choice ? choice : text);
}

/* Sets the field, or the text beside it when the answer is none of its choices. */
static void set_field(struct json_object *content, struct json_object *field, const char *name, const char *aside,
		      const char *text)
{
	bool other = *aside && choices_of(field) && strcmp(field_type(field), "array") != 0 &&
		     !choice_named(field, text);
	struct json_object *value = other ? json_new_str(text) : value_of(field, text);
	if (value)
		json_add_obj(content, other ? aside : name, value);
}

struct json_object *acp_ask_result(struct json_object *detail, const struct agent_answer *answer)
{
	struct json_object *schema = json_obj(detail, "schema"), *fields = json_obj(schema, "properties");
	struct json_object *result = json_new(), *content = json_new();
	struct form f = read_form(schema);
	struct strv lines STRV_FREE = STRV_INIT;
	const char *text = answer->text ? answer->text : "";
	if (f.names.n > 1)
		strv_split(&lines, text, '\n');
	for (size_t i = 0; i < f.names.n; i++) {
		const char *line = f.names.n > 1    ? (i < lines.n ? lines.v[i] : "")
				   : answer->option ? answer->option
						    : text;
		if (*line)
			set_field(content, json_obj(fields, f.names.v[i]), f.names.v[i], f.asides.v[i], line);
	}
	/* An option with a text: the text is a remark. */
	if (f.names.n == 1 && answer->option && *text && *f.asides.v[0])
		json_add_str(content, f.asides.v[0], text);
	json_add_str(result, "action", "accept");
	json_add_obj(result, "content", content);
	form_fini(&f);
	return result;
}
