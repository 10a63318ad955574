#include "fmt/jsonl.h"

#include <string.h>

enum { KEEP = 64 * 1024 }; /* bytes of memory that are kept while there is nothing in it */

void jsonl_init(struct jsonl *j, size_t line_max, uint64_t offset)
{
	*j = (struct jsonl){.line_max = line_max, .offset = offset};
}

void jsonl_fini(struct jsonl *j)
{
	str_fini(&j->buf);
}

/* Drops what jsonl_next has returned; once an addition, so that many lines cost one move. */
static void drop_returned(struct jsonl *j)
{
	str_consume(&j->buf, j->start);
	j->scanned -= j->start;
	j->start = 0;
}

void jsonl_add(struct jsonl *j, const void *bytes, size_t len)
{
	drop_returned(j);
	if (j->skipping) {
		const char *end = memchr(bytes, '\n', len);
		size_t skip = end ? (size_t)(end - (const char *)bytes) + 1 : len;
		j->skipped += skip;
		if (end) {
			j->offset += j->skipped;
			j->skipping = false;
		}
		bytes = (const char *)bytes + skip;
		len -= skip;
	}
	str_add(&j->buf, bytes, len);
}

/* The line that starts at j->start has no end yet: drop it when it can only become too long. */
static void check_unfinished(struct jsonl *j)
{
	j->scanned = j->buf.len;
	size_t len = j->buf.len - j->start;
	if (len <= j->line_max + 1) /* the one may be the \r of its end */
		return;
	j->oversize++;
	j->skipping = true;
	j->skipped = len;
	str_reset(&j->buf);
	j->start = j->scanned = 0;
}

bool jsonl_next(struct jsonl *j, const char **ret_line, size_t *ret_len)
{
	while (j->start < j->buf.len) {
		const char *line = j->buf.data + j->start;
		const char *end = memchr(j->buf.data + j->scanned, '\n', j->buf.len - j->scanned);
		if (!end) {
			check_unfinished(j);
			return false;
		}
		size_t len = (size_t)(end - line);
		j->start += len + 1;
		j->scanned = j->start;
		j->offset += len + 1;
		if (len > 0 && line[len - 1] == '\r')
			len--;
		if (len > j->line_max) {
			j->oversize++;
		} else if (len > 0) {
			*ret_line = line;
			*ret_len = len;
			return true;
		}
	}
	if (j->buf.cap > KEEP) {
		str_fini(&j->buf);
		j->start = j->scanned = 0;
	}
	return false;
}

struct scan {
	const char *p, *end;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A string without its quotes, as it is written. */
static bool take_string(struct scan *s, const char **ret, size_t *ret_len)
{
	if (!take(s, '"'))
		return false;
	const char *start = s->p;
	while (s->p < s->end && *s->p != '"')
		s->p += *s->p == '\\' && s->end - s->p > 1 ? 2 : 1;
	if (s->p == s->end)
		return false;
	*ret = start;
	*ret_len = (size_t)(s->p++ - start);
	return true;
}

/* Past any value, up to the comma or bracket after it. */
static bool skip_value(struct scan *s)
{
	const char *text;
	size_t len;
	int depth = 0;
	for (skip_space(s); s->p < s->end; skip_space(s)) {
		char c = *s->p;
		if (c == '"') {
			if (!take_string(s, &text, &len))
				return false;
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return true;
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		s->p++;
	}
	return false;
}

bool jsonl_type(const char *line, size_t len, const char **ret_type, size_t *ret_len)
{
	struct scan s = {line, line + len};
	const char *key, *value;
	size_t key_len, value_len;
	if (!take(&s, '{'))
		return false;
	do {
		if (!take_string(&s, &key, &key_len) || !take(&s, ':'))
			return false;
		if (key_len != 4 || memcmp(key, "type", 4) != 0)
			continue;
		if (!take_string(&s, &value, &value_len) || memchr(value, '\\', value_len))
			return false;
		*ret_type = value;
		*ret_len = value_len;
		return true;
	} while (skip_value(&s) && take(&s, ','));
	return false;
}
