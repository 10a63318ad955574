/* Prompts: what the lead tells an agent. Stored before it is sent, acknowledged when the agent has taken it.
 *
 * One prompt is on its way at a time, and none while the agent waits for a permission: typed text would answer the
 * dialog. A prompt that was on its way when musterd died is given to the adapter again. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "store/prompt_row.h"
#include "work/session.h"

/* A call of session.tell that waits for its prompt. */
struct prompt_wait {
	struct prompt_wait *next;
	int64_t prompt;
	struct call *call;
	uv_timer_t timer;
	struct session *session;
};

static void wait_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct json_object *prompt_json(int64_t prompt, const char *state)
{
	struct json_object *o = json_new();
	json_add_int(o, "prompt", prompt);
	json_add_str(o, "state", state);
	return o;
}

/* Removes the waiting call of the prompt; NULL when nobody waits. */
static struct call *take_wait(struct session *s, int64_t prompt)
{
	for (struct prompt_wait **at = &s->prompts; *at; at = &(*at)->next) {
		struct prompt_wait *w = *at;
		if (w->prompt != prompt)
			continue;
		*at = w->next;
		uv_close((uv_handle_t *)&w->timer, wait_closed);
		return w->call;
	}
	return NULL;
}

static void wait_expired(uv_timer_t *timer)
{
	struct prompt_wait *w = timer->data;
	int64_t prompt = w->prompt;
	call_done(take_wait(w->session, prompt), prompt_json(prompt, "queued"));
}

static void wait_for(struct session *s, int64_t prompt, int64_t wait_ms, struct call *call)
{
	struct prompt_wait *w = mem_alloc(sizeof *w);
	*w = (struct prompt_wait){.next = s->prompts, .prompt = prompt, .call = call, .session = s};
	s->prompts = w;
	uv_timer_init(s->engine->setup.loop, &w->timer);
	w->timer.data = w;
	uv_timer_start(&w->timer, wait_expired, (uint64_t)wait_ms, 0);
}

static void event_of(struct session *s, const char *kind, int64_t prompt, const char *why)
{
	struct json_object *data = json_new();
	json_add_int(data, "prompt", prompt);
	if (why)
		json_add_str(data, "why", why);
	session_event(s, kind, data);
}

void session_prompts_pump(struct session *s)
{
	if (s->prompt_on_way || !s->connected || !s->running || s->life != LIFE_LIVE || !s->agent.ops->tell ||
	    session_waits_for_permission(s))
		return;
	struct prompt_rows open = {0};
	prompt_row_list_open(s->engine->setup.db, s->row.id, &open);
	if (open.n) {
		struct prompt_row *next = &open.v[0];
		s->prompt_on_way = next->id;
		mem_replace(&next->state, "sent");
		prompt_row_save(s->engine->setup.db, next);
		s->agent.ops->tell(&s->agent, next->id, next->text);
	}
	prompt_rows_fini(&open);
}

static void settle_row(struct db *db, int64_t prompt, const char *failed_why)
{
	struct prompt_row row = {0};
	if (!prompt_row_get(db, prompt, &row))
		return;
	mem_replace(&row.state, failed_why ? "failed" : "taken");
	mem_replace(&row.why, failed_why);
	row.settled_ms = clock_wall_ms();
	prompt_row_save(db, &row);
	prompt_row_fini(&row);
}

void session_prompt_settled(struct agent_session *a, int64_t prompt, const char *failed_why)
{
	struct session *s = a->host_data;
	if (s->prompt_on_way != prompt)
		return;
	s->prompt_on_way = 0;
	settle_row(s->engine->setup.db, prompt, failed_why);
	event_of(s, failed_why ? "prompt.failed" : "prompt.taken", prompt, failed_why);
	struct call *call = take_wait(s, prompt);
	if (call && failed_why) {
		struct err err;
		err_set(&err, ERR_FAILED, "%s did not take the prompt: %s", s->row.name, failed_why);
		call_fail(call, &err);
	} else if (call) {
		call_done(call, prompt_json(prompt, "taken"));
	}
	session_prompts_pump(s);
}

void session_prompts_fail(struct session *s, const char *why)
{
	if (s->prompt_on_way)
		session_prompt_settled(&s->agent, s->prompt_on_way, why);
}

/* All calls that wait end; the prompts stay in the store. */
void session_prompts_forget(struct session *s)
{
	while (s->prompts) {
		int64_t prompt = s->prompts->prompt;
		call_done(take_wait(s, prompt), prompt_json(prompt, "queued"));
	}
}

void session_prompt_add(struct session *s, const char *text, int64_t *ret_prompt)
{
	struct prompt_row row = {.session = s->row.id,
	                         .text = (char *)text,
	                         .state = (char *)"queued",
	                         .created_ms = clock_wall_ms()};
	prompt_row_insert(s->engine->setup.db, &row);
	db_turn_durable(s->engine->setup.db);
	event_of(s, "prompt.queued", row.id, NULL);
	*ret_prompt = row.id;
}

bool session_hears(const struct session *s)
{
	return (s->agent.ops->can & (AGENT_CAN_TELL | AGENT_SPEAKS)) == (AGENT_CAN_TELL | AGENT_SPEAKS);
}

static int check_tell(struct session *s, struct err *err)
{
	const char *name = s->row.name;
	if (!(s->agent.ops->can & AGENT_CAN_TELL))
		return err_set(err, ERR_REFUSED, "%s: the agent %s takes no prompts; attach to its terminal instead", name,
		               s->agent.ops->name);
	if (s->life == LIFE_EXITED)
		return err_set(err, ERR_REFUSED, "%s has ended; `muster resume %s` starts it again", name, name);
	if (session_waits_for_permission(s))
		return err_set(err, ERR_REFUSED, "%s waits for a permission; answer it first (muster docket)", name);
	return 0;
}

void engine_session_tell(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	if (!s)
		return;
	if (check_tell(s, &err) < 0) {
		call_fail(call, &err);
		return;
	}
	int64_t prompt;
	session_prompt_add(s, json_str(params, "text"), &prompt);
	wait_for(s, prompt, json_int(params, "wait_ms", 60000), call);
	session_prompts_pump(s);
}
