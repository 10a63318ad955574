#include "agent/permission.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { FAILED_CONFIDENCE = 99 };

void permission_push_option(struct json_object *options, const char *key, const char *label)
{
	struct json_object *o = json_new();
	json_add_str(o, "key", key);
	json_add_str(o, "label", label);
	json_push(options, o);
}

struct json_object *permission_options(const char *always)
{
	struct json_object *options = json_new_array();
	permission_push_option(options, "allow", "Allow once");
	permission_push_option(options, "deny", "Deny (a text tells it why)");
	if (always) {
		permission_push_option(options, "always", always);
		json_add_bool(json_at(options, json_len(options) - 1), "own", true);
	}
	return options;
}

bool permission_allowed(const struct agent_answer *answer)
{
	return answer->option && (strcmp(answer->option, "allow") == 0 || strcmp(answer->option, "always") == 0);
}

char *permission_command_topic(const char *command)
{
	return mem_printf("run %s", command);
}

void agent_turn_ended(struct agent_session *s, const char *said)
{
	struct str words STR_FREE = STR_INIT;
	if (said)
		text_add_inert(&words, said, strlen(said), TEXT_LINES);
	s->host->turn_ended(s, said ? str_c(&words) : NULL);
}

void agent_turn_failed(struct agent_session *s, const char *source, const char *why)
{
	struct str text STR_FREE = STR_INIT;
	text_add_inert(&text, why, strlen(why), TEXT_ONE_LINE);
	s->host->signal(s, source, AGENT_ERROR, FAILED_CONFIDENCE, str_c(&text));
	char *title MEM_FREE = mem_printf("its turn failed: %s", str_c(&text));
	s->host->item_open(s,
			   &(struct agent_item){.need = AGENT_NEED_FAILURE, .key = "turn-failed", .title = title});
}
