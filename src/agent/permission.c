#include "agent/permission.h"

#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"

void permission_push_option(struct json_object *options, const char *key, const char *label)
{
	struct json_object *o = json_new();
	json_add_str(o, "key", key);
	json_add_str(o, "label", label);
	json_push(options, o);
}

void permission_push_own(struct json_object *options, const char *key, const char *label, const char *as)
{
	permission_push_option(options, key, label);
	json_add_str(json_at(options, json_len(options) - 1), "as", as);
}

struct json_object *permission_options(const char *always)
{
	struct json_object *options = json_new_array();
	permission_push_option(options, "allow", PERMISSION_ALLOW);
	permission_push_option(options, "deny", PERMISSION_DENY);
	if (always)
		permission_push_own(options, "always", always, "allow");
	return options;
}

void permission_add_files(struct json_object *detail, struct json_object *paths)
{
	if (json_len(paths) == 1)
		json_add_str(detail, "path", json_str_at(paths, 0));
	else if (json_len(paths))
		json_add_obj(detail, "paths", json_object_get(paths));
	json_object_put(paths);
}

bool permission_allowed(const struct agent_answer *answer)
{
	return answer->option && (strcmp(answer->option, "allow") == 0 || strcmp(answer->option, "always") == 0);
}

char *permission_command_topic(const char *command)
{
	return mem_printf("run %s", command);
}
