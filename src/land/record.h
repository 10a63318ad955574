/* How far a landing is: all that must survive a kill at any instant. Whoever runs a landing writes the record
 * down after each step and hands it to the next one. */
#ifndef LAND_RECORD_H
#define LAND_RECORD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"

/* X(NAME, text, ended) */
#define LAND_STATES(X)                                                                        \
	X(QUEUED, "queued", false)                                                            \
	X(MERGING, "merging", false)     /* checks, and the commit that is to be tested */    \
	X(TESTING, "testing", false)     /* the gate */                                       \
	X(ADVANCING, "advancing", false) /* it passed: the target is to move to that commit */ \
	X(LANDED, "landed", true)                                                             \
	X(FAILED, "failed", true)   /* conflict, gate, time limit, an error */                \
	X(REFUSED, "refused", true) /* a rule forbids it */

enum land_state {
#define LAND_ENUM(name, text, ended) LAND_##name,
	LAND_STATES(LAND_ENUM)
#undef LAND_ENUM
};

const char *land_state_name(enum land_state s);
bool land_state_parse(const char *text, enum land_state *ret);
bool land_state_ended(enum land_state s);

/* One command of the gate (or of its set-up), run. */
struct land_command {
	char *command;
	bool setup;
	int exit;                    /* its code, or 128 + signal */
	bool timed_out;
	int64_t took_ms;
	int64_t log_offset, log_end; /* its output in the log file */
	char *last_lines;            /* the end of its output, made safe to show */
};

struct land_record {
	enum land_state state;
	struct oid tip;    /* what lands; approved */
	struct oid onto;   /* the target's tip that it was merged with */
	struct oid merged; /* the commit that was made of both */
	int moved;         /* how often the target moved meanwhile */
	char *checkout;    /* the user's checkout of the target, which goes along; or NULL */
	struct land_command *commands;
	size_t n_commands;
	struct strv conflicts; /* paths (bytes) of a failed merge */
	struct strv outside;   /* paths (bytes) outside of the scope */
	char *why;             /* one line: how it ended, when not landed; landed: something to know, or NULL */
};

void land_record_fini(struct land_record *rec);
void land_record_reset_commands(struct land_record *rec);
void land_record_add_command(struct land_record *rec, struct land_command *taken);
void land_command_fini(struct land_command *c);

/* All of the record but state, tip, onto, merged and why, which have columns of their own (store/landing_row.h, column gate):
 *   {moved, checkout|null, commands[{command, setup, exit, timed_out, took_ms, log_offset, log_end, last_lines}],
 *    conflicts[], outside[]}     paths quoted as git does */
struct json_object *land_record_detail(const struct land_record *rec);
/* Reads back what a landing needs to go on (moved, checkout, commands). NULL reads as nothing. */
void land_record_read_detail(struct land_record *rec, struct json_object *detail);

#endif
