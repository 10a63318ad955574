#include "work/assumption.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "git/diff.h"
#include "git/snapshot.h"
#include "work/space.h"
#include "work/topic.h"
#include "work/worker.h"

enum { COMMITS_SHOWN = 20, COMMITS_READ = 1000, FILES_SHOWN = 50 };

/* ---- as assumed? ---- */

static bool same_words(const char *a, const char *b)
{
	struct str x STR_FREE = STR_INIT, y STR_FREE = STR_INIT;
	topic_words(&x, a);
	topic_words(&y, b);
	return strcmp(str_c(&x), str_c(&y)) == 0;
}

static const char *label_of(struct json_object *options, const char *key)
{
	for (size_t i = 0; i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), key) == 0)
			return json_str(json_at(options, i), "label");
	return NULL;
}

bool assumption_holds(const struct item_row *row)
{
	struct json_object *detail JSON_FREE = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	struct json_object *options JSON_FREE = row->options ? json_parse_text(row->options, NULL) : NULL;
	const char *assumed = json_str(detail, "assumption");
	const char *label = row->option ? label_of(options, row->option) : NULL;
	if (!assumed || (row->option && row->text)) /* a text beside an option says more */
		return false;
	if (row->option)
		return same_words(row->option, assumed) || (label && same_words(label, assumed));
	return row->text && same_words(row->text, assumed);
}

/* ---- what it made since ---- */

struct look {
	struct engine *engine;
	struct session_row row;
	int64_t item, opened_ms;
	struct str found; /* empty: nothing */
};

static void add_commits(struct look *l, const struct diff_commit *list, size_t n)
{
	for (size_t i = 0; i < MIN(n, (size_t)COMMITS_SHOWN); i++) {
		str_addf(&l->found, "\n- commit %.10s ", list[i].oid.hex);
		text_add_inert(&l->found, list[i].subject, strlen(list[i].subject), TEXT_ONE_LINE);
	}
	if (n > COMMITS_SHOWN)
		str_addf(&l->found, "\n- and %zu commits before these", n - COMMITS_SHOWN);
}

static void add_files(struct look *l, const struct diff *d)
{
	for (size_t i = 0; i < MIN(d->n, (size_t)FILES_SHOWN); i++) {
		str_adds(&l->found, i ? ", " : "\n- changed files: ");
		text_add_inert(&l->found, d->files[i].path, strlen(d->files[i].path), TEXT_ONE_LINE);
	}
	if (d->n + d->left_out > FILES_SHOWN)
		str_addf(&l->found, " and %zu more", d->n + d->left_out - FILES_SHOWN);
}

static int look_at(struct look *l, const struct repo *repo, const struct worktree *w, struct err *err)
{
	struct oid base, tree;
	struct diff_commit *list = NULL;
	struct diff d = {0};
	struct worktree_head head = {0};
	size_t n = 0, total, since = 0;
	if (worktree_head(repo, w, &head, err) < 0)
		return -1;
	int r = repo_commit(repo, l->row.base, &base, err) < 0 || snapshot_tree(repo, w, NULL, &tree, err) < 0 ||
	                        diff_commits(repo, &base, &head.commit, COMMITS_READ, &list, &n, &total, err) < 0 ?
	                -1 :
	                0;
	/* The time of a commit has no fraction of a second. */
	while (r == 0 && since < n && list[since].wall_ms / 1000 >= l->opened_ms / 1000)
		since++;
	if (r == 0)
		r = diff_trees(repo, since < n ? &list[since].oid : &base, &tree, NULL, NULL, &d, err);
	if (r == 0) {
		add_commits(l, list, since);
		add_files(l, &d);
	}
	diff_fini(&d);
	diff_commits_free(list, n);
	worktree_head_fini(&head);
	return r;
}

static void look_work(void *arg)
{
	struct look *l = arg;
	struct space space;
	struct worktree w = {0};
	struct err err = {0};
	if (space_open(&space, l->engine, &l->row, &err) == 0) {
		if (worktree_find(&space.repo, l->row.workspace, &w, &err) == 0 && look_at(l, &space.repo, &w, &err) < 0)
			str_reset(&l->found);
		worktree_fini(&w);
		space_fini(&space);
	}
	/* It is told without the list then, and why. */
	if (err.code && !l->found.len)
		str_addf(&l->found, "\n(what was made since could not be looked at: %s)", err.msg);
}

/* ---- telling ---- */

static void tell(struct session *s, const struct item_row *row, const char *found)
{
	struct json_object *detail JSON_FREE = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	const char *assumed = json_str(detail, "assumption");
	struct str text STR_FREE = STR_INIT;
	int64_t prompt;
	str_addf(&text, "Answer to your question \"%s\": %s%s%s", row->title, row->option ? row->option : "",
	         row->option && row->text ? ": " : "", row->text ? row->text : "");
	if (assumed)
		str_addf(&text, "\nYou went on under another assumption: %s\nChange what rests on it.%s%s", assumed,
		         *found ? " Since you asked:" : "", found);
	session_prompt_add(s, str_c(&text), &prompt);
}

static void looked(void *arg)
{
	struct look *l = arg;
	struct session *s = engine_find(l->engine, l->row.id);
	struct item_row row = {0};
	if (s && item_row_get(l->engine->setup.db, l->item, &row) && strcmp(row.state, "answered") == 0) {
		tell(s, &row, str_c(&l->found));
		session_item_delivered(s, &row);
	}
	item_row_fini(&row);
	session_row_fini(&l->row);
	str_fini(&l->found);
	free(l);
}

bool assumption_settle(struct session *s, struct item_row *row)
{
	struct json_object *detail JSON_FREE = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	bool holds = assumption_holds(row);
	if (holds || !session_hears(s)) {
		mem_replace(&row->reason, holds ? "as it assumed: it was not interrupted" : "its agent takes no prompts: it was not told");
		return true;
	}
	if (!json_str(detail, "assumption") || !s->row.git_dir || !s->row.workspace || !s->row.base) {
		tell(s, row, "");
		return true;
	}
	struct look *l = mem_alloc(sizeof *l);
	*l = (struct look){.engine = s->engine, .item = row->id, .opened_ms = row->opened_ms};
	session_row_copy(&l->row, &s->row);
	worker_run(s->engine->setup.loop, look_work, looked, l);
	return false;
}

void assumption_settle_again(struct session *s)
{
	struct item_rows rows = {0};
	item_row_list_answered(s->engine->setup.db, s->row.id, &rows);
	for (size_t i = 0; i < rows.n; i++)
		if (rows.v[i].request == 0 && strcmp(rows.v[i].kind, "question") == 0 &&
		    strncmp(rows.v[i].key, "ask-", 4) == 0 && assumption_settle(s, &rows.v[i]))
			session_item_delivered(s, &rows.v[i]);
	item_rows_fini(&rows);
}
