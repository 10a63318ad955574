#include "git/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/snapshot_part.h"
#include "git/stage.h"

void snapshot_fini(struct snapshot *s)
{
	free(s->ref);
	free(s->reason);
	free(s->path);
	free(s->branch);
	free(s->own_branch);
	strv_fini(&s->notes);
	*s = (struct snapshot){0};
}

int snapshot_tree(const struct repo *r, const struct worktree *w, const volatile int *stop, struct oid *ret_tree,
		  struct err *err)
{
	struct view v;
	struct strv paths STRV_FREE = STRV_INIT;
	if (view_open(r, w, VIEW_USER, &v, err) < 0)
		return -1;
	int done = v.files < 0 ? err_set(err, ERR_FAILED, "%s is gone", w->path) : 0;
	done = done < 0 ? done : stage_changed(&v, stop, &paths, NULL, err);
	done = done < 0 ? done : stage_paths(&v, &paths, stop, NULL, err);
	done = done < 0 ? done : stage_tree(&v, ret_tree, err);
	view_fini(&v);
	return done;
}

/* The time ("\ncommitter NAME <MAIL> SECONDS ZONE") and the reason ("\n\nmuster snapshot: REASON\n"). */
static void parse_commit(const char *text, struct snapshot *s)
{
	static const char title[] = "\n\nmuster snapshot: ";
	const char *committer = strstr(text, "\ncommitter ");
	const char *mail_end = committer ? strstr(committer, "> ") : NULL;
	const char *reason = strstr(text, title);
	if (mail_end)
		s->wall_ms = strtoll(mail_end + 2, NULL, 10) * 1000;
	if (reason) {
		reason += strlen(title);
		s->reason = mem_strndup(reason, strcspn(reason, "\n"));
	}
}

int snapshot_read(const struct repo *r, const char *ref, struct snapshot *ret, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	struct meta m = {0};
	struct snapshot s = {0};
	const struct git_at at = repo_at(r);
	if (repo_ref_read(r, ref, &s.commit, err) < 0)
		return -1;
	if (!oid_is_set(&s.commit))
		return err_set(err, ERR_USAGE, "there is no snapshot %s", ref);
	if (snapshot_meta(r, &s.commit, &m, err) < 0)
		return -1;
	if (git_run(&at, GIT_ARGS("cat-file", "commit", s.commit.hex), &(struct git_opt){.inert = true}, &text,
		    err) < 0 ||
	    snapshot_subtree(r, &s.commit, "worktree", &s.worktree, err) < 0 ||
	    snapshot_subtree(r, &s.commit, "index", &s.index, err) < 0) {
		meta_fini(&m);
		return -1;
	}
	parse_commit(str_c(&text), &s);
	s.ref = mem_strdup(ref);
	s.reason = s.reason ? s.reason : mem_strdup("");
	s.path = MEM_TAKE(m.path);
	s.branch = MEM_TAKE(m.branch);
	s.own_branch = MEM_TAKE(m.own_branch);
	if (m.head)
		oid_parse(m.head, strlen(m.head), &s.head);
	if (m.own_tip)
		oid_parse(m.own_tip, strlen(m.own_tip), &s.own_tip);
	strv_copy(&s.notes, &m.notes);
	meta_fini(&m);
	*ret = s;
	return 0;
}

int snapshot_drop(const struct repo *r, const char *ref, struct err *err)
{
	struct repo_ref_change change = {.ref = ref};
	if (strncmp(ref, "refs/muster/trash/", 18) != 0)
		return err_set(err, ERR_USAGE, "%s is not a snapshot", ref);
	if (repo_ref_read(r, ref, &change.old, err) < 0)
		return -1;
	return oid_is_set(&change.old) ? repo_refs_change(r, &change, 1, "muster: forget a snapshot", err) : 0;
}
