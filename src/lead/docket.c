#include "lead/docket.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "lead/rank.h"
#include "store/item_row.h"
#include "work/session.h"

enum { CLOSED_MAX = 200 }; /* how many of the newest items `--all` shows */

#define KIND_ROW(name, text, weight, meaning) {text, weight},
static const struct {
	const char *name;
	int weight;
} kinds[] = {DOCKET_KINDS(KIND_ROW)};
#undef KIND_ROW

static int kind_weight(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return kinds[i].weight;
	return 0;
}

static struct rank_terms terms_of(const struct item_row *row)
{
	return (struct rank_terms){
		.weight = kind_weight(row->kind),
		.blocking = row->blocking && strcmp(row->state, "open") == 0,
		.age_ms = clock_wall_ms() - row->opened_ms,
		.waiting = 1,
	};
}

struct ranked {
	const struct item_row *row;
	double index;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->index != y->index)
		return x->index > y->index ? -1 : 1;
	return x->row->id < y->row->id ? -1 : x->row->id > y->row->id;
}

static struct json_object *ranked_json(struct engine *e, const struct ranked *item)
{
	struct session *s = engine_find(e, item->row->session);
	struct json_object *o = item_json(s, item->row);
	struct rank_terms terms = terms_of(item->row);
	MEM_FREE char *words = rank_words(&terms);
	json_object_object_add(o, "rank", json_object_new_double(item->index));
	json_add_str(o, "why_rank", words);
	return o;
}

static struct json_object *ranked_list(struct engine *e, const struct item_rows *rows)
{
	struct ranked *order = mem_resize(NULL, rows->n + 1, sizeof *order);
	for (size_t i = 0; i < rows->n; i++) {
		struct rank_terms terms = terms_of(&rows->v[i]);
		order[i] = (struct ranked){.row = &rows->v[i], .index = rank_index(&terms)};
	}
	qsort(order, rows->n, sizeof *order, by_rank);
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < rows->n; i++)
		json_push(list, ranked_json(e, &order[i]));
	free(order);
	return list;
}

void docket_list(struct engine *e, struct json_object *params, struct call *call)
{
	bool all = json_flag(params, "all", false);
	const char *id = NULL;
	if (json_str(params, "session")) {
		struct session *s = engine_session_of(e, params, call);
		if (!s)
			return;
		id = s->row.id;
	}
	struct item_rows rows = {0};
	if (all)
		item_row_list_newest(e->setup.db, id, CLOSED_MAX, &rows);
	else
		item_row_list_open(e->setup.db, id, &rows);
	struct json_object *result = json_new();
	json_add_obj(result, "items", ranked_list(e, &rows));
	item_rows_fini(&rows);
	call_done(call, result);
}

/* ---- answering ---- */

static struct json_object *find_option(struct json_object *options, const char *key)
{
	for (size_t i = 0; i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), key) == 0)
			return json_at(options, i);
	return NULL;
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
	if (option && !find_option(options, option))
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
	    !find_option(*ret_options, option))
		return json_str(json_at(*ret_options, (size_t)n - 1), "key");
	return option;
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
		mem_replace(&row.state, "answered");
		mem_replace(&row.option, option);
		mem_replace(&row.text, text);
		row.closed_ms = clock_wall_ms();
		item_row_save(e->setup.db, &row);
		db_turn_durable(e->setup.db);
		session_event(s, "item.answered", item_json(s, &row));
		session_item_deliver(s, &row);
		item_row_get(e->setup.db, id, &row);
		call_done(call, item_json(s, &row));
	}
	item_row_fini(&row);
}
