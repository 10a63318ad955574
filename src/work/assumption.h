/* Answers to questions that the agent did not wait for, but went on under an assumption.
 *
 * Answered as it assumed, nothing interrupts it. Answered otherwise, it gets a prompt that says so and names what it made
 * since it asked: commits, and files that differ from its last commit before. */
#ifndef WORK_ASSUMPTION_H
#define WORK_ASSUMPTION_H

#include "work/session.h"

/* Does the answer say what was assumed? The key or the label of the option, or else the text, in the same words (letter case,
 * white space and the mark at the end aside). Pure. */
bool assumption_holds(const struct item_row *row);

/* Brings the answer of a question without a request to the agent. True: nothing is left to do; false: a thread looks at the
 * repository first, and the item is delivered afterwards. Repeating it after a crash is fine. */
bool assumption_settle(struct session *s, struct item_row *row);

/* After a start of musterd: what a thread of the last one was looking for. */
void assumption_settle_again(struct session *s);

#endif
