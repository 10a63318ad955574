/* What was found. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "work/plan.h"

#define KIND_ROW(name, text) [PLAN_KIND_##name] = text,
static const char *const kind_names[] = {PLAN_KINDS(KIND_ROW)};
#undef KIND_ROW

const char *plan_kind_name(enum plan_kind k)
{
	return kind_names[k];
}

struct plan_finding *plan_find(struct plan *p, enum plan_level level, enum plan_kind kind, const struct plan_task *t,
                               const struct yaml_mark *at)
{
	if ((p->n_findings & (p->n_findings - 1)) == 0) /* full at every power of two */
		p->findings = mem_resize(p->findings, p->n_findings ? 2 * p->n_findings : 1, sizeof *p->findings);
	struct plan_finding *f = &p->findings[p->n_findings++];
	*f = (struct plan_finding){.level = level, .kind = kind, .file = mem_strdup(t ? t->file : p->dir)};
	if (t)
		strv_add(&f->tasks, t->name);
	if (t) {
		f->line = at ? at->value.line : 1;
		f->column = at ? at->value.column : 1;
	}
	p->n_errors += level == PLAN_ERROR;
	return f;
}

struct plan_finding *plan_find_err(struct plan *p, enum plan_kind kind, const struct plan_task *t, const struct err *err)
{
	struct plan_finding *f = plan_find(p, PLAN_ERROR, kind, t, NULL);
	size_t len = strlen(f->file);
	const char *text = err->msg;
	if (strncmp(text, f->file, len) == 0 && text[len] == ':') {
		char *end;
		long line = strtol(text + len + 1, &end, 10);
		long column = *end == ':' && line > 0 ? strtol(end + 1, &end, 10) : 0;
		text += len + 1;
		if (column > 0 && *end == ':') {
			f->line = (int)line;
			f->column = (int)column;
			text = end + 1;
		}
		text += strspn(text, " ");
	}
	f->text = mem_strdup(text);
	return f;
}

static int compare(const void *a, const void *b)
{
	const struct plan_finding *x = a, *y = b;
	int order = strverscmp(x->file, y->file);
	if (order)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* Files may hold names with line ends and escape sequences in them: a finding is one safe line wherever it is shown. */
static void make_inert(char **text)
{
	struct str out STR_FREE = STR_INIT;
	text_add_inert(&out, *text, strlen(*text), TEXT_ONE_LINE);
	mem_replace(text, str_c(&out));
}

void plan_findings_settle(struct plan *p)
{
	for (size_t i = 0; i < p->n_findings; i++) {
		make_inert(&p->findings[i].text);
		make_inert(&p->findings[i].hint);
	}
	if (p->n_findings)
		qsort(p->findings, p->n_findings, sizeof *p->findings, compare);
}

void plan_findings_fini(struct plan *p)
{
	for (size_t i = 0; i < p->n_findings; i++) {
		free(p->findings[i].file);
		free(p->findings[i].text);
		free(p->findings[i].hint);
		strv_fini(&p->findings[i].tasks);
	}
	free(p->findings);
	p->findings = NULL;
	p->n_findings = p->n_errors = 0;
}
