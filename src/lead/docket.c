#include "lead/docket.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "lead/group.h"
#include "store/item_row.h"
#include "work/session.h"

enum { CLOSED_MAX = 200 }; /* how many of the newest items `--all` shows */

#define KIND_ROW(name, text, weight, meaning) {text, weight},
static const struct {
	const char *name;
	int weight;
} kinds[] = {DOCKET_KINDS(KIND_ROW)};
#undef KIND_ROW

static int kind_weight(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return kinds[i].weight;
	return 0;
}

struct ranked {
	const struct group *group;
	struct rank_terms terms;
	double index;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int64_t x_id = x->group->items[0]->id, y_id = y->group->items[0]->id;
	if (x->index != y->index)
		return x->index > y->index ? -1 : 1;
	return x_id < y_id ? -1 : x_id > y_id;
}

/* What the others of a group say that the first does not. */
static struct json_object *same_json(struct engine *e, const struct group *g)
{
	struct json_object *list = json_new_array();
	const struct item_row *head = group_head(g);
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i] != head)
			json_push(list, item_short_json(engine_find(e, g->items[i]->session), g->items[i]));
	return list;
}

static struct json_object *ranked_json(struct engine *e, const struct ranked *item)
{
	const struct item_row *first = group_head(item->group);
	struct json_object *o = item_json(engine_find(e, first->session), first);
	MEM_FREE char *words = rank_words(&item->terms);
	json_add_obj(o, "same", same_json(e, item->group));
	json_object_object_add(o, "rank", json_object_new_double(item->index));
	json_add_str(o, "why_rank", words);
	return o;
}

static bool has_session(const struct group *g, const char *session)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->items[i]->session, session) == 0)
			return true;
	return false;
}

/* session: only what it asks too; NULL: all. */
static struct json_object *ranked_list(struct engine *e, const struct groups *groups, const char *session)
{
	struct ranked *order = mem_resize(NULL, groups->n + 1, sizeof *order);
	int64_t now_ms = clock_wall_ms();
	size_t n = 0;
	for (size_t i = 0; i < groups->n; i++) {
		const struct group *g = &groups->v[i];
		if (session && !has_session(g, session))
			continue;
		struct rank_terms terms = group_terms(g, kind_weight(g->items[0]->kind), now_ms);
		order[n++] = (struct ranked){.group = g, .terms = terms, .index = rank_index(&terms)};
	}
	qsort(order, n, sizeof *order, by_rank);
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < n; i++)
		json_push(list, ranked_json(e, &order[i]));
	free(order);
	return list;
}

void docket_list(struct engine *e, struct json_object *params, struct call *call)
{
	bool all = json_flag(params, "all", false);
	const char *id = NULL;
	if (json_str(params, "session")) {
		struct session *s = engine_session_of(e, params, call);
		if (!s)
			return;
		id = s->row.id;
	}
	struct item_rows rows = {0};
	struct groups groups;
	if (all)
		item_row_list_newest(e->setup.db, id, CLOSED_MAX, &rows);
	else
		item_row_list_open(e->setup.db, NULL, &rows);
	groups_of(&rows, &groups);
	struct json_object *result = json_new();
	json_add_obj(result, "items", ranked_list(e, &groups, id));
	if (!id)
		item_row_set_noticed(e->setup.db, clock_wall_ms());
	groups_fini(&groups);
	item_rows_fini(&rows);
	call_done(call, result);
}
