/* The bridge's side of the session's mailbox: lines that need no answer, requests that each wait for one, and
 * orders. Each request has a connection of its own: closing it is how it is withdrawn. */
#ifndef BRIDGE_MAIL_H
#define BRIDGE_MAIL_H

#include <poll.h>
#include <stdbool.h>

#include "fmt/json.h"
#include "io/mailbox.h"

struct mail_ask {
	struct mail_ask *next;
	struct mailbox box;
	uint64_t request;
	struct json_object *id; /* the app-server's */
};

struct mail {
	struct mailbox lines, orders;
	int n_lines;   /* sent on this connection */
	uint64_t next; /* the request that waits for orders */
	struct mail_ask *asks;
	uint64_t lost; /* messages that the holder would not take */
};

int mail_open(struct mail *m, struct err *err) NODISCARD;
void mail_close(struct mail *m);

/* All -1 with err when the holder is gone, and without it there is nothing to go on for. */
int mail_line(struct mail *m, const char *event, struct json_object *data, struct err *err) NODISCARD;
int mail_ask(struct mail *m, struct json_object *message, struct err *err) NODISCARD;
int mail_next(struct mail *m, struct err *err) NODISCARD;

/* The app-server has its answer. */
void mail_resolved(struct mail *m, struct json_object *id);
void mail_drop_asks(struct mail *m);

/* What was answered by now, without waiting; NULL when nothing was. ret_id is of the request that it answers, and
 * the caller's; both are. */
struct json_object *mail_answer(struct mail *m, struct json_object **ret_id);
struct json_object *mail_orders(struct mail *m);

/* Adds the descriptors to wait for; ret has room for MAIL_FDS_MAX. */
enum { MAIL_FDS_MAX = 34 };
size_t mail_fds(struct mail *m, struct pollfd *ret);
/* After the wait: drops what needs no answer. -1 when the holder is gone. */
int mail_woke(struct mail *m, const struct pollfd *fds, size_t n) NODISCARD;

#endif
