/* What the numbers in cells stand for: styles, and clusters (a character with combining marks). Shared by all grids
 * of a terminal; bounded, see ATLAS_*_MAX. */
#ifndef TERM_ATLAS_H
#define TERM_ATLAS_H

#include "base/str.h"
#include "term/grid.h"
#include "term/intern.h"
#include "term/style.h"

enum {
	ATLAS_STYLES_MAX = 16384,  /* beyond, on one screen, text keeps its attributes but not its colours */
	ATLAS_PLAIN_MAX = 1536,    /* all styles without colours */
	ATLAS_CLUSTERS_MAX = 4096, /* beyond, on one screen, a mark is left out */
	ATLAS_CLUSTER_LEN = 8,     /* code points of a cluster; more marks on one character are left out */
};

struct atlas {
	struct intern styles, clusters;
	const struct grid *const *grids; /* NULL-terminated: whose cells are looked at when a table is full */
	uint32_t patience;               /* requests to refuse before a full table is looked through again */
};

void atlas_init(struct atlas *a, const struct grid *const *grids);
void atlas_fini(struct atlas *a);

/* A number for a cell of one of the grids: valid as long as a cell has it, or until the next call. */
uint32_t atlas_style_id(struct atlas *a, const struct style *style);
const struct style *atlas_style(const struct atlas *a, uint32_t id);

/* The glyph with one more mark; the same glyph when there is no room for it. */
uint32_t atlas_join(struct atlas *a, uint32_t glyph, uint32_t mark);

/* Appends the glyph as UTF-8; a blank is a space, a tail is nothing. */
void atlas_add_glyph(const struct atlas *a, uint32_t glyph, struct str *out);

/* Its code points; returns how many (at least 1). */
int atlas_code_points(const struct atlas *a, uint32_t glyph, uint32_t ret[static ATLAS_CLUSTER_LEN]);

#endif
