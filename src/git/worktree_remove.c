/* Ending a worktree: quick for whoever waits, complete after a crash. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/record.h"
#include "git/worktree.h"

#define GONE ".gone-"

static int check_is_ours(const struct repo *r, const struct worktree *w, struct err *err)
{
	size_t len = strlen(r->common_dir);
	const char *id = w->git_dir + len + strlen("/worktrees/");
	if (strncmp(w->git_dir, r->common_dir, len) != 0 || strncmp(w->git_dir + len, "/worktrees/", 11) != 0 ||
	    *id == '\0' || *id == '.' || strchr(id, '/'))
		return err_set(err, ERR_REFUSED, "%s is not a worktree that may be removed", w->path);
	return 0;
}

/* Renames the folder away; *ret_gone (NULL: there was none) is what is left to delete. */
static int move_away(const char *path, char **ret_gone, struct err *err)
{
	int dir = (int)(strrchr(path, '/') - path);
	char *gone MEM_FREE = mem_printf("%.*s/" GONE "%s", dir, path, id_new().text);
	*ret_gone = NULL;
	if (rename(path, gone) < 0)
		return errno == ENOENT ? 0 : err_set_errno(err, ERR_FAILED, errno, "%s", path);
	*ret_gone = MEM_TAKE(gone);
	return 0;
}

int worktree_remove(const struct repo *r, const struct worktree *w, struct err *err)
{
	char *gone MEM_FREE = NULL;
	char *all MEM_FREE = mem_printf("%s/worktrees", r->common_dir);
	if (check_is_ours(r, w, err) < 0)
		return -1;
	int lock FD_CLOSE = repo_lock(r, NULL, err);
	if (lock < 0 || move_away(w->path, &gone, err) < 0)
		return -1;
	/* Not `git worktree remove` or `prune`: they would read what an agent wrote there, and prune takes the
	 * user's own worktrees on a disk that is not plugged in. */
	int r1 = folder_remove(w->git_dir);
	if (r1 < 0)
		return err_set_errno(err, ERR_FAILED, r1, "%s", w->git_dir);
	rmdir(all); /* git keeps no empty one; it stays when there are other worktrees */
	record_drop(r->state, w->path);
	fd_closep(&lock);
	int r2 = gone ? folder_remove(gone) : 0;
	return r2 < 0 ? err_set_errno(err, ERR_FAILED, r2, "%s", gone) : 0;
}

int worktree_sweep(const char *dir, struct err *err)
{
	DIR *d = opendir(dir);
	int failed = 0;
	if (!d)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_set_errno(err, ERR_FAILED, errno, "%s", dir);
	for (const struct dirent *e; (e = readdir(d));) {
		if (strncmp(e->d_name, GONE, strlen(GONE)) != 0)
			continue;
		char *path MEM_FREE = mem_printf("%s/%s", dir, e->d_name);
		int r = folder_remove(path);
		if (r < 0)
			failed = err_set_errno(err, ERR_FAILED, r, "%s", path);
	}
	closedir(d);
	return failed;
}
