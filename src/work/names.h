/* Names of sessions, and of decisions. That of a session is what a person types, a branch ends in and a folder is called. */
#ifndef WORK_NAMES_H
#define WORK_NAMES_H

#include <stdbool.h>

#include "base/err.h"

enum { NAME_MAX_LEN = 64, DECISION_NAME_MAX = 64 };

/* 1 to 64 of the characters A-Z a-z 0-9 . _ -, not beginning with a dot or a dash, without "..", not ending
 * in a dot or ".lock" (git's rules for the branch muster/<name>). ERR_USAGE with what is wrong. */
int name_check(const char *name, struct err *err) NODISCARD;

/* The name of a decision: ERR_USAGE for what is not letters, digits, `.`, `_` and `-`, beginning with a letter or digit. */
int decision_name_check(const char *name, struct err *err) NODISCARD;

/* Tells whether a name is in use. */
typedef bool name_taken_fn(const char *name, void *data);

/* A short name out of a prompt's first words ("Fix the flaky player test!" is "fix-flaky-player-test"), "session"
 * when there are none; -2, -3… is added while taken() says so. The caller owns it. */
char *name_from_prompt(const char *prompt, name_taken_fn *taken, void *data);

#endif
