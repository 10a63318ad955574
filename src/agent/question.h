/* Questions with choices as agents put them, several at once: [{"question","options":[{"label","description"}],
 * "multiSelect"}]. How they stand on the docket, and which part of the lead's answer belongs to which. */
#ifndef AGENT_QUESTION_H
#define AGENT_QUESTION_H

#include "agent/agent.h"

/* The first question on one line, and how many more there are. The caller owns it. */
char *question_title(struct json_object *questions);
/* One question with one answer has its labels as options; NULL: anything else is answered by text, a line a
 * question. */
struct json_object *question_options(struct json_object *questions);
/* All questions with their choices, for a lead who must answer by text. The caller owns it. */
char *question_context(struct json_object *questions);
/* The words, and the choices where they are not the item's options (choice false). The caller owns it. */
char *question_topic(struct json_object *questions, bool choice);
/* The answer to the question with that number: the chosen label, or the lead's text. Never NULL; the caller owns
 * it. */
char *question_answer(struct json_object *questions, size_t i, const struct agent_answer *answer);

#endif
