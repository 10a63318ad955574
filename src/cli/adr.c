#include "cli/adr.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"

#define MARK "<!-- Written by `muster decisions --adr`; write it again instead of editing it. -->"

enum { READ_MAX = 1 << 20 };

static int by_id(const void *a, const void *b)
{
	struct json_object *const *x = a, *const *y = b;
	return json_int(*x, "id", 0) < json_int(*y, "id", 0) ? -1 : 1;
}

/* "0003-error-model", its number being its place among all. The caller owns it. */
static char *record_name(struct json_object *decision, size_t place)
{
	return mem_printf("%04zu-%s", place + 1, json_str_or(decision, "name", "?"));
}

static bool same_member(struct json_object *a, struct json_object *b, const char *key)
{
	return strcmp(json_str_or(a, key, ""), json_str_or(b, key, "")) == 0;
}

/* The one that took its place, or -1. */
static ssize_t successor(struct json_object **sorted, size_t n, size_t place)
{
	for (size_t i = place + 1; i < n; i++)
		if (same_member(sorted[i], sorted[place], "name") && same_member(sorted[i], sorted[place], "scope"))
			return (ssize_t)i;
	return -1;
}

static void add_record(struct str *out, struct json_object **sorted, size_t n, size_t place)
{
	struct json_object *d = sorted[place];
	ssize_t next = successor(sorted, n, place);
	time_t made = (time_t)(json_int(d, "decided_ms", 0) / 1000);
	const char *because = json_str(d, "because");
	char date[16];
	struct tm tm;
	strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&made, &tm));
	MEM_FREE char *next_name = next >= 0 ? record_name(sorted[next], (size_t)next) : NULL;
	str_addf(out, "---\nstatus: \"%s%s\"\ndate: %s\n---\n\n%s\n\n# %s\n\n", next_name ? "superseded by " : "accepted",
	         next_name ? next_name : "", date, MARK, json_str_or(d, "name", "?"));
	if (because)
		str_addf(out, "## Context and Problem Statement\n\n%s\n\n", because);
	str_addf(out, "## Decision Outcome\n\n%s\n\n## More Information\n\nVersion %d, for %s.\n", json_str_or(d, "value", ""),
	         (int)json_int(d, "version", 0), json_str(d, "scope") ? "this repository" : "all repositories");
}

/* Is there a file of that name that somebody else wrote? */
static bool is_foreign(const char *path)
{
	struct str text STR_FREE = STR_INIT;
	if (!file_exists(path))
		return false;
	return file_read(path, READ_MAX, &text) < 0 || !strstr(str_c(&text), MARK);
}

static int write_record(const struct cli *c, const char *folder, struct json_object **sorted, size_t n, size_t place,
                        struct err *err)
{
	MEM_FREE char *name = record_name(sorted[place], place);
	MEM_FREE char *path = mem_printf("%s/%s.md", folder, name);
	struct str text STR_FREE = STR_INIT;
	if (is_foreign(path))
		return err_set(err, ERR_REFUSED, "%s was not written by muster: move it away, or choose another folder", path);
	add_record(&text, sorted, n, place);
	int r = file_write_atomic(path, 0644, text.data, text.len);
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "cannot write %s", path);
	cli_say(c, "%s", path);
	return 0;
}

int adr_write(const struct cli *c, const char *folder, struct json_object *decisions, struct err *err)
{
	size_t n = json_len(decisions);
	int r = file_mkdirs(folder, 0755);
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "cannot make %s", folder);
	struct json_object **sorted MEM_FREE = mem_resize(NULL, n + 1, sizeof(struct json_object *));
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_at(decisions, i);
	qsort(sorted, n, sizeof *sorted, by_id);
	for (size_t i = 0; i < n; i++)
		if (write_record(c, folder, sorted, n, i, err) < 0)
			return -1;
	if (n == 0)
		cli_say(c, "nothing is decided: nothing was written");
	return 0;
}
