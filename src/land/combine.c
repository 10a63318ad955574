#include "land/combine.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "git/diff.h"
#include "git/merge.h"

enum { SUBJECT_BYTES = 160, COMMITS_MAX = 10000 };

bool combine_how_parse(const char *text, enum combine_how *ret)
{
	static const char *const names[] = {
#define COMBINE_NAME(name, text) [COMBINE_##name] = text,
		COMBINE_HOWS(COMBINE_NAME)
#undef COMBINE_NAME
	};
	if (!text) {
		*ret = COMBINE_MERGE;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = (enum combine_how)i;
			return true;
		}
	}
	return false;
}

/* The first line, shortened at the end of a character. */
static void add_subject(struct str *out, const char *text)
{
	struct str line STR_FREE = STR_INIT;
	text_add_inert(&line, text, strcspn(text, "\n"), TEXT_ONE_LINE);
	str_trim(&line);
	size_t len = MIN(line.len, (size_t)SUBJECT_BYTES);
	while (len < line.len && len > 0 && ((unsigned char)line.data[len] & 0xc0) == 0x80)
		len--;
	str_add(out, str_c(&line), len);
	if (len < line.len)
		str_adds(out, "…");
}

static void add_trailers(struct str *out, const struct combine_spec *spec, const struct merge_person *lead)
{
	str_addf(out, "\nMuster-Session: %s\nMuster-Tip: %s\nApproved-by: %s <%s>\n", spec->session_id, spec->tip.hex,
	         lead->name, lead->mail);
}

/* Both trees are one: nothing would change. */
static int check_changes(const struct combine_spec *spec, const struct oid *tree, struct err *err)
{
	struct oid before;
	if (repo_tree(spec->repo, spec->onto.hex, &before, err) < 0)
		return -1;
	if (oid_equal(&before, tree))
		return err_set(err, ERR_REFUSED, "there is nothing to land: the target has all changes of %s already",
		               spec->branch);
	return 0;
}

static void take_conflicts(struct merge *m, struct strv *conflicts)
{
	strv_fini(conflicts);
	*conflicts = m->conflicts;
	m->conflicts = STRV_INIT;
}

static int list_commits(const struct combine_spec *spec, struct diff_commit **ret, size_t *ret_n, struct err *err)
{
	size_t total;
	if (diff_commits(spec->repo, &spec->onto, &spec->tip, COMMITS_MAX, ret, ret_n, &total, err) < 0)
		return -1;
	if (total > *ret_n) {
		diff_commits_free(*ret, *ret_n);
		return err_set(err, ERR_FAILED, "%s has %zu commits: more than %d cannot be landed by `%s`", spec->branch,
		               total, COMMITS_MAX, spec->how == COMBINE_SQUASH ? "squash" : "rebase");
	}
	return 0;
}

/* "Merge muster/x: brief"; squashed: the brief, and what went into it. */
static int write_message(const struct combine_spec *spec, const struct merge_person *lead, struct str *out,
                         struct err *err)
{
	bool squash = spec->how == COMBINE_SQUASH;
	if (!squash)
		str_addf(out, "Merge %s", spec->branch);
	if (spec->brief && *spec->brief) {
		str_adds(out, squash ? "" : ": ");
		add_subject(out, spec->brief);
	} else if (squash) {
		str_addf(out, "Land %s", spec->branch);
	}
	str_addc(out, '\n');
	if (squash) {
		struct diff_commit *list = NULL;
		size_t n = 0;
		if (list_commits(spec, &list, &n, err) < 0)
			return -1;
		str_addc(out, '\n');
		for (size_t i = n; i-- > 0;) {
			str_adds(out, "* ");
			add_subject(out, list[i].subject);
			str_addc(out, '\n');
		}
		diff_commits_free(list, n);
	}
	add_trailers(out, spec, lead);
	return 0;
}

static int make_merge(const struct combine_spec *spec, const struct merge_person *lead, struct oid *ret,
                      struct strv *conflicts, struct err *err)
{
	struct merge m CLEANUP(merge_fini) = {0};
	struct str message STR_FREE = STR_INIT;
	if (merge_commits(spec->repo, &spec->onto, &spec->tip, 0, spec->stop, &m, err) < 0)
		return -1;
	if (!m.clean) {
		take_conflicts(&m, conflicts);
		*ret = (struct oid){0};
		return 0;
	}
	if (check_changes(spec, &m.tree, err) < 0 || write_message(spec, lead, &message, err) < 0)
		return -1;
	const struct oid parents[] = {spec->onto, spec->tip};
	const struct merge_commit c = {
		.tree = m.tree,
		.parents = parents,
		.n_parents = spec->how == COMBINE_SQUASH ? 1 : 2,
		.message = str_c(&message),
		.author = lead,
		.committer = lead,
	};
	return merge_commit_write(spec->repo, &c, ret, err);
}

/* Makes one commit again on top of *tip. *tip is unset when it conflicts, and stays when nothing is left of it. */
static int replay(const struct combine_spec *spec, const struct merge_person *lead, const struct diff_commit *commit,
                  struct oid *tip, struct strv *conflicts, struct err *err)
{
	struct merge m CLEANUP(merge_fini) = {0};
	struct merge_person author CLEANUP(merge_person_fini) = {0};
	struct str message STR_FREE = STR_INIT;
	struct oid parent, tree;
	char *parent_rev MEM_FREE = mem_printf("%s^", commit->oid.hex);
	if (repo_commit(spec->repo, parent_rev, &parent, err) < 0 ||
	    merge_change(spec->repo, &parent, &commit->oid, tip, spec->stop, &m, err) < 0)
		return -1;
	if (!m.clean) {
		take_conflicts(&m, conflicts);
		*tip = (struct oid){0};
		return 0;
	}
	if (repo_tree(spec->repo, tip->hex, &tree, err) < 0)
		return -1;
	if (oid_equal(&tree, &m.tree))
		return 0;
	if (merge_commit_read(spec->repo, &commit->oid, &author, &message, err) < 0)
		return -1;
	const struct oid onto = *tip;
	const struct merge_commit c = {.tree = m.tree, .parents = &onto, .n_parents = 1, .message = str_c(&message),
	                               .author = &author, .committer = lead};
	return merge_commit_write(spec->repo, &c, tip, err);
}

static int replay_all(const struct combine_spec *spec, const struct merge_person *lead,
                      const struct diff_commit *list, size_t n, struct oid *ret, struct strv *conflicts,
                      struct err *err)
{
	struct oid tip = spec->onto;
	for (size_t i = n; i-- > 0 && oid_is_set(&tip);) {
		if (list[i].parents != 1)
			return err_set(err, ERR_REFUSED,
			               "%s has a merge commit (%.12s), which `land: rebase` cannot make again: use merge or squash",
			               spec->branch, list[i].oid.hex);
		if (replay(spec, lead, &list[i], &tip, conflicts, err) < 0)
			return -1;
	}
	if (oid_equal(&tip, &spec->onto))
		return err_set(err, ERR_REFUSED, "there is nothing to land: the target has all changes of %s already",
		               spec->branch);
	*ret = tip;
	return 0;
}

static int make_rebase(const struct combine_spec *spec, const struct merge_person *lead, struct oid *ret,
                       struct strv *conflicts, struct err *err)
{
	struct diff_commit *list = NULL;
	size_t n = 0;
	bool on_top = false;
	/* Already on top of the target: the very commits that were reviewed. */
	if (repo_is_ancestor(spec->repo, &spec->onto, &spec->tip, &on_top, err) < 0)
		return -1;
	if (on_top) {
		*ret = spec->tip;
		return 0;
	}
	if (list_commits(spec, &list, &n, err) < 0)
		return -1;
	int r = replay_all(spec, lead, list, n, ret, conflicts, err);
	diff_commits_free(list, n);
	return r;
}

int combine_make(const struct combine_spec *spec, struct oid *ret, struct strv *conflicts, struct err *err)
{
	struct merge_person lead CLEANUP(merge_person_fini) = {0};
	if (merge_identity(spec->repo, &lead, err) < 0)
		return -1;
	return spec->how == COMBINE_REBASE ? make_rebase(spec, &lead, ret, conflicts, err)
	                                   : make_merge(spec, &lead, ret, conflicts, err);
}
