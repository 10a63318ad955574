#include "git/snapshot_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/path.h"
#include "git/stage.h"

void part_fini(struct part *p)
{
	free(p->root);
	strv_fini(&p->files);
	meta_fini(&p->meta);
	*p = (struct part){0};
}

void parts_fini(struct parts *p)
{
	part_fini(&p->main);
	for (size_t i = 0; i < p->n_ignored; i++)
		part_fini(&p->ignored[i]);
	free(p->ignored);
	*p = (struct parts){0};
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void snapshot_sort(struct strv *list)
{
	if (list->n)
		qsort(list->v, list->n, sizeof *list->v, compare);
}

bool snapshot_has(const struct strv *sorted, const char *text)
{
	return sorted->n && bsearch(&text, sorted->v, sorted->n, sizeof *sorted->v, compare);
}

void snapshot_note(struct strv *notes, const char *path, const char *text)
{
	struct str line STR_FREE = STR_INIT;
	path_quote(&line, path);
	str_addf(&line, " %s", text);
	strv_add(notes, str_c(&line));
}

struct walk {
	struct parts *parts; /* NULL: a single part */
	struct part *part;
	const char *prefix;
	int64_t limit; /* of each ignored part */
};

static int compare_part(const void *a, const void *b)
{
	return strcmp(((const struct part *)a)->root, ((const struct part *)b)->root);
}

/* The ignored part that begins at this path, or NULL. */
static struct part *part_at(const struct walk *w, const char *path)
{
	const struct part key = {.root = (char *)path};
	if (!w->parts || w->part != &w->parts->main || w->parts->n_ignored == 0)
		return NULL;
	return bsearch(&key, w->parts->ignored, w->parts->n_ignored, sizeof key, compare_part);
}

static void keep_mode(const struct walk *w, struct part *p, const struct folder_entry *e)
{
	mode_t mode = e->st->st_mode & 07777;
	bool plain = S_ISREG(e->st->st_mode) ? mode == ((mode & 0100) ? 0755 : 0644) : mode == 0755;
	if (!plain)
		strv_addf(&p->meta.modes, "%o %s%s", mode, w->prefix, e->path);
}

static void take_file(const struct walk *w, struct part *p, const struct folder_entry *e)
{
	if (e->kind == FOLDER_OTHER) {
		snapshot_note(&p->meta.notes, e->path, "is a socket, pipe or device: not kept");
		return;
	}
	strv_add(&p->files, e->path);
	p->bytes += e->st->st_size;
	if (e->kind == FOLDER_FILE)
		keep_mode(w, p, e);
	if (w->parts && strcmp(e->name, ".gitattributes") == 0)
		w->parts->has_attributes = true;
}

static void give_up(struct part *p)
{
	p->over = true;
	strv_fini(&p->files);
	meta_fini(&p->meta);
}

static bool is_repository(const struct folder_entry *e)
{
	char *inside MEM_FREE = mem_printf("%s/.git", e->name);
	return faccessat(e->dir_fd, inside, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int take_folder(struct walk *w, struct part *p, const struct folder_entry *e)
{
	if (e->kind == FOLDER_CLOSED) {
		snapshot_note(&p->meta.notes, e->path,
			      "cannot be read, is too deep or is another file system: not kept");
		return 0;
	}
	if (e->kind == FOLDER_DIR_END) {
		if (e->n_entries == 0)
			strv_addf(&p->meta.folders, "%s%s", w->prefix, e->path);
		return 0;
	}
	keep_mode(w, p, e);
	if (is_repository(e)) {
		strv_addf(&p->meta.nested, "%s%s", w->prefix, e->path);
		return FOLDER_SKIP;
	}
	return 0;
}

static int on_entry(const struct folder_entry *e, void *data)
{
	struct walk *w = data;
	struct part *begins = e->kind == FOLDER_DIR_END ? NULL : part_at(w, e->path);
	struct part *p = begins ? begins : w->part;
	if (strcmp(e->path, ".git") == 0)
		return FOLDER_SKIP;
	if (begins && e->kind == FOLDER_DIR)
		w->part = begins; /* until its DIR_END */
	if (p->over)
		goto left;
	int r = 0;
	if (e->kind == FOLDER_FILE || e->kind == FOLDER_LINK || e->kind == FOLDER_OTHER)
		take_file(w, p, e);
	else
		r = take_folder(w, p, e);
	if (w->parts && p != &w->parts->main && p->bytes > w->limit)
		give_up(p);
	if (r == FOLDER_SKIP && begins)
		w->part = &w->parts->main; /* no DIR_END comes */
	if (e->kind != FOLDER_DIR_END)
		return r;
left:
	if (e->kind == FOLDER_DIR_END && w->parts && p != &w->parts->main && strcmp(p->root, e->path) == 0)
		w->part = &w->parts->main;
	return e->kind == FOLDER_DIR && p->over && !begins ? FOLDER_SKIP : 0;
}

int parts_collect(int files, const struct strv *ignored, int64_t limit, struct parts *ret, struct err *err)
{
	struct parts p = {.main.root = mem_strdup("")};
	p.ignored = ignored->n ? mem_alloc(ignored->n * sizeof *p.ignored) : NULL;
	for (size_t i = 0; i < ignored->n; i++) {
		size_t len = strlen(ignored->v[i]);
		bool folder = len && ignored->v[i][len - 1] == '/';
		p.ignored[p.n_ignored++].root = mem_strndup(ignored->v[i], folder ? len - 1 : len);
	}
	if (p.n_ignored)
		qsort(p.ignored, p.n_ignored, sizeof *p.ignored, compare_part);
	struct walk w = {.parts = &p, .part = &p.main, .prefix = "", .limit = limit};
	int r = folder_walk(files, on_entry, &w);
	if (r < 0) {
		parts_fini(&p);
		return err_set_errno(err, ERR_FAILED, r, "reading the worktree");
	}
	*ret = p;
	return 0;
}

int part_collect(int folder, const char *prefix, struct part *ret, struct err *err)
{
	struct part p = {.root = mem_strdup("")};
	struct walk w = {.part = &p, .prefix = prefix};
	int r = folder_walk(folder, on_entry, &w);
	if (r < 0) {
		part_fini(&p);
		return err_set_errno(err, ERR_FAILED, r, "reading %s", prefix);
	}
	*ret = p;
	return 0;
}

int part_tree(const struct view *raw, const char *folder, const struct strv *files, const volatile int *stop,
	      struct oid *ret, struct strv *notes, struct err *err)
{
	struct strv unread STRV_FREE = STRV_INIT;
	char *index MEM_FREE = mem_printf("%s/index.part", raw->dir);
	struct view v = *raw;
	v.files = folder_open(folder);
	if (v.files < 0)
		return err_set_errno(err, ERR_FAILED, v.files, "%s", folder);
	v.at.cwd = v.at.work_tree = folder;
	v.at.index_file = index;
	int done = stage_paths(&v, files, stop, &unread, err);
	done = done < 0 ? done : stage_tree(&v, ret, err);
	unlink(index);
	close(v.files);
	for (size_t i = 0; i < unread.n; i++)
		snapshot_note(notes, unread.v[i], "cannot be read: not kept");
	return done;
}
