#include "hold/tree.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "hold/hold.h"

enum { FREEZE_ROUNDS = 100 };

static size_t index_of(const struct procs *p, pid_t pid)
{
	const struct proc *found = procs_find(p, pid);
	return found ? (size_t)(found - p->v) : p->n;
}

static enum kin kin_of(const struct tree *t, const struct hold *h, size_t i)
{
	const struct proc *p = &t->procs.v[i];
	pid_t agent = h->fore.pid;
	if (agent && p->pid == agent)
		return KIN_AGENT;
	if (jobs_by_pid(&h->jobs, p->pid))
		return KIN_JOB;
	size_t parent = index_of(&t->procs, p->ppid);
	if (parent >= i) /* the holder itself */
		return KIN_FOUND;
	if (t->kin[parent] == KIN_AGENT && p->sid != agent)
		return KIN_FOUND;
	return t->kin[parent];
}

void tree_read(struct tree *t, const struct hold *h)
{
	*t = (struct tree){0};
	proc_descendants(getpid(), &t->procs);
	t->kin = mem_resize(NULL, t->procs.n + 1, sizeof *t->kin);
	for (size_t i = 0; i < t->procs.n; i++)
		t->kin[i] = kin_of(t, h, i);
}

void tree_fini(struct tree *t)
{
	procs_fini(&t->procs);
	free(t->kin);
}

bool tree_is_found_root(const struct tree *t, size_t i)
{
	if (t->kin[i] != KIN_FOUND)
		return false;
	size_t parent = index_of(&t->procs, t->procs.v[i].ppid);
	return parent == t->procs.n || t->kin[parent] != KIN_FOUND;
}

void tree_freeze(pid_t root)
{
	bool fresh = true;
	for (int round = 0; round < FREEZE_ROUNDS && fresh; round++) {
		struct procs now PROCS_FREE = {0};
		proc_descendants(root, &now);
		fresh = false;
		for (size_t i = 0; i < now.n; i++)
			if (now.v[i].state != 'T' && proc_signal(&now.v[i], SIGSTOP) == 0)
				fresh |= round == 0 || now.v[i].state != 'D';
		/* A process stops when it next runs in the kernel, which on a busy machine takes a moment. One that
		 * sleeps there for good ('D', say in vfork, whose child is stopped) stops before it runs again. */
		if (fresh)
			poll(NULL, 0, round > 0);
	}
}

void tree_thaw(pid_t root)
{
	struct procs now PROCS_FREE = {0};
	proc_descendants(root, &now);
	/* Children first, so that nobody sees a child that is still stopped. */
	for (size_t i = now.n; i-- > 0;)
		proc_signal(&now.v[i], SIGCONT);
}

void tree_destroy(int64_t give_up_ms)
{
	int64_t end_ms = clock_mono_ms() + give_up_ms;
	for (;;) {
		struct procs now PROCS_FREE = {0};
		tree_freeze(getpid());
		proc_descendants(getpid(), &now);
		for (size_t i = 0; i < now.n; i++)
			proc_signal(&now.v[i], SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (now.n == 0 || clock_mono_ms() >= end_ms)
			return;
		poll(NULL, 0, 2);
	}
}
