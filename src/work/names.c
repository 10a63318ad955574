#include "work/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { SLUG_WORDS = 5, SLUG_LEN = 40 };

static bool is_name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-';
}

static int wrong_char(const char *name, struct err *err)
{
	for (const char *p = name; *p; p++) {
		if (is_name_char(*p))
			continue;
		if (*p == ' ')
			return err_set(err, ERR_USAGE, "a name has no spaces: \"%s\"", name);
		if (*p == '/')
			return err_set(err, ERR_USAGE, "a name has no slashes: \"%s\"", name);
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(err, ERR_USAGE, "a name has no newlines or other control characters");
		return err_set(err, ERR_USAGE,
			       "a name has only letters, digits, dot, dash and underscore: \"%.100s\"", name);
	}
	return 0;
}

int name_check(const char *name, struct err *err)
{
	size_t len = strlen(name);
	if (len == 0)
		return err_set(err, ERR_USAGE, "a name is not empty");
	if (len > NAME_MAX_LEN)
		return err_set(err, ERR_USAGE, "a name has at most %d characters, this one has %zu: \"%.32s…\"",
			       NAME_MAX_LEN, len, name);
	if (wrong_char(name, err) < 0)
		return -1;
	if (name[0] == '.' || name[0] == '-')
		return err_set(err, ERR_USAGE, "a name does not begin with a %s: \"%s\"",
			       name[0] == '.' ? "dot" : "dash", name);
	if (strstr(name, ".."))
		return err_set(err, ERR_USAGE, "a name has no two dots in a row: \"%s\"", name);
	if (name[len - 1] == '.')
		return err_set(err, ERR_USAGE, "a name does not end with a dot: \"%s\"", name);
	if (len >= 5 && strcmp(name + len - 5, ".lock") == 0)
		return err_set(err, ERR_USAGE, "a name does not end with .lock: \"%s\"", name);
	return 0;
}

/* Words that say nothing about the task. */
static bool is_filler(const char *word, size_t len)
{
	static const char *const fillers[] = {"a",      "an", "and",  "for", "in", "of",  "on",
					      "please", "so", "that", "the", "to", "with"};
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
		if (strlen(fillers[i]) == len && memcmp(fillers[i], word, len) == 0)
			return true;
	return false;
}

static void add_slug(struct str *out, const char *prompt)
{
	int words = 0;
	while (*prompt && words < SLUG_WORDS) {
		char word[SLUG_LEN];
		size_t len = 0;
		while (*prompt && !isalnum((unsigned char)*prompt))
			prompt++;
		for (; isalnum((unsigned char)*prompt); prompt++)
			if (len < sizeof word)
				word[len++] = (char)tolower((unsigned char)*prompt);
		if (len == 0 || is_filler(word, len))
			continue;
		if (out->len + 1 + len > SLUG_LEN && words)
			break;
		if (words++)
			str_addc(out, '-');
		str_add(out, word, len);
	}
}

char *name_from_prompt(const char *prompt, name_taken_fn *taken, void *data)
{
	struct str slug STR_FREE = STR_INIT;
	add_slug(&slug, prompt);
	if (slug.len == 0)
		str_adds(&slug, "session");
	char *name = mem_strdup(str_c(&slug));
	for (unsigned n = 2; taken(name, data); n++) {
		free(name);
		name = mem_printf("%s-%u", str_c(&slug), n);
	}
	return name;
}

int decision_name_check(const char *name, struct err *err)
{
	size_t len = name ? strlen(name) : 0;
	bool good = len > 0 && len <= DECISION_NAME_MAX && isalnum((unsigned char)name[0]);
	for (size_t i = 0; good && i < len; i++)
		good = isalnum((unsigned char)name[i]) || strchr("._-", name[i]);
	if (good)
		return 0;
	return err_set(err, ERR_USAGE,
	               "a decision is named by 1 to %d letters, digits, '.', '_' and '-', and begins with a letter or digit",
	               DECISION_NAME_MAX);
}
