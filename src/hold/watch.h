/* The watcher: a tiny parent of the holder, so that nothing of a session survives its holder, however that ends.
 *
 *   started process ── exits as soon as the holder listens, or has failed
 *     └ watcher      ── own session, subreaper; sleeps until the holder has ended, then kills what is left
 *         └ holder   ── subreaper of the agent, its jobs and all that they leave behind
 *
 * The kernel kills the agent and the jobs with the holder (PDEATHSIG) but not their children; these become
 * children of the watcher, wherever they went. A signal that ends musterd, or its terminal, reaches neither. */
#ifndef HOLD_WATCH_H
#define HOLD_WATCH_H

#include "base/attr.h"

/* Returns twice forked, in the process that is to become the holder, with the descriptor on which it tells that
 * it is ready (watch_ready). Every other process of the picture ends inside. Returns a negative errno when
 * nothing could be started. The parents close `private_fd` (-1: none), which is the holder's alone. */
int watch_start(int private_fd) NODISCARD;

/* Lets the started process end with this exit code. */
void watch_ready(int fd, int exit_code);

#endif
