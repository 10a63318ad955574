#include "work/decision.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "store/event.h"
#include "store/reliance_row.h"

enum { PREFACE_MAX = 16 * 1024 }; /* of the first prompt; what does not fit is counted there */

int decision_name_check(const char *name, struct err *err)
{
	size_t len = name ? strlen(name) : 0;
	bool good = len > 0 && len <= DECISION_NAME_MAX && isalnum((unsigned char)name[0]);
	for (size_t i = 0; good && i < len; i++)
		good = isalnum((unsigned char)name[i]) || strchr("._-", name[i]);
	if (good)
		return 0;
	return err_set(err, ERR_USAGE,
	               "a decision is named by 1 to %d letters, digits, '.', '_' and '-', and begins with a letter or digit",
	               DECISION_NAME_MAX);
}

const char *decision_scope(const struct session *s)
{
	return s->row.git_dir ? s->row.git_dir : s->row.workspace ? s->row.workspace : "";
}

/* ---- who relies on what ---- */

static void rely(struct session *s, const struct decision_row *row)
{
	const struct reliance_row known = {
		.session = s->row.id, .name = row->name, .decision = row->id, .told_ms = clock_wall_ms()};
	reliance_row_put(s->engine->setup.db, &known);
}

bool decision_give(struct session *s, const char *name, struct decision_row *ret)
{
	if (!decision_row_for(s->engine->setup.db, decision_scope(s), name, ret))
		return false;
	rely(s, ret);
	return true;
}

/* The session's version of the name is another than it was told of: true when it has another value too. */
static bool is_news(struct session *s, const struct reliance_row *known, struct decision_row *now, struct decision_row *old)
{
	struct db *db = s->engine->setup.db;
	return decision_row_for(db, decision_scope(s), known->name, now) && now->id != known->decision &&
	       decision_row_get(db, known->decision, old) && strcmp(now->value, old->value) != 0;
}

static void tell_change(struct session *s, const struct decision_row *now, const struct decision_row *old)
{
	MEM_FREE char *text = mem_printf("The decision \"%s\" has changed. It was: %s\nIt is now: %s%s%s\n"
	                                 "Change what you built on the old value.",
	                                 now->name, old->value, now->value, now->because ? "\nBecause: " : "",
	                                 now->because ? now->because : "");
	int64_t prompt;
	session_prompt_add(s, text, &prompt);
	rely(s, now);
	session_prompts_pump(s);
}

static void tell_all(struct engine *e, const char *name, struct json_object *told, struct json_object *untold)
{
	struct reliance_rows list = {0};
	reliance_row_list(e->setup.db, name, &list);
	for (size_t i = 0; i < list.n; i++) {
		struct session *s = engine_find(e, list.v[i].session);
		struct decision_row now = {0}, old = {0};
		if (s && is_news(s, &list.v[i], &now, &old)) {
			bool can = session_hears(s);
			json_push_str(can ? told : untold, s->row.name);
			if (can)
				tell_change(s, &now, &old);
		}
		decision_row_fini(&now);
		decision_row_fini(&old);
	}
	reliance_rows_fini(&list);
}

/* ---- who awaits it ---- */

static bool asks_for(const struct item_row *row, const char *name)
{
	if (strcmp(row->kind, "decision") != 0 || !row->detail)
		return false;
	struct json_object *detail JSON_FREE = json_parse_text(row->detail, NULL);
	return strcmp(json_str_or(detail, "decision", ""), name) == 0;
}

/* All open items that ask for it, where it holds. */
static void settle_awaiting(struct engine *e, const struct decision_row *row)
{
	struct item_rows open = {0};
	item_row_list_kind(e->setup.db, "decision", &open);
	for (size_t i = 0; i < open.n; i++) {
		struct session *s = engine_find(e, open.v[i].session);
		bool meant = s && (!*row->scope || strcmp(row->scope, decision_scope(s)) == 0);
		if (meant && asks_for(&open.v[i], row->name))
			session_item_answer(s, &open.v[i], NULL, row->value);
	}
	item_rows_fini(&open);
}

static struct json_object *relying_json(struct engine *e, const struct decision_row *row)
{
	struct reliance_rows known = {0};
	struct json_object *list = json_new_array();
	reliance_row_list(e->setup.db, row->name, &known);
	for (size_t i = 0; i < known.n; i++) {
		struct session *s = engine_find(e, known.v[i].session);
		if (s && known.v[i].decision == row->id)
			json_push_str(list, s->row.name);
	}
	reliance_rows_fini(&known);
	return list;
}

/* ---- making ---- */

struct json_object *decision_short_json(const struct decision_row *row)
{
	struct json_object *o = json_new();
	json_add_str(o, "name", row->name);
	json_add_str(o, "value", row->value);
	json_add_str(o, "because", row->because);
	json_add_int(o, "version", row->version);
	json_add_int(o, "decided_ms", row->made_ms);
	return o;
}

struct json_object *decision_json(struct engine *e, const struct decision_row *row)
{
	struct json_object *o = decision_short_json(row);
	json_add_int(o, "id", row->id);
	json_add_str(o, "scope", *row->scope ? row->scope : NULL);
	json_add_int(o, "item", row->item);
	json_add_int(o, "superseded_ms", row->superseded_ms);
	json_add_obj(o, "relied_on_by", relying_json(e, row));
	return o;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The row that holds from now on; an earlier one is superseded. */
static void store(struct db *db, const struct decision_made *made, struct decision_row *ret)
{
	struct decision_row old = {0};
	bool had = decision_row_current(db, made->scope, made->name, &old);
	if (had && same_text(old.value, made->value) && same_text(old.because, made->because)) {
		*ret = old;
		return;
	}
	if (had) {
		old.superseded_ms = clock_wall_ms();
		decision_row_save(db, &old);
	}
	*ret = (struct decision_row){
		.scope = mem_strdup(made->scope),
		.name = mem_strdup(made->name),
		.version = had ? old.version + 1 : 1,
		.value = mem_strdup(made->value),
		.because = made->because ? mem_strdup(made->because) : NULL,
		.item = made->item,
		.made_ms = clock_wall_ms(),
	};
	decision_row_insert(db, ret);
	decision_row_fini(&old);
	struct json_object *data = decision_short_json(ret);
	json_add_str(data, "scope", *ret->scope ? ret->scope : NULL);
	event_append(db, NULL, "decision.made", data);
}

struct json_object *decision_make(struct engine *e, const struct decision_made *made)
{
	struct decision_row row = {0};
	struct json_object *told = json_new_array(), *untold = json_new_array();
	store(e->setup.db, made, &row);
	settle_awaiting(e, &row);
	tell_all(e, row.name, told, untold);
	struct json_object *o = decision_json(e, &row);
	json_add_obj(o, "told", told);
	json_add_obj(o, "untold", untold);
	decision_row_fini(&row);
	return o;
}

/* ---- what a new session is told ---- */

static size_t add_line(struct str *out, const struct decision_row *row)
{
	size_t before = out->len;
	str_addf(out, "\n- %s: %s", row->name, row->value);
	if (row->because)
		str_addf(out, " (because: %s)", row->because);
	if (out->len <= PREFACE_MAX)
		return 0;
	str_cut(out, before);
	return 1;
}

char *decision_preface(struct session *s)
{
	struct decision_rows all = {0};
	struct str out = STR_INIT;
	size_t left_out = 0;
	decision_row_list(s->engine->setup.db, decision_scope(s), false, &all);
	if (all.n)
		str_adds(&out, "These decisions of the lead hold for your work:");
	for (size_t i = 0; i < all.n; i++) {
		/* Of one name, the scope's own comes after that of everywhere, and hides it. */
		if (i + 1 < all.n && strcmp(all.v[i].name, all.v[i + 1].name) == 0)
			continue;
		size_t too_long = add_line(&out, &all.v[i]);
		left_out += too_long;
		if (!too_long)
			rely(s, &all.v[i]);
	}
	if (left_out)
		str_addf(&out, "\n- and %zu more: ask for them by name (muster await NAME)", left_out);
	decision_rows_fini(&all);
	return out.len ? str_take(&out) : NULL;
}
