/* Agents that speak the Agent Client Protocol (acp.h): launching, and the beginning of a conversation:
 *
 *	initialize ─▶ session/new, or session/resume or load ─▶ set_mode, set_config_option ─▶ ready
 *
 * Version 1 of the protocol only: version 2 is a draft that no agent speaks unless it is told to, and all that
 *offer it offer version 1. */
#include "agent/acp.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent_mcp.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"
#include "mcp/tool.h"

enum { PROTOCOL = 1, SESSION_ID_MAX = 1024 };

/* ---- launching ---- */

/* Names for agents that are known, and how each is told to speak the protocol. */
static const struct {
	const char *agent, *command;
} known[] = {
	{"gemini", "gemini --acp"},
	{"opencode", "opencode acp"},
};

/* The command: what the options say, what stands behind `--`, or behind "acp:", or what is known. A text is split
 * at blanks, nothing else: a word with a blank in it wants one of the first two. */
static int add_command(struct agent_session *s, struct strv *argv, struct err *err)
{
	const char *colon = strchr(s->agent, ':'), *text = colon ? colon + 1 : NULL;
	struct strv words STRV_FREE = STRV_INIT;
	for (size_t i = 0; i < ARRAY_LEN(known) && !text; i++)
		if (strcmp(known[i].agent, s->agent) == 0)
			text = known[i].command;
	if (json_any(s->options, "command"))
		json_strv(s->options, "command", argv);
	else if (s->command->n)
		strv_copy(argv, s->command);
	else if (text)
		strv_split(&words, text, ' ');
	for (size_t i = 0; i < words.n; i++)
		if (*words.v[i])
			strv_add(argv, words.v[i]);
	json_strv(s->options, "args", argv);
	return argv->n ? 0
		       : err_set(err, ERR_USAGE, "which agent? --agent 'acp:COMMAND', or --agent acp … -- COMMAND");
}

static void reset_state(struct agent_session *s)
{
	static const char *const of_a_run[] = {"phase",  "why",  "mode_option", "resume", "can",     "modes",
					       "config", "out",  "seq",         "asked",  "turn",    "tell",
					       "notes",  "open", "text",        "tools",  "commands"};
	for (size_t i = 0; i < ARRAY_LEN(of_a_run); i++)
		json_object_object_del(s->state, of_a_run[i]);
}

static int launch(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err)
{
	const char *adopted = json_str(s->options, "conversation");
	struct agent_mcp mcp = {0};
	if (agent_mcp_init(&mcp, s, err) < 0)
		return -1;
	agent_mcp_fini(&mcp);
	reset_state(s);
	if (add_command(s, &ret->argv, err) < 0)
		return -1;
	ret->pipe = true;
	if (adopted && !json_has(s->state, "conversation")) {
		json_add_str(s->state, "conversation", adopted);
		json_add_bool(s->state, "talked", true);
		json_add_bool(s->state, "briefed", true);
	}
	if (how == AGENT_START_RESUME && json_flag(s->state, "talked", false))
		json_add_bool(s->state, "resume", true);
	s->host->save(s);
	return 0;
}

/* ---- the beginning of a conversation ---- */

static void set_phase(struct agent_session *s, const char *phase)
{
	json_add_str(s->state, "phase", phase);
	s->host->save(s);
}

bool acp_in_phase(struct agent_session *s, const char *phase)
{
	return strcmp(json_str_or(s->state, "phase", ""), phase) == 0;
}

/* It cannot begin: the lead must see to it. */
static void fail(struct agent_session *s, const char *why)
{
	char *title MEM_FREE = mem_printf("it could not begin: %s", why);
	json_add_str(s->state, "why", title);
	set_phase(s, "failed");
	s->host->signal(s, "stream", AGENT_ERROR, ACP_CONFIDENCE, title);
	s->host->item_open(s,
			   &(struct agent_item){.need = AGENT_NEED_FAILURE, .key = "start-failed", .title = title});
	acp_pump(s);
}

static void initialize(struct agent_session *s)
{
	struct json_object *params = json_new(), *can = json_new(), *fs = json_new(), *ask = json_new(),
			   *info = json_new();
	json_add_bool(fs, "readTextFile", false); /* it works on the files itself: the workspace is its own */
	json_add_bool(fs, "writeTextFile", false);
	json_add_obj(ask, "form", json_new());
	json_add_obj(can, "fs", fs);
	json_add_bool(can, "terminal", false);
	json_add_obj(can, "elicitation", ask);
	json_add_str(info, "name", "muster");
	json_add_str(info, "title", "muster");
	json_add_str(info, "version", MUSTER_VERSION);
	json_add_int(params, "protocolVersion", PROTOCOL);
	json_add_obj(params, "clientCapabilities", can);
	json_add_obj(params, "clientInfo", info);
	acp_request(s, "initialize", params, NULL);
	set_phase(s, "begin");
}

static struct json_object *mcp_environment(const struct strv *env)
{
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < env->n; i++) {
		struct json_object *o = json_new();
		const char *value = strchr(env->v[i], '=') + 1;
		json_add_strn(o, "name", env->v[i], (size_t)(value - 1 - env->v[i]));
		json_add_str(o, "value", value);
		json_push(list, o);
	}
	return list;
}

/* The MCP servers that each conversation gets beside the agent's own: muster's. How long the agent waits for a call
 * of it the protocol does not say. */
static struct json_object *mcp_servers(struct agent_session *s)
{
	struct agent_mcp m = {0};
	struct err ignored; /* launch() has looked at the option */
	struct json_object *list = json_new_array(), *server;
	if (agent_mcp_init(&m, s, &ignored) <= 0)
		return list;
	server = json_new();
	json_add_str(server, "name", MCP_SERVER_NAME);
	json_add_str(server, "command", m.command);
	json_add_strv(server, "args", &m.args);
	json_add_obj(server, "env", mcp_environment(&m.env));
	json_push(list, server);
	agent_mcp_fini(&m);
	return list;
}

static struct json_object *session_params(struct agent_session *s, bool known_id)
{
	struct json_object *params = known_id ? acp_params(s) : json_new();
	json_add_str(params, "cwd", s->workspace);
	json_add_obj(params, "mcpServers", mcp_servers(s));
	return params;
}

void acp_session_new(struct agent_session *s)
{
	json_object_object_del(s->state, "resume");
	acp_request(s, "session/new", session_params(s, false), NULL);
	set_phase(s, "session");
}

static void say_notice(struct agent_session *s, const char *text)
{
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "severity", "warning");
	json_add_str(said, "title", text);
	s->host->said(s, "notice", said);
}

/* Takes the old conversation up again, by resume, or else by load, which also repeats all of it. */
static void open_session(struct agent_session *s)
{
	struct json_object *can = json_obj(s->state, "can");
	const char *how = json_flag(can, "resume", false) ? "session/resume"
			  : json_flag(can, "load", false) ? "session/load"
							  : NULL;
	if (!json_flag(s->state, "resume", false)) {
		acp_session_new(s);
	} else if (!how) {
		say_notice(s, "this agent cannot go on with an earlier conversation: a new one begins");
		acp_session_new(s);
	} else {
		acp_request(s, how, session_params(s, true), NULL);
		set_phase(s, "session");
	}
}

void acp_on_initialized(struct agent_session *s, struct json_object *asked, struct json_object *msg)
{
	struct json_object *result = json_obj(msg, "result"), *caps = json_obj(result, "agentCapabilities");
	char *error MEM_FREE = acp_error_text(msg);
	int64_t version = json_int(result, "protocolVersion", 0);
	(void)asked;
	if (error) {
		fail(s, error);
		return;
	}
	if (version != PROTOCOL) {
		char *why MEM_FREE = mem_printf("it speaks version %lld of the protocol, muster speaks %d",
						(long long)version, PROTOCOL);
		fail(s, why);
		return;
	}
	struct json_object *can = json_new();
	json_add_bool(can, "load", json_flag(caps, "loadSession", false));
	json_add_bool(can, "resume", json_obj(json_obj(caps, "sessionCapabilities"), "resume") != NULL);
	json_add_obj(s->state, "can", can);
	open_session(s);
}

/* ---- settings ---- */

/* Options of ours, and the category of the agent's own option that each sets. */
static const struct {
	const char *option, *category;
} settings[] = {
	{"mode", "mode"},
	{"model", "model"},
	{"effort", "thought_level"},
};

static struct json_object *find_category(struct json_object *list, const char *category)
{
	for (size_t i = 0; i < json_len(list); i++)
		if (strcmp(json_str_or(json_at(list, i), "category", ""), category) == 0)
			return json_at(list, i);
	return NULL;
}

static bool offers_mode(struct agent_session *s, const char *mode)
{
	struct json_object *modes = json_arr(s->state, "modes");
	for (size_t i = 0; i < json_len(modes); i++)
		if (strcmp(json_str_or(json_at(modes, i), "id", ""), mode) == 0)
			return true;
	return false;
}

static char *mode_names(struct agent_session *s)
{
	struct json_object *modes = json_arr(s->state, "modes");
	struct str names = STR_INIT;
	for (size_t i = 0; i < json_len(modes); i++)
		str_addf(&names, " %s", json_str_or(json_at(modes, i), "id", ""));
	return str_take(&names);
}

/* Several agents begin in a mode that decides by itself what is safe, and call the one that asks "default": whoever
 * leads several of them wants to be asked. */
static const char *wanted(struct agent_session *s, const char *option)
{
	const char *value = json_str(s->options, option);
	return !value && strcmp(option, "mode") == 0 && offers_mode(s, "default") ? "default" : value;
}

static void note_setting(struct json_object *asked, const char *option, const char *value)
{
	json_add_str(asked, "option", option);
	json_add_str(asked, "value", value);
}

/* Asks for one setting; option_id: the agent's own id of it, or NULL. -1 with err when it has no such thing. */
static int set(struct agent_session *s, const char *option, const char *value, const char *option_id,
	       struct err *err)
{
	bool is_mode = strcmp(option, "mode") == 0 && json_len(json_arr(s->state, "modes"));
	struct json_object *params;
	if (is_mode && !offers_mode(s, value)) {
		MEM_FREE char *offered = mode_names(s);
		return err_set(err, ERR_USAGE, "it has no mode %s; it offers%s", value, offered);
	}
	if (!is_mode && !option_id)
		return err_set(err, ERR_USAGE, "it has no option %s that could be %s", option, value);
	params = acp_params(s);
	json_add_str(params, is_mode ? "modeId" : "value", value);
	if (!is_mode)
		json_add_str(params, "configId", option_id);
	note_setting(acp_request(s, is_mode ? "session/set_mode" : "session/set_config_option", params, NULL),
		     option, value);
	return 0;
}

int acp_set_mode(struct agent_session *s, const char *mode, struct err *err)
{
	if (!acp_in_phase(s, "ready"))
		return err_set(err, ERR_REFUSED, "%s: its conversation has not begun yet", s->name);
	if (set(s, "mode", mode, json_str(s->state, "mode_option"), err) == 0)
		return 0;
	return err_prefix(err, "%s", s->name);
}

static void ready_if_set(struct agent_session *s)
{
	if (json_object_object_length(json_obj(s->state, "asked")) || !acp_in_phase(s, "settings"))
		return;
	set_phase(s, "ready");
	s->host->item_withdraw(s, "start-failed", "it has begun");
	s->host->signal(s, "stream", AGENT_IDLE, ACP_CONFIDENCE, "it is ready");
	acp_pump(s);
}

static void apply_settings(struct agent_session *s, struct json_object *options)
{
	struct json_object *config = json_obj(s->state, "config");
	set_phase(s, "settings");
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const char *value = wanted(s, settings[i].option);
		struct json_object *of_agent = find_category(options, settings[i].category);
		const char *now = strcmp(settings[i].option, "mode") == 0 && json_str(s->state, "mode")
					  ? json_str(s->state, "mode")
					  : json_str(config, json_str_or(of_agent, "id", ""));
		struct err err;
		if (!value || (now && strcmp(now, value) == 0))
			continue;
		if (set(s, settings[i].option, value, json_str(of_agent, "id"), &err) < 0) {
			fail(s, err.msg);
			return;
		}
	}
	ready_if_set(s);
}

/* At the beginning working in another mode than the one asked for might do what must not be done: it does not begin
 * then. Later the lead sees that it goes on as before. */
void acp_on_setting(struct agent_session *s, struct json_object *asked, struct json_object *msg)
{
	bool begins = acp_in_phase(s, "settings");
	char *error MEM_FREE = acp_error_text(msg);
	if (error) {
		char *why MEM_FREE = mem_printf("it refuses the %s %s: %s", json_str_or(asked, "option", "?"),
						json_str_or(asked, "value", "?"), error);
		if (begins)
			fail(s, why);
		else
			say_notice(s, why);
		return;
	}
	if (strcmp(json_str_or(asked, "option", ""), "mode") == 0)
		acp_take_mode(s, json_str(asked, "value"), !begins);
	ready_if_set(s);
}

/* ---- the conversation ---- */

static void session_failed(struct agent_session *s, const char *method, const char *error)
{
	bool again = strcmp(method, "session/new") != 0;
	if (again) {
		char *text MEM_FREE =
			mem_printf("its conversation could not be taken up again (%s): a new one begins", error);
		say_notice(s, text);
		acp_session_new(s);
	} else {
		fail(s, error);
	}
}

void acp_on_session(struct agent_session *s, struct json_object *asked, struct json_object *msg)
{
	struct json_object *result = json_obj(msg, "result");
	const char *method = json_str_or(asked, "m", ""), *id = json_str(result, "sessionId");
	bool fresh = strcmp(method, "session/new") == 0;
	char *error MEM_FREE = acp_error_text(msg);
	if (error) {
		session_failed(s, method, error);
		return;
	}
	if (fresh && (!id || strlen(id) > SESSION_ID_MAX)) {
		fail(s, "its answer to session/new names no session");
		return;
	}
	if (fresh) {
		json_add_str(s->state, "conversation", id);
		json_add_bool(s->state, "talked", false);
	}
	json_object_object_del(s->state, "resume");
	acp_take_modes(s, json_obj(result, "modes"));
	acp_take_config(s, json_arr(result, "configOptions"), false);
	apply_settings(s, json_arr(result, "configOptions"));
}

/* ---- the rest of the contract ---- */

static void on_attached(struct agent_session *s, bool running)
{
	if (!running)
		return;
	if (!json_has(s->state, "phase"))
		initialize(s);
	else
		acp_resend(s);
	acp_update_attached(s);
}

static void on_timer(struct agent_session *s, const char *name)
{
	if (strcmp(name, "resend") == 0)
		acp_resend(s);
	else if (strcmp(name, "text") == 0)
		acp_on_text_timer(s);
}

static void on_exited(struct agent_session *s, int wait_status)
{
	static const char *const gone[] = {"out", "asked", "turn", "tell", "notes"};
	(void)wait_status;
	acp_text_flush(s);
	acp_tools_end(s);
	acp_need_forget_all(s, "the agent's process ended");
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		json_object_object_del(s->state, gone[i]);
	set_phase(s, "over");
}

#define ACP_AGENT                                                                                                  \
	.can = AGENT_CAN_TELL | AGENT_CAN_CLEAR | AGENT_CAN_RESUME | AGENT_CAN_INTERRUPT | AGENT_SPEAKS |          \
	       AGENT_NO_TERMINAL,                                                                                  \
	.launch = launch, .on_attached = on_attached, .on_line = acp_on_line, .on_input_done = acp_on_input_done,  \
	.on_timer = on_timer, .on_exited = on_exited, .tell = acp_tell, .clear = acp_clear,                        \
	.interrupt = acp_interrupt, .set_mode = acp_set_mode, .answer = acp_answer

const struct agent_ops agent_acp = {.name = "acp", .title = "Any agent that speaks ACP", ACP_AGENT};
const struct agent_ops agent_gemini = {.name = "gemini", .title = "Gemini CLI", .program = "gemini", ACP_AGENT};
const struct agent_ops agent_opencode = {.name = "opencode", .title = "opencode", .program = "opencode", ACP_AGENT};
