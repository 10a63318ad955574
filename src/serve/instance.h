/* One musterd a user: the lock that it holds while it lives, and the socket that goes with the lock. */
#ifndef SERVE_INSTANCE_H
#define SERVE_INSTANCE_H

#include "base/dirs.h"
#include "base/err.h"

struct instance {
	int lock_fd;
	int listen_fd;
};

/* Takes the lock and listens; a socket that a dead one left behind is replaced. ERR_REFUSED when one is running. */
int instance_take(const struct dirs *dirs, struct instance *ret, struct err *err) NODISCARD;
/* Lets both survive exec, for a successor in the same process (which checks them with instance_inherit). */
int instance_bequeath(struct instance *in, struct err *err) NODISCARD;
int instance_inherit(int lock_fd, int listen_fd, struct instance *ret, struct err *err) NODISCARD;
/* Removes the socket and lets go. */
void instance_release(struct instance *in, const struct dirs *dirs);

/* The same for one who is content with whoever serves: waits while another one is starting, or ending. 0 as above, 1 when
 * another one accepts connections. */
int instance_take_or_find(const struct dirs *dirs, struct instance *ret, struct err *err) NODISCARD;

#endif
