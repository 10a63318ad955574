/* The lead's answer to an item, and to all that ask the same. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "lead/docket.h"
#include "store/item_row.h"
#include "work/session.h"

/* Where the option with that key is, or -1. */
static int place_of(struct json_object *options, const char *key)
{
	for (size_t i = 0; key && i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), key) == 0)
			return (int)i;
	return -1;
}

static void list_keys(struct json_object *options, struct str *out)
{
	for (size_t i = 0; i < json_len(options); i++)
		str_addf(out, "%s%s", i ? ", " : "", json_str_or(json_at(options, i), "key", "?"));
}

/* Is it an answer that this item takes? */
static int check_answer(const struct item_row *row, const char *option, const char *text, struct err *err)
{
	struct json_object *options JSON_FREE = row->options ? json_parse_text(row->options, NULL) : NULL;
	struct str keys STR_FREE = STR_INIT;
	list_keys(options, &keys);
	if (strcmp(row->state, "open") != 0)
		return err_set(err, ERR_REFUSED, "item %lld is %s already%s%s", (long long)row->id, row->state,
		               row->reason ? ": " : "", row->reason ? row->reason : "");
	if (option && place_of(options, option) < 0)
		return err_set(err, ERR_USAGE, "item %lld has no option %s; it has: %s", (long long)row->id, option,
		               keys.len ? keys.data : "none (answer with text)");
	if (!option && !text)
		return err_set(err, ERR_USAGE, "item %lld needs an answer: %s%s", (long long)row->id,
		               keys.len ? "--option one of " : "a text", str_c(&keys));
	if (!option && strcmp(row->kind, "permission") == 0)
		return err_set(err, ERR_USAGE, "item %lld is a permission: --option one of %s", (long long)row->id,
		               str_c(&keys));
	return 0;
}

/* "1", "2"… name an option by its place, as the docket prints them. */
static const char *option_key(const struct item_row *row, const char *option, struct json_object **ret_options)
{
	*ret_options = row->options ? json_parse_text(row->options, NULL) : NULL;
	char *end;
	long n = option ? strtol(option, &end, 10) : 0;
	if (option && *option && !*end && n >= 1 && (size_t)n <= json_len(*ret_options) &&
	    place_of(*ret_options, option) < 0)
		return json_str(json_at(*ret_options, (size_t)n - 1), "key");
	return option;
}

struct answer {
	int place; /* of the option among the item's: others may write its key otherwise; -1: none */
	const char *text;
};

/* One item has its answer, unless it was closed meanwhile. */
static bool settle(struct engine *e, int64_t id, const struct answer *answer)
{
	struct item_row row = {0};
	struct session *s = item_row_get(e->setup.db, id, &row) ? engine_find(e, row.session) : NULL;
	bool open = s && strcmp(row.state, "open") == 0;
	if (open) {
		struct json_object *options JSON_FREE = row.options ? json_parse_text(row.options, NULL) : NULL;
		mem_replace(&row.state, "answered");
		mem_replace(&row.option,
		            answer->place >= 0 ? json_str(json_at(options, (size_t)answer->place), "key") : NULL);
		mem_replace(&row.text, answer->text);
		row.closed_ms = clock_wall_ms();
		item_row_save(e->setup.db, &row);
		session_event(s, "item.answered", item_json(s, &row));
		session_item_deliver(s, &row);
	}
	item_row_fini(&row);
	return open;
}

/* Those that ask the same, but for the item itself. Returns them as they are afterwards. */
static struct json_object *settle_same(struct engine *e, const struct item_row *row, const struct answer *answer)
{
	struct item_rows same = {0};
	struct json_object *list = json_new_array();
	if (row->topic)
		item_row_list_topic(e->setup.db, row->topic, &same);
	for (size_t i = 0; i < same.n; i++) {
		if (same.v[i].id != row->id && settle(e, same.v[i].id, answer))
			json_push(list, item_short_json(engine_find(e, same.v[i].session), &same.v[i]));
	}
	item_rows_fini(&same);
	return list;
}

void docket_answer(struct engine *e, struct json_object *params, struct call *call)
{
	struct item_row row = {0};
	struct err err;
	int64_t id = json_int(params, "item", 0);
	struct json_object *options JSON_FREE = NULL;
	const char *text = json_str(params, "text");
	struct session *s = item_row_get(e->setup.db, id, &row) ? engine_find(e, row.session) : NULL;
	const char *option = option_key(&row, json_str(params, "option"), &options);
	int r = 0;
	if (!row.id)
		r = err_set(&err, ERR_USAGE, "no item %lld; `muster docket` lists them", (long long)id);
	else if (!s)
		r = err_set(&err, ERR_REFUSED, "item %lld belongs to a session that was removed", (long long)id);
	else
		r = check_answer(&row, option, text, &err);
	if (r < 0) {
		call_fail(call, &err);
	} else {
		const struct answer answer = {.place = place_of(options, option), .text = text};
		db_turn_durable(e->setup.db);
		settle(e, id, &answer);
		bool own = answer.place >= 0 && json_flag(json_at(options, (size_t)answer.place), "own", false);
		bool only = own || json_flag(params, "only", false);
		struct json_object *same = only ? json_new_array() : settle_same(e, &row, &answer);
		item_row_get(e->setup.db, id, &row);
		struct json_object *result = item_json(s, &row);
		json_add_obj(result, "same", same);
		call_done(call, result);
	}
	item_row_fini(&row);
}
