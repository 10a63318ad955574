/* Unix stream sockets by path. Paths may be longer than sockaddr_un allows: they are reached through a
 * descriptor of their folder. All functions return a descriptor (close-on-exec) or 0, or a negative errno. */
#ifndef IO_UNIXSOCK_H
#define IO_UNIXSOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"

/* Listens with mode 0600, replacing a stale socket file: the caller holds a lock, or owns the name. */
int unixsock_listen(const char *path, int backlog) NODISCARD;

/* Blocking connect. -ECONNREFUSED or -ENOENT: nobody listens. */
int unixsock_connect(const char *path) NODISCARD;

/* Sends everything, waiting where it must; a peer that is gone is -EPIPE, never a signal. */
int unixsock_send(int fd, const void *bytes, size_t len) NODISCARD;

/* 0 when the peer runs as this user (or root), -EPERM otherwise. */
int unixsock_check_peer(int fd) NODISCARD;

#endif
