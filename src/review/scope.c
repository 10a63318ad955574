#include "review/scope.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "git/git.h"

/* The names that differ, as git lists them; sorted, NUL-separated. */
static int changed(const struct repo *r, const struct oid *old, const struct oid *new, const struct strv *scope,
                   const volatile int *stop, struct str *out, struct err *err)
{
	/* git/git.h makes every pathspec literal; these are meant as patterns. */
	static const char *const patterns[] = {"GIT_LITERAL_PATHSPECS=0", NULL};
	struct strv args STRV_FREE = STRV_INIT;
	struct git_at at = repo_at(r);
	at.env = patterns;
	strv_add_all(&args, GIT_ARGS("diff-tree", "-r", "--name-only", "--no-renames", "-z", old->hex, new->hex, "--"));
	if (scope)
		strv_add_all(&args, (const char *const *)strv_argv(scope));
	const struct git_opt opt = {.stop = stop, .inert = true, .out_limit = (size_t)256 << 20};
	return git_runv(&at, &args, &opt, out, err);
}

int scope_outside(const struct repo *r, const struct oid *old, const struct oid *new, const struct strv *scope,
                  const volatile int *stop, struct strv *ret_paths, struct err *err)
{
	struct str all STR_FREE = STR_INIT, inside STR_FREE = STR_INIT;
	struct git_part a = {0}, in = {0};
	if (!scope || scope->n == 0)
		return 0;
	if (changed(r, old, new, NULL, stop, &all, err) < 0)
		return -1;
	if (changed(r, old, new, scope, stop, &inside, err) < 0) {
		if (err && (!stop || !*stop))
			err->code = ERR_USAGE;
		return err_prefix(err, "scope");
	}
	/* Both lists have one order, and the second is part of the first. */
	bool more = git_next(&inside, &in);
	while (git_next(&all, &a)) {
		if (more && strcmp(a.text, in.text) == 0)
			more = git_next(&inside, &in);
		else
			strv_add(ret_paths, a.text);
	}
	return 0;
}
