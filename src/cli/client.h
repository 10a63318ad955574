/* A blocking JSON-RPC client of musterd's socket for the lead: one request at a time, and the events that come in
 * between. musterd is started when nobody listens. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/dirs.h"
#include "base/err.h"
#include "base/str.h"

enum { CLIENT_LINE_MAX = 64 << 20 }; /* bytes of one line from musterd */

/* What to do with what comes while a call is waited for. Both may be NULL. */
struct client_watch {
	void (*event)(void *arg, struct json_object *params); /* a notification's params; borrowed */
	void (*tick)(void *arg);                              /* about once a second */
	void *arg;
};

struct client {
	struct dirs dirs;
	int fd; /* -1: not connected */
	unsigned next_id;
	struct str in;
	size_t scanned; /* of in, up to here there is no newline */
	struct client_watch watch;
};

enum client_start { CLIENT_START, CLIENT_ONLY_IF_RUNNING };

/* Connects. CLIENT_ONLY_IF_RUNNING: 1, and nothing is set up, when musterd does not run; else 0, or -1 with err. */
int client_init(struct client *c, enum client_start start, struct err *err) NODISCARD;
void client_fini(struct client *c);

/* Calls the method; takes over params (NULL: none). *ret is the caller's reference to the result. Notifications
 * that come with the reply or before it go to watch.event. */
int client_call(struct client *c, const char *method, struct json_object *params, struct json_object **ret,
		struct err *err) NODISCARD;

/* The same with the result written to `fd`, on one line: in the usual case the bytes that musterd sent, neither
 * parsed nor copied. `params` is JSON text. */
int client_pass(struct client *c, const char *method, const char *params, int fd, struct err *err) NODISCARD;

/* Waits for notifications, and hands them to watch.event, until the connection ends (0) or breaks (-1 with err). */
int client_follow(struct client *c, struct err *err) NODISCARD;

/* Takes what has come on `fd`, without waiting, and hands notifications to watch.event: 1 the connection goes on, 0 it
 * has ended, -1 with err it is broken. A call between poll and this may have taken it already. */
int client_take(struct client *c, struct err *err) NODISCARD;

#endif
