#include "lead/group.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/attr.h"
#include "base/mem.h"

struct topic_entry {
	const char *topic;
	size_t group;
	UT_hash_handle hh;
};

static void add_item(struct group *g, const struct item_row *row)
{
	/* Full at each power of two. */
	if ((g->n & (g->n - 1)) == 0)
		g->items = mem_resize(g->items, g->n ? 2 * g->n : 1, sizeof(*g->items));
	g->items[g->n++] = row;
}

static int by_id(const void *a, const void *b)
{
	const struct item_row *const *x = a, *const *y = b;
	return (*x)->id < (*y)->id ? -1 : (*x)->id > (*y)->id;
}

void groups_of(const struct item_rows *rows, struct groups *ret)
{
	const struct item_row **sorted = mem_resize(NULL, rows->n + 1, sizeof *sorted);
	for (size_t i = 0; i < rows->n; i++)
		sorted[i] = &rows->v[i];
	qsort(sorted, rows->n, sizeof *sorted, by_id);
	struct topic_entry *entries = mem_resize(NULL, rows->n + 1, sizeof *entries), *by_topic = NULL;
	*ret = (struct groups){.v = mem_resize(NULL, rows->n + 1, sizeof *ret->v)};
	for (size_t i = 0; i < rows->n; i++) {
		const struct item_row *row = sorted[i];
		bool joins = row->topic && strcmp(row->state, "open") == 0;
		struct topic_entry *known = NULL;
		if (joins)
			HASH_FIND_STR(by_topic, row->topic, known);
		if (!known) {
			entries[i] = (struct topic_entry){.topic = row->topic, .group = ret->n};
			ret->v[ret->n++] = (struct group){0};
		}
		if (joins && !known)
			HASH_ADD_KEYPTR(hh, by_topic, entries[i].topic, strlen(entries[i].topic), &entries[i]);
		add_item(&ret->v[known ? known->group : entries[i].group], row);
	}
	HASH_CLEAR(hh, by_topic);
	free(entries);
	free(sorted);
}

void groups_fini(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i].items);
	free(g->v);
	*g = (struct groups){0};
}

const struct item_row *group_head(const struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i]->options)
			return g->items[i];
	return g->items[0];
}

static int by_session(const void *a, const void *b)
{
	const struct item_row *const *x = a, *const *y = b;
	return strcmp((*x)->session, (*y)->session);
}

/* Sessions among the items, which are brought into their order. */
static int count_sessions(const struct item_row **items, size_t n)
{
	int sessions = 0;
	qsort(items, n, sizeof *items, by_session);
	for (size_t i = 0; i < n; i++)
		sessions += i == 0 || strcmp(items[i]->session, items[i - 1]->session) != 0;
	return sessions;
}

struct rank_terms group_terms(const struct group *g, int weight, int64_t now_ms)
{
	struct rank_terms terms = {.weight = weight, .age_ms = now_ms - g->items[0]->opened_ms};
	const struct item_row **items = mem_resize(NULL, g->n, sizeof *items);
	memcpy(items, g->items, g->n * sizeof *items);
	terms.asking = count_sessions(items, g->n);
	size_t blocking = 0;
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i]->blocking && strcmp(g->items[i]->state, "open") == 0)
			items[blocking++] = g->items[i];
	terms.blocked = count_sessions(items, blocking);
	free(items);
	return terms;
}
