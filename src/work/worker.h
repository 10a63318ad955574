/* Slow work off the loop: a function that blocks runs in libuv's thread pool, another one takes its result on the
 * loop thread. */
#ifndef WORK_WORKER_H
#define WORK_WORKER_H

#include <uv.h>

typedef void worker_fn(void *arg);

/* Runs work(arg) on some thread, then done(arg) on the loop's. What arg holds belongs to the thread meanwhile. */
void worker_run(uv_loop_t *loop, worker_fn *work, worker_fn *done, void *arg);

/* How many have not called done() yet. Loop thread. */
int worker_pending(void);

#endif
