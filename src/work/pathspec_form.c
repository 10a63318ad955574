#include "work/pathspec_form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "work/pathspec.h"

/* A step of its own for each byte, and the two of a subtree. */
enum { STEPS_MAX = PATHSPEC_MAX + 2 };

static void set_byte(struct step *t, unsigned char c)
{
	t->set[c / 64] |= UINT64_C(1) << (c % 64);
}

static bool has_byte(const struct step *t, unsigned char c)
{
	return t->set[c / 64] >> (c % 64) & 1;
}

static void set_all(struct step *t)
{
	memset(t->set, 0xff, sizeof t->set);
}

static void unset_slash(struct step *t)
{
	t->set['/' / 64] &= ~(UINT64_C(1) << ('/' % 64));
}

static void fold(struct step *t)
{
	for (int c = 'a'; c <= 'z'; c++) {
		unsigned char upper = (unsigned char)(c - 'a' + 'A');
		if (has_byte(t, (unsigned char)c) || has_byte(t, upper)) {
			set_byte(t, (unsigned char)c);
			set_byte(t, upper);
		}
	}
}

static struct step *add_step(struct form *f)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 32;
		f->steps = mem_resize(f->steps, f->cap, sizeof *f->steps);
	}
	f->steps[f->n] = (struct step){0};
	return &f->steps[f->n++];
}

static void add_byte(struct form *f, char c, bool icase)
{
	struct step *t = add_step(f);
	set_byte(t, (unsigned char)c);
	if (icase)
		fold(t);
}

static void add_many(struct form *f, bool slash)
{
	struct step *t = add_step(f);
	set_all(t);
	if (!slash)
		unset_slash(t);
	t->many = true;
}

/* ---- what is the same for every path ---- */

/* The only byte that the step takes, or -1. */
static int only_byte(const struct step *t)
{
	int found = -1;
	if (t->many)
		return -1;
	for (int i = 0; i < 4; i++) {
		uint64_t bits = t->set[i];
		if (bits && (found >= 0 || bits & (bits - 1)))
			return -1;
		if (bits)
			found = i * 64 + __builtin_ctzll(bits);
	}
	return found;
}

static void find_ends(struct form *f)
{
	size_t certain = f->subtree ? f->n - 2 : f->n, begin = 0, end = 0;
	struct str prefix STR_FREE = STR_INIT, suffix STR_FREE = STR_INIT;
	while (begin < certain && only_byte(&f->steps[begin]) >= 0)
		str_addc(&prefix, (char)only_byte(&f->steps[begin++]));
	while (!f->subtree && end < f->n && only_byte(&f->steps[f->n - 1 - end]) >= 0)
		end++;
	for (size_t i = f->n - end; i < f->n; i++)
		str_addc(&suffix, (char)only_byte(&f->steps[i]));
	f->prefix_len = prefix.len;
	f->suffix_len = suffix.len;
	f->prefix = mem_strndup(str_c(&prefix), prefix.len);
	f->suffix = mem_strndup(str_c(&suffix), suffix.len);
}

void form_literal(struct form *ret, const char *text, bool icase, bool file)
{
	struct form f = {0};
	size_t len = strlen(text);
	bool folder = len > 0 && text[len - 1] == '/';
	for (size_t i = 0; i < len; i++)
		add_byte(&f, text[i], icase);
	f.subtree = !folder && !file && len > 0;
	if (f.subtree)
		add_byte(&f, '/', false);
	if (!file)
		add_many(&f, true);
	find_ends(&f);
	*ret = f;
}

/* ---- wildcards, in the words of git's own wildmatch() ---- */

static const struct {
	const char *name;
	int (*has)(int c);
} classes[] = {
	{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl}, {"digit", isdigit}, {"graph", isgraph},
	{"lower", islower}, {"print", isprint}, {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
};

static bool add_class(struct step *t, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (strlen(classes[i].name) != len || memcmp(classes[i].name, name, len) != 0)
			continue;
		for (int c = 0; c < 128; c++)
			if (classes[i].has(c))
				set_byte(t, (unsigned char)c);
		return true;
	}
	return false;
}

/* The member of a set at p, which is not the closing bracket unless it is the first. Returns where it ends, or NULL when the
 * set is malformed. *before: the byte that a range could begin with, 0: none. */
static const char *add_member(struct step *t, const char *p, unsigned char *before)
{
	const char *end;
	unsigned char first = *before;
	if (p[0] == '-' && first && p[1] && p[1] != ']') {
		p += p[1] == '\\' ? 2 : 1;
		for (unsigned c = first; *p && c <= (unsigned char)*p; c++)
			set_byte(t, (unsigned char)c);
		*before = 0;
		return *p ? p + 1 : NULL;
	}
	if (p[0] == '[' && p[1] == ':' && (end = strchr(p + 2, ']'))) {
		if (end[-1] == ':' && end - 1 > p + 1) {
			*before = 0;
			return add_class(t, p + 2, (size_t)(end - 1 - (p + 2))) ? end + 1 : NULL;
		}
	} else if (p[0] == '[' && p[1] == ':') {
		return NULL;
	}
	p += p[0] == '\\';
	*before = (unsigned char)*p;
	set_byte(t, *before);
	return *p ? p + 1 : NULL;
}

/* p is behind the opening bracket. Returns what follows the closing one, or NULL: no path matches such a pattern. */
static const char *add_set(struct form *f, const char *p, bool icase, bool pathname)
{
	struct step *t = add_step(f);
	unsigned char before = 0;
	bool negated = *p == '!' || *p == '^';
	p += negated;
	do {
		p = *p ? add_member(t, p, &before) : NULL;
	} while (p && *p != ']');
	if (!p)
		return NULL;
	if (icase)
		fold(t);
	for (int i = 0; negated && i < 4; i++)
		t->set[i] = ~t->set[i];
	if (negated && icase) /* git folds the path, not the set */
		set_all(t);
	if (pathname)
		unset_slash(t);
	return p + 1;
}

/* p is at the first star; returns what follows the last. */
static const char *add_star(struct form *f, const char *text, const char *p, bool pathname)
{
	const char *end = p + strspn(p, "*");
	bool alone = (p == text || p[-1] == '/') && (!*end || *end == '/' || (end[0] == '\\' && end[1] == '/'));
	bool slash = !pathname || (end - p > 1 && alone);
	add_many(f, slash);
	if (pathname && slash && *end == '/')
		f->steps[f->n - 1].dir = true;
	return end;
}

void form_glob(struct form *ret, const char *text, bool icase, bool pathname)
{
	struct form f = {0};
	const char *p = text;
	while (p && *p) {
		if (*p == '*') {
			p = add_star(&f, text, p, pathname);
		} else if (*p == '[') {
			p = add_set(&f, p + 1, icase, pathname);
		} else if (*p == '?') {
			struct step *t = add_step(&f);
			set_all(t);
			if (pathname)
				unset_slash(t);
			p++;
		} else {
			p += *p == '\\' && p[1];
			add_byte(&f, *p++, icase);
		}
	}
	find_ends(&f);
	*ret = f;
}

void form_fini(struct form *f)
{
	free(f->steps);
	free(f->prefix);
	free(f->suffix);
	*f = (struct form){0};
}

/* ---- two of them side by side ---- */

static bool ends_agree(const struct form *a, const struct form *b)
{
	size_t prefix = MIN(a->prefix_len, b->prefix_len), suffix = MIN(a->suffix_len, b->suffix_len);
	return memcmp(a->prefix, b->prefix, prefix) == 0 &&
	       memcmp(a->suffix + a->suffix_len - suffix, b->suffix + b->suffix_len - suffix, suffix) == 0;
}

static bool accepts(const struct form *f, size_t i)
{
	return i == f->n || (f->subtree && i == f->n - 2);
}

static bool share_byte(const struct step *a, const struct step *b)
{
	return (a->set[0] & b->set[0]) || (a->set[1] & b->set[1]) || (a->set[2] & b->set[2]) || (a->set[3] & b->set[3]);
}

/* Whether (i, j) can be reached is in rows[i % 3][j]: before step i of a and step j of b, with the same text behind them. No
 * move goes back, and none further than two steps. */
static bool walk(const struct form *a, const struct form *b)
{
	bool rows[3][STEPS_MAX + 3];
	for (int i = 0; i < 3; i++)
		memset(rows[i], 0, b->n + 1);
	rows[0][0] = true;
	for (size_t i = 0; i <= a->n; i++) {
		bool *here = rows[i % 3], *next = rows[(i + 1) % 3], *after = rows[(i + 2) % 3];
		const struct step *s = i < a->n ? &a->steps[i] : NULL;
		memset(after, 0, b->n + 1);
		for (size_t j = 0; j <= b->n; j++) {
			const struct step *t = j < b->n ? &b->steps[j] : NULL;
			if (!here[j])
				continue;
			if (accepts(a, i) && accepts(b, j))
				return true;
			if (s && s->many)
				next[j] = true;
			if (s && s->dir)
				after[j] = true;
			if (t && t->many)
				here[j + 1] = true;
			if (t && t->dir)
				here[j + 2] = true;
			if (s && t && share_byte(s, t))
				*((s->many ? here : next) + j + !t->many) = true;
		}
	}
	return false;
}

bool form_overlap(const struct form *a, const struct form *b)
{
	return ends_agree(a, b) && walk(a, b);
}
