#include "work/task.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "fmt/front.h"
#include "work/names.h"

enum kind { KIND_TEXT, KIND_LIST, KIND_COUNT, KIND_MAP };

enum { VALUE_MAX = 1000 };

#define AT(member) offsetof(struct task, member)
static const struct key {
	const char *name;
	enum kind kind;
	size_t offset;
} keys[] = {
	{"name", KIND_TEXT, AT(name)},         {"agent", KIND_TEXT, AT(agent)},   {"scope", KIND_LIST, AT(scope)},
	{"stop-for", KIND_LIST, AT(stop_for)}, {"awaits", KIND_LIST, AT(awaits)}, {"after", KIND_LIST, AT(after)},
	{"tier", KIND_TEXT, AT(tier)},         {"value", KIND_COUNT, AT(value)},  {"gate", KIND_LIST, AT(gate)},
	{"options", KIND_MAP, AT(options)},
};
#undef AT

static const char *const tiers[] = {"delegated", "checkpoint", "hands-on"};

static int unknown_key(const struct yaml *y, const char *name, struct err *err)
{
	struct nearest near = nearest_init(name);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		nearest_offer(&near, keys[i].name);
	const struct yaml_mark *mark = yaml_mark(y, y->root, name, 0);
	return err_set(err, ERR_USAGE, "%s:%d:%d: unknown key %s%s%s%s", y->file, mark ? mark->name.line : 0,
	               mark ? mark->name.column : 0, name, near.best ? "; did you mean " : "",
	               near.best ? near.best : "", near.best ? "?" : "");
}

static int take(struct task *t, const struct yaml *y, const struct key *key, struct json_object *value, struct err *err)
{
	void *slot = (char *)t + key->offset;
	switch (key->kind) {
	case KIND_TEXT:
		if (!json_text(value) || !*json_text(value))
			return yaml_err(y, y->root, key->name, 0, err, "%s must be a text", key->name);
		*(char **)slot = mem_strdup(json_text(value));
		return 0;
	case KIND_LIST:
		if (!json_strv(y->root, key->name, slot))
			return yaml_err(y, y->root, key->name, 0, err, "%s must be a list of texts", key->name);
		return 0;
	case KIND_COUNT:
		*(int64_t *)slot = json_int_in(y->root, key->name, 1, VALUE_MAX, 0);
		return *(int64_t *)slot ? 0
		                        : yaml_err(y, y->root, key->name, 0, err, "%s must be a number from 1 to %d",
		                                   key->name, VALUE_MAX);
	case KIND_MAP:
		if (!json_object_is_type(value, json_type_object))
			return yaml_err(y, y->root, key->name, 0, err, "%s must be a map", key->name);
		*(struct json_object **)slot = json_copy(value);
		return 0;
	}
	return 0;
}

static int take_all(struct task *t, const struct yaml *y, struct err *err)
{
	if (!y->root)
		return 0;
	if (!json_object_is_type(y->root, json_type_object))
		return err_set(err, ERR_USAGE, "%s: the front matter is a map of keys", y->file);
	json_object_object_foreach(y->root, name, value)
	{
		const struct key *key = NULL;
		for (size_t i = 0; i < ARRAY_LEN(keys) && !key; i++)
			key = strcmp(keys[i].name, name) == 0 ? &keys[i] : NULL;
		if (!key)
			return unknown_key(y, name, err);
		if (take(t, y, key, value, err) < 0)
			return -1;
	}
	struct err why;
	if (t->name && name_check(t->name, &why) < 0)
		return yaml_err(y, y->root, "name", 0, err, "%s", why.msg);
	for (size_t i = 0; t->tier && i < ARRAY_LEN(tiers); i++)
		if (strcmp(t->tier, tiers[i]) == 0)
			return 0;
	return t->tier ? yaml_err(y, y->root, "tier", 0, err, "tier must be delegated, checkpoint or hands-on") : 0;
}

int task_parse(const char *text, size_t len, const char *file, struct task *ret, struct err *err)
{
	struct front front FRONT_FREE = {0};
	struct task t = {0};
	if (front_parse(&front, file, text, len, err) < 0)
		return -1;
	if (take_all(&t, &front.meta, err) < 0) {
		task_fini(&t);
		return -1;
	}
	t.body = MEM_TAKE(front.body);
	task_fini(ret);
	*ret = t;
	return 0;
}

void task_fini(struct task *t)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		void *slot = (char *)t + keys[i].offset;
		if (keys[i].kind == KIND_TEXT)
			free(*(char **)slot);
		else if (keys[i].kind == KIND_LIST)
			strv_fini(slot);
		else if (keys[i].kind == KIND_MAP)
			json_object_put(*(struct json_object **)slot);
	}
	free(t->body);
	*t = (struct task){0};
}

struct json_object *task_json(const struct task *t)
{
	struct json_object *o = json_new();
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const void *slot = (const char *)t + keys[i].offset;
		if (keys[i].kind == KIND_TEXT && *(char *const *)slot)
			json_add_str(o, keys[i].name, *(char *const *)slot);
		else if (keys[i].kind == KIND_LIST && ((const struct strv *)slot)->n)
			json_add_strv(o, keys[i].name, slot);
		else if (keys[i].kind == KIND_COUNT && *(const int64_t *)slot)
			json_add_int(o, keys[i].name, *(const int64_t *)slot);
		else if (keys[i].kind == KIND_MAP && *(struct json_object *const *)slot)
			json_add_obj(o, keys[i].name, json_copy(*(struct json_object *const *)slot));
	}
	return o;
}
