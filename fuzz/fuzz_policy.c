/* Shell commands and paths against patterns. What a rule that allows is sure of must hold whatever the command is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lead/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Outside of single and double quotes a plain command has nothing but words. */
static void check_plain(const char *command)
{
	char quote = 0;
	for (const char *p = command; *p; p++) {
		if (quote == *p)
			quote = 0;
		else if (!quote && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (!quote && strchr(";&|<>(){}$`\\*?[]~#!\n\r", *p))
			abort();
		else if (quote == '"' && strchr("$`\\!\n", *p))
			abort();
	}
	if (quote)
		abort();
}

/* The first line is the pattern, the rest the command. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pattern MEM_FREE = mem_strndup((const char *)data, size);
	char *newline = strchr(pattern, '\n');
	const char *command = newline ? newline + 1 : "";
	struct strv words STRV_FREE = STRV_INIT;
	if (newline)
		*newline = '\0';
	bool plain = pattern_command_words(command, &words);
	if (plain)
		check_plain(command);
	if (pattern_command_is(pattern, command) && !plain && pattern_has_wildcard(pattern))
		abort();
	if (plain && !pattern_command_has("*", command))
		abort();
	char *exact MEM_FREE = pattern_of(command);
	if (!pattern_command_is(exact, command) || pattern_has_wildcard(exact))
		abort();
	if (strlen(command) <= PATTERN_WORD_MAX && (!pattern_path(exact, command) || !pattern_text("*", command)))
		abort();
	pattern_command_has(pattern, command);
	pattern_command_opaque(command);
	pattern_path(pattern, command);
	return 0;
}
