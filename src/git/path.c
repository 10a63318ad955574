#include "git/path.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

static bool is_plain(const char *path)
{
	size_t len = strlen(path);
	struct str inert STR_FREE = STR_INIT;
	if (strpbrk(path, "\"\\") || !text_is_utf8(path, len))
		return false;
	text_add_inert(&inert, path, len, TEXT_ONE_LINE);
	return inert.len == len && memcmp(str_c(&inert), path, len) == 0;
}

static void add_escaped(struct str *out, unsigned char c)
{
	static const char names[] = "a\ab\bt\tn\nv\vf\fr\r\"\"\\\\";
	for (size_t i = 0; i + 1 < sizeof names; i += 2) {
		if ((unsigned char)names[i + 1] == c) {
			str_addc(out, '\\');
			str_addc(out, names[i]);
			return;
		}
	}
	if (c < 0x20 || c >= 0x7f)
		str_addf(out, "\\%03o", c);
	else
		str_addc(out, (char)c);
}

void path_quote(struct str *out, const char *path)
{
	if (is_plain(path)) {
		str_adds(out, path);
		return;
	}
	str_addc(out, '"');
	for (const char *p = path; *p; p++)
		add_escaped(out, (unsigned char)*p);
	str_addc(out, '"');
}

void path_quote_list(struct str *out, const struct strv *paths, size_t shown)
{
	for (size_t i = 0; i < paths->n && i < shown; i++) {
		str_adds(out, i ? ", " : "");
		path_quote(out, paths->v[i]);
	}
	if (paths->n > shown)
		str_addf(out, " and %zu more", paths->n - shown);
}

static bool is_sound(const char *path, bool dot_git_allowed)
{
	for (;;) {
		size_t len = strcspn(path, "/");
		if (len == 0 || (len == 1 && path[0] == '.') || (len == 2 && memcmp(path, "..", 2) == 0))
			return false;
		if (!dot_git_allowed && len == 4 && strncasecmp(path, ".git", 4) == 0)
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}

bool path_is_below(const char *path)
{
	return is_sound(path, true);
}

bool path_is_inside(const char *path)
{
	return is_sound(path, false);
}
