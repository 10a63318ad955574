/* File descriptors. All functions return 0 (or a count) or a negative errno. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* Closes *fd if it is not negative, sets it to -1, keeps errno. For CLEANUP() too. */
void fd_closep(int *fd);
#define FD_CLOSE CLEANUP(fd_closep)

/* Returns the descriptor and leaves -1 behind: `return FD_TAKE(fd);` defeats a FD_CLOSE. */
#define FD_TAKE(fd)                \
	__extension__({            \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

int fd_set_nonblock(int fd, bool on);
int fd_set_cloexec(int fd, bool on);
/* Writes everything, waiting where it must. */
int fd_write_all(int fd, const void *bytes, size_t len) NODISCARD;

#endif
