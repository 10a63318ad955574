/* Patterns of the lead's rules, and what they match. No pattern is a regular expression: * stands for any text, ? for one
 * character, and a backslash takes the meaning from what follows it.
 *
 * COMMANDS. A shell command is more than its text, so one pattern is held against it in two ways:
 *
 *   pattern_command_is     for a rule that allows. It must be sure of all that will run. The command has to be *plain*: one
 *                          program with its arguments on one line. Anything that makes it more is not plain: ; & | ( ) { }
 *                          and newlines, redirections, $ and backquotes, globs and ~ outside of quotes, backslashes,
 *                          comments, ! history, variables set before the program, control characters, non-ASCII letters
 *                          outside of quotes, open quotes. A plain command is matched word by word, after its quotes are
 *                          off: each word of the pattern is one of the command, a last word * is all that follow, also
 *                          none. A wildcard inside a word does not match a word with .. in it. A pattern without a
 *                          wildcard also matches the command that is written exactly so, plain or not: the lead has read it.
 *   pattern_command_has    for a rule that refuses, asks or holds. It must miss as little as it can: the command is taken
 *                          apart at all that could begin another one, quotes or not, redirections and quotes are dropped,
 *                          and the pattern may match from any word on (sudo, env, xargs, sh -c … in front of it), the program with or
 *                          without its folder. What it finds may be an argument that only looks like it.
 *
 * No text can tell what $X or eval will run: pattern_command_opaque says whether a command has such parts.
 *
 * PATHS. Against the path from the top of the workspace, or an absolute one outside of it: * and ? stay within a name, **
 * crosses folders: src/, two stars, /x.c is x.c in src and in any folder below it. */
#ifndef LEAD_PATTERN_H
#define LEAD_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"

enum { PATTERN_COMMAND_MAX = 16 * 1024, PATTERN_WORD_MAX = 4096 }; /* bytes; beyond: opaque, and never matched */

bool pattern_text(const char *pattern, const char *text); /* the whole text; * also matches slashes */
bool pattern_path(const char *pattern, const char *path);
bool pattern_command_is(const char *pattern, const char *command);
bool pattern_command_has(const char *pattern, const char *command);
bool pattern_command_opaque(const char *command);
/* Adds the words of a plain command; false, and nothing added, for any other. */
bool pattern_command_words(const char *command, struct strv *ret);

bool pattern_has_wildcard(const char *pattern);
/* How much it says: the characters but blanks that stand for themselves, and one for having no wildcard. */
int pattern_weight(const char *pattern);
/* The pattern that matches only this text. The caller owns it. */
char *pattern_of(const char *text);

/* Is the path, from the top of the repository, in a scope of git's pathspecs? The common forms are known: folders, files,
 * wildcards and exclusions (:! and :^); of any other nothing is said. An empty scope has everything. */
enum pattern_scope { SCOPE_UNKNOWN, SCOPE_INSIDE, SCOPE_OUTSIDE };
enum pattern_scope pattern_scope(const struct strv *scope, const char *path);

#endif
