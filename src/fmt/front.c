#include "fmt/front.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

/* The line at p without its end; *ret_next is where the next one begins. */
static size_t line_at(const char *p, const char *end, const char **ret_next)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	*ret_next = newline ? newline + 1 : end;
	size_t len = (size_t)((newline ? newline : end) - p);
	while (len > 0 && (p[len - 1] == '\r' || p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	return len;
}

static bool is_fence(const char *line, size_t len)
{
	return len == 3 && memcmp(line, "---", 3) == 0;
}

/* Points past the front matter; the YAML is what lies between. False when it has no end. */
static bool find_end(const char *yaml, const char *end, const char **ret_yaml_end, const char **ret_body,
		     int *lines)
{
	for (const char *p = yaml, *next; p < end; p = next) {
		size_t len = line_at(p, end, &next);
		++*lines;
		if (is_fence(p, len) || (len == 3 && memcmp(p, "...", 3) == 0)) {
			*ret_yaml_end = p;
			*ret_body = next;
			return true;
		}
	}
	return false;
}

static void take_body(struct front *f, const char *body, const char *end)
{
	const char *next;
	while (body < end && line_at(body, end, &next) == 0) {
		body = next;
		f->body_line++;
	}
	struct str text STR_FREE = STR_INIT;
	str_add(&text, body, (size_t)(end - body));
	str_trim(&text);
	f->body = mem_strdup(str_c(&text));
}

int front_parse(struct front *ret, const char *file, const void *bytes, size_t len, struct err *err)
{
	if (len > YAML_BYTES_MAX)
		return err_set(err, ERR_USAGE, "%s: larger than %d bytes", file, YAML_BYTES_MAX);
	int line, column;
	if (text_find_foreign(bytes, len, &line, &column))
		return err_set(err, ERR_USAGE, "%s:%d:%d: this is no UTF-8 text", file, line, column);
	const char *p = bytes, *end = p + len, *yaml, *yaml_end, *body;
	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	struct front f = {.body_line = 1};
	if (!is_fence(p, line_at(p, end, &yaml))) {
		f.meta.file = mem_strdup(file);
		take_body(&f, p, end);
		*ret = f;
		return 0;
	}
	f.body_line = 2;
	if (!find_end(yaml, end, &yaml_end, &body, &f.body_line))
		return err_set(err, ERR_USAGE, "%s:1:1: the front matter that begins here has no end (a line ---)",
			       file);
	if (yaml_parse(&f.meta, file, 2, yaml, (size_t)(yaml_end - yaml), err) != 0)
		return -1;
	if (f.meta.root && !json_object_is_type(f.meta.root, json_type_object)) {
		yaml_fini(&f.meta);
		return err_set(err, ERR_USAGE, "%s:2:1: the front matter is not of the form \"key: value\"", file);
	}
	take_body(&f, body, end);
	*ret = f;
	return 0;
}

int front_read(struct front *ret, const char *path, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	if (file_read_text(path, YAML_BYTES_MAX, &text, err) < 0)
		return -1;
	return front_parse(ret, path, str_c(&text), text.len, err);
}

void front_fini(struct front *f)
{
	yaml_fini(&f->meta);
	free(f->body);
	*f = (struct front){0};
}
