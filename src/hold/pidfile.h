/* hold.pid: who holds a session. The file is locked for as long as the holder, or anything that it left behind,
 * lives; its text is "<pid> <start time of /proc/pid/stat>\n". */
#ifndef HOLD_PIDFILE_H
#define HOLD_PIDFILE_H

#include "base/attr.h"

#define PIDFILE_NAME "hold.pid"
enum { PIDFILE_WAIT_S = 3 };

/* Takes the lock. Returns a descriptor that keeps it (close-on-exec, also across fork), -EWOULDBLOCK when
 * somebody else has it, or another negative errno. Who has it without the holder's socket is about to end, or has just
 * begun: that is waited for, PIDFILE_WAIT_S seconds at most. */
int pidfile_lock(const char *folder, const char *socket) NODISCARD;

/* Writes this process into it. 0 or a negative errno. */
int pidfile_write(int fd) NODISCARD;

#endif
