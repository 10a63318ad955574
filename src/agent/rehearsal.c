/* The adapter of the rehearsal agent: muster's own scripted agent, for demonstrations, drills and tests. The agent
 * is `muster rehearse` in a terminal; it tells what it does by hooks (agent/rehearsal.h), OSC 7501 and titles.
 *
 * state: {"prompt": the id of the prompt on its way, "text": its text, "tries": how often it was typed,
 *         "settled": the id of the last one that was taken} */
#include "agent/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"

enum {
	HOOK_CONFIDENCE = 95,
	PROMPT_WAIT_MS = 5000, /* the player polls its terminal all the time */
	PROMPT_TRIES = 3,
};

static int write_brief(const struct agent_session *s, const char *path, struct err *err)
{
	const char *brief = s->prompt ? s->prompt : "";
	int failed = file_write_atomic(path, 0600, brief, strlen(brief));
	return failed ? err_set_errno(err, ERR_FAILED, failed, "cannot write %s", path) : 0;
}

static int launch(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err)
{
	char *state_path MEM_FREE = mem_printf("%s/" REHEARSAL_STATE_FILE, s->folder);
	char *brief_path MEM_FREE = mem_printf("%s/" REHEARSAL_BRIEF_FILE, s->folder);
	if (how == AGENT_START_RESUME && !file_exists(state_path))
		return err_set(err, ERR_REFUSED, "%s has no conversation to go on with", s->name);
	if (write_brief(s, brief_path, err) != 0)
		return -1;
	strv_add(&ret->argv, s->muster_path);
	strv_add(&ret->argv, "rehearse");
	strv_addf(&ret->argv, "--state=%s", state_path);
	strv_addf(&ret->argv, "--brief=%s", brief_path);
	if (how == AGENT_START_RESUME)
		strv_add(&ret->argv, "--resume");
	const char *script = json_str(s->options, "script");
	if (script)
		strv_add(&ret->argv, script);
	return 0;
}

/* ---- prompts ---- */

static void clear_prompt(struct agent_session *s)
{
	json_object_object_del(s->state, "prompt");
	json_object_object_del(s->state, "text");
	json_object_object_del(s->state, "tries");
}

static void settle(struct agent_session *s, const char *failed_why)
{
	int64_t prompt = json_int(s->state, "prompt", 0);
	if (!prompt)
		return;
	clear_prompt(s);
	if (!failed_why)
		json_add_int(s->state, "settled", prompt);
	s->host->timer(s, "prompt", -1);
	s->host->save(s);
	s->host->prompt_settled(s, prompt, failed_why);
}

/* Without the bytes that would end the paste or be keys of their own. */
static void type_prompt(struct agent_session *s, const char *text)
{
	struct str bytes STR_FREE = STR_INIT;
	str_adds(&bytes, REHEARSAL_PASTE_BEGIN);
	for (; *text; text++)
		if ((unsigned char)*text >= 0x20 || *text == '\n' || *text == '\t')
			str_addc(&bytes, *text);
	str_adds(&bytes, REHEARSAL_PASTE_END "\r");
	s->host->input(s, bytes.data, bytes.len);
	s->host->timer(s, "prompt", PROMPT_WAIT_MS);
}

static void tell(struct agent_session *s, int64_t prompt, const char *text)
{
	if (json_int(s->state, "settled", 0) == prompt) {
		s->host->prompt_settled(s, prompt, NULL); /* taken while musterd was away */
		return;
	}
	if (json_int(s->state, "prompt", 0) == prompt) {
		s->host->timer(s, "prompt", PROMPT_WAIT_MS); /* typed before musterd was away */
		return;
	}
	json_add_int(s->state, "prompt", prompt);
	json_add_str(s->state, "text", text);
	json_add_int(s->state, "tries", 1);
	s->host->save(s);
	type_prompt(s, text);
}

static void on_timer(struct agent_session *s, const char *name)
{
	const char *text = json_str(s->state, "text");
	if (strcmp(name, "prompt") != 0 || !text)
		return;
	int64_t tries = json_int(s->state, "tries", 1);
	if (tries >= PROMPT_TRIES) {
		settle(s, "it was typed, but the agent has not taken it");
		return;
	}
	json_add_int(s->state, "tries", tries + 1);
	s->host->save(s);
	type_prompt(s, json_str(s->state, "text"));
}

/* ---- hooks ---- */

typedef void on_event(struct agent_session *s, uint64_t request, struct json_object *data);

static void on_turn_started(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	(void)data;
	s->host->signal(s, "done", AGENT_UNKNOWN, 0, NULL); /* what it said before is no longer so */
	s->host->signal(s, "hook", AGENT_WORKING, HOOK_CONFIDENCE, "it began a turn");
	s->host->turn_started(s);
}

static void on_turn_ended(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	bool failed = json_flag(data, "failed", false);
	s->host->signal(s, "hook", failed ? AGENT_ERROR : AGENT_IDLE, HOOK_CONFIDENCE,
			failed ? "its turn ended by an error" : "its turn ended");
	s->host->turn_ended(s, json_str(data, "said"));
}

static void on_prompt(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	(void)data;
	settle(s, NULL);
}

static void on_said(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	s->host->said(s, "message", data);
}

static void on_cleared(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	json_add_int(s->state, "conversation", json_int(data, "conversation", 1));
	s->host->save(s);
	s->host->said(s, "cleared", data);
}

/* The request is named by its number alone, so that a repeated callback opens nothing new. */
static char *permission_key(uint64_t request)
{
	return mem_printf("permission-%llu", (unsigned long long)request);
}

static void on_permission(struct agent_session *s, uint64_t request, struct json_object *data)
{
	const char *command = json_str_or(data, "command", "");
	char *key MEM_FREE = permission_key(request);
	char *title MEM_FREE = mem_printf("it wants to run: %s", command);
	struct json_object *detail JSON_FREE = json_new();
	json_add_str(detail, "tool", "run");
	json_add_str(detail, "command", command);
	if (json_str(data, "why"))
		json_add_str(detail, "context", json_str(data, "why"));
	struct json_object *options JSON_FREE = json_parse_text(
		"[{\"key\":\"allow\",\"label\":\"Allow once\"},{\"key\":\"deny\",\"label\":\"Deny\"}]", NULL);
	struct agent_item item = {
		.need = AGENT_NEED_PERMISSION,
		.key = key,
		.request = request,
		.blocking = true,
		.title = title,
		.topic = command,
		.detail = detail,
		.options = options,
	};
	s->host->item_open(s, &item);
}

static void on_permission_over(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	char *key MEM_FREE = permission_key((uint64_t)json_int(data, "request", 0));
	char *reason MEM_FREE = mem_printf("answered in the terminal: %s", json_str_or(data, "decision", "?"));
	s->host->item_withdraw(s, key, reason);
}

static const struct {
	const char *name;
	on_event *handle;
	bool replied_later;
} events[] = {
	{REHEARSAL_TURN_STARTED, on_turn_started, false},
	{REHEARSAL_TURN_ENDED, on_turn_ended, false},
	{REHEARSAL_PROMPT, on_prompt, false},
	{REHEARSAL_SAID, on_said, false},
	{REHEARSAL_CLEARED, on_cleared, false},
	{REHEARSAL_PERMISSION, on_permission, true},
	{REHEARSAL_PERMISSION_OVER, on_permission_over, false},
};

static void reply_ok(struct agent_session *s, uint64_t request)
{
	struct json_object *answer JSON_FREE = json_new();
	json_add_bool(answer, "ok", true);
	s->host->reply(s, request, answer);
}

/* An event that is not in the table is one of a newer player: acknowledged and left alone. */
static void on_hook(struct agent_session *s, uint64_t request, const char *event, struct json_object *data)
{
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (strcmp(events[i].name, event) != 0)
			continue;
		events[i].handle(s, request, data);
		if (events[i].replied_later)
			return;
		break;
	}
	reply_ok(s, request);
}

static void answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *item_detail,
		   const struct agent_answer *given)
{
	(void)key;
	(void)item_detail;
	struct json_object *reply JSON_FREE = json_new();
	bool allow = given->option && strcmp(given->option, "allow") == 0;
	json_add_str(reply, "decision", allow ? "allow" : "deny");
	if (given->text)
		json_add_str(reply, "text", given->text);
	s->host->reply(s, request, reply);
}

/* ---- life ---- */

static void on_attached(struct agent_session *s, bool running)
{
	if (running && json_int(s->state, "prompt", 0))
		s->host->timer(s, "prompt", PROMPT_WAIT_MS);
}

static void on_exited(struct agent_session *s, int wait_status)
{
	(void)wait_status;
	s->host->signal(s, "hook", AGENT_UNKNOWN, 0, NULL);
	settle(s, "the agent ended before it took the prompt");
}

static int clear(struct agent_session *s, struct err *err)
{
	(void)err;
	s->host->input(s, "/clear\r", strlen("/clear\r"));
	return 0;
}

static int interrupt(struct agent_session *s, struct err *err)
{
	(void)err;
	s->host->input(s, "\x1b", 1);
	return 0;
}

const struct agent_ops agent_rehearsal = {
	.name = "rehearsal",
	.title = "Rehearsal (muster's own scripted agent)",
	.can = AGENT_CAN_TELL | AGENT_CAN_CLEAR | AGENT_CAN_RESUME | AGENT_CAN_INTERRUPT | AGENT_SPEAKS,
	.launch = launch,
	.on_attached = on_attached,
	.on_hook = on_hook,
	.on_timer = on_timer,
	.on_exited = on_exited,
	.tell = tell,
	.clear = clear,
	.interrupt = interrupt,
	.answer = answer,
};
