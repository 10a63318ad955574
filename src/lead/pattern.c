#include "lead/pattern.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum glob { GLOB_TEXT, GLOB_PATH };

/* One element of a pattern. */
struct token {
	enum { LITERAL, ANY_ONE, ANY, ANY_FOLDERS, ANY_DEEP } type;
	char c; /* LITERAL */
};

/* Reads the next element; false at the end. first: nothing, or a slash, stands before it. */
static bool next_token(const char **p, enum glob kind, bool first, struct token *ret)
{
	const char *s = *p;
	if (!*s)
		return false;
	if (*s == '*') {
		bool deep = kind == GLOB_PATH && s[1] == '*';
		s += strspn(s, "*");
		bool folders = deep && first && *s == '/';
		*ret = (struct token){.type = folders ? ANY_FOLDERS : deep ? ANY_DEEP : ANY};
		*p = s + folders;
		return true;
	}
	bool escaped = *s == '\\' && s[1];
	s += escaped;
	*ret = (struct token){.type = *s == '?' && !escaped ? ANY_ONE : LITERAL, .c = *s};
	*p = s + 1;
	return true;
}

/* at[i]: the pattern up to here can match the first i bytes. Becomes the same with one element more. Returns whether there
 * is such an i. */
static bool advance(bool *at, const char *text, size_t n, enum glob kind, const struct token *t)
{
	bool before = false, any = false, within = false; /* before: at[i - 1] as it was; within: what the wildcard has reached */
	for (size_t i = 0; i <= n; i++) {
		bool was = at[i];
		bool one = i > 0 && before && !(kind == GLOB_PATH && t->type == ANY_ONE && text[i - 1] == '/');
		switch (t->type) {
		case LITERAL:
			at[i] = one && text[i - 1] == t->c;
			break;
		case ANY_ONE:
			at[i] = one;
			break;
		case ANY:
			within = was || (within && !(kind == GLOB_PATH && text[i - 1] == '/'));
			at[i] = within;
			break;
		case ANY_DEEP:
			within = was || within;
			at[i] = within;
			break;
		case ANY_FOLDERS:
			at[i] = was || (within && text[i - 1] == '/');
			within = was || within;
			break;
		}
		before = was;
		any = any || at[i];
	}
	return any;
}

static bool match(const char *pattern, const char *text, enum glob kind)
{
	size_t n = strlen(text);
	if (n > PATTERN_WORD_MAX)
		return false;
	bool *at MEM_FREE = mem_alloc((n + 1) * sizeof *at);
	struct token t;
	bool any = at[0] = true;
	const char *begin = pattern;
	while (any && next_token(&pattern, kind, pattern == begin || pattern[-1] == '/', &t))
		any = advance(at, text, n, kind, &t);
	return any && at[n];
}

bool pattern_text(const char *pattern, const char *text)
{
	return match(pattern, text, GLOB_TEXT);
}

bool pattern_path(const char *pattern, const char *path)
{
	return match(pattern, path, GLOB_PATH);
}

bool pattern_has_wildcard(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*' || *pattern == '?')
			return true;
		if (*pattern == '\\' && pattern[1])
			pattern++;
	}
	return false;
}

int pattern_weight(const char *pattern)
{
	int weight = pattern_has_wildcard(pattern) ? 0 : 1;
	for (; *pattern; pattern++) {
		if (*pattern == '\\' && pattern[1])
			pattern++;
		else if (strchr("*? ", *pattern))
			continue;
		weight++;
	}
	return weight;
}

char *pattern_of(const char *text)
{
	struct str out = STR_INIT;
	str_adds(&out, "");
	for (; *text; text++) {
		if (strchr("*?\\", *text))
			str_addc(&out, '\\');
		str_addc(&out, *text);
	}
	return str_take(&out);
}

/* ---- scopes ---- */

static bool pathspec_has(const char *spec, const char *path, bool *ret_unknown)
{
	size_t len = strlen(spec);
	while (len && spec[len - 1] == '/')
		len--;
	if (len == 0 || strcmp(spec, ".") == 0)
		return true;
	if (strncmp(path, spec, len) == 0 && (path[len] == '/' || !path[len]))
		return true;
	if (!strpbrk(spec, "*?[\\"))
		return false;
	int r = fnmatch(spec, path, 0);
	*ret_unknown = *ret_unknown || (r != 0 && r != FNM_NOMATCH);
	return r == 0;
}

enum pattern_scope pattern_scope(const struct strv *scope, const char *path)
{
	bool inside = false, only_exclusions = true, excluded = false, unknown = false;
	for (size_t i = 0; i < scope->n; i++) {
		const char *spec = scope->v[i];
		if (spec[0] == ':' && (spec[1] == '!' || spec[1] == '^') && spec[2] != ':') {
			excluded = pathspec_has(spec + 2, path, &unknown) || excluded;
			continue;
		}
		only_exclusions = false;
		if (spec[0] == ':')
			unknown = true;
		else
			inside = pathspec_has(spec, path, &unknown) || inside;
	}
	if (path[0] == '/' || excluded)
		return SCOPE_OUTSIDE;
	return unknown ? SCOPE_UNKNOWN : inside || only_exclusions ? SCOPE_INSIDE : SCOPE_OUTSIDE;
}
