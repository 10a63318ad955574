/* The agent's socket (proto.h, AGENT MAILBOX): lines in, numbered and journaled; answers out. Its clients are not
 * trusted: connections, open requests, the bytes of unfinished lines and of unread answers are all limited. */
#ifndef HOLD_MAIL_H
#define HOLD_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "hold/loop.h"

struct hold;

enum {
	MAIL_UNFINISHED_MAX = 8 << 20, /* bytes of unfinished lines, all connections together */
	MAIL_UNREAD_MAX = 2 << 20,     /* bytes of answers that one connection may leave unread: then it is closed */
};

struct mail_client {
	struct source source;
	struct mail *box;
	struct mail_client *next;
	struct str in, out;
	size_t open;  /* its requests without a reply */
	bool skips;   /* the rest of a line that was refused */
	bool ended;   /* it sends no more, but may still read */
	bool dead;
};

struct mail_request {
	uint64_t number; /* of its entry in the journal */
	struct mail_client *from;
};

struct mail {
	struct hold *hold;
	struct source listener;
	struct mail_client *first;
	size_t n;
	size_t unfinished; /* bytes in all `in` buffers */
	struct mail_request *open; /* in order of number; grown on demand */
	size_t n_open, cap_open;
};

/* Listens on the path. 0 or a negative errno. */
int mail_init(struct mail *m, struct hold *h, const char *path) NODISCARD;
void mail_fini(struct mail *m, const char *path);

/* Passes musterd's answer on. 0 also when the request was answered before or is gone; -EINVAL when the JSON is
 * not one line. */
int mail_reply(struct mail *m, uint64_t number, const void *json, size_t len) NODISCARD;

/* Sends, and frees connections that are over. At the end of each turn. */
void mail_flush(struct mail *m);

#endif
