/* The client's side of a WebSocket over a unix socket: the handshake, and whole text messages both ways. Frames are
 * wslay's. Nothing blocks but ws_connect(), for a moment. */
#ifndef BRIDGE_WS_H
#define BRIDGE_WS_H

#include <stdbool.h>
#include <wslay/wslay.h>

#include "base/err.h"
#include "base/str.h"

enum { WS_MESSAGE_MAX = 64 << 20, WS_HEADER_MAX = 8192 }; /* bytes */

typedef void ws_message(void *arg, const char *text, size_t len);

struct ws {
	int fd; /* -1: not connected */
	struct wslay_event_context *frames;
	struct str early; /* what came together with the answer to the handshake */
	ws_message *on_message;
	void *arg;
};

/* Connects to the path, which may be a symbolic link. -1 with err, and nothing to release. */
int ws_connect(struct ws *w, const char *path, ws_message *on_message, void *arg, struct err *err) NODISCARD;
void ws_close(struct ws *w);

/* Queues a message; it is sent as the socket takes it. */
void ws_send(struct ws *w, const char *text, size_t len);
bool ws_wants_to_write(const struct ws *w);
/* Reads and writes what there is. -1: the connection has ended, or what came was no WebSocket; close it. */
int ws_pump(struct ws *w) NODISCARD;

/* Where the answer to a handshake ends: its length with the empty line; 0 when there is more to come, -1 when it is
 * no agreement. */
int ws_answer_len(const char *bytes, size_t len);

#endif
