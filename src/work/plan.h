/* A plan: a folder of tasks (muster.yaml(5), PLANS), and what is wrong with it, found before anything starts.
 *
 * Every *.md of the folder itself that begins with front matter is a task; others are left out and named. A task without a
 * name has its file's. No function here needs musterd, or runs git. */
#ifndef WORK_PLAN_H
#define WORK_PLAN_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strv.h"
#include "fmt/yaml.h"
#include "work/config.h"
#include "work/task.h"

enum { PLAN_TASKS_MAX = 1000, PLAN_BYTES_MAX = 2 << 20 }; /* of all texts together */

struct plan_task {
	char *file; /* as it is shown: the plan's folder and its name */
	char *name;
	struct str text; /* of the file */
	bool broken;     /* its front matter could not be read: all but the name is empty */
	struct yaml meta;
	struct task task;
	size_t *after; /* what it follows: places in the plan, each once; what is not there is left out */
	size_t n_after;
	int wave; /* 1: follows nothing; 0: it is in a cycle, or behind one */
	UT_hash_handle hh;
};

/* An error: it cannot be run as it is written. A warning: it can, and probably should not. */
enum plan_level { PLAN_WARNING, PLAN_ERROR };

/* X(NAME, text) */
#define PLAN_KINDS(X)                 \
	X(PLAN, "plan")               \
	X(FILE, "file")               \
	X(NAME, "name")               \
	X(DUPLICATE, "duplicate")     \
	X(AFTER, "after")             \
	X(CYCLE, "cycle")             \
	X(BRIEF, "brief")             \
	X(AGENT, "agent")             \
	X(SCOPE, "scope")             \
	X(PATHSPEC, "pathspec")       \
	X(OVERLAP, "overlap")         \
	X(AWAITS, "awaits")           \
	X(GATE, "gate")

#define PLAN_KIND(name, text) PLAN_KIND_##name,
enum plan_kind { PLAN_KINDS(PLAN_KIND) };
#undef PLAN_KIND

const char *plan_kind_name(enum plan_kind k);

struct plan_finding {
	enum plan_level level;
	enum plan_kind kind;
	char *file;
	int line, column; /* 0: the plan as a whole */
	char *text, *hint; /* one line each: what, and what to do */
	struct strv tasks; /* that it is about */
};

struct plan {
	char *dir;
	struct plan_task *v; /* in the order of their files' names, numbers in them by their value */
	size_t n;
	struct plan_task *by_name; /* the first of each name */
	struct strv left_out;      /* names of *.md without front matter */
	uint64_t *waits;           /* n rows of bits: what each waits for, over others too */
	size_t *order;             /* places: each behind what it follows, then by value, then by file; n_order of them */
	size_t n_order;            /* fewer than n: the rest is in cycles or behind them */
	struct plan_finding *findings;
	size_t n_findings, n_errors;
};

/* What is known of the world around it. */
struct plan_facts {
	const struct config *config;   /* of the repository; NULL: there is none */
	const char *root;              /* its checkout, or NULL */
	const struct strv *decided;    /* names of decisions that hold there; NULL: none */
};

/* Reads the folder. What is wrong with a file is a finding; -1 only for a folder that cannot be read. */
int plan_read(struct plan *ret, const char *dir, struct err *err) NODISCARD;
/* Adds all findings, and sorts them by file and line. A decision that a task awaits is made by the lead: it holds already, or a
 * task that does not wait for that one names it in `stop-for`, and so brings it up. Of many overlaps a task is told once. */
void plan_check(struct plan *p, const struct plan_facts *facts);
void plan_fini(struct plan *p);
#define PLAN_FREE CLEANUP(plan_fini)

/* Does task i start only after task k has landed? */
bool plan_waits(const struct plan *p, size_t i, size_t k);

/* plan_json.c: the caller's reference. */
struct json_object *plan_json(const struct plan *p);

/* plan_graph.c: fills after, waits, order and the tasks' waves */
void plan_link(struct plan *p);
/* The shortest way from i over what it follows back to i: places, i first; the caller frees it. NULL: there is none. */
size_t *plan_cycle(const struct plan *p, size_t i, size_t *ret_n);

/* plan_finding.c: a new one, whose texts are the caller's to set. t NULL: about the plan. at NULL: about the file
 * as a whole, at its beginning. */
struct plan_finding *plan_find(struct plan *p, enum plan_level level, enum plan_kind kind, const struct plan_task *t,
                               const struct yaml_mark *at);
/* One out of an error "FILE:LINE:COLUMN: text". */
struct plan_finding *plan_find_err(struct plan *p, enum plan_kind kind, const struct plan_task *t, const struct err *err);
void plan_findings_settle(struct plan *p); /* makes their texts inert, and sorts them by place */
void plan_findings_fini(struct plan *p);

#endif
