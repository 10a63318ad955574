/* A review as JSON: the form is documented in review/review.h. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fmt/json.h"
#include "git/path.h"
#include "review/review.h"

static struct json_object *path_json(const char *path)
{
	struct str quoted STR_FREE = STR_INIT;
	path_quote(&quoted, path);
	return json_new_str(str_c(&quoted));
}

static struct json_object *paths_json(const struct strv *paths)
{
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < paths->n; i++)
		json_push(list, path_json(paths->v[i]));
	return list;
}

static bool is_outside(const struct review *rv, const struct diff_file *f)
{
	return review_is_outside(rv, f->path) || (f->status == 'R' && review_is_outside(rv, f->old_path));
}

static const char *kind_of(unsigned mode)
{
	unsigned type = mode & 0170000;
	return type == 0120000 ? "symlink" : type == 0160000 ? "submodule" : "file";
}

static void add_mode(struct json_object *o, const char *key, unsigned mode)
{
	char text[16];
	snprintf(text, sizeof text, "%06o", mode);
	json_add_str(o, key, mode ? text : NULL);
}

static void add_lines(struct json_object *o, const char *key, int64_t lines)
{
	if (lines < 0)
		json_add_null(o, key);
	else
		json_add_int(o, key, lines);
}

static struct json_object *file_json(const struct review *rv, const struct diff_file *f)
{
	struct json_object *o = json_new();
	const char status[] = {f->status, '\0'};
	json_add_obj(o, "path", path_json(f->path));
	json_add_obj(o, "old_path", f->old_path ? path_json(f->old_path) : NULL);
	json_add_str(o, "status", status);
	add_lines(o, "added", f->added);
	add_lines(o, "removed", f->removed);
	json_add_bool(o, "binary", f->added < 0);
	json_add_bool(o, "outside", is_outside(rv, f));
	add_mode(o, "old_mode", f->old_mode);
	add_mode(o, "new_mode", f->new_mode);
	json_add_str(o, "kind", kind_of(f->new_mode ? f->new_mode : f->old_mode));
	json_add_bool(o, "mode_changed", f->old_mode && f->new_mode && f->old_mode != f->new_mode);
	return o;
}

static void add_diff(struct json_object *o, const char *files_key, const char *stat_key, const struct review *rv,
                     const struct diff *d)
{
	struct json_object *files = json_new_array(), *stat = json_new();
	int64_t binary = 0, outside = 0;
	for (size_t i = 0; i < d->n; i++) {
		binary += d->files[i].added < 0;
		outside += is_outside(rv, &d->files[i]);
		json_push(files, file_json(rv, &d->files[i]));
	}
	json_add_int(stat, "files", (int64_t)(d->n + d->left_out));
	json_add_int(stat, "added", d->added);
	json_add_int(stat, "removed", d->removed);
	json_add_int(stat, "binary", binary);
	json_add_int(stat, "outside", outside);
	json_add_int(stat, "left_out", (int64_t)d->left_out);
	json_add_obj(o, files_key, files);
	json_add_obj(o, stat_key, stat);
}

static struct json_object *patch_json(const struct review_patch *p)
{
	struct str inert STR_FREE = STR_INIT;
	if (p->text.len == 0 && !p->truncated)
		return NULL;
	text_add_inert(&inert, p->text.data, p->text.len, TEXT_LINES);
	struct json_object *o = json_new();
	json_add_strn(o, "text", str_c(&inert), inert.len);
	json_add_bool(o, "truncated", p->truncated);
	json_add_str(o, "command", p->command);
	json_add_bool(o, "altered", inert.len != p->text.len || memcmp(str_c(&inert), str_c(&p->text), inert.len) != 0);
	return o;
}

static void add_inert(struct json_object *o, const char *key, const char *text)
{
	struct str inert STR_FREE = STR_INIT;
	text_add_inert(&inert, text, strlen(text), TEXT_ONE_LINE);
	json_add_str(o, key, str_c(&inert));
}

static struct json_object *commits_json(const struct review *rv)
{
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < rv->n_commits; i++) {
		const struct diff_commit *c = &rv->commits[i];
		struct json_object *o = json_new();
		json_add_str(o, "oid", c->oid.hex);
		add_inert(o, "author", c->author);
		json_add_int(o, "wall_ms", c->wall_ms);
		add_inert(o, "subject", c->subject);
		json_add_bool(o, "merge", c->parents > 1);
		json_push(list, o);
	}
	return list;
}

struct json_object *review_json(const struct review *rv)
{
	struct json_object *o = json_new();
	json_add_str(o, "target", rv->target.hex);
	json_add_str(o, "base", rv->base.hex);
	json_add_str(o, "tip", rv->tip.hex);
	json_add_int(o, "behind", rv->behind);
	json_add_bool(o, "landed", rv->landed);
	json_add_bool(o, "mergeable", rv->mergeable);
	json_add_obj(o, "conflicts", paths_json(&rv->conflicts));
	json_add_strv(o, "conflict_messages", &rv->conflict_messages);
	json_add_obj(o, "commits", commits_json(rv));
	json_add_int(o, "total_commits", (int64_t)rv->total_commits);
	add_diff(o, "files", "stat", rv, &rv->committed);
	add_diff(o, "uncommitted", "uncommitted_stat", rv, &rv->uncommitted);
	json_add_obj(o, "patch", patch_json(&rv->patch));
	json_add_obj(o, "uncommitted_patch", patch_json(&rv->uncommitted_patch));
	json_add_obj(o, "outside", paths_json(&rv->outside));
	json_add_bool(o, "approvable", !oid_is_set(&rv->worktree) && !rv->landed);
	return o;
}
