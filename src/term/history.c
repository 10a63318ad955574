#include "term/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "term/utf8.h"
#include "term/width.h"

enum { BLOCK_BYTES = 16384, VARINT_MAX = 5 };

/* A line: varint of the text's length * 2 + wrapped, the text, then runs (varint of cells, style code) up to the
 * end of the line. Cells after the last run have the default style. */

void history_init(struct history *h, uint32_t lines_max, size_t bytes_max)
{
	*h = (struct history){.lines_max = lines_max, .bytes_max = bytes_max};
}

void history_clear(struct history *h)
{
	for (uint32_t i = 0; i < h->block_n; i++) {
		free(h->block[i].data);
		free(h->block[i].start);
	}
	free(h->block);
	str_fini(&h->line);
	history_init(h, h->lines_max, h->bytes_max);
}

void history_fini(struct history *h)
{
	history_clear(h);
}

static uint8_t *put_varint(uint8_t *p, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static const uint8_t *get_varint(const uint8_t *p, uint32_t *ret)
{
	uint32_t v = 0;
	for (int shift = 0;; shift += 7) {
		v |= (uint32_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			break;
	}
	*ret = v;
	return p;
}

static size_t block_bytes(const struct history_block *b)
{
	return b->cap + b->start_cap * sizeof(*b->start);
}

static void drop_oldest_block(struct history *h)
{
	struct history_block *b = &h->block[0];
	h->lines -= b->n - b->first;
	h->bytes -= block_bytes(b);
	free(b->data);
	free(b->start);
	memmove(h->block, h->block + 1, --h->block_n * sizeof(*h->block));
}

static void keep_limits(struct history *h)
{
	while (h->lines > h->lines_max) {
		h->block[0].first++;
		h->lines--;
		if (h->block[0].first == h->block[0].n)
			drop_oldest_block(h);
	}
	while (h->bytes_max && h->bytes > h->bytes_max && h->block_n > 0)
		drop_oldest_block(h);
}

/* The newest block, with room for len bytes and one line more. */
static struct history_block *block_for(struct history *h, uint32_t len)
{
	struct history_block *b = h->block_n ? &h->block[h->block_n - 1] : NULL;
	if (!b || (b->n && b->len + len > BLOCK_BYTES)) {
		if (h->block_n == h->block_cap) {
			h->block_cap = h->block_cap ? h->block_cap * 2 : 4;
			h->block = mem_resize(h->block, h->block_cap, sizeof(*h->block));
		}
		b = &h->block[h->block_n++];
		*b = (struct history_block){0};
	}
	h->bytes -= block_bytes(b);
	if (b->len + len > b->cap) {
		uint32_t cap = MAX(b->cap * 2, h->block_n > 1 ? BLOCK_BYTES / 2 : 512);
		b->cap = MAX(MIN(cap, BLOCK_BYTES), b->len + len);
		b->data = mem_resize(b->data, b->cap, 1);
	}
	if (b->n == b->start_cap) {
		b->start_cap = b->start_cap ? b->start_cap * 2 : 16;
		b->start = mem_resize(b->start, b->start_cap, sizeof(*b->start));
	}
	h->bytes += block_bytes(b);
	return b;
}

/* Columns that are worth keeping: all that show something; in a wrapped line also its spaces. */
static int kept_width(const struct row *row, const struct atlas *a)
{
	int n = row_width(row);
	while (!row->wrapped && n > 0) {
		struct cell c = row->cells[n - 1];
		const struct style *s = atlas_style(a, c.style);
		if ((c.glyph != GLYPH_BLANK && c.glyph != ' ') || s->bg || s->attrs)
			break;
		n--;
	}
	return n;
}

static char *put_text(char *p, const struct row *row, int width, const struct atlas *a)
{
	for (int i = 0; i < width; i++) {
		uint32_t glyph = row->cells[i].glyph;
		if (glyph - 0x20 < 0x5f) {
			*p++ = (char)glyph;
		} else if (glyph != GLYPH_TAIL) {
			uint32_t cp[ATLAS_CLUSTER_LEN];
			int n = atlas_code_points(a, glyph, cp);
			for (int k = 0; k < n; k++)
				p += utf8_put(cp[k], p);
		}
	}
	return p;
}

static uint8_t *put_runs(uint8_t *p, const struct row *row, int width, const struct atlas *a)
{
	uint8_t *end = p; /* after the last run that is not in the default style */
	for (int i = 0; i < width;) {
		uint32_t style = row->cells[i].style;
		int from = i;
		while (i < width && row->cells[i].style == style)
			i++;
		p = put_varint(p, (uint32_t)(i - from));
		p += style_encode(atlas_style(a, style), p);
		if (style != 0)
			end = p;
	}
	return end;
}

/* Most lines are ASCII in the default style: those have no runs. False for any other. */
static bool put_plain(char *p, const struct row *row, int width)
{
	uint32_t other = 0;
	for (int i = 0; i < width; i++) { /* without a branch, so that several go at once */
		other |= row->cells[i].style | (uint32_t)(row->cells[i].glyph - 0x20 >= 0x5f);
		p[i] = (char)row->cells[i].glyph;
	}
	return other == 0;
}

void history_push(struct history *h, const struct row *row, const struct atlas *a)
{
	if (h->lines_max == 0)
		return;
	int width = kept_width(row, a);
	size_t text_max = (size_t)width * 4 * ATLAS_CLUSTER_LEN;
	size_t runs_max = (size_t)width * (VARINT_MAX + STYLE_CODE_MAX);
	str_reset(&h->line);
	str_reserve(&h->line, text_max + runs_max);
	char *text = h->line.data;
	char *text_end = text + width, *end = text_end;
	if (!put_plain(text, row, width)) {
		text_end = put_text(text, row, width, a);
		end = (char *)put_runs((uint8_t *)text_end, row, width, a);
	}

	uint8_t head[VARINT_MAX];
	size_t head_len = (size_t)(put_varint(head, (uint32_t)(text_end - text) << 1 | row->wrapped) - head);
	uint32_t len = (uint32_t)(end - text) + (uint32_t)head_len;
	struct history_block *b = block_for(h, len);
	b->start[b->n++] = (uint16_t)b->len;
	memcpy(b->data + b->len, head, head_len);
	memcpy(b->data + b->len + head_len, text, (size_t)(end - text));
	b->len += len;
	h->lines++;
	keep_limits(h);
}

struct line {
	bool wrapped;
	const char *text;
	uint32_t text_len;
	const uint8_t *runs, *end;
};

static struct line line_at(const struct history_block *b, uint32_t i)
{
	struct line line;
	uint32_t head;
	const uint8_t *p = get_varint(b->data + b->start[i], &head);
	line.wrapped = head & 1;
	line.text = (const char *)p;
	line.text_len = head >> 1;
	line.runs = p + line.text_len;
	line.end = b->data + (i + 1 < b->n ? b->start[i + 1] : b->len);
	return line;
}

bool history_wrapped(const struct history *h)
{
	if (h->lines == 0)
		return false;
	const struct history_block *b = &h->block[h->block_n - 1];
	return line_at(b, b->n - 1).wrapped;
}

/* Text to cells. The cells have room for as many as there are bytes, twice. */
static int cells_of_text(const struct line *line, struct cell *cells, struct atlas *a)
{
	int n = 0, last = -1;
	for (uint32_t i = 0; i < line->text_len;) {
		uint32_t cp;
		i += (uint32_t)utf8_get(line->text + i, &cp);
		int width = cp < 0x7f ? 1 : width_of(cp);
		if (width == 0 && last >= 0) {
			cells[last].glyph = atlas_join(a, cells[last].glyph, cp);
			continue;
		}
		last = n;
		cells[n++] = (struct cell){cp, 0};
		if (width == 2)
			cells[n++] = (struct cell){GLYPH_TAIL, 0};
	}
	return n;
}

struct row history_pop(struct history *h, struct atlas *a)
{
	struct history_block *b = &h->block[h->block_n - 1];
	struct line line = line_at(b, b->n - 1);
	struct row row = {.wrapped = line.wrapped};
	if (line.text_len) {
		row.cells = mem_resize(NULL, 2 * (size_t)line.text_len, sizeof(*row.cells));
		row.used = (uint16_t)cells_of_text(&line, row.cells, a);
	}
	int col = 0;
	for (const uint8_t *p = line.runs; p < line.end;) {
		uint32_t n;
		struct style style;
		p = get_varint(p, &n);
		p += style_decode(p, &style);
		uint32_t id = atlas_style_id(a, &style);
		for (; n > 0 && col < row.used; n--)
			row.cells[col++].style = id;
	}
	b->len = b->start[--b->n];
	h->lines--;
	if (b->n == b->first) {
		h->bytes -= block_bytes(b);
		free(b->data);
		free(b->start);
		h->block_n--;
	}
	return row;
}

void history_text(const struct history *h, uint32_t n, bool join, struct str *out)
{
	uint32_t skip = h->lines - MIN(n, h->lines);
	for (uint32_t i = 0; i < h->block_n; i++) {
		const struct history_block *b = &h->block[i];
		uint32_t here = b->n - b->first;
		for (uint32_t k = MIN(skip, here); k < here; k++) {
			struct line line = line_at(b, b->first + k);
			size_t len = line.text_len;
			if (join && line.wrapped) {
				str_add(out, line.text, len);
				continue;
			}
			while (len > 0 && line.text[len - 1] == ' ')
				len--;
			str_add(out, line.text, len);
			str_addc(out, '\n');
		}
		skip -= MIN(skip, here);
	}
}
