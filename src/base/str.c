#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void str_fini(struct str *s)
{
	free(s->data);
	*s = STR_INIT;
}

void str_reset(struct str *s)
{
	s->len = 0;
	if (s->data)
		s->data[0] = '\0';
}

void str_reserve(struct str *s, size_t extra)
{
	size_t need = s->len + extra + 1;
	if (need <= s->cap)
		return;
	size_t cap = s->cap ? s->cap : 64;
	while (cap < need)
		cap += cap / 2;
	s->data = mem_resize(s->data, cap, 1);
	s->cap = cap;
}

void str_add(struct str *s, const void *bytes, size_t len)
{
	str_reserve(s, len);
	if (len)
		memcpy(s->data + s->len, bytes, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_addc(struct str *s, char c)
{
	str_add(s, &c, 1);
}

void str_adds(struct str *s, const char *text)
{
	str_add(s, text, strlen(text));
}

void str_addv(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	str_reserve(s, (size_t)n);
	vsnprintf(s->data + s->len, (size_t)n + 1, fmt, ap);
	s->len += (size_t)n;
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str_addv(s, fmt, ap);
	va_end(ap);
}

void str_consume(struct str *s, size_t len)
{
	if (len >= s->len) {
		str_reset(s);
		return;
	}
	memmove(s->data, s->data + len, s->len - len + 1);
	s->len -= len;
}

void str_cut(struct str *s, size_t len)
{
	if (len < s->len) {
		s->len = len;
		s->data[len] = '\0';
	}
}

void str_trim(struct str *s)
{
	while (s->len && strchr(" \t\r\n", s->data[s->len - 1]))
		s->data[--s->len] = '\0';
}

const char *str_c(const struct str *s)
{
	return s->data ? s->data : "";
}

char *str_take(struct str *s)
{
	char *p = s->data ? s->data : mem_strdup("");
	*s = STR_INIT;
	return p;
}
