/* Files that are not on disk what they are in git. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/snapshot_part.h"

enum { LIST_LIMIT = 512 << 20 };

/* The value of a setting as the user's git sees it; "" when it is not set. */
static void setting(const struct view *v, const char *key, struct str *ret)
{
	int code;
	str_reset(ret);
	if (git_run(&v->at, GIT_ARGS("config", "--get", key), &(struct git_opt){.inert = true, .ret_exit = &code},
		    ret, NULL) < 0)
		str_reset(ret);
	str_trim(ret);
}

/* Is there any file of attributes besides those in the worktree? */
static bool other_attributes(const struct view *v)
{
	struct str file STR_FREE = STR_INIT;
	char *info MEM_FREE = mem_printf("%s/info/attributes", v->common_dir);
	setting(v, "core.attributesFile", &file);
	return file.len || file_exists(info) || file_exists("/etc/gitattributes") ||
	       git_run(&v->at, GIT_ARGS("config", "--get-regexp", "^filter\\."), &(struct git_opt){.inert = true},
		       NULL, NULL) == 0;
}

static bool converts_by_default(const struct view *v)
{
	struct str value STR_FREE = STR_INIT;
	setting(v, "core.autocrlf", &value);
	return value.len && strcmp(value.data, "false") != 0;
}

static bool has_filter(const struct view *v, const char *name)
{
	struct str value STR_FREE = STR_INIT;
	static const char *const commands[] = {"process", "smudge"};
	for (size_t i = 0; i < ARRAY_LEN(commands) && value.len == 0; i++) {
		char *key MEM_FREE = mem_printf("filter.%s.%s", name, commands[i]);
		setting(v, key, &value);
	}
	return value.len > 0;
}

struct sorting {
	const struct view *view;
	const struct strv *changed; /* sorted */
	struct strv *raw, *filtered;
	struct strv known, unknown; /* filter names by whether they are configured */
	char *path;                 /* of the last attribute: six in a row are one path's */
	bool converted, by_filter;
};

static bool is_known_filter(struct sorting *s, const char *name)
{
	for (size_t i = 0; i < s->known.n; i++)
		if (strcmp(s->known.v[i], name) == 0)
			return true;
	for (size_t i = 0; i < s->unknown.n; i++)
		if (strcmp(s->unknown.v[i], name) == 0)
			return false;
	bool known = has_filter(s->view, name);
	strv_add(known ? &s->known : &s->unknown, name);
	return known;
}

/* Filters need not be reversible (one may drop what it likes), so bytes are only left to them where they are many.
 */
static bool is_large(const struct sorting *s)
{
	const char *name;
	struct stat st;
	int dir FD_CLOSE = folder_open_parent(s->view->files, s->path, false, &name);
	return dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size >= SNAPSHOT_FILTERED_MIN;
}

static void end_path(struct sorting *s)
{
	if (s->path && s->converted)
		strv_add(s->by_filter && !snapshot_has(s->changed, s->path) && is_large(s) ? s->filtered : s->raw,
			 s->path);
	s->converted = s->by_filter = false;
}

static void take_attribute(struct sorting *s, const char *path, const char *name, const char *value,
			   bool by_default)
{
	if (!s->path || strcmp(s->path, path) != 0) {
		end_path(s);
		mem_replace(&s->path, path);
	}
	bool off = strcmp(value, "unset") == 0;
	bool silent = strcmp(value, "unspecified") == 0;
	if (strcmp(name, "filter") == 0) {
		if (!off && !silent && is_known_filter(s, value))
			s->converted = s->by_filter = true;
	} else if (!off && (!silent || (by_default && strcmp(name, "text") == 0))) {
		s->converted = true;
	}
}

int snapshot_converted(const struct view *user, const struct strv *tracked, const struct strv *changed,
		       bool attributes, struct strv *ret_raw, struct strv *ret_filtered, struct err *err)
{
	struct str in STR_FREE = STR_INIT, out STR_FREE = STR_INIT;
	bool by_default = converts_by_default(user);
	if (tracked->n == 0 || (!attributes && !by_default && !other_attributes(user)))
		return 0;
	for (size_t i = 0; i < tracked->n; i++)
		str_add(&in, tracked->v[i], strlen(tracked->v[i]) + 1);
	if (git_run(&user->at,
		    GIT_ARGS("check-attr", "-z", "--stdin", "text", "crlf", "eol", "ident", "filter",
			     "working-tree-encoding"),
		    &(struct git_opt){
			    .inert = true, .input = in.data, .input_len = in.len, .out_limit = LIST_LIMIT},
		    &out, err) < 0)
		return -1;
	struct sorting s = {.view = user, .changed = changed, .raw = ret_raw, .filtered = ret_filtered};
	for (struct git_part p = {0}; git_next(&out, &p);) {
		const char *path = p.text;
		const char *name = git_next(&out, &p) ? p.text : "";
		const char *value = git_next(&out, &p) ? p.text : "unspecified";
		take_attribute(&s, path, name, value, by_default);
	}
	end_path(&s);
	mem_freep(&s.path);
	strv_fini(&s.known);
	strv_fini(&s.unknown);
	return 0;
}
