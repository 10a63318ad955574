#include "git/repo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/worktree.h"

enum { LOCK_POLL_MS = 10 };

void repo_fini(struct repo *r)
{
	free(r->toplevel);
	free(r->git_dir);
	free(r->common_dir);
	free(r->state);
	*r = (struct repo){0};
}

struct git_at repo_at(const struct repo *r)
{
	return (struct git_at){.cwd = r->common_dir, .git_dir = r->common_dir};
}

/* What git says about a folder that it will not open, in words that say what to do. */
static int explain_open(const char *path, const struct str *said, struct err *err)
{
	const char *text = str_c(said);
	if (strstr(text, "dubious ownership"))
		return err_set(
			err, ERR_REFUSED,
			"%s belongs to another user, so git does not trust it: see safe.directory in git-config(1)",
			path);
	if (strstr(text, "not a git repository"))
		return err_set(err, ERR_USAGE, "%s is not in a git repository: go to one, or run `git init`", path);
	return err_set(err, ERR_FAILED, "git cannot open %s: %.*s", path, (int)strcspn(text, "\n"), text);
}

/* Asks `git rev-parse ARGS` in the folder; the lines of its answer are added to ret. */
static int ask(const char *path, const char *const *args, struct strv *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	struct err said = {0};
	const struct git_at at = {.cwd = path};
	if (git_run(&at, args, &(struct git_opt){.inert = true}, &out, &said) < 0) {
		struct str word STR_FREE = STR_INIT;
		str_adds(&word, said.msg);
		return explain_open(path, &word, err);
	}
	strv_split(ret, str_c(&out), '\n');
	return 0;
}

static int find_parts(const char *path, struct repo *r, struct err *err)
{
	struct strv parts STRV_FREE = STRV_INIT, top STRV_FREE = STRV_INIT;
	if (ask(path,
		GIT_ARGS("rev-parse", "--path-format=absolute", "--is-bare-repository", "--is-inside-git-dir",
			 "--show-object-format", "--git-dir", "--git-common-dir"),
		&parts, err) < 0)
		return -1;
	if (parts.n != 5)
		return err_set(err, ERR_USAGE,
			       "%s: a repository in a folder with a newline in its name is not supported", path);
	bool bare = strcmp(parts.v[0], "true") == 0;
	if (!bare && strcmp(parts.v[1], "true") == 0)
		return err_set(err, ERR_USAGE, "%s is git's own folder: go to the checkout", path);
	if (!bare) {
		if (ask(path, GIT_ARGS("rev-parse", "--path-format=absolute", "--show-toplevel"), &top, err) < 0)
			return -1;
		if (top.n != 1)
			return err_set(err, ERR_USAGE, "%s: git names no top folder", path);
		r->toplevel = mem_strdup(top.v[0]);
	}
	memcpy(r->format, parts.v[2], MIN(strlen(parts.v[2]), sizeof r->format - 1));
	r->git_dir = mem_strdup(parts.v[3]);
	r->common_dir = mem_strdup(parts.v[4]);
	return 0;
}

static int check_needs(const char *path, const struct repo *r, unsigned needs, struct err *err)
{
	struct oid head;
	if ((needs & REPO_NEEDS_CHECKOUT) && !r->toplevel)
		return err_set(err, ERR_USAGE, "%s is a bare repository: run this in a checkout of it", path);
	if ((needs & REPO_NEEDS_COMMIT) && repo_commit(r, "HEAD", &head, NULL) < 0)
		return err_set(err, ERR_USAGE,
			       "%s has no commit yet: make the first one, so that there is something to start from",
			       path);
	return 0;
}

int repo_open(const char *path, const char *state, unsigned needs, struct repo *ret, struct err *err)
{
	char *real MEM_FREE = realpath(path, NULL);
	if (!real)
		return err_set_errno(err, ERR_USAGE, errno, "%s", path);
	if (!file_is_dir(real))
		return err_set(err, ERR_USAGE, "%s is not a folder", path);
	if (access(real, R_OK | X_OK) < 0)
		return err_set_errno(err, ERR_USAGE, errno, "%s", path);
	struct repo r = {.state = mem_strdup(state)};
	if (find_parts(real, &r, err) < 0 || check_needs(path, &r, needs, err) < 0) {
		repo_fini(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

/* The git folder of a checkout of the user's, by what the repository's side says. */
static char *git_dir_of(const struct repo *r)
{
	struct worktree w = {0};
	if (!r->toplevel || worktree_find(r, r->toplevel, &w, NULL) < 0)
		return mem_strdup(r->common_dir);
	char *dir = MEM_TAKE(w.git_dir);
	worktree_fini(&w);
	return dir;
}

bool repo_is_inside(const char *path)
{
	MEM_FREE char *dir = realpath(path, NULL);
	while (dir && *dir) {
		MEM_FREE char *git = mem_printf("%s/.git", dir);
		MEM_FREE char *head = mem_printf("%s/HEAD", dir);
		MEM_FREE char *objects = mem_printf("%s/objects", dir);
		if (file_exists(git) || (file_exists(head) && file_is_dir(objects)))
			return true;
		*strrchr(dir, '/') = '\0';
	}
	return false;
}

int repo_reopen(const char *common_dir, const char *toplevel, const char *state, struct repo *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = {.cwd = "/", .git_dir = common_dir};
	if (!file_is_dir(common_dir))
		return err_set(err, ERR_FAILED, "the repository %s is not there any more", common_dir);
	if (git_run(&at, GIT_ARGS("rev-parse", "--show-object-format"), &(struct git_opt){.inert = true}, &out,
		    err) < 0)
		return err_prefix(err, "%s", common_dir);
	str_trim(&out);
	struct repo r = {
		.common_dir = mem_strdup(common_dir),
		.toplevel = toplevel ? mem_strdup(toplevel) : NULL,
		.state = mem_strdup(state),
	};
	memcpy(r.format, str_c(&out), MIN(out.len, sizeof r.format - 1));
	r.git_dir = git_dir_of(&r);
	*ret = r;
	return 0;
}

/* FNV-1a, 32 bits: short names for long paths. */
static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261u;
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

char *repo_slug(const struct repo *r)
{
	char *path MEM_FREE = mem_strdup(r->common_dir);
	size_t len = strlen(path);
	if (len > 5 && strcmp(path + len - 5, "/.git") == 0)
		path[len - 5] = '\0';
	char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	for (char *p = name; *p; p++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *p))
			*p = '-';
	if (*name == '.' || *name == '\0')
		return mem_printf("repo%.40s-%08x", name, hash(r->common_dir));
	return mem_printf("%.40s-%08x", name, hash(r->common_dir));
}

int repo_lock_for(const struct repo *r, const char *what, const char *other, const volatile int *stop, struct err *err)
{
	char *slug MEM_FREE = repo_slug(r);
	char *dir MEM_FREE = mem_printf("%s/locks", r->state);
	char *path MEM_FREE = mem_printf("%s/%s.%s", dir, slug, what);
	int made = file_mkdirs(dir, 0700);
	if (made < 0)
		return err_set_errno(err, ERR_FAILED, made, "%s", dir);
	int fd FD_CLOSE = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set_errno(err, ERR_FAILED, errno, "%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set_errno(err, ERR_FAILED, errno, "%s", path);
		if (stop && *stop)
			return err_set(err, ERR_FAILED, "cancelled while waiting for another %s", other);
		nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_MS * 1000000L}, NULL);
	}
	return FD_TAKE(fd);
}

int repo_lock(const struct repo *r, const volatile int *stop, struct err *err)
{
	return repo_lock_for(r, "lock", "change of the repository", stop, err);
}
