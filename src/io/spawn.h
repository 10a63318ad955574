/* Starting programs. posix_spawn shares the parent's memory until exec, so a start costs the same from a
 * daemon of 1 GB as from one of 10 MB, and an exec that fails is reported by the call itself.
 *
 * The process ignores SIGPIPE: a program may leave its input unread. */
#ifndef IO_SPAWN_H
#define IO_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/strv.h"

struct spawn {
	const struct strv *argv; /* argv[0] is searched in PATH when it has no slash */
	const struct strv *env;  /* NULL: this process's */
	const char *cwd;         /* NULL: this process's */
	int fds[8];              /* what becomes descriptor 0, 1, 2, …; -1 is /dev/null for 0 to 2 */
	int nfds;                /* 0 inherits 0 to 2 */
	bool new_session;        /* setsid(); else a process group of its own */
};

/* Returns the pid or a negative errno (-ENOENT: no such program). All other descriptors must be
 * close-on-exec, as everything in this code base is. Signal mask and dispositions are reset. */
pid_t spawn_start(const struct spawn *sp) NODISCARD;

/* A pidfd of a child, or a negative errno. */
int spawn_pidfd(pid_t pid) NODISCARD;

struct spawn_capture {
	size_t out_limit;         /* more output than this is an error (-EFBIG); 0: 64 MiB */
	int64_t timeout_ms;       /* 0: none. After it the process group is killed: -ETIMEDOUT */
	const volatile int *stop; /* when it becomes non-zero: killed, -ECANCELED. May be NULL */
	const void *input;        /* sent to standard input */
	size_t input_len;
};

/* Runs to the end, on whatever thread: out and errout (each may be NULL: dropped, the tail of errout is
 * kept to 64 KiB) get what it wrote. Returns the exit code, 128 + signal, or a negative errno. Uses
 * argv, env and cwd of sp. */
int spawn_run(const struct spawn *sp, const struct spawn_capture *opt, struct str *out, struct str *errout) NODISCARD;

#endif
