#include "hold/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "hold/child.h"
#include "hold/hold.h"
#include "hold/tree.h"

enum { LIST_BYTES_MAX = 512 << 10 };

static void job_free(struct job *job)
{
	sink_close(&job->log);
	free(job->name);
	free(job->command);
	free(job);
}

void jobs_init(struct jobs *j, struct hold *h)
{
	*j = (struct jobs){.hold = h};
}

void jobs_fini(struct jobs *j)
{
	while (j->first) {
		struct job *job = j->first;
		j->first = job->next;
		job_free(job);
	}
}

const struct job *jobs_find(const struct jobs *j, const char *name)
{
	const struct job *job = j->first;
	while (job && strcmp(job->name, name) != 0)
		job = job->next;
	return job;
}

const struct job *jobs_by_pid(const struct jobs *j, pid_t pid)
{
	const struct job *job = j->first;
	while (job && !(job->running && job->pid == pid))
		job = job->next;
	return job;
}

static bool name_is_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(name);
	return len > 0 && len <= JOB_NAME_MAX && strspn(name, allowed) == len && name[0] != '.';
}

/* Forgets the job of this name, which has ended, and the oldest ended ones beyond the limit. */
static void forget(struct jobs *j, const char *name)
{
	size_t ended = 0;
	for (struct job **at = &j->first; *at;) {
		struct job *job = *at;
		bool drop = !job->running && (++ended > JOBS_ENDED_MAX || strcmp(job->name, name) == 0);
		if (!drop) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job_free(job);
	}
}

static char *command_line(const struct strv *argv)
{
	struct str joined STR_FREE = STR_INIT, shown = STR_INIT;
	for (size_t i = 0; i < argv->n && joined.len < JOB_COMMAND_MAX; i++)
		str_addf(&joined, i ? " %.*s" : "%.*s", JOB_COMMAND_MAX, argv->v[i]);
	text_add_inert(&shown, joined.data, joined.len, TEXT_ONE_LINE);
	return str_take(&shown);
}

static int open_log(struct job *job, struct hold *h, int *ret_write)
{
	if (mkdirat(h->folder, "jobs", 0700) < 0 && errno != EEXIST)
		return -errno;
	int dir FD_CLOSE = openat(h->folder, "jobs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	char *file MEM_FREE = mem_printf("%s.log", job->name);
	return sink_open(&job->log, &h->loop, dir, file, ret_write);
}

static int launch(struct job *job, struct hold *h, const struct job_spec *spec, const char **ret_what)
{
	int out FD_CLOSE = -1;
	*ret_what = "make its log";
	int r = open_log(job, h, &out);
	if (r < 0)
		return r;
	struct child_spec child = {.argv = spec->argv, .env = spec->env, .cwd = spec->cwd, .fds = {-1, out, out}};
	return child_start(&child, ret_what);
}

int jobs_start(struct jobs *j, const struct job_spec *spec, const char **ret_what)
{
	const struct job *old = jobs_find(j, spec->name);
	*ret_what = "use this name";
	if (!name_is_valid(spec->name))
		return -EINVAL;
	if (old && old->running)
		return -EEXIST;
	*ret_what = "run so many jobs";
	if (j->running >= JOBS_RUNNING_MAX)
		return -EAGAIN;
	forget(j, spec->name);
	struct job *job = mem_alloc(sizeof *job);
	*job = (struct job){.name = mem_strdup(spec->name), .log = SINK_INIT, .start_wall_ms = clock_wall_ms()};
	int r = launch(job, j->hold, spec, ret_what);
	if (r < 0) {
		job_free(job);
		return r;
	}
	job->pid = r;
	job->running = true;
	job->command = command_line(spec->argv);
	job->next = j->first;
	j->first = job;
	j->running++;
	struct str p STR_FREE = STR_INIT;
	pack_text(&p, job->name);
	pack_u32(&p, (uint32_t)job->pid);
	hold_event(j->hold, HOLD_EV_JOB_STARTED, &p);
	return 0;
}

bool jobs_ended(struct jobs *j, pid_t pid, int wait_status)
{
	struct job *job = (struct job *)jobs_by_pid(j, pid);
	if (!job)
		return false;
	job->running = false;
	job->wait_status = wait_status;
	j->running--;
	sink_drain(&job->log);
	struct str p STR_FREE = STR_INIT;
	pack_text(&p, job->name);
	pack_u32(&p, (uint32_t)wait_status);
	hold_event(j->hold, HOLD_EV_JOB_EXITED, &p);
	return true;
}

static void pack_started(const struct job *job, struct str *ret)
{
	pack_text(ret, job->name);
	pack_u32(ret, (uint32_t)job->pid);
	pack_u32(ret, (uint32_t)getpid());
	pack_u64(ret, (uint64_t)job->start_wall_ms);
	pack_u8(ret, job->running ? HOLD_JOB_RUNNING : HOLD_JOB_EXITED);
	pack_u32(ret, (uint32_t)job->wait_status);
	pack_text(ret, job->command);
}

static void pack_found(const struct proc *p, struct str *ret)
{
	struct str command STR_FREE = STR_INIT;
	proc_command(p->pid, JOB_COMMAND_MAX, &command);
	pack_text(ret, "");
	pack_u32(ret, (uint32_t)p->pid);
	pack_u32(ret, (uint32_t)p->ppid);
	pack_u64(ret, (uint64_t)proc_start_wall_ms(p));
	pack_u8(ret, HOLD_JOB_FOUND);
	pack_u32(ret, 0);
	pack_text(ret, str_c(&command));
}

void jobs_pack(const struct jobs *j, struct str *ret)
{
	struct tree t TREE_FREE;
	struct str list STR_FREE = STR_INIT;
	uint32_t count = 0;
	tree_read(&t, j->hold);
	for (const struct job *job = j->first; job; job = job->next, count++)
		pack_started(job, &list);
	/* Only a runaway tree has more than fits; its processes are all alike. */
	for (size_t i = 0; i < t.procs.n && list.len < LIST_BYTES_MAX; i++) {
		if (!tree_is_found_root(&t, i))
			continue;
		pack_found(&t.procs.v[i], &list);
		count++;
	}
	pack_u32(ret, count);
	str_add(ret, list.data, list.len);
}
