#include "git/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"

/* Where objects go that nobody will want: a folder of muster's with the repository's objects behind it. */
struct quarantine {
	char *dir;
	char *alternates; /* "GIT_ALTERNATE_OBJECT_DIRECTORIES=…" */
};

static int quarantine_open(const struct repo *r, struct quarantine *q, struct err *err)
{
	char *tmp MEM_FREE = mem_printf("%s/tmp", r->state);
	int e = file_mkdirs(tmp, 0700);
	if (e < 0)
		return err_set_errno(err, ERR_FAILED, e, "%s", tmp);
	q->dir = mem_printf("%s/objects-XXXXXX", tmp);
	if (!mkdtemp(q->dir)) {
		err_set_errno(err, ERR_FAILED, errno, "%s", q->dir);
		free(q->dir);
		q->dir = NULL;
		return -1;
	}
	q->alternates = mem_printf("GIT_ALTERNATE_OBJECT_DIRECTORIES=%s/objects", r->common_dir);
	return 0;
}

static void quarantine_fini(struct quarantine *q)
{
	if (q->dir && file_remove_tree(q->dir) < 0)
		(void)0; /* what is left below state/tmp is swept with it */
	free(q->dir);
	free(q->alternates);
}

void merge_fini(struct merge *m)
{
	strv_fini(&m->conflicts);
	strv_fini(&m->messages);
	*m = (struct merge){0};
}

/* "<n>\0<n paths>\0…<kind>\0<text>\0": a message of merge-tree's. Only conflicts are kept. */
static void parse_message(const struct str *out, struct git_part *part, struct strv *messages)
{
	struct str line STR_FREE = STR_INIT;
	long paths = strtol(part->text, NULL, 10);
	while (paths-- > 0 && git_next(out, part))
		;
	if (!git_next(out, part))
		return;
	bool conflict = strncmp(part->text, "CONFLICT", 8) == 0;
	if (!git_next(out, part) || !conflict)
		return;
	text_add_inert(&line, part->text, part->len, TEXT_ONE_LINE);
	str_trim(&line);
	strv_add(messages, str_c(&line));
}

/* "<tree>\0<path>\0…\0" and then messages. */
static int parse_merge(const struct str *out, bool clean, struct merge *ret, struct err *err)
{
	struct git_part part = {0};
	struct merge m = {.clean = clean};
	if (!git_next(out, &part) || !oid_parse(part.text, part.len, &m.tree))
		return err_set(err, ERR_FAILED, "git merge-tree: an answer that is not understood");
	while (git_next(out, &part) && part.len > 0)
		strv_add(&m.conflicts, part.text);
	while (git_next(out, &part))
		parse_message(out, &part, &m.messages);
	*ret = m;
	return 0;
}

static int run_merge(const struct git_at *at, const struct oid *ours, const struct oid *theirs,
                     const volatile int *stop, struct merge *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	int code = 0;
	const struct git_opt opt = {.stop = stop, .ret_exit = &code};
	if (git_run(at, GIT_ARGS("merge-tree", "--write-tree", "-z", "--name-only", "--messages", ours->hex, theirs->hex),
	            &opt, &out, err) < 0)
		return -1;
	if (code > 1) {
		/* Once more for its reason, which a command whose code is the answer does not give. */
		const struct git_opt again = {.stop = stop};
		if (git_run(at, GIT_ARGS("merge-tree", "--write-tree", "-z", ours->hex, theirs->hex), &again, NULL, err) < 0)
			return -1;
		return err_set(err, ERR_FAILED, "git merge-tree failed (code %d)", code);
	}
	return parse_merge(&out, code == 0, ret, err);
}

int merge_commits(const struct repo *r, const struct oid *ours, const struct oid *theirs, unsigned flags,
                  const volatile int *stop, struct merge *ret, struct err *err)
{
	struct git_at at = repo_at(r);
	if (!(flags & MERGE_QUARANTINE))
		return run_merge(&at, ours, theirs, stop, ret, err);
	struct quarantine q CLEANUP(quarantine_fini) = {0};
	if (quarantine_open(r, &q, err) < 0)
		return -1;
	const char *const env[] = {q.alternates, NULL};
	at.object_dir = q.dir;
	at.env = env;
	return run_merge(&at, ours, theirs, stop, ret, err);
}

static int bare_commit(const struct repo *r, const struct oid *treeish, const struct oid *parent, struct oid *ret,
                       struct err *err)
{
	static char name[] = "muster", mail[] = "muster@localhost", date[] = "@0 +0000";
	const struct merge_person nobody = {.name = name, .mail = mail, .date = date};
	struct oid tree;
	if (repo_tree(r, treeish->hex, &tree, err) < 0)
		return -1;
	const struct merge_commit c = {.tree = tree, .parents = parent, .n_parents = parent ? 1 : 0, .message = "",
	                               .author = &nobody, .committer = &nobody};
	return merge_commit_write(r, &c, ret, err);
}

/* `git merge-tree` takes its base from history, so a history of three commits is made that says which it is. */
int merge_change(const struct repo *r, const struct oid *base, const struct oid *theirs, const struct oid *ours,
                 const volatile int *stop, struct merge *ret, struct err *err)
{
	const struct git_at at = repo_at(r);
	struct oid root, left, right;
	if (bare_commit(r, base, NULL, &root, err) < 0 || bare_commit(r, ours, &root, &left, err) < 0 ||
	    bare_commit(r, theirs, &root, &right, err) < 0)
		return -1;
	return run_merge(&at, &left, &right, stop, ret, err);
}

void merge_person_fini(struct merge_person *p)
{
	free(p->name);
	free(p->mail);
	free(p->date);
	*p = (struct merge_person){0};
}

/* "Name <mail> 1732461821 +0000" */
static int parse_person(const char *text, size_t len, struct merge_person *ret)
{
	const char *lt = memchr(text, '<', len), *end = text + len;
	const char *gt = lt ? memchr(lt, '>', (size_t)(end - lt)) : NULL;
	if (!gt || gt + 2 > end)
		return -1;
	size_t name_len = (size_t)(lt - text);
	while (name_len && text[name_len - 1] == ' ')
		name_len--;
	*ret = (struct merge_person){
		.name = name_len ? mem_strndup(text, name_len) : mem_strdup("unknown"), /* git takes no empty one */
		.mail = mem_strndup(lt + 1, (size_t)(gt - lt - 1)),
		.date = mem_printf("@%.*s", (int)(end - gt - 2), gt + 2),
	};
	return 0;
}

int merge_identity(const struct repo *r, struct merge_person *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	int code = 0;
	if (git_run(&at, GIT_ARGS("var", "GIT_COMMITTER_IDENT"), &(struct git_opt){.inert = true, .ret_exit = &code},
	            &out, err) < 0)
		return -1;
	str_trim(&out);
	struct merge_person p = {0};
	if (code || parse_person(str_c(&out), out.len, &p) < 0)
		return err_set(err, ERR_REFUSED,
		               "git does not know your name: set user.name and user.email with `git config --global`");
	free(p.date); /* the time of asking is not the time of the commit */
	p.date = NULL;
	*ret = p;
	return 0;
}

static void add_person(struct strv *env, const char *role, const struct merge_person *p)
{
	strv_addf(env, "GIT_%s_NAME=%s", role, p->name);
	strv_addf(env, "GIT_%s_EMAIL=%s", role, p->mail);
	if (p->date)
		strv_addf(env, "GIT_%s_DATE=%s", role, p->date);
}

int merge_commit_write(const struct repo *r, const struct merge_commit *c, struct oid *ret, struct err *err)
{
	struct strv args STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	struct str out STR_FREE = STR_INIT;
	struct git_at at = repo_at(r);
	add_person(&env, "AUTHOR", c->author);
	add_person(&env, "COMMITTER", c->committer);
	at.env = (const char *const *)strv_argv(&env);
	strv_add_all(&args, GIT_ARGS("commit-tree", "--no-gpg-sign"));
	for (size_t i = 0; i < c->n_parents; i++) {
		strv_add(&args, "-p");
		strv_add(&args, c->parents[i].hex);
	}
	strv_add_all(&args, GIT_ARGS("-F", "-", c->tree.hex));
	const struct git_opt opt = {.input = c->message, .input_len = strlen(c->message)};
	if (git_runv(&at, &args, &opt, &out, err) < 0)
		return -1;
	str_trim(&out);
	if (!oid_parse(str_c(&out), out.len, ret))
		return err_set(err, ERR_FAILED, "git commit-tree: an answer that is not understood");
	return 0;
}

int merge_commit_read(const struct repo *r, const struct oid *commit, struct merge_person *ret_author,
                      struct str *ret_message, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	if (git_run(&at, GIT_ARGS("cat-file", "commit", commit->hex), &(struct git_opt){.inert = true}, &out, err) < 0)
		return -1;
	const char *author = strstr(str_c(&out), "\nauthor "), *body = strstr(str_c(&out), "\n\n");
	if (!author || !body || author > body ||
	    parse_person(author + 8, strcspn(author + 8, "\n"), ret_author) < 0)
		return err_set(err, ERR_FAILED, "commit %s is not understood", commit->hex);
	str_adds(ret_message, body + 2);
	return 0;
}
