#include "work/plan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "fmt/front.h"
#include "work/names.h"

static const char ending[] = ".md";

static bool is_task_name(const char *name)
{
	size_t len = strlen(name), end = sizeof ending - 1;
	return name[0] != '.' && len > end && strcmp(name + len - end, ending) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int list_files(const char *dir, struct strv *ret, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	if (!d)
		return err_set_errno(err, ERR_USAGE, errno, "cannot read the plan %s", dir);
	while ((e = readdir(d)))
		if (is_task_name(e->d_name))
			strv_add(ret, e->d_name);
	closedir(d);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof *ret->v, by_name);
	return 0;
}

/* ---- one file ---- */

struct reading {
	struct plan *plan;
	struct plan_task *task;
};

static void complain(void *arg, const struct err *err)
{
	struct reading *r = arg;
	plan_find_err(r->plan, PLAN_KIND_FILE, r->task, err)->hint = mem_strdup("muster.yaml(5), TASKS, has the keys and their form");
}

static char *name_of_file(const char *file)
{
	const char *base = strrchr(file, '/') + 1;
	return mem_strndup(base, strlen(base) - (sizeof ending - 1));
}

static struct plan_task *add_task(struct plan *p, const char *file)
{
	p->v = mem_resize(p->v, p->n + 1, sizeof *p->v);
	struct plan_task *t = &p->v[p->n++];
	*t = (struct plan_task){.file = mem_strdup(file)};
	return t;
}

static void add_broken(struct plan *p, const char *file, const struct err *err)
{
	struct plan_task *t = add_task(p, file);
	t->broken = true;
	t->name = name_of_file(file);
	plan_find_err(p, PLAN_KIND_FILE, t, err)->hint = mem_strdup("muster.yaml(5), TASKS, has the form of a task");
}

static void read_file(struct plan *p, const char *name)
{
	MEM_FREE char *file = mem_printf("%s/%s", p->dir, name);
	struct str text STR_FREE = STR_INIT;
	struct front front FRONT_FREE = {0};
	struct err err = {0};
	if (file_read_text(file, YAML_BYTES_MAX, &text, &err) < 0 || front_parse(&front, file, str_c(&text), text.len, &err) < 0) {
		add_broken(p, file, &err);
		return;
	}
	if (!front.fenced) {
		strv_add(&p->left_out, name);
		return;
	}
	struct plan_task *t = add_task(p, file);
	t->text = text;
	text = STR_INIT;
	t->meta = front.meta;
	front.meta = (struct yaml){0};
	t->name = name_of_file(file);
	struct reading r = {.plan = p, .task = t};
	task_take(&t->task, &t->meta, complain, &r);
	t->task.body = MEM_TAKE(front.body);
	if (t->task.name)
		mem_replace(&t->name, t->task.name);
}

int plan_read(struct plan *ret, const char *dir, struct err *err)
{
	struct strv files STRV_FREE = STRV_INIT;
	struct plan p = {0};
	size_t len = strlen(dir), bytes = 0;
	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (list_files(dir, &files, err) < 0)
		return -1;
	if (files.n > PLAN_TASKS_MAX)
		return err_set(err, ERR_USAGE, "the plan %s has %zu files: more than %d are not taken; split it", dir, files.n,
		               PLAN_TASKS_MAX);
	p.dir = mem_strndup(dir, len);
	for (size_t i = 0; i < files.n; i++)
		read_file(&p, files.v[i]);
	for (size_t i = 0; i < p.n; i++)
		bytes += p.v[i].text.len;
	if (bytes > PLAN_BYTES_MAX) {
		plan_fini(&p);
		return err_set(err, ERR_USAGE, "the tasks of the plan %s have %zu bytes: more than %d are not taken; split it", dir,
		               bytes, PLAN_BYTES_MAX);
	}
	plan_link(&p);
	*ret = p;
	return 0;
}

static void task_end(struct plan_task *t)
{
	free(t->file);
	free(t->name);
	free(t->after);
	str_fini(&t->text);
	yaml_fini(&t->meta);
	task_fini(&t->task);
}

void plan_fini(struct plan *p)
{
	HASH_CLEAR(hh, p->by_name);
	for (size_t i = 0; i < p->n; i++)
		task_end(&p->v[i]);
	plan_findings_fini(p);
	strv_fini(&p->left_out);
	free(p->dir);
	free(p->v);
	free(p->waits);
	free(p->order);
	*p = (struct plan){0};
}
