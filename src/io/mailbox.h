/* A session's process talking to its supervisor: one line of JSON a request, over the session's own socket
 * (MUSTER_SOCKET; hold/proto.h, AGENT MAILBOX). The holder that serves it outlives musterd, so a request that was
 * numbered is not lost, and its answer may take as long as a person needs. Blocking, no event loop; closing
 * the mailbox withdraws every request that is still open. */
#ifndef IO_MAILBOX_H
#define IO_MAILBOX_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { MAILBOX_REPLY_MAX = 4 << 20 }; /* bytes of answers not yet fetched */

struct mailbox {
	int fd; /* -1 while closed; poll it for POLLIN, then mailbox_wait() with timeout 0 */
	struct str in;
};

/* Connects to the socket at `path`; NULL means $MUSTER_SOCKET. ERR_USAGE when that is not set: not in a session. */
int mailbox_init(struct mailbox *m, const char *path, struct err *err) NODISCARD;
void mailbox_fini(struct mailbox *m);

/* Sends one request (JSON without a newline) and waits until the holder has it safe; *ret_request is its number. */
int mailbox_send(struct mailbox *m, const void *json, size_t len, uint64_t *ret_request, struct err *err) NODISCARD;

/* Waits for the answer to a request: 1 when its JSON was appended to ret, 0 when timeout_ms (-1: none) is over, -1
 * with err when the holder is gone. Answers to other requests are kept for their own call. */
int mailbox_wait(struct mailbox *m, uint64_t request, int timeout_ms, struct str *ret, struct err *err) NODISCARD;

/* Drops every answer that is here by now, without waiting: for a client that wants its requests to be safe and does
 * not care what is answered. */
void mailbox_drop_answers(struct mailbox *m);

/* Both in one: 0, or -1 with err (also when the time is over). */
int mailbox_call(struct mailbox *m, const char *json, int timeout_ms, struct str *ret, struct err *err) NODISCARD;

#endif
