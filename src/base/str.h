/* A growable byte string, always NUL-terminated after the first addition. Zero-initialise or STR_INIT;
 * release with str_fini. `data` may be NULL while len is 0: use str_c() for a C string. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct str {
	char *data;
	size_t len;
	size_t cap;
};

#define STR_INIT ((struct str){0})
#define STR_FREE CLEANUP(str_fini)

void str_fini(struct str *s);
void str_reset(struct str *s); /* empty, keeps the memory */
void str_reserve(struct str *s, size_t extra);
void str_add(struct str *s, const void *bytes, size_t len);
void str_addc(struct str *s, char c);
void str_adds(struct str *s, const char *text);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_addv(struct str *s, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void str_consume(struct str *s, size_t len); /* drops bytes from the front */
void str_cut(struct str *s, size_t len);      /* drops what is behind the first `len` bytes */
void str_trim(struct str *s);                /* drops trailing white space */
const char *str_c(const struct str *s);      /* never NULL */
char *str_take(struct str *s);               /* the caller owns it; s is empty after */

#endif
