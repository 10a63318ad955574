#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/text.h"
#include "term/impl.h"

/* The text, safe to show on one line, at most max bytes of it (cut at a character). The caller frees it. */
static char *inert(const char *text, size_t len, size_t max)
{
	struct str s = STR_INIT;
	text_add_inert(&s, text, len, TEXT_ONE_LINE);
	if (s.len > max) {
		s.len = max;
		while (s.len > 0 && ((unsigned char)s.data[s.len] & 0xc0) == 0x80)
			s.len--;
		s.data[s.len] = '\0';
	}
	return str_take(&s);
}

static void set_title(struct term *t, const char *text, size_t len, const char *terminator UNUSED)
{
	char *title = inert(text, len, TERM_TITLE_MAX);
	if (strcmp(title, term_title(t)) == 0) {
		free(title);
		return;
	}
	free(t->title);
	t->title = title;
	if (t->events && t->events->title)
		t->events->title(t->user, title);
	if (!*title) {
		free(t->title);
		t->title = NULL;
	}
}

static void notify(struct term *t, const char *title, size_t title_len, const char *body, size_t body_len)
{
	if (!t->events || !t->events->notify)
		return;
	MEM_FREE char *safe_title = inert(title, title_len, TERM_NOTIFY_MAX);
	MEM_FREE char *safe_body = inert(body, body_len, TERM_NOTIFY_MAX);
	t->events->notify(t->user, safe_title, safe_body);
}

/* "4;STATE;PERCENT" */
static void progress(struct term *t, const char *text)
{
	int state = -1, percent = -1;
	if (sscanf(text, "4;%1d;%3d", &state, &percent) < 1 || state < 0 || state > TERM_PROGRESS_PAUSED)
		return;
	percent = percent > 100 ? 100 : percent;
	if (t->events && t->events->progress)
		t->events->progress(t->user, (enum term_progress)state, percent < 0 ? -1 : percent);
}

/* 9: iTerm2's notification, or the progress that ConEmu brought (and with it other small numbers, which are no
 * text). */
static void osc_9(struct term *t, const char *text, size_t len, const char *terminator UNUSED)
{
	if (len >= 2 && text[0] == '4' && text[1] == ';')
		progress(t, text);
	else if (len < 2 || text[1] != ';' || text[0] < '1' || text[0] > '9')
		notify(t, "", 0, text, len);
}

/* 777: "notify;TITLE;BODY" */
static void osc_777(struct term *t, const char *text, size_t len, const char *terminator UNUSED)
{
	static const char word[] = "notify;";
	size_t n = sizeof(word) - 1;
	if (len < n || memcmp(text, word, n) != 0)
		return;
	const char *title = text + n, *end = text + len;
	const char *split = memchr(title, ';', (size_t)(end - title));
	if (split)
		notify(t, title, (size_t)(split - title), split + 1, (size_t)(end - split - 1));
	else
		notify(t, "", 0, title, (size_t)(end - title));
}

/* Does the colon-separated list have this pair? */
static bool has_pair(const char *list, size_t len, const char *pair)
{
	size_t n = strlen(pair);
	for (const char *p = list, *end = list + len; p < end;) {
		const char *colon = memchr(p, ':', (size_t)(end - p));
		size_t here = (size_t)((colon ? colon : end) - p);
		if (here == n && memcmp(p, pair, n) == 0)
			return true;
		p += here + 1;
	}
	return false;
}

/* 99, kitty's: "METADATA;PAYLOAD". Only plain texts are taken; queries, icons, closings and base64 are not. */
static void osc_99(struct term *t, const char *text, size_t len, const char *terminator UNUSED)
{
	const char *split = memchr(text, ';', len);
	if (!split)
		return;
	size_t meta = (size_t)(split - text);
	const char *payload = split + 1;
	size_t payload_len = len - meta - 1;
	if (payload_len == 0 || has_pair(text, meta, "e=1"))
		return;
	if (has_pair(text, meta, "p=body"))
		notify(t, "", 0, payload, payload_len);
	else if (has_pair(text, meta, "p=title") || !memmem(text, meta, "p=", 2))
		notify(t, payload, payload_len, "", 0);
}

static void reply_colour(struct term *t, int number, uint32_t rgb, const char *terminator)
{
	unsigned r = rgb >> 16 & 0xff, g = rgb >> 8 & 0xff, b = rgb & 0xff;
	reply(t, "\033]%d;rgb:%02x%02x/%02x%02x/%02x%02x%s", number, r, r, g, g, b, b, terminator);
}

static bool is_query(const char *text, size_t len)
{
	return len == 1 && text[0] == '?';
}

static void osc_10(struct term *t, const char *text, size_t len, const char *terminator)
{
	if (is_query(text, len))
		reply_colour(t, 10, t->foreground, terminator);
}

static void osc_11(struct term *t, const char *text, size_t len, const char *terminator)
{
	if (is_query(text, len))
		reply_colour(t, 11, t->background, terminator);
}

static void osc_12(struct term *t, const char *text, size_t len, const char *terminator)
{
	if (is_query(text, len))
		reply_colour(t, 12, t->foreground, terminator);
}

/* 7501: the query is answered by itself, which says that reports are read here. */
static void osc_7501(struct term *t, const char *text, size_t len, const char *terminator)
{
	static const size_t framing = sizeof("\033]7501;") - 1;
	if (is_query(text, len)) {
		reply(t, "\033]7501;?%s", terminator);
		return;
	}
	if (framing + len + strlen(terminator) > STATUS_BYTES_MAX)
		return;
	struct status_report report;
	if (status_parse(text, len, &report) < 0)
		return;
	bool changed = status_set_apply(&t->status, &report);
	if (t->events && t->events->status)
		t->events->status(t->user, &report, text, changed);
}

static const struct {
	const char *number;
	void (*run)(struct term *t, const char *text, size_t len, const char *terminator);
} commands[] = {
	{"0", set_title}, {"2", set_title}, {"9", osc_9},     {"10", osc_10},     {"11", osc_11},
	{"12", osc_12},   {"99", osc_99},   {"777", osc_777}, {"7501", osc_7501},
};

void osc_dispatch(struct term *t, const char *text, size_t len, const char *terminator)
{
	t->last_col = -1;
	const char *split = memchr(text, ';', len);
	if (!split)
		return;
	size_t n = (size_t)(split - text);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strlen(commands[i].number) == n && memcmp(commands[i].number, text, n) == 0)
			commands[i].run(t, split + 1, len - n - 1, terminator);
}
