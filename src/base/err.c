#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_one_line(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
}

static PRINTF_LIKE(3, 0) void set_va(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
	err->code = code;
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	make_one_line(err->msg);
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	if (err) {
		va_list ap;
		va_start(ap, fmt);
		set_va(err, code, fmt, ap);
		va_end(ap);
	}
	return -1;
}

int err_set_errno(struct err *err, enum err_code code, int errnum, const char *fmt, ...)
{
	if (err) {
		va_list ap;
		va_start(ap, fmt);
		set_va(err, code, fmt, ap);
		va_end(ap);
		size_t len = strlen(err->msg);
		snprintf(err->msg + len, sizeof err->msg - len, ": %s", strerror(abs(errnum)));
	}
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	if (err) {
		char old[sizeof err->msg];
		memcpy(old, err->msg, sizeof old);
		va_list ap;
		va_start(ap, fmt);
		set_va(err, err->code, fmt, ap);
		va_end(ap);
		size_t len = strlen(err->msg);
		snprintf(err->msg + len, sizeof err->msg - len, ": %s", old);
	}
	return -1;
}
