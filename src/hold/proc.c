#include "hold/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"

enum { WALKS_MAX = 4 };

void procs_fini(struct procs *p)
{
	free(p->v);
	*p = (struct procs){0};
}

void procs_add(struct procs *p, const struct proc *proc)
{
	if ((p->n & (p->n - 1)) == 0) /* grows in powers of two, which n alone tells */
		p->v = mem_resize(p->v, p->n ? 2 * p->n : 1, sizeof *p->v);
	p->v[p->n++] = *proc;
}

const struct proc *procs_find(const struct procs *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].pid == pid)
			return &p->v[i];
	return NULL;
}

/* Reads a small file of /proc whole, NUL-terminated. The number of bytes, or -1. */
static ssize_t slurp(const char *path, char *buf, size_t cap)
{
	int fd FD_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = -1;
	while (fd >= 0 && len < cap - 1 && (n = read(fd, buf + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -1;
	buf[len] = '\0';
	return (ssize_t)len;
}

bool proc_read(pid_t pid, struct proc *ret)
{
	char path[64], buf[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (slurp(path, buf, sizeof buf) <= 0)
		return false;
	/* The name in parentheses may hold anything: what counts comes after the last one. Fields 3 to 6, 20 and 22. */
	const char *p = strrchr(buf, ')');
	struct proc proc = {.pid = pid};
	unsigned long long ticks;
	int n = p ? sscanf(p + 1,
	                   " %c %d %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d %*s %llu",
	                   &proc.state, &proc.ppid, &proc.pgrp, &proc.sid, &proc.threads, &ticks)
	          : 0;
	if (n != 6)
		return false;
	proc.start_ticks = ticks;
	*ret = proc;
	return true;
}

/* A process whose first thread has ended looks like one, but runs, or is still dying, while it has others. */
static bool is_zombie(const struct proc *p)
{
	return p->state == 'X' || (p->state == 'Z' && p->threads <= 1);
}

static void add_living(struct procs *ret, pid_t pid)
{
	struct proc proc;
	if (ret->n < PROCS_MAX && proc_read(pid, &proc) && !is_zombie(&proc) && !procs_find(ret, pid))
		procs_add(ret, &proc);
}

/* Every thread has the children that it forked. */
static void add_children(struct procs *ret, pid_t parent)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/task", parent);
	DIR *d = opendir(path);
	struct str text STR_FREE = STR_INIT;
	for (struct dirent *e; d && (e = readdir(d));) {
		char file[sizeof path + sizeof e->d_name + 16], chunk[4096];
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(file, sizeof file, "%s/%s/children", path, e->d_name);
		int fd FD_CLOSE = open(file, O_RDONLY | O_CLOEXEC);
		ssize_t n;
		while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0)
			str_add(&text, chunk, (size_t)n);
		str_addc(&text, ' ');
	}
	if (d)
		closedir(d);
	char *next = text.data, *end;
	for (long pid; next && (pid = strtol(next, &end, 10), end != next); next = end)
		add_living(ret, (pid_t)pid);
}

static bool kernel_lists_children(void)
{
	static int known = -1;
	if (known < 0) {
		char path[64];
		snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
		known = access(path, R_OK) == 0;
	}
	return known;
}

/* For kernels without CONFIG_PROC_CHILDREN: everything is read, and what hangs below root is kept. */
static void scan_all(pid_t root, struct procs *ret)
{
	struct procs all PROCS_FREE = {0};
	DIR *d = opendir("/proc");
	for (struct dirent *e; d && (e = readdir(d));)
		if (isdigit((unsigned char)e->d_name[0]))
			add_living(&all, (pid_t)strtol(e->d_name, NULL, 10));
	if (d)
		closedir(d);
	size_t at = ret->n;
	pid_t parent = root;
	for (;;) {
		for (size_t i = 0; i < all.n; i++)
			if (all.v[i].ppid == parent && !procs_find(ret, all.v[i].pid))
				procs_add(ret, &all.v[i]);
		if (at == ret->n)
			break;
		parent = ret->v[at++].pid;
	}
}

void proc_descendants(pid_t root, struct procs *ret)
{
	if (!kernel_lists_children()) {
		scan_all(root, ret);
		return;
	}
	/* A child whose parent ends between two reads moves to the root behind our back: again, until nothing is
	 * new. A tree that forks all the time always has something new, and is not waited for. */
	size_t known = SIZE_MAX;
	for (int walk = 0; walk < WALKS_MAX && known != ret->n; walk++) {
		known = ret->n;
		add_children(ret, root);
		for (size_t at = 0; at < ret->n; at++)
			add_children(ret, ret->v[at].pid);
	}
}

int proc_signal(const struct proc *p, int signal)
{
	struct proc now;
	int fd FD_CLOSE = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (fd < 0)
		return -errno;
	/* The pidfd names whoever has the pid now; that it is the right one shows after it was opened. */
	if (!proc_read(p->pid, &now) || now.start_ticks != p->start_ticks)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? -errno : 0;
}

int64_t proc_start_wall_ms(const struct proc *p)
{
	int64_t since_boot_ms = (int64_t)(p->start_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));
	return clock_wall_ms() - clock_mono_ms() + since_boot_ms;
}

void proc_command(pid_t pid, size_t limit, struct str *ret)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	char *buf MEM_FREE = mem_alloc(limit + 1);
	ssize_t n = slurp(path, buf, limit + 1);
	while (n > 0 && buf[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (buf[i] == '\0')
			buf[i] = ' ';
	if (n <= 0) { /* in the middle of exec it has no arguments yet, but a program */
		snprintf(path, sizeof path, "/proc/%d/exe", pid);
		n = readlink(path, buf, limit);
	}
	if (n > 0)
		text_add_inert(ret, buf, (size_t)n, TEXT_ONE_LINE);
}
