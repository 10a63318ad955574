/* What an adapter may ask of its host (agent/agent.h). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"
#include "work/session.h"

static struct session *of(struct agent_session *a)
{
	return a->host_data;
}

static void host_signal(struct agent_session *a, const char *source, enum agent_activity activity, int confidence,
                        const char *detail)
{
	session_signal(of(a), source, activity, confidence, detail);
}

static const char *const kind_of_need[] = {
	[AGENT_NEED_PERMISSION] = "permission",
	[AGENT_NEED_QUESTION] = "question",
	[AGENT_NEED_REVIEW] = "review",
	[AGENT_NEED_FAILURE] = "failure",
};

static void host_item_open(struct agent_session *a, const struct agent_item *item)
{
	session_item_open(of(a), kind_of_need[item->need], item);
}

static void host_item_withdraw(struct agent_session *a, const char *key, const char *reason)
{
	session_item_withdraw(of(a), key, reason);
}

static void host_reply(struct agent_session *a, uint64_t request, struct json_object *answer)
{
	session_reply(of(a), request, answer);
}

static void host_input(struct agent_session *a, const void *bytes, size_t len)
{
	struct session *s = of(a);
	if (s->hold)
		hold_client_input(s->hold, bytes, len, NULL, NULL);
}

static void input_answered(void *arg, const struct hold_answer *answer)
{
	struct session *s = arg;
	if (!answer->lost && s->agent.ops->on_input_done)
		s->agent.ops->on_input_done(&s->agent, answer->mark, answer->error);
}

static void host_input_at(struct agent_session *a, uint64_t offset, const void *bytes, size_t len)
{
	struct session *s = of(a);
	if (s->hold)
		hold_client_input_at(s->hold, (uint32_t)s->row.generation, offset, bytes, len, input_answered, s);
}

static void host_turn_started(struct agent_session *a)
{
	struct session *s = of(a);
	s->row.turn_ended_ms = 0;
	mem_replace(&s->row.landed, NULL); /* there is new work on top of what landed */
	session_item_withdraw(s, "turn-ended", "it works again");
	session_signal_forget(s, "done"); /* that was about an earlier turn */
	session_save(s);
	session_event(s, "turn.started", NULL);
}

/* The end of a turn is something for the lead to look at, though nothing waits for it. */
static void host_turn_ended(struct agent_session *a, const char *last_words)
{
	struct session *s = of(a);
	s->row.turn_ended_ms = clock_wall_ms();
	if (last_words)
		mem_replace(&s->row.last_words, last_words);
	session_save(s);
	struct json_object *detail JSON_FREE = json_new();
	json_add_str(detail, "said", last_words ? last_words : "");
	bool reviewable = s->row.branch && s->row.target && strcmp(s->row.branch, s->row.target) != 0;
	struct agent_item item = {
		.need = AGENT_NEED_REVIEW,
		.key = "turn-ended",
		.title = reviewable ? "its turn ended: review it, tell it what is next, or stop it"
		                    : "its turn ended: tell it what is next, or stop it",
		.detail = detail,
	};
	if (!session_item_is_open(s, "done")) /* which says the same, and more */
		session_item_open(s, "review", &item);
	session_event(s, "turn.ended", json_object_get(detail));
}

static void host_said(struct agent_session *a, const char *kind, struct json_object *data)
{
	struct json_object *event = json_new();
	if (strcmp(kind, "recap") == 0)
		session_recap(of(a), json_str_or(data, "text", ""));
	json_add_str(event, "kind", kind);
	json_add_obj(event, "said", json_object_get(data));
	session_event(of(a), "agent.said", event);
}

/* A new conversation is worth an event: what it knew before is gone. */
static void note_conversation(struct session *s)
{
	const char *now = json_str(s->agent.state, "conversation");
	struct json_object *before JSON_FREE = s->row.agent_state ? json_parse_text(s->row.agent_state, NULL) : NULL;
	if (!now || strcmp(now, json_str_or(before, "conversation", "")) == 0)
		return;
	struct json_object *data = json_new();
	json_add_str(data, "conversation", now);
	session_event(s, "session.conversation", data);
}

/* An adapter may say so for each of thousands of lines: it is written once a turn. */
static void host_save(struct agent_session *a)
{
	struct session *s = of(a);
	if (s->state_due)
		return;
	s->state_due = true;
	s->next_due = s->engine->due;
	s->engine->due = s;
}

void session_state_settle(struct engine *e)
{
	while (e->due) {
		struct session *s = e->due;
		e->due = s->next_due;
		s->state_due = false;
		note_conversation(s);
		mem_replace(&s->row.agent_state, json_line(s->agent.state));
		session_save(s);
	}
}

void session_state_forget(struct session *s)
{
	struct session **at = &s->engine->due;
	while (*at && *at != s)
		at = &(*at)->next_due;
	if (*at)
		*at = s->next_due;
	s->state_due = false;
}

/* ---- timers ---- */

static void timer_closed(uv_handle_t *handle)
{
	struct session_timer *t = handle->data;
	free(t->name);
	free(t);
}

static void timer_fired(uv_timer_t *uv)
{
	struct session_timer *t = uv->data;
	struct session *s = t->session;
	if (s->agent.ops->on_timer)
		s->agent.ops->on_timer(&s->agent, t->name);
}

static void host_timer(struct agent_session *a, const char *name, int delay_ms)
{
	struct session *s = of(a);
	struct session_timer *t = s->timers;
	while (t && strcmp(t->name, name) != 0)
		t = t->next;
	if (delay_ms < 0) {
		if (t)
			uv_timer_stop(&t->uv);
		return;
	}
	if (!t) {
		t = mem_alloc(sizeof *t);
		*t = (struct session_timer){.session = s, .name = mem_strdup(name), .next = s->timers};
		uv_timer_init(s->engine->setup.loop, &t->uv);
		t->uv.data = t;
		s->timers = t;
	}
	uv_timer_start(&t->uv, timer_fired, (uint64_t)delay_ms, 0);
}

void session_timers_free(struct session *s)
{
	while (s->timers) {
		struct session_timer *t = s->timers;
		s->timers = t->next;
		uv_close((uv_handle_t *)&t->uv, timer_closed);
	}
}

const struct agent_host session_agent_host = {
	.signal = host_signal,
	.item_open = host_item_open,
	.item_withdraw = host_item_withdraw,
	.reply = host_reply,
	.input = host_input,
	.input_at = host_input_at,
	.prompt_settled = session_prompt_settled,
	.turn_started = host_turn_started,
	.turn_ended = host_turn_ended,
	.said = host_said,
	.timer = host_timer,
	.save = host_save,
};
