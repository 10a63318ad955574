#include "agent/rehearse_script.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

enum { LOOP_TIMES_MAX = 1000000 };

#define VERB_ROW(name, word, field) {word, field},
static const struct {
	const char *word, *field;
} verbs[] = {REHEARSE_VERBS(VERB_ROW)};
#undef VERB_ROW

/* The fields of each verb. WORD is a number or a text. */
enum type { TYPE_TEXT, TYPE_COUNT, TYPE_FLAG, TYPE_LIST, TYPE_WORD };

static const struct field {
	enum rehearse_op op;
	const char *name;
	enum type type;
	bool required;
} fields[] = {
	{REHEARSE_SAY, "text", TYPE_TEXT, true},
	{REHEARSE_EDIT, "file", TYPE_TEXT, true},
	{REHEARSE_EDIT, "write", TYPE_TEXT, false},
	{REHEARSE_EDIT, "append", TYPE_TEXT, false},
	{REHEARSE_EDIT, "replace", TYPE_TEXT, false},
	{REHEARSE_EDIT, "with", TYPE_TEXT, false},
	{REHEARSE_RUN, "command", TYPE_TEXT, true},
	{REHEARSE_RUN, "check", TYPE_FLAG, false},
	{REHEARSE_COMMIT, "message", TYPE_TEXT, true},
	{REHEARSE_ASK, "question", TYPE_TEXT, true},
	{REHEARSE_ASK, "options", TYPE_LIST, false},
	{REHEARSE_ASK, "context", TYPE_TEXT, false},
	{REHEARSE_ASK, "assumption", TYPE_TEXT, false},
	{REHEARSE_ASK, "blocking", TYPE_FLAG, false},
	{REHEARSE_ASK, "as", TYPE_TEXT, false},
	{REHEARSE_PERMISSION, "command", TYPE_TEXT, true},
	{REHEARSE_PERMISSION, "why", TYPE_TEXT, false},
	{REHEARSE_PERMISSION, "as", TYPE_TEXT, false},
	{REHEARSE_WAIT, "seconds", TYPE_WORD, false},
	{REHEARSE_WAIT, "file", TYPE_TEXT, false},
	{REHEARSE_BACKGROUND, "command", TYPE_TEXT, true},
	{REHEARSE_BACKGROUND, "name", TYPE_TEXT, false},
	{REHEARSE_BACKGROUND, "log", TYPE_TEXT, false},
	{REHEARSE_CROSS, "file", TYPE_TEXT, true},
	{REHEARSE_CROSS, "write", TYPE_TEXT, false},
	{REHEARSE_CRASH, "exit", TYPE_COUNT, false},
	{REHEARSE_CRASH, "signal", TYPE_TEXT, false},
	{REHEARSE_REPORT, "text", TYPE_TEXT, false},
	{REHEARSE_REPORT, "percent", TYPE_COUNT, false},
	{REHEARSE_REPORT, "next", TYPE_TEXT, false},
	{REHEARSE_DONE, "summary", TYPE_TEXT, true},
	{REHEARSE_DONE, "tested", TYPE_TEXT, false},
	{REHEARSE_DONE, "look", TYPE_TEXT, false},
};

struct compile {
	struct rehearse_script *script;
	const struct yaml *y;
	struct err *err;
};

static int block(struct compile *c, struct json_object *in, const char *key);

const char *rehearse_word(enum rehearse_op op)
{
	return op < ARRAY_LEN(verbs) ? verbs[op].word : "jump";
}

static int emit(struct compile *c, struct json_object *in, size_t index, struct rehearse_step step)
{
	struct rehearse_script *s = c->script;
	if (s->n == REHEARSE_STEPS_MAX) {
		json_object_put(step.arg);
		return yaml_err(c->y, in, NULL, index, c->err, "more than %d steps", REHEARSE_STEPS_MAX);
	}
	const struct yaml_mark *mark = yaml_mark(c->y, in, NULL, index);
	step.at = mark ? mark->value : (struct yaml_place){0};
	s->steps = mem_resize(s->steps, s->n + 1, sizeof *s->steps);
	s->steps[s->n++] = step;
	return 0;
}

/* Numbers, flags and texts may stand for each other where a text is wanted ("say: 5"). */
static bool has_type(struct json_object *v, enum type type)
{
	switch (type) {
	case TYPE_TEXT:
	case TYPE_WORD:
		return json_text(v) || json_object_is_type(v, json_type_int) ||
		       json_object_is_type(v, json_type_double) || json_object_is_type(v, json_type_boolean);
	case TYPE_COUNT:
		return json_object_is_type(v, json_type_int) && json_object_get_int64(v) >= 0;
	case TYPE_FLAG:
		return json_object_is_type(v, json_type_boolean);
	case TYPE_LIST:
		return json_object_is_type(v, json_type_array);
	}
	return false;
}

static const struct field *find_field(enum rehearse_op op, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].op == op && strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* Checks the fields; `in` is the object that holds them, or the step itself for a bare value. */
static int check_fields(struct compile *c, enum rehearse_op op, struct json_object *in, struct json_object *arg)
{
	json_object_object_foreach(arg, name, value)
	{
		const struct field *f = find_field(op, name);
		if (!f)
			return yaml_err(c->y, in, name, 0, c->err, "%s has no %s", verbs[op].word, name);
		if (!has_type(value, f->type))
			return yaml_err(c->y, in, in == arg ? name : verbs[op].word, 0, c->err,
					"%s: %s has the wrong form", verbs[op].word, name);
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].op == op && fields[i].required && !json_has(arg, fields[i].name))
			return yaml_err(c->y, in, NULL, 0, c->err, "%s needs %s", verbs[op].word, fields[i].name);
	bool writes = json_has(arg, "write") || json_has(arg, "append") ||
		      (json_has(arg, "replace") && json_has(arg, "with"));
	if (op == REHEARSE_EDIT && !writes)
		return yaml_err(c->y, in, NULL, 0, c->err, "edit needs write, append, or replace and with");
	return 0;
}

static int verb(struct compile *c, struct json_object *list, size_t index, struct json_object *step,
		enum rehearse_op op)
{
	struct json_object *value = json_any(step, verbs[op].word);
	bool bare = !json_object_is_type(value, json_type_object);
	struct json_object *arg JSON_FREE = bare ? json_new() : json_object_get(value);
	if (bare)
		json_add_obj(arg, verbs[op].field, json_object_get(value));
	if (json_object_object_length(step) != 1)
		return yaml_err(c->y, list, NULL, index, c->err,
				"a step is one verb: what belongs to %s is indented below it", verbs[op].word);
	if (check_fields(c, op, bare ? step : arg, arg) != 0)
		return -1;
	return emit(c, list, index, (struct rehearse_step){.op = op, .arg = MEM_TAKE(arg)});
}

static int check_condition(struct compile *c, struct json_object *in, const char *key)
{
	struct json_object *cond = json_obj(in, key);
	if (cond && json_object_object_length(cond) == 1)
		return 0;
	return yaml_err(c->y, in, key, 0, c->err, "%s needs a condition {NAME: VALUE}", key);
}

/* if: {NAME: VALUE}, then: [...], else: [...] */
static int branch(struct compile *c, struct json_object *list, size_t index, struct json_object *step)
{
	struct rehearse_script *s = c->script;
	size_t test = s->n;
	if (check_condition(c, step, "if") != 0 ||
	    emit(c, list, index,
		 (struct rehearse_step){.op = REHEARSE_TEST, .arg = json_copy(json_obj(step, "if"))}) != 0 ||
	    block(c, step, "then") != 0)
		return -1;
	if (json_has(step, "else")) {
		size_t jump = s->n;
		if (emit(c, list, index, (struct rehearse_step){.op = REHEARSE_JUMP}) != 0)
			return -1;
		s->steps[test].jump = s->n;
		if (block(c, step, "else") != 0)
			return -1;
		s->steps[jump].jump = s->n;
	} else {
		s->steps[test].jump = s->n;
	}
	return 0;
}

/* loop: {times: N, until: {NAME: VALUE}, steps: [...]} */
static int loop(struct compile *c, struct json_object *list, size_t index, struct json_object *step)
{
	struct rehearse_script *s = c->script;
	struct json_object *arg = json_obj(step, "loop");
	if (json_int_in(arg, "times", 1, LOOP_TIMES_MAX, 0) == 0)
		return yaml_err(c->y, step, "loop", 0, c->err, "loop needs times, from 1 to %d", LOOP_TIMES_MAX);
	size_t head = s->n, test = 0;
	if (emit(c, list, index, (struct rehearse_step){.op = REHEARSE_LOOP, .arg = json_copy(arg)}) != 0 ||
	    block(c, arg, "steps") != 0)
		return -1;
	if (json_has(arg, "until")) {
		test = s->n;
		struct rehearse_step until = {.op = REHEARSE_TEST, .until = true};
		if (check_condition(c, arg, "until") != 0)
			return -1;
		until.arg = json_copy(json_obj(arg, "until"));
		if (emit(c, list, index, until) != 0)
			return -1;
	}
	if (emit(c, list, index, (struct rehearse_step){.op = REHEARSE_JUMP, .jump = head}) != 0)
		return -1;
	s->steps[head].jump = s->n;
	if (test)
		s->steps[test].jump = s->n;
	return 0;
}

static int unknown_verb(struct compile *c, struct json_object *list, size_t index, struct json_object *step)
{
	const char *first = "";
	json_object_object_foreach(step, key, value)
	{
		(void)value;
		first = key;
		break;
	}
	struct nearest near = nearest_init(first);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		nearest_offer(&near, verbs[i].word);
	return yaml_err(c->y, list, NULL, index, c->err, "no step is called \"%s\"%s%s%s", first,
			near.best ? "; did you mean " : "", near.best ? near.best : "", near.best ? "?" : "");
}

static int one(struct compile *c, struct json_object *list, size_t index)
{
	struct json_object *step = json_at(list, index);
	if (!json_object_is_type(step, json_type_object))
		return yaml_err(c->y, list, NULL, index, c->err, "a step is of the form \"verb: …\"");
	if (json_has(step, "if"))
		return branch(c, list, index, step);
	if (json_has(step, "loop"))
		return loop(c, list, index, step);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (json_has(step, verbs[i].word))
			return verb(c, list, index, step, (enum rehearse_op)i);
	return unknown_verb(c, list, index, step);
}

static int block(struct compile *c, struct json_object *in, const char *key)
{
	struct json_object *list = json_arr(in, key);
	if (!list)
		return yaml_err(c->y, in, key, 0, c->err, "%s must be a list of steps", key);
	for (size_t i = 0; i < json_len(list); i++)
		if (one(c, list, i) != 0)
			return -1;
	return 0;
}

static int top(struct compile *c)
{
	json_object_object_foreach(c->y->root, key, value)
	{
		(void)value;
		if (strcmp(key, "name") != 0 && strcmp(key, "pace") != 0 && strcmp(key, "steps") != 0)
			return yaml_err(c->y, c->y->root, key, 0, c->err,
					"a script has name, pace and steps, not %s", key);
	}
	c->script->name = mem_strdup(json_str_or(c->y->root, "name", "rehearsal"));
	c->script->pace_ms = (int)json_int_in(c->y->root, "pace", 0, 60000, 0);
	return block(c, c->y->root, "steps");
}

int rehearse_script_parse(struct rehearse_script *ret, const char *file, int first_line, const char *text,
			  size_t len, struct err *err)
{
	struct yaml y YAML_FREE = {0};
	if (yaml_parse(&y, file, first_line, text, len, err) != 0)
		return -1;
	if (!json_object_is_type(y.root, json_type_object))
		return err_set(err, ERR_USAGE, "%s:%d:1: a script is a map with a list of steps", file, first_line);
	struct rehearse_script script = {.file = mem_strdup(file)};
	struct compile c = {.script = &script, .y = &y, .err = err};
	if (top(&c) != 0) {
		rehearse_script_fini(&script);
		return -1;
	}
	*ret = script;
	return 0;
}

void rehearse_script_fini(struct rehearse_script *s)
{
	for (size_t i = 0; i < s->n; i++)
		json_object_put(s->steps[i].arg);
	free(s->steps);
	free(s->name);
	free(s->file);
	*s = (struct rehearse_script){0};
}

bool rehearse_find_block(const char *markdown, const char **ret_text, size_t *ret_len, int *ret_line)
{
	static const char fence[] = "```yaml rehearsal\n";
	int lines = 0;
	for (const char *p = markdown; *p; p++) {
		if (strncmp(p, fence, sizeof fence - 1) == 0) {
			const char *text = p + sizeof fence - 1;
			const char *end = strncmp(text, "```", 3) == 0 ? text : strstr(text, "\n```");
			if (!end)
				return false;
			*ret_text = text;
			*ret_len = (size_t)(end - text) + (end > text);
			*ret_line = lines + 1;
			return true;
		}
		p = strchr(p, '\n');
		if (!p)
			return false;
		lines++;
	}
	return false;
}
