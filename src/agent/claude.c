/* Claude Code, interactive in a terminal or headless: launching, and the contract of an adapter.
 *
 * In a terminal hooks (given by --settings, which merge with the user's own) tell what happens, and status reports
 * (OSC 7501) tell what hooks leave out: Esc at a permission fires no hook. */
#include "agent/claude.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "fmt/json.h"

enum {
	HOOK_TIMEOUT_S = 86400,    /* a person may take a day */
	ARGUMENT_MAX = 100 * 1024, /* bytes; the kernel takes no single argument over 128 KiB */
};

/* ---- launching ---- */

static struct json_object *hook_groups(struct agent_session *s, const struct claude_event *e)
{
	struct json_object *hook = json_new(), *group = json_new(), *commands = json_new_array(),
			   *groups = json_new_array();
	MEM_FREE char *command = mem_printf("'%s' hook %s%s", s->muster_path, e->waits ? "--wait " : "", e->name);
	json_add_str(hook, "type", "command");
	json_add_str(hook, "command", command);
	json_add_int(hook, "timeout", HOOK_TIMEOUT_S);
	json_push(commands, hook);
	json_add_obj(group, "hooks", commands);
	json_push(groups, group);
	return groups;
}

int claude_write_file(struct agent_session *s, const char *name, const char *text, char **ret_path, struct err *err)
{
	char *path = mem_printf("%s/%s", s->folder, name);
	int r = file_write_atomic(path, 0600, text, strlen(text));
	if (r < 0) {
		err_set_errno(err, ERR_FAILED, r, "cannot write %s", path);
		free(path);
		return -1;
	}
	*ret_path = path;
	return 0;
}

static struct json_object *hooks(struct agent_session *s)
{
	struct json_object *o = json_new();
	for (const struct claude_event *e = claude_events; e->name; e++)
		json_add_obj(o, e->name, hook_groups(s, e));
	return o;
}

/* Settings that are merged with the user's own, and muster's tools. */
static int add_settings(struct agent_session *s, struct agent_launch *launch, struct err *err)
{
	struct json_object *settings JSON_FREE = json_new();
	MEM_FREE char *path = NULL;
	if (!s->headless)
		json_add_obj(settings, "hooks", hooks(s));
	if (claude_add_mcp(s, launch, settings, err) < 0 ||
	    claude_write_file(s, "claude-settings.json", json_line(settings), &path, err) < 0)
		return -1;
	strv_add(&launch->argv, "--settings");
	strv_add(&launch->argv, path);
	return 0;
}

/* Options that are passed on as flags of the same meaning. */
static void add_options(struct agent_session *s, struct strv *argv)
{
	static const char *const flags[][2] = {
		{"model", "--model"}, {"effort", "--effort"}, {"permission-mode", "--permission-mode"}};
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		const char *value = json_str(s->options, flags[i][0]);
		/* Its own default decides by itself what is safe; whoever leads several wants to be asked. */
		if (!value && strcmp(flags[i][0], "permission-mode") == 0)
			value = "manual";
		if (value) {
			strv_add(argv, flags[i][1]);
			strv_add(argv, value);
		}
	}
	json_strv(s->options, "args", argv);
}

/* Goes on with the conversation it had, or with the one it was adopted with; a new one when nothing was said yet.
 */
static void choose_conversation(struct agent_session *s, enum agent_start how, struct strv *argv)
{
	const char *known = json_flag(s->state, "talked", false) ? json_str(s->state, "conversation") : NULL;
	if (!known && !json_has(s->state, "conversation"))
		known = json_str(s->options, "conversation");
	if (how == AGENT_START_RESUME && known) {
		strv_add(argv, "--resume");
		strv_add(argv, known);
		json_add_bool(s->state, "talked", true);
		json_add_bool(s->state, "briefed", true);
		claude_conversation(s, known);
		return;
	}
	char uuid[37];
	id_uuid(uuid);
	strv_add(argv, "--session-id");
	strv_add(argv, uuid);
	json_add_bool(s->state, "talked", false);
	claude_conversation(s, uuid);
}

static void reset_state(struct agent_session *s)
{
	static const char *const of_a_run[] = {"ready",    "busy",    "blocked",  "block_msg",   "unblocked",
					       "restored", "resting", "clearing", "clear_tries", "open",
					       "tell",     "brief",   "tasks",    "tools",  "mode_asked", "subagents"};
	for (size_t i = 0; i < ARRAY_LEN(of_a_run); i++)
		json_object_object_del(s->state, of_a_run[i]);
	/* A new process counts its cost from nothing. */
	json_add_obj(s->state, "cost_before", json_copy(json_any(json_obj(s->state, "usage"), "cost")));
}

/* The brief is the last argument, or a file that the last argument names when it is too long for one. */
static int add_brief(struct agent_session *s, struct strv *argv, struct err *err)
{
	strv_add(argv, "--");
	if (strlen(s->prompt) <= ARGUMENT_MAX) {
		strv_add(argv, s->prompt);
		return 0;
	}
	MEM_FREE char *path = NULL;
	if (claude_write_file(s, "brief.md", s->prompt, &path, err) < 0)
		return -1;
	strv_addf(argv, "Your task is in the file %s. Read it, then do it.", path);
	return 0;
}

static int launch(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err)
{
	static const char *const stream[] = {"-p",
					     "--input-format",
					     "stream-json",
					     "--output-format",
					     "stream-json",
					     "--verbose",
					     "--replay-user-messages",
					     "--permission-prompt-tool",
					     "stdio",
					     NULL};
	reset_state(s);
	strv_add(&ret->argv, json_str_or(s->options, "command", "claude"));
	if (s->headless)
		strv_add_all(&ret->argv, stream);
	if (add_settings(s, ret, err) < 0)
		return -1;
	ret->pipe = s->headless;
	add_options(s, &ret->argv);
	choose_conversation(s, how, &ret->argv);
	bool brief = s->prompt && *s->prompt && !json_flag(s->state, "briefed", false);
	if (brief && s->headless)
		claude_stream_brief(s);
	else if (brief && add_brief(s, &ret->argv, err) < 0)
		return -1;
	s->host->save(s);
	return 0;
}

/* ---- what the other parts report ---- */

void claude_conversation(struct agent_session *s, const char *id)
{
	if (!id)
		return;
	json_add_str(s->state, "conversation", id);
	s->host->save(s);
}

/* ---- the rest of the contract ---- */

static const struct {
	const char *name;
	void (*handle)(struct agent_session *s);
} timers[] = {
	{"enter", claude_on_enter_timer}, {"retry", claude_on_retry_timer},     {"rested", claude_on_rested_timer},
	{"block", claude_on_block_timer}, {"unblock", claude_on_unblock_timer},
};

static void on_timer(struct agent_session *s, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		if (strcmp(timers[i].name, name) == 0)
			timers[i].handle(s);
}

static void on_attached(struct agent_session *s, bool running)
{
	if (!running)
		return;
	if (s->headless) {
		claude_stream_attached(s);
		return;
	}
	claude_hook_attached(s);
	claude_type_attached(s);
}

/* Its hooks outlive an agent that is killed: they are let go. */
static void on_exited(struct agent_session *s, int wait_status)
{
	(void)wait_status;
	claude_need_settle_all(s, "the agent's process ended");
	claude_type_give_up(s, "the agent ended before it took the prompt");
}

static void on_request_gone(struct agent_session *s, uint64_t request)
{
	claude_need_forget(s, NULL, request);
}

static void tell(struct agent_session *s, int64_t prompt, const char *text)
{
	if (s->headless)
		claude_stream_tell(s, prompt, text);
	else
		claude_type_tell(s, prompt, text);
}

static int clear(struct agent_session *s, struct err *err)
{
	if (claude_need_any(s))
		return err_set(err, ERR_REFUSED, "%s waits for an answer; give it on the docket", s->name);
	if (s->headless ? json_flag(s->state, "busy", false) : !claude_may_type(s))
		return err_set(err, ERR_REFUSED, "%s is in the middle of a turn; interrupt it or wait", s->name);
	if (s->headless) {
		claude_stream_clear(s);
		return 0;
	}
	claude_type_clear(s);
	return 0;
}

static int interrupt(struct agent_session *s, struct err *err)
{
	if (claude_need_any(s) || json_flag(s->state, "blocked", false))
		return err_set(err, ERR_REFUSED, "%s waits for an answer; give it on the docket", s->name);
	if (s->headless)
		claude_stream_interrupt(s);
	else
		s->host->input(s, "\x1b", 1);
	return 0;
}

static int set_mode(struct agent_session *s, const char *mode, struct err *err)
{
	if (!s->headless)
		return err_set(err, ERR_REFUSED, "%s: change its mode in its terminal (Shift-Tab)", s->name);
	claude_stream_mode(s, mode);
	return 0;
}

static void answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
		   const struct agent_answer *a)
{
	if (s->headless)
		claude_stream_answer(s, key, detail, a);
	else
		claude_answer(s, key, request, detail, a);
}

const struct agent_ops agent_claude = {
	.name = "claude",
	.title = "Claude Code",
	.can = AGENT_CAN_TELL | AGENT_CAN_CLEAR | AGENT_CAN_RESUME | AGENT_CAN_INTERRUPT | AGENT_SPEAKS,
	.program = "claude",
	.launch = launch,
	.on_attached = on_attached,
	.on_hook = claude_on_hook,
	.on_request_gone = on_request_gone,
	.on_line = claude_on_line,
	.on_status = claude_on_status,
	.on_timer = on_timer,
	.on_exited = on_exited,
	.tell = tell,
	.clear = clear,
	.interrupt = interrupt,
	.set_mode = set_mode,
	.answer = answer,
};
