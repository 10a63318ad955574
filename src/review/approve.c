#include "review/approve.h"

#include <string.h>

#include "base/mem.h"
#include "git/path.h"
#include "git/status.h"

static int check_seen(const struct approve_spec *spec, const struct oid *tip, struct err *err)
{
	size_t len = spec->seen ? strlen(spec->seen) : 0;
	if (!spec->seen || (len >= APPROVE_SEEN_MIN && strncmp(spec->seen, tip->hex, len) == 0))
		return 0;
	if (len < APPROVE_SEEN_MIN)
		return err_set(err, ERR_USAGE, "\"%s\" is too short for the name of a commit", spec->seen);
	return err_set(err, ERR_REFUSED, "%s is now at %.12s, not at %.12s as it was reviewed: look again", spec->branch,
	               tip->hex, spec->seen);
}

static int check_something(const struct approve_spec *spec, const struct oid *tip, struct err *err)
{
	struct oid target;
	bool contained = false;
	if (repo_commit(spec->repo, spec->target, &target, err) < 0 ||
	    repo_is_ancestor(spec->repo, tip, &target, &contained, err) < 0)
		return -1;
	if (contained)
		return err_set(err, ERR_REFUSED, "there is nothing to approve: %s has no commit that %s lacks", spec->branch,
		               spec->target);
	return 0;
}

static int check_clean(const struct approve_spec *spec, struct err *err)
{
	struct status st CLEANUP(status_fini) = {0};
	struct str name STR_FREE = STR_INIT;
	if (!spec->worktree || spec->committed_only)
		return 0;
	if (status_read(spec->repo, spec->worktree, spec->stop, &st, err) < 0)
		return -1;
	if (status_is_clean(&st))
		return 0;
	path_quote(&name, st.entries[0].path);
	return err_set(err, ERR_REFUSED,
	               "uncommitted work in %zu %s (%s%s): have it committed, or approve only what is committed",
	               st.n + st.left_out, st.n + st.left_out == 1 ? "file" : "files", str_c(&name),
	               st.n + st.left_out > 1 ? ", …" : "");
}

int approve_check(const struct approve_spec *spec, struct oid *ret_tip, struct err *err)
{
	struct oid tip;
	char *ref MEM_FREE = mem_printf("refs/heads/%s", spec->branch);
	if (repo_ref_read(spec->repo, ref, &tip, err) < 0)
		return -1;
	if (!oid_is_set(&tip))
		return err_set(err, ERR_REFUSED, "the branch %s is gone", spec->branch);
	if (check_seen(spec, &tip, err) < 0 || check_something(spec, &tip, err) < 0 || check_clean(spec, err) < 0)
		return -1;
	*ret_tip = tip;
	return 0;
}
