#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static int log_fd = STDERR_FILENO;
static enum log_level max_level = LOG_INFO;

void log_to(int fd)
{
	log_fd = fd;
}

void log_level_set(enum log_level level)
{
	max_level = level;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	if (level > max_level)
		return;
	int saved_errno = errno;
	int64_t now_ms = clock_wall_ms();
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	char line[2048];
	size_t len = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
	len += (size_t)snprintf(line + len, sizeof line - len, ".%03dZ %s ", (int)(now_ms % 1000), names[level]);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line + len, sizeof line - len - 1, fmt, ap);
	va_end(ap);
	if (n > 0)
		len = MIN(len + (size_t)n, sizeof line - 2);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
	line[len++] = '\n';
	/* One write a line keeps lines whole when several processes share the file. */
	if (write(log_fd, line, len) < 0) {
		/* Nowhere left to say it. */
	}
	errno = saved_errno;
}
