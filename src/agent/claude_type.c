/* Typing into Claude Code's terminal: prompts, and /clear.
 *
 * A prompt is a bracketed paste and, a moment later, Enter. It is typed only while no turn runs, since a permission
 * dialog could open between the two and take the Enter for its answer, and it is taken when the UserPromptSubmit
 * hook names it; until then Enter is pressed again. */
#include <ctype.h>
#include <string.h>

#include "agent/claude.h"
#include "base/text.h"
#include "fmt/json.h"

enum {
	ENTER_DELAY_MS = 150, /* a paste and an Enter that arrive as one read are taken for text */
	RETRY_MS = 3000,
	REST_MS = 700, /* after an interruption it redraws its input */
	TRIES_MAX = 5,
};

/* Empties its input: a draft would become part of what is typed (Ctrl-Y brings it back). Only a few lines' worth:
 * it takes many control characters at once for text. */
#define ERASE "\x15\x15\x15\x15"

static struct json_object *tell_of(struct agent_session *s)
{
	return json_obj(s->state, "tell");
}

static bool flag(struct agent_session *s, const char *name)
{
	return json_flag(s->state, name, false);
}

bool claude_may_type(struct agent_session *s)
{
	return flag(s, "ready") && !flag(s, "busy") && !flag(s, "blocked") && !claude_need_any(s);
}

static void paste(struct agent_session *s, const char *text)
{
	struct str bytes STR_FREE = STR_INIT;
	str_adds(&bytes, ERASE "\x1b[200~");
	/* Without the bytes that would end the paste, or be keys of their own. */
	text_add_inert(&bytes, text, strlen(text), TEXT_LINES);
	str_adds(&bytes, "\x1b[201~");
	s->host->input(s, bytes.data, bytes.len);
}

/* Types what is to be typed next, when it may be: /clear before a prompt, which is for the new conversation. */
static void type_next(struct agent_session *s)
{
	struct json_object *tell = tell_of(s);
	if ((!tell && !flag(s, "clearing")) || flag(s, "resting") || !claude_may_type(s))
		return;
	if (flag(s, "restored")) {
		/* One Ctrl-C empties its input, however long what stands there is; two would end it. */
		json_object_object_del(s->state, "restored");
		json_add_bool(s->state, "resting", true);
		s->host->input(s, "\x03", 1);
		s->host->timer(s, "rested", ENTER_DELAY_MS);
	} else if (flag(s, "clearing")) {
		s->host->input(s, ERASE "/clear", strlen(ERASE "/clear"));
		s->host->timer(s, "enter", ENTER_DELAY_MS);
	} else {
		if (!json_flag(tell, "typed", false))
			paste(s, json_str_or(tell, "text", ""));
		json_add_bool(tell, "typed", true);
		s->host->timer(s, "enter", ENTER_DELAY_MS);
	}
	s->host->save(s);
}

void claude_on_enter_timer(struct agent_session *s)
{
	if ((!tell_of(s) && !flag(s, "clearing")) || !claude_may_type(s))
		return;
	s->host->input(s, "\r", 1);
	s->host->timer(s, "retry", RETRY_MS);
}

void claude_on_rested_timer(struct agent_session *s)
{
	json_object_object_del(s->state, "resting");
	s->host->save(s);
	type_next(s);
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

void claude_type_give_up(struct agent_session *s, const char *why)
{
	settle_tell(s, why);
}

/* Counts a try in `counter`, a member of `in`. False when there were enough. */
static bool try_again(struct agent_session *s, struct json_object *in, const char *counter)
{
	int64_t tries = json_int(in, counter, 0) + 1;
	json_add_int(in, counter, tries);
	s->host->save(s);
	return tries < TRIES_MAX;
}

void claude_on_retry_timer(struct agent_session *s)
{
	struct json_object *tell = tell_of(s);
	if (!claude_may_type(s))
		return;
	if (flag(s, "clearing")) {
		if (!try_again(s, s->state, "clear_tries"))
			json_object_object_del(s->state, "clearing"); /* the old conversation goes on */
		type_next(s);
	} else if (tell) {
		if (try_again(s, tell, "tries"))
			claude_on_enter_timer(s);
		else
			settle_tell(s, "it was typed, but Claude Code did not take it; attach to have a look");
	}
}

void claude_type_tell(struct agent_session *s, int64_t prompt, const char *text)
{
	struct json_object *known = tell_of(s);
	if (!known || json_int(known, "prompt", 0) != prompt) {
		struct json_object *fresh = json_new();
		json_add_int(fresh, "prompt", prompt);
		json_add_str(fresh, "text", text);
		json_add_obj(s->state, "tell", fresh);
		s->host->save(s);
	}
	type_next(s);
}

void claude_type_clear(struct agent_session *s)
{
	json_add_bool(s->state, "clearing", true);
	json_add_int(s->state, "clear_tries", 0);
	s->host->save(s);
	type_next(s);
}

/* A musterd that was killed may have typed it, and the Enter or not: an empty Enter does no harm. */
void claude_type_attached(struct agent_session *s)
{
	if (flag(s, "resting"))
		s->host->timer(s, "rested", REST_MS);
	else
		type_next(s);
}

/* A permission that was answered at once may be over, and its turn too, when the report of its dialog comes: what
 * was to be typed at the end of the turn has had to wait for the end of the dialog. */
void claude_type_unblocked(struct agent_session *s)
{
	type_next(s);
}

/* ---- what the terminal told ---- */

void claude_ready(struct agent_session *s)
{
	json_add_bool(s->state, "ready", true);
	s->host->save(s);
	type_next(s);
}

void claude_busy(struct agent_session *s, bool busy)
{
	json_add_bool(s->state, "busy", busy);
	s->host->save(s);
	if (!busy)
		type_next(s);
}

/* It may put a prompt that it had no answer to yet back into its input, after it said that the turn is over. */
void claude_type_interrupted(struct agent_session *s)
{
	json_add_bool(s->state, "restored", true);
	json_add_bool(s->state, "resting", true);
	s->host->save(s);
	s->host->timer(s, "rested", REST_MS);
}

void claude_cleared(struct agent_session *s)
{
	json_object_object_del(s->state, "clearing");
	json_object_object_del(s->state, "restored");
	json_add_bool(s->state, "talked", false);
	s->host->timer(s, "retry", -1);
	s->host->save(s);
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

void claude_prompt_taken(struct agent_session *s, const char *text)
{
	struct json_object *tell = tell_of(s);
	struct str typed STR_FREE = STR_INIT;
	json_add_bool(s->state, "talked", true);
	json_add_bool(s->state, "briefed", true);
	json_object_object_del(s->state, "restored");
	s->host->save(s);
	if (!tell)
		return;
	const char *wanted = json_str_or(tell, "text", "");
	text_add_inert(&typed, wanted, strlen(wanted), TEXT_LINES);
	if (has_words(text, str_c(&typed)))
		settle_tell(s, NULL);
}
