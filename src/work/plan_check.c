/* What is wrong with a plan. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "work/names.h"
#include "work/pathspec.h"
#include "work/plan.h"

enum { NAMED_MAX = 3 }; /* of many tasks, in one line; `tasks` of the finding has them all */

struct check {
	struct plan *plan;
	const struct plan_facts *facts;
	struct pathspecs *scopes; /* of each task; empty where one of its pathspecs is wrong */
	bool *unclear;            /* that is so: it is compared with nobody's */
};

/* Where the i-th text of a list stands; a single text may stand for a list. */
static const struct yaml_mark *mark_of(const struct plan_task *t, const char *key, size_t i)
{
	struct json_object *list = json_arr(t->meta.root, key);
	const struct yaml_mark *mark = list ? yaml_mark(&t->meta, list, NULL, i) : NULL;
	return mark || !t->meta.root ? mark : yaml_mark(&t->meta, t->meta.root, key, 0);
}

PRINTF_LIKE(2, 3) static void say(struct plan_finding *f, const char *fmt, ...)
{
	struct str text STR_FREE = STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	f->text = str_take(&text);
}

static void did_you_mean(struct str *text, const struct nearest *near)
{
	if (near->best)
		str_addf(text, "; did you mean %s?", near->best);
}

/* "b, c, d and 4 more" */
static void add_names(struct str *out, const struct strv *names, size_t from)
{
	size_t n = names->n - from, shown = n > NAMED_MAX + 1 ? NAMED_MAX : n;
	for (size_t i = 0; i < shown; i++)
		str_addf(out, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", names->v[from + i]);
	if (shown < n)
		str_addf(out, " and %zu more", n - shown);
}

/* ---- names ---- */

static void check_name(struct check *c, const struct plan_task *t)
{
	struct err why;
	struct plan_task *first;
	if (!t->task.name && name_check(t->name, &why) < 0) {
		struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_NAME, t, NULL);
		say(f, "the file's name is no name for a task: %s", why.msg);
		f->hint = mem_strdup("rename the file, or give it a `name:`");
	}
	HASH_FIND_STR(c->plan->by_name, t->name, first);
	if (first == t)
		return;
	struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_DUPLICATE, t, mark_of(t, "name", 0));
	say(f, "the name %s is that of %s already", t->name, first->file);
	f->hint = mem_strdup("give one of the two another name");
}

static void unknown_task(struct check *c, const struct plan_task *t, size_t i)
{
	const char *name = t->task.after.v[i];
	struct nearest near = nearest_init(name);
	struct str text STR_FREE = STR_INIT;
	for (size_t k = 0; k < c->plan->n; k++)
		if (&c->plan->v[k] != t)
			nearest_offer(&near, c->plan->v[k].name);
	str_addf(&text, "no task of this plan is called %s", name);
	did_you_mean(&text, &near);
	struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_AFTER, t, mark_of(t, "after", i));
	f->text = str_take(&text);
	f->hint = near.best ? mem_printf("write %s in `after`", near.best) : mem_strdup("add that task, or take the name out of `after`");
}

static void check_after(struct check *c, const struct plan_task *t)
{
	for (size_t i = 0; i < t->task.after.n; i++) {
		struct plan_task *other;
		HASH_FIND_STR(c->plan->by_name, t->task.after.v[i], other);
		if (!other)
			unknown_task(c, t, i);
	}
}

/* ---- cycles ---- */

static size_t place_in_after(const struct plan_task *t, const char *name)
{
	size_t i = 0;
	while (i < t->task.after.n && strcmp(t->task.after.v[i], name) != 0)
		i++;
	return i;
}

static void tell_cycle(struct check *c, size_t i)
{
	struct plan *p = c->plan;
	size_t n;
	size_t *path MEM_FREE = plan_cycle(p, i, &n);
	const struct plan_task *t = &p->v[i], *next = &p->v[path[n > 1]];
	struct str text STR_FREE = STR_INIT;
	str_addf(&text, "%s follows ", t->name);
	for (size_t k = 1; k < n; k++)
		str_addf(&text, "%s, which follows ", p->v[path[k]].name);
	str_adds(&text, n > 1 ? t->name : "itself");
	str_adds(&text, n > 1 ? ": none of them can start" : ": it cannot start");
	struct plan_finding *f =
		plan_find(p, PLAN_ERROR, PLAN_KIND_CYCLE, t, mark_of(t, "after", place_in_after(t, n > 1 ? next->name : t->name)));
	for (size_t k = 1; k < n; k++)
		strv_add(&f->tasks, p->v[path[k]].name);
	f->text = str_take(&text);
	f->hint = n > 1 ? mem_printf("let one of them go first: take %s out of `after` of %s, or the like", next->name, t->name) :
	                  mem_strdup("take it out of its own `after`");
}

/* One finding for all that wait for each other. */
static void check_cycles(struct check *c)
{
	struct plan *p = c->plan;
	bool *told MEM_FREE = mem_alloc(p->n + 1);
	for (size_t i = 0; i < p->n; i++) {
		if (told[i] || !plan_waits(p, i, i))
			continue;
		tell_cycle(c, i);
		for (size_t k = i; k < p->n; k++)
			told[k] = told[k] || (plan_waits(p, i, k) && plan_waits(p, k, i));
	}
}

/* ---- what each of them is ---- */

static void check_brief(struct check *c, const struct plan_task *t)
{
	if (t->broken || (t->task.body && *t->task.body))
		return;
	struct plan_finding *f = plan_find(c->plan, PLAN_WARNING, PLAN_KIND_BRIEF, t, NULL);
	say(f, "it says nothing below its front matter: the agent has nothing to do");
	f->hint = mem_strdup("write what is to be done below the second line ---");
}

static void check_agent(struct check *c, const struct plan_task *t)
{
	const char *configured = c->facts->config ? c->facts->config->agent : NULL;
	const char *name = t->task.agent ? t->task.agent : configured ? configured : "claude";
	const struct yaml_mark *mark = mark_of(t, "agent", 0);
	if (t->broken)
		return;
	if (strcmp(name, "shell") == 0) {
		struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_AGENT, t, mark);
		say(f, "the agent shell runs a command, and a task has none");
		f->hint = mem_strdup("name an agent that takes prompts");
	} else if (!agent_find(name)) {
		struct nearest near = nearest_init(name);
		struct str text STR_FREE = STR_INIT;
		for (size_t i = 0; agent_all()[i]; i++)
			nearest_offer(&near, agent_all()[i]->name);
		str_addf(&text, "there is no agent %s", name);
		did_you_mean(&text, &near);
		struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_AGENT, t, mark);
		f->text = str_take(&text);
		f->hint = mem_strdup("`muster doctor` lists those that muster knows");
	}
}

/* ---- scopes ---- */

static void read_scope(struct check *c, size_t i)
{
	const struct plan_task *t = &c->plan->v[i];
	struct err err;
	for (size_t k = 0; k < t->task.scope.n; k++) {
		if (pathspecs_add(&c->scopes[i], t->task.scope.v[k], c->facts->root, &err) == 0)
			continue;
		struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_PATHSPEC, t, mark_of(t, "scope", k));
		say(f, "%s", err.msg);
		f->hint = mem_strdup("gitglossary(7), pathspec, has the form");
		c->unclear[i] = true;
	}
}

static bool at_the_same_time(const struct plan *p, size_t i, size_t k)
{
	return i != k && !plan_waits(p, i, k) && !plan_waits(p, k, i);
}

/* One without a scope meets everybody: it is told once, there. */
static void check_unlimited(struct check *c, size_t i)
{
	struct plan *p = c->plan;
	struct strv others STRV_FREE = STRV_INIT;
	for (size_t k = 0; k < p->n; k++)
		if (!p->v[k].broken && at_the_same_time(p, i, k))
			strv_add(&others, p->v[k].name);
	if (!others.n)
		return;
	struct str text STR_FREE = STR_INIT;
	str_adds(&text, "it has no scope, so it may change everything, while ");
	add_names(&text, &others, 0);
	str_adds(&text, " may run too");
	struct plan_finding *f = plan_find(p, PLAN_WARNING, PLAN_KIND_SCOPE, &p->v[i], NULL);
	strv_add_all(&f->tasks, (const char *const *)strv_argv(&others));
	f->text = str_take(&text);
	f->hint = mem_strdup("give it a `scope:`, or let it follow them with `after:`");
}

struct meeting {
	size_t with; /* the first that it meets */
	const char *mine, *its; /* the pathspecs */
	struct strv names;
};

static void find_meetings(struct check *c, size_t i, struct meeting *ret)
{
	struct plan *p = c->plan;
	for (size_t k = 0; k < i; k++) {
		const char *mine, *its;
		if (!p->v[k].task.scope.n || c->unclear[k] || !at_the_same_time(p, i, k) ||
		    !pathspecs_overlap(&c->scopes[i], &c->scopes[k], &mine, &its))
			continue;
		if (!ret->names.n)
			*ret = (struct meeting){.with = k, .mine = mine, .its = its};
		strv_add(&ret->names, p->v[k].name);
	}
}

static size_t place_in_scope(const struct plan_task *t, const char *text)
{
	size_t i = 0;
	while (i < t->task.scope.n && strcmp(t->task.scope.v[i], text) != 0)
		i++;
	return i;
}

static void check_overlap(struct check *c, size_t i)
{
	struct plan *p = c->plan;
	const struct plan_task *t = &p->v[i];
	struct meeting m = {0};
	find_meetings(c, i, &m);
	if (!m.names.n)
		return;
	const struct plan_task *other = &p->v[m.with];
	const struct yaml_mark *there = mark_of(other, "scope", place_in_scope(other, m.its));
	struct str text STR_FREE = STR_INIT;
	str_addf(&text, "%s of %s and %s of %s (%s:%d) can be the same files, and both may run at the same time", m.mine, t->name,
	         m.its, other->name, other->file, there ? there->value.line : 0);
	if (m.names.n > 1) {
		str_adds(&text, "; so may ");
		add_names(&text, &m.names, 1);
	}
	struct plan_finding *f =
		plan_find(p, PLAN_WARNING, PLAN_KIND_OVERLAP, t, mark_of(t, "scope", place_in_scope(t, m.mine)));
	strv_add_all(&f->tasks, (const char *const *)strv_argv(&m.names));
	f->text = str_take(&text);
	f->hint = mem_printf("narrow one of the scopes, or let %s follow with `after: [%s]`", t->name, other->name);
	strv_fini(&m.names);
}

static void check_scopes(struct check *c)
{
	size_t n = c->plan->n;
	c->scopes = mem_alloc((n + 1) * sizeof *c->scopes);
	c->unclear = mem_alloc(n + 1);
	for (size_t i = 0; i < n; i++)
		read_scope(c, i);
	for (size_t i = 0; i < n; i++) {
		const struct plan_task *t = &c->plan->v[i];
		if (t->task.scope.n && !c->unclear[i])
			check_overlap(c, i);
		else if (!t->task.scope.n && !t->broken)
			check_unlimited(c, i);
	}
	for (size_t i = 0; i < n; i++)
		pathspecs_fini(&c->scopes[i]);
	free(c->scopes);
	free(c->unclear);
}

/* ---- decisions ---- */

static bool has(const struct strv *list, const char *text)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (strcmp(list->v[i], text) == 0)
			return true;
	return false;
}

/* The tasks that stop for that decision: they bring it to the lead. *ret_after: one that does so only after task i has
 * landed, or NULL. */
static bool brought_up(const struct plan *p, size_t i, const char *name, const struct plan_task **ret_after)
{
	*ret_after = NULL;
	for (size_t k = 0; k < p->n; k++) {
		if (!has(&p->v[k].task.stop_for, name))
			continue;
		if (k != i && !plan_waits(p, k, i))
			return true;
		*ret_after = &p->v[k];
	}
	return false;
}

static void tell_undecided(struct check *c, const struct plan_task *t, size_t at, const struct plan_task *late)
{
	const char *name = t->task.awaits.v[at];
	struct nearest near = nearest_init(name);
	struct str text STR_FREE = STR_INIT;
	for (size_t i = 0; c->facts->decided && i < c->facts->decided->n; i++)
		nearest_offer(&near, c->facts->decided->v[i]);
	for (size_t k = 0; k < c->plan->n; k++)
		for (size_t i = 0; i < c->plan->v[k].task.stop_for.n; i++)
			nearest_offer(&near, c->plan->v[k].task.stop_for.v[i]);
	if (late) {
		str_addf(&text, "the decision %s is brought up by %s alone, which starts only after this", name, late->name);
	} else {
		str_addf(&text, "nobody makes the decision %s: it is not made, and no task brings it up", name);
		did_you_mean(&text, &near);
	}
	struct plan_finding *f = plan_find(c->plan, PLAN_WARNING, PLAN_KIND_AWAITS, t, mark_of(t, "awaits", at));
	f->text = str_take(&text);
	f->hint = mem_printf("`muster decide %s VALUE`, or put %s under `stop-for` of the task that is to ask you", name, name);
}

static void check_awaits(struct check *c, size_t i)
{
	const struct plan_task *t = &c->plan->v[i], *late;
	for (size_t k = 0; k < t->task.awaits.n; k++) {
		const char *name = t->task.awaits.v[k];
		struct err err;
		if (decision_name_check(name, &err) < 0) {
			struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_AWAITS, t, mark_of(t, "awaits", k));
			say(f, "%s cannot be the name of a decision: %s", name, err.msg);
			f->hint = mem_strdup("give the decision a name of that form");
		} else if (!has(c->facts->decided, name) && !brought_up(c->plan, i, name, &late)) {
			tell_undecided(c, t, k, late);
		}
	}
}

/* ---- the plan as a whole ---- */

static void check_gate(struct check *c)
{
	struct plan *p = c->plan;
	struct strv names STRV_FREE = STRV_INIT;
	const struct plan_task *first = NULL;
	if (c->facts->config && c->facts->config->gate.n) /* also `none`: that was thought about */
		return;
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].broken || p->v[i].task.gate.n)
			continue;
		first = first ? first : &p->v[i];
		strv_add(&names, p->v[i].name);
	}
	if (!first)
		return;
	struct str text STR_FREE = STR_INIT;
	str_adds(&text, "no gate tests it, so it will not land");
	if (names.n > 1) {
		str_adds(&text, "; nor will ");
		add_names(&text, &names, 1);
	}
	struct plan_finding *f = plan_find(p, PLAN_WARNING, PLAN_KIND_GATE, first, NULL);
	strv_fini(&f->tasks);
	strv_copy(&f->tasks, &names);
	f->text = str_take(&text);
	f->hint = mem_strdup("put the commands that must pass under `gate:` in .muster/config.yaml, or in the task");
}

static void check_empty(struct check *c)
{
	if (c->plan->n)
		return;
	struct plan_finding *f = plan_find(c->plan, PLAN_ERROR, PLAN_KIND_PLAN, NULL, NULL);
	say(f, "there is no task in it");
	f->hint = mem_strdup("a task is a file NAME.md that begins with front matter, between two lines ---");
}

void plan_check(struct plan *p, const struct plan_facts *facts)
{
	struct check c = {.plan = p, .facts = facts};
	check_empty(&c);
	for (size_t i = 0; i < p->n; i++) {
		check_name(&c, &p->v[i]);
		check_after(&c, &p->v[i]);
		check_brief(&c, &p->v[i]);
		check_agent(&c, &p->v[i]);
		check_awaits(&c, i);
	}
	check_cycles(&c);
	check_scopes(&c);
	check_gate(&c);
	plan_findings_settle(p);
}
