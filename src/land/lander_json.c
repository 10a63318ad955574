/* Landings between the store, the record and JSON. */
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "land/lander_priv.h"
#include "land/queue.h"

void lander_row_fill(struct landing *g)
{
	struct json_object *detail JSON_FREE = land_record_detail(&g->rec);
	json_add_bool(detail, "outside_ok", g->outside_ok);
	json_add_bool(detail, "no_gate", g->no_gate);
	mem_replace(&g->row.gate, json_line(detail));
	mem_replace(&g->row.state, land_state_name(g->rec.state));
	mem_replace(&g->row.tip, oid_is_set(&g->rec.tip) ? g->rec.tip.hex : g->row.tip);
	mem_replace(&g->row.base, oid_is_set(&g->rec.onto) ? g->rec.onto.hex : NULL);
	mem_replace(&g->row.merged, oid_is_set(&g->rec.merged) ? g->rec.merged.hex : NULL);
	mem_replace(&g->row.why, g->rec.why);
}

static void read_oid(const char *text, struct oid *ret)
{
	if (!text || !oid_parse(text, strlen(text), ret))
		*ret = (struct oid){0};
}

void lander_row_read(struct landing *g)
{
	struct json_object *detail JSON_FREE = g->row.gate ? json_parse_text(g->row.gate, NULL) : NULL;
	if (!land_state_parse(g->row.state, &g->rec.state))
		g->rec.state = LAND_QUEUED;
	read_oid(g->row.tip, &g->rec.tip);
	read_oid(g->row.base, &g->rec.onto);
	read_oid(g->row.merged, &g->rec.merged);
	land_record_read_detail(&g->rec, detail);
	g->outside_ok = json_flag(detail, "outside_ok", false);
	g->no_gate = json_flag(detail, "no_gate", false);
}

/* Places in the queue of its repository before this one; -1: it is not in the queue. */
static int64_t position(struct lander *l, int64_t id)
{
	const struct landing *self = lander_find(l, id);
	int64_t before = 0;
	if (!self)
		return -1;
	for (const struct landing *g = l->queue; g != self; g = g->next)
		before += strcmp(g->repo, self->repo) == 0;
	return before;
}

struct json_object *lander_landing_json(struct lander *l, const struct landing_row *row)
{
	struct json_object *o = json_new();
	struct session *s = engine_find(l->engine, row->session);
	int64_t before = position(l, row->id);
	json_add_int(o, "id", row->id);
	json_add_str(o, "session", row->session);
	json_add_str(o, "session_name", s ? s->row.name : NULL);
	json_add_str(o, "state", row->state);
	json_add_str(o, "target", row->target);
	json_add_str(o, "tip", row->tip);
	json_add_str(o, "base", row->base);
	json_add_str(o, "merged", row->merged);
	json_add_obj(o, "gate", row->gate ? json_parse_text(row->gate, NULL) : NULL);
	json_add_str(o, "log", row->log);
	json_add_str(o, "why", row->why);
	json_add_int(o, "queued_ms", row->queued_ms);
	json_add_int(o, "ended_ms", row->ended_ms);
	if (before < 0)
		json_add_null(o, "position");
	else
		json_add_int(o, "position", before);
	return o;
}
