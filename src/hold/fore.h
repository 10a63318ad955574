/* The foreground: the agent's process with its terminal (or pipes), its screen, and what is typed into it. */
#ifndef HOLD_FORE_H
#define HOLD_FORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/strv.h"
#include "hold/input.h"
#include "hold/loop.h"
#include "hold/pace.h"
#include "hold/proto.h"
#include "hold/sink.h"
#include "term/term.h"

struct hold;

/* The terminal of an agent that has ended, still open in one of its background processes. It is kept open and
 * read to its end, so that they neither get a hang-up nor stop at a full buffer. */
struct ward {
	struct source source;
	struct fore *fore;
	struct ward *next;
};

enum { FORE_WARDS_MAX = 64, FORE_READ = 64 << 10 };

struct fore {
	struct hold *hold;
	uint32_t generation; /* of the last SPAWN, 0: none yet */
	pid_t pid;           /* 0: not running */
	enum hold_io io;
	int out_fd, in_fd;   /* the terminal's master (twice the same number), or pipe ends; -1: closed */
	struct source out, in;
	bool stdin_ends; /* is closed when the input that waits was written */
	struct timer look_again;
	struct pace pace;
	struct input input;
	uint64_t input_at; /* how many bytes came by fore_input_at */
	struct term *term; /* NULL on pipes, and before the first SPAWN */
	struct str replies;
	struct sink errors; /* standard error of an agent on pipes */
	int cols, rows;     /* of the terminal, also for the next agent */
	struct ward *wards;
	int n_wards;
};

struct fore_spawn {
	uint32_t generation;
	enum hold_io io;
	int cols, rows; /* 0: as they are */
	const char *cwd;
	const struct strv *argv, *env;
};

void fore_init(struct fore *f, struct hold *h);
void fore_fini(struct fore *f);

/* 0: it runs, or this generation was started before. -EBUSY: another one runs. -ESTALE: an older generation.
 * Else the errno of the step *ret_what; SPAWN_FAILED is journaled then. */
int fore_start(struct fore *f, const struct fore_spawn *sp, const char **ret_what) NODISCARD;

/* Its process ended (called by hold_reap). */
void fore_ended(struct fore *f, int wait_status);

/* Queues input; the client is answered when it is written. -ESRCH: no agent. -ENOBUFS: too much waits. */
int fore_input(struct fore *f, uint64_t client, uint32_t id, const void *bytes, size_t len) NODISCARD;

/* The same at an offset of all that came in this way to this generation: what was there before is dropped. Also
 * -ESTALE (another generation runs), -EINVAL (it has a terminal, or bytes before these are missing). */
int fore_input_at(struct fore *f, uint64_t client, uint32_t id, uint32_t generation, uint64_t offset, const void *bytes,
		  size_t len) NODISCARD;

/* After what was queued. 0, -ESRCH (no agent) or -EINVAL (it has a terminal). */
int fore_close_stdin(struct fore *f) NODISCARD;

/* The terminal's size; 0 and more than TERM_COLS_MAX are brought into bounds. True when it is another one now. */
bool fore_resize(struct fore *f, int cols, int rows);

/* Somebody looks now: what was left to collect is read. */
void fore_watched(struct fore *f);

#endif
