/* What a process inside a session says to its supervisor, through the session's mailbox. */
#ifndef CLI_MAIL_H
#define CLI_MAIL_H

#include <json-c/json.h>

#include "base/err.h"

enum { MAIL_WAIT_MS = 60000, MAIL_WAIT_FOREVER = -1 };

/* Sends the message (taken over) and waits for its answer. A refusal by the supervisor is ERR_REFUSED. */
int mail_call(struct json_object *message, int timeout_ms, struct json_object **ret, struct err *err) NODISCARD;

#endif
