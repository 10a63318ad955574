/* musterd's log file: bounded, with one older generation beside it (PATH.1). */
#ifndef SERVE_LOGFILE_H
#define SERVE_LOGFILE_H

#include "base/err.h"

enum { LOGFILE_MAX_BYTES = 4 << 20 };

/* Opens it for appending, after turning it over when it is too long, and sends the log there. */
int logfile_open(const char *path, struct err *err) NODISCARD;
/* Turns it over when it is too long. */
void logfile_trim(void);

#endif
