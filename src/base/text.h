/* Text from a party that is not trusted, made safe to show. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool text_is_utf8(const void *bytes, size_t len);

/* Is there a byte that belongs to no text (not UTF-8, or NUL)? Then its place: line and character, from 1. */
bool text_find_foreign(const void *bytes, size_t len, int *ret_line, int *ret_column);

/* Appends the bytes with whatever is not well-formed UTF-8 replaced by U+FFFD; nothing else is changed. */
void text_add_utf8(struct str *out, const void *bytes, size_t len);

enum text_keep { TEXT_ONE_LINE, TEXT_LINES };

/* Appends the text so that a terminal shows it inertly: escape sequences (CSI, OSC, DCS…) vanish, other
 * control characters and bidirectional overrides become spaces or vanish, invalid UTF-8 becomes U+FFFD.
 * TEXT_LINES keeps newlines and tabs, TEXT_ONE_LINE turns them into spaces. */
void text_add_inert(struct str *out, const void *bytes, size_t len, enum text_keep keep);

/* The same for JSON text that goes to a terminal: what a terminal would act on becomes a \u escape, so that it is still
 * the same value. */
void text_add_inert_json(struct str *out, const void *bytes, size_t len);

#endif
