/* Errors that reach a person: one clear line and the exit code of the command that met it.
 *
 * Two conventions live in this code base, and a header says which one a function follows:
 *   - functions near the system return 0 or a negative errno;
 *   - functions that a person's request runs through take a trailing `struct err *`, return 0 (or a
 *     pointer) on success and -1 (or NULL) after filling it. Outputs are untouched on failure. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

/* Also the exit codes of the command line (muster(1), EXIT STATUS). */
enum err_code {
	ERR_NONE = 0,
	ERR_FAILED = 1,  /* it was tried and did not work */
	ERR_USAGE = 2,   /* the request makes no sense: bad flag, unknown name, invalid file */
	ERR_REFUSED = 3, /* a rule of muster's forbids it: unapproved, dirty target, waiting for a permission */
};

struct err {
	enum err_code code;
	char msg[1024]; /* one line, no newline: what failed, on what, what to do */
};

/* Fills err (which may be NULL) and returns -1, so that `return err_set(...)` reads well. Control
 * characters that came in through an argument are replaced, so that the message is one safe line. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same with ": <strerror(errnum)>" appended; errnum may be negative. */
int err_set_errno(struct err *err, enum err_code code, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Puts "prefix: " in front of what err says. Returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
