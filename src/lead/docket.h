/* The docket: everything that needs the lead, ranked, and the lead's answers. */
#ifndef LEAD_DOCKET_H
#define LEAD_DOCKET_H

#include "work/engine.h"

/* What is known of each kind of item. X(NAME, text, weight, what it is to the lead).
 * weight: how much of the lead's time one is worth before anything is known of the session, relative to others. */
#define DOCKET_KINDS(X)                                                                 \
	X(PERMISSION, "permission", 40, "the agent asks before it does something")      \
	X(DECISION, "decision", 35, "sessions wait for it, or propose it")             \
	X(QUESTION, "question", 30, "the agent asks what to do")                        \
	X(FAILURE, "failure", 20, "something ended badly")                              \
	X(INTEGRATION, "integration", 20, "a landing was refused, or the gate failed")  \
	X(REVIEW, "review", 10, "there is work to look at")

engine_verb docket_list;   /* docket.list */
engine_verb docket_answer; /* docket.answer */

#endif
