/* What follows what. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "work/plan.h"

static size_t row_words(const struct plan *p)
{
	return (p->n + 63) / 64;
}

static uint64_t *row(const struct plan *p, size_t i)
{
	return p->waits + i * row_words(p);
}

static void set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool has_bit(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

bool plan_waits(const struct plan *p, size_t i, size_t k)
{
	return has_bit(row(p, i), k);
}

static void index_names(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct plan_task *t = &p->v[i], *known;
		HASH_FIND_STR(p->by_name, t->name, known);
		if (!known)
			HASH_ADD_KEYPTR(hh, p->by_name, t->name, strlen(t->name), t);
	}
}

static void find_after(struct plan *p, size_t i)
{
	struct plan_task *t = &p->v[i];
	t->after = mem_resize(NULL, t->task.after.n + 1, sizeof *t->after);
	for (size_t k = 0; k < t->task.after.n; k++) {
		struct plan_task *other;
		HASH_FIND_STR(p->by_name, t->task.after.v[k], other);
		if (!other || has_bit(row(p, i), (size_t)(other - p->v)))
			continue;
		set_bit(row(p, i), (size_t)(other - p->v));
		t->after[t->n_after++] = (size_t)(other - p->v);
	}
}

/* Who waits for somebody waits for all that one waits for (Warshall's algorithm, a row of bits at a time; also with cycles). */
static void close_rows(struct plan *p)
{
	size_t words = row_words(p);
	for (size_t k = 0; k < p->n; k++)
		for (size_t i = 0; i < p->n; i++) {
			if (i == k || !has_bit(row(p, i), k))
				continue;
			for (size_t w = 0; w < words; w++)
				row(p, i)[w] |= row(p, k)[w];
		}
}

static int64_t value_of(const struct plan_task *t)
{
	return t->task.value ? t->task.value : 1;
}

static bool is_ready(const struct plan *p, size_t i, const bool *done)
{
	for (size_t k = 0; k < p->v[i].n_after; k++)
		if (!done[p->v[i].after[k]])
			return false;
	return true;
}

static void put_in_order(struct plan *p)
{
	bool *done MEM_FREE = mem_alloc(p->n + 1);
	size_t *open MEM_FREE = mem_resize(NULL, p->n + 1, sizeof *open), n_open = p->n; /* in the order of files */
	for (size_t i = 0; i < p->n; i++)
		open[i] = i;
	for (;;) {
		size_t best = SIZE_MAX;
		for (size_t k = 0; k < n_open; k++)
			if ((best == SIZE_MAX || value_of(&p->v[open[k]]) > value_of(&p->v[open[best]])) &&
			    is_ready(p, open[k], done))
				best = k;
		if (best == SIZE_MAX)
			return;
		struct plan_task *t = &p->v[open[best]];
		for (size_t k = 0; k < t->n_after; k++)
			t->wave = MAX(t->wave, p->v[t->after[k]].wave);
		t->wave++;
		done[open[best]] = true;
		p->order[p->n_order++] = open[best];
		memmove(open + best, open + best + 1, (--n_open - best) * sizeof *open);
	}
}

void plan_link(struct plan *p)
{
	p->waits = mem_alloc((p->n * row_words(p) + 1) * sizeof *p->waits);
	p->order = mem_resize(NULL, p->n + 1, sizeof *p->order);
	index_names(p);
	for (size_t i = 0; i < p->n; i++)
		find_after(p, i);
	close_rows(p);
	put_in_order(p);
}

size_t *plan_cycle(const struct plan *p, size_t i, size_t *ret_n)
{
	if (!plan_waits(p, i, i))
		return NULL;
	size_t *queue MEM_FREE = mem_resize(NULL, p->n + 1, sizeof *queue), head = 0, tail = 0;
	size_t *from MEM_FREE = mem_resize(NULL, p->n, sizeof *from); /* SIZE_MAX: not seen */
	for (size_t k = 0; k < p->n; k++)
		from[k] = SIZE_MAX;
	queue[tail++] = i;
	/* Breadth first: the first to come back to i has come the shortest way. */
	while (from[i] == SIZE_MAX) {
		size_t at = queue[head++];
		for (size_t k = 0; k < p->v[at].n_after; k++) {
			size_t next = p->v[at].after[k];
			if (from[next] == SIZE_MAX) {
				from[next] = at;
				queue[tail++] = next;
			}
		}
	}
	size_t n = 1;
	for (size_t at = from[i]; at != i; at = from[at])
		n++;
	size_t *path = mem_resize(NULL, n, sizeof *path);
	path[0] = i;
	for (size_t at = from[i], k = n - 1; at != i; at = from[at])
		path[k--] = at;
	*ret_n = n;
	return path;
}
