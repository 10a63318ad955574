#include "agent/agent_mcp.h"

#include "fmt/json.h"

int agent_mcp_init(struct agent_mcp *ret, struct agent_session *s, struct err *err)
{
	struct json_object *option = json_any(s->options, "mcp");
	if (option && !json_object_is_type(option, json_type_boolean))
		return err_set(err, ERR_USAGE, "the option mcp of %s must be true or false", s->ops->name);
	if (!json_flag(s->options, "mcp", true))
		return 0;
	*ret = (struct agent_mcp){.command = s->muster_path};
	strv_add(&ret->args, "mcp");
	strv_addf(&ret->env, "MUSTER_SOCKET=%s", s->socket);
	return 1;
}

void agent_mcp_fini(struct agent_mcp *m)
{
	strv_fini(&m->args);
	strv_fini(&m->env);
}
