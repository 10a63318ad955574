/* Claude Code's configuration of muster's MCP server, in a file of the session's: the user's own servers stay. */
#include <string.h>

#include "agent/agent_mcp.h"
#include "agent/claude.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "mcp/tool.h"

static struct json_object *environment(const struct strv *env)
{
	struct json_object *o = json_new();
	for (size_t i = 0; i < env->n; i++) {
		const char *value = strchr(env->v[i], '=') + 1;
		char *key MEM_FREE = mem_strndup(env->v[i], (size_t)(value - 1 - env->v[i]));
		json_add_str(o, key, value);
	}
	return o;
}

static struct json_object *servers(const struct agent_mcp *m)
{
	struct json_object *config = json_new(), *list = json_new(), *server = json_new();
	json_add_str(server, "type", "stdio");
	json_add_str(server, "command", m->command);
	json_add_strv(server, "args", &m->args);
	json_add_obj(server, "env", environment(&m->env));
	/* The limit of each call, and of silence in it. */
	json_add_int(server, "timeout", (int64_t)AGENT_MCP_TIMEOUT_S * 1000);
	/* Else there is a search for tools in their place, and a model that does not search finds none. */
	json_add_bool(server, "alwaysLoad", true);
	json_add_obj(list, MCP_SERVER_NAME, server);
	json_add_obj(config, "mcpServers", list);
	return config;
}

/* Telling the lead something needs no permission; running a command does, here as in its shell. */
static struct json_object *permissions(void)
{
	struct json_object *o = json_new(), *allow = json_new_array();
	for (const struct mcp_tool *t = mcp_tools; t->name; t++) {
		char *name MEM_FREE = mem_printf("mcp__" MCP_SERVER_NAME "__%s", t->name);
		if (!t->runs_code)
			json_push_str(allow, name);
	}
	json_add_obj(o, "allow", allow);
	return o;
}

int claude_add_mcp(struct agent_session *s, struct agent_launch *launch, struct json_object *settings,
		   struct err *err)
{
	struct agent_mcp m;
	int on = agent_mcp_init(&m, s, err);
	if (on <= 0)
		return on;
	struct json_object *config JSON_FREE = servers(&m);
	char *path MEM_FREE = NULL;
	agent_mcp_fini(&m);
	if (claude_write_file(s, "claude-mcp.json", json_line(config), &path, err) < 0)
		return -1;
	strv_add(&launch->argv, "--mcp-config");
	strv_add(&launch->argv, path);
	/* A call that waits for the lead is not to be put into the background: the turn is to wait, too. */
	strv_add(&launch->env, "CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS=0");
	json_add_obj(settings, "permissions", permissions());
	return 0;
}
