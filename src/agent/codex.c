/* Codex, in a terminal or headless: launching, and the contract of an adapter.
 *
 * In a terminal muster-bridge runs Codex's app-server and, as another client of it, Codex's own interface. Headless
 * the app-server itself is the agent. Nothing is written into the user's own configuration of Codex. */
#include "agent/codex.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent_mcp.h"
#include "base/id.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "mcp/tool.h"

/* ---- launching ---- */

/* Options of the task or configuration, and the keys of Codex's own configuration that they stand for. */
static const struct {
	const char *name, *key, *otherwise;
} settings[] = {
	{"model", "model", NULL},
	{"effort", "model_reasoning_effort", NULL},
	{"approval", "approval_policy", "on-request"},
	/* Left to Codex unless asked for: where the user has not trusted the repository it starts read-only, and to
	 * be given more makes it note in the user's configuration that the repository is trusted. */
	{"sandbox", "sandbox_mode", NULL},
};

/* -c KEY="VALUE": a TOML string. */
static void add_setting(struct strv *argv, const char *key, const char *value)
{
	struct json_object *text JSON_FREE = json_new_str(value);
	strv_add(argv, "-c");
	strv_addf(argv, "%s=%s", key, json_line(text));
}

static void add_value(struct strv *argv, const char *key, struct json_object *value)
{
	strv_add(argv, "-c");
	strv_addf(argv, "mcp_servers." MCP_SERVER_NAME ".%s=%s", key, json_line(value));
	json_object_put(value);
}

/* muster's tools, as a server beside the user's own; lists, numbers and texts are written the same in TOML and in
 * JSON. Which of the tools Codex asks about it takes from what they say of themselves. */
static int add_mcp(struct agent_session *s, struct strv *argv, struct err *err)
{
	struct agent_mcp m = {0};
	int on = agent_mcp_init(&m, s, err);
	if (on <= 0)
		return on;
	struct json_object *args = json_new_array();
	for (size_t i = 0; i < m.args.n; i++)
		json_push_str(args, m.args.v[i]);
	add_value(argv, "command", json_new_str(m.command));
	add_value(argv, "args", args);
	for (size_t i = 0; i < m.env.n; i++) {
		const char *value = strchr(m.env.v[i], '=') + 1;
		char *key MEM_FREE = mem_printf("env.%.*s", (int)(value - 1 - m.env.v[i]), m.env.v[i]);
		add_value(argv, key, json_new_str(value));
	}
	add_value(argv, "tool_timeout_sec", json_object_new_int(AGENT_MCP_TIMEOUT_S));
	agent_mcp_fini(&m);
	return 0;
}

/* The words that every invocation of Codex in the session begins with: overrides of the configuration go here. */
static int add_command(struct agent_session *s, struct strv *argv, struct err *err)
{
	strv_add(argv, json_str_or(s->options, "command", "codex"));
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const char *value = json_str_or(s->options, settings[i].name, settings[i].otherwise);
		if (value)
			add_setting(argv, settings[i].key, value);
	}
	if (add_mcp(s, argv, err) < 0)
		return -1;
	json_strv(s->options, "args", argv);
	return 0;
}

static void add_bridge(struct agent_session *s, struct strv *argv)
{
	const char *slash = strrchr(s->muster_path, '/');
	strv_addf(argv, "%.*smuster-bridge", slash ? (int)(slash + 1 - s->muster_path) : 0, s->muster_path);
	strv_addf(argv, "--socket=%s/codex.sock", s->folder);
	strv_add(argv, "--");
}

static void reset_state(struct agent_session *s)
{
	static const char *const of_a_run[] = {"begun",   "ready",  "shown", "resume", "serial",
					       "calls",   "orders", "next",  "turn",   "open",
					       "changes", "tell",   "brief", "fresh"};
	for (size_t i = 0; i < ARRAY_LEN(of_a_run); i++)
		json_object_object_del(s->state, of_a_run[i]);
}

/* Goes on with the conversation it had, or with the one it was adopted with; a new one when nothing was said yet.
 */
static void choose_conversation(struct agent_session *s, enum agent_start how)
{
	const char *known = json_flag(s->state, "talked", false) ? json_str(s->state, "conversation") : NULL;
	if (!known && !json_has(s->state, "conversation"))
		known = json_str(s->options, "conversation");
	bool resume = how == AGENT_START_RESUME && known;
	if (resume) {
		char *copy MEM_FREE = mem_strdup(known);
		json_add_str(s->state, "conversation", copy);
		json_add_bool(s->state, "briefed", true);
	}
	json_add_bool(s->state, "resume", resume);
	json_add_bool(s->state, "talked", resume);
}

static void choose_brief(struct agent_session *s)
{
	if (!s->prompt || !*s->prompt || json_flag(s->state, "briefed", false))
		return;
	char uuid[37];
	struct json_object *brief = json_new();
	id_uuid(uuid);
	json_add_str(brief, "text", s->prompt);
	json_add_str(brief, "uuid", uuid);
	json_add_obj(s->state, "brief", brief);
}

static int launch(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err)
{
	reset_state(s);
	if (!s->headless)
		add_bridge(s, &ret->argv);
	if (add_command(s, &ret->argv, err) < 0)
		return -1;
	if (s->headless)
		strv_add(&ret->argv, "app-server");
	ret->pipe = s->headless;
	choose_conversation(s, how);
	choose_brief(s);
	s->host->save(s);
	return 0;
}

/* ---- the rest of the contract ---- */

static void on_attached(struct agent_session *s, bool running)
{
	if (!running)
		return;
	if (s->headless && !json_flag(s->state, "begun", false))
		codex_begin(s);
	else
		codex_link_attached(s);
}

static void on_timer(struct agent_session *s, const char *name)
{
	if (strcmp(name, "recheck") == 0)
		codex_on_recheck_timer(s);
}

static void on_exited(struct agent_session *s, int wait_status)
{
	(void)wait_status;
	codex_need_settle_all(s, "the agent's process ended");
	reset_state(s);
	s->host->save(s);
}

const struct agent_ops agent_codex = {
	.name = "codex",
	.title = "Codex",
	.can = AGENT_CAN_TELL | AGENT_CAN_CLEAR | AGENT_CAN_RESUME | AGENT_CAN_INTERRUPT | AGENT_SPEAKS,
	.program = "codex",
	.launch = launch,
	.on_attached = on_attached,
	.on_hook = codex_on_hook,
	.on_request_gone = codex_need_gone,
	.on_line = codex_on_line,
	.on_timer = on_timer,
	.on_exited = on_exited,
	.tell = codex_tell,
	.clear = codex_clear,
	.interrupt = codex_interrupt,
	.answer = codex_answer,
};
