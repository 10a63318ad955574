#include "serve/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "serve/api_own.h"
#include "serve/logfile.h"
#include "serve/turn.h"
#include "work/worker.h"

enum {
	WORKER_THREADS = 16,
	LAST_WAIT_MS = 3000, /* for threads that still work when it ends */
};

struct daemon {
	uv_loop_t loop;
	uv_signal_t signals[3];
	size_t n_signals;
	struct db *db;
	struct engine *engine;
	struct lander *lander;
	struct api api;
	struct rpc_server *server;
	struct turn *turn;
	struct turn_handler turn_handler;
	bool ending; /* no client and no landing is served any more */
	bool failed;
	struct err err;
};

static void on_settle(struct turn_handler *h)
{
	struct daemon *d = CONTAINER_OF(h, struct daemon, turn_handler);
	if (d->engine)
		engine_settle(d->engine);
}

static void on_release(struct turn_handler *h)
{
	struct daemon *d = CONTAINER_OF(h, struct daemon, turn_handler);
	engine_flush(d->engine);
	if (d->ending)
		return;
	lander_flush(d->lander);
	rpc_server_flush(d->server);
}

static void on_failed(struct turn_handler *h, const struct err *err)
{
	struct daemon *d = CONTAINER_OF(h, struct daemon, turn_handler);
	d->failed = true;
	d->err = *err;
	if (!d->ending)
		rpc_server_fail_held(d->server, err);
	uv_stop(&d->loop);
}

static void on_housekeeping(struct turn_handler *h)
{
	(void)h;
	logfile_trim();
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct daemon *d = signal->data;
	log_info("signal %d: ending; sessions run on", number);
	uv_stop(&d->loop);
}

static void catch_signals(struct daemon *d)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uv_signal_t *s = &d->signals[d->n_signals++];
		uv_signal_init(&d->loop, s);
		s->data = d;
		uv_signal_start(s, on_signal, numbers[i]);
	}
}

static void nothing(uv_work_t *req)
{
	(void)req;
}

static void nothing_after(uv_work_t *req, int status)
{
	(void)status;
	free(req);
}

/* libuv reads the number of its threads from the environment when the first work is queued. Gates and set-up
 * commands each hold one for minutes, so the default of 4 is too few. What sessions inherit stays as it was. */
static void start_workers(uv_loop_t *loop)
{
	char *old MEM_FREE = getenv("UV_THREADPOOL_SIZE") ? mem_strdup(getenv("UV_THREADPOOL_SIZE")) : NULL;
	char count[16];
	snprintf(count, sizeof count, "%d", WORKER_THREADS);
	setenv("UV_THREADPOOL_SIZE", count, 0);
	uv_queue_work(loop, mem_alloc(sizeof(uv_work_t)), nothing, nothing_after);
	if (!old)
		unsetenv("UV_THREADPOOL_SIZE");
}

static int open_store(struct daemon *d, const struct dirs *dirs, struct err *err)
{
	char *path MEM_FREE = dirs_database(dirs);
	return db_open(path, &d->db, err);
}

static int start(struct daemon *d, const struct daemon_setup *setup, const struct instance *instance,
		 struct err *err)
{
	if (open_store(d, setup->dirs, err) < 0)
		return -1;
	d->api = (struct api){.loop = &d->loop, .db = d->db};
	api_init(&d->api);
	d->engine = engine_new(&(struct engine_setup){.loop = &d->loop,
	                                              .db = d->db,
	                                              .dirs = setup->dirs,
	                                              .bin_dir = setup->bin_dir},
	                       err);
	if (!d->engine)
		return -1;
	d->api.engine = d->engine;
	d->lander = d->api.lander = lander_new(d->engine);
	d->api.notice = notice_new(d->engine);
	struct json_object *data = json_new();
	json_add_str(data, "version", MUSTER_VERSION);
	event_append(d->db, NULL, "daemon.started", data);
	if (db_spoiled(d->db)) {
		*err = *db_spoiled(d->db);
		return -1;
	}
	d->server = rpc_server_new(&d->loop, instance->listen_fd, &d->api.handler, err);
	if (!d->server)
		return -1;
	d->api.server = d->server;
	d->turn_handler = (struct turn_handler){
		.settle = on_settle, .release = on_release, .failed = on_failed, .housekeeping = on_housekeeping};
	d->turn = turn_new(&d->loop, d->db, &d->turn_handler, err);
	return d->turn ? 0 : -1;
}

static void on_last_wait(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Lets threads that still work bring their results home, for a while: they are recorded like any other. */
static void await_workers(struct daemon *d)
{
	bool late = false;
	uv_timer_t wait;
	uv_timer_init(&d->loop, &wait);
	wait.data = &late;
	uv_timer_start(&wait, on_last_wait, LAST_WAIT_MS, 0);
	while (worker_pending() && !late && !d->failed)
		uv_run(&d->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&wait, NULL);
	uv_run(&d->loop, UV_RUN_NOWAIT);
	turn_finish(d->turn);
}

static void wind_up(struct daemon *d)
{
	d->ending = true;
	rpc_server_free(d->server);
	d->server = d->api.server = NULL;
	lander_free(d->lander);
	notice_free(d->api.notice);
	d->api.notice = NULL;
	if (d->turn)
		await_workers(d);
}

/* Whatever is there by now. A thread that still works has a part of it in its hands: then all is left to the end of
 * the process, and what was under way to its successor, as if this one had been killed. */
static void tear_down(struct daemon *d)
{
	if (worker_pending()) {
		log_warn("ending although work is still under way");
		return;
	}
	turn_free(d->turn);
	engine_free(d->engine);
	for (size_t i = 0; i < d->n_signals; i++)
		uv_close((uv_handle_t *)&d->signals[i], NULL);
	uv_run(&d->loop, UV_RUN_DEFAULT);
	uv_loop_close(&d->loop);
	db_close(d->db);
	free(d);
}

static enum daemon_end outcome(struct daemon *d, struct err *err)
{
	if (d->failed) {
		*err = d->err;
		return DAEMON_FAILED;
	}
	return d->api.end == API_RESTART ? DAEMON_RESTART : DAEMON_ENDED;
}

enum daemon_end daemon_run(const struct daemon_setup *setup, const struct instance *instance, struct err *err)
{
	struct daemon *d = mem_alloc(sizeof *d);
	bool served = false;
	if (uv_loop_init(&d->loop) < 0) {
		err_set(err, ERR_FAILED, "cannot make an event loop");
		free(d);
		return DAEMON_FAILED;
	}
	start_workers(&d->loop);
	catch_signals(d);
	if (start(d, setup, instance, err) == 0) {
		setup->ready(setup->arg);
		uv_run(&d->loop, UV_RUN_DEFAULT);
		turn_finish(d->turn);
		served = true;
	}
	wind_up(d);
	enum daemon_end end = served ? outcome(d, err) : DAEMON_FAILED;
	tear_down(d);
	return end;
}
