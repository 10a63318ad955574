/* musterd's end of the connection to one holder (hold/proto.h).
 *
 * Everything sent is held back until hold_hub_flush(), which musterd calls after the turn's commit: a holder
 * never sees an order or an answer that is not in the store. All callbacks run on the loop thread, never from
 * inside the function that caused them. */
#ifndef RUNNER_HOLD_CLIENT_H
#define RUNNER_HOLD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/strv.h"
#include "hold/proto.h"

/* The clients of one loop that have something to send. */
struct hold_hub;

struct hold_hub *hold_hub_new(uv_loop_t *loop);
void hold_hub_free(struct hold_hub *hub); /* after its clients */
void hold_hub_flush(struct hold_hub *hub);

struct hold_welcome {
	uint32_t pid;
	uint32_t generation; /* 0: nothing spawned yet */
	bool running, paused;
	uint64_t last_event, output_start, output_end;
	uint16_t cols, rows;
};

struct hold_live {
	int64_t last_output_ms; /* wall clock, 0: none yet */
	const char *title;
	int progress; /* 0 to 100, -1 none */
};

struct hold_handler {
	void (*welcome)(void *arg, const struct hold_welcome *w);
	void (*event)(void *arg, uint64_t number, int64_t wall_ms, enum hold_event kind, const uint8_t *payload,
	              size_t len);
	void (*output)(void *arg, uint64_t offset, const void *bytes, size_t len);
	void (*live)(void *arg, const struct hold_live *live);
	/* The connection is over, or could not be made: error is a negative errno (-EPIPE: the holder closed it). All
	 * pending requests have been answered with it before. The client may be freed from here. */
	void (*closed)(void *arg, int error);
};

struct hold_client;

/* Connects to the socket path, or takes over a connected descriptor (fd >= 0). Never fails: closed() tells. */
struct hold_client *hold_client_new(struct hold_hub *hub, const char *path, int fd,
                                    const struct hold_handler *handler, void *arg);
/* Pending requests are dropped without a call. NULL is fine. */
void hold_client_free(struct hold_client *c);

/* The answer to a request: error 0 or a negative errno with the holder's words. For READ_SCREEN and READ_JOBS
 * payload is that of TEXT and JOBS, after the id. Valid during the call. */
struct hold_answer {
	int error;
	bool lost; /* the connection ended: whether it was done is not known */
	const char *message;
	uint64_t mark; /* input_at: the offset after the bytes */
	const uint8_t *payload;
	size_t len;
};
typedef void hold_done(void *arg, const struct hold_answer *answer);

struct hold_spawn {
	uint32_t generation;
	enum hold_io io;
	uint16_t cols, rows;
	const char *cwd;
	const struct strv *argv, *env; /* env is complete: nothing is inherited */
};

/* done may be NULL. */
void hold_client_spawn(struct hold_client *c, const struct hold_spawn *sp, hold_done *done, void *arg);
void hold_client_input(struct hold_client *c, const void *bytes, size_t len, hold_done *done, void *arg);
/* Input of an agent on pipes, at that offset of all its input: sent again after a doubt, it arrives once. Not empty. */
void hold_client_input_at(struct hold_client *c, uint32_t generation, uint64_t offset, const void *bytes, size_t len,
                          hold_done *done, void *arg);
void hold_client_reply(struct hold_client *c, uint64_t request, const char *json, hold_done *done, void *arg);
void hold_client_signal(struct hold_client *c, int signal, hold_done *done, void *arg);
void hold_client_stop(struct hold_client *c, uint32_t grace_ms, bool jobs, hold_done *done, void *arg);
void hold_client_pause(struct hold_client *c, bool pause, hold_done *done, void *arg);
void hold_client_read_screen(struct hold_client *c, uint32_t scrollback, hold_done *done, void *arg);
void hold_client_job_start(struct hold_client *c, const char *job, const char *cwd, const struct strv *argv,
                           const struct strv *env, hold_done *done, void *arg);
void hold_client_job_stop(struct hold_client *c, const char *job, uint32_t grace_ms, hold_done *done, void *arg);
void hold_client_read_jobs(struct hold_client *c, hold_done *done, void *arg);
void hold_client_release(struct hold_client *c, hold_done *done, void *arg);
void hold_client_follow_events(struct hold_client *c, uint64_t after);
void hold_client_follow_output(struct hold_client *c, uint64_t offset);
void hold_client_events_taken(struct hold_client *c, uint64_t up_to);

#endif
