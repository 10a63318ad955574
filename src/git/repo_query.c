/* Questions about commits and branches. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/repo.h"
#include "git/worktree.h"

static const struct git_opt inert = {.inert = true};

/* The user's checkout: HEAD is theirs. */
static struct git_at checkout_at(const struct repo *r)
{
	return (struct git_at){.cwd = r->common_dir, .git_dir = r->git_dir, .common_dir = r->common_dir};
}

/* Runs a command whose exit code is its answer: 0 or 1, anything else is an error. */
static int ask(const struct git_at *at, const char *const *args, int *ret_exit, struct str *out, struct err *err)
{
	int code = 0;
	if (git_run(at, args, &(struct git_opt){.inert = true, .ret_exit = &code}, out, err) < 0)
		return -1;
	if (code > 1)
		return err_set(err, ERR_FAILED, "git %s failed (code %d)", args[0], code);
	*ret_exit = code;
	return 0;
}

int repo_current_branch(const struct repo *r, char **ret_branch, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = checkout_at(r);
	int code = 0;
	if (ask(&at, GIT_ARGS("symbolic-ref", "--quiet", "HEAD"), &code, &out, err) < 0)
		return -1;
	str_trim(&out);
	if (code || strncmp(str_c(&out), "refs/heads/", 11) != 0)
		return err_set(err, ERR_REFUSED,
			       "%s is on no branch (detached HEAD): name the target branch, or check one out",
			       r->toplevel ? r->toplevel : r->common_dir);
	*ret_branch = mem_strdup(out.data + 11);
	return 0;
}

int repo_target_branch(const struct repo *r, const char *asked, char **ret_branch, struct err *err)
{
	bool exists = false;
	if (!asked)
		return repo_current_branch(r, ret_branch, err);
	if (repo_check_branch(r, asked, err) < 0 || repo_branch_exists(r, asked, &exists, err) < 0)
		return -1;
	if (!exists)
		return err_set(err, ERR_USAGE, "there is no branch \"%s\"", asked);
	*ret_branch = mem_strdup(asked);
	return 0;
}

static int resolve(const struct repo *r, const char *rev, const char *kind, struct oid *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = checkout_at(r);
	char *full MEM_FREE = mem_printf("%s^{%s}", rev, kind);
	int code = 0;
	if (git_run(&at, GIT_ARGS("rev-parse", "--verify", "--quiet", "--end-of-options", full),
		    &(struct git_opt){.inert = true, .ret_exit = &code}, &out, err) < 0)
		return -1;
	str_trim(&out);
	if (code || !oid_parse(str_c(&out), out.len, ret))
		return err_set(err, ERR_USAGE, "\"%s\" names no %s", rev, kind);
	return 0;
}

int repo_commit(const struct repo *r, const char *rev, struct oid *ret, struct err *err)
{
	return resolve(r, rev, "commit", ret, err);
}

int repo_tree(const struct repo *r, const char *rev, struct oid *ret, struct err *err)
{
	return resolve(r, rev, "tree", ret, err);
}

int repo_check_branch(const struct repo *r, const char *branch, struct err *err)
{
	const struct git_at at = repo_at(r);
	char *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	int code = 0;
	if (ask(&at, GIT_ARGS("check-ref-format", ref), &code, NULL, err) < 0)
		return -1;
	if (code || branch[0] == '-')
		return err_set(err, ERR_USAGE, "\"%s\" is not a name that git takes for a branch", branch);
	return 0;
}

int repo_branch_exists(const struct repo *r, const char *branch, bool *ret, struct err *err)
{
	char *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	struct oid oid;
	if (repo_ref_read(r, ref, &oid, err) < 0)
		return -1;
	*ret = oid_is_set(&oid);
	return 0;
}

int repo_refs(const struct repo *r, const char *prefix, struct strv *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	if (git_run(&at, GIT_ARGS("for-each-ref", "--format=%(refname)", prefix), &inert, &out, err) < 0)
		return -1;
	strv_split(ret, str_c(&out), '\n');
	return 0;
}

int repo_is_ancestor(const struct repo *r, const struct oid *a, const struct oid *of, bool *ret, struct err *err)
{
	const struct git_at at = repo_at(r);
	int code = 0;
	if (ask(&at, GIT_ARGS("merge-base", "--is-ancestor", a->hex, of->hex), &code, NULL, err) < 0)
		return -1;
	*ret = code == 0;
	return 0;
}

int repo_merge_base(const struct repo *r, const struct oid *a, const struct oid *b, struct oid *ret,
		    struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	int code = 0;
	if (ask(&at, GIT_ARGS("merge-base", a->hex, b->hex), &code, &out, err) < 0)
		return -1;
	str_trim(&out);
	*ret = (struct oid){0};
	if (code == 0 && !oid_parse(str_c(&out), out.len, ret))
		return err_set(err, ERR_FAILED, "git merge-base gave no commit");
	return 0;
}

int repo_ahead_behind(const struct repo *r, const struct oid *a, const struct oid *b, int *ret_ahead,
		      int *ret_behind, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	char *range MEM_FREE = mem_printf("%s...%s", a->hex, b->hex);
	char *end;
	if (git_run(&at, GIT_ARGS("rev-list", "--left-right", "--count", range, "--"), &inert, &out, err) < 0)
		return -1;
	long ahead = strtol(str_c(&out), &end, 10);
	long behind = strtol(end, NULL, 10);
	*ret_ahead = (int)ahead;
	*ret_behind = (int)behind;
	return 0;
}

int repo_branch_checkout(const struct repo *r, const char *branch, char **ret_path, struct err *err)
{
	char *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	struct worktree_info *list;
	size_t n;
	if (worktree_list(r, &list, &n, err) < 0)
		return -1;
	*ret_path = NULL;
	for (size_t i = 0; i < n && !*ret_path; i++)
		if (list[i].branch && !list[i].bare && strcmp(list[i].branch, ref) == 0)
			*ret_path = mem_strdup(list[i].path);
	worktree_list_free(list, n);
	return 0;
}
