/* Prompts and turns. The protocol has no word for "I have your prompt": it is taken as soon as anything comes that
 * belongs to a turn, or its answer, which ends the turn. One runs at a time; what is told meanwhile waits here. */
#include <stdlib.h>
#include <string.h>

#include "agent/acp.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

static void prompt_agent(struct agent_session *s, const char *text, int64_t prompt, bool brief)
{
	struct json_object *params = acp_params(s), *block = json_new(), *blocks = json_new_array(),
			   *turn = json_new();
	int64_t id;
	json_add_str(block, "type", "text");
	json_add_str(block, "text", text);
	json_push(blocks, block);
	json_add_obj(params, "prompt", blocks);
	acp_text_flush(s);
	acp_request(s, "session/prompt", params, &id);
	json_add_int(turn, "id", id);
	json_add_int(turn, "prompt", prompt);
	json_add_bool(turn, "brief", brief);
	json_add_obj(s->state, "turn", turn);
	json_object_object_del(s->state, "last");
	json_object_object_del(s->state, "last_more");
	s->host->save(s);
	say_prompt(s, text);
	s->host->signal(s, "stream", AGENT_WORKING, ACP_CONFIDENCE, "it was given a prompt");
}

void acp_note(struct agent_session *s, const char *text)
{
	struct json_object *notes = json_arr(s->state, "notes");
	if (!notes) {
		notes = json_new_array();
		json_add_obj(s->state, "notes", notes);
	}
	json_push_str(notes, text);
	s->host->save(s);
}

static char *take_notes(struct agent_session *s)
{
	struct json_object *notes = json_arr(s->state, "notes");
	struct str text = STR_INIT;
	for (size_t i = 0; i < json_len(notes); i++)
		str_addf(&text, "%s%s", i ? "\n" : "", json_str_at(notes, i));
	json_object_object_del(s->state, "notes");
	return str_take(&text);
}

static void give_up_tell(struct agent_session *s, const char *why)
{
	int64_t prompt = json_int(json_obj(s->state, "tell"), "prompt", 0);
	if (!json_has(s->state, "tell"))
		return;
	json_object_object_del(s->state, "tell");
	s->host->save(s);
	s->host->prompt_settled(s, prompt, why);
}

void acp_pump(struct agent_session *s)
{
	struct json_object *tell = json_obj(s->state, "tell");
	if (acp_in_phase(s, "failed"))
		give_up_tell(s, json_str_or(s->state, "why", "it could not begin"));
	if (!acp_in_phase(s, "ready") || json_has(s->state, "turn"))
		return;
	if (s->prompt && *s->prompt && !json_flag(s->state, "briefed", false)) {
		prompt_agent(s, s->prompt, 0, true);
	} else if (json_len(json_arr(s->state, "notes"))) {
		MEM_FREE char *text = take_notes(s);
		prompt_agent(s, text, 0, false);
	} else if (tell) {
		tell = json_object_get(tell);
		json_object_object_del(s->state, "tell");
		prompt_agent(s, json_str_or(tell, "text", ""), json_int(tell, "prompt", 0), false);
		json_object_put(tell);
	}
}

/* A new musterd gives a prompt again that was on its way. */
void acp_tell(struct agent_session *s, int64_t prompt, const char *text)
{
	if (json_int(json_obj(s->state, "turn"), "prompt", 0) == prompt)
		return;
	struct json_object *tell = json_new();
	json_add_int(tell, "prompt", prompt);
	json_add_str(tell, "text", text);
	json_add_obj(s->state, "tell", tell);
	s->host->save(s);
	acp_pump(s);
}

void acp_turn_begun(struct agent_session *s)
{
	struct json_object *turn = json_obj(s->state, "turn");
	int64_t prompt = json_int(turn, "prompt", 0);
	if (!turn || json_flag(turn, "begun", false))
		return;
	json_add_bool(turn, "begun", true);
	json_add_bool(s->state, "talked", true);
	if (json_flag(turn, "brief", false))
		json_add_bool(s->state, "briefed", true);
	s->host->save(s);
	s->host->item_withdraw(s, "turn-failed", "it works again");
	s->host->turn_started(s);
	s->host->signal(s, "stream", AGENT_WORKING, ACP_CONFIDENCE, "a turn began");
	if (prompt)
		s->host->prompt_settled(s, prompt, NULL);
}

/* ---- the end ---- */

static const struct {
	const char *reason, *words;
	bool failed;
} stops[] = {
	{"end_turn", "its turn ended", false},
	{"cancelled", "its turn was interrupted", false},
	{"max_tokens", "its turn ended at the limit of tokens", false},
	{"max_turn_requests", "its turn ended at the limit of requests", false},
	{"refusal", "the model refuses to go on", true},
};

static void turn_ended(struct agent_session *s, const char *words)
{
	s->host->signal(s, "stream", AGENT_IDLE, ACP_CONFIDENCE, words);
	say_turn_ended(s, json_str(s->state, "last"));
}

static void end_by_reason(struct agent_session *s, const char *reason)
{
	for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
		if (strcmp(stops[i].reason, reason) == 0) {
			if (stops[i].failed)
				say_turn_failed(s, "stream", stops[i].words);
			else
				turn_ended(s, stops[i].words);
			return;
		}
	}
	struct str words STR_FREE = STR_INIT;
	str_adds(&words, "its turn ended: ");
	text_add_inert(&words, reason, strnlen(reason, 100), TEXT_ONE_LINE);
	turn_ended(s, words.data);
}

static void say_usage(struct agent_session *s)
{
	struct json_object *usage = json_obj(s->state, "usage");
	if (usage)
		s->host->said(s, "usage", usage);
}

void acp_on_prompted(struct agent_session *s, struct json_object *asked, struct json_object *msg)
{
	struct json_object *result = json_obj(msg, "result");
	char *error MEM_FREE = acp_error_text(msg);
	bool cancelled = json_int(json_obj(msg, "error"), "code", 0) == ACP_CANCELLED;
	(void)asked;
	acp_turn_begun(s);
	acp_text_flush(s);
	acp_tools_end(s);
	acp_need_cancel_all(s, "the turn ended");
	acp_take_tokens(s, json_obj(result, "usage"));
	say_usage(s);
	json_object_object_del(s->state, "turn");
	s->host->save(s);
	if (cancelled)
		end_by_reason(s, "cancelled");
	else if (error)
		say_turn_failed(s, "stream", error);
	else
		end_by_reason(s, json_str_or(result, "stopReason", "end_turn"));
	acp_pump(s);
}

/* ---- the lead's verbs ---- */

static int need_ready(struct agent_session *s, struct err *err)
{
	if (acp_in_phase(s, "ready"))
		return 0;
	return err_set(err, ERR_REFUSED, "%s: its conversation has not begun yet", s->name);
}

int acp_clear(struct agent_session *s, struct err *err)
{
	if (need_ready(s, err) < 0)
		return -1;
	if (acp_need_any(s))
		return err_set(err, ERR_REFUSED, "%s waits for an answer; give it on the docket", s->name);
	if (json_has(s->state, "turn"))
		return err_set(err, ERR_REFUSED, "%s is in the middle of a turn; interrupt it or wait", s->name);
	acp_text_flush(s);
	acp_session_new(s);
	return 0;
}

/* With the turn ends what it had asked: the protocol wants each such request answered as cancelled. */
int acp_interrupt(struct agent_session *s, struct err *err)
{
	if (need_ready(s, err) < 0)
		return -1;
	acp_notify(s, "session/cancel", acp_params(s));
	acp_need_cancel_all(s, "the lead interrupted it");
	return 0;
}
