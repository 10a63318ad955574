/* Lists of commits. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/diff.h"

enum { LIST_LIMIT = 512 << 20 };

void diff_commits_free(struct diff_commit *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].author);
		free(list[i].subject);
	}
	free(list);
}

static size_t take_line(const char *text, char **ret)
{
	size_t len = strcspn(text, "\n");
	*ret = mem_strndup(text, len);
	return len + (text[len] == '\n');
}

/* "<oid> <tree> <seconds>", "<parent> <parent>…", author, subject. */
static size_t parse(const char *text, struct diff_commit *c)
{
	char *names MEM_FREE = NULL;
	char *parents MEM_FREE = NULL;
	size_t len = take_line(text, &names);
	len += take_line(text + len, &parents);
	len += take_line(text + len, &c->author);
	len += take_line(text + len, &c->subject);
	char *tree = strchr(names, ' ');
	char *seconds = tree ? strchr(tree + 1, ' ') : NULL;
	if (!seconds)
		return len;
	oid_parse(names, (size_t)(tree - names), &c->oid);
	oid_parse(tree + 1, (size_t)(seconds - tree - 1), &c->tree);
	c->wall_ms = strtoll(seconds + 1, NULL, 10) * 1000;
	c->parents = *parents ? 1 : 0;
	for (const char *p = parents; *p; p++)
		c->parents += *p == ' ';
	return len;
}

static int count(const struct git_at *at, const char *range, size_t *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	if (git_run(at, GIT_ARGS("rev-list", "--count", range, "--"), &(struct git_opt){.inert = true}, &out, err) <
	    0)
		return -1;
	*ret = (size_t)strtoull(str_c(&out), NULL, 10);
	return 0;
}

int diff_commits(const struct repo *r, const struct oid *from, const struct oid *to, size_t limit,
		 struct diff_commit **ret, size_t *ret_n, size_t *ret_total, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	size_t n = 0, total = 0;
	char *range MEM_FREE = oid_is_set(from) ? mem_printf("%s..%s", from->hex, to->hex) : mem_strdup(to->hex);
	char *max MEM_FREE = mem_printf("--max-count=%zu", limit);
	/* rev-list, not log: it reads no settings for how a log should look. */
	if (count(&at, range, &total, err) < 0 ||
	    git_run(&at,
		    GIT_ARGS("rev-list", "--no-commit-header", max, "--format=%H %T %ct%n%P%n%an <%ae>%n%s", range,
			     "--"),
		    &(struct git_opt){.inert = true, .out_limit = LIST_LIMIT}, &out, err) < 0)
		return -1;
	struct diff_commit *list = mem_alloc((MIN(limit, total) + 1) * sizeof *list);
	for (const char *p = str_c(&out); *p && n < MIN(limit, total);)
		p += parse(p, &list[n++]);
	*ret = list;
	*ret_n = n;
	*ret_total = total;
	return 0;
}
