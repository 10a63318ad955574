/* The conversation with Codex: a thread of its app-server. It is begun or resumed here, takes prompts, is
 * interrupted and cleared; in a terminal Codex's own interface shows the same thread, and may go to another one. */
#include <stdlib.h>
#include <string.h>

#include "agent/codex.h"
#include "agent/say.h"
#include "base/id.h"
#include "base/mem.h"
#include "fmt/json.h"

enum { TURNS_LOOKED_AT = 10, THREAD_ID_MAX = 256 };

static void begin_failed(struct agent_session *s, struct json_object *call, const char *error);

static const char *thread_of(struct agent_session *s)
{
	return json_str_or(s->state, "conversation", "");
}

bool codex_is_thread(struct agent_session *s, struct json_object *params)
{
	return strcmp(json_str_or(params, "threadId", "-"), thread_of(s)) == 0;
}

static struct json_object *thread_params(struct agent_session *s)
{
	struct json_object *params = json_new();
	json_add_str(params, "threadId", thread_of(s));
	return params;
}

/* ---- beginning ---- */

void codex_begin(struct agent_session *s)
{
	/* Again, on a new connection to the same app-server: on with the thread. */
	if (json_flag(s->state, "ready", false)) {
		json_add_bool(s->state, "resume", true);
		json_add_bool(s->state, "ready", false);
		codex_calls_in_doubt(s);
	}
	struct json_object *params = json_new(), *client = json_new(), *can = json_new();
	json_add_str(client, "name", "muster");
	json_add_str(client, "title", "muster");
	json_add_str(client, "version", MUSTER_VERSION);
	json_add_bool(can, "experimentalApi", true);
	json_add_obj(can, "optOutNotificationMethods", codex_unwanted());
	json_add_obj(params, "clientInfo", client);
	json_add_obj(params, "capabilities", can);
	json_add_bool(s->state, "begun", true);
	codex_call(s, "initialize", params);
}

/* Sandbox and approval policy are on the command line (codex.c), so that threads of the terminal's have them too.
 */
static void start_thread(struct agent_session *s)
{
	struct json_object *params = json_new();
	json_add_str(params, "cwd", s->workspace);
	codex_call(s, "thread/start", params);
}

static void resume_thread(struct agent_session *s, const char *thread)
{
	struct json_object *params = json_new();
	json_add_str(params, "threadId", thread);
	json_add_bool(params, "excludeTurns", true);
	struct json_object *call = codex_call(s, "thread/resume", params);
	json_add_str(call, "thread", thread);
	s->host->save(s);
}

static void on_initialized(struct agent_session *s, struct json_object *call, struct json_object *result)
{
	(void)call;
	(void)result;
	codex_notify(s, "initialized");
	if (json_flag(s->state, "resume", false))
		resume_thread(s, thread_of(s));
	else
		start_thread(s);
}

/* The interface in the terminal shows the thread; one that shows another ends. */
static void show_thread(struct agent_session *s)
{
	if (s->headless || strcmp(json_str_or(s->state, "shown", ""), thread_of(s)) == 0)
		return;
	struct json_object *order = json_new();
	json_add_str(order, "show", thread_of(s));
	json_add_str(s->state, "shown", thread_of(s));
	codex_order(s, order);
}

static void is_ready(struct agent_session *s)
{
	json_add_bool(s->state, "ready", true);
	s->host->save(s);
	show_thread(s);
	codex_recheck_soon(s);
	codex_pump(s);
}

/* A thread that is named is written down: only then can the interface, another client, resume it. */
static void on_thread_started(struct agent_session *s, struct json_object *call, struct json_object *result)
{
	struct json_object *thread = json_obj(result, "thread"), *params;
	const char *id = json_str(thread, "id");
	if (!id || !*id || strlen(id) > THREAD_ID_MAX) {
		begin_failed(s, call, "its answer names no thread");
		return;
	}
	params = json_new();
	json_add_str(s->state, "conversation", id);
	json_add_bool(s->state, "talked", false);
	json_object_object_del(s->state, "counted");
	s->host->save(s);
	json_add_str(params, "threadId", thread_of(s));
	json_add_str(params, "name", s->name);
	codex_call(s, "thread/name/set", params);
	codex_status(s, json_obj(thread, "status"));
}

static void on_named(struct agent_session *s, struct json_object *call, struct json_object *result)
{
	(void)call;
	(void)result;
	is_ready(s);
}

/* The terminal shows another thread, which is the session's from now on. */
static void follow(struct agent_session *s, const char *thread, struct json_object *status)
{
	codex_need_settle_all(s, "another conversation was begun in the terminal");
	json_object_object_del(s->state, "turn");
	json_object_object_del(s->state, "fresh");
	json_object_object_del(s->state, "counted");
	json_add_str(s->state, "conversation", thread);
	json_add_str(s->state, "shown", thread);
	if (strcmp(json_str_or(status, "type", ""), "active") == 0)
		s->host->turn_started(s);
}

static void on_resumed(struct agent_session *s, struct json_object *call, struct json_object *result)
{
	struct json_object *status = json_obj(json_obj(result, "thread"), "status");
	const char *thread = json_str_or(call, "thread", "");
	json_add_bool(s->state, "talked", true);
	if (strcmp(thread, thread_of(s)) != 0)
		follow(s, thread, status);
	s->host->save(s);
	codex_status(s, status);
	if (!json_flag(s->state, "ready", false))
		is_ready(s);
}

/* ---- prompts ---- */

static struct json_object *text_input(const char *text)
{
	struct json_object *input = json_new_array(), *part = json_new();
	json_add_str(part, "type", "text");
	json_add_str(part, "text", text);
	json_push(input, part);
	return input;
}

/* During a turn the text is added to that turn. */
static void start_turn(struct agent_session *s, const char *text, const char *uuid)
{
	struct json_object *params = thread_params(s);
	json_add_str(params, "clientUserMessageId", uuid);
	json_add_obj(params, "input", text_input(text));
	struct json_object *call = codex_call(s, "turn/start", params);
	json_add_str(call, "uuid", uuid);
	s->host->save(s);
}

static void send_waiting(struct agent_session *s, const char *name)
{
	struct json_object *waiting = json_obj(s->state, name);
	if (!waiting || json_flag(waiting, "sent", false))
		return;
	json_add_bool(waiting, "sent", true);
	start_turn(s, json_str_or(waiting, "text", ""), json_str_or(waiting, "uuid", ""));
	s->host->save(s);
}

void codex_pump(struct agent_session *s)
{
	if (!json_flag(s->state, "ready", false))
		return;
	send_waiting(s, "brief");
	send_waiting(s, "tell");
}

void codex_tell(struct agent_session *s, int64_t prompt, const char *text)
{
	struct json_object *known = json_obj(s->state, "tell");
	if (!known || json_int(known, "prompt", 0) != prompt) {
		char uuid[37];
		struct json_object *fresh = json_new();
		id_uuid(uuid);
		json_add_int(fresh, "prompt", prompt);
		json_add_str(fresh, "text", text);
		json_add_str(fresh, "uuid", uuid);
		json_add_obj(s->state, "tell", fresh);
		s->host->save(s);
	}
	codex_pump(s);
}

void codex_steer(struct agent_session *s, const char *text)
{
	char uuid[37];
	id_uuid(uuid);
	start_turn(s, text, uuid);
}

static bool is_waiting(struct agent_session *s, const char *name, const char *uuid)
{
	struct json_object *waiting = json_obj(s->state, name);
	return waiting && strcmp(json_str_or(waiting, "uuid", ""), uuid) == 0;
}

/* failed_why NULL: the app-server has it. */
static void prompt_settled(struct agent_session *s, const char *uuid, const char *failed_why)
{
	if (is_waiting(s, "brief", uuid)) {
		json_object_object_del(s->state, "brief");
		json_add_bool(s->state, "briefed", !failed_why);
		s->host->save(s);
		if (failed_why)
			say_turn_failed(s, CODEX_SOURCE, failed_why);
	} else if (is_waiting(s, "tell", uuid)) {
		int64_t prompt = json_int(json_obj(s->state, "tell"), "prompt", 0);
		json_object_object_del(s->state, "tell");
		s->host->save(s);
		s->host->prompt_settled(s, prompt, failed_why);
	}
}

static void on_turn_taken(struct agent_session *s, struct json_object *call, struct json_object *result)
{
	(void)result;
	json_add_bool(s->state, "talked", true);
	prompt_settled(s, json_str_or(call, "uuid", ""), NULL);
}

void codex_look_for_prompt(struct agent_session *s, struct json_object *call)
{
	struct json_object *params = thread_params(s);
	json_add_int(params, "limit", TURNS_LOOKED_AT);
	struct json_object *look = codex_call(s, "thread/turns/list", params);
	json_add_str(look, "of", json_str(call, "id"));
	s->host->save(s);
}

static bool has_prompt(struct json_object *turns, const char *uuid)
{
	for (size_t i = 0; i < json_len(turns); i++) {
		struct json_object *items = json_arr(json_at(turns, i), "items");
		for (size_t k = 0; k < json_len(items); k++)
			if (strcmp(json_str_or(json_at(items, k), "clientId", ""), uuid) == 0)
				return true;
	}
	return false;
}

void codex_prompt_arrived(struct agent_session *s, const char *uuid)
{
	struct json_object *calls JSON_FREE = json_copy(json_arr(s->state, "calls"));
	for (size_t i = 0; i < json_len(calls); i++) {
		struct json_object *call = json_at(calls, i);
		if (strcmp(json_str_or(call, "uuid", ""), uuid) == 0) {
			codex_call_forget(s, json_str_or(call, "id", ""));
			on_turn_taken(s, call, NULL);
		}
	}
}

/* The prompt is not there: it was lost on the way, and is sent as a request of its own. */
static void send_again(struct agent_session *s, struct json_object *call)
{
	struct json_object *old JSON_FREE = json_object_get(call);
	struct json_object *params = json_copy(json_obj(json_obj(old, "line"), "params"));
	codex_call_forget(s, json_str_or(old, "id", ""));
	struct json_object *again = codex_call(s, "turn/start", params);
	json_add_str(again, "uuid", json_str(old, "uuid"));
	s->host->save(s);
}

static void on_turns(struct agent_session *s, struct json_object *look, struct json_object *result)
{
	struct json_object *call = codex_call_find(s, json_str_or(look, "of", ""));
	const char *uuid = json_str(call, "uuid");
	if (!uuid)
		return; /* answered meanwhile */
	if (has_prompt(json_arr(result, "data"), uuid)) {
		char *copy MEM_FREE = mem_strdup(uuid);
		codex_prompt_arrived(s, copy);
	} else {
		send_again(s, call);
	}
}

/* ---- clearing, interrupting ---- */

int codex_clear(struct agent_session *s, struct err *err)
{
	if (codex_need_any(s))
		return err_set(err, ERR_REFUSED, "%s waits for an answer; give it on the docket", s->name);
	if (json_has(s->state, "turn"))
		return err_set(err, ERR_REFUSED, "%s is in the middle of a turn; interrupt it or wait", s->name);
	if (!json_flag(s->state, "ready", false))
		return err_set(err, ERR_REFUSED, "%s has no conversation yet", s->name);
	json_add_bool(s->state, "ready", false);
	start_thread(s);
	return 0;
}

int codex_interrupt(struct agent_session *s, struct err *err)
{
	const char *turn = json_str(s->state, "turn");
	if (!turn)
		return err_set(err, ERR_REFUSED, "%s is not in the middle of a turn", s->name);
	struct json_object *params = thread_params(s);
	json_add_str(params, "turnId", turn);
	codex_call(s, "turn/interrupt", params);
	return 0;
}

/* ---- another thread in the terminal ---- */

/* Not one of a subagent, nor one that Codex uses for itself. */
static bool is_a_persons(struct agent_session *s, struct json_object *thread)
{
	return !json_flag(thread, "ephemeral", false) && !json_str(thread, "parentThreadId") &&
	       strcmp(json_str_or(thread, "threadSource", ""), "user") == 0 &&
	       strcmp(json_str_or(thread, "cwd", ""), s->workspace) == 0;
}

void codex_thread_began(struct agent_session *s, struct json_object *thread)
{
	const char *id = json_str(thread, "id");
	if (s->headless || !id || strlen(id) > THREAD_ID_MAX || !json_flag(s->state, "ready", false) ||
	    strcmp(id, thread_of(s)) == 0 || !is_a_persons(s, thread))
		return;
	json_add_str(s->state, "fresh", id);
	s->host->save(s);
}

/* It can be joined as soon as its first prompt is written down, which may be later than it is said to be active:
 * each change is an occasion. */
void codex_thread_active(struct agent_session *s, const char *thread)
{
	if (strcmp(json_str_or(s->state, "fresh", "-"), thread) == 0)
		resume_thread(s, thread);
}

/* ---- answers to calls ---- */

static void begin_failed(struct agent_session *s, struct json_object *call, const char *error)
{
	if (json_flag(s->state, "ready", false))
		return; /* a thread of the terminal's that cannot be followed is none of ours */
	char *why MEM_FREE = mem_printf("%s: %s", json_str_or(call, "method", ""), error);
	say_turn_failed(s, CODEX_SOURCE, why);
}

/* It was sent twice, by two musterds. */
static void initialize_failed(struct agent_session *s, struct json_object *call, const char *error)
{
	if (strcasecmp(error, "already initialized") == 0)
		on_initialized(s, call, NULL);
	else
		begin_failed(s, call, error);
}

static void turn_failed(struct agent_session *s, struct json_object *call, const char *error)
{
	prompt_settled(s, json_str_or(call, "uuid", ""), error);
}

/* Turns that cannot be listed are none: the thread is not written down yet. */
static void turns_failed(struct agent_session *s, struct json_object *look, const char *error)
{
	(void)error;
	on_turns(s, look, NULL);
}

static const struct {
	const char *method;
	void (*done)(struct agent_session *s, struct json_object *call, struct json_object *result);
	void (*failed)(struct agent_session *s, struct json_object *call, const char *error); /* NULL: no matter */
} calls[] = {
	{"initialize", on_initialized, initialize_failed}, {"thread/start", on_thread_started, begin_failed},
	{"thread/name/set", on_named, begin_failed},       {"thread/resume", on_resumed, begin_failed},
	{"turn/start", on_turn_taken, turn_failed},        {"thread/turns/list", on_turns, turns_failed},
};

void codex_answered(struct agent_session *s, struct json_object *call, struct json_object *result,
		    const char *error)
{
	const char *method = json_str_or(call, "method", "");
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (strcmp(calls[i].method, method) != 0)
			continue;
		if (!error)
			calls[i].done(s, call, result);
		else if (calls[i].failed)
			calls[i].failed(s, call, error);
	}
}
