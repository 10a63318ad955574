/* What Codex's app-server reports: one function a notification. */
#include <stdlib.h>
#include <string.h>

#include "agent/codex.h"
#include "agent/say.h"
#include "base/mem.h"
#include "fmt/json.h"

/* ---- status ---- */

static const struct {
	const char *flag, *detail;
} waits[] = {
	{"waitingOnApproval", "it waits for a permission"},
	{"waitingOnUserInput", "it waits for an answer"},
};

static const char *waits_for(struct json_object *flags)
{
	for (size_t i = 0; i < json_len(flags); i++)
		for (size_t k = 0; k < ARRAY_LEN(waits); k++)
			if (strcmp(waits[k].flag, json_str_at(flags, i) ? json_str_at(flags, i) : "") == 0)
				return waits[k].detail;
	return NULL;
}

void codex_status(struct agent_session *s, struct json_object *status)
{
	const char *type = json_str_or(status, "type", "");
	const char *waits_detail = waits_for(json_arr(status, "activeFlags"));
	if (strcmp(type, "idle") == 0)
		s->host->signal(s, CODEX_SOURCE, AGENT_IDLE, CODEX_CONFIDENCE,
				json_flag(s->state, "talked", false) ? "its turn ended" : "it waits for a prompt");
	else if (strcmp(type, "active") == 0 && waits_detail)
		s->host->signal(s, CODEX_SOURCE, AGENT_BLOCKED, CODEX_CONFIDENCE, waits_detail);
	else if (strcmp(type, "active") == 0)
		s->host->signal(s, CODEX_SOURCE, AGENT_WORKING, CODEX_CONFIDENCE, "a turn runs");
	else if (strcmp(type, "systemError") == 0)
		s->host->signal(s, CODEX_SOURCE, AGENT_ERROR, CODEX_CONFIDENCE, "its service failed");
}

static void on_status(struct agent_session *s, struct json_object *params)
{
	struct json_object *status = json_obj(params, "status");
	if (codex_is_thread(s, params)) {
		if (strcmp(json_str_or(status, "type", ""), "idle") == 0)
			json_object_object_del(s->state, "turn");
		codex_status(s, status);
	} else if (strcmp(json_str_or(status, "type", ""), "notLoaded") != 0) {
		codex_thread_active(s, json_str_or(params, "threadId", ""));
	}
}

static void on_thread_started(struct agent_session *s, struct json_object *params)
{
	codex_thread_began(s, json_obj(params, "thread"));
}

/* ---- turns ---- */

static void on_turn_started(struct agent_session *s, struct json_object *params)
{
	if (!codex_is_thread(s, params))
		return;
	json_add_str(s->state, "turn", json_str_or(json_obj(params, "turn"), "id", ""));
	json_add_bool(s->state, "talked", true);
	s->host->save(s);
	s->host->item_withdraw(s, "turn-failed", "it works again");
	s->host->turn_started(s);
}

/* The agent's last message in a turn, or NULL. */
static const char *last_words(struct json_object *turn)
{
	struct json_object *items = json_arr(turn, "items");
	for (size_t i = json_len(items); i > 0; i--)
		if (strcmp(json_str_or(json_at(items, i - 1), "type", ""), "agentMessage") == 0)
			return json_str(json_at(items, i - 1), "text");
	return NULL;
}

/* An error of the service is often the JSON that it sent. */
static void turn_failed(struct agent_session *s, struct json_object *turn)
{
	const char *text = json_str_or(json_obj(turn, "error"), "message", "no reason was given");
	struct json_object *inner JSON_FREE = json_parse_object(text, strlen(text), NULL);
	say_turn_failed(s, CODEX_SOURCE, json_str_or(json_obj(inner, "error"), "message", text));
}

static void on_turn_completed(struct agent_session *s, struct json_object *params)
{
	struct json_object *turn = json_obj(params, "turn");
	if (!codex_is_thread(s, params))
		return;
	json_object_object_del(s->state, "turn");
	json_object_object_del(s->state, "changes");
	if (json_obj(s->state, "usage"))
		s->host->said(s, "usage", json_obj(s->state, "usage"));
	s->host->save(s);
	codex_need_settle_thread(s, json_str_or(params, "threadId", ""), "the turn ended");
	const char *how = json_str_or(turn, "status", "");
	if (strcmp(how, "failed") == 0) {
		turn_failed(s, turn);
		return;
	}
	if (strcmp(how, "interrupted") == 0)
		s->host->signal(s, CODEX_SOURCE, AGENT_IDLE, CODEX_CONFIDENCE, "its turn was interrupted");
	say_turn_ended(s, last_words(turn));
}

/* ---- what it says and does ---- */

static void on_item(struct agent_session *s, struct json_object *params, bool began)
{
	struct json_object *item = json_obj(params, "item");
	const char *type = json_str_or(item, "type", "");
	codex_need_note_item(s, item, began);
	/* Of a turn that was joined when it ran already. */
	if (codex_is_thread(s, params) && !json_has(s->state, "turn") && began && json_str(params, "turnId"))
		json_add_str(s->state, "turn", json_str(params, "turnId"));
	if (strcmp(type, "userMessage") == 0 && json_str(item, "clientId"))
		codex_prompt_arrived(s, json_str(item, "clientId"));
	if (item)
		codex_say_item(s, item, began);
}

static void on_item_started(struct agent_session *s, struct json_object *params)
{
	on_item(s, params, true);
}

static void on_item_completed(struct agent_session *s, struct json_object *params)
{
	on_item(s, params, false);
}

static void on_plan(struct agent_session *s, struct json_object *params)
{
	codex_say_plan(s, json_arr(params, "plan"));
}

static void on_usage(struct agent_session *s, struct json_object *params)
{
	if (codex_is_thread(s, params))
		codex_take_usage(s, json_obj(params, "tokenUsage"));
}

/* What it warns of, for whoever reads the conversation. */
static void on_warning(struct agent_session *s, struct json_object *params)
{
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "severity", "warning");
	say_add_words(said, "title", json_str_or(params, "summary", json_str_or(params, "message", "?")));
	say_add_words(said, "text", json_str(params, "details"));
	s->host->said(s, "notice", said);
}

static void on_resolved(struct agent_session *s, struct json_object *params)
{
	codex_need_resolved(s, json_any(params, "requestId"));
}

/* The bridge's own: too many or too long messages for the session's mailbox. */
static void on_lost(struct agent_session *s, struct json_object *params)
{
	char *title MEM_FREE = mem_printf("%lld messages of Codex did not reach muster; look into its terminal",
					  (long long)json_int(params, "count", 0));
	s->host->item_withdraw(s, "bridge-lost", "more were lost");
	s->host->item_open(s,
			   &(struct agent_item){.need = AGENT_NEED_FAILURE, .key = "bridge-lost", .title = title});
}

/* ---- the table ---- */

static const struct {
	const char *method;
	void (*handle)(struct agent_session *s, struct json_object *params);
} notifications[] = {
	{"thread/status/changed", on_status},    {"thread/started", on_thread_started},
	{"turn/started", on_turn_started},       {"turn/completed", on_turn_completed},
	{"turn/plan/updated", on_plan},          {"item/started", on_item_started},
	{"item/completed", on_item_completed},   {"thread/tokenUsage/updated", on_usage},
	{"serverRequest/resolved", on_resolved}, {"muster/lost", on_lost},
	{"configWarning", on_warning},           {"warning", on_warning},
	{"deprecationNotice", on_warning},
};

/* Frequent, and nothing that the others do not say in the end. */
static const char *const unwanted[] = {
	"item/agentMessage/delta",
	"item/plan/delta",
	"item/reasoning/summaryTextDelta",
	"item/reasoning/summaryPartAdded",
	"item/reasoning/textDelta",
	"item/commandExecution/outputDelta",
	"item/commandExecution/terminalInteraction",
	"item/fileChange/outputDelta",
	"item/fileChange/patchUpdated",
	"item/mcpToolCall/progress",
	"mcpServer/startupStatus/updated",
	"command/exec/outputDelta",
	"process/outputDelta",
	"turn/diff/updated",
	"account/rateLimits/updated",
	"thread/readState/changed",
	"thread/goal/cleared",
	"thread/name/updated",
	"thread/settings/updated",
	"remoteControl/status/changed",
	"app/list/updated",
	"skills/changed",
};

struct json_object *codex_unwanted(void)
{
	struct json_object *names = json_new_array();
	for (size_t i = 0; i < ARRAY_LEN(unwanted); i++)
		json_push_str(names, unwanted[i]);
	return names;
}

void codex_notification(struct agent_session *s, const char *method, struct json_object *params)
{
	for (size_t i = 0; i < ARRAY_LEN(notifications); i++) {
		if (strcmp(notifications[i].method, method) == 0) {
			notifications[i].handle(s, params);
			return;
		}
	}
	say_unknown(s, method, params);
}
