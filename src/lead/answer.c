/* The lead's answer to an item, and to all that ask the same. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "lead/docket.h"
#include "lead/policy_hook.h"
#include "store/item_row.h"
#include "work/decision.h"
#include "work/session.h"

/* Where the option with that key is, or -1. */
static int place_of(struct json_object *options, const char *key)
{
	for (size_t i = 0; key && i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), key) == 0)
			return (int)i;
	return -1;
}

/* Options that stand for another one, and that the agent remembers besides, are the item's own; the others are the
 * same for all that ask the same. */
static bool is_own(struct json_object *option)
{
	return json_has(option, "as");
}

/* What the option with that key is to the others that ask the same: its place among those that they share, or -1. */
static int shared_place_of(struct json_object *options, const char *key)
{
	int at = place_of(options, key), n = 0;
	struct json_object *option = at < 0 ? NULL : json_at(options, (size_t)at);
	if (is_own(option))
		at = place_of(options, json_str(option, "as"));
	for (int i = 0; i < at; i++)
		n += !is_own(json_at(options, (size_t)i));
	return at < 0 ? -1 : n;
}

static const char *shared_key_at(struct json_object *options, int place)
{
	for (size_t i = 0; place >= 0 && i < json_len(options); i++)
		if (!is_own(json_at(options, i)) && place-- == 0)
			return json_str(json_at(options, i), "key");
	return NULL;
}

static void list_keys(struct json_object *options, struct str *out)
{
	for (size_t i = 0; i < json_len(options); i++)
		str_addf(out, "%s%s", i ? ", " : "", json_str_or(json_at(options, i), "key", "?"));
}

/* What the lead said of an item. */
struct answer {
	int64_t item;
	const char *option; /* key, or NULL */
	int place;          /* of the option among the item's; -1: none */
	int shared;         /* among those that all share, who may write its key otherwise; -1: none */
	const char *text;   /* or NULL */
	bool assumed;       /* instead of both: as the agent assumes */
	bool only;
	const char *decision; /* the name to keep the answer under, or NULL */
	bool as_rule;
};

/* What it goes on under, or NULL. */
static const char *assumption_of(struct json_object *detail)
{
	return json_str(detail, "assumption");
}

static bool is_decision(const struct item_row *row)
{
	return strcmp(row->kind, "decision") == 0;
}

static int check_assumed(const struct item_row *row, const struct answer *answer, struct err *err)
{
	struct json_object *detail JSON_FREE = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	if (answer->option || answer->text)
		return err_set(err, ERR_USAGE, "answer as it assumes, or with an option or text of your own: not both");
	if (!assumption_of(detail) || strcmp(row->kind, "question") != 0)
		return err_set(err, ERR_USAGE, "item %lld names no assumption that could be answered with", (long long)row->id);
	return 0;
}

static int check_decision(const struct item_row *row, const struct answer *answer, struct err *err)
{
	if (is_decision(row) && answer->only)
		return err_set(err, ERR_USAGE, "item %lld is a decision: it is for all who await it", (long long)row->id);
	if (is_decision(row) && answer->decision)
		return err_set(err, ERR_USAGE, "item %lld is a decision already, under its own name", (long long)row->id);
	if (answer->decision && strcmp(row->kind, "question") != 0)
		return err_set(err, ERR_USAGE, "item %lld is no question: only the answer to one becomes a decision",
		               (long long)row->id);
	return answer->decision ? decision_name_check(answer->decision, err) : 0;
}

/* Is it an answer that this item takes? */
static int check_answer(const struct item_row *row, const struct answer *answer, struct err *err)
{
	struct json_object *options JSON_FREE = row->options ? json_parse_text(row->options, NULL) : NULL;
	struct str keys STR_FREE = STR_INIT;
	list_keys(options, &keys);
	if (strcmp(row->state, "open") != 0)
		return err_set(err, ERR_REFUSED, "item %lld is %s already%s%s", (long long)row->id, row->state,
		               row->reason ? ": " : "", row->reason ? row->reason : "");
	if (answer->assumed)
		return check_assumed(row, answer, err);
	if (answer->option && answer->place < 0)
		return err_set(err, ERR_USAGE, "item %lld has no option %s; it has: %s", (long long)row->id, answer->option,
		               keys.len ? keys.data : "none (answer with text)");
	if (!answer->option && !answer->text)
		return err_set(err, ERR_USAGE, "item %lld needs an answer: %s%s", (long long)row->id,
		               keys.len ? "--option one of " : "a text", str_c(&keys));
	if (!answer->option && strcmp(row->kind, "permission") == 0)
		return err_set(err, ERR_USAGE, "item %lld is a permission: --option one of %s", (long long)row->id,
		               str_c(&keys));
	return check_decision(row, answer, err);
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

/* One item has its answer, unless it was closed meanwhile, or has no assumption to be answered with. */
static bool settle(struct engine *e, int64_t id, const struct answer *answer)
{
	struct item_row row = {0};
	struct session *s = item_row_get(e->setup.db, id, &row) ? engine_find(e, row.session) : NULL;
	struct json_object *options JSON_FREE = row.options ? json_parse_text(row.options, NULL) : NULL;
	struct json_object *detail JSON_FREE = row.detail ? json_parse_text(row.detail, NULL) : NULL;
	const char *option = id == answer->item ? answer->option : shared_key_at(options, answer->shared);
	const char *text = answer->assumed ? assumption_of(detail) : answer->text;
	bool open = s && strcmp(row.state, "open") == 0 && (option || text);
	if (open)
		session_item_answer(s, &row, option, text);
	item_row_fini(&row);
	return open;
}

/* Those that ask the same, but for the item itself, which were answered too. */
static struct json_object *settle_same(struct engine *e, const struct item_row *row, const struct answer *answer)
{
	struct item_rows same = {0};
	struct json_object *list = json_new_array();
	if (row->topic && !answer->only && (!answer->option || answer->shared >= 0))
		item_row_list_topic(e->setup.db, row->topic, &same);
	for (size_t i = 0; i < same.n; i++) {
		if (same.v[i].id != row->id && settle(e, same.v[i].id, answer))
			json_push(list, item_short_json(engine_find(e, same.v[i].session), &same.v[i]));
	}
	item_rows_fini(&same);
	return list;
}

/* The words of an answer: of an option what the lead read, its label. */
static const char *value_of(const struct answer *answer, struct json_object *options)
{
	if (answer->place < 0)
		return answer->text;
	struct json_object *option = json_at(options, (size_t)answer->place);
	return json_str_or(option, "label", json_str(option, "key"));
}

/* The item asks for a decision: it is made, for all who await it. Returns the others. */
static struct json_object *decide(struct engine *e, struct session *s, const struct item_row *row,
                                  struct json_object *options, const struct answer *answer)
{
	struct json_object *detail JSON_FREE = json_parse_text(row->detail, NULL), *list = json_new_array();
	struct item_rows same = {0};
	const struct decision_made made = {
		.scope = decision_scope(s),
		.name = json_str_or(detail, "decision", ""),
		.value = value_of(answer, options),
		.because = answer->place >= 0 && answer->text ? answer->text : json_str(detail, "because"),
		.item = row->id,
	};
	item_row_list_topic(e->setup.db, row->topic, &same);
	json_object_put(decision_make(e, &made));
	for (size_t i = 0; i < same.n; i++)
		if (same.v[i].id != row->id)
			json_push(list, item_short_json(engine_find(e, same.v[i].session), &same.v[i]));
	item_rows_fini(&same);
	return list;
}

/* The answer to a question holds for others too, from now on. */
static struct json_object *promote(struct engine *e, struct session *s, const struct item_row *row,
                                   struct json_object *options, const struct answer *answer)
{
	struct json_object *detail JSON_FREE = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	const struct decision_made made = {
		.scope = decision_scope(s),
		.name = answer->decision,
		.value = answer->assumed ? assumption_of(detail) : value_of(answer, options),
		.because = row->title,
		.item = row->id,
	};
	struct json_object *decision = decision_make(e, &made);
	struct decision_row known = {0};
	decision_give(s, answer->decision, &known); /* it has just heard it */
	decision_row_fini(&known);
	return decision;
}

static void answer_item(struct engine *e, struct session *s, struct item_row *row, struct json_object *options,
                        const struct answer *answer, struct rule *rule, struct call *call)
{
	struct json_object *same, *decision = NULL;
	int64_t id = row->id;
	db_turn_durable(e->setup.db);
	if (is_decision(row)) {
		same = decide(e, s, row, options, answer);
	} else {
		settle(e, id, answer);
		same = settle_same(e, row, answer);
		if (answer->decision)
			decision = promote(e, s, row, options, answer);
		policy_learn(e, s, row, answer->option);
		if (answer->as_rule)
			policy_store(e, rule, id);
	}
	item_row_get(e->setup.db, id, row);
	struct json_object *result = item_json(s, row);
	json_add_obj(result, "same", same);
	json_add_obj(result, "new_rule", answer->as_rule ? policy_rule_json(rule) : NULL);
	if (decision)
		json_add_obj(result, "decision", decision);
	call_done(call, result);
}

void docket_answer(struct engine *e, struct json_object *params, struct call *call)
{
	struct item_row row = {0};
	struct err err;
	int64_t id = json_int(params, "item", 0);
	struct json_object *options JSON_FREE = NULL;
	struct session *s = item_row_get(e->setup.db, id, &row) ? engine_find(e, row.session) : NULL;
	struct answer answer = {
		.item = id,
		.option = option_key(&row, json_str(params, "option"), &options),
		.text = json_str(params, "text"),
		.assumed = json_flag(params, "assumed", false),
		.only = json_flag(params, "only", false),
		.decision = json_str(params, "decision"),
		.as_rule = json_str(params, "pattern") || json_flag(params, "rule", false),
	};
	struct rule rule CLEANUP(rule_fini) = {0};
	answer.place = place_of(options, answer.option);
	answer.shared = shared_place_of(options, answer.option);
	int r = 0;
	if (!row.id)
		r = err_set(&err, ERR_USAGE, "no item %lld; `muster docket` lists them", (long long)id);
	else if (!s)
		r = err_set(&err, ERR_REFUSED, "item %lld belongs to a session that was removed", (long long)id);
	else
		r = check_answer(&row, &answer, &err);
	if (r == 0 && answer.as_rule)
		r = policy_rule_from(e, s, &row, answer.option, json_str(params, "pattern"), &rule, &err);
	if (r < 0)
		call_fail(call, &err);
	else
		answer_item(e, s, &row, options, &answer, &rule, call);
	item_row_fini(&row);
}
