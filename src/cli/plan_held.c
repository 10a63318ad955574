#include "cli/plan_held.h"

#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"

/* What a task is that does not get on by itself: its outcome, or the state of its session. NAME and FILE in what to do stand
 * for its own. */
static const struct {
	const char *outcome, *state, *is, *to_do;
} stuck[] = {
	{"removed", NULL, "was removed before it landed", "`muster restore NAME` brings it back, `muster start -t FILE` begins it anew"},
	{"failed", NULL, "was not started", "run the plan again when that is mended"},
	{"there", "failed", "failed", "`muster resume NAME` starts it again"},
	{"there", "stopped", "was stopped", "`muster resume NAME` starts it again"},
	{"there", "lost", "is lost", "`muster doctor` looks for what is left of it"},
};

static int find_stuck(struct json_object *result)
{
	const char *outcome = json_str_or(result, "outcome", ""), *state = json_str(json_obj(result, "session"), "state");
	if (json_flag(result, "landed", false))
		return -1;
	for (int i = 0; i < (int)ARRAY_LEN(stuck); i++)
		if (strcmp(stuck[i].outcome, outcome) == 0 &&
		    (!stuck[i].state || (state && strcmp(stuck[i].state, state) == 0)))
			return i;
	return -1;
}

/* Those behind it, over others too, that have not begun. */
static struct json_object *held_back(const struct plan *p, struct json_object *results, size_t at)
{
	struct json_object *list = json_new_array();
	for (size_t i = at + 1; i < p->n_order; i++) {
		struct json_object *other = json_at(results, i), *session = json_obj(other, "session");
		bool begun = session && json_len(json_arr(session, "after")) == 0;
		bool over = json_flag(other, "landed", false) || strcmp(json_str_or(other, "outcome", ""), "removed") == 0;
		if (!begun && !over && plan_waits(p, p->order[i], p->order[at]))
			json_push_str(list, p->v[p->order[i]].name);
	}
	return list;
}

static void add_filled(struct str *out, const char *pattern, const struct plan_task *t)
{
	const char *words[][2] = {{"NAME", t->name}, {"FILE", t->file}};
	while (*pattern) {
		size_t i = 0;
		while (i < ARRAY_LEN(words) && strncmp(pattern, words[i][0], strlen(words[i][0])) != 0)
			i++;
		if (i < ARRAY_LEN(words)) {
			str_adds(out, words[i][1]);
			pattern += strlen(words[i][0]);
		} else {
			str_addc(out, *pattern++);
		}
	}
}

static char *stuck_line(const struct plan_task *t, int kind, struct json_object *result, struct json_object *held)
{
	struct str out STR_FREE = STR_INIT;
	const char *error = json_str(result, "error");
	str_addf(&out, "%s %s", t->name, stuck[kind].is);
	for (size_t i = 0; i < json_len(held); i++)
		str_addf(&out, "%s%s", i ? ", " : ", and holds back ", json_str_at(held, i));
	if (error)
		str_addf(&out, ": %s", error);
	str_adds(&out, "; ");
	add_filled(&out, stuck[kind].to_do, t);
	return str_take(&out);
}

size_t plan_held_add(const struct plan *p, struct json_object *results)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n_order; i++) {
		struct json_object *result = json_at(results, i);
		int kind = find_stuck(result);
		struct json_object *held = kind >= 0 ? held_back(p, results, i) : json_new_array();
		MEM_FREE char *line = kind >= 0 ? stuck_line(&p->v[p->order[i]], kind, result, held) : NULL;
		json_add_obj(result, "held_back", held);
		json_add_str(result, "stuck", line);
		n += kind >= 0;
	}
	return n;
}
