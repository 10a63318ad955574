/* Decisions: what the lead decided once, by name, for all sessions of a repository or everywhere.
 *
 * A session awaits a decision, in a request of its mailbox or before it starts (`awaits` of its task), by an open item of
 * kind `decision`: so what is awaited stands on the docket, ranked by all who wait. Making the decision answers them
 * all in one turn. What a session was told is kept (reliance); when another version takes its place it is told again. */
#ifndef WORK_DECISION_H
#define WORK_DECISION_H

#include "store/decision_row.h"
#include "work/session.h"

enum { DECISION_NAME_MAX = 64 };

/* ERR_USAGE: not letters, digits, `.`, `_` and `-`, beginning with a letter or digit. */
int decision_name_check(const char *name, struct err *err) NODISCARD;

/* What decisions for this session are filed under: its repository, or its folder. Borrowed from the session. */
const char *decision_scope(const struct session *s);

struct decision_made {
	const char *scope; /* decision_scope(), or "": everywhere */
	const char *name, *value;
	const char *because; /* or NULL */
	int64_t item;        /* that was answered by it, or 0 */
};

/* Stores it as the version that holds, answers all who await it, and tells those who rely on another value. The value
 * that holds already, for the same reason, is no new version. Returns a Decision (muster-api(7)) with told[] and untold[]:
 * the names of sessions that were told of the change, and of those whose agent takes no prompts. */
struct json_object *decision_make(struct engine *e, const struct decision_made *made);

/* The one that holds for the session; it relies on it from now on. */
bool decision_give(struct session *s, const char *name, struct decision_row *ret);

/* All that hold for the session, as a text that ends its first prompt; it relies on them from now on. NULL: none. The
 * caller owns it. */
char *decision_preface(struct session *s);

/* {name, value, because, version, decided_ms}: what a session is told of one. */
struct json_object *decision_short_json(const struct decision_row *row);
/* As muster-api(7) has it, with the names of those who await it or rely on it. */
struct json_object *decision_json(struct engine *e, const struct decision_row *row);

/* A queued session's task names decisions: those that are not made yet become items, and it is not admitted until none is
 * left. */
void decision_hold_back(struct session *s);

/* An answered item of kind `decision` reaches its session: true when nothing is left to wait for. Their keys begin with
 * DECISION_KEYS. */
#define DECISION_KEYS "decision-"
bool decision_deliver(struct session *s, struct item_row *row);

/* The mailbox's messages. */
void session_mail_await(struct session *s, uint64_t request, struct json_object *msg);
void session_mail_decisions(struct session *s, uint64_t request, struct json_object *msg);
void session_mail_propose(struct session *s, uint64_t request, struct json_object *msg);

#endif
