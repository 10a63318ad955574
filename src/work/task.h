/* A task: the brief of a session, Markdown with YAML front matter (muster.yaml(5), TASKS). */
#ifndef WORK_TASK_H
#define WORK_TASK_H

#include <json-c/json.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "fmt/yaml.h"

struct task {
	char *name, *agent; /* NULL: not said */
	struct strv scope;     /* pathspecs that the session may write; empty: all */
	struct strv stop_for;  /* design decisions that are the lead's */
	struct strv awaits;    /* decisions that it depends on */
	struct strv after;     /* tasks that must have landed */
	char *tier;            /* delegated, checkpoint or hands-on; NULL: checkpoint */
	int64_t value;         /* relative worth; 0: not said */
	struct strv gate;      /* beyond the repository's own */
	struct json_object *options; /* of the agent; NULL: none */
	char *body;            /* the prompt; NULL before task_parse */
};

/* Zeroed is an empty task. ERR_USAGE "FILE:LINE:COLUMN: text" for an unknown key, a value of the wrong type, a name that
 * no session can have. */
int task_parse(const char *text, size_t len, const char *file, struct task *ret, struct err *err) NODISCARD;
/* The same of front matter that is parsed already, with every complaint instead of the first: what is wrong is left out of
 * *ret, which is the caller's to release either way. Returns how many complaints there were. */
typedef void task_complain(void *arg, const struct err *err);
size_t task_take(struct task *ret, const struct yaml *meta, task_complain *complain, void *arg);
void task_fini(struct task *t);

/* The front matter as JSON, with the keys of the file. The caller's reference. */
struct json_object *task_json(const struct task *t);

#endif
