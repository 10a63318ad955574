#include "serve/turn.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "work/worker.h"

enum { HOUSEKEEPING_TURNS = 512 };

struct turn {
	struct db *db;
	uv_loop_t *loop;
	struct turn_handler *handler;
	uv_prepare_t prepare;
	int open_handles;
	int turns;
	bool over; /* failed or being freed: nothing is started any more */

	/* The thread that waits for the disk. It owns result between go and done. */
	uv_thread_t thread;
	uv_sem_t go;
	uv_async_t done;
	_Atomic bool quit;
	int result;
	struct err err;
	bool syncing;
	bool must_sync; /* something was committed that the disk must have before the release */

	bool checkpointing;
	bool checkpointed; /* the last pages may be missing */
	int checkpoint_result;
	struct err checkpoint_err;
};

static void released(struct turn *t)
{
	if (--t->open_handles == 0)
		free(t);
}

/* --- waiting for the disk --- */

static void sync_thread(void *arg)
{
	struct turn *t = arg;
	for (;;) {
		uv_sem_wait(&t->go);
		if (atomic_load(&t->quit))
			return;
		t->result = db_sync(t->db, &t->err);
		uv_async_send(&t->done);
	}
}

static void fail(struct turn *t, const struct err *err)
{
	if (t->over)
		return;
	t->over = true;
	t->handler->failed(t->handler, err);
}

static void on_synced(uv_async_t *async)
{
	struct turn *t = async->data;
	if (!t->syncing)
		return;
	t->syncing = false;
	if (t->result < 0) {
		fail(t, &t->err);
		return;
	}
	/* More was said meanwhile. Waiting for it in the same way could keep the first ones waiting for ever. */
	struct err err;
	if (t->must_sync && db_sync(t->db, &err) < 0)
		fail(t, &err);
	t->must_sync = false;
	/* The next thing the loop does before it sleeps is on_prepare(): it releases. */
}

static void sync_start(struct turn *t)
{
	t->must_sync = false;
	t->syncing = true;
	uv_sem_post(&t->go);
}

/* --- copying the log back --- */

static void checkpoint(void *arg)
{
	struct turn *t = arg;
	t->checkpoint_result = db_checkpoint(t->db, &t->checkpoint_err);
}

static void checkpointed(void *arg)
{
	struct turn *t = arg;
	t->checkpointing = false;
	t->checkpointed = t->checkpoint_result == 0;
	/* Nothing is lost: the log only gets longer until it succeeds. */
	if (t->checkpoint_result < 0)
		log_warn("cannot shorten the log of the database: %s", t->checkpoint_err.msg);
	released(t);
}

/* Right after a checkpoint, when little is left. */
static void checkpoint_rest(struct turn *t)
{
	t->checkpointed = false;
	if (db_checkpoint_rest_due(t->db) && db_checkpoint_rest(t->db, &t->checkpoint_err) < 0)
		log_warn("cannot shorten the log of the database: %s", t->checkpoint_err.msg);
}

static void checkpoint_start(struct turn *t)
{
	t->checkpointing = true;
	t->open_handles++;
	worker_run(t->loop, checkpoint, checkpointed, t);
}

/* --- the turn --- */

static int commit(struct turn *t)
{
	struct err err;
	if (t->handler->settle)
		t->handler->settle(t->handler);
	int r = db_turn_commit(t->db, &err);
	if (r < 0)
		fail(t, &err);
	else if (r > 0)
		t->must_sync = true;
	return r < 0 ? -1 : 0;
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct turn *t = prepare->data;
	do {
		if (t->over || commit(t) < 0)
			return;
		if (t->must_sync && !t->syncing)
			sync_start(t);
		if (t->syncing)
			return;
		t->handler->release(t->handler);
	} while (db_turn_open(t->db));
	if (t->checkpointed)
		checkpoint_rest(t);
	else if (!t->checkpointing && db_checkpoint_due(t->db))
		checkpoint_start(t);
	if (++t->turns % HOUSEKEEPING_TURNS == 0)
		t->handler->housekeeping(t->handler);
}

int turn_finish(struct turn *t)
{
	struct err err;
	if (t->over || commit(t) < 0)
		return -1;
	if ((t->syncing || t->must_sync) && db_sync(t->db, &err) < 0) {
		fail(t, &err);
		return -1;
	}
	t->must_sync = false;
	t->handler->release(t->handler);
	return 0;
}

struct turn *turn_new(uv_loop_t *loop, struct db *db, struct turn_handler *handler, struct err *err)
{
	struct turn *t = mem_alloc(sizeof *t);
	*t = (struct turn){.db = db, .loop = loop, .handler = handler};
	int r = uv_sem_init(&t->go, 0);
	if (r == 0 && (r = uv_thread_create(&t->thread, sync_thread, t)) < 0)
		uv_sem_destroy(&t->go);
	if (r < 0) {
		free(t);
		err_set(err, ERR_FAILED, "cannot start a thread: %s", uv_strerror(r));
		return NULL;
	}
	/* Both only fail for want of descriptors, and the loop has them already. */
	uv_async_init(loop, &t->done, on_synced);
	uv_prepare_init(loop, &t->prepare);
	uv_prepare_start(&t->prepare, on_prepare);
	t->done.data = t->prepare.data = t;
	t->open_handles = 2;
	return t;
}

static void on_closed(uv_handle_t *handle)
{
	released(handle->data);
}

void turn_free(struct turn *t)
{
	if (!t)
		return;
	t->over = true;
	atomic_store(&t->quit, true);
	uv_sem_post(&t->go);
	uv_thread_join(&t->thread);
	uv_sem_destroy(&t->go);
	uv_close((uv_handle_t *)&t->done, on_closed);
	uv_close((uv_handle_t *)&t->prepare, on_closed);
}
