/* Which of the sessions that wait is prepared next, and what keeps one waiting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "store/meta.h"
#include "work/session.h"

enum { LIVE_DEFAULT = 2000, LIVE_MAX = 100000 }; /* a bound against runaway scripts, until a configuration says another */

static const char limit_key[] = "limits.sessions";

bool session_may_start(const struct session *s)
{
	return s->life == LIFE_QUEUED && !s->busy && s->follows.n == 0 && s->open_blocking == 0;
}

int64_t session_value_of(const char *task)
{
	/* Most tasks say nothing; parsing is not for nothing. */
	struct json_object *o JSON_FREE = task && strstr(task, "\"value\"") ? json_parse_text(task, NULL) : NULL;
	return json_int(o, "value", 1);
}

struct session *session_next(struct engine *e)
{
	struct session *s, *tmp, *best = NULL;
	HASH_ITER(by_id, e->by_id, s, tmp) /* in the order in which they came */
		if ((!best || s->value > best->value) && session_may_start(s))
			best = s;
	return best;
}

void session_limit_load(struct engine *e)
{
	MEM_FREE char *text = meta_get(e->setup.db, limit_key);
	int limit = text ? (int)strtol(text, NULL, 10) : 0;
	e->max_live = limit > 0 && limit <= LIVE_MAX ? limit : LIVE_DEFAULT;
}

void session_limit_set(struct engine *e, int limit)
{
	char text[16];
	if (limit <= 0 || limit == e->max_live)
		return;
	e->max_live = limit;
	snprintf(text, sizeof text, "%d", limit);
	meta_set(e->setup.db, limit_key, text);
}
