/* What rules are asked about: an item, its session, and where its paths really lead. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "fmt/json.h"
#include "lead/policy_own.h"

/* Without . and .. and doubled slashes; absolute. */
static char *clean(const char *path)
{
	struct str out = STR_INIT;
	struct strv parts STRV_FREE = STRV_INIT;
	strv_split(&parts, path, '/');
	str_adds(&out, "");
	for (size_t i = 0; i < parts.n; i++) {
		if (strcmp(parts.v[i], "..") == 0) {
			char *slash = out.len ? strrchr(out.data, '/') : NULL;
			if (slash) {
				*slash = '\0';
				out.len = (size_t)(slash - out.data);
			}
		} else if (strcmp(parts.v[i], ".") != 0) {
			str_addf(&out, "/%s", parts.v[i]);
		}
	}
	if (!out.len)
		str_addc(&out, '/');
	return str_take(&out);
}

/* Links followed, as far as it is there; what is not must be plain names. NULL: it cannot be told. */
static char *resolve(const char *path)
{
	MEM_FREE char *head = mem_strdup(path);
	struct str tail STR_FREE = STR_INIT;
	for (;;) {
		struct stat st;
		MEM_FREE char *real = realpath(*head ? head : "/", NULL);
		if (real)
			return mem_printf("%s%s", tail.len && strcmp(real, "/") == 0 ? "" : real, str_c(&tail));
		char *slash = strrchr(head, '/');
		if (errno != ENOENT || !slash || lstat(head, &st) == 0) /* it is there: a link to nowhere */
			return NULL;
		if (strcmp(slash, "/..") == 0 || strcmp(slash, "/.") == 0)
			return NULL;
		MEM_FREE char *longer = mem_printf("%s%s", slash[1] ? slash : "", str_c(&tail));
		str_reset(&tail);
		str_adds(&tail, longer);
		*slash = '\0';
	}
}

/* From the top of the folder, where it is below it. */
static const char *below(const char *path, const char *folder)
{
	size_t len = folder ? strlen(folder) : 0;
	return len && strncmp(path, folder, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

void policy_add_path(struct policy_subject *s, const char *path, const char *workspace)
{
	MEM_FREE char *whole = *path == '/' ? mem_strdup(path) : mem_printf("%s/%s", workspace ? workspace : "", path);
	MEM_FREE char *tidy = clean(whole);
	MEM_FREE char *top = workspace ? realpath(workspace, NULL) : NULL;
	/* ~ is the agent's to make something of. */
	MEM_FREE char *real = top && *path != '~' ? resolve(whole) : NULL;
	const char *tidy_below = below(tidy, workspace);
	strv_add(&s->paths, tidy_below == tidy ? below(tidy, top) : tidy_below);
	strv_add(&s->real, real ? below(real, top) : "");
}

static void add_paths(struct policy_case *c, const char *workspace)
{
	struct strv list STRV_FREE = STRV_INIT;
	const char *path = json_str(c->detail, "path");
	if (path)
		strv_add(&list, path);
	json_strv(c->detail, "paths", &list);
	for (size_t i = 0; i < list.n; i++)
		policy_add_path(&c->subject, list.v[i], workspace);
}

/* Of all paths: one that is outside decides. */
static enum pattern_scope scope_of(const struct policy_subject *s, struct json_object *task)
{
	struct strv scope STRV_FREE = STRV_INIT;
	enum pattern_scope all = s->real.n ? SCOPE_INSIDE : SCOPE_UNKNOWN;
	json_strv(task, "scope", &scope);
	for (size_t i = 0; i < s->real.n && all != SCOPE_OUTSIDE; i++) {
		enum pattern_scope one = *s->real.v[i] ? pattern_scope(&scope, s->real.v[i]) : SCOPE_UNKNOWN;
		all = one == SCOPE_INSIDE ? all : one;
	}
	return all;
}

static void fill_subject(struct policy_case *c, const struct session *s, const struct item_row *row)
{
	struct policy_subject *subject = &c->subject;
	c->detail = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	c->task = s->row.task ? json_parse_text(s->row.task, NULL) : NULL;
	*subject = (struct policy_subject){
		.kind = row->kind,
		.agent = s->row.agent,
		.tool = json_str(c->detail, "tool"),
		.command = json_str(c->detail, "command"),
		.tier = json_str_or(c->task, "tier", "checkpoint"),
		.session = s->row.name,
		.repo = s->row.repo ? s->row.repo : s->row.workspace,
		.beyond = json_str(c->detail, "beyond"),
	};
	add_paths(c, s->row.workspace);
	subject->scope = scope_of(subject, c->task);
}

static void add_all(struct rules *view, const struct rules *list)
{
	if (!list->n)
		return;
	view->v = mem_resize(view->v, view->n + list->n, sizeof *view->v);
	memcpy(view->v + view->n, list->v, list->n * sizeof *view->v);
	view->n += list->n;
}

void policy_case_init(struct policy_case *c, struct policy *p, struct session *s, const struct item_row *row)
{
	*c = (struct policy_case){0};
	const struct policy_repo *repo = policy_repo_of(p, s->row.repo);
	add_all(&c->rules, &repo->rules);
	add_all(&c->rules, &p->stored);
	/* In a folder that is not a worktree of muster's the agent may write the file itself. */
	c->trusted = repo->trusted && s->row.worktree;
	c->broken = repo->broken;
	fill_subject(c, s, row);
}

void policy_case_fini(struct policy_case *c)
{
	policy_subject_fini(&c->subject);
	json_object_put(c->detail);
	json_object_put(c->task);
	free(c->rules.v);
	*c = (struct policy_case){0};
}

void policy_case_judge(const struct policy_case *c, struct policy_verdict *ret)
{
	policy_judge(&c->rules, &c->subject, c->trusted, ret);
	if (!c->broken)
		return;
	ret->effect = RULE_ASK;
	ret->rule = NULL;
	ret->guard = c->broken;
}
