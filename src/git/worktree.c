#include "git/worktree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/path.h"
#include "git/record.h"

enum { SMALL_FILE_MAX = 4096 + 16 }; /* HEAD and gitdir hold a ref name or a path */

void worktree_fini(struct worktree *w)
{
	free(w->path);
	free(w->git_dir);
	*w = (struct worktree){0};
}

static bool is_main(const struct repo *r, const char *git_dir)
{
	return strcmp(git_dir, r->common_dir) == 0;
}

int worktree_open_git_dir(const struct repo *r, const struct worktree *w, struct err *err)
{
	size_t len = strlen(r->common_dir);
	int common FD_CLOSE = folder_open(r->common_dir);
	if (common < 0)
		return err_set_errno(err, ERR_FAILED, common, "%s", r->common_dir);
	if (is_main(r, w->git_dir))
		return FD_TAKE(common);
	if (strncmp(w->git_dir, r->common_dir, len) != 0 || strncmp(w->git_dir + len, "/worktrees/", 11) != 0)
		return err_set(err, ERR_FAILED, "%s is not a worktree's folder in %s", w->git_dir, r->common_dir);
	const char *name;
	char *inside MEM_FREE = mem_printf("%s/HEAD", w->git_dir + len + 1);
	int fd = folder_open_parent(common, inside, false, &name);
	return fd < 0 ? err_set_errno(err, ERR_FAILED, fd, "%s", w->git_dir) : fd;
}

/* Does <common>/worktrees/<id>/gitdir name this folder? */
static bool names_path(const char *git_dir, const char *path)
{
	struct str text STR_FREE = STR_INIT;
	int dir FD_CLOSE = folder_open(git_dir);
	if (dir < 0 || folder_read(dir, "gitdir", SMALL_FILE_MAX, &text) < 0)
		return false;
	str_trim(&text);
	size_t len = text.len;
	if (len < 6 || strcmp(text.data + len - 5, "/.git") != 0)
		return false;
	text.data[len - 5] = '\0';
	/* Later versions of git may write it relative to the git folder. */
	char *full MEM_FREE = text.data[0] == '/' ? mem_strdup(text.data) : mem_printf("%s/%s", git_dir, text.data);
	char *real = realpath(full, NULL);
	bool same = strcmp(real ? real : full, path) == 0;
	free(real);
	return same;
}

static char *scan(const struct repo *r, const char *path)
{
	char *dir MEM_FREE = mem_printf("%s/worktrees", r->common_dir);
	DIR *d = opendir(dir);
	char *found = NULL;
	for (const struct dirent *e; d && !found && (e = readdir(d));) {
		char *git_dir = mem_printf("%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.' && names_path(git_dir, path))
			found = git_dir;
		else
			free(git_dir);
	}
	if (d)
		closedir(d);
	return found;
}

static bool is_main_path(const struct repo *r, const char *path)
{
	size_t len = strlen(path);
	return strncmp(r->common_dir, path, len) == 0 && strcmp(r->common_dir + len, "/.git") == 0;
}

static char *git_dir_of(const struct repo *r, const char *path)
{
	struct record rec;
	if (record_read(r->state, path, &rec, NULL) == 0) {
		char *git_dir = strcmp(rec.common_dir, r->common_dir) == 0 ? MEM_TAKE(rec.git_dir) : NULL;
		record_fini(&rec);
		if (git_dir)
			return git_dir;
	}
	if (r->toplevel && r->git_dir && strcmp(r->toplevel, path) == 0)
		return mem_strdup(r->git_dir);
	return is_main_path(r, path) ? mem_strdup(r->common_dir) : scan(r, path);
}

int worktree_find(const struct repo *r, const char *path, struct worktree *ret, struct err *err)
{
	/* The last component is not followed: an agent may have put a link in its folder's place. */
	char *git_dir = git_dir_of(r, path);
	char *real MEM_FREE = git_dir ? NULL : realpath(path, NULL);
	if (real)
		git_dir = git_dir_of(r, real);
	if (!git_dir)
		return err_set(err, ERR_USAGE, "%s is not a worktree of %s", path,
			       r->toplevel ? r->toplevel : r->common_dir);
	*ret = (struct worktree){.path = mem_strdup(real ? real : path), .git_dir = git_dir};
	return 0;
}

void worktree_head_fini(struct worktree_head *h)
{
	free(h->branch);
	*h = (struct worktree_head){0};
}

int worktree_head(const struct repo *r, const struct worktree *w, struct worktree_head *ret, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	struct worktree_head head = {0};
	int dir FD_CLOSE = worktree_open_git_dir(r, w, err);
	if (dir < 0)
		return -1;
	int got = folder_read(dir, "HEAD", SMALL_FILE_MAX, &text);
	if (got < 0)
		return err_set_errno(err, ERR_FAILED, got, "%s/HEAD", w->git_dir);
	str_trim(&text);
	if (oid_parse(str_c(&text), text.len, &head.commit)) {
		*ret = head;
		return 0;
	}
	const char *ref = str_c(&text) + 5;
	if (strncmp(str_c(&text), "ref: refs/heads/", 16) != 0 || !path_is_inside(ref))
		return err_set(err, ERR_FAILED, "%s/HEAD says neither a branch nor a commit", w->git_dir);
	if (repo_check_branch(r, ref + 11, err) < 0 || repo_ref_read(r, ref, &head.commit, err) < 0)
		return err_prefix(err, "%s/HEAD", w->git_dir);
	head.branch = mem_strdup(ref + 11);
	*ret = head;
	return 0;
}

void worktree_list_free(struct worktree_info *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].path);
		free(list[i].branch);
	}
	free(list);
}

/* One "key value" line of the porcelain list. */
static void take_line(struct worktree_info *info, const char *line)
{
	const char *value = strchr(line, ' ');
	value = value ? value + 1 : "";
	if (strncmp(line, "HEAD ", 5) == 0)
		oid_parse(value, strlen(value), &info->head);
	else if (strncmp(line, "branch ", 7) == 0)
		mem_replace(&info->branch, value);
	else if (strcmp(line, "bare") == 0)
		info->bare = true;
	else if (strncmp(line, "locked", 6) == 0)
		info->locked = true;
	else if (strncmp(line, "prunable", 8) == 0)
		info->prunable = true;
}

/* git gives up when a worktree is made or removed under its eyes, by us or by the user: three seconds of that are
 * looked over. */
static int read_list(const struct git_at *at, struct str *out, struct err *err)
{
	enum { TRIES = 300, PAUSE_US = 10000 };
	const struct git_opt opt = {.inert = true};
	struct err why = {0};
	for (int i = 0; i < TRIES; i++) {
		str_reset(out);
		if (git_run(at, GIT_ARGS("worktree", "list", "--porcelain", "-z"), &opt, out, &why) == 0)
			return 0;
		usleep(PAUSE_US);
	}
	return err_set(err, why.code, "%s", why.msg);
}

int worktree_list(const struct repo *r, struct worktree_info **ret, size_t *ret_n, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	struct worktree_info *list = NULL;
	size_t n = 0;
	if (read_list(&at, &out, err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&out, &p);) {
		if (strncmp(p.text, "worktree ", 9) == 0) {
			list = mem_resize(list, n + 1, sizeof *list);
			list[n++] = (struct worktree_info){.path = mem_strdup(p.text + 9)};
		} else if (n) {
			take_line(&list[n - 1], p.text);
		}
	}
	*ret = list;
	*ret_n = n;
	return 0;
}
