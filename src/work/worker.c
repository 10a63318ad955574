#include "work/worker.h"

#include <stdlib.h>

#include "base/mem.h"

struct worker {
	uv_work_t req;
	worker_fn *work, *done;
	void *arg;
};

static int pending;

static void run(uv_work_t *req)
{
	struct worker *w = req->data;
	w->work(w->arg);
}

static void finished(uv_work_t *req, int status)
{
	(void)status;
	struct worker *w = req->data;
	pending--;
	w->done(w->arg);
	free(w);
}

int worker_pending(void)
{
	return pending;
}

void worker_run(uv_loop_t *loop, worker_fn *work, worker_fn *done, void *arg)
{
	struct worker *w = mem_alloc(sizeof *w);
	pending++;
	*w = (struct worker){.work = work, .done = done, .arg = arg};
	w->req.data = w;
	if (uv_queue_work(loop, &w->req, run, finished) < 0) {
		run(&w->req); /* no pool (the loop is closing): at once, then */
		finished(&w->req, 0);
	}
}
