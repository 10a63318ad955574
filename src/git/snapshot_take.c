/* Taking a snapshot. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/snapshot_part.h"
#include "git/stage.h"

enum { LIST_LIMIT = 512 << 20, REF_TRIES = 16 };

struct take {
	const struct repo *repo;
	const struct worktree *worktree;
	const struct snapshot_spec *spec;
	struct view user, raw;
	struct meta meta;
	struct strv tracked, hidden, changed;
	struct parts parts;
	struct oid index, files, admin, nested;
	struct strv parents;
};

static void take_fini(struct take *t)
{
	view_fini(&t->user);
	view_fini(&t->raw);
	meta_fini(&t->meta);
	strv_fini(&t->tracked);
	strv_fini(&t->hidden);
	strv_fini(&t->changed);
	parts_fini(&t->parts);
	strv_fini(&t->parents);
}

/* HEAD and the session's own branch, and both as parents. */
static int take_heads(struct take *t, struct err *err)
{
	const struct worktree_head *head = &t->user.head;
	struct oid tip = {0};
	t->meta.path = mem_strdup(t->worktree->path);
	t->meta.branch = head->branch ? mem_strdup(head->branch) : NULL;
	if (oid_is_set(&head->commit)) {
		t->meta.head = mem_strdup(head->commit.hex);
		strv_add(&t->parents, head->commit.hex);
	}
	if (!t->spec->branch)
		return 0;
	char *ref MEM_FREE = mem_printf("refs/heads/%s", t->spec->branch);
	if (repo_ref_read(t->repo, ref, &tip, err) < 0)
		return -1;
	t->meta.own_branch = mem_strdup(t->spec->branch);
	t->meta.own_tip = oid_is_set(&tip) ? mem_strdup(tip.hex) : NULL;
	if (oid_is_set(&tip) && !oid_equal(&tip, &head->commit))
		strv_add(&t->parents, tip.hex);
	return 0;
}

static int list_ignored(struct take *t, struct strv *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	if (git_run(&t->user.at,
		    GIT_ARGS("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"),
		    &(struct git_opt){.inert = true, .stop = t->spec->stop, .out_limit = LIST_LIMIT}, &out,
		    err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&out, &p);)
		if (p.len)
			strv_add(ret, p.text);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	if (x->over != y->over)
		return x->over ? 1 : -1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Ignored files, the small ones first, as far as the limit goes. */
static void choose_ignored(struct take *t, struct strv *files)
{
	int64_t left = t->spec->ignored_limit_bytes;
	struct parts *p = &t->parts;
	if (p->n_ignored)
		qsort(p->ignored, p->n_ignored, sizeof *p->ignored, by_size);
	for (size_t i = 0; i < p->n_ignored; i++) {
		struct part *part = &p->ignored[i];
		if (part->over || part->bytes > left || left <= 0) {
			char *why MEM_FREE =
				mem_printf("is ignored by git and beyond the limit of %" PRId64 " MiB: not kept",
					   t->spec->ignored_limit_bytes >> 20);
			snapshot_note(&t->meta.notes, part->root, why);
			continue;
		}
		left -= part->bytes;
		strv_add_all(files, (const char *const *)strv_argv(&part->files));
		meta_join(&t->meta, &part->meta);
	}
}

/* Paths whose entry in the raw index is not to be believed: their bytes are read again. */
static int refresh_raw(struct take *t, const struct strv *extra, struct err *err)
{
	struct str again STR_FREE = STR_INIT;
	struct strv converted STRV_FREE = STRV_INIT, paths STRV_FREE = STRV_INIT, unread STRV_FREE = STRV_INIT;
	struct strv sorted STRV_FREE = STRV_INIT;
	strv_copy(&sorted, &t->changed);
	snapshot_sort(&sorted);
	if (snapshot_converted(&t->user, &t->tracked, &sorted, t->parts.has_attributes, &converted,
			       &t->meta.filtered, err) < 0)
		return -1;
	strv_copy(&paths, &t->changed);
	strv_add_all(&paths, (const char *const *)strv_argv(extra));
	strv_add_all(&paths, (const char *const *)strv_argv(&converted));
	strv_add_all(&paths, (const char *const *)strv_argv(&t->hidden));
	/* git skips what looks unchanged, or is flagged so: without an entry it has to look. */
	for (size_t i = 0; i < converted.n; i++)
		str_add(&again, converted.v[i], strlen(converted.v[i]) + 1);
	for (size_t i = 0; i < t->hidden.n; i++)
		str_add(&again, t->hidden.v[i], strlen(t->hidden.v[i]) + 1);
	for (size_t i = 0; i < t->meta.intended.n; i++)
		str_add(&again, t->meta.intended.v[i], strlen(t->meta.intended.v[i]) + 1);
	for (size_t i = 0; i < t->meta.stages.n; i++) {
		const char *path = strchr(t->meta.stages.v[i], '\t') + 1;
		str_add(&again, path, strlen(path) + 1);
		strv_add(&paths, path);
	}
	if (stage_forget(&t->raw, &again, t->spec->stop, err) < 0 ||
	    stage_paths(&t->raw, &paths, t->spec->stop, &unread, err) < 0)
		return -1;
	for (size_t i = 0; i < unread.n; i++)
		snapshot_note(&t->meta.notes, unread.v[i], "cannot be read: not kept");
	return stage_tree(&t->raw, &t->files, err);
}

static int take_files(struct take *t, struct err *err)
{
	struct strv ignored STRV_FREE = STRV_INIT, extra STRV_FREE = STRV_INIT;
	if (stage_changed(&t->user, t->spec->stop, &t->changed, NULL, err) < 0 ||
	    list_ignored(t, &ignored, err) < 0)
		return -1;
	if (parts_collect(t->user.files, &ignored, t->spec->ignored_limit_bytes, &t->parts, err) < 0)
		return -1;
	meta_join(&t->meta, &t->parts.main.meta);
	choose_ignored(t, &extra);
	return refresh_raw(t, &extra, err);
}

/* A repository's own folder, or the file that points to it. */
static int take_git_of(struct take *t, const char *path, struct tree_entry *ret, struct err *err)
{
	struct part p = {0};
	struct str text STR_FREE = STR_INIT;
	char *inside MEM_FREE = mem_printf("%s/.git", path);
	char *full MEM_FREE = mem_printf("%s/%s", t->worktree->path, inside);
	char *prefix MEM_FREE = mem_printf("%s/", inside);
	ret->name = "git";
	if (folder_read(t->user.files, inside, 65536, &text) == 0)
		return snapshot_blob(t->repo, text.data, text.len, &ret->oid, err);
	int dir FD_CLOSE = folder_open(full);
	if (dir < 0) {
		snapshot_note(&t->meta.notes, inside, "is neither a folder nor a file: not kept");
		return 0;
	}
	ret->is_tree = true;
	int done = part_collect(dir, prefix, &p, err);
	done = done < 0 ? done : part_tree(&t->raw, full, &p.files, t->spec->stop, &ret->oid, &t->meta.notes, err);
	if (done == 0)
		meta_join(&t->meta, &p.meta);
	part_fini(&p);
	return done;
}

static int take_one_nested(struct take *t, const char *path, struct oid *ret, struct err *err)
{
	struct part p = {0};
	struct tree_entry both[2] = {{.name = "files", .is_tree = true}};
	char *full MEM_FREE = mem_printf("%s/%s", t->worktree->path, path);
	char *prefix MEM_FREE = mem_printf("%s/", path);
	int dir FD_CLOSE = folder_open(full);
	int done = dir < 0 ? err_set_errno(err, ERR_FAILED, dir, "%s", full) : part_collect(dir, prefix, &p, err);
	done = done < 0 ? done
			: part_tree(&t->raw, full, &p.files, t->spec->stop, &both[0].oid, &t->meta.notes, err);
	/* Repositories inside this one go to the end of the list that is being worked off. */
	if (done == 0)
		meta_join(&t->meta, &p.meta);
	done = done < 0 ? done : take_git_of(t, path, &both[1], err);
	done = done < 0 ? done : snapshot_mktree(t->repo, both, 2, ret, err);
	part_fini(&p);
	return done;
}

static int take_nested(struct take *t, struct err *err)
{
	struct tree_entry *entries = NULL;
	struct strv names STRV_FREE = STRV_INIT;
	int done = 0;
	size_t n = 0;
	for (; n < t->meta.nested.n && done == 0; n++) {
		char *path MEM_FREE = mem_strdup(t->meta.nested.v[n]);
		entries = mem_resize(entries, n + 1, sizeof *entries);
		entries[n] = (struct tree_entry){.is_tree = true};
		strv_addf(&names, "%zu", n);
		done = take_one_nested(t, path, &entries[n].oid, err);
	}
	for (size_t i = 0; i < n; i++)
		entries[i].name = names.v[i];
	if (done == 0 && n)
		done = snapshot_mktree(t->repo, entries, n, &t->nested, err);
	free(entries);
	return done;
}

static int write_tree(struct take *t, struct oid *ret, struct err *err)
{
	struct str bytes STR_FREE = STR_INIT;
	struct tree_entry all[] = {
		{.name = "admin", .is_tree = true, .oid = t->admin},
		{.name = "index", .is_tree = true, .oid = t->index},
		{.name = "meta"},
		{.name = "nested", .is_tree = true, .oid = t->nested},
		{.name = "worktree", .is_tree = true, .oid = t->files},
	};
	meta_write(&t->meta, &bytes);
	if (snapshot_blob(t->repo, bytes.data, bytes.len, &all[2].oid, err) < 0)
		return -1;
	return snapshot_mktree(t->repo, all, ARRAY_LEN(all), ret, err);
}

/* Is the snapshot `ref` of the same tree and parents? */
static bool is_same(const struct take *t, const char *ref, const struct oid *tree)
{
	struct str out STR_FREE = STR_INIT, want STR_FREE = STR_INIT;
	const struct git_at at = repo_at(t->repo);
	if (git_run(&at, GIT_ARGS("rev-list", "--no-walk", "--no-commit-header", "--format=%T %P", ref, "--"),
		    &(struct git_opt){.inert = true}, &out, NULL) < 0)
		return false;
	str_trim(&out);
	str_adds(&want, tree->hex);
	for (size_t i = 0; i < t->parents.n; i++)
		str_addf(&want, " %s", t->parents.v[i]);
	return strcmp(str_c(&out), str_c(&want)) == 0;
}

static int write_commit(const struct take *t, const struct oid *tree, struct oid *ret, struct err *err)
{
	struct strv args STRV_FREE = STRV_INIT;
	struct str out STR_FREE = STR_INIT;
	struct git_at at = repo_at(t->repo);
	at.env = GIT_ARGS("GIT_AUTHOR_NAME=muster", "GIT_AUTHOR_EMAIL=muster@localhost",
			  "GIT_COMMITTER_NAME=muster", "GIT_COMMITTER_EMAIL=muster@localhost");
	strv_add_all(&args, GIT_ARGS("commit-tree", "--no-gpg-sign", "-m"));
	strv_addf(&args, "muster snapshot: %s", t->spec->reason);
	for (size_t i = 0; i < t->parents.n; i++) {
		strv_add(&args, "-p");
		strv_add(&args, t->parents.v[i]);
	}
	strv_add(&args, tree->hex);
	if (git_runv(&at, &args, NULL, &out, err) < 0)
		return -1;
	str_trim(&out);
	return oid_parse(str_c(&out), out.len, ret) ? 0
						    : err_set(err, ERR_FAILED, "git commit-tree gave no commit");
}

/* Puts the commit under the session's next number; another taker may be quicker. */
static int write_ref(const struct take *t, const struct oid *commit, char **ret_ref, struct err *err)
{
	for (int try = 0; try < REF_TRIES; try++) {
		unsigned last;
		if (snapshot_last(t->repo, t->spec->session_id, &last, err) < 0)
			return -1;
		char *ref MEM_FREE = mem_printf("refs/muster/trash/%s/%u", t->spec->session_id, last + 1);
		const struct repo_ref_change change = {.ref = ref, .new = *commit};
		struct err said = {0};
		if (repo_refs_change(t->repo, &change, 1, "muster: snapshot", &said) == 0) {
			*ret_ref = MEM_TAKE(ref);
			return 0;
		}
		if (said.code != ERR_REFUSED || try == REF_TRIES - 1)
			return err_set(err, said.code, "%s", said.msg);
	}
	return -1;
}

static int store(struct take *t, char **ret_ref, struct err *err)
{
	struct oid tree, commit;
	struct strv refs STRV_FREE = STRV_INIT;
	if (write_tree(t, &tree, err) < 0 || snapshot_list(t->repo, t->spec->session_id, &refs, err) < 0)
		return -1;
	if (refs.n && is_same(t, refs.v[refs.n - 1], &tree)) {
		*ret_ref = mem_strdup(refs.v[refs.n - 1]);
		return 0;
	}
	return write_commit(t, &tree, &commit, err) < 0 ? -1 : write_ref(t, &commit, ret_ref, err);
}

int snapshot_take(const struct repo *r, const struct worktree *w, const struct snapshot_spec *spec,
		  struct snapshot *ret, struct err *err)
{
	struct take t = {.repo = r, .worktree = w, .spec = spec, .user.files = -1, .raw.files = -1};
	struct strv lost STRV_FREE = STRV_INIT;
	char *ref MEM_FREE = NULL;
	/* The part of the index that is in conflict leaves the view: those files count as untracked then. */
	int done = view_open(r, w, VIEW_USER, &t.user, err);
	bool has_index = done == 0 && file_exists(t.user.index_file);
	done = done < 0 ? done : view_open(r, w, VIEW_RAW, &t.raw, err);
	done = done < 0 ? done : take_heads(&t, err);
	if (done == 0 && has_index)
		done = snapshot_index(&t.user, spec->stop, &t.index, &t.meta, &t.tracked, &t.hidden, err);
	if (done == 0 && t.user.files >= 0)
		done = take_files(&t, err);
	else if (done == 0)
		strv_add(&t.meta.notes, "the folder was gone: its files are not kept");
	done = done < 0 ? done : take_nested(&t, err);
	done = done < 0 ? done : snapshot_admin(r, w, &t.raw, &t.parents, &t.admin, &lost, &t.meta.notes, err);
	strv_add_all(&t.parents, (const char *const *)strv_argv(&lost));
	done = done < 0 ? done : store(&t, &ref, err);
	take_fini(&t);
	return done < 0 ? -1 : snapshot_read(r, ref, ret, err);
}
