/* Claude Code, interactive in a terminal or headless.
 *
 * Interactive: hooks (given by --settings, which merge with the user's own) tell what happens, status reports (OSC 7501)
 * tell what hooks leave out: Esc at a permission fires no hook. Prompts are typed as a bracketed paste and Enter, only
 * while no turn runs, since a permission dialog could open between the two and take the Enter for its answer;
 * they are taken when the UserPromptSubmit hook names them. */
#include "agent/claude.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "fmt/json.h"

enum {
	ENTER_DELAY_MS = 150, /* a paste and an Enter that arrive as one read are taken for text */
	RETRY_MS = 3000,
	TRIES_MAX = 5,
	HOOK_TIMEOUT_S = 86400, /* a person may take a day */
};

/* ---- launching ---- */

static int write_settings(struct agent_session *s, char **ret_path, struct err *err)
{
	struct json_object *settings JSON_FREE = json_new();
	struct json_object *hooks = json_new();
	MEM_FREE char *command = mem_printf("'%s' hook", s->muster_path);
	for (size_t i = 0; claude_hook_events[i]; i++) {
		struct json_object *hook = json_new(), *group = json_new(), *commands = json_new_array(), *groups = json_new_array();
		json_add_str(hook, "type", "command");
		json_add_str(hook, "command", command);
		json_add_int(hook, "timeout", HOOK_TIMEOUT_S);
		json_push(commands, hook);
		json_add_obj(group, "hooks", commands);
		json_push(groups, group);
		json_add_obj(hooks, claude_hook_events[i], groups);
	}
	json_add_obj(settings, "hooks", hooks);
	char *path = mem_printf("%s/claude-settings.json", s->folder);
	const char *text = json_line(settings);
	int r = file_write_atomic(path, 0600, text, strlen(text));
	if (r < 0) {
		err_set_errno(err, ERR_FAILED, r, "cannot write %s", path);
		free(path);
		return -1;
	}
	*ret_path = path;
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

static void choose_conversation(struct agent_session *s, enum agent_start how, struct strv *argv)
{
	const char *known = json_str_or(s->state, "conversation", json_str(s->options, "conversation"));
	if (how == AGENT_START_RESUME && known) {
		strv_add(argv, "--resume");
		strv_add(argv, known);
		json_add_str(s->state, "conversation", known);
		return;
	}
	char uuid[37];
	id_uuid(uuid);
	strv_add(argv, "--session-id");
	strv_add(argv, uuid);
	json_add_str(s->state, "conversation", uuid);
}

static void reset_state(struct agent_session *s)
{
	static const char *const of_a_run[] = {"ready", "busy", "blocked", "open", "tell"};
	for (size_t i = 0; i < ARRAY_LEN(of_a_run); i++)
		json_object_object_del(s->state, of_a_run[i]);
}

static int launch(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err)
{
	/* A session that never got as far as a conversation starts with its brief. */
	bool talked = json_flag(s->state, "talked", false) || json_str(s->options, "conversation");
	enum agent_start really = how == AGENT_START_RESUME && talked ? how : AGENT_START_NEW;
	MEM_FREE char *settings = NULL;
	reset_state(s);
	if (write_settings(s, &settings, err) < 0)
		return -1;
	strv_add(&ret->argv, json_str_or(s->options, "command", "claude"));
	if (s->headless) {
		static const char *const stream[] = {"-p", "--input-format", "stream-json", "--output-format", "stream-json",
		                                     "--verbose", "--replay-user-messages", "--permission-prompt-tool",
		                                     "stdio", NULL};
		strv_add_all(&ret->argv, stream);
		ret->pipe = true;
	} else {
		strv_add(&ret->argv, "--settings");
		strv_add(&ret->argv, settings);
	}
	add_options(s, &ret->argv);
	choose_conversation(s, really, &ret->argv);
	if (!s->headless && really == AGENT_START_NEW && s->prompt) {
		strv_add(&ret->argv, "--");
		strv_add(&ret->argv, s->prompt);
	}
	json_add_bool(s->state, "brief", s->headless && really == AGENT_START_NEW && s->prompt);
	s->host->save(s);
	return 0;
}

/* ---- typing ---- */

static struct json_object *tell_of(struct agent_session *s)
{
	return json_obj(s->state, "tell");
}

static bool may_type(struct agent_session *s)
{
	return json_flag(s->state, "ready", false) && !json_flag(s->state, "busy", false) &&
	       !json_flag(s->state, "blocked", false) && json_len(json_arr(s->state, "open")) == 0;
}

static void type_it(struct agent_session *s)
{
	struct json_object *tell = tell_of(s);
	if (!tell || !may_type(s))
		return;
	if (!json_flag(tell, "typed", false)) {
		struct str bytes STR_FREE = STR_INIT;
		str_addf(&bytes, "\x1b[200~%s\x1b[201~", json_str_or(tell, "text", ""));
		s->host->input(s, bytes.data, bytes.len);
		json_add_bool(tell, "typed", true);
		s->host->save(s);
	}
	s->host->timer(s, "enter", ENTER_DELAY_MS);
}

static void press_enter(struct agent_session *s)
{
	if (!tell_of(s) || !may_type(s))
		return;
	s->host->input(s, "\r", 1);
	s->host->timer(s, "retry", RETRY_MS);
}

static void retry(struct agent_session *s)
{
	struct json_object *tell = tell_of(s);
	if (!tell || !may_type(s))
		return;
	int64_t tries = json_int(tell, "tries", 0) + 1;
	json_add_int(tell, "tries", tries);
	if (tries < TRIES_MAX) {
		press_enter(s);
		s->host->save(s);
		return;
	}
	int64_t prompt = json_int(tell, "prompt", 0);
	json_object_object_del(s->state, "tell");
	s->host->save(s);
	s->host->prompt_settled(s, prompt, "it was typed, but Claude Code did not take it; attach to have a look");
}

static void tell(struct agent_session *s, int64_t prompt, const char *text)
{
	if (s->headless) {
		claude_stream_tell(s, prompt, text);
		return;
	}
	struct json_object *known = tell_of(s);
	if (!known || json_int(known, "prompt", 0) != prompt) {
		struct json_object *fresh = json_new();
		json_add_int(fresh, "prompt", prompt);
		json_add_str(fresh, "text", text);
		json_add_obj(s->state, "tell", fresh);
		s->host->save(s);
	}
	type_it(s);
}

/* Equal but for white space, which a terminal may change. */
static bool same_words(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (isspace((unsigned char)*a))
			a++;
		while (isspace((unsigned char)*b))
			b++;
		if (*a != *b || !*a)
			return *a == *b;
	}
}

void claude_prompt_taken(struct agent_session *s, const char *text)
{
	struct json_object *tell = tell_of(s);
	json_add_bool(s->state, "talked", true);
	if (tell && same_words(json_str_or(tell, "text", ""), text)) {
		int64_t prompt = json_int(tell, "prompt", 0);
		json_object_object_del(s->state, "tell");
		s->host->timer(s, "retry", -1);
		s->host->prompt_settled(s, prompt, NULL);
	}
	s->host->save(s);
}

void claude_ready(struct agent_session *s)
{
	json_add_bool(s->state, "ready", true);
	s->host->save(s);
	type_it(s);
}

void claude_busy(struct agent_session *s, bool busy)
{
	json_add_bool(s->state, "busy", busy);
	s->host->save(s);
	if (!busy)
		type_it(s);
}

/* ---- the rest of the contract ---- */

static void on_timer(struct agent_session *s, const char *name)
{
	if (strcmp(name, "enter") == 0)
		press_enter(s);
	else if (strcmp(name, "retry") == 0)
		retry(s);
	else if (strcmp(name, "clear") == 0 && may_type(s))
		s->host->input(s, "\r", 1);
	else if (strcmp(name, "block") == 0)
		claude_on_unexplained_block(s);
}

static void on_attached(struct agent_session *s, bool running)
{
	if (!running)
		return;
	if (s->headless && json_flag(s->state, "brief", false)) {
		json_add_bool(s->state, "brief", false);
		s->host->save(s);
		claude_stream_tell(s, 0, s->prompt);
	}
	if (!s->headless)
		type_it(s); /* whether the Enter went out before musterd died is not known: an empty one does no harm */
}

static int clear(struct agent_session *s, struct err *err)
{
	if (s->headless)
		return err_set(err, ERR_REFUSED, "a headless Claude Code has one conversation; start another session");
	if (!may_type(s))
		return err_set(err, ERR_REFUSED, "%s is in the middle of a turn; interrupt it or wait", s->name);
	s->host->input(s, "\x15/clear", 7); /* Ctrl-U first: an unsent line would become part of it */
	s->host->timer(s, "clear", ENTER_DELAY_MS);
	return 0;
}

static int interrupt(struct agent_session *s, struct err *err)
{
	if (json_len(json_arr(s->state, "open")))
		return err_set(err, ERR_REFUSED, "%s waits for an answer; give it on the docket", s->name);
	if (s->headless)
		return claude_stream_interrupt(s);
	s->host->input(s, "\x1b", 1);
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
	.on_request_gone = claude_on_request_gone,
	.on_line = claude_on_line,
	.on_status = claude_on_status,
	.on_timer = on_timer,
	.tell = tell,
	.clear = clear,
	.interrupt = interrupt,
	.answer = answer,
};
