#include "term/atlas.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "term/utf8.h"

struct cluster {
	uint32_t cp[ATLAS_CLUSTER_LEN]; /* ended by 0 when shorter */
};

void atlas_init(struct atlas *a, const struct grid *const *grids)
{
	*a = (struct atlas){.grids = grids};
	intern_init(&a->styles, sizeof(struct style), ATLAS_STYLES_MAX + ATLAS_PLAIN_MAX);
	intern_init(&a->clusters, sizeof(struct cluster), ATLAS_CLUSTERS_MAX);
}

void atlas_fini(struct atlas *a)
{
	intern_fini(&a->styles);
	intern_fini(&a->clusters);
}

/* Keeps the numbers that a cell holds. */
static void collect(struct atlas *a, struct intern *table)
{
	uint8_t *bitmap = mem_alloc(table->n / 8 + 1);
	bool clusters = table == &a->clusters;
	for (const struct grid *const *g = a->grids; *g; g++)
		for (int i = 0; (*g)->row && i < (*g)->rows; i++) {
			const struct row *r = &(*g)->row[i];
			for (int col = 0; col < r->used; col++) {
				struct cell c = r->cells[col];
				uint32_t id = clusters ? c.glyph & ~GLYPH_CLUSTER : c.style;
				if (!clusters || c.glyph & GLYPH_CLUSTER)
					bitmap[id / 8] |= (uint8_t)(1 << id % 8);
			}
		}
	intern_keep(table, bitmap);
	free(bitmap);
}

static int number(struct atlas *a, struct intern *table, const void *item, uint32_t reserve)
{
	int id = intern_id(table, item, reserve);
	if (id != INTERN_FULL)
		return id;
	if (a->patience) {
		a->patience--;
		return INTERN_FULL;
	}
	collect(a, table);
	/* A screen that really uses so many must not be searched for each one of them. */
	if (table->free_n < table->max / 16)
		a->patience = table->max;
	return intern_id(table, item, reserve);
}

uint32_t atlas_style_id(struct atlas *a, const struct style *style)
{
	bool coloured = style->fg || style->bg;
	int id = number(a, &a->styles, style, coloured ? ATLAS_PLAIN_MAX : 0);
	if (id == INTERN_FULL) {
		struct style plain = {.attrs = style->attrs};
		id = intern_id(&a->styles, &plain, 0);
	}
	return id == INTERN_FULL ? 0 : (uint32_t)id;
}

const struct style *atlas_style(const struct atlas *a, uint32_t id)
{
	return intern_item(&a->styles, id);
}

int atlas_code_points(const struct atlas *a, uint32_t glyph, uint32_t ret[static ATLAS_CLUSTER_LEN])
{
	if (!(glyph & GLYPH_CLUSTER)) {
		ret[0] = glyph == GLYPH_BLANK ? ' ' : glyph;
		return 1;
	}
	const struct cluster *c = intern_item(&a->clusters, glyph & ~GLYPH_CLUSTER);
	int n = 0;
	while (n < ATLAS_CLUSTER_LEN && c->cp[n]) {
		ret[n] = c->cp[n];
		n++;
	}
	return n;
}

uint32_t atlas_join(struct atlas *a, uint32_t glyph, uint32_t mark)
{
	struct cluster c = {0};
	int n = atlas_code_points(a, glyph, c.cp);
	if (n == ATLAS_CLUSTER_LEN)
		return glyph;
	c.cp[n] = mark;
	int id = number(a, &a->clusters, &c, 0);
	return id == INTERN_FULL ? glyph : GLYPH_CLUSTER | (uint32_t)id;
}

void atlas_add_glyph(const struct atlas *a, uint32_t glyph, struct str *out)
{
	if (glyph == GLYPH_TAIL)
		return;
	uint32_t cp[ATLAS_CLUSTER_LEN];
	int n = atlas_code_points(a, glyph, cp);
	for (int i = 0; i < n; i++) {
		char bytes[4];
		str_add(out, bytes, (size_t)utf8_put(cp[i], bytes));
	}
}
