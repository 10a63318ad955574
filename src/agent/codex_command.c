/* Shell commands as Codex names them: the words of `bash -lc SCRIPT`, quoted as a shell would read them. */
#include <string.h>

#include "agent/codex.h"
#include "base/attr.h"
#include "base/mem.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* What stands in double quotes from *at on, up to behind the closing one. */
static bool add_quoted(const char **at, struct str *out)
{
	for (; **at && **at != '"'; (*at)++) {
		if (**at == '\\' && (*at)[1] && strchr("\"\\$`", (*at)[1]))
			(*at)++;
		str_addc(out, **at);
	}
	if (!**at)
		return false;
	(*at)++;
	return true;
}

/* The next word, without its quotes. False at the end, and when a quote is not closed. */
static bool next_word(const char **at, struct str *out)
{
	str_reset(out);
	while (is_blank(**at))
		(*at)++;
	if (!**at)
		return false;
	while (**at && !is_blank(**at)) {
		char c = *(*at)++;
		if (c == '\'') {
			const char *end = strchr(*at, '\'');
			if (!end)
				return false;
			str_add(out, *at, (size_t)(end - *at));
			*at = end + 1;
		} else if (c == '"') {
			if (!add_quoted(at, out))
				return false;
		} else if (c == '\\' && **at) {
			str_addc(out, *(*at)++);
		} else {
			str_addc(out, c);
		}
	}
	return true;
}

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/* Only the system's own: a program of that name in another folder may be anything, and is to be seen. */
static bool is_shell(const char *word)
{
	static const char *const names[] = {"bash", "sh", "zsh"}, *const folders[] = {"/bin/", "/usr/bin/"};
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		size_t len = strlen(folders[i]);
		if (strncmp(word, folders[i], len) == 0)
			return is_one_of(word + len, names, ARRAY_LEN(names));
	}
	return is_one_of(word, names, ARRAY_LEN(names));
}

char *codex_command_script(const char *command)
{
	static const char *const flags[] = {"-lc", "-c"};
	struct str word STR_FREE = STR_INIT;
	const char *at = command;
	if (!next_word(&at, &word))
		return mem_strdup(command);
	if (!is_shell(str_c(&word)) || !next_word(&at, &word) || !is_one_of(str_c(&word), flags, ARRAY_LEN(flags)) ||
	    !next_word(&at, &word) || at[strspn(at, " \t\n")])
		return mem_strdup(command);
	return mem_strdup(str_c(&word));
}
