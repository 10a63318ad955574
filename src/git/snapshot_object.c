/* Small objects and refs of snapshots. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/diff.h"
#include "git/snapshot_part.h"

enum { META_MAX = 256 << 20 };

static int take_oid(const char *what, struct str *out, struct oid *ret, struct err *err)
{
	str_trim(out);
	if (!oid_parse(str_c(out), out->len, ret))
		return err_set(err, ERR_FAILED, "git %s gave no object", what);
	return 0;
}

int snapshot_blob(const struct repo *r, const void *bytes, size_t len, struct oid *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	if (git_run(&at, GIT_ARGS("hash-object", "-w", "--no-filters", "--stdin"),
		    &(struct git_opt){.input = bytes, .input_len = len}, &out, err) < 0)
		return -1;
	return take_oid("hash-object", &out, ret, err);
}

int snapshot_mktree(const struct repo *r, const struct tree_entry *entries, size_t n, struct oid *ret,
		    struct err *err)
{
	struct str in STR_FREE = STR_INIT, out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	for (size_t i = 0; i < n; i++) {
		if (!oid_is_set(&entries[i].oid))
			continue;
		str_addf(&in, "%s %s\t%s", entries[i].is_tree ? "040000 tree" : "100644 blob", entries[i].oid.hex,
			 entries[i].name);
		str_addc(&in, '\0');
	}
	if (git_run(&at, GIT_ARGS("mktree", "-z"), &(struct git_opt){.input = in.data, .input_len = in.len}, &out,
		    err) < 0)
		return -1;
	return take_oid("mktree", &out, ret, err);
}

int snapshot_list(const struct repo *r, const char *session_id, struct strv *ret_refs, struct err *err)
{
	struct strv refs STRV_FREE = STRV_INIT;
	char *prefix MEM_FREE = mem_printf("refs/muster/trash/%s/", session_id);
	unsigned last = 0;
	if (repo_refs(r, prefix, &refs, err) < 0)
		return -1;
	/* git sorts 10 before 2. */
	for (size_t i = 0; i < refs.n; i++)
		last = MAX(last, (unsigned)strtoul(refs.v[i] + strlen(prefix), NULL, 10));
	for (unsigned n = 1; n <= last; n++) {
		char *ref MEM_FREE = mem_printf("%s%u", prefix, n);
		for (size_t i = 0; i < refs.n; i++)
			if (strcmp(refs.v[i], ref) == 0)
				strv_add(ret_refs, ref);
	}
	return 0;
}

int snapshot_last(const struct repo *r, const char *session_id, unsigned *ret, struct err *err)
{
	struct strv refs STRV_FREE = STRV_INIT;
	if (snapshot_list(r, session_id, &refs, err) < 0)
		return -1;
	*ret = refs.n ? (unsigned)strtoul(strrchr(refs.v[refs.n - 1], '/') + 1, NULL, 10) : 0;
	return 0;
}

int snapshot_meta(const struct repo *r, const struct oid *commit, struct meta *ret, struct err *err)
{
	struct str bytes STR_FREE = STR_INIT;
	if (diff_blob(r, commit, "meta", META_MAX, &bytes, err) < 0)
		return err_prefix(err, "%.12s is not a snapshot", commit->hex);
	meta_parse(&bytes, ret);
	return 0;
}

int snapshot_subtree(const struct repo *r, const struct oid *commit, const char *name, struct oid *ret,
		     struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	if (git_run(&at, GIT_ARGS("ls-tree", "-z", commit->hex, name), &(struct git_opt){.inert = true}, &out,
		    err) < 0)
		return -1;
	const char *oid = strncmp(str_c(&out), "040000 tree ", 12) == 0 ? out.data + 12 : NULL;
	*ret = (struct oid){0};
	if (oid && !oid_parse(oid, strcspn(oid, "\t"), ret))
		return err_set(err, ERR_FAILED, "%s of %.12s is not a tree", name, commit->hex);
	return 0;
}
