/* What a client asks for, by message type (proto.h, HOLD_TO_HOLDER). */
#ifndef HOLD_REQUEST_H
#define HOLD_REQUEST_H

#include <stdbool.h>

#include "base/attr.h"
#include "hold/client.h"
#include "io/frame.h"

/* Handles one message. False: it was malformed, or came before HELLO; the connection is to end. */
bool request_handle(struct client *c, const struct frame *f) NODISCARD;

/* Greets a new connection. */
void request_welcome(struct client *c);

#endif
