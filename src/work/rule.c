#include "work/rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/str.h"
#include "fmt/json.h"

#define RULE_NAME(name, key) key,
static const char *const keys[] = {RULE_CONDITIONS(RULE_NAME)};
static const char *const effects[] = {RULE_EFFECTS(RULE_NAME)};
#undef RULE_NAME

/* Conditions of which the text is one of a few words. */
static const struct {
	enum rule_condition condition;
	const char *words[8];
} closed[] = {
	{RULE_KIND, {"permission", "question", "decision", "review", "failure", "integration"}},
	{RULE_TIER, {"delegated", "checkpoint", "hands-on"}},
	{RULE_SCOPE, {"inside", "outside"}},
};

const char *rule_key(enum rule_condition c)
{
	return keys[c];
}

const char *rule_effect_name(enum rule_effect e)
{
	return effects[e];
}

static int find(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n && words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

static int unknown_key(const char *key, struct err *err)
{
	struct nearest near = nearest_init(key);
	nearest_offer(&near, "effect");
	nearest_offer(&near, "because");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		nearest_offer(&near, keys[i]);
	return err_set(err, ERR_USAGE, "a rule has no condition %s%s%s%s", key, near.best ? "; did you mean " : "",
	               near.best ? near.best : "", near.best ? "?" : "");
}

/* Paths of the lead's own; everything else is relative to something, or a word. */
static int check_word(enum rule_condition c, const char *text, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
		if (closed[i].condition != c || find(closed[i].words, ARRAY_LEN(closed[i].words), text) >= 0)
			continue;
		struct str words STR_FREE = STR_INIT;
		for (size_t k = 0; k < ARRAY_LEN(closed[i].words) && closed[i].words[k]; k++)
			str_addf(&words, "%s%s", k ? ", " : "", closed[i].words[k]);
		return err_set(err, ERR_USAGE, "%s is none of %s", text, words.data);
	}
	if (c == RULE_REPO && *text != '/')
		return err_set(err, ERR_USAGE, "repo must be an absolute path");
	return 0;
}

static int take(struct rule *r, const char *key, struct json_object *value, struct err *err)
{
	const char *text = json_text(value);
	if (!text || !*text)
		return err_set(err, ERR_USAGE, "%s must be a text", key);
	if (strlen(text) > RULE_TEXT_MAX)
		return err_set(err, ERR_USAGE, "%s is longer than %d bytes", key, RULE_TEXT_MAX);
	int at = find(keys, ARRAY_LEN(keys), key);
	if (strcmp(key, "because") == 0) {
		mem_replace(&r->because, text);
	} else if (strcmp(key, "effect") == 0) {
		int effect = find(effects, ARRAY_LEN(effects), text);
		if (effect < 0)
			return err_set(err, ERR_USAGE, "%s is none of allow, deny, ask, hold", text);
		r->effect = (enum rule_effect)effect;
	} else if (at >= 0) {
		mem_replace(&r->when[at], text);
		return check_word((enum rule_condition)at, text, err);
	} else {
		return unknown_key(key, err);
	}
	return 0;
}

static int check_whole(const struct rule *r, struct json_object *o, struct err *err)
{
	if (!json_has(o, "effect"))
		return err_set(err, ERR_USAGE, "a rule needs an effect: allow, deny, ask or hold");
	bool answers = r->effect == RULE_ALLOW || r->effect == RULE_DENY;
	if (answers && r->when[RULE_KIND] && strcmp(r->when[RULE_KIND], "permission") != 0)
		return err_set(err, ERR_USAGE, "only a permission can be answered by a rule; a %s can be asked or held",
		               r->when[RULE_KIND]);
	return 0;
}

int rule_parse(struct json_object *o, struct rule *ret, const char **ret_key, struct err *err)
{
	struct rule r = {0};
	*ret_key = NULL;
	if (!json_object_is_type(o, json_type_object))
		return err_set(err, ERR_USAGE, "a rule is a map: {effect: allow, command: …}");
	json_object_object_foreach(o, key, value)
	{
		if (take(&r, key, value, err) < 0) {
			*ret_key = key;
			rule_fini(&r);
			return -1;
		}
	}
	if (check_whole(&r, o, err) < 0) {
		rule_fini(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

static struct json_object *conditions(const struct rule *r)
{
	struct json_object *o = json_new();
	for (size_t i = 0; i < RULE_CONDITIONS_N; i++)
		if (r->when[i])
			json_add_str(o, keys[i], r->when[i]);
	return o;
}

struct json_object *rule_json(const struct rule *r)
{
	struct json_object *o = conditions(r);
	json_add_str(o, "effect", effects[r->effect]);
	if (r->because)
		json_add_str(o, "because", r->because);
	return o;
}

char *rule_about(const struct rule *r)
{
	struct json_object *o JSON_FREE = conditions(r);
	return mem_strdup(json_line(o));
}

char *rule_words(const struct rule *r)
{
	struct str out = STR_INIT;
	str_adds(&out, effects[r->effect]);
	for (size_t i = 0; i < RULE_CONDITIONS_N; i++)
		if (r->when[i])
			str_addf(&out, "%s %s: %s", out.len > strlen(effects[r->effect]) ? "," : "", keys[i], r->when[i]);
	return str_take(&out);
}

char *rule_name(const struct rule *r)
{
	return r->source == RULE_STORED ? mem_printf("rule %lld", (long long)r->number) : mem_strdup(r->place);
}

void rule_copy(struct rule *dst, const struct rule *src)
{
	*dst = *src;
	dst->place = src->place ? mem_strdup(src->place) : NULL;
	dst->because = src->because ? mem_strdup(src->because) : NULL;
	for (size_t i = 0; i < RULE_CONDITIONS_N; i++)
		dst->when[i] = src->when[i] ? mem_strdup(src->when[i]) : NULL;
}

void rule_fini(struct rule *r)
{
	for (size_t i = 0; i < RULE_CONDITIONS_N; i++)
		free(r->when[i]);
	free(r->place);
	free(r->because);
	*r = (struct rule){0};
}

void rules_add(struct rules *list, const struct rule *r)
{
	/* Full at each power of two. */
	if ((list->n & (list->n - 1)) == 0)
		list->v = mem_resize(list->v, list->n ? 2 * list->n : 1, sizeof *list->v);
	rule_copy(&list->v[list->n++], r);
}

void rules_fini(struct rules *list)
{
	for (size_t i = 0; i < list->n; i++)
		rule_fini(&list->v[i]);
	free(list->v);
	*list = (struct rules){0};
}
