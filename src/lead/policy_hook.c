#include "lead/policy_hook.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "lead/policy_own.h"
#include "store/event.h"
#include "store/rule_row.h"
#include "work/config.h"

enum { RACY_MS = 2000 }; /* a file that was changed just before it was read may change again under the same time */

/* ---- rules of files ---- */

static void look_at(const char *path, struct policy_file *ret)
{
	*ret = (struct policy_file){0};
	ret->there = stat(path, &ret->at) == 0;
}

static int64_t ms_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

static bool same_file(const struct policy_file *a, const struct policy_file *b, int64_t read_ms)
{
	if (!a->there || !b->there)
		return a->there == b->there;
	const struct stat *x = &a->at, *y = &b->at;
	return x->st_dev == y->st_dev && x->st_ino == y->st_ino && x->st_size == y->st_size &&
	       ms_of(&x->st_mtim) == ms_of(&y->st_mtim) && ms_of(&x->st_ctim) == ms_of(&y->st_ctim) &&
	       read_ms - ms_of(&x->st_ctim) > RACY_MS;
}

static bool lists(const struct strv *folders, const char *repo)
{
	MEM_FREE char *real = realpath(repo, NULL);
	for (size_t i = 0; real && i < folders->n; i++) {
		MEM_FREE char *listed = realpath(folders->v[i], NULL);
		if (listed && strcmp(listed, real) == 0)
			return true;
	}
	return false;
}

static void read_rules(struct policy *p, struct policy_repo *r)
{
	struct config config = {0};
	struct err err = {0};
	rules_fini(&r->rules);
	r->trusted = false;
	mem_replace(&r->broken, NULL);
	r->read_ms = clock_wall_ms();
	if (config_load(&config, r->repo, p->engine->setup.dirs->config, &err) < 0) {
		mem_replace(&r->broken, err.msg);
		return;
	}
	r->rules = config.policy;
	config.policy = (struct rules){0};
	r->trusted = r->repo && lists(&config.policy_trust, r->repo);
	config_fini(&config);
}

struct policy_repo *policy_repo_of(struct policy *p, const char *repo)
{
	struct policy_repo *r = p->repos;
	while (r && (repo ? !r->repo || strcmp(r->repo, repo) != 0 : r->repo != NULL))
		r = r->next;
	bool known = r != NULL;
	if (!known) {
		r = mem_alloc(sizeof *r);
		*r = (struct policy_repo){.repo = repo ? mem_strdup(repo) : NULL, .next = p->repos};
		p->repos = r;
	}
	MEM_FREE char *of_repo = mem_printf("%s/.muster/config.yaml", repo ? repo : "");
	MEM_FREE char *of_user = mem_printf("%s/config.yaml", p->engine->setup.dirs->config);
	struct policy_file now[2] = {0};
	if (repo)
		look_at(of_repo, &now[0]);
	look_at(of_user, &now[1]);
	if (known && same_file(&now[0], &r->files[0], r->read_ms) && same_file(&now[1], &r->files[1], r->read_ms))
		return r;
	memcpy(r->files, now, sizeof now);
	read_rules(p, r);
	return r;
}

/* ---- stored rules ---- */

void policy_load_stored(struct policy *p)
{
	struct rule_rows rows = {0};
	rules_fini(&p->stored);
	rule_row_list(p->engine->setup.db, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		struct json_object *o JSON_FREE = json_parse_text(rows.v[i].text, NULL);
		struct rule r = {0};
		const char *key;
		if (rule_parse(o, &r, &key, NULL) < 0) /* of a muster that knew more conditions: it cannot be sure of it */
			continue;
		r.source = RULE_STORED;
		r.number = rows.v[i].id;
		rules_add(&p->stored, &r);
		rule_fini(&r);
	}
	rule_rows_fini(&rows);
}

void policy_store(struct engine *e, struct rule *r, int64_t item)
{
	struct policy *p = policy_of(e);
	struct json_object *o = rule_json(r);
	struct rule_row row = {.text = (char *)json_line(o), .item = item, .created_ms = clock_wall_ms()};
	rule_row_insert(e->setup.db, &row);
	r->source = RULE_STORED;
	r->number = row.id;
	json_add_int(o, "number", row.id);
	json_add_int(o, "item", item);
	event_append(e->setup.db, NULL, "policy.added", o);
	policy_load_stored(p);
}

/* ---- items ---- */

char *policy_use_name(const struct rule *r, const char *repo)
{
	if (r->source == RULE_STORED)
		return mem_printf("rule %lld", (long long)r->number);
	MEM_FREE char *about = rule_about(r);
	return mem_printf("%s %s %s", r->source == RULE_OF_REPO && repo ? repo : "", rule_effect_name(r->effect), about);
}

static bool has_option(const struct item_row *row, const char *key)
{
	struct json_object *options JSON_FREE = row->options ? json_parse_text(row->options, NULL) : NULL;
	for (size_t i = 0; i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), key) == 0)
			return true;
	return false;
}

static bool answers(enum rule_effect e)
{
	return e == RULE_ALLOW || e == RULE_DENY;
}

static void weigh(struct engine_judge *j, struct session *s, struct item_row *row)
{
	struct policy *p = CONTAINER_OF(j, struct policy, judge);
	struct policy_case c;
	struct policy_verdict v;
	policy_case_init(&c, p, s, row);
	policy_case_judge(&c, &v);
	row->held = v.effect == RULE_HOLD;
	if (v.rule && (row->held || (answers(v.effect) && has_option(row, rule_effect_name(v.effect))))) {
		struct json_object *o JSON_FREE = rule_json(v.rule);
		MEM_FREE char *name = rule_name(v.rule), *words = rule_words(v.rule);
		MEM_FREE char *use = policy_use_name(v.rule, s->row.repo);
		json_add_str(o, "name", name);
		json_add_str(o, "words", words);
		if (v.rule->source == RULE_STORED)
			json_add_int(o, "number", v.rule->number);
		mem_replace(&row->rule, json_line(o));
		rule_use_add(p->engine->setup.db, use, clock_wall_ms());
	}
	policy_verdict_fini(&v);
	policy_case_fini(&c);
}

/* What a denied agent reads; an allowed one needs no words. */
static char *denial(struct json_object *rule)
{
	const char *because = json_str(rule, "because");
	return mem_printf("A rule of the lead denies this%s%s.", because ? ": " : "", because ? because : "");
}

static void opened(struct engine_judge *j, struct session *s, struct item_row *row)
{
	(void)j;
	struct json_object *rule JSON_FREE = row->rule ? json_parse_text(row->rule, NULL) : NULL;
	const char *option = json_str(rule, "effect");
	if (!option || row->held)
		return;
	MEM_FREE char *text = strcmp(option, "deny") == 0 ? denial(rule) : NULL;
	session_item_answer(s, row, option, text);
}

/* ---- life ---- */

struct policy *policy_of(struct engine *e)
{
	return e->judge ? CONTAINER_OF(e->judge, struct policy, judge) : NULL;
}

struct policy *policy_new(struct engine *e)
{
	struct policy *p = mem_alloc(sizeof *p);
	p->engine = e;
	p->judge = (struct engine_judge){.weigh = weigh, .opened = opened};
	policy_load_stored(p);
	engine_set_judge(e, &p->judge);
	return p;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	while (p->repos) {
		struct policy_repo *r = p->repos;
		p->repos = r->next;
		rules_fini(&r->rules);
		free(r->repo);
		free(r->broken);
		free(r);
	}
	rules_fini(&p->stored);
	free(p);
}
