/* git's own state of a worktree: reflog, merge or rebase in progress, submodule repositories; and the commits that
 * nothing else holds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/snapshot_part.h"

enum { STATE_FILE_MAX = 4 << 20, COMMITS_MAX = 5000 };

/* Made by git anew, or kept elsewhere in the snapshot; config.worktree an agent may have turned against its reader.
 */
static const char *const left_out[] = {"index", "HEAD", "gitdir", "commondir", "locked", "config.worktree"};

struct admin {
	int dir;
	struct strv files, oids;
};

static bool is_left_out(const char *path)
{
	size_t len = strlen(path);
	for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
		if (strcmp(path, left_out[i]) == 0)
			return true;
	return strncmp(path, "sharedindex.", 12) == 0 || strncmp(path, "info/", 5) == 0 ||
	       (len > 5 && strcmp(path + len - 5, ".lock") == 0);
}

static void add_oid(struct strv *oids, const char *text, size_t len)
{
	struct oid oid;
	if (oids->n < COMMITS_MAX && oid_parse(text, len, &oid) && strspn(oid.hex, "0") != len)
		strv_add(oids, oid.hex);
}

/* Object names that begin a line ("MERGE_HEAD"), and the second word of reflog lines. */
static void gather(struct admin *a, const char *path)
{
	struct str text STR_FREE = STR_INIT;
	if (folder_read(a->dir, path, STATE_FILE_MAX, &text) < 0)
		return;
	for (const char *p = str_c(&text); *p;) {
		size_t line = strcspn(p, "\n"), word = strcspn(p, " \t\n");
		add_oid(&a->oids, p, word);
		if (word < line)
			add_oid(&a->oids, p + word + 1, strcspn(p + word + 1, " \t\n"));
		p += line + (p[line] == '\n');
	}
}

static int on_entry(const struct folder_entry *e, void *data)
{
	struct admin *a = data;
	bool module = strncmp(e->path, "modules/", 8) == 0;
	if (is_left_out(e->path))
		return FOLDER_SKIP;
	if (e->kind != FOLDER_FILE && e->kind != FOLDER_LINK)
		return 0;
	strv_add(&a->files, e->path);
	if (e->kind == FOLDER_FILE && !module)
		gather(a, e->path);
	return 0;
}

/* Of the gathered names those of commits, each once. */
static int keep_commits(const struct repo *r, const struct strv *oids, struct strv *ret, struct err *err)
{
	struct str in STR_FREE = STR_INIT, out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	for (size_t i = 0; i < oids->n; i++)
		if (i == 0 || strcmp(oids->v[i], oids->v[i - 1]) != 0)
			str_addf(&in, "%s\n", oids->v[i]);
	if (in.len == 0)
		return 0;
	if (git_run(&at, GIT_ARGS("cat-file", "--batch-check=%(objecttype) %(objectname)"),
		    &(struct git_opt){.inert = true, .input = in.data, .input_len = in.len}, &out, err) < 0)
		return -1;
	for (const char *p = str_c(&out); *p;) {
		size_t len = strcspn(p, "\n");
		if (strncmp(p, "commit ", 7) == 0)
			strv_addn(ret, p + 7, len - 7);
		p += len + (p[len] == '\n');
	}
	return 0;
}

/* Those commits that `held` does not reach, less those that others of them reach. */
static int drop_reachable(const struct repo *r, const struct strv *commits, const struct strv *held,
			  struct strv *ret, struct err *err)
{
	struct str in STR_FREE = STR_INIT, out STR_FREE = STR_INIT;
	struct strv parents STRV_FREE = STRV_INIT, found STRV_FREE = STRV_INIT;
	const struct git_at at = repo_at(r);
	if (commits->n == 0)
		return 0;
	for (size_t i = 0; i < commits->n; i++)
		str_addf(&in, "%s\n", commits->v[i]);
	for (size_t i = 0; i < held->n; i++)
		str_addf(&in, "^%s\n", held->v[i]);
	if (git_run(&at, GIT_ARGS("rev-list", "--parents", "--stdin"),
		    &(struct git_opt){.inert = true, .input = in.data, .input_len = in.len}, &out, err) < 0)
		return -1;
	for (const char *p = str_c(&out); *p;) {
		size_t line = strcspn(p, "\n"), word = strcspn(p, " \n");
		struct str rest STR_FREE = STR_INIT;
		strv_addn(&found, p, word);
		str_add(&rest, p + word, line - word);
		strv_split(&parents, str_c(&rest), ' ');
		p += line + (p[line] == '\n');
	}
	snapshot_sort(&parents);
	snapshot_sort(&found);
	for (size_t i = 0; i < commits->n; i++)
		if (snapshot_has(&found, commits->v[i]) && !snapshot_has(&parents, commits->v[i]))
			strv_add(ret, commits->v[i]);
	return 0;
}

int snapshot_admin(const struct repo *r, const struct worktree *w, const struct view *raw, const struct strv *held,
		   struct oid *ret_tree, struct strv *ret_commits, struct strv *notes, struct err *err)
{
	struct strv commits STRV_FREE = STRV_INIT;
	if (strcmp(w->git_dir, r->common_dir) == 0)
		return 0; /* the user's own git folder: it is never removed */
	int dir FD_CLOSE = worktree_open_git_dir(r, w, err);
	if (dir < 0)
		return -1;
	struct admin a = {.dir = dir};
	int walked = folder_walk(dir, on_entry, &a);
	int done = walked < 0 ? err_set_errno(err, ERR_FAILED, walked, "%s", w->git_dir) : 0;
	snapshot_sort(&a.oids);
	if (done == 0)
		done = keep_commits(r, &a.oids, &commits, err);
	if (done == 0)
		done = drop_reachable(r, &commits, held, ret_commits, err);
	if (done == 0 && a.files.n)
		done = part_tree(raw, w->git_dir, &a.files, NULL, ret_tree, notes, err);
	strv_fini(&a.files);
	strv_fini(&a.oids);
	return done;
}
