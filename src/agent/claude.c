/* Claude Code, interactive in a terminal or headless: launching, typing, and the rest of the contract.
 *
 * In a terminal hooks (given by --settings, which merge with the user's own) tell what happens, and status reports
 * (OSC 7501) tell what hooks leave out: Esc at a permission fires no hook. Prompts are typed as a bracketed paste and
 * Enter, only while no turn runs, since a permission dialog could open between the two and take the Enter for its
 * answer; they are taken when the UserPromptSubmit hook names them. */
#include "agent/claude.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum {
	ENTER_DELAY_MS = 150, /* a paste and an Enter that arrive as one read are taken for text */
	RETRY_MS = 3000,
	TRIES_MAX = 5,
	HOOK_TIMEOUT_S = 86400,    /* a person may take a day */
	ERASE_LINES_MAX = 100,
	ARGUMENT_MAX = 100 * 1024, /* bytes; the kernel takes no single argument over 128 KiB */
};

/* ---- launching ---- */

static struct json_object *hook_groups(struct agent_session *s, const struct claude_event *e)
{
	struct json_object *hook = json_new(), *group = json_new(), *commands = json_new_array(), *groups = json_new_array();
	MEM_FREE char *command = mem_printf("'%s' hook %s%s", s->muster_path, e->waits ? "--wait " : "", e->name);
	json_add_str(hook, "type", "command");
	json_add_str(hook, "command", command);
	json_add_int(hook, "timeout", HOOK_TIMEOUT_S);
	json_push(commands, hook);
	json_add_obj(group, "hooks", commands);
	json_push(groups, group);
	return groups;
}

/* Writes the text to a file in the session's folder. The path is the caller's. */
static int write_file(struct agent_session *s, const char *name, const char *text, char **ret_path, struct err *err)
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

static int add_settings(struct agent_session *s, struct strv *argv, struct err *err)
{
	struct json_object *settings JSON_FREE = json_new();
	struct json_object *hooks = json_new();
	MEM_FREE char *path = NULL;
	for (const struct claude_event *e = claude_events; e->name; e++)
		json_add_obj(hooks, e->name, hook_groups(s, e));
	json_add_obj(settings, "hooks", hooks);
	if (write_file(s, "claude-settings.json", json_line(settings), &path, err) < 0)
		return -1;
	strv_add(argv, "--settings");
	strv_add(argv, path);
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

/* Goes on with the conversation it had, or with the one it was adopted with; a new one when nothing was said yet. */
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
	static const char *const of_a_run[] = {"ready", "busy", "blocked", "block_msg", "unblocked", "restored",
	                                       "clearing", "open", "tell", "brief", "tasks"};
	for (size_t i = 0; i < ARRAY_LEN(of_a_run); i++)
		json_object_object_del(s->state, of_a_run[i]);
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
	if (write_file(s, "brief.md", s->prompt, &path, err) < 0)
		return -1;
	strv_addf(argv, "Your task is in the file %s. Read it, then do it.", path);
	return 0;
}

static int launch(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err)
{
	static const char *const stream[] = {"-p", "--input-format", "stream-json", "--output-format", "stream-json",
	                                     "--verbose", "--replay-user-messages", "--permission-prompt-tool",
	                                     "stdio", NULL};
	reset_state(s);
	strv_add(&ret->argv, json_str_or(s->options, "command", "claude"));
	if (s->headless)
		strv_add_all(&ret->argv, stream);
	else if (add_settings(s, &ret->argv, err) < 0)
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

/* ---- typing ---- */

static struct json_object *tell_of(struct agent_session *s)
{
	return json_obj(s->state, "tell");
}

static bool may_type(struct agent_session *s)
{
	return json_flag(s->state, "ready", false) && !json_flag(s->state, "busy", false) &&
	       !json_flag(s->state, "blocked", false) && !claude_need_any(s);
}

/* Empties its input line by line: it puts a prompt back there that was interrupted before the first word of an answer,
 * and a draft would become part of what is typed (Ctrl-Y brings it back). Not more than there may be, as it takes its
 * time over each. */
static void add_erase(struct agent_session *s, struct str *bytes)
{
	int64_t lines = MIN(json_int(s->state, "restored", 1), ERASE_LINES_MAX);
	for (int64_t i = 0; i < 2 * lines + 2; i++)
		str_addc(bytes, 'U' & 0x1f);
}

/* A bracketed paste, without the bytes that would end it or be keys of their own. */
static void paste(struct agent_session *s, const char *text)
{
	struct str bytes STR_FREE = STR_INIT;
	add_erase(s, &bytes);
	str_adds(&bytes, "\x1b[200~");
	text_add_inert(&bytes, text, strlen(text), TEXT_LINES);
	str_adds(&bytes, "\x1b[201~");
	s->host->input(s, bytes.data, bytes.len);
}

static void type_it(struct agent_session *s)
{
	struct json_object *tell = tell_of(s);
	if (!tell || !may_type(s))
		return;
	if (!json_flag(tell, "typed", false)) {
		paste(s, json_str_or(tell, "text", ""));
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

/* Forgets the prompt that is on its way and says how it ended. */
static void settle_tell(struct agent_session *s, const char *failed_why)
{
	struct json_object *tell = tell_of(s);
	if (!tell)
		return;
	int64_t prompt = json_int(tell, "prompt", 0);
	json_object_object_del(s->state, "tell");
	s->host->timer(s, "retry", -1);
	s->host->save(s);
	s->host->prompt_settled(s, prompt, failed_why);
}

static void retry(struct agent_session *s)
{
	struct json_object *tell = tell_of(s);
	if (!tell || !may_type(s))
		return;
	int64_t tries = json_int(tell, "tries", 0) + 1;
	if (tries >= TRIES_MAX) {
		settle_tell(s, "it was typed, but Claude Code did not take it; attach to have a look");
		return;
	}
	json_add_int(tell, "tries", tries);
	s->host->save(s);
	press_enter(s);
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

/* The text without white space, which a terminal may change. */
static void add_squeezed(struct str *out, const char *text)
{
	for (; *text; text++)
		if (!isspace((unsigned char)*text))
			str_addc(out, *text);
}

/* It may have put marks around a long paste. */
static bool has_words(const char *text, const char *words)
{
	struct str a STR_FREE = STR_INIT, b STR_FREE = STR_INIT;
	add_squeezed(&a, text);
	add_squeezed(&b, words);
	return b.len && strstr(str_c(&a), b.data);
}

static int64_t count_lines(const char *text)
{
	int64_t lines = 1;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

void claude_prompt_taken(struct agent_session *s, const char *text)
{
	struct json_object *tell = tell_of(s);
	struct str typed STR_FREE = STR_INIT;
	json_add_bool(s->state, "talked", true);
	json_add_bool(s->state, "briefed", true);
	json_add_int(s->state, "lines", count_lines(text));
	json_object_object_del(s->state, "restored");
	s->host->save(s);
	if (!tell)
		return;
	const char *wanted = json_str_or(tell, "text", "");
	text_add_inert(&typed, wanted, strlen(wanted), TEXT_LINES);
	if (has_words(text, str_c(&typed)))
		settle_tell(s, NULL);
}

/* ---- what the other parts report ---- */

void claude_conversation(struct agent_session *s, const char *id)
{
	if (!id)
		return;
	json_add_str(s->state, "conversation", id);
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

void claude_turn_ended(struct agent_session *s, const char *said)
{
	struct str words STR_FREE = STR_INIT;
	if (said)
		text_add_inert(&words, said, strlen(said), TEXT_LINES);
	s->host->turn_ended(s, said ? str_c(&words) : NULL);
}

void claude_turn_failed(struct agent_session *s, const char *source, const char *why)
{
	struct str text STR_FREE = STR_INIT;
	text_add_inert(&text, why, strlen(why), TEXT_ONE_LINE);
	s->host->signal(s, source, AGENT_ERROR, 99, str_c(&text));
	char *title MEM_FREE = mem_printf("its turn failed: %s", str_c(&text));
	s->host->item_open(s, &(struct agent_item){.need = AGENT_NEED_FAILURE, .key = "turn-failed", .title = title});
}

/* ---- the rest of the contract ---- */

/* A slash command opens a list of commands first, which takes the name that was typed. */
static void press_enter_to_clear(struct agent_session *s)
{
	if (json_flag(s->state, "clearing", false) && may_type(s))
		s->host->input(s, "\r", 1);
}

static const struct {
	const char *name;
	void (*handle)(struct agent_session *s);
} timers[] = {
	{"enter", press_enter},          {"retry", retry},
	{"clear", press_enter_to_clear}, {"block", claude_on_block_timer},
	{"unblock", claude_on_unblock_timer},
};

static void on_timer(struct agent_session *s, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		if (strcmp(timers[i].name, name) == 0)
			timers[i].handle(s);
}

/* What a musterd that was killed had a timer for is done again. Whether the Enter went out is not known: an empty one
 * does no harm. */
static void on_attached(struct agent_session *s, bool running)
{
	if (!running)
		return;
	if (s->headless) {
		claude_stream_attached(s);
		return;
	}
	type_it(s);
	claude_hook_attached(s);
	if (json_flag(s->state, "clearing", false))
		s->host->timer(s, "clear", ENTER_DELAY_MS);
}

/* Its hooks outlive an agent that is killed: they are let go. */
static void on_exited(struct agent_session *s, int wait_status)
{
	(void)wait_status;
	claude_need_settle_all(s, "the agent's process ended");
	settle_tell(s, "the agent ended before it took the prompt");
}

static void on_request_gone(struct agent_session *s, uint64_t request)
{
	claude_need_forget(s, NULL, request);
}

static int clear(struct agent_session *s, struct err *err)
{
	if (claude_need_any(s))
		return err_set(err, ERR_REFUSED, "%s waits for an answer; give it on the docket", s->name);
	if (s->headless ? json_flag(s->state, "busy", false) : !may_type(s))
		return err_set(err, ERR_REFUSED, "%s is in the middle of a turn; interrupt it or wait", s->name);
	if (s->headless) {
		claude_stream_clear(s);
		return 0;
	}
	json_add_bool(s->state, "clearing", true);
	s->host->save(s);
	struct str bytes STR_FREE = STR_INIT;
	add_erase(s, &bytes);
	str_adds(&bytes, "/clear");
	s->host->input(s, bytes.data, bytes.len);
	s->host->timer(s, "clear", ENTER_DELAY_MS);
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
	.answer = answer,
};
