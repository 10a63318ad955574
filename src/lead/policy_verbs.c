/* What the lead can ask of the policy: its rules, why it decided as it did, what it did, and to take that back. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "lead/policy_own.h"
#include "store/event.h"
#include "store/habit_row.h"
#include "store/rule_row.h"

struct json_object *policy_rule_json(const struct rule *r)
{
	static const char *const sources[] = {[RULE_OF_USER] = "user", [RULE_OF_REPO] = "repository", [RULE_STORED] = "stored"};
	struct json_object *o = rule_json(r);
	MEM_FREE char *name = rule_name(r), *words = rule_words(r);
	json_add_str(o, "name", name);
	json_add_str(o, "words", words);
	json_add_str(o, "source", sources[r->source]);
	if (r->source == RULE_STORED)
		json_add_int(o, "number", r->number);
	return o;
}

/* ---- policy.list ---- */

static void add_rules(struct policy *p, struct json_object *list, const struct rules *rules, enum rule_source source,
                      const struct policy_repo *repo)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->v[i];
		if (r->source != source)
			continue;
		struct json_object *o = policy_rule_json(r);
		MEM_FREE char *use = policy_use_name(r, repo ? repo->repo : NULL);
		int64_t last_ms;
		json_add_int(o, "used", rule_use_count(p->engine->setup.db, use, &last_ms));
		json_add_int(o, "last_ms", last_ms);
		json_add_bool(o, "may_allow", source != RULE_OF_REPO || repo->trusted);
		json_push(list, o);
	}
}

/* Each repository that a session works on, once. */
static void repos_of(struct engine *e, struct strv *ret)
{
	struct session *s, *tmp;
	HASH_ITER(by_id, e->by_id, s, tmp) {
		bool known = !s->row.repo;
		for (size_t i = 0; i < ret->n && !known; i++)
			known = strcmp(ret->v[i], s->row.repo) == 0;
		if (!known)
			strv_add(ret, s->row.repo);
	}
}

static void add_broken(struct json_object *list, const struct policy_repo *r)
{
	for (size_t i = 0; i < json_len(list); i++)
		if (r->broken && strcmp(json_str_at(list, i), r->broken) == 0)
			return;
	if (r->broken)
		json_push_str(list, r->broken);
}

void policy_list(struct engine *e, struct json_object *params, struct call *call)
{
	(void)params;
	struct policy *p = policy_of(e);
	struct strv repos STRV_FREE = STRV_INIT;
	struct json_object *result = json_new(), *list = json_new_array(), *broken = json_new_array();
	const struct policy_repo *user = policy_repo_of(p, NULL);
	add_rules(p, list, &user->rules, RULE_OF_USER, NULL);
	add_broken(broken, user);
	repos_of(e, &repos);
	for (size_t i = 0; i < repos.n; i++) {
		const struct policy_repo *r = policy_repo_of(p, repos.v[i]);
		add_rules(p, list, &r->rules, RULE_OF_REPO, r);
		add_broken(broken, r);
	}
	add_rules(p, list, &p->stored, RULE_STORED, NULL);
	json_add_obj(result, "rules", list);
	json_add_obj(result, "broken", broken);
	call_done(call, result);
}

/* ---- policy.explain ---- */

/* The item and its session; false after failing the call. */
static bool find_item(struct engine *e, struct json_object *params, struct call *call, struct item_row *row,
                      struct session **ret)
{
	struct err err;
	int64_t id = json_int(params, "item", 0);
	if (!item_row_get(e->setup.db, id, row)) {
		err_set(&err, ERR_USAGE, "no item %lld; `muster docket --all` lists them", (long long)id);
		call_fail(call, &err);
		return false;
	}
	*ret = engine_find(e, row->session);
	if (*ret)
		return true;
	err_set(&err, ERR_REFUSED, "item %lld belongs to a session that was removed", (long long)id);
	call_fail(call, &err);
	return false;
}

static struct json_object *notes_json(const struct policy_case *c, const struct policy_verdict *v)
{
	static const char *const fates[] = {
		[POLICY_DIFFERS] = "differs",   [POLICY_WINS] = "wins",        [POLICY_LESS] = "less-specific",
		[POLICY_EARLIER] = "earlier",   [POLICY_DENIED] = "denied",    [POLICY_NO_RIGHT] = "may-not-allow",
		[POLICY_STRICTER] = "stricter", [POLICY_GUARDED] = "guarded",  [POLICY_NOT_STRICTER] = "not-stricter",
	};
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < c->rules.n; i++) {
		struct json_object *o = policy_rule_json(&c->rules.v[i]);
		MEM_FREE char *words = policy_note_words(&v->notes[i], &c->rules.v[i]);
		json_add_str(o, "fate", fates[v->notes[i].fate]);
		json_add_str(o, "fate_words", words);
		json_push(list, o);
	}
	return list;
}

void policy_explain(struct engine *e, struct json_object *params, struct call *call)
{
	struct item_row row = {0};
	struct session *s;
	if (find_item(e, params, call, &row, &s)) {
		struct json_object *result = json_new();
		struct policy_case c;
		struct policy_verdict v;
		policy_case_init(&c, policy_of(e), s, &row);
		policy_case_judge(&c, &v);
		json_add_obj(result, "item", item_json(s, &row));
		json_add_str(result, "effect", rule_effect_name(v.effect));
		json_add_obj(result, "rule", v.rule ? policy_rule_json(v.rule) : NULL);
		json_add_str(result, "guard", v.guard);
		json_add_obj(result, "applied", row.rule ? json_parse_text(row.rule, NULL) : NULL);
		json_add_obj(result, "rules", notes_json(&c, &v));
		policy_verdict_fini(&v);
		policy_case_fini(&c);
		call_done(call, result);
	}
	item_row_fini(&row);
}

void policy_log(struct engine *e, struct json_object *params, struct call *call)
{
	struct item_rows rows = {0};
	struct json_object *result = json_new(), *list = json_new_array();
	item_row_list_ruled(e->setup.db, json_int(params, "limit", 100), &rows);
	for (size_t i = 0; i < rows.n; i++)
		json_push(list, item_json(engine_find(e, rows.v[i].session), &rows.v[i]));
	json_add_obj(result, "items", list);
	item_rows_fini(&rows);
	call_done(call, result);
}

/* ---- taking back ---- */

/* Nothing suggests again what was taken back. */
static void forget_habit(struct db *db, const struct rule *r)
{
	struct habit_row habit = {0};
	MEM_FREE char *about = rule_about(r);
	if (habit_row_get(db, about, &habit)) {
		habit.mixed = true;
		habit_row_put(db, &habit);
	}
	habit_row_fini(&habit);
}

/* The caller's reference to what it was; NULL: there is no such rule, any more. */
static struct json_object *take_back(struct engine *e, int64_t number)
{
	struct policy *p = policy_of(e);
	struct rule_row row = {0};
	const struct rule *r = NULL;
	for (size_t i = 0; i < p->stored.n && !r; i++)
		if (p->stored.v[i].number == number)
			r = &p->stored.v[i];
	if (!r || !rule_row_get(e->setup.db, number, &row))
		return NULL;
	struct json_object *o = policy_rule_json(r);
	forget_habit(e->setup.db, r);
	row.removed_ms = clock_wall_ms();
	rule_row_save(e->setup.db, &row);
	rule_row_fini(&row);
	event_append(e->setup.db, NULL, "policy.removed", json_copy(o));
	policy_load_stored(p);
	return o;
}

void policy_remove(struct engine *e, struct json_object *params, struct call *call)
{
	int64_t number = json_int(params, "number", 0);
	struct json_object *o = take_back(e, number);
	struct err err;
	if (o) {
		call_done(call, o);
		return;
	}
	err_set(&err, ERR_USAGE, "no stored rule %lld; `muster policy ls` lists them", (long long)number);
	call_fail(call, &err);
}

static bool tell(struct session *s, const struct item_row *row)
{
	if (!(s->agent.ops->can & AGENT_CAN_TELL) || s->life == LIFE_EXITED)
		return false;
	bool allowed = strcmp(row->option, "allow") == 0;
	MEM_FREE char *text = mem_printf(
		"The lead takes back the answer \"%s\", which a rule gave to this: %s\n%s", row->option, row->title,
		allowed ? "Stop what it began and do not build on it. Say what it has done so far, and what of that can be undone."
			: "If you still need it, ask again: the lead will answer.");
	int64_t prompt;
	session_prompt_add(s, text, &prompt);
	session_prompts_pump(s);
	return true;
}

static int check_reverse(const struct item_row *row, struct json_object *rule, struct err *err)
{
	long long id = row->id;
	if (!rule || row->held || !row->option)
		return err_set(err, ERR_REFUSED, "item %lld was not answered by a rule", id);
	if (json_flag(rule, "reversed", false))
		return err_set(err, ERR_REFUSED, "the answer to item %lld is taken back already", id);
	return 0;
}

void policy_reverse(struct engine *e, struct json_object *params, struct call *call)
{
	struct item_row row = {0};
	struct session *s;
	struct err err;
	if (find_item(e, params, call, &row, &s)) {
		struct json_object *rule JSON_FREE = row.rule ? json_parse_text(row.rule, NULL) : NULL;
		if (check_reverse(&row, rule, &err) < 0) {
			call_fail(call, &err);
		} else {
			struct json_object *result = json_new();
			struct json_object *removed = take_back(e, json_int(rule, "number", 0));
			json_add_bool(rule, "reversed", true);
			mem_replace(&row.rule, json_line(rule));
			item_row_save(e->setup.db, &row);
			json_add_obj(result, "item", item_json(s, &row));
			json_add_obj(result, "removed", removed);
			json_add_bool(result, "told", tell(s, &row));
			session_event(s, "item.reversed", json_copy(result));
			call_done(call, result);
		}
	}
	item_row_fini(&row);
}
