/* A NULL-terminated vector of owned strings: argument lists, environments, path lists. */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stddef.h>

#include "base/attr.h"

struct strv {
	char **v; /* NULL while empty, else NULL-terminated */
	size_t n;
};

#define STRV_INIT ((struct strv){0})
#define STRV_FREE CLEANUP(strv_fini)

void strv_fini(struct strv *s);
void strv_add(struct strv *s, const char *text);
void strv_addn(struct strv *s, const char *text, size_t len);
void strv_addf(struct strv *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void strv_add_all(struct strv *s, const char *const *list); /* NULL-terminated; NULL adds nothing */
void strv_copy(struct strv *dst, const struct strv *src);    /* dst is released first */
/* Splits at each occurrence of the separator; empty parts are left out. */
void strv_split(struct strv *s, const char *text, char separator);
/* Never NULL: an empty vector gives a vector with only the terminating NULL. For exec and friends. */
char *const *strv_argv(const struct strv *s);

/* Environment vectors hold KEY=VALUE. setenv replaces; unset drops; get returns the value or NULL. */
void strv_setenv(struct strv *s, const char *key, const char *value);
void strv_unsetenv(struct strv *s, const char *key);
const char *strv_getenv(const struct strv *s, const char *key);

#endif
