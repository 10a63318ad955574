#include "git/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LIST_LIMIT = 512 << 20 };

void diff_fini(struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->files[i].path);
		free(d->files[i].old_path);
	}
	free(d->files);
	*d = (struct diff){0};
}

/* The tree without a file stands in for "nothing". */
static const char *name_of(const struct repo *r, const struct oid *oid)
{
	if (oid_is_set(oid))
		return oid->hex;
	return strcmp(r->format, "sha256") == 0 ? "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
						: "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
}

/* No configured program is run: what is compared comes from an agent. */
static void begin_args(struct strv *args)
{
	strv_add_all(args, GIT_ARGS("diff-tree", "-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color",
				    "--full-index", "--ignore-submodules=none", "--submodule=short"));
}

static void end_args(struct strv *args, const struct repo *r, const struct oid *old, const struct oid *new,
		     const struct strv *paths)
{
	strv_add(args, name_of(r, old));
	strv_add(args, name_of(r, new));
	strv_add(args, "--");
	for (size_t i = 0; paths && i < paths->n; i++)
		strv_add(args, paths->v[i]);
}

/* ":100644 100755 <oid> <oid> R086", then one or two paths. */
static int parse_raw(const struct str *out, struct git_part *part, struct diff_file *ret)
{
	char *end;
	const char *p = part->text + 1;
	struct diff_file f = {0};
	f.old_mode = (unsigned)strtoul(p, &end, 8);
	f.new_mode = (unsigned)strtoul(end, &end, 8);
	for (int i = 0; i < 2; i++) {
		if (*end != ' ')
			return -1;
		p = end + 1;
		size_t len = strcspn(p, " ");
		if (!oid_parse(p, len, i ? &f.new_oid : &f.old_oid))
			return -1;
		end = (char *)p + len;
	}
	if (*end != ' ' || !end[1])
		return -1;
	f.status = end[1];
	bool two = f.status == 'R' || f.status == 'C';
	if (!git_next(out, part))
		return -1;
	char *first = mem_strdup(part->text);
	if (two && !git_next(out, part)) {
		free(first);
		return -1;
	}
	f.old_path = two ? first : NULL;
	f.path = two ? mem_strdup(part->text) : first;
	*ret = f;
	return 0;
}

/* "12\t3\tpath", "-\t-\tpath" for a binary file; of a rename the path is empty and two follow. */
static void parse_numbers(const struct str *out, struct git_part *part, struct diff_file *f)
{
	char *end;
	const char *tab = strchr(part->text, '\t');
	bool binary = part->text[0] == '-';
	f->added = binary ? -1 : strtoll(part->text, &end, 10);
	f->removed = binary || !tab ? -1 : strtoll(tab + 1, &end, 10);
	const char *path = tab ? strchr(tab + 1, '\t') : NULL;
	if (path && path[1] == '\0') {
		git_next(out, part);
		git_next(out, part);
	}
}

/* All raw records come first, then the numbers in the same order. */
static int collect(const struct str *out, struct diff *d, struct err *err)
{
	size_t room = 0, numbered = 0;
	for (struct git_part p = {0}; git_next(out, &p);) {
		struct diff_file f;
		if (p.text[0] != ':') {
			struct diff_file beyond;
			struct diff_file *to = numbered < d->n ? &d->files[numbered] : &beyond;
			parse_numbers(out, &p, to);
			if (numbered < d->n && to->added >= 0) {
				d->added += to->added;
				d->removed += to->removed;
			}
			numbered++;
			continue;
		}
		if (parse_raw(out, &p, &f) < 0)
			return err_set(err, ERR_FAILED, "git diff-tree gave a line that is not understood");
		if (d->n == DIFF_FILES_MAX) {
			d->left_out++;
			free(f.path);
			free(f.old_path);
			continue;
		}
		if (d->n == room) {
			room = room ? room * 2 : 64;
			d->files = mem_resize(d->files, room, sizeof *d->files);
		}
		d->files[d->n++] = f;
	}
	return 0;
}

int diff_trees(const struct repo *r, const struct oid *old, const struct oid *new, const struct strv *paths,
	       const volatile int *stop, struct diff *ret, struct err *err)
{
	struct strv args STRV_FREE = STRV_INIT;
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	struct diff d = {0};
	begin_args(&args);
	strv_add_all(&args, GIT_ARGS("-z", "--raw", "--numstat"));
	end_args(&args, r, old, new, paths);
	if (git_runv(&at, &args, &(struct git_opt){.inert = true, .stop = stop, .out_limit = LIST_LIMIT}, &out,
		     err) < 0)
		return -1;
	if (collect(&out, &d, err) < 0) {
		diff_fini(&d);
		return -1;
	}
	*ret = d;
	return 0;
}

int diff_patch(const struct repo *r, const struct oid *old, const struct oid *new, const struct strv *paths,
	       int context, size_t limit, const volatile int *stop, struct str *ret, bool *ret_truncated,
	       struct err *err)
{
	struct strv args STRV_FREE = STRV_INIT;
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	bool cut = false;
	begin_args(&args);
	strv_add_all(&args, GIT_ARGS("-p", "--src-prefix=a/", "--dst-prefix=b/"));
	strv_addf(&args, "-U%d", context);
	end_args(&args, r, old, new, paths);
	if (git_runv(&at, &args,
		     &(struct git_opt){.inert = true, .stop = stop, .out_limit = limit, .ret_truncated = &cut},
		     &out, err) < 0)
		return -1;
	while (cut && out.len && out.data[out.len - 1] != '\n')
		out.len--;
	str_add(ret, out.data, out.len);
	*ret_truncated = cut;
	return 0;
}

int diff_blob(const struct repo *r, const struct oid *tree, const char *path, size_t limit, struct str *ret,
	      struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	char *name MEM_FREE = mem_printf("%s:%s", tree->hex, path);
	int code = 0;
	if (git_run(&at, GIT_ARGS("cat-file", "blob", name),
		    &(struct git_opt){.inert = true, .ret_exit = &code, .out_limit = limit ? limit : 1}, &out,
		    err) < 0)
		return err_prefix(err, "%s", path);
	if (code)
		return err_set(err, ERR_USAGE, "there is no file %s in %.12s", path, tree->hex);
	str_add(ret, out.data, out.len);
	return 0;
}
