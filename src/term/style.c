#include "term/style.h"

#include <string.h>

#include "base/attr.h"

bool style_equal(const struct style *a, const struct style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

static const struct {
	uint32_t attr;
	const char *param;
} attr_params[] = {
	{STYLE_BOLD, ";1"},    {STYLE_DIM, ";2"},     {STYLE_ITALIC, ";3"}, {STYLE_BLINK, ";5"},
	{STYLE_REVERSE, ";7"}, {STYLE_CONCEAL, ";8"}, {STYLE_STRIKE, ";9"}, {STYLE_OVERLINE, ";53"},
};

static void add_colour(uint32_t colour, int base, struct str *out)
{
	uint32_t v = colour & STYLE_COLOUR_VALUE;
	switch (colour & STYLE_COLOUR_KIND) {
	case STYLE_INDEXED:
		if (v < 8)
			str_addf(out, ";%u", (unsigned)base + v);
		else if (v < 16)
			str_addf(out, ";%u", (unsigned)base + 60 + v - 8);
		else
			str_addf(out, ";%d;5;%u", base + 8, v);
		break;
	case STYLE_RGB:
		str_addf(out, ";%d;2;%u;%u;%u", base + 8, v >> 16, v >> 8 & 0xff, v & 0xff);
		break;
	default:
		break;
	}
}

void style_add_params(const struct style *s, struct str *out)
{
	str_addc(out, '0');
	for (size_t i = 0; i < ARRAY_LEN(attr_params); i++)
		if (s->attrs & attr_params[i].attr)
			str_adds(out, attr_params[i].param);
	uint32_t underline = (s->attrs & STYLE_UNDERLINE) >> STYLE_UNDERLINE_SHIFT;
	if (underline == 1)
		str_adds(out, ";4");
	else if (underline == 2)
		str_adds(out, ";21"); /* older terminals know this form of double */
	else if (underline)
		str_addf(out, ";4:%u", underline);
	add_colour(s->fg, 30, out);
	add_colour(s->bg, 40, out);
}

void style_add_sgr(const struct style *s, struct str *out)
{
	str_adds(out, "\033[");
	style_add_params(s, out);
	str_addc(out, 'm');
}

static int encode_colour(uint32_t colour, uint8_t *code)
{
	if ((colour & STYLE_COLOUR_KIND) == STYLE_INDEXED) {
		code[0] = (uint8_t)colour;
		return 1;
	}
	if ((colour & STYLE_COLOUR_KIND) == STYLE_RGB) {
		code[0] = (uint8_t)(colour >> 16);
		code[1] = (uint8_t)(colour >> 8);
		code[2] = (uint8_t)colour;
		return 3;
	}
	return 0;
}

static int decode_colour(const uint8_t *code, uint32_t kind, uint32_t *ret)
{
	if (kind == STYLE_INDEXED >> 24) {
		*ret = STYLE_INDEXED | code[0];
		return 1;
	}
	if (kind == STYLE_RGB >> 24) {
		*ret = STYLE_RGB | (uint32_t)code[0] << 16 | (uint32_t)code[1] << 8 | code[2];
		return 3;
	}
	*ret = 0;
	return 0;
}

/* One byte says what follows: bits 0-1 the kind of the foreground, 2-3 of the background, 4 attributes. */
int style_encode(const struct style *s, uint8_t *ret_code)
{
	int n = 1;
	ret_code[0] = (uint8_t)((s->fg & STYLE_COLOUR_KIND) >> 24 | (s->bg & STYLE_COLOUR_KIND) >> 22);
	if (s->attrs) {
		ret_code[0] |= 1 << 4;
		ret_code[n++] = (uint8_t)s->attrs;
		ret_code[n++] = (uint8_t)(s->attrs >> 8);
	}
	n += encode_colour(s->fg, ret_code + n);
	n += encode_colour(s->bg, ret_code + n);
	return n;
}

int style_decode(const uint8_t *code, struct style *ret)
{
	int n = 1;
	*ret = (struct style){0};
	if (code[0] & 1 << 4) {
		ret->attrs = (uint32_t)code[1] | (uint32_t)code[2] << 8;
		n += 2;
	}
	n += decode_colour(code + n, code[0] & 3, &ret->fg);
	n += decode_colour(code + n, code[0] >> 2 & 3, &ret->bg);
	return n;
}
