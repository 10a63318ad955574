/* What Codex's app-server reports: one function a notification. */
#include <stdlib.h>
#include <string.h>

#include "agent/codex.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { TITLE_MAX = 300, OTHERS_MAX = 64, METHOD_MAX = 100 };

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

static void say_usage(struct agent_session *s)
{
	struct json_object *usage = json_obj(s->state, "usage");
	if (!usage)
		return;
	struct json_object *said JSON_FREE = json_new();
	json_add_obj(said, "usage", json_object_get(usage));
	s->host->said(s, "usage", said);
	json_object_object_del(s->state, "usage");
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
	say_usage(s);
	s->host->save(s);
	codex_need_settle_all(s, "the turn ended");
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

static void say(struct agent_session *s, const char *kind, const char *tool, const char *text)
{
	struct json_object *said JSON_FREE = json_new();
	struct str inert STR_FREE = STR_INIT;
	text_add_inert(&inert, text, tool ? MIN(strlen(text), (size_t)TITLE_MAX) : strlen(text),
		       tool ? TEXT_ONE_LINE : TEXT_LINES);
	if (tool)
		json_add_str(said, "tool", tool);
	json_add_str(said, tool ? "title" : "text", str_c(&inert));
	s->host->said(s, kind, said);
}

static void say_command(struct agent_session *s, struct json_object *item)
{
	char *script MEM_FREE = codex_command_script(json_str_or(item, "command", ""));
	char *title MEM_FREE = mem_printf("run: %s", script);
	say(s, "tool", "commandExecution", title);
}

static void say_change(struct agent_session *s, struct json_object *item)
{
	struct str title STR_FREE = STR_INIT;
	struct json_object *changes = json_arr(item, "changes");
	for (size_t i = 0; i < json_len(changes); i++)
		str_addf(&title, "%s%s", i ? ", " : "change: ", json_str_or(json_at(changes, i), "path", "?"));
	say(s, "tool", "fileChange", str_c(&title));
}

static void say_mcp_tool(struct agent_session *s, struct json_object *item)
{
	char *title MEM_FREE =
		mem_printf("%s: %s", json_str_or(item, "server", "?"), json_str_or(item, "tool", "?"));
	say(s, "tool", "mcpToolCall", title);
}

static void say_search(struct agent_session *s, struct json_object *item)
{
	char *title MEM_FREE = mem_printf("search: %s", json_str_or(item, "query", ""));
	say(s, "tool", "webSearch", title);
}

static void say_message(struct agent_session *s, struct json_object *item)
{
	say(s, "message", NULL, json_str_or(item, "text", ""));
}

static void note_prompt(struct agent_session *s, struct json_object *item)
{
	if (json_str(item, "clientId"))
		codex_prompt_arrived(s, json_str(item, "clientId"));
}

/* Types of items, when they begin and when they are complete. */
static const struct {
	const char *type;
	void (*began)(struct agent_session *s, struct json_object *item);
	void (*done)(struct agent_session *s, struct json_object *item);
} items[] = {
	{"agentMessage", NULL, say_message}, {"commandExecution", say_command, NULL},
	{"fileChange", say_change, NULL},    {"mcpToolCall", say_mcp_tool, NULL},
	{"webSearch", say_search, NULL},     {"userMessage", note_prompt, NULL},
};

static void on_item(struct agent_session *s, struct json_object *params, bool began)
{
	struct json_object *item = json_obj(params, "item");
	const char *type = json_str_or(item, "type", "");
	codex_need_note_item(s, item, began);
	/* Of a turn that was joined when it ran already. */
	if (codex_is_thread(s, params) && !json_has(s->state, "turn") && began && json_str(params, "turnId"))
		json_add_str(s->state, "turn", json_str(params, "turnId"));
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (strcmp(items[i].type, type) != 0)
			continue;
		if (began && items[i].began)
			items[i].began(s, item);
		else if (!began && items[i].done)
			items[i].done(s, item);
	}
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
	struct json_object *said JSON_FREE = json_new();
	json_add_obj(said, "plan", json_copy(json_arr(params, "plan")));
	s->host->said(s, "plan", said);
}

static void on_usage(struct agent_session *s, struct json_object *params)
{
	if (!codex_is_thread(s, params))
		return;
	json_add_obj(s->state, "usage", json_copy(json_obj(params, "tokenUsage")));
	s->host->save(s);
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

/* Kept as a count, so that it can be seen what a newer Codex has to say. */
static void count_other(struct agent_session *s, const char *method)
{
	struct json_object *others = json_obj(s->state, "others");
	if (!others) {
		others = json_new();
		json_add_obj(s->state, "others", others);
	}
	if (strlen(method) > METHOD_MAX ||
	    (!json_has(others, method) && json_object_object_length(others) >= OTHERS_MAX))
		method = "(more)";
	json_add_int(others, method, json_int(others, method, 0) + 1);
	s->host->save(s);
}

void codex_notification(struct agent_session *s, const char *method, struct json_object *params)
{
	for (size_t i = 0; i < ARRAY_LEN(notifications); i++) {
		if (strcmp(notifications[i].method, method) == 0) {
			notifications[i].handle(s, params);
			return;
		}
	}
	count_other(s, method);
}
