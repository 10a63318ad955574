/* The index of a snapshot: a tree of what is staged, and in words what a tree cannot hold. */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "git/snapshot_part.h"
#include "git/stage.h"

enum { LIST_LIMIT = 512 << 20 };

/* One record of `ls-files -v --stage -z`: "H 100644 <oid> 0\tPATH". */
struct entry {
	char tag;
	const char *info; /* "100644 <oid> 0\tPATH" */
	const char *oid;
	size_t oid_len;
	int stage;
	const char *path;
};

static bool parse(const char *record, struct entry *ret)
{
	const char *tab = strchr(record, '\t');
	if (strlen(record) < 10 || !tab || record[1] != ' ')
		return false;
	ret->tag = record[0];
	ret->info = record + 2;
	ret->oid = record + 9;
	ret->oid_len = strcspn(ret->oid, " ");
	ret->stage = tab[-1] - '0';
	ret->path = tab + 1;
	return true;
}

static const char *empty_blob(size_t oid_len)
{
	return oid_len == 40 ? "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
			     : "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
}

/* Entries that `git add -N` made look like empty files, but are not in the tree. */
static int find_intended(const struct view *v, const struct oid *tree, const struct strv *empty, struct strv *ret,
			 struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	struct strv args STRV_FREE = STRV_INIT, there STRV_FREE = STRV_INIT;
	if (empty->n == 0)
		return 0;
	strv_add_all(&args, GIT_ARGS("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree->hex));
	if (git_runv(&v->at, &args, &(struct git_opt){.inert = true, .out_limit = LIST_LIMIT}, &out, err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&out, &p);)
		strv_add(&there, p.text);
	snapshot_sort(&there);
	for (size_t i = 0; i < empty->n; i++)
		if (!snapshot_has(&there, empty->v[i]))
			strv_add(ret, empty->v[i]);
	return 0;
}

static void sort_out(const struct entry *e, struct meta *meta, struct strv *tracked, struct strv *hidden,
		     struct strv *empty, struct str *conflicts)
{
	if (e->stage) {
		strv_add(&meta->stages, e->info);
		str_add(conflicts, e->path, strlen(e->path) + 1);
		return;
	}
	strv_add(tracked, e->path);
	if (islower((unsigned char)e->tag))
		strv_add(&meta->assumed, e->path);
	if (toupper((unsigned char)e->tag) == 'S')
		strv_add(&meta->skipped, e->path);
	if (islower((unsigned char)e->tag) || e->tag == 'S')
		strv_add(hidden, e->path);
	if (strncmp(e->oid, empty_blob(e->oid_len), e->oid_len) == 0)
		strv_add(empty, e->path);
}

int snapshot_index(const struct view *user, const volatile int *stop, struct oid *ret_tree, struct meta *meta,
		   struct strv *tracked, struct strv *hidden, struct err *err)
{
	struct str out STR_FREE = STR_INIT, conflicts STR_FREE = STR_INIT;
	struct strv empty STRV_FREE = STRV_INIT;
	struct entry e;
	if (git_run(&user->at, GIT_ARGS("ls-files", "-v", "--stage", "-z"),
		    &(struct git_opt){.inert = true, .stop = stop, .out_limit = LIST_LIMIT}, &out, err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&out, &p);)
		if (parse(p.text, &e))
			sort_out(&e, meta, tracked, hidden, &empty, &conflicts);
	if (stage_forget(user, &conflicts, stop, err) < 0 || stage_tree(user, ret_tree, err) < 0)
		return -1;
	return find_intended(user, ret_tree, &empty, &meta->intended, err);
}
