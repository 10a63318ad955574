/* Shell commands against patterns: see pattern.h for what each of the two ways promises. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "lead/pattern.h"

#define BLANKS " \t"

/* ---- plain commands, for rules that allow ---- */

/* All that may stand outside of quotes: a list of what is known to mean nothing, not of what is known to mean something. */
static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-./:=@%+,", c));
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* What stands between two quotes, appended to the word; NULL when it is more than text. */
static const char *take_quoted(const char *p, struct str *word)
{
	char quote = *p++;
	for (; *p && *p != quote; p++) {
		if (is_control(*p) || (quote == '"' && strchr("$`\\!", *p)))
			return NULL;
		str_addc(word, *p);
	}
	return *p ? p + 1 : NULL;
}

/* One word; NULL when it is not plain. */
static const char *take_word(const char *p, bool program, struct str *word)
{
	str_reset(word);
	while (*p && !strchr(BLANKS, *p)) {
		if (*p == '\'' || *p == '"') {
			p = take_quoted(p, word);
			if (!p)
				return NULL;
		} else if (!is_bare(*p) || (program && *p == '=')) {
			return NULL;
		} else {
			str_addc(word, *p++);
		}
	}
	return p;
}

bool pattern_command_words(const char *command, struct strv *ret)
{
	struct strv words STRV_FREE = STRV_INIT;
	struct str word STR_FREE = STR_INIT;
	if (strlen(command) > PATTERN_COMMAND_MAX)
		return false;
	for (const char *p = command + strspn(command, BLANKS); *p; p += strspn(p, BLANKS)) {
		p = take_word(p, words.n == 0, &word);
		if (!p)
			return false;
		strv_add(&words, str_c(&word));
	}
	if (words.n == 0 || !*words.v[0])
		return false;
	strv_add_all(ret, (const char *const *)strv_argv(&words));
	return true;
}

/* The words of a pattern; a backslash before a blank keeps it, and stays before anything else. */
static void pattern_words(const char *pattern, struct strv *ret)
{
	struct str word STR_FREE = STR_INIT;
	for (const char *p = pattern; *p; p++) {
		if (*p == '\\' && p[1]) {
			if (!strchr(BLANKS, p[1]))
				str_addc(&word, *p);
			str_addc(&word, *++p);
		} else if (!strchr(BLANKS, *p)) {
			str_addc(&word, *p);
		} else if (word.len) {
			strv_add(ret, word.data);
			str_reset(&word);
		}
	}
	if (word.len)
		strv_add(ret, word.data);
}

static bool is_exactly(const char *pattern, const char *command)
{
	if (pattern_has_wildcard(pattern))
		return false;
	for (; *pattern; pattern++, command++) {
		if (*pattern == '\\' && pattern[1])
			pattern++;
		if (*pattern != *command)
			return false;
	}
	return !*command;
}

static bool fits_surely(const char *pattern, const char *word)
{
	if (strstr(word, "..") && !strstr(pattern, "..") && pattern_has_wildcard(pattern))
		return false;
	return pattern_text(pattern, word);
}

bool pattern_command_is(const char *pattern, const char *command)
{
	struct strv words STRV_FREE = STRV_INIT, want STRV_FREE = STRV_INIT;
	if (is_exactly(pattern, command))
		return true;
	if (!pattern_command_words(command, &words))
		return false;
	pattern_words(pattern, &want);
	bool rest = want.n > 0 && strcmp(want.v[want.n - 1], "*") == 0;
	size_t n = want.n - rest;
	if (want.n == 0 || (rest ? words.n < n : words.n != n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!fits_surely(want.v[i], words.v[i]))
			return false;
	return true;
}

/* ---- anything that could be in a command, for rules that do not allow ---- */

/* The words of a command, with NULL after each part of it that could run by itself. */
struct parts {
	struct strv words;
	bool *last; /* of a part */
	size_t room;
	struct str word;
	bool skip; /* the word is the file of a redirection */
};

static void end_word(struct parts *p)
{
	if (p->word.len && !p->skip) {
		if (p->words.n == p->room) {
			p->room = p->room ? 2 * p->room : 16;
			p->last = mem_resize(p->last, p->room, sizeof *p->last);
		}
		p->last[p->words.n] = false;
		strv_add(&p->words, p->word.data);
	}
	if (p->word.len)
		p->skip = false;
	str_reset(&p->word);
}

static void end_part(struct parts *p)
{
	end_word(p);
	p->skip = false;
	if (p->words.n)
		p->last[p->words.n - 1] = true;
}

static bool is_number(const struct str *s)
{
	return s->len && strspn(s->data, "0123456789") == s->len;
}

/* At < or >, or & before it: the operator and the file that follows are no words of the command. Returns its last byte. */
static const char *redirection(struct parts *p, const char *at)
{
	if (is_number(&p->word))
		str_reset(&p->word);
	end_word(p);
	at += strspn(at, "<>&|") - 1;
	p->skip = at[1] != '(';
	return at;
}

/* A word begins with #, or with nothing: no word is open. */
static const char *take_liberally(struct parts *p, const char *at)
{
	if (*at == '\\') {
		if (at[1] == '\n')
			return at + 1; /* the line goes on */
		if (at[1])
			str_addc(&p->word, *++at);
	} else if (*at == '$' && (at[1] == '\'' || at[1] == '"')) {
		return at; /* another way to quote */
	} else if (*at == '<' || *at == '>' || (*at == '&' && (at[1] == '>' || at[1] == '<'))) {
		return redirection(p, at);
	} else if (strchr(";&|(){}`\n\r", *at) || (*at == '#' && p->word.len == 0)) {
		end_part(p);
	} else if (strchr(" \t\v\f", *at)) {
		end_word(p);
	} else if (*at != '\'' && *at != '"') {
		str_addc(&p->word, *at);
	}
	return at;
}

static void take_apart(const char *command, struct parts *ret)
{
	*ret = (struct parts){0};
	for (const char *at = command; *at; at++)
		at = take_liberally(ret, at);
	end_part(ret);
}

static void parts_fini(struct parts *p)
{
	strv_fini(&p->words);
	str_fini(&p->word);
	free(p->last);
}

static bool fits_maybe(const char *pattern, const char *word, bool program)
{
	const char *slash = program ? strrchr(word, '/') : NULL;
	return pattern_text(pattern, word) || (slash && pattern_text(pattern, slash + 1));
}

/* Does the pattern match the words from i to the end of their part? */
static bool fits_from(const struct strv *want, const struct parts *p, size_t i)
{
	bool rest = strcmp(want->v[want->n - 1], "*") == 0;
	size_t n = want->n - rest;
	for (size_t k = 0; k < n; k++) {
		if (i + k >= p->words.n || !fits_maybe(want->v[k], p->words.v[i + k], k == 0))
			return false;
		if (p->last[i + k])
			return k + 1 == n;
	}
	return rest;
}

/* The patterns of these rules lose their quotes as the commands do. */
static char *without_quotes(const char *pattern)
{
	struct str out = STR_INIT;
	str_adds(&out, "");
	for (; *pattern; pattern++)
		if (*pattern != '\'' && *pattern != '"')
			str_addc(&out, *pattern);
	return str_take(&out);
}

bool pattern_command_has(const char *pattern, const char *command)
{
	struct strv want STRV_FREE = STRV_INIT;
	struct parts parts CLEANUP(parts_fini) = {0};
	bool found = is_exactly(pattern, command) || strcmp(pattern, "*") == 0;
	if (found || strlen(command) > PATTERN_COMMAND_MAX)
		return found;
	MEM_FREE char *bare = without_quotes(pattern);
	pattern_words(bare, &want);
	take_apart(command, &parts);
	for (size_t i = 0; want.n && i < parts.words.n && !found; i++)
		found = fits_from(&want, &parts, i);
	return found;
}

bool pattern_command_opaque(const char *command)
{
	static const char *const readers[] = {"eval *", "source *", ". *", "xargs *", "sh", "bash"};
	if (strlen(command) > PATTERN_COMMAND_MAX || strpbrk(command, "$`{*?["))
		return true;
	for (const char *p = command; *p; p++)
		if (is_control(*p) && !strchr("\n\t", *p))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (pattern_command_has(readers[i], command))
			return true;
	return false;
}
