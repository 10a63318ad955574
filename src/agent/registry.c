#include <string.h>

#include "agent/agent.h"

#define AGENT_NAME(name, text) [AGENT_##name] = text,
static const char *const activity_names[] = {AGENT_ACTIVITIES(AGENT_NAME)};
#undef AGENT_NAME

static const struct agent_ops *const agents[] = {&agent_claude, &agent_codex, &agent_shell, &agent_rehearsal,
					       &agent_acp, &agent_gemini, &agent_opencode, NULL};

const char *agent_activity_name(enum agent_activity a)
{
	return activity_names[a];
}

bool agent_activity_parse(const char *name, enum agent_activity *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(activity_names); i++) {
		if (strcmp(activity_names[i], name) == 0) {
			*ret = (enum agent_activity)i;
			return true;
		}
	}
	return false;
}

const struct agent_ops *agent_find(const char *name)
{
	size_t len = strcspn(name, ":");
	for (size_t i = 0; agents[i]; i++)
		if (strlen(agents[i]->name) == len && memcmp(agents[i]->name, name, len) == 0)
			return agents[i];
	return NULL;
}

const struct agent_ops *const *agent_all(void)
{
	return agents;
}
