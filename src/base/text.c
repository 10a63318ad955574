#include "base/text.h"

#include <stdint.h>

/* The length of the well-formed UTF-8 sequence at p (0 when malformed); *ret_cp is its code point.
 * Table 3-7 of the Unicode standard. */
static size_t utf8_sequence(const uint8_t *p, size_t left, uint32_t *ret_cp)
{
	uint8_t a = p[0];
	if (a < 0x80) {
		*ret_cp = a;
		return 1;
	}
	size_t n = a >= 0xc2 && a <= 0xdf ? 2 : (a & 0xf0) == 0xe0 ? 3 : a >= 0xf0 && a <= 0xf4 ? 4 : 0;
	if (n == 0 || left < n)
		return 0;
	uint8_t low = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : 0x80;
	uint8_t high = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < low || p[1] > high)
		return 0;
	uint32_t cp = a & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	*ret_cp = cp;
	return n;
}

bool text_is_utf8(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_sequence(p + i, len - i, &cp);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

bool text_find_foreign(const void *bytes, size_t len, int *ret_line, int *ret_column)
{
	const uint8_t *p = bytes;
	int line = 1, column = 1;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_sequence(p + i, len - i, &cp);
		if (n == 0 || cp == 0) {
			*ret_line = line;
			*ret_column = column;
			return true;
		}
		line += cp == '\n';
		column = cp == '\n' ? 1 : column + 1;
		i += n;
	}
	return false;
}

void text_add_utf8(struct str *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t copied = 0;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_sequence(p + i, len - i, &cp);
		if (n > 0) {
			i += n;
			continue;
		}
		str_add(out, p + copied, i - copied);
		str_adds(out, "\xef\xbf\xbd");
		copied = ++i;
	}
	str_add(out, p + copied, len - copied);
}

/* Past an escape sequence that starts at p[i] == ESC; an unfinished one runs to the end. */
static size_t skip_escape(const uint8_t *p, size_t i, size_t len)
{
	if (++i >= len)
		return len;
	uint8_t kind = p[i++];
	if (kind == '[') {
		while (i < len && (p[i] < 0x40 || p[i] > 0x7e))
			i++;
		return i < len ? i + 1 : len;
	}
	if (kind == ']' || kind == 'P' || kind == '^' || kind == '_' || kind == 'X') {
		for (; i < len; i++) {
			if (p[i] == 0x07)
				return i + 1;
			if (p[i] == 0x1b)
				return i + 1 < len && p[i + 1] == '\\' ? i + 2 : i;
		}
		return len;
	}
	while (kind >= 0x20 && kind <= 0x2f && i < len)
		kind = p[i++];
	return i;
}

/* Characters that reorder or hide what a person reads. */
static bool is_trick(uint32_t cp)
{
	return (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0x200e || cp == 0x200f ||
	       cp == 0x061c || cp == 0xfeff || (cp >= 0xe0000 && cp <= 0xe007f);
}

void text_add_inert(struct str *out, const void *bytes, size_t len, enum text_keep keep)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_sequence(p + i, len - i, &cp);
		if (n == 0) {
			str_adds(out, "\xef\xbf\xbd");
			i++;
		} else if (cp == 0x1b) {
			i = skip_escape(p, i, len);
		} else if (cp == '\n' || cp == '\t') {
			str_addc(out, keep == TEXT_LINES ? (char)cp : ' ');
			i++;
		} else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || is_trick(cp)) {
			i += n;
		} else {
			str_add(out, p + i, n);
			i += n;
		}
	}
}

void text_add_inert_json(struct str *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t copied = 0, n;
	for (size_t i = 0; i < len; i += n) {
		uint32_t cp = 0xfffd;
		n = utf8_sequence(p + i, len - i, &cp);
		if (n > 0 && cp >= 0x20 && (cp < 0x7f || cp >= 0xa0) && !is_trick(cp))
			continue;
		n = n ? n : 1;
		str_add(out, p + copied, i - copied);
		copied = i + n;
		if (cp > 0xffff)
			str_addf(out, "\\u%04x\\u%04x", 0xd7c0 + (cp >> 10), 0xdc00 + (cp & 0x3ff));
		else
			str_addf(out, "\\u%04x", cp);
	}
	str_add(out, p + copied, len - copied);
}
