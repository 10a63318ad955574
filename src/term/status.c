#include "term/status.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define WORD(name, word) word,
static const char *const states[] = {STATUS_STATES(WORD)};
static const char *const kinds[] = {STATUS_KINDS(WORD)};
#undef WORD

const char *status_state_name(enum status_state state)
{
	return states[state];
}

const char *status_kind_name(enum status_kind kind)
{
	return kinds[kind];
}

struct span {
	const char *p;
	size_t len;
};

static bool span_is(struct span s, const char *word)
{
	return strlen(word) == s.len && memcmp(s.p, word, s.len) == 0;
}

/* The place of the value in the list of words, or -1. */
static int word_index(struct span value, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*words[i] && span_is(value, words[i]))
			return (int)i;
	return -1;
}

/* Text as a person may see it: UTF-8 without C0, C1 and DEL. */
static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0))
			return false;
	}
	return text_is_utf8(text, len);
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Decodes into ret (of size max + 1) as a C string. Padding may be left out. */
static int decode_text(struct span value, size_t max, char *ret)
{
	while (value.len && value.p[value.len - 1] == '=' && value.len % 4 != 1)
		value.len--;
	size_t len = value.len / 4 * 3 + (value.len % 4 ? value.len % 4 - 1 : 0);
	if (value.len % 4 == 1 || len > max)
		return -EBADMSG;
	uint32_t bits = 0;
	size_t n = 0;
	for (size_t i = 0; i < value.len; i++) {
		int digit = base64_digit(value.p[i]);
		if (digit < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4)
			ret[n++] = (char)(bits >> (6 - i % 4 * 2));
	}
	ret[n] = '\0';
	return is_plain(ret, n) ? 0 : -EBADMSG;
}

static int parse_state(struct span value, struct status_report *r)
{
	int i = word_index(value, states, ARRAY_LEN(states));
	if (i < 0)
		return -EBADMSG;
	r->state = (enum status_state)i;
	return 0;
}

static int parse_kind(struct span value, struct status_report *r)
{
	int i = word_index(value, kinds, ARRAY_LEN(kinds));
	if (i < 0)
		return -EBADMSG;
	r->kind = (enum status_kind)i;
	return 0;
}

static int parse_progress(struct span value, struct status_report *r)
{
	if (value.len < 1 || value.len > 3)
		return -EBADMSG;
	int v = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return -EBADMSG;
		v = v * 10 + (value.p[i] - '0');
	}
	if (v > 100)
		return -EBADMSG;
	r->progress = v;
	return 0;
}

static int copy_plain(struct span value, size_t max, char *ret)
{
	if (value.len > max || !is_plain(value.p, value.len))
		return -EBADMSG;
	memcpy(ret, value.p, value.len);
	ret[value.len] = '\0';
	return 0;
}

static int parse_app(struct span value, struct status_report *r)
{
	return copy_plain(value, STATUS_APP_MAX, r->app);
}

/* A path: levels that are not empty, none of them "." or "..". */
static int parse_id(struct span value, struct status_report *r)
{
	int levels = 0;
	const char *end = value.p + value.len;
	for (const char *p = value.p; value.len; levels++) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		struct span level = {p, (size_t)((slash ? slash : end) - p)};
		if (level.len == 0 || span_is(level, ".") || span_is(level, "..") || levels == STATUS_ID_LEVELS_MAX)
			return -EBADMSG;
		if (!slash)
			break;
		p = slash + 1;
	}
	return copy_plain(value, STATUS_ID_MAX, r->id);
}

static int parse_title(struct span value, struct status_report *r)
{
	return decode_text(value, STATUS_TITLE_MAX, r->title);
}

static int parse_msg(struct span value, struct status_report *r)
{
	return decode_text(value, STATUS_MSG_MAX, r->msg);
}

static const struct {
	const char *key;
	int (*parse)(struct span value, struct status_report *r);
} keys[] = {
	{"state", parse_state}, {"kind", parse_kind},   {"progress", parse_progress}, {"app", parse_app},
	{"id", parse_id},       {"title", parse_title}, {"msg", parse_msg},
};

enum { KEY_STATE = 0 };

static int parse_pair(struct span pair, unsigned *seen, struct status_report *r)
{
	const char *equals = memchr(pair.p, '=', pair.len);
	if (!equals)
		return -EBADMSG;
	struct span key = {pair.p, (size_t)(equals - pair.p)};
	struct span value = {equals + 1, pair.len - key.len - 1};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!span_is(key, keys[i].key))
			continue;
		if (*seen & 1u << i)
			return -EBADMSG;
		*seen |= 1u << i;
		return keys[i].parse(value, r);
	}
	return 0;
}

int status_parse(const char *pairs, size_t len, struct status_report *ret)
{
	if (len > STATUS_BYTES_MAX)
		return -EBADMSG;
	struct status_report r = {.progress = STATUS_PROGRESS_NONE};
	unsigned seen = 0;
	for (const char *p = pairs, *end = pairs + len; p < end;) {
		const char *colon = memchr(p, ':', (size_t)(end - p));
		struct span pair = {p, (size_t)((colon ? colon : end) - p)};
		if (parse_pair(pair, &seen, &r) < 0)
			return -EBADMSG;
		p += pair.len + 1;
	}
	if (!(seen & 1u << KEY_STATE))
		return -EBADMSG;
	if (r.state != STATUS_BLOCKED)
		r.kind = STATUS_KIND_NONE;
	*ret = r;
	return 0;
}

static void record_fini(struct status_record *r)
{
	free(r->id);
	free(r->app);
	free(r->title);
	free(r->msg);
}

void status_set_fini(struct status_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		record_fini(&s->v[i]);
	free(s->v);
	*s = (struct status_set){0};
}

static void remove_at(struct status_set *s, size_t i)
{
	record_fini(&s->v[i]);
	memmove(s->v + i, s->v + i + 1, (--s->n - i) * sizeof(*s->v));
}

const struct status_record *status_set_find(const struct status_set *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].id, id) == 0)
			return &s->v[i];
	return NULL;
}

bool status_set_apply(struct status_set *s, const struct status_report *report)
{
	const struct status_record *old = status_set_find(s, report->id);
	size_t i = old ? (size_t)(old - s->v) : s->n;
	if (report->state == STATUS_CLEAR) {
		if (old)
			remove_at(s, i);
		return old != NULL;
	}
	if (!old && s->n == STATUS_RECORDS_MAX)
		return false;
	bool changed = !old || old->state != report->state || old->kind != report->kind;
	if (old)
		record_fini(&s->v[i]);
	else
		s->v = mem_resize(s->v, ++s->n, sizeof(*s->v));
	s->v[i] = (struct status_record){
		.state = report->state,
		.kind = report->kind,
		.progress = report->progress,
		.id = mem_strdup(report->id),
		.app = mem_strdup(report->app),
		.title = mem_strdup(report->title),
		.msg = mem_strdup(report->msg),
	};
	return changed;
}

void status_set_exited(struct status_set *s)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->v[i].state == STATUS_WORKING || s->v[i].state == STATUS_BLOCKED)
			remove_at(s, i);
}
