/* How a cell looks. A colour is 0 (the terminal's default), STYLE_INDEXED | 0..255 or STYLE_RGB | 0xrrggbb. */
#ifndef TERM_STYLE_H
#define TERM_STYLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
	STYLE_INDEXED = 1 << 24,
	STYLE_RGB = 2 << 24,
	STYLE_COLOUR_KIND = 3 << 24,
	STYLE_COLOUR_VALUE = 0xffffff,
};

enum {
	STYLE_BOLD = 1 << 0,
	STYLE_DIM = 1 << 1,
	STYLE_ITALIC = 1 << 2,
	STYLE_BLINK = 1 << 3,
	STYLE_REVERSE = 1 << 4,
	STYLE_CONCEAL = 1 << 5,
	STYLE_STRIKE = 1 << 6,
	STYLE_OVERLINE = 1 << 7,
	STYLE_UNDERLINE_SHIFT = 8, /* 0 none, then as in SGR 4:n: single, double, curly, dotted, dashed */
	STYLE_UNDERLINE = 7 << STYLE_UNDERLINE_SHIFT,
};

/* Compared byte by byte, so it has no hole. */
struct style {
	uint32_t fg, bg;
	uint32_t attrs;
};

bool style_equal(const struct style *a, const struct style *b);

/* Appends the SGR sequence that sets this style from whatever was set before. */
void style_add_sgr(const struct style *s, struct str *out);

/* Appends its parameters alone: "0;1;31". */
void style_add_params(const struct style *s, struct str *out);

/* A compact form for storage, at most STYLE_CODE_MAX bytes; returns the number of bytes. */
enum { STYLE_CODE_MAX = 9 };
int style_encode(const struct style *s, uint8_t *ret_code);
int style_decode(const uint8_t *code, struct style *ret);

#endif
