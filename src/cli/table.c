#include "cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GAP = 2, COLUMNS_MAX = 16 };

void table_init(struct table *t, const struct column *columns, size_t n)
{
	assert(n <= COLUMNS_MAX);
	*t = (struct table){.columns = columns, .n_columns = n};
}

void table_fini(struct table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i].text);
	free(t->cells);
	*t = (struct table){0};
}

void table_add(struct table *t, enum paint paint, const char *text)
{
	struct str safe = STR_INIT;
	text_add_inert(&safe, text ? text : "", text ? strlen(text) : 0, TEXT_ONE_LINE);
	str_trim(&safe);
	if (t->n_cells % 64 == 0)
		t->cells = mem_resize(t->cells, t->n_cells + 64, sizeof *t->cells);
	int width = out_text_width(str_c(&safe), safe.len);
	t->cells[t->n_cells++] = (struct cell){.text = str_take(&safe), .width = width, .paint = paint};
}

void table_addf(struct table *t, enum paint paint, const char *fmt, ...)
{
	struct str text STR_FREE = STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	table_add(t, paint, str_c(&text));
}

static int natural_width(const struct table *t, size_t column)
{
	const char *title = t->columns[column].title;
	int width = out_text_width(title, strlen(title));
	for (size_t i = column; i < t->n_cells; i += t->n_columns)
		width = MAX(width, t->cells[i].width);
	return width;
}

/* Columns over the limit; hidden ones have width -1. */
static int excess(const struct table *t, const int *widths, int limit)
{
	int total = -GAP;
	for (size_t i = 0; i < t->n_columns; i++)
		if (widths[i] >= 0)
			total += widths[i] + GAP;
	return total - limit;
}

/* Takes one column off the one that has most above its minimum. False when all are at theirs. */
static bool shrink_one(const struct table *t, int *widths)
{
	int most = 0;
	size_t best = 0;
	for (size_t i = 0; i < t->n_columns; i++) {
		int slack = t->columns[i].min > 0 ? widths[i] - t->columns[i].min : 0;
		if (slack > most) {
			most = slack;
			best = i;
		}
	}
	if (most > 0)
		widths[best]--;
	return most > 0;
}

/* Hides the column with the highest rank. False when only those of rank 0 are left. */
static bool hide_one(const struct table *t, int *widths)
{
	int rank = 0;
	size_t worst = 0;
	for (size_t i = 0; i < t->n_columns; i++) {
		if (widths[i] >= 0 && t->columns[i].rank > rank) {
			rank = t->columns[i].rank;
			worst = i;
		}
	}
	if (rank > 0)
		widths[worst] = -1;
	return rank > 0;
}

/* First the ranked columns go while even the smallest widths do not fit, then what is left shrinks. */
static void fit(const struct table *t, int *widths, int limit)
{
	int smallest[COLUMNS_MAX];
	for (size_t i = 0; i < t->n_columns; i++)
		smallest[i] = t->columns[i].min > 0 ? MIN(t->columns[i].min, widths[i]) : widths[i];
	while (excess(t, smallest, limit) > 0 && hide_one(t, smallest))
		;
	for (size_t i = 0; i < t->n_columns; i++)
		if (smallest[i] < 0)
			widths[i] = -1;
	while (excess(t, widths, limit) > 0 && shrink_one(t, widths))
		;
}

static void pad(struct str *out, int n)
{
	if (n > 0)
		str_addf(out, "%*s", n, "");
}

static void print_cell(struct str *out, const struct cell *cell, int width, bool right, bool color)
{
	int used = cell->width;
	size_t len = strlen(cell->text);
	bool cut = cell->width > width;
	if (cut)
		len = out_text_cut(cell->text, len, MAX(width - 1, 0), &used);
	used += cut;
	if (right)
		pad(out, width - used);
	str_adds(out, out_paint(cell->paint, color));
	str_add(out, cell->text, len);
	if (cut)
		str_adds(out, "…");
	str_adds(out, out_paint_end(cell->paint, color));
	if (!right)
		pad(out, width - used);
}

static void print_row(const struct table *t, struct str *out, const struct cell *row, const int *widths, bool color)
{
	bool first = true;
	size_t start = out->len;
	for (size_t i = 0; i < t->n_columns; i++) {
		if (widths[i] < 0)
			continue;
		if (!first)
			pad(out, GAP);
		first = false;
		print_cell(out, &row[i], widths[i], t->columns[i].right, color);
	}
	while (out->len > start && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	str_addc(out, '\n');
}

void table_print(const struct table *t, struct str *out, int width, bool color)
{
	int widths[COLUMNS_MAX];
	struct cell titles[COLUMNS_MAX];
	for (size_t i = 0; i < t->n_columns; i++) {
		const char *title = t->columns[i].title;
		widths[i] = natural_width(t, i);
		titles[i] = (struct cell){
			.text = (char *)title, .width = out_text_width(title, strlen(title)), .paint = PAINT_DIM};
	}
	if (width > 0)
		fit(t, widths, width);
	print_row(t, out, titles, widths, color);
	for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns)
		print_row(t, out, &t->cells[i], widths, color);
}
