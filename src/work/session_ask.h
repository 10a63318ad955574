/* Questions of `muster ask`: one or a batch, waited for or not. */
#ifndef WORK_SESSION_ASK_H
#define WORK_SESSION_ASK_H

#include "work/session.h"

enum {
	ASK_OPEN_MAX = 100,  /* a session's open items; beyond, a question is refused with a line that says so */
	ASK_BATCH_MAX = 50,  /* questions of one ask_many */
	ASK_OPTIONS_MAX = 50 /* of one question */
};

/* The mailbox's messages. A question that the session has asked already and does not wait for is the same item. */
void session_mail_ask(struct session *s, uint64_t request, struct json_object *msg);
void session_mail_ask_many(struct session *s, uint64_t request, struct json_object *msg);

/* An answered question reaches its session: true when nothing is left to wait for. */
bool session_ask_deliver(struct session *s, struct item_row *row);

#endif
