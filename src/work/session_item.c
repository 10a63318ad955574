/* What a session needs from the lead. src/lead ranks and answers; here is what it means to the session. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"
#include "work/decision.h"
#include "work/session.h"
#include "work/session_ask.h"
#include "work/topic.h"

void session_items_count(struct session *s)
{
	int64_t blocking = 0;
	s->open_items = (int)item_row_count_open(s->engine->setup.db, s->row.id, &blocking);
	s->open_blocking = (int)blocking;
	str_reset(&s->json);
}

bool session_waits_for_permission(const struct session *s)
{
	struct item_rows open = {0};
	bool any = false;
	if (s->open_blocking == 0)
		return false;
	item_row_list_open(s->engine->setup.db, s->row.id, &open);
	for (size_t i = 0; i < open.n && !any; i++)
		any = strcmp(open.v[i].kind, "permission") == 0;
	item_rows_fini(&open);
	return any;
}

bool session_item_is_open(struct session *s, const char *key)
{
	struct item_row row = {0};
	bool open = item_row_find(s->engine->setup.db, s->row.id, key, &row);
	item_row_fini(&row);
	return open;
}

static void item_event(struct session *s, const char *kind, int64_t item, const char *reason)
{
	struct json_object *data = json_new();
	json_add_int(data, "item", item);
	if (reason)
		json_add_str(data, "reason", reason);
	session_event(s, kind, data);
}

static char *compact(struct json_object *o)
{
	return o ? mem_strdup(json_line(o)) : NULL;
}

int64_t session_item_open(struct session *s, const char *kind, const struct agent_item *item)
{
	struct db *db = s->engine->setup.db;
	struct item_row row = {0};
	if (item_row_find(db, s->row.id, item->key, &row)) {
		int64_t id = row.id;
		item_row_fini(&row);
		return id;
	}
	const struct topic topic = {
		.kind = kind,
		.repo = decision_scope(s),
		.workspace = s->row.workspace,
		.asked = item->topic,
		.options = item->options,
	};
	struct str title STR_FREE = STR_INIT;
	text_add_inert(&title, item->title, strlen(item->title), TEXT_ONE_LINE);
	row = (struct item_row){
		.session = mem_strdup(s->row.id),
		.kind = mem_strdup(kind),
		.key = mem_strdup(item->key),
		.request = (int64_t)item->request,
		.blocking = item->blocking,
		.title = mem_strdup(str_c(&title)),
		.detail = compact(item->detail),
		.options = compact(item->options),
		.topic = item->topic ? topic_text(&topic) : NULL,
		.state = mem_strdup("open"),
		.opened_ms = clock_wall_ms(),
	};
	item_row_insert(db, &row);
	int64_t id = row.id;
	item_row_fini(&row);
	session_items_count(s);
	item_event(s, "item.opened", id, NULL);
	session_refresh(s);
	return id;
}

/* state: "delivered" or "withdrawn". */
static void close_item(struct session *s, struct item_row *row, const char *state, const char *reason)
{
	mem_replace(&row->state, state);
	if (reason != row->reason)
		mem_replace(&row->reason, reason);
	row->closed_ms = clock_wall_ms();
	item_row_save(s->engine->setup.db, row);
	item_event(s, strcmp(state, "delivered") == 0 ? "item.delivered" : "item.withdrawn", row->id, reason);
}

static void after_close(struct session *s)
{
	session_items_count(s);
	session_refresh(s);
	session_prompts_pump(s);
}

void session_item_withdraw(struct session *s, const char *key, const char *reason)
{
	struct item_row row = {0};
	if (!item_row_find(s->engine->setup.db, s->row.id, key, &row))
		return;
	close_item(s, &row, "withdrawn", reason);
	item_row_fini(&row);
	after_close(s);
}

void session_items_withdraw_all(struct session *s, const char *reason, bool blocking_only)
{
	struct item_rows list = {0};
	item_row_list_open(s->engine->setup.db, s->row.id, &list);
	for (size_t i = 0; i < list.n; i++)
		if (list.v[i].blocking || !blocking_only)
			close_item(s, &list.v[i], "withdrawn", reason);
	item_rows_fini(&list);
	after_close(s);
}

void session_items_request_gone(struct session *s, uint64_t request)
{
	struct item_rows rows = {0};
	item_row_list_request(s->engine->setup.db, s->row.id, (int64_t)request, &rows);
	for (size_t i = 0; i < rows.n; i++)
		close_item(s, &rows.v[i], "withdrawn", "the asking process went away (answered in the terminal, or cancelled)");
	if (rows.n)
		after_close(s);
	item_rows_fini(&rows);
}

void session_items_delivered(struct session *s, uint64_t request, bool gone)
{
	struct item_rows rows = {0};
	item_row_list_request(s->engine->setup.db, s->row.id, (int64_t)request, &rows);
	for (size_t i = 0; i < rows.n; i++)
		if (strcmp(rows.v[i].state, "answered") == 0)
			close_item(s, &rows.v[i], gone ? "withdrawn" : "delivered", gone ? "answered in the terminal first" : NULL);
	item_rows_fini(&rows);
}

/* An item of an adapter's: its answer is in the agent's own protocol. */
static bool deliver_by_adapter(struct session *s, struct item_row *row)
{
	struct json_object *detail JSON_FREE = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	struct agent_answer answer = {.option = row->option, .text = row->text};
	if (s->agent.ops->answer)
		s->agent.ops->answer(&s->agent, row->key, (uint64_t)row->request, detail, &answer);
	return !row->request;
}

/* How an answer reaches the agent, by what the item's key begins with. True: it has it, or will have it from the store;
 * false: the holder's word on the reply is waited for, or a thread's. */
static const struct {
	const char *prefix;
	bool (*deliver)(struct session *s, struct item_row *row);
} deliveries[] = {
	{"ask-", session_ask_deliver},
	{DECISION_KEYS, decision_deliver},
	{"", deliver_by_adapter},
};

static bool deliver(struct session *s, struct item_row *row)
{
	size_t i = 0;
	while (strncmp(row->key, deliveries[i].prefix, strlen(deliveries[i].prefix)) != 0)
		i++;
	return deliveries[i].deliver(s, row);
}

void session_item_delivered(struct session *s, struct item_row *row)
{
	close_item(s, row, "delivered", row->reason);
	session_refresh(s);
	session_prompts_pump(s);
}

void session_item_answer(struct session *s, struct item_row *row, const char *option, const char *text)
{
	mem_replace(&row->state, "answered");
	mem_replace(&row->option, option);
	mem_replace(&row->text, text);
	row->closed_ms = clock_wall_ms();
	item_row_save(s->engine->setup.db, row);
	session_event(s, "item.answered", item_json(s, row));
	session_items_count(s);
	if (deliver(s, row))
		close_item(s, row, "delivered", row->reason);
	session_refresh(s);
	session_prompts_pump(s);
	session_admit(s->engine); /* it may have been what a queued session waited for */
}

/* A session that ended badly by itself needs the lead, who sees its last words. */
void session_report_failure(struct session *s)
{
	struct json_object *detail JSON_FREE = json_new();
	if (s->row.last_words)
		json_add_str(detail, "last_words", s->row.last_words);
	MEM_FREE char *how = session_exit_text(s);
	MEM_FREE char *title = mem_printf("it failed: %s", s->row.failure ? s->row.failure : how);
	struct agent_item item = {.need = AGENT_NEED_FAILURE, .key = "failure", .title = title, .detail = detail};
	session_item_open(s, "failure", &item);
}
