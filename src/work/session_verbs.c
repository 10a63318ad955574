/* The verbs that act on a session's process: clear, interrupt, pause, resume, stop; and looking at it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pack.h"
#include "fmt/json.h"
#include "work/decision.h"
#include "work/session.h"

enum { STOP_GRACE_MS = 5000 };

/* A call that ends with what the holder says. */
struct verb_wait {
	struct engine *engine;
	char session[16];
	struct call *call;
	const char *what;
	bool ends; /* it is to end the session */
};

static struct verb_wait *wait_new(struct session *s, struct call *call, const char *what)
{
	struct verb_wait *w = mem_alloc(sizeof *w);
	*w = (struct verb_wait){.engine = s->engine, .call = call, .what = what};
	memcpy(w->session, s->row.id, strlen(s->row.id) + 1);
	return w;
}

static void verb_answered(void *arg, const struct hold_answer *answer)
{
	struct verb_wait *w = arg;
	struct session *s = engine_find(w->engine, w->session);
	struct err err;
	/* A holder whose agent has ended may go before it has said that this was the stop: nothing outlives it. */
	bool ended = w->ends && answer->lost && s && s->life == LIFE_EXITED;
	if ((answer->error == 0 || ended) && s) {
		session_release_holder(s); /* after a stop nothing is left in it */
		session_refresh(s);
		call_done(w->call, session_json(s));
	} else {
		err_set(&err, ERR_FAILED, "cannot %s: %s", w->what, s ? answer->message : "the session is gone");
		call_fail(w->call, &err);
	}
	free(w);
}

static int need_running(struct session *s, struct err *err)
{
	if (s->life == LIFE_LIVE && s->connected && s->running)
		return 0;
	return err_set(err, ERR_REFUSED, "%s does not run (it is %s)", s->row.name, session_state_name(s->state));
}

void engine_session_list(struct engine *e, struct json_object *params, struct call *call)
{
	struct json_object *result = json_new(), *list = json_new_array();
	struct session *s, *tmp;
	HASH_ITER(by_id, e->by_id, s, tmp)
		json_push(list, session_json_text(s));
	if (json_flag(params, "all", false))
		session_add_removed(e, list);
	json_add_obj(result, "sessions", list);
	call_done(call, result);
}

/* ---- session.get ---- */

static void screen_answered(void *arg, const struct hold_answer *answer)
{
	struct verb_wait *w = arg;
	struct session *s = engine_find(w->engine, w->session);
	struct json_object *o = s ? session_json_full(s) : json_new();
	if (answer->error == 0) {
		struct unpack u = unpack_init(answer->payload, answer->len);
		struct json_object *screen = json_new();
		size_t len;
		json_add_int(screen, "cols", unpack_u16(&u));
		json_add_int(screen, "rows", unpack_u16(&u));
		json_add_int(screen, "cursor_col", unpack_u16(&u));
		json_add_int(screen, "cursor_row", unpack_u16(&u));
		free(unpack_text(&u)); /* the title: the session has it */
		const uint8_t *text = unpack_bytes(&u, &len);
		json_add_strn(screen, "text", text, len);
		json_add_obj(o, "screen", screen);
	}
	call_done(w->call, o);
	free(w);
}

void engine_session_get(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	int64_t lines = json_int(params, "screen_lines", 0);
	if (!s)
		return;
	if (lines > 0 && s->connected)
		hold_client_read_screen(s->hold, (uint32_t)lines, screen_answered, wait_new(s, call, "read the screen"));
	else
		call_done(call, session_json_full(s));
}

/* ---- session.wait ---- */

/* Words beside the names of states. */
static const struct {
	const char *word;
	unsigned states;
} wait_words[] = {
#define BIT(name) (1u << SESSION_##name)
	{"started", ~(BIT(QUEUED) | BIT(PREPARING))},
	{"needs-you", BIT(BLOCKED) | BIT(IDLE) | BIT(DONE) | BIT(FAILED) | BIT(STOPPED) | BIT(LANDED)},
	{"ended", BIT(FAILED) | BIT(STOPPED) | BIT(LANDED) | BIT(DONE)},
#undef BIT
};

static int parse_states(const char *text, unsigned *ret, struct err *err)
{
	struct strv names STRV_FREE = STRV_INIT;
	unsigned states = 0;
	strv_split(&names, text, ',');
	for (size_t i = 0; i < names.n; i++) {
		enum session_state state;
		bool found = session_state_parse(names.v[i], &state);
		states |= found ? 1u << state : 0;
		for (size_t k = 0; k < ARRAY_LEN(wait_words) && !found; k++) {
			found = strcmp(wait_words[k].word, names.v[i]) == 0;
			states |= found ? wait_words[k].states : 0;
		}
		if (!found)
			return err_set(err, ERR_USAGE, "no such state to wait for: %s", names.v[i]);
	}
	*ret = states;
	return 0;
}

void engine_session_wait(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	unsigned states = 0;
	if (!s)
		return;
	if (parse_states(json_str_or(params, "until", "started"), &states, &err) < 0)
		call_fail(call, &err);
	else
		session_wait(s, states, json_int(params, "timeout_ms", 0), call);
}

/* ---- clear, interrupt ---- */

/* Verbs that the adapter carries out at once. */
static void run_adapter(struct engine *e, struct json_object *params, struct call *call, unsigned need,
                        int (*verb)(struct agent_session *, struct err *), struct session *s, const char *event)
{
	struct err err;
	(void)e;
	(void)params;
	int r = need_running(s, &err);
	if (r == 0 && (!(s->agent.ops->can & need) || !verb))
		r = err_set(&err, ERR_REFUSED, "%s: the agent %s cannot do that", s->row.name, s->agent.ops->name);
	if (r == 0)
		r = verb(&s->agent, &err);
	if (r < 0) {
		call_fail(call, &err);
		return;
	}
	db_turn_durable(s->engine->setup.db);
	session_event(s, event, NULL);
	session_refresh(s);
	call_done(call, session_json(s));
}

/* A new conversation: what the old one had asked is void. Jobs are not touched. */
void engine_session_clear(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	if (!s)
		return;
	if (session_waits_for_permission(s)) {
		err_set(&err, ERR_REFUSED, "%s waits for a permission; answer it first (muster docket)", s->row.name);
		call_fail(call, &err);
		return;
	}
	run_adapter(e, params, call, AGENT_CAN_CLEAR, s->agent.ops->clear, s, "session.cleared");
}

void engine_session_interrupt(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	if (s)
		run_adapter(e, params, call, AGENT_CAN_INTERRUPT, s->agent.ops->interrupt, s, "session.interrupted");
}

void engine_session_mode(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	if (!s)
		return;
	int r = need_running(s, &err);
	if (r == 0 && !s->agent.ops->set_mode)
		r = err_set(&err, ERR_REFUSED, "%s: the agent %s has no modes", s->row.name, s->agent.ops->name);
	if (r == 0)
		r = s->agent.ops->set_mode(&s->agent, json_str(params, "mode"), &err);
	if (r < 0)
		call_fail(call, &err);
	else
		call_done(call, session_json(s));
}

/* ---- pause, resume ---- */

void engine_session_pause(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	if (!s)
		return;
	if (need_running(s, &err) < 0)
		call_fail(call, &err);
	else
		hold_client_pause(s->hold, true, verb_answered, wait_new(s, call, "pause it"));
}

static int check_resume(struct session *s, struct err *err)
{
	if (s->life != LIFE_EXITED)
		return err_set(err, ERR_REFUSED, "%s is %s: there is nothing to resume", s->row.name,
		               session_state_name(s->state));
	if (s->busy)
		return err_set(err, ERR_REFUSED, "%s is being worked on; try again when that is over", s->row.name);
	return 0;
}

/* It has no workspace yet: what it waited for may hold it back again. */
static void queue_again(struct session *s)
{
	s->row.want_stop = false;
	mem_replace(&s->row.failure, NULL);
	session_life_set(s, LIFE_QUEUED);
	decision_hold_back(s);
	session_admit(s->engine);
}

/* A paused session goes on; one that has ended is started again, with its own conversation where it has one. */
void engine_session_resume(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	if (!s)
		return;
	if (s->row.paused && s->connected) {
		hold_client_pause(s->hold, false, verb_answered, wait_new(s, call, "resume it"));
		return;
	}
	if (check_resume(s, &err) < 0) {
		call_fail(call, &err);
		return;
	}
	db_turn_durable(e->setup.db);
	session_item_withdraw(s, "failure", "the lead resumed it");
	if (s->row.generation == 0)
		queue_again(s);
	else
		session_launch(s, s->agent.ops->can & AGENT_CAN_RESUME ? AGENT_START_RESUME : AGENT_START_NEW);
	session_wait(s, ~((1u << SESSION_QUEUED) | (1u << SESSION_PREPARING)), 60000, call);
}

/* ---- stop ---- */

struct stop_request {
	struct engine *engine;
	struct call *call;
	bool jobs;
	uint32_t grace_ms;
};

static void do_stop(struct session *s, const struct stop_request *r)
{
	s->row.want_stop = true;
	db_turn_durable(s->engine->setup.db);
	session_save(s);
	session_event(s, "session.stopping", NULL);
	struct verb_wait *w = wait_new(s, r->call, "stop it");
	w->ends = true;
	hold_client_stop(s->hold, r->grace_ms, r->jobs, verb_answered, w);
}

/* "build, server, 4711 (sleep 100)": what a stop with --jobs would end. */
static void name_jobs(struct json_object *jobs, struct str *out)
{
	for (size_t i = 0; i < json_len(jobs); i++) {
		struct json_object *job = json_at(jobs, i);
		if (strcmp(json_str_or(job, "state", ""), "running") != 0)
			continue;
		str_addf(out, "%s%s", out->len ? ", " : "", json_str_or(job, "name", "?"));
		const char *command = json_str_at(json_arr(job, "command"), 0);
		if (json_flag(job, "found", false) && command)
			str_addf(out, " (%.60s)", command);
	}
}

static void stop_with_list(void *arg, struct session *s, struct json_object *jobs)
{
	struct stop_request *r = arg;
	struct str names STR_FREE = STR_INIT;
	struct err err = {0};
	if (s && !r->jobs)
		name_jobs(jobs, &names);
	if (!s)
		err_set(&err, ERR_FAILED, "the session is gone");
	else if (names.len)
		err_set(&err, ERR_REFUSED, "%s has jobs that would end with it: %s. --jobs ends them too", s->row.name,
		        names.data);
	else if (!s->connected)
		err_set(&err, ERR_FAILED, "%s: its holder does not answer", s->row.name);
	if (err.code)
		call_fail(r->call, &err);
	else
		do_stop(s, r);
	free(r);
}

void engine_session_stop(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	if (!s)
		return;
	if (s->life == LIFE_QUEUED) {
		s->row.want_stop = true;
		session_items_withdraw_all(s, "the lead stopped it", true);
		session_life_set(s, LIFE_EXITED);
		call_done(call, session_json(s));
		return;
	}
	if (!s->connected) {
		err_set(&err, ERR_REFUSED, "%s does not run (it is %s)", s->row.name, session_state_name(s->state));
		call_fail(call, &err);
		return;
	}
	struct stop_request *r = mem_alloc(sizeof *r);
	*r = (struct stop_request){.engine = e,
	                           .call = call,
	                           .jobs = json_flag(params, "jobs", false),
	                           .grace_ms = (uint32_t)json_int(params, "grace_ms", STOP_GRACE_MS)};
	session_jobs_list(s, stop_with_list, r);
}
