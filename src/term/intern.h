/* A table that gives equal items the same small number, so that a cell can hold the number. Items have a fixed
 * size and no holes. The table never holds more than `max` items: when it is full its owner says which numbers are
 * still in use and the others are given out again. Number 0 is always the item of all zeroes. */
#ifndef TERM_INTERN_H
#define TERM_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern {
	uint32_t item_size, max;
	uint8_t *items;  /* NULL until something other than zeroes was added */
	uint32_t *free;  /* numbers below n that are not in use */
	uint32_t *slots; /* hash table of number + 1; 0 is empty */
	uint32_t n, cap, free_n, slot_n;
};

enum { INTERN_FULL = -1 };

void intern_init(struct intern *t, uint32_t item_size, uint32_t max);
void intern_fini(struct intern *t);

/* The number of this item, or INTERN_FULL: a new one must leave `reserve` numbers to others. */
int intern_id(struct intern *t, const void *item, uint32_t reserve);

/* Valid until the next intern_id. */
const void *intern_item(const struct intern *t, uint32_t id);

/* Forgets every item whose bit in the bitmap (of n bits, number 0 in the lowest bit of the first byte) is not set.
 */
void intern_keep(struct intern *t, const uint8_t *bitmap);

#endif
