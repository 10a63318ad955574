/* The Program Status Protocol: what a program says of itself in `OSC 7501 ; key=value:key=value ST`.
 *
 * A report is a list of pairs joined by ":". Keys:
 *   state     idle | working | done | blocked | error | clear                      (required)
 *   kind      permission | question | auth: what a blocked program waits for
 *   app       the program's name
 *   id        a path of at most 8 levels ("main/worker"): reports of children; "" when missing
 *   progress  0 to 100
 *   title     base64 of UTF-8 text
 *   msg       base64 of UTF-8 text
 * Each report replaces the whole record of its id; "clear" removes it. A key that is not known is skipped, a
 * key that is given twice or a value that breaks a limit makes the whole report invalid, so that nothing is ever
 * cut and believed. Decoded texts with control characters or invalid UTF-8 are refused.
 *
 * status_parse is a pure function; struct status_set keeps the records of one program tree. */
#ifndef TERM_STATUS_H
#define TERM_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum {
	STATUS_BYTES_MAX = 4096, /* a whole sequence, from ESC to its terminator */
	STATUS_MSG_MAX = 2048,   /* bytes, decoded */
	STATUS_TITLE_MAX = 192,  /* bytes, decoded */
	STATUS_APP_MAX = 64,
	STATUS_ID_MAX = 128,
	STATUS_ID_LEVELS_MAX = 8,
	STATUS_RECORDS_MAX = 256,
	STATUS_PROGRESS_NONE = -1,
};

/* X(NAME, word) */
#define STATUS_STATES(X)                                                                                           \
	X(IDLE, "idle")                                                                                            \
	X(WORKING, "working")                                                                                      \
	X(DONE, "done")                                                                                            \
	X(BLOCKED, "blocked")                                                                                      \
	X(ERROR, "error")                                                                                          \
	X(CLEAR, "clear")

#define STATUS_KINDS(X)                                                                                            \
	X(NONE, "")                                                                                                \
	X(PERMISSION, "permission")                                                                                \
	X(QUESTION, "question")                                                                                    \
	X(AUTH, "auth")

#define STATUS_STATE_ENUM(name, word) STATUS_##name,
enum status_state { STATUS_STATES(STATUS_STATE_ENUM) };
#undef STATUS_STATE_ENUM

#define STATUS_KIND_ENUM(name, word) STATUS_KIND_##name,
enum status_kind { STATUS_KINDS(STATUS_KIND_ENUM) };
#undef STATUS_KIND_ENUM

struct status_report {
	enum status_state state;
	enum status_kind kind; /* STATUS_KIND_NONE unless the state is blocked */
	int progress;          /* 0 to 100, or STATUS_PROGRESS_NONE */
	char id[STATUS_ID_MAX + 1];
	char app[STATUS_APP_MAX + 1];
	char title[STATUS_TITLE_MAX + 1];
	char msg[STATUS_MSG_MAX + 1];
};

const char *status_state_name(enum status_state state);
const char *status_kind_name(enum status_kind kind);

/* Parses the pairs (what stands between "7501;" and the terminator). Returns 0, or -EBADMSG with *ret
 * untouched. */
int status_parse(const char *pairs, size_t len, struct status_report *ret) NODISCARD;

/* A record that is kept; texts are never NULL. */
struct status_record {
	enum status_state state;
	enum status_kind kind;
	int progress;
	char *id, *app, *title, *msg;
};

struct status_set {
	struct status_record *v; /* in order of first appearance */
	size_t n;
};

void status_set_fini(struct status_set *s);

/* Replaces, adds or (state clear) removes the record of the report's id. Returns true when the state or the kind
 * that the set tells about this id is another one than before. A new record beyond STATUS_RECORDS_MAX is not kept,
 * and false comes back. */
bool status_set_apply(struct status_set *s, const struct status_report *report);

/* The program has ended: what was working or blocked is no more; idle, done and error records stay. */
void status_set_exited(struct status_set *s);

const struct status_record *status_set_find(const struct status_set *s, const char *id);

#endif
