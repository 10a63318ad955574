/* The connections of musterd and of viewers (proto.h, the lead's socket).
 *
 * A connection costs bounded memory: one incoming frame and a bounded queue. Events and output for followers
 * are read from the session's files at the follower's own pace. A viewer that is too slow gets no more output
 * until it has taken what it was sent, and then the screen as it is (SCREEN). Of a flood, which nobody can read, all
 * viewers get pictures of the screen, 50 a second, and not every byte. One that does not read its answers is not read
 * from. */
#ifndef HOLD_CLIENT_H
#define HOLD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "hold/journal.h"
#include "hold/loop.h"
#include "hold/outlog.h"
#include "hold/proto.h"
#include "hold/sieve.h"

struct hold;

enum {
	CLIENT_BACKLOG = 512,          /* connections that wait to be accepted */
	CLIENT_HEAD = 64,              /* more than what any message has around its bytes */
	CLIENT_CHUNK = 64 << 10,       /* bytes of events or output put into the queue at a time */
	CLIENT_QUEUE_HIGH = 256 << 10, /* with more waiting, no requests are read */
	CLIENT_VIEW_MAX = 512 << 10,   /* with more waiting, a viewer is redrawn later instead */
};

struct client {
	struct source source;
	struct hold *hold;
	struct client *next;
	uint64_t serial; /* names the connection for good */
	bool greeted;
	bool dead;      /* closed, and freed at the end of the turn */
	bool held_back; /* has requests that wait until it has read more answers */
	bool refuses_input; /* until an INPUT with an id was refused too: see proto.h */
	struct str in, out;
	size_t sent; /* bytes of out that are written */

	uint16_t cols, rows; /* its window, 0: not told */
	bool attached;
	bool stale; /* the viewer needs a SCREEN before more output */

	bool follows_output;
	uint64_t output_at;
	struct outlog_reader output;

	bool follows_events;
	struct journal_reader events;
};

struct clients {
	struct hold *hold;
	struct source listener;
	struct client *first;
	size_t n;
	uint64_t last_serial;
	bool dirty;         /* somebody may have something to send */
	struct sieve sieve; /* for the viewers, all of which get the same */
	int64_t ahead, ahead_ms; /* bytes of output ahead of what a viewer can take, as of then */
	struct timer picture;    /* armed: a flood, and when its next picture is due */
	uint64_t pictured;       /* the offset of the last one */
};

/* Listens on the path and, with control >= 0, takes that connection. 0 or a negative errno. */
int clients_init(struct clients *cs, struct hold *h, const char *path, int control);
void clients_fini(struct clients *cs, const char *path);

/* Sends what there is to send. To be called at the end of each turn. */
void clients_flush(struct clients *cs);

/* Answers a request. id 0 or a connection that is gone: nothing happens. error is a positive errno or 0. */
void clients_ack(struct clients *cs, uint64_t client, uint32_t id, int error, const char *message);

static inline size_t client_waiting(const struct client *c) /* bytes in its queue */
{
	return c->out.len - c->sent;
}

/* Queues a message. */
void client_send(struct client *c, enum hold_message type, const struct str *payload);
struct client *clients_find(const struct clients *cs, uint64_t serial);

/* A message to all that follow events. */
void clients_tell_followers(struct clients *cs, enum hold_message type, const struct str *payload);
bool clients_following(const struct clients *cs); /* somebody follows events */
bool clients_attached(const struct clients *cs);  /* somebody sees the terminal */
bool clients_watching(const struct clients *cs);  /* the same, or somebody follows the output */

/* The agent wrote bytes, which are in the log and on the screen already; offset is where they start. */
void clients_output(struct clients *cs, uint64_t offset, const void *bytes, size_t len);
/* All viewers need a new picture. */
void clients_redraw(struct clients *cs);
/* Another agent's terminal begins. */
void clients_new_terminal(struct clients *cs);

void clients_view_init(struct clients *cs);
void client_draw(struct client *c); /* the picture that a viewer needs, once it can take it */
void client_attach(struct client *c);
void client_detach(struct client *c);
/* Brings the terminal to the size of the smallest attached window, and tells everybody when it changed. */
void clients_fit(struct clients *cs);

#endif
