/* Output that goes to a file of its own (a job's log, the errors of an agent on pipes): read from a pipe, written
 * with offsets that stay true, and bounded: beyond SINK_KEEP the oldest part of the file becomes a hole. */
#ifndef HOLD_SINK_H
#define HOLD_SINK_H

#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "hold/loop.h"

enum { SINK_KEEP = 16 << 20, SINK_PUNCH = 1 << 20 };

struct sink {
	struct source source;
	struct loop *loop;
	int pipe, file;   /* -1: closed */
	int64_t size;     /* of the file */
	int64_t punched;  /* a hole up to here */
};

#define SINK_INIT ((struct sink){.source = {.fd = -1}, .pipe = -1, .file = -1})

/* Empties or makes the file `name` in folder `dir`. *ret_write is the end for the program, the caller's.
 * 0 or a negative errno. */
int sink_open(struct sink *s, struct loop *loop, int dir, const char *name, int *ret_write) NODISCARD;

/* Reads what is there now, so that the file has all that the program wrote before it ended. */
void sink_drain(struct sink *s);

/* Appends the last `len` bytes of the file. */
void sink_tail(const struct sink *s, size_t len, struct str *ret);

void sink_close(struct sink *s);

#endif
