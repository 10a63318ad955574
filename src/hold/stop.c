#include "hold/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hold/hold.h"
#include "hold/tree.h"

enum { HUP_AFTER_MS = 250, LOOK_MIN_MS = 4, LOOK_MAX_MS = 100, FREEZE_ROUNDS = 100 };

static bool is_same(const struct procs *set, const struct proc *p)
{
	const struct proc *found = procs_find(set, p->pid);
	return found && found->start_ticks == p->start_ticks;
}

/* Everything that is to go and still lives. */
static void targets(struct stop *s, struct procs *ret)
{
	struct procs all PROCS_FREE = {0};
	struct procs stay PROCS_FREE = {0};
	proc_descendants(getpid(), &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct proc *p = &all.v[i];
		bool go = s->scope == STOP_ALL;
		if (s->scope == STOP_AGENT) {
			bool stays = is_same(&s->set, p) || procs_find(&stay, p->ppid);
			if (stays)
				procs_add(&stay, p);
			go = p->sid == s->sid && !stays;
		} else if (s->scope == STOP_TREE) {
			go = is_same(&s->set, p) || procs_find(ret, p->ppid) || (s->sid && p->sid == s->sid);
			if (go && !is_same(&s->set, p))
				procs_add(&s->set, p);
		}
		if (go)
			procs_add(ret, p);
	}
}

static void signal_all(const struct procs *p, int signal)
{
	for (size_t i = 0; i < p->n; i++)
		proc_signal(&p->v[i], signal);
}

static void ask(struct stop *s, int signal)
{
	struct procs now PROCS_FREE = {0};
	targets(s, &now);
	signal_all(&now, signal);
	signal_all(&now, SIGCONT);
}

static void kill_now(struct stop *s)
{
	struct procs now PROCS_FREE = {0};
	bool fresh = true;
	for (int round = 0; round < FREEZE_ROUNDS && fresh; round++) {
		procs_fini(&now);
		targets(s, &now);
		fresh = false;
		for (size_t i = 0; i < now.n; i++)
			if (now.v[i].state != 'T' && proc_signal(&now.v[i], SIGSTOP) == 0)
				fresh |= round == 0 || now.v[i].state != 'D';
		if (fresh)
			poll(NULL, 0, round > 0); /* as in tree_freeze */
	}
	signal_all(&now, SIGKILL);
}

static void finish(struct stop *s, int error)
{
	struct hold *h = s->hold;
	struct stop **at = &h->stops.first;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	h->stops.n--;
	loop_disarm(&h->loop, &s->timer);
	clients_ack(&h->clients, s->client, s->id, error, error ? "some processes do not end" : "");
	procs_fini(&s->set);
	free(s);
}

/* True when it is over. */
static bool look(struct stop *s)
{
	struct procs left PROCS_FREE = {0};
	targets(s, &left);
	if (left.n)
		return false;
	/* What died while the processes were read has left none to see. Its exit is told before this is called over. */
	(void)hold_take_exits(s->hold);
	finish(s, 0);
	return true;
}

static void on_timer(struct timer *t)
{
	struct stop *s = CONTAINER_OF(t, struct stop, timer);
	struct hold *h = s->hold;
	hold_reap(h); /* which may look at, and finish, any of them */
	struct stop *still = h->stops.first;
	while (still && still != s)
		still = still->next;
	if (!still || look(s))
		return;
	int64_t now_ms = clock_mono_ms();
	if (now_ms >= s->kill_ms + STOP_GIVE_UP_MS) {
		finish(s, ETIMEDOUT);
		return;
	}
	if (now_ms >= s->kill_ms) {
		kill_now(s);
	} else if (now_ms >= s->hup_ms) {
		ask(s, SIGHUP);
		s->hup_ms = INT64_MAX;
	}
	s->delay_ms = MIN(2 * s->delay_ms, (int)LOOK_MAX_MS);
	int64_t until_kill_ms = s->kill_ms > now_ms ? s->kill_ms - now_ms : LOOK_MAX_MS;
	loop_arm(&h->loop, &s->timer, MIN(s->delay_ms, until_kill_ms));
}

/* What was found in the background before stays. */
static void note_found(struct stop *s)
{
	struct tree t TREE_FREE;
	tree_read(&t, s->hold);
	for (size_t i = 0; i < t.procs.n; i++)
		if (t.kin[i] != KIN_AGENT)
			procs_add(&s->set, &t.procs.v[i]);
}

int stops_begin(struct stops *list, enum stop_scope scope, pid_t root, int64_t grace_ms, uint64_t client,
                uint32_t id)
{
	struct hold *h = list->hold;
	struct proc p;
	if (list->n >= STOPS_MAX)
		return -EBUSY;
	if (scope == STOP_TREE && !proc_read(root, &p))
		return -ESRCH;
	struct stop *s = mem_alloc(sizeof *s);
	*s = (struct stop){
		.next = list->first,
		.hold = h,
		.timer = {.fire = on_timer},
		.client = client,
		.id = id,
		.scope = scope,
		.hup_ms = clock_mono_ms() + MIN(grace_ms / 4, HUP_AFTER_MS),
		.kill_ms = clock_mono_ms() + grace_ms,
		.delay_ms = LOOK_MIN_MS,
	};
	list->first = s;
	list->n++;
	if (scope == STOP_AGENT) {
		s->sid = h->fore.pid ? h->fore.pid : -1; /* -1: no agent, nothing to do */
		note_found(s);
	} else if (scope == STOP_TREE) {
		s->sid = p.sid == p.pid ? p.pid : 0;
		procs_add(&s->set, &p);
	}
	ask(s, SIGTERM);
	loop_arm(&h->loop, &s->timer, 0);
	return 0;
}

void stops_check(struct stops *list)
{
	for (struct stop *s = list->first, *next; s; s = next) {
		next = s->next;
		look(s);
	}
}

void stops_fini(struct stops *list)
{
	while (list->first)
		finish(list->first, ECANCELED);
}
