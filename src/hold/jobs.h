/* Background processes that were started as jobs: each in a session of its own, its output in jobs/<name>.log
 * of the session's folder (bounded: hold/sink.h). Found ones (hold/tree.h) are only listed. */
#ifndef HOLD_JOBS_H
#define HOLD_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/strv.h"
#include "hold/sink.h"

struct hold;

enum {
	JOBS_RUNNING_MAX = 256,
	JOBS_ENDED_MAX = 64, /* so many are remembered */
	JOB_NAME_MAX = 64,
	JOB_COMMAND_MAX = 512, /* bytes of a command line in a list */
};

struct job {
	struct job *next;
	char *name;
	char *command;
	pid_t pid; /* also after it has ended */
	bool running;
	int wait_status;
	int64_t start_wall_ms;
	struct sink log;
};

struct jobs {
	struct hold *hold;
	struct job *first; /* the newest */
	size_t running;
};

struct job_spec {
	const char *name; /* letters, digits, '.', '_' and '-', not starting with '.' */
	const char *cwd;
	const struct strv *argv, *env;
};

void jobs_init(struct jobs *j, struct hold *h);
void jobs_fini(struct jobs *j);

/* 0 or a negative errno, with *ret_what naming what failed: -EINVAL the name, -EEXIST it runs, -EAGAIN too many. */
int jobs_start(struct jobs *j, const struct job_spec *spec, const char **ret_what) NODISCARD;

/* True when the process was a job (called by hold_reap). */
bool jobs_ended(struct jobs *j, pid_t pid, int wait_status);

const struct job *jobs_find(const struct jobs *j, const char *name);
const struct job *jobs_by_pid(const struct jobs *j, pid_t pid); /* a running one */

/* Appends the payload of JOBS after its id: the started ones and the found ones. */
void jobs_pack(const struct jobs *j, struct str *ret);

#endif
