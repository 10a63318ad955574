#include "base/strv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void strv_fini(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = STRV_INIT;
}

/* Takes ownership of text. The vector grows in powers of two, which n alone tells. */
static void append(struct strv *s, char *text)
{
	if ((s->n & (s->n + 1)) == 0)
		s->v = mem_resize(s->v, (s->n + 1) * 2, sizeof *s->v);
	s->v[s->n++] = text;
	s->v[s->n] = NULL;
}

void strv_add(struct strv *s, const char *text)
{
	append(s, mem_strdup(text));
}

void strv_addn(struct strv *s, const char *text, size_t len)
{
	append(s, mem_strndup(text, len));
}

void strv_addf(struct strv *s, const char *fmt, ...)
{
	char *text;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	append(s, text);
}

void strv_add_all(struct strv *s, const char *const *list)
{
	for (; list && *list; list++)
		strv_add(s, *list);
}

void strv_copy(struct strv *dst, const struct strv *src)
{
	struct strv copy = STRV_INIT;
	for (size_t i = 0; i < src->n; i++)
		strv_add(&copy, src->v[i]);
	strv_fini(dst);
	*dst = copy;
}

void strv_split(struct strv *s, const char *text, char separator)
{
	while (*text) {
		const char *end = strchr(text, separator);
		size_t len = end ? (size_t)(end - text) : strlen(text);
		if (len)
			strv_addn(s, text, len);
		text += len + (end ? 1 : 0);
	}
}

char *const *strv_argv(const struct strv *s)
{
	static char *const empty[1];
	return s->v ? s->v : empty;
}

static size_t find_key(const struct strv *s, const char *key, size_t keylen)
{
	size_t i = 0;
	while (i < s->n && !(strncmp(s->v[i], key, keylen) == 0 && s->v[i][keylen] == '='))
		i++;
	return i;
}

void strv_setenv(struct strv *s, const char *key, const char *value)
{
	size_t i = find_key(s, key, strlen(key));
	char *entry = mem_printf("%s=%s", key, value);
	if (i == s->n) {
		append(s, entry);
		return;
	}
	free(s->v[i]);
	s->v[i] = entry;
}

void strv_unsetenv(struct strv *s, const char *key)
{
	size_t i = find_key(s, key, strlen(key));
	if (i == s->n)
		return;
	free(s->v[i]);
	s->v[i] = s->v[--s->n];
	s->v[s->n] = NULL;
}

const char *strv_getenv(const struct strv *s, const char *key)
{
	size_t len = strlen(key);
	size_t i = find_key(s, key, len);
	return i == s->n ? NULL : s->v[i] + len + 1;
}
