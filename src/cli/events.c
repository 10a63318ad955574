#include "cli/events.h"

#include <string.h>

#include "cli/client.h"
#include "cli/look.h"
#include "cli/out.h"
#include "cli/talk.h"
#include "cli/when.h"
#include "fmt/json.h"

void event_names_fini(struct event_names *n)
{
	json_object_put(n->by_id);
	*n = (struct event_names){0};
}

static void learn(struct event_names *n)
{
	struct client client;
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	json_add_bool(params, "all", true);
	if (client_init(&client, CLIENT_ONLY_IF_RUNNING, NULL) != 0) {
		json_object_put(params);
		return;
	}
	if (client_call(&client, "session.list", params, &result, NULL) == 0) {
		struct json_object *list = json_arr(result, "sessions");
		for (size_t i = 0; i < json_len(list); i++) {
			const char *id = json_str(json_at(list, i), "id");
			if (id)
				json_add_str(n->by_id, id, json_str_or(json_at(list, i), "name", id));
		}
	}
	client_fini(&client);
}

const char *event_names_get(struct event_names *n, const char *id)
{
	if (!id)
		return "muster";
	if (!n->by_id)
		n->by_id = json_new();
	if (!json_has(n->by_id, id)) {
		learn(n);
		if (!json_has(n->by_id, id))
			json_add_str(n->by_id, id, id);
	}
	return json_str_or(n->by_id, id, id);
}

/* ---- what an event tells ---- */

static void state_text(struct str *out, struct json_object *data)
{
	const char *why = json_str(data, "why");
	str_addf(out, "%s → %s%s%s", json_str_or(data, "from", "?"), json_str_or(data, "to", "?"), why ? ": " : "",
		 why ? why : "");
}

static void report_text(struct str *out, struct json_object *data)
{
	int64_t percent = json_int(data, "percent", -1);
	str_adds(out, "reports");
	if (percent >= 0)
		str_addf(out, " %d %%", (int)percent);
	if (json_str(data, "text"))
		str_addf(out, ": %s", json_str(data, "text"));
	if (json_str(data, "next"))
		str_addf(out, "; next: %s", json_str(data, "next"));
}

static void landing_text(struct str *out, struct json_object *data)
{
	const char *why = json_str(data, "why");
	str_addf(out, "landing #%d on %s: %s%s%s", (int)json_int(data, "id", 0), json_str_or(data, "target", "?"),
		 json_str_or(data, "state", "?"), why ? ": " : "", why ? why : "");
}

static void answered_text(struct str *out, struct json_object *data)
{
	const char *option = json_str(data, "option"), *text = json_str(data, "text");
	str_addf(out, "#%d answered: %s%s%s", (int)json_int(data, "id", 0), option ? option : "",
		 option && text ? ", " : "", text ? text : "");
}

/* Events whose data deserves its own words, by the beginning of their kind. Others are shown by their kind and the
 * texts and numbers in their data. */
static const struct {
	const char *kind;
	void (*text)(struct str *out, struct json_object *data);
} words[] = {
	{"session.state", state_text}, {"agent.said", talk_add_line},        {"report", report_text},
	{"landing.", landing_text},    {"item.answered", answered_text},
};

static void add_plain(struct str *out, const char *kind, struct json_object *data)
{
	str_adds(out, kind);
	if (!data || !json_object_is_type(data, json_type_object))
		return;
	json_object_object_foreach(data, key, value)
	{
		const char *text = json_text(value);
		if (text && *text)
			str_addf(out, "  %s: %s", key, text);
		else if (json_object_is_type(value, json_type_int))
			str_addf(out, "  %s: %lld", key, (long long)json_object_get_int64(value));
	}
}

void events_add_text(struct str *out, struct json_object *event)
{
	const char *kind = json_str_or(event, "kind", "?");
	struct json_object *data = json_obj(event, "data");
	struct str text STR_FREE = STR_INIT;
	bool found = false;
	for (size_t i = 0; i < ARRAY_LEN(words) && !found; i++) {
		found = strncmp(words[i].kind, kind, strlen(words[i].kind)) == 0;
		if (found)
			words[i].text(&text, data);
	}
	if (!found)
		add_plain(&text, kind, data);
	text_add_inert(out, str_c(&text), text.len, TEXT_ONE_LINE);
}

static enum paint paint_of(struct json_object *event)
{
	const char *kind = json_str_or(event, "kind", "");
	if (strcmp(kind, "session.state") == 0)
		return look_paint(json_str(json_obj(event, "data"), "to"));
	return strncmp(kind, "item.", 5) == 0 ? PAINT_YELLOW : PAINT_NONE;
}

void events_add_line(struct str *out, struct json_object *event, const char *name, int64_t now_ms, bool color)
{
	enum paint paint = paint_of(event);
	str_adds(out, out_paint(PAINT_DIM, color));
	when_add_clock(out, json_int(event, "at_ms", 0), now_ms);
	str_adds(out, out_paint_end(PAINT_DIM, color));
	str_adds(out, "  ");
	out_add(out, PAINT_BOLD, color, name);
	str_adds(out, "  ");
	str_adds(out, out_paint(paint, color));
	events_add_text(out, event);
	str_adds(out, out_paint_end(paint, color));
	str_addc(out, '\n');
}

bool events_is_talk(struct json_object *event)
{
	return strcmp(json_str_or(event, "kind", ""), "agent.said") == 0;
}

void events_add_talk(struct str *out, struct json_object *event, int64_t now_ms, int width, bool color)
{
	struct str clock STR_FREE = STR_INIT;
	size_t begin = out->len;
	when_add_clock(&clock, json_int(event, "at_ms", 0), now_ms);
	talk_add(out, json_obj(event, "data"), (int)clock.len + 2, width, color);
	if (out->len > begin)
		memcpy(out->data + begin, clock.data, clock.len);
}
