#include "work/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/view.h"
#include "git/worktree.h"
#include "store/session_row.h"

struct place {
	char *git_dir, *repo;
};

struct doctor {
	struct place *v;
	size_t n;
	char *state, *worktrees;
};

static bool known(const struct doctor *d, const char *git_dir)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].git_dir, git_dir) == 0)
			return true;
	return false;
}

struct doctor *doctor_new(struct db *db, const struct dirs *dirs)
{
	struct doctor *d = mem_alloc(sizeof *d);
	struct session_rows rows = {0};
	d->state = mem_strdup(dirs->state);
	d->worktrees = dirs_worktrees(dirs);
	session_row_list(db, true, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		const struct session_row *r = &rows.v[i];
		if (!r->git_dir || !r->repo || known(d, r->git_dir))
			continue;
		d->v = mem_resize(d->v, d->n + 1, sizeof *d->v);
		d->v[d->n++] = (struct place){.git_dir = mem_strdup(r->git_dir), .repo = mem_strdup(r->repo)};
	}
	session_rows_fini(&rows);
	return d;
}

static void add(struct json_object *checks, bool ok, bool fixed, const char *text, const char *more)
{
	struct json_object *o = json_new();
	MEM_FREE char *whole = mem_printf("%s%s", text, more);
	json_add_str(o, "name", "worktrees");
	json_add_bool(o, "ok", ok);
	json_add_str(o, "text", whole);
	json_add_bool(o, "fixed", fixed);
	json_push(checks, o);
}

static void run_one(const struct doctor *d, const struct place *p, bool fix, struct json_object *checks)
{
	struct repo repo = {0};
	struct err err = {0};
	struct strv found STRV_FREE = STRV_INIT;
	int r = repo_reopen(p->git_dir, p->repo, d->state, &repo, &err);
	if (r == 0)
		r = worktree_doctor(&repo, fix, &found, &err);
	for (size_t i = 0; i < found.n; i++) {
		const char *last = strrchr(found.v[i], ':'); /* "…: repaired", or "…: not repaired: why" */
		bool fixed = fix && last && strcmp(last, ": repaired") == 0;
		add(checks, false, fixed, found.v[i], fix ? "" : "; --fix repairs it");
	}
	if (r < 0)
		add(checks, false, false, err.msg, "");
	else if (found.n == 0)
		add(checks, true, false, p->repo, ": no damage");
	repo_fini(&repo);
}

void doctor_run(struct doctor *d, bool fix, struct json_object *checks)
{
	if (fix)
		view_sweep(d->state);
	for (size_t i = 0; i < d->n; i++)
		run_one(d, &d->v[i], fix, checks);
}

void doctor_sweep(struct doctor *d)
{
	view_sweep(d->state);
	for (size_t i = 0; i < d->n; i++) {
		struct repo repo = {0};
		struct err err = {0};
		if (repo_reopen(d->v[i].git_dir, d->v[i].repo, d->state, &repo, &err) < 0)
			continue; /* the repository is gone: doctor says so when it is asked */
		MEM_FREE char *slug = repo_slug(&repo);
		MEM_FREE char *folder = mem_printf("%s/%s", d->worktrees, slug);
		/* What cannot be deleted now is tried again at the next start. */
		int r = worktree_sweep(folder, &err);
		(void)r;
		repo_fini(&repo);
	}
}

void doctor_free(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].git_dir);
		free(d->v[i].repo);
	}
	free(d->v);
	free(d->state);
	free(d->worktrees);
	free(d);
}
