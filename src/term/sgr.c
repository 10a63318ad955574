#include "base/attr.h"
#include "term/impl.h"

static const struct {
	uint8_t number;
	uint16_t clear, set;
} simple[] = {
	{1, 0, STYLE_BOLD},
	{2, 0, STYLE_DIM},
	{3, 0, STYLE_ITALIC},
	{5, 0, STYLE_BLINK},
	{6, 0, STYLE_BLINK},
	{7, 0, STYLE_REVERSE},
	{8, 0, STYLE_CONCEAL},
	{9, 0, STYLE_STRIKE},
	{21, STYLE_UNDERLINE, 2 << STYLE_UNDERLINE_SHIFT},
	{22, STYLE_BOLD | STYLE_DIM, 0},
	{23, STYLE_ITALIC, 0},
	{24, STYLE_UNDERLINE, 0},
	{25, STYLE_BLINK, 0},
	{27, STYLE_REVERSE, 0},
	{28, STYLE_CONCEAL, 0},
	{29, STYLE_STRIKE, 0},
	{53, 0, STYLE_OVERLINE},
	{55, STYLE_OVERLINE, 0},
};

/* How many arguments from i on are joined to it by colons (itself included). */
static int group_len(const struct parse *p, int i)
{
	int n = 1;
	while (i + n < p->arg_n && p->more >> (i + n - 1) & 1)
		n++;
	return n;
}

/* 38, 48 or 58 at argument i with n in its colon group: 5;N, 2;R;G;B, 5:N, 2:R:G:B, 2:SPACE:R:G:B. Returns how many
 * arguments it takes; *ret_colour is 0 when there is no valid colour. */
static int extended_colour(const struct parse *p, int i, int n, uint32_t *ret_colour)
{
	bool colons = n > 1;
	int left = colons ? n : p->arg_n - i;
	int kind = left > 1 ? parse_arg(p, i + 1, 0) : 0;
	*ret_colour = 0;
	if (kind == 5 && left > 2) {
		int v = parse_arg(p, i + 2, 0);
		*ret_colour = v < 256 ? STYLE_INDEXED | (uint32_t)v : 0;
		return colons ? n : 3;
	}
	int at = i + (colons && n > 5 ? 3 : 2);
	if (kind == 2 && left >= at - i + 3) {
		int r = parse_arg(p, at, 0), g = parse_arg(p, at + 1, 0), b = parse_arg(p, at + 2, 0);
		if (r < 256 && g < 256 && b < 256)
			*ret_colour = STYLE_RGB | (uint32_t)(r << 16 | g << 8 | b);
		return colons ? n : 5;
	}
	return colons ? n : left; /* malformed: nothing after it can be trusted */
}

static void set_underline(struct style *pen, const struct parse *p, int i, int n)
{
	int kind = n > 1 ? parse_arg(p, i + 1, 1) : 1;
	if (kind > 5)
		return;
	pen->attrs = (pen->attrs & ~(uint32_t)STYLE_UNDERLINE) | (uint32_t)kind << STYLE_UNDERLINE_SHIFT;
}

static void set_simple(struct style *pen, int number)
{
	if (number >= 30 && number <= 37)
		pen->fg = STYLE_INDEXED | (uint32_t)(number - 30);
	else if (number >= 40 && number <= 47)
		pen->bg = STYLE_INDEXED | (uint32_t)(number - 40);
	else if (number >= 90 && number <= 97)
		pen->fg = STYLE_INDEXED | (uint32_t)(number - 90 + 8);
	else if (number >= 100 && number <= 107)
		pen->bg = STYLE_INDEXED | (uint32_t)(number - 100 + 8);
	else if (number == 39)
		pen->fg = 0;
	else if (number == 49)
		pen->bg = 0;
	for (size_t i = 0; i < ARRAY_LEN(simple); i++)
		if (simple[i].number == number)
			pen->attrs = (pen->attrs & ~(uint32_t)simple[i].clear) | simple[i].set;
}

void sgr_apply(struct style *pen, const struct parse *p)
{
	if (p->arg_n == 0)
		*pen = (struct style){0};
	for (int i = 0, n; i < p->arg_n; i += n) {
		int number = parse_arg(p, i, 0);
		n = group_len(p, i);
		if (number == 38 || number == 48 || number == 58) {
			uint32_t colour;
			n = extended_colour(p, i, n, &colour);
			if (colour && number != 58) /* 58, the underline's own colour, is not kept */
				*(number == 38 ? &pen->fg : &pen->bg) = colour;
		} else if (number == 4) {
			set_underline(pen, p, i, n);
		} else if (number == 0) {
			*pen = (struct style){0};
		} else {
			set_simple(pen, number);
		}
	}
}
