/* What the person types while attached: C-\ is the prefix of the viewer's own keys. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Zero-initialise. */
struct keys {
	const char *prefix_form; /* C-\ was typed, in this form: the next key may be ours. NULL: it was not */
};

/* Appends to out what is for the agent: everything but C-\ d, which is "detach" (true comes back, the rest is
 * dropped), and the first of C-\ C-\, which sends one. The prefix followed by any other key sends both. Knows the
 * plain byte and the form of the extended keyboard protocol (CSI 92;5u). A terminal writes a key at once, so one
 * that is split over two calls is not put together again. */
bool keys_take(struct keys *k, const char *bytes, size_t len, struct str *out);

#endif
