#include "cli/line.h"

#include <string.h>

#include "base/attr.h"
#include "cli/out.h"

enum { ESC = 0x1b, DEL = 0x7f };

void line_fini(struct line *l)
{
	str_fini(&l->text);
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void drop_character(struct str *text)
{
	while (text->len && continues(text->data[text->len - 1]))
		text->len--;
	if (text->len)
		text->data[--text->len] = '\0';
}

static void drop_word(struct str *text)
{
	while (text->len && strchr(" \n", text->data[text->len - 1]))
		drop_character(text);
	while (text->len && !strchr(" \n", text->data[text->len - 1]))
		drop_character(text);
}

static void add(struct line *l, char c)
{
	if (l->text.len < LINE_MAX_TEXT)
		str_addc(&l->text, c);
}

/* A sequence that begins at ESC: pastes are bracketed by two of them, Alt-Enter is one. The others are dropped. */
static size_t take_sequence(struct line *l, const char *bytes, size_t len)
{
	static const char begin[] = "\033[200~", end[] = "\033[201~";
	size_t n = 2;
	if (len >= strlen(begin) && memcmp(bytes, begin, strlen(begin)) == 0) {
		l->pasting = true;
		return strlen(begin);
	}
	if (len >= strlen(end) && memcmp(bytes, end, strlen(end)) == 0) {
		l->pasting = false;
		return strlen(end);
	}
	if (bytes[1] == '\r' || bytes[1] == '\n')
		add(l, '\n');
	if (bytes[1] == 'O')
		return MIN((size_t)3, len);
	if (bytes[1] != '[')
		return n;
	while (n < len && ((unsigned char)bytes[n] < 0x40 || (unsigned char)bytes[n] > 0x7e))
		n++;
	return MIN(n + 1, len);
}

static void clear(struct line *l)
{
	str_reset(&l->text);
}

static enum line_wish take_control(struct line *l, char c)
{
	bool empty = l->text.len == 0;
	switch (c) {
	case '\r':
		if (l->pasting)
			add(l, '\n');
		return l->pasting ? LINE_EDITED : LINE_SEND;
	case '\n':
		add(l, '\n');
		return LINE_EDITED;
	case '\t':
		add(l, ' ');
		return LINE_EDITED;
	case 'C' - '@':
		clear(l);
		return empty ? LINE_INTERRUPT : LINE_EDITED;
	case 'D' - '@':
		return empty ? LINE_LEAVE : LINE_EDITED;
	case 'H' - '@':
	case DEL:
		drop_character(&l->text);
		return LINE_EDITED;
	case 'U' - '@':
		clear(l);
		return LINE_EDITED;
	case 'W' - '@':
		drop_word(&l->text);
		return LINE_EDITED;
	default:
		return LINE_EDITED;
	}
}

enum line_wish line_take(struct line *l, const char *bytes, size_t len, size_t *ret_used)
{
	enum line_wish wish = LINE_EDITED;
	size_t i = 0;
	while (i < len && wish == LINE_EDITED) {
		unsigned char c = (unsigned char)bytes[i];
		if (c == ESC && len == 1 && !l->pasting) {
			wish = LINE_INTERRUPT;
			i++;
		} else if (c == ESC && i + 1 < len) {
			i += take_sequence(l, bytes + i, len - i);
		} else if (c < 0x20 || c == DEL) {
			wish = take_control(l, bytes[i++]);
		} else {
			add(l, bytes[i++]);
		}
	}
	*ret_used = i;
	return wish;
}

void line_show(const struct line *l, int columns, struct str *out)
{
	size_t most = 4 * (size_t)MAX(columns, 1); /* bytes that could fit */
	size_t from = l->text.len > most ? l->text.len - most : 0;
	struct str shown STR_FREE = STR_INIT;
	while (from < l->text.len && continues(l->text.data[from]))
		from++;
	for (size_t i = from; i < l->text.len; i++) {
		if (l->text.data[i] == '\n')
			str_adds(&shown, "⏎");
		else
			str_addc(&shown, l->text.data[i]);
	}
	from = 0;
	while (from < shown.len && out_text_width(shown.data + from, shown.len - from) > columns)
		do {
			from++;
		} while (from < shown.len && continues(shown.data[from]));
	text_add_inert(out, str_c(&shown) + from, shown.len - from, TEXT_ONE_LINE);
}
