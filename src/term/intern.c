#include "term/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void intern_init(struct intern *t, uint32_t item_size, uint32_t max)
{
	*t = (struct intern){.item_size = item_size, .max = max};
}

void intern_fini(struct intern *t)
{
	free(t->items);
	free(t->free);
	free(t->slots);
	*t = (struct intern){.item_size = t->item_size, .max = t->max};
}

static uint32_t hash(const uint8_t *item, uint32_t size)
{
	uint64_t h = 0x9e3779b97f4a7c15u;
	for (uint32_t i = 0; i < size; i += 4) { /* items are made of 32-bit fields */
		uint32_t word;
		memcpy(&word, item + i, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

static uint32_t *find_slot(const struct intern *t, const void *item)
{
	uint32_t i = hash(item, t->item_size) & (t->slot_n - 1);
	while (t->slots[i] && memcmp(t->items + (size_t)(t->slots[i] - 1) * t->item_size, item, t->item_size) != 0)
		i = (i + 1) & (t->slot_n - 1);
	return &t->slots[i];
}

/* Makes the hash table anew with the items that are in use. */
static void rebuild(struct intern *t, uint32_t slot_n)
{
	free(t->slots);
	t->slots = mem_alloc(slot_n * sizeof(*t->slots));
	t->slot_n = slot_n;
	uint8_t *is_free = mem_alloc(t->n);
	for (uint32_t i = 0; i < t->free_n; i++)
		is_free[t->free[i]] = 1;
	for (uint32_t id = 0; id < t->n; id++)
		if (!is_free[id])
			*find_slot(t, t->items + (size_t)id * t->item_size) = id + 1;
	free(is_free);
}

static void grow(struct intern *t)
{
	uint32_t cap = t->cap ? t->cap * 2 : 16;
	cap = cap > t->max ? t->max : cap;
	t->items = mem_resize(t->items, cap, t->item_size);
	if (!t->cap) {
		memset(t->items, 0, t->item_size);
		t->n = 1;
	}
	t->cap = cap;
	uint32_t slot_n = 32;
	while (slot_n < cap * 2)
		slot_n *= 2;
	rebuild(t, slot_n);
}

int intern_id(struct intern *t, const void *item, uint32_t reserve)
{
	if (!t->cap)
		grow(t);
	uint32_t *slot = find_slot(t, item);
	if (*slot)
		return (int)(*slot - 1);
	if (t->n - t->free_n + reserve >= t->max)
		return INTERN_FULL;
	if (!t->free_n && t->n == t->cap) {
		grow(t);
		slot = find_slot(t, item);
	}
	uint32_t id = t->free_n ? t->free[--t->free_n] : t->n++;
	memcpy(t->items + (size_t)id * t->item_size, item, t->item_size);
	*slot = id + 1;
	return (int)id;
}

const void *intern_item(const struct intern *t, uint32_t id)
{
	static const uint8_t zeroes[64];
	return t->items ? t->items + (size_t)id * t->item_size : zeroes;
}

void intern_keep(struct intern *t, const uint8_t *bitmap)
{
	if (!t->items)
		return;
	t->free = mem_resize(t->free, t->max, sizeof(*t->free));
	t->free_n = 0;
	for (uint32_t id = 1; id < t->n; id++)
		if (!(bitmap[id / 8] >> id % 8 & 1))
			t->free[t->free_n++] = id;
	rebuild(t, t->slot_n);
}
