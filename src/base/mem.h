/* Memory that cannot fail: a process that is out of memory aborts, and whatever it held is rebuilt from
 * the store or the journal by its successor. Sizes that another party controls are limited before they
 * reach these. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/attr.h"

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));            /* zeroed */
void *mem_resize(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull)); /* overflow aborts */
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *mem_strndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((malloc, returns_nonnull));

/* For CLEANUP(): frees what the pointer variable points to. */
void mem_freep(void *ptr_to_ptr);

/* Frees *slot and puts a copy of value (or NULL) there. */
void mem_replace(char **slot, const char *value);

#define MEM_FREE CLEANUP(mem_freep)

/* Returns the pointer and leaves NULL behind: `return MEM_TAKE(p);` defeats a CLEANUP. */
#define MEM_TAKE(ptr)                           \
	__extension__({                         \
		__typeof__(ptr) taken_ = (ptr); \
		(ptr) = NULL;                   \
		taken_;                         \
	})

#endif
