#include "agent/rehearse.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/rehearsal.h"
#include "agent/rehearse_play.h"
#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"

/* ---- which script ---- */

/* From here on the player plays this script; it is kept in the state, for the next player. */
static int use_script(struct rehearse_player *p, const char *file, int line, const char *text, size_t len,
		      struct err *err)
{
	struct rehearse_script script;
	if (rehearse_script_parse(&script, file, line, text, len, err) != 0)
		return -1;
	rehearse_script_fini(&p->script);
	p->script = script;
	json_add_strn(p->state, "script", text, len);
	json_add_str(p->state, "file", file);
	json_add_int(p->state, "line", line);
	json_add_int(p->state, "next", 0);
	json_add_obj(p->state, "counts", json_new());
	return 0;
}

/* A block in Markdown: 1 when there was one, 0 when not. */
static int use_block(struct rehearse_player *p, const char *file, const char *markdown, struct err *err)
{
	const char *text;
	size_t len;
	int line;
	if (!rehearse_find_block(markdown, &text, &len, &line))
		return 0;
	return use_script(p, file, line + 1, text, len, err) == 0 ? 1 : -1;
}

static int use_resumed(struct rehearse_player *p, struct err *err)
{
	if (rehearse_load(p, err) != 0)
		return -1;
	if (!json_obj(p->state, "values"))
		json_add_obj(p->state, "values", json_new());
	if (!json_obj(p->state, "counts"))
		json_add_obj(p->state, "counts", json_new());
	const char *text = json_str(p->state, "script");
	if (!text)
		return 0;
	p->again = true;
	return rehearse_script_parse(&p->script, json_str_or(p->state, "file", "script"),
				     (int)json_int_in(p->state, "line", 1, 1 << 20, 1), text, strlen(text), err);
}

static int find_script(struct rehearse_player *p, const struct rehearse_options *o, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	if (o->resume)
		return use_resumed(p, err);
	const char *path = o->script ? o->script : o->brief;
	if (path && file_read_text(path, YAML_BYTES_MAX, &text, err) < 0)
		return -1;
	if (o->script)
		return use_script(p, path, 1, str_c(&text), text.len, err);
	int found = o->brief ? use_block(p, o->brief, str_c(&text), err) : 0;
	if (found == 0 && text.len > 0)
		strv_add(&p->prompts, str_c(&text));
	return found < 0 ? -1 : 0;
}

/* ---- turns ---- */

static size_t next_step(const struct rehearse_player *p)
{
	return (size_t)json_int_in(p->state, "next", 0, REHEARSE_STEPS_MAX, 0);
}

static void turn_begin(struct rehearse_player *p)
{
	mem_replace(&p->said, NULL);
	rehearse_hook(p, REHEARSAL_TURN_STARTED, NULL);
	rehearse_status(&p->term, "state=working", NULL, "rehearsal: works");
}

static void turn_end(struct rehearse_player *p, enum rehearse_end end)
{
	struct json_object *data = json_new();
	json_add_str(data, "said", p->said);
	json_add_bool(data, "failed", end == REHEARSE_FAILED);
	if (p->interrupted)
		rehearse_show(&p->term, "(interrupted)\n");
	rehearse_hook(p, REHEARSAL_TURN_ENDED, data);
	rehearse_status(&p->term, end == REHEARSE_FAILED ? "state=error" : "state=idle", p->said,
			"rehearsal: idle");
	rehearse_show(&p->term, "\n");
}

static enum rehearse_end play_steps(struct rehearse_player *p)
{
	enum rehearse_end end = REHEARSE_NEXT;
	for (size_t next; (next = next_step(p)) < p->script.n;) {
		const struct rehearse_step *step = &p->script.steps[next];
		bool acts = step->op < REHEARSE_TEST;
		if (acts && p->script.pace_ms > 0)
			rehearse_wait(p, p->script.pace_ms, NULL, 0);
		end = rehearse_broken(p) ? REHEARSE_BROKEN : rehearse_do(p, step);
		p->again = false;
		if (end == REHEARSE_BROKEN || end == REHEARSE_FAILED) {
			rehearse_save(p);
			return end;
		}
		json_add_int(p->state, "next", (int64_t)(end == REHEARSE_GO ? step->jump : next + 1));
		rehearse_save(p);
		if (end == REHEARSE_PAUSE)
			return end;
	}
	return end;
}

static void play_turn(struct rehearse_player *p)
{
	turn_begin(p);
	enum rehearse_end end = play_steps(p);
	turn_end(p, end);
	p->interrupted = false;
}

static void run_typed(struct rehearse_player *p, const char *command)
{
	struct json_object *arg JSON_FREE = json_new();
	json_add_str(arg, "command", command);
	json_add_str(arg, "why", "the prompt asks for it");
	rehearse_permission(p, arg);
}

/* A prompt when the script has nothing left: commands after `!`, else a word that it was read. */
static void improvise(struct rehearse_player *p, const char *prompt)
{
	struct strv lines STRV_FREE = STRV_INIT;
	strv_split(&lines, prompt, '\n');
	turn_begin(p);
	bool ran = false;
	for (size_t i = 0; i < lines.n && !rehearse_broken(p); i++) {
		if (lines.v[i][0] != '!')
			continue;
		ran = true;
		run_typed(p, lines.v[i] + 1);
	}
	if (!ran) {
		char *text MEM_FREE = mem_printf("I have read: %s", lines.n > 0 ? lines.v[0] : "");
		rehearse_say(p, text);
	}
	turn_end(p, REHEARSE_NEXT);
	p->interrupted = false;
}

static void take_prompt(struct rehearse_player *p)
{
	char *prompt MEM_FREE = mem_strdup(p->prompts.v[0]);
	struct strv rest = STRV_INIT;
	for (size_t i = 1; i < p->prompts.n; i++)
		strv_add(&rest, p->prompts.v[i]);
	strv_fini(&p->prompts);
	p->prompts = rest;
	struct err err = {0};
	rehearse_value(p, "prompt", prompt);
	int found = use_block(p, "the prompt", prompt, &err);
	if (found < 0)
		rehearse_show(&p->term, "%s\n", err.msg);
	else if (next_step(p) < p->script.n)
		play_turn(p);
	else
		improvise(p, prompt);
}

/* A new conversation remembers nothing; the work goes on where it is. */
static void clear(struct rehearse_player *p)
{
	int64_t conversation = json_int(p->state, "conversation", 1) + 1;
	p->cleared = p->interrupted = false;
	json_add_int(p->state, "conversation", conversation);
	json_add_obj(p->state, "values", json_new());
	strv_fini(&p->prompts);
	rehearse_save(p);
	struct json_object *data = json_new();
	json_add_int(data, "conversation", conversation);
	rehearse_hook(p, REHEARSAL_CLEARED, data);
	rehearse_show(&p->term, "--- conversation %lld ---\n", (long long)conversation);
}

static void live(struct rehearse_player *p)
{
	if (next_step(p) < p->script.n)
		play_turn(p);
	while (!p->ended) {
		if (p->cleared)
			clear(p);
		else if (p->prompts.n > 0)
			take_prompt(p);
		else if (!p->term.open)
			break;
		else
			rehearse_wait(p, -1, NULL, 0);
		p->interrupted = false; /* Esc between turns interrupts nothing */
	}
}

/* ---- the whole ---- */

static void player_fini(struct rehearse_player *p)
{
	rehearse_script_fini(&p->script);
	rehearse_term_fini(&p->term);
	mailbox_fini(&p->mail);
	strv_fini(&p->prompts);
	json_object_put(p->state);
	str_fini(&p->keys);
	free(p->typed);
	free(p->children);
	free(p->said);
}

int rehearse_run(const struct rehearse_options *o, struct err *err)
{
	struct rehearse_player p CLEANUP(player_fini) = {.mail = {.fd = -1}, .state_path = o->state};
	p.state = json_new();
	json_add_int(p.state, "conversation", 1);
	json_add_int(p.state, "next", 0);
	json_add_obj(p.state, "values", json_new());
	json_add_obj(p.state, "counts", json_new());
	if (find_script(&p, o, err) != 0)
		return -1;
	if (getenv("MUSTER_SOCKET") && mailbox_init(&p.mail, NULL, err) != 0)
		return -1;
	rehearse_term_init(&p.term, &rehearse_input, &p);
	rehearse_save(&p);
	rehearse_show(&p.term, "muster rehearsal: %s, conversation %lld%s\n\n",
		      p.script.name ? p.script.name : "no script, I take prompts",
		      (long long)json_int(p.state, "conversation", 1), o->resume ? ", resumed" : "");
	live(&p);
	return 0;
}
