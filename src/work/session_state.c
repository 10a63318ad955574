/* Facts of a session change here, and what follows from them is published once. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "store/event.h"
#include "term/status.h"
#include "work/session.h"

static void view_signals(const struct session *s, struct status_signal signals[static SESSION_SIGNALS_MAX])
{
	for (size_t i = 0; i < s->n_signals; i++) {
		const struct signal_row *row = &s->signals[i];
		signals[i] = (struct status_signal){.source = row->source,
		                                    .activity = (enum agent_activity)row->activity,
		                                    .confidence = (int)row->confidence,
		                                    .at_ms = row->at_ms,
		                                    .detail = row->detail};
	}
}

/* `because` of the result points into signals. */
static struct status derive(const struct session *s, struct status_signal signals[static SESSION_SIGNALS_MAX])
{
	view_signals(s, signals);
	struct status_facts f = {
		.life = s->life,
		.connected = s->connected || s->life != LIFE_LIVE,
		.want_stopped = s->row.want_stop,
		.failed = s->row.failure != NULL,
		.landing = s->landing,
		.landed = s->row.landed != NULL,
		.wait_status = (int)s->row.wait_status,
		.open_blocking = s->open_blocking,
		.signals = signals,
		.n_signals = s->n_signals,
	};
	return status_derive(&f);
}

static void wake_waiters(struct session *s);

void session_state_recall(struct session *s)
{
	struct event_row row = {0};
	if (!event_newest(s->engine->setup.db, s->row.id, "session.state", &row))
		return;
	struct json_object *data JSON_FREE = json_parse_text(row.data, NULL);
	if (session_state_parse(json_str_or(data, "to", ""), &s->recalled))
		s->recalled_since_ms = json_int(data, "since_ms", row.at_ms);
	if (s->recalled_since_ms && s->recalled == s->state)
		s->state_since_ms = s->recalled_since_ms;
	event_row_fini(&row);
}

/* Until its holder has answered a session is unknown or lost to a new musterd: that ends no state. */
static int64_t since(struct session *s)
{
	int64_t since_ms = s->recalled_since_ms && s->state == s->recalled ? s->recalled_since_ms : clock_wall_ms();
	if (s->state != SESSION_LOST)
		s->recalled_since_ms = 0;
	return since_ms;
}

void session_refresh(struct session *s)
{
	str_reset(&s->json);
	if (s->in_event)
		return;
	struct status_signal signals[SESSION_SIGNALS_MAX];
	enum session_state now = derive(s, signals).state;
	if (now != s->state) {
		struct json_object *data = json_new();
		json_add_str(data, "from", session_state_name(s->state));
		json_add_str(data, "to", session_state_name(now));
		s->state = now;
		s->state_since_ms = since(s);
		json_add_int(data, "since_ms", s->state_since_ms);
		MEM_FREE char *why = session_why(s);
		json_add_str(data, "why", why);
		session_event(s, "session.state", data);
		if (now == SESSION_FAILED && s->life == LIFE_EXITED)
			session_report_failure(s);
	}
	wake_waiters(s);
}

void session_count(struct session *s, int by)
{
	if (s->life == LIFE_LIVE || s->life == LIFE_PREPARING)
		s->engine->live += by;
	else if (s->life == LIFE_QUEUED)
		s->engine->queued += by;
}

void session_life_set(struct session *s, enum session_life life)
{
	bool was_live = s->life == LIFE_LIVE || s->life == LIFE_PREPARING;
	bool is_live = life == LIFE_LIVE || life == LIFE_PREPARING;
	session_count(s, -1);
	s->life = life;
	session_count(s, 1);
	mem_replace(&s->row.lifecycle, session_life_name(life));
	session_save(s);
	session_refresh(s);
	if (was_live && !is_live)
		session_admit(s->engine);
}

static struct signal_row *signal_slot(struct session *s, const char *source)
{
	for (size_t i = 0; i < s->n_signals; i++)
		if (strcmp(s->signals[i].source, source) == 0)
			return &s->signals[i];
	if (s->n_signals == SESSION_SIGNALS_MAX)
		return NULL; /* sources are constants of the code: there are fewer */
	struct signal_row *row = &s->signals[s->n_signals++];
	*row = (struct signal_row){.session = mem_strdup(s->row.id), .source = mem_strdup(source)};
	return row;
}

void session_signal(struct session *s, const char *source, enum agent_activity a, int confidence, const char *detail)
{
	struct signal_row *row = signal_slot(s, source);
	if (!row)
		return;
	row->activity = a;
	row->confidence = confidence;
	struct status_signal signals[SESSION_SIGNALS_MAX];
	view_signals(s, signals);
	row->at_ms = status_signal_time(signals, s->n_signals, clock_wall_ms());
	mem_replace(&row->detail, detail);
	signal_row_put(s->engine->setup.db, row);
	session_refresh(s);
}

void session_signal_forget(struct session *s, const char *source)
{
	for (size_t i = 0; i < s->n_signals; i++)
		if (strcmp(s->signals[i].source, source) == 0)
			session_signal(s, source, AGENT_UNKNOWN, 0, NULL);
}

/* What the states of the Program Status Protocol are to us. Its "done" ends a turn: it is no claim about the task. */
static const enum agent_activity activity_of_report[] = {
	[STATUS_IDLE] = AGENT_IDLE,       [STATUS_WORKING] = AGENT_WORKING, [STATUS_DONE] = AGENT_IDLE,
	[STATUS_BLOCKED] = AGENT_BLOCKED, [STATUS_ERROR] = AGENT_ERROR,     [STATUS_CLEAR] = AGENT_UNKNOWN,
};

/* Reports with an id are of the agent's children: they say nothing of the session as a whole. */
void session_status_report(struct session *s, const char *report)
{
	struct status_report r;
	if (status_parse(report, strlen(report), &r) < 0)
		return;
	if (!*r.id) {
		MEM_FREE char *detail = mem_printf("it reports \"%s\"%s%s%s%s", status_state_name(r.state), *r.msg ? ": " : "",
		                                   r.msg, r.kind ? ", waiting for " : "",
		                                   r.kind ? status_kind_name(r.kind) : "");
		session_signal(s, "osc7501", activity_of_report[r.state], 95, detail);
	}
	if (s->agent.ops->on_status)
		s->agent.ops->on_status(&s->agent, report);
}

void session_signals_clear(struct session *s)
{
	for (size_t i = 0; i < s->n_signals; i++)
		signal_row_fini(&s->signals[i]);
	s->n_signals = 0;
	signal_row_delete_all(s->engine->setup.db, s->row.id);
}

char *session_why(const struct session *s)
{
	struct status_signal signals[SESSION_SIGNALS_MAX];
	struct status status = derive(s, signals);
	if (status.because)
		return mem_printf("%s (%s)", status.because->detail ? status.because->detail : "no detail",
		                  status.because->source);
	if (s->row.failure)
		return mem_strdup(s->row.failure);
	if (s->row.hold_reason && s->life == LIFE_EXITED)
		return mem_strdup(s->row.hold_reason);
	if ((status.state == SESSION_FAILED || status.state == SESSION_STOPPED) && s->row.wait_status >= 0)
		return session_exit_text(s);
	if (status.state == SESSION_BLOCKED)
		return mem_printf("%d item%s on the docket", s->open_blocking, s->open_blocking == 1 ? "" : "s");
	return mem_strdup(session_state_meaning(status.state));
}

/* ---- session.wait ---- */

static void waiter_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Takes the waiter out of the list; its call is the caller's to end. */
static struct call *waiter_end(struct session_waiter *w)
{
	struct session_waiter **at = &w->session->waiters;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	uv_close((uv_handle_t *)&w->timer, waiter_closed);
	return w->call;
}

static void waiter_expired(uv_timer_t *timer)
{
	struct session_waiter *w = timer->data;
	struct session *s = w->session;
	struct err err;
	MEM_FREE char *why = session_why(s);
	err_set(&err, ERR_FAILED, "%s is still %s: %s", s->row.name, session_state_name(s->state), why);
	call_fail(waiter_end(w), &err);
}

static void wake_waiters(struct session *s)
{
	for (struct session_waiter *w = s->waiters, *next; w; w = next) {
		next = w->next;
		if (w->states & (1u << s->state))
			call_done(waiter_end(w), session_json(s));
	}
}

void session_waiters_fail(struct session *s, const char *why)
{
	struct err err;
	err_set(&err, ERR_FAILED, "%s: %s", s->row.name, why);
	while (s->waiters)
		call_fail(waiter_end(s->waiters), &err);
}

void session_wait(struct session *s, unsigned states, int64_t timeout_ms, struct call *call)
{
	if (states & (1u << s->state)) {
		call_done(call, session_json(s));
		return;
	}
	struct session_waiter *w = mem_alloc(sizeof *w);
	*w = (struct session_waiter){.next = s->waiters, .call = call, .states = states, .session = s};
	s->waiters = w;
	uv_timer_init(s->engine->setup.loop, &w->timer);
	w->timer.data = w;
	if (timeout_ms > 0)
		uv_timer_start(&w->timer, waiter_expired, (uint64_t)timeout_ms, 0);
}
