/* A plan and its findings as --json prints them (docs/CLI-JSON.md, Plan). */
#include "fmt/json.h"
#include "work/plan.h"

static struct json_object *task_of(const struct plan_task *t)
{
	struct json_object *o = task_json(&t->task);
	json_add_str(o, "name", t->name);
	json_add_str(o, "file", t->file);
	json_add_int(o, "step", t->wave);
	return o;
}

static struct json_object *finding_of(const struct plan_finding *f)
{
	struct json_object *o = json_new();
	json_add_str(o, "level", f->level == PLAN_ERROR ? "error" : "warning");
	json_add_str(o, "kind", plan_kind_name(f->kind));
	json_add_str(o, "file", f->file);
	json_add_int(o, "line", f->line);
	json_add_int(o, "column", f->column);
	json_add_str(o, "text", f->text);
	json_add_str(o, "hint", f->hint);
	json_add_strv(o, "tasks", &f->tasks);
	return o;
}

struct json_object *plan_json(const struct plan *p)
{
	struct json_object *o = json_new(), *tasks = json_new_array(), *findings = json_new_array();
	json_add_str(o, "plan", p->dir);
	json_add_int(o, "errors", (int64_t)p->n_errors);
	json_add_int(o, "warnings", (int64_t)(p->n_findings - p->n_errors));
	for (size_t i = 0; i < p->n; i++)
		json_push(tasks, task_of(&p->v[i]));
	for (size_t i = 0; i < p->n_findings; i++)
		json_push(findings, finding_of(&p->findings[i]));
	json_add_obj(o, "findings", findings);
	json_add_obj(o, "tasks", tasks);
	json_add_strv(o, "left_out", &p->left_out);
	return o;
}
