#include "git/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/view.h"

enum { LIST_LIMIT = 512 << 20 };

void status_fini(struct status *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->entries[i].path);
		free(s->entries[i].old_path);
	}
	free(s->entries);
	worktree_head_fini(&s->head);
	*s = (struct status){0};
}

/* The text after `n` fields, or NULL. */
static const char *after_fields(const char *line, int n)
{
	while (n-- > 0) {
		line = strchr(line, ' ');
		if (!line)
			return NULL;
		line++;
	}
	return line;
}

/* Kinds of records in `git status --porcelain=v2 -z`: the letter, and how many fields stand before the path. */
static const struct kind {
	char letter;
	int fields;
	bool states, old_path, conflict;
} kinds[] = {
	{'1', 8, true, false, false},  {'2', 9, true, true, false},   {'u', 10, true, false, true},
	{'?', 1, false, false, false}, {'!', 1, false, false, false},
};

static const struct kind *find_kind(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].letter == letter)
			return &kinds[i];
	return NULL;
}

/* Parses the record at part; a rename takes the next one for its old path. */
static int parse(const struct str *out, struct git_part *part, struct status_entry *ret, struct err *err)
{
	const struct kind *k = find_kind(part->text[0]);
	const char *path = k ? after_fields(part->text, k->fields) : NULL;
	if (!path || !*path || (k->states && part->len < 9))
		return err_set(err, ERR_FAILED, "git status gave a line that is not understood: %s", part->text);
	struct status_entry e = {.index = k->letter, .worktree = k->letter, .conflict = k->conflict};
	if (k->states) {
		e.index = part->text[2];
		e.worktree = part->text[3];
		e.submodule = part->text[5] == 'S';
	}
	e.path = mem_strdup(path);
	if (k->old_path && git_next(out, part))
		e.old_path = mem_strdup(part->text);
	*ret = e;
	return 0;
}

static int collect(const struct str *out, struct status *s, struct err *err)
{
	size_t room = 0;
	for (struct git_part p = {0}; git_next(out, &p);) {
		struct status_entry e;
		if (p.len == 0)
			continue;
		if (parse(out, &p, &e, err) < 0)
			return -1;
		if (s->n == STATUS_MAX) {
			s->left_out++;
			free(e.path);
			free(e.old_path);
			continue;
		}
		if (s->n == room) {
			room = room ? room * 2 : 64;
			s->entries = mem_resize(s->entries, room, sizeof *s->entries);
		}
		s->entries[s->n++] = e;
	}
	return 0;
}

int status_read(const struct repo *r, const struct worktree *w, const volatile int *stop, struct status *ret,
		struct err *err)
{
	struct view v;
	struct str out STR_FREE = STR_INIT;
	struct status s = {0};
	if (view_open(r, w, VIEW_USER, &v, err) < 0)
		return -1;
	int done = v.files < 0 ? err_set(err, ERR_FAILED, "%s is gone", w->path)
			       : git_run(&v.at,
					 GIT_ARGS("status", "--porcelain=v2", "-z", "--untracked-files=all",
						  "--ignore-submodules=dirty", "--no-ahead-behind", "--renames"),
					 &(struct git_opt){.inert = true, .stop = stop, .out_limit = LIST_LIMIT},
					 &out, err);
	if (done == 0)
		done = collect(&out, &s, err);
	if (done == 0) {
		s.head = v.head;
		v.head = (struct worktree_head){0};
		*ret = s;
	} else {
		status_fini(&s);
	}
	view_fini(&v);
	return done;
}

bool status_is_clean(const struct status *s)
{
	return s->n == 0 && s->left_out == 0;
}

bool status_is_clean_tracked(const struct status *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->entries[i].index != '?' && s->entries[i].index != '!')
			return false;
	return s->left_out == 0;
}
