#include "work/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/str.h"
#include "fmt/yaml.h"

enum { PORTS_DEFAULT = 10 };

enum kind { KIND_TEXT, KIND_LIST, KIND_COUNT, KIND_SECTION, KIND_AGENTS };

/* One key. Sections come before their members. */
struct key {
	const char *section; /* NULL: at the top */
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t max;          /* KIND_COUNT */
	const char *words[3]; /* those that a text, or each of a list, may be; none: any */
};

#define AT(member) offsetof(struct config, member)
static const struct key keys[] = {
	{NULL, "agent", KIND_TEXT, AT(agent), 0, {NULL}},
	{NULL, "agents", KIND_AGENTS, AT(agents), 0, {NULL}},
	{NULL, "worktree", KIND_SECTION, 0, 0, {NULL}},
	{"worktree", "setup", KIND_LIST, AT(setup), 0, {NULL}},
	{"worktree", "teardown", KIND_LIST, AT(teardown), 0, {NULL}},
	{"worktree", "timeout", KIND_COUNT, AT(setup_timeout_s), 86400, {NULL}},
	{"worktree", "symlink", KIND_LIST, AT(links), 0, {NULL}},
	{NULL, "gate", KIND_LIST, AT(gate), 0, {NULL}},
	{NULL, "gate-timeout", KIND_COUNT, AT(gate_timeout_s), 86400, {NULL}},
	{NULL, "target", KIND_TEXT, AT(target), 0, {NULL}},
	{NULL, "land", KIND_TEXT, AT(land), 0, {"merge", "squash", "rebase"}},
	{NULL, "preview", KIND_LIST, AT(preview), 0, {NULL}},
	{NULL, "ports", KIND_SECTION, 0, 0, {NULL}},
	{"ports", "per-session", KIND_COUNT, AT(ports_per_session), 1000, {NULL}},
	{NULL, "limits", KIND_SECTION, 0, 0, {NULL}},
	{"limits", "sessions", KIND_COUNT, AT(max_sessions), 100000, {NULL}},
	{"limits", "log", KIND_COUNT, AT(log_limit_mb), 1 << 20, {NULL}},
	{NULL, "notify", KIND_SECTION, 0, 0, {NULL}},
	{"notify", "command", KIND_TEXT, AT(notify_command), 0, {NULL}},
	{"notify", "via", KIND_LIST, AT(notify_via), 0, {"desktop", "terminal", "none"}},
};
#undef AT

static const struct key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if ((section ? keys[i].section && strcmp(keys[i].section, section) == 0 : !keys[i].section) &&
		    strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void warn_unknown(struct config *c, const struct yaml *y, struct json_object *in, const char *section,
                         const char *name)
{
	struct nearest near = nearest_init(name);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (section ? keys[i].section && strcmp(keys[i].section, section) == 0 : !keys[i].section)
			nearest_offer(&near, keys[i].name);
	const struct yaml_mark *mark = yaml_mark(y, in, name, 0);
	strv_addf(&c->warnings, "%s:%d:%d: unknown key %s%s%s%s", y->file, mark ? mark->name.line : 0,
	          mark ? mark->name.column : 0, name, near.best ? "; did you mean " : "", near.best ? near.best : "",
	          near.best ? "?" : "");
}

/* A later file's agents go under those that are known already. */
static void merge_agents(struct json_object *into, struct json_object *from)
{
	json_object_object_foreach(from, agent, options)
	{
		struct json_object *known = json_obj(into, agent);
		if (!known) {
			json_add_obj(into, agent, json_copy(options));
			continue;
		}
		json_object_object_foreach(options, name, value)
		{
			if (!json_has(known, name))
				json_add_obj(known, name, json_copy(value));
		}
	}
}

static int take_agents(struct config *c, const struct yaml *y, struct json_object *in, struct json_object *value,
                       struct err *err)
{
	if (!json_object_is_type(value, json_type_object))
		return yaml_err(y, in, "agents", 0, err, "agents must be a map from names to options");
	json_object_object_foreach(value, agent, options)
	{
		if (!json_object_is_type(options, json_type_object))
			return yaml_err(y, value, agent, 0, err, "the options of %s must be a map", agent);
	}
	merge_agents(c->agents, value);
	return 0;
}

/* Whether a text is one of those that the key may have. It stands in a map under its name, or in a list. */
static int check_word(const struct key *key, const char *text, const struct yaml *y, struct json_object *in,
                      const char *name, size_t index, struct err *err)
{
	struct str choice STR_FREE = STR_INIT;
	for (size_t w = 0; w < ARRAY_LEN(key->words) && key->words[w]; w++) {
		if (strcmp(key->words[w], text) == 0)
			return 0;
		bool last = w + 1 == ARRAY_LEN(key->words) || !key->words[w + 1];
		str_addf(&choice, "%s%s", w == 0 ? "" : last ? " or " : ", ", key->words[w]);
	}
	return choice.len ? yaml_err(y, in, name, index, err, "%s must be %s", key->name, choice.data) : 0;
}

static int take_list(struct strv *slot, const struct yaml *y, struct json_object *in, const struct key *key,
                     struct json_object *value, struct err *err)
{
	struct strv list STRV_FREE = STRV_INIT;
	if (!json_strv(in, key->name, &list))
		return yaml_err(y, in, key->name, 0, err, "%s must be a list of texts", key->name);
	bool listed = json_object_is_type(value, json_type_array);
	for (size_t i = 0; i < list.n; i++)
		if (check_word(key, list.v[i], y, listed ? value : in, listed ? NULL : key->name, i, err) < 0)
			return -1;
	if (!slot->v)
		strv_copy(slot, &list);
	return 0;
}

/* What a file that was read before has set stays. */
static int take_value(struct config *c, const struct yaml *y, struct json_object *in, const struct key *key,
                      struct json_object *value, struct err *err)
{
	void *slot = (char *)c + key->offset;
	switch (key->kind) {
	case KIND_TEXT:
		if (!json_text(value) || !*json_text(value))
			return yaml_err(y, in, key->name, 0, err, "%s must be a text", key->name);
		if (check_word(key, json_text(value), y, in, key->name, 0, err) < 0)
			return -1;
		if (!*(char **)slot)
			*(char **)slot = mem_strdup(json_text(value));
		return 0;
	case KIND_LIST:
		return take_list(slot, y, in, key, value, err);
	case KIND_COUNT:
		if (json_int_in(in, key->name, 0, key->max, -1) < 0)
			return yaml_err(y, in, key->name, 0, err, "%s must be a number from 0 to %lld", key->name,
			                (long long)key->max);
		if (*(int64_t *)slot < 0)
			*(int64_t *)slot = json_int(in, key->name, 0);
		return 0;
	case KIND_AGENTS:
		return take_agents(c, y, in, value, err);
	case KIND_SECTION:
		break;
	}
	return 0;
}

/* Sections that only the user's own file may have: what a repository says must not run on the lead's behalf. */
static bool is_users(const struct key *key)
{
	return key->kind == KIND_SECTION && strcmp(key->name, "notify") == 0;
}

static void warn_users(struct config *c, const struct yaml *y, struct json_object *in, const char *name)
{
	const struct yaml_mark *mark = yaml_mark(y, in, name, 0);
	strv_addf(&c->warnings, "%s:%d:%d: %s is not followed here: it belongs in your own config.yaml", y->file,
	          mark ? mark->name.line : 0, mark ? mark->name.column : 0, name);
}

static int take_map(struct config *c, const struct yaml *y, struct json_object *in, const char *section,
                    struct err *err)
{
	json_object_object_foreach(in, name, value)
	{
		const struct key *key = find_key(section, name);
		if (!key) {
			warn_unknown(c, y, in, section, name);
		} else if (is_users(key) && !c->users_file) {
			warn_users(c, y, in, name);
		} else if (key->kind == KIND_SECTION) {
			if (!json_object_is_type(value, json_type_object))
				return yaml_err(y, in, name, 0, err, "%s must be a map", name);
			if (take_map(c, y, value, name, err) < 0)
				return -1;
		} else if (take_value(c, y, in, key, value, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int take_file(struct config *c, const char *path, struct err *err)
{
	struct yaml y YAML_FREE = {0};
	if (!file_exists(path))
		return 0;
	if (yaml_read(&y, path, err) < 0)
		return -1;
	if (!y.root)
		return 0;
	if (!json_object_is_type(y.root, json_type_object))
		return err_set(err, ERR_USAGE, "%s:1:1: a configuration is a map of keys", path);
	return take_map(c, &y, y.root, NULL, err);
}

static void default_count(int64_t *slot, int64_t value)
{
	if (*slot < 0)
		*slot = value;
}

int config_load(struct config *ret, const char *repo, const char *config_dir, struct err *err)
{
	struct config c = {
		.agents = json_new(),
		.setup_timeout_s = -1,
		.gate_timeout_s = -1,
		.ports_per_session = -1,
		.max_sessions = -1,
		.log_limit_mb = -1,
	};
	MEM_FREE char *of_repo = repo ? mem_printf("%s/.muster/config.yaml", repo) : NULL;
	MEM_FREE char *of_user = mem_printf("%s/config.yaml", config_dir);
	int r = of_repo ? take_file(&c, of_repo, err) : 0;
	c.users_file = true;
	if (r < 0 || take_file(&c, of_user, err) < 0) {
		config_fini(&c);
		return -1;
	}
	default_count(&c.setup_timeout_s, 0);
	default_count(&c.gate_timeout_s, 0);
	default_count(&c.ports_per_session, PORTS_DEFAULT);
	default_count(&c.max_sessions, 0);
	default_count(&c.log_limit_mb, 0);
	*ret = c;
	return 0;
}

void config_fini(struct config *c)
{
	struct strv *const lists[] = {&c->setup, &c->teardown, &c->links, &c->gate, &c->preview, &c->notify_via, &c->warnings};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_fini(lists[i]);
	json_object_put(c->agents);
	free(c->agent);
	free(c->target);
	free(c->land);
	free(c->notify_command);
	*c = (struct config){0};
}
