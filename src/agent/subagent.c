#include "agent/subagent.h"

#include <string.h>

#include "agent/say.h"
#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"

static struct json_object *find(struct agent_session *s, const char *id)
{
	return id ? json_obj(json_obj(s->state, "subagents"), id) : NULL;
}

static void say_state(struct agent_session *s, const char *id, struct json_object *one, const char *state)
{
	struct json_object *said JSON_FREE = json_new();
	say_add_words(said, "id", id);
	json_add_str(said, "kind", json_str(one, "kind"));
	json_add_str(said, "title", json_str(one, "title"));
	json_add_str(said, "state", state);
	s->host->said(s, "subagent", said);
}

static void keep_words(struct json_object *one, const char *key, const char *words)
{
	if (words)
		say_add_words(one, key, words);
}

void subagent_began(struct agent_session *s, const char *id, const char *kind, const char *title)
{
	struct json_object *all = json_obj(s->state, "subagents"), *one = find(s, id);
	if (!id)
		return;
	if (!all) {
		all = json_new();
		json_add_obj(s->state, "subagents", all);
	}
	bool is_new = !one;
	if (is_new && json_object_object_length(all) >= SUBAGENTS_MAX)
		return;
	if (is_new) {
		one = json_new();
		json_add_int(one, "since_ms", clock_wall_ms());
		json_add_obj(all, id, one);
	}
	keep_words(one, "kind", kind);
	keep_words(one, "title", title);
	s->host->save(s);
	if (is_new)
		say_state(s, id, one, "began");
}

void subagent_does(struct agent_session *s, const char *id, const char *doing)
{
	struct json_object *one = find(s, id);
	if (!one)
		return;
	keep_words(one, "doing", doing);
	s->host->save(s);
}

void subagent_in_background(struct agent_session *s, const char *id)
{
	struct json_object *one = find(s, id);
	if (!one)
		return;
	json_add_bool(one, "background", true);
	s->host->save(s);
}

void subagent_ended(struct agent_session *s, const char *id)
{
	struct json_object *one = find(s, id);
	if (!one)
		return;
	say_state(s, id, one, "ended");
	json_object_object_del(json_obj(s->state, "subagents"), id);
	s->host->save(s);
}

void subagents_turn_ended(struct agent_session *s)
{
	struct json_object *all JSON_FREE = json_object_get(json_obj(s->state, "subagents"));
	struct strv over STRV_FREE = STRV_INIT;
	if (!all)
		return;
	json_object_object_foreach(all, id, one)
		if (!json_flag(one, "background", false))
			strv_add(&over, id);
	for (size_t i = 0; i < over.n; i++)
		subagent_ended(s, over.v[i]);
}

void subagent_name(struct json_object *said, const char *id, const char *kind)
{
	if (!id)
		return;
	say_add_words(said, "agent", kind ? kind : "agent");
	say_add_words(said, "agent_id", id);
}
