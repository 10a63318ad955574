/* Sessions that await decisions, propose them, or ask which there are. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "work/decision.h"
#include "work/task.h"

/* Keys of the items. With a request its number follows, else the name. */
#define KEY_AWAIT DECISION_KEYS "await-"
#define KEY_PROPOSE DECISION_KEYS "propose-"
#define KEY_BEFORE_START DECISION_KEYS "before-"

static void reply_decision(struct session *s, uint64_t request, const struct decision_row *row)
{
	struct json_object *answer JSON_FREE = json_new();
	json_add_obj(answer, "decision", decision_short_json(row));
	session_reply(s, request, answer);
}

static struct json_object *detail_of(const char *name)
{
	struct json_object *detail = json_new();
	json_add_str(detail, "decision", name);
	return detail;
}

static int64_t open_item(struct session *s, struct agent_item *item, const char *name)
{
	item->topic = name;
	return session_item_open(s, "decision", item);
}

void session_mail_await(struct session *s, uint64_t request, struct json_object *msg)
{
	const char *name = json_str(msg, "decision");
	struct decision_row row = {0};
	struct err err;
	if (decision_name_check(name, &err) < 0) {
		session_reply_error(s, request, err.msg);
	} else if (decision_give(s, name, &row)) {
		reply_decision(s, request, &row);
	} else {
		struct json_object *detail JSON_FREE = detail_of(name);
		MEM_FREE char *key = mem_printf(KEY_AWAIT "%llu", (unsigned long long)request);
		MEM_FREE char *title = mem_printf("it awaits the decision %s", name);
		struct agent_item item = {
			.key = key, .request = request, .blocking = true, .title = title, .detail = detail};
		open_item(s, &item, name);
	}
	decision_row_fini(&row);
}

void session_mail_decisions(struct session *s, uint64_t request, struct json_object *msg)
{
	struct decision_rows all = {0};
	struct json_object *answer JSON_FREE = json_new(), *list = json_new_array();
	(void)msg;
	decision_row_list(s->engine->setup.db, decision_scope(s), false, &all);
	for (size_t i = 0; i < all.n; i++) {
		/* Of one name, the scope's own comes after that of everywhere, and hides it. */
		if (i + 1 == all.n || strcmp(all.v[i].name, all.v[i + 1].name) != 0)
			json_push(list, decision_short_json(&all.v[i]));
	}
	json_add_obj(answer, "decisions", list);
	decision_rows_fini(&all);
	session_reply(s, request, answer);
}

/* ---- proposals ---- */

/* What it proposes, then the alternatives it names. */
static struct json_object *options_of(const char *value, struct json_object *others)
{
	struct json_object *list = json_new_array();
	for (size_t i = 0; i <= json_len(others); i++) {
		const char *label = i == 0 ? value : json_str_at(others, i - 1);
		if (!label || (i > 0 && strcmp(label, value) == 0))
			continue;
		struct json_object *o = json_new();
		MEM_FREE char *key = i == 0 ? mem_strdup("accept") : mem_printf("other-%zu", i);
		json_add_str(o, "key", key);
		json_add_str(o, "label", label);
		json_push(list, o);
	}
	return list;
}

void session_mail_propose(struct session *s, uint64_t request, struct json_object *msg)
{
	const char *name = json_str(msg, "decision");
	char *value MEM_FREE = session_mail_text(msg, "value", TEXT_LINES);
	char *because MEM_FREE = session_mail_text(msg, "because", TEXT_LINES);
	bool blocking = json_flag(msg, "blocking", false);
	struct err err;
	if (decision_name_check(name, &err) < 0) {
		session_reply_error(s, request, err.msg);
		return;
	}
	if (!value || !*value) {
		session_reply_error(s, request, "propose which value?");
		return;
	}
	struct json_object *detail JSON_FREE = detail_of(name), *options JSON_FREE = NULL;
	MEM_FREE char *key = mem_printf(KEY_PROPOSE "%llu", (unsigned long long)request);
	MEM_FREE char *title = mem_printf("it proposes to decide %s: %s", name, value);
	json_add_str(detail, "value", value);
	if (because)
		json_add_str(detail, "because", because);
	options = options_of(value, json_arr(msg, "options"));
	struct agent_item item = {.key = key,
	                          .request = blocking ? request : 0,
	                          .blocking = blocking,
	                          .title = title,
	                          .detail = detail,
	                          .options = options};
	int64_t id = open_item(s, &item, name);
	if (!blocking) {
		struct json_object *answer JSON_FREE = json_new();
		json_add_int(answer, "item", id);
		session_reply(s, request, answer);
	}
}

/* ---- before it starts ---- */

void decision_hold_back(struct session *s)
{
	struct json_object *task JSON_FREE = s->row.task ? json_parse_text(s->row.task, NULL) : NULL;
	struct json_object *awaits = json_arr(task, "awaits");
	for (size_t i = 0; i < json_len(awaits); i++) {
		const char *name = json_str_at(awaits, i);
		struct decision_row row = {0};
		if (decision_row_for(s->engine->setup.db, decision_scope(s), name, &row)) {
			decision_row_fini(&row);
			continue;
		}
		struct json_object *detail JSON_FREE = detail_of(name);
		MEM_FREE char *key = mem_printf(KEY_BEFORE_START "%s", name);
		MEM_FREE char *title = mem_printf("its task awaits the decision %s before it starts", name);
		struct agent_item item = {.key = key, .blocking = true, .title = title, .detail = detail};
		open_item(s, &item, name);
	}
}

/* ---- decided ---- */

static void tell(struct session *s, const struct decision_row *row)
{
	MEM_FREE char *text = mem_printf("The lead has decided \"%s\": %s%s%s", row->name, row->value,
	                                 row->because ? "\nBecause: " : "", row->because ? row->because : "");
	int64_t prompt;
	session_prompt_add(s, text, &prompt);
}

bool decision_deliver(struct session *s, struct item_row *item)
{
	struct json_object *detail JSON_FREE = json_parse_text(item->detail, NULL);
	struct decision_row row = {0};
	if (!decision_give(s, json_str_or(detail, "decision", ""), &row))
		return true; /* cannot be: it was made in this turn */
	if (item->request)
		reply_decision(s, (uint64_t)item->request, &row);
	else if (strncmp(item->key, KEY_PROPOSE, strlen(KEY_PROPOSE)) == 0 && session_hears(s))
		tell(s, &row);
	decision_row_fini(&row);
	return !item->request;
}
