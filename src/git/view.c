#include "git/view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/folder.h"

/* What the session's own settings would say does not count; submodules are not looked into, because that runs git
 * under a configuration that an agent can write. */
static const char *const settings[] = {
	"core.bare=false",
	"core.splitIndex=false",
	"core.untrackedCache=false",
	"core.sparseCheckout=false",
	"index.sparse=false",
	"diff.ignoreSubmodules=dirty",
	"submodule.recurse=false",
	"status.submoduleSummary=false",
	NULL,
};

/* Files are their bytes. */
static const char raw_attributes[] = "* -text -eol -crlf -ident -filter -working-tree-encoding -diff -merge\n";

static int make_dir(const char *state, char **ret, struct err *err)
{
	char *tmp MEM_FREE = mem_printf("%s/tmp", state);
	char *dir MEM_FREE = mem_printf("%s/view-%d-XXXXXX", tmp, (int)getpid());
	int r = file_mkdirs(tmp, 0700);
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "%s", tmp);
	if (!mkdtemp(dir))
		return err_set_errno(err, ERR_FAILED, errno, "%s", dir);
	*ret = MEM_TAKE(dir);
	return 0;
}

static int put(const struct view *v, const char *name, const char *text, struct err *err)
{
	int dir FD_CLOSE = folder_open(v->dir);
	int r = dir < 0 ? dir : folder_write(dir, name, 0600, text, strlen(text));
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "%s/%s", v->dir, name) : 0;
}

/* git takes a file that is as new as the index for possibly changed: a copy that were newer would hide changes. */
static int copy_with_time(int from, int to, const char *name)
{
	struct stat st;
	int r = folder_copy(from, to, name);
	if (r < 0)
		return r;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	const struct timespec times[] = {st.st_atim, st.st_mtim};
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* The index, and what a split one refers to. */
static int copy_index(const struct repo *r, const struct worktree *w, const struct view *v, struct err *err)
{
	int from FD_CLOSE = worktree_open_git_dir(r, w, err);
	if (from < 0)
		return -1;
	int to FD_CLOSE = folder_open(v->dir);
	DIR *d = to < 0 ? NULL : opendir(w->git_dir);
	int failed = to < 0 ? to : d ? 0 : -errno;
	for (const struct dirent *e; failed == 0 && (e = readdir(d));) {
		if (strcmp(e->d_name, "index") == 0 || strncmp(e->d_name, "sharedindex.", 12) == 0)
			failed = copy_with_time(from, to, e->d_name);
		failed = failed == -ENOENT ? 0 : failed;
	}
	if (d)
		closedir(d);
	return failed < 0 ? err_set_errno(err, ERR_FAILED, failed, "the index of %s", w->path) : 0;
}

static int fill_user(const struct repo *r, const struct worktree *w, struct view *v, struct err *err)
{
	char *head MEM_FREE = oid_is_set(&v->head.commit) ? mem_printf("%s\n", v->head.commit.hex)
							  : mem_printf("ref: refs/heads/%s\n", v->head.branch);
	char *common MEM_FREE = mem_printf("%s\n", r->common_dir);
	v->common_dir = mem_strdup(r->common_dir);
	v->at.common_dir = v->common_dir;
	v->at.config = settings;
	/* For git the variable is enough; git-lfs finds its store by the file. */
	if (put(v, "HEAD", head, err) < 0 || put(v, "commondir", common, err) < 0)
		return -1;
	return copy_index(r, w, v, err);
}

static int fill_raw(const struct repo *r, const struct worktree *w, struct view *v, struct err *err)
{
	char *config MEM_FREE = mem_printf("[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n"
					   "\tsymlinks = true\n\tbare = false\n[extensions]\n\tobjectformat = %s\n",
					   r->format);
	char *refs MEM_FREE = mem_printf("%s/refs", v->dir);
	v->object_dir = mem_printf("%s/objects", r->common_dir);
	v->at.object_dir = v->object_dir;
	v->at.own_config = true;
	v->at.config = settings;
	if (mkdir(refs, 0700) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "%s", refs);
	if (put(v, "HEAD", "ref: refs/heads/none\n", err) < 0 || put(v, "config", config, err) < 0)
		return -1;
	return put(v, "info/attributes", raw_attributes, err) < 0 ? -1 : copy_index(r, w, v, err);
}

int view_open(const struct repo *r, const struct worktree *w, enum view_kind kind, struct view *ret,
	      struct err *err)
{
	struct view v = {.files = -1};
	if (worktree_head(r, w, &v.head, err) < 0)
		return -1;
	v.files = folder_open(w->path);
	if (v.files < 0 && v.files != -ENOENT) {
		worktree_head_fini(&v.head);
		return err_set_errno(err, ERR_FAILED, v.files, "%s", w->path);
	}
	v.files = MAX(v.files, -1);
	int done = make_dir(r->state, &v.dir, err);
	if (done == 0) {
		v.work_tree = mem_strdup(v.files >= 0 ? w->path : v.dir);
		v.index_file = mem_printf("%s/index", v.dir);
		v.at = (struct git_at){
			.cwd = v.work_tree,
			.git_dir = v.dir,
			.work_tree = v.work_tree,
			.index_file = v.index_file,
		};
		done = kind == VIEW_USER ? fill_user(r, w, &v, err) : fill_raw(r, w, &v, err);
	}
	if (done < 0) {
		view_fini(&v);
		return -1;
	}
	*ret = v;
	return 0;
}

void view_fini(struct view *v)
{
	if (v->dir && folder_remove(v->dir) < 0) {
		/* view_sweep takes it later. */
	}
	fd_closep(&v->files);
	worktree_head_fini(&v->head);
	free(v->dir);
	free(v->common_dir);
	free(v->object_dir);
	free(v->work_tree);
	free(v->index_file);
	*v = (struct view){.files = -1};
}

void view_sweep(const char *state)
{
	char *tmp MEM_FREE = mem_printf("%s/tmp", state);
	DIR *d = opendir(tmp);
	for (const struct dirent *e; d && (e = readdir(d));) {
		int pid = 0;
		if (sscanf(e->d_name, "view-%d-", &pid) != 1 || pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		char *path MEM_FREE = mem_printf("%s/%s", tmp, e->d_name);
		if (folder_remove(path) < 0)
			continue; /* the next sweep tries again */
	}
	if (d)
		closedir(d);
}
