/* The mailbox messages of the tools: the arguments under the names that musterd knows them by. */
#include "fmt/json.h"
#include "mcp/tool.h"

enum { LOG_TAIL = 16 * 1024 };

struct json_object *mcp_tool_message(const struct mcp_tool *tool, struct json_object *args)
{
	struct json_object *msg = json_new();
	json_object_object_foreach(args, name, value) json_add_obj(msg, name, json_object_get(value));
	json_add_str(msg, "m", tool->message);
	if (tool->op)
		json_add_str(msg, "op", tool->op);
	if (tool->complete)
		tool->complete(msg);
	return msg;
}

static void default_blocking(struct json_object *msg, bool blocking)
{
	if (!json_has(msg, "blocking"))
		json_add_bool(msg, "blocking", blocking);
}

void mcp_complete_ask(struct json_object *msg)
{
	default_blocking(msg, !json_has(msg, "assumption"));
}

void mcp_complete_ask_many(struct json_object *msg)
{
	struct json_object *questions = json_arr(msg, "questions");
	bool all_assumed = true;
	for (size_t i = 0; i < json_len(questions); i++)
		all_assumed &= json_has(json_at(questions, i), "assumption");
	default_blocking(msg, !all_assumed);
}

void mcp_complete_propose(struct json_object *msg)
{
	default_blocking(msg, true);
}

void mcp_complete_job_start(struct json_object *msg)
{
	struct json_object *argv = json_new_array();
	json_push_str(argv, "sh");
	json_push_str(argv, "-c");
	json_push_str(argv, json_str(msg, "command"));
	json_add_obj(msg, "command", argv);
}

void mcp_complete_job_logs(struct json_object *msg)
{
	if (!json_has(msg, "offset"))
		json_add_int(msg, "offset", -LOG_TAIL);
}
