#include "work/session_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "work/assumption.h"

/* One question as it is asked. */
struct question {
	char *title;
	struct json_object *detail, *options; /* options NULL: free text */
};

static void question_fini(struct question *q)
{
	free(q->title);
	json_object_put(q->detail);
	json_object_put(q->options);
}

/* ---- reading ---- */

static void add_text(struct json_object *detail, struct json_object *msg, const char *key)
{
	char *text MEM_FREE = session_mail_text(msg, key, TEXT_LINES);
	if (text && *text)
		json_add_str(detail, key, text);
}

/* [{key, label}], or words that are both. */
static int read_options(struct json_object *given, struct json_object **ret, struct err *err)
{
	struct json_object *list JSON_FREE = json_new_array();
	if (json_len(given) > ASK_OPTIONS_MAX)
		return err_set(err, ERR_USAGE, "a question has at most %d options", ASK_OPTIONS_MAX);
	for (size_t i = 0; i < json_len(given); i++) {
		struct json_object *one = json_at(given, i);
		const char *word = json_str_at(given, i), *key = word ? word : json_str(one, "key");
		if (!key || !*key)
			return err_set(err, ERR_USAGE, "an option is a word, or {\"key\", \"label\"}");
		struct json_object *o = json_new();
		json_add_str(o, "key", key);
		json_add_str(o, "label", word ? word : json_str_or(one, "label", key));
		if (json_str(one, "description"))
			json_add_str(o, "description", json_str(one, "description"));
		json_push(list, o);
	}
	*ret = json_len(list) ? MEM_TAKE(list) : NULL;
	return 0;
}

static int read_question(struct json_object *msg, struct question *ret, struct err *err)
{
	static const char *const texts[] = {"context", "assumption", "blocks"};
	int64_t sure = json_int_in(msg, "sure", 0, 100, -1);
	struct question q = {.title = session_mail_text(msg, "question", TEXT_ONE_LINE), .detail = json_new()};
	int r = 0;
	if (!q.title || !*q.title)
		r = err_set(err, ERR_USAGE, "ask needs a question");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		add_text(q.detail, msg, texts[i]);
	if (sure >= 0)
		json_add_int(q.detail, "sure", sure);
	if (r < 0 || read_options(json_arr(msg, "options"), &q.options, err) < 0) {
		question_fini(&q);
		return -1;
	}
	*ret = q;
	return 0;
}

static int check_room(struct session *s, size_t n, struct err *err)
{
	if ((size_t)s->open_items + n <= ASK_OPEN_MAX)
		return 0;
	return err_set(err, ERR_REFUSED,
	               "%d items of this session are open, and %d is the most: wait for answers, or go on under "
	               "assumptions of your own and name them when you are done",
	               s->open_items, ASK_OPEN_MAX);
}

/* ---- asking ---- */

/* The open item of this session that asks just that without waiting, or 0. */
static int64_t asked_already(struct session *s, const struct question *q)
{
	struct item_rows open = {0};
	const char *options = q->options ? json_line(q->options) : "";
	int64_t id = 0;
	item_row_list_open(s->engine->setup.db, s->row.id, &open);
	for (size_t i = 0; i < open.n && !id; i++) {
		const struct item_row *row = &open.v[i];
		if (!row->blocking && strcmp(row->kind, "question") == 0 && strcmp(row->title, q->title) == 0 &&
		    strcmp(row->options ? row->options : "", options) == 0)
			id = row->id;
	}
	item_rows_fini(&open);
	return id;
}

static int64_t ask(struct session *s, uint64_t request, const char *key, bool blocking, const struct question *q)
{
	int64_t known = blocking ? 0 : asked_already(s, q);
	struct agent_item item = {
		.need = AGENT_NEED_QUESTION,
		.key = key,
		.request = blocking ? request : 0,
		.blocking = blocking,
		.title = q->title,
		.topic = q->title,
		.detail = q->detail,
		.options = q->options,
	};
	return known ? known : session_item_open(s, "question", &item);
}

void session_mail_ask(struct session *s, uint64_t request, struct json_object *msg)
{
	bool blocking = json_flag(msg, "blocking", true);
	struct question q;
	struct err err;
	if (check_room(s, 1, &err) < 0 || read_question(msg, &q, &err) < 0) {
		session_reply_error(s, request, err.msg);
		return;
	}
	MEM_FREE char *key = mem_printf("ask-%llu", (unsigned long long)request);
	int64_t id = ask(s, request, key, blocking, &q);
	if (!blocking) {
		struct json_object *answer JSON_FREE = json_new();
		json_add_int(answer, "item", id);
		session_reply(s, request, answer);
	}
	question_fini(&q);
}

/* All of them, or none. */
static int read_batch(struct json_object *list, struct question **ret, struct err *err)
{
	size_t n = json_len(list);
	if (n == 0 || n > ASK_BATCH_MAX)
		return err_set(err, ERR_USAGE, "ask_many takes 1 to %d questions", ASK_BATCH_MAX);
	struct question *v = mem_resize(NULL, n, sizeof *v);
	for (size_t i = 0; i < n; i++) {
		if (read_question(json_at(list, i), &v[i], err) == 0)
			continue;
		err_prefix(err, "question %zu", i + 1);
		while (i > 0)
			question_fini(&v[--i]);
		free(v);
		return -1;
	}
	*ret = v;
	return (int)n;
}

void session_mail_ask_many(struct session *s, uint64_t request, struct json_object *msg)
{
	bool blocking = json_flag(msg, "blocking", true);
	struct json_object *list = json_arr(msg, "questions");
	struct question *v = NULL;
	struct err err;
	int n = check_room(s, json_len(list), &err) < 0 ? -1 : read_batch(list, &v, &err);
	if (n < 0) {
		session_reply_error(s, request, err.msg);
		return;
	}
	struct json_object *items = json_new_array();
	for (int i = 0; i < n; i++) {
		MEM_FREE char *key = mem_printf("ask-%llu-%03d", (unsigned long long)request, i);
		json_push(items, json_object_new_int64(ask(s, request, key, blocking, &v[i])));
		question_fini(&v[i]);
	}
	free(v);
	struct json_object *answer JSON_FREE = json_new();
	json_add_obj(answer, "items", items);
	if (!blocking)
		session_reply(s, request, answer);
}

/* ---- answering ---- */

static struct json_object *answer_json(const struct item_row *row)
{
	struct json_object *o = json_new();
	if (row->option)
		json_add_str(o, "option", row->option);
	if (row->text)
		json_add_str(o, "text", row->text);
	return o;
}

static int by_key(const void *a, const void *b)
{
	const struct item_row *x = a, *y = b;
	return strcmp(x->key, y->key);
}

static bool is_of_batch(const char *key)
{
	return strchr(key + strlen("ask-"), '-') != NULL;
}

/* The reply to a request, when all that it asked is answered. */
static void reply(struct session *s, const struct item_row *row)
{
	struct json_object *answer JSON_FREE = json_new();
	if (!is_of_batch(row->key)) {
		json_add_obj(answer, "answer", answer_json(row));
		session_reply(s, (uint64_t)row->request, answer);
		return;
	}
	struct item_rows batch = {0};
	struct json_object *list = json_new_array();
	bool open = false;
	item_row_list_request(s->engine->setup.db, s->row.id, row->request, &batch);
	qsort(batch.v, batch.n, sizeof *batch.v, by_key);
	for (size_t i = 0; i < batch.n; i++) {
		open |= strcmp(batch.v[i].state, "open") == 0;
		json_push(list, answer_json(&batch.v[i]));
	}
	json_add_obj(answer, "answers", list);
	if (!open)
		session_reply(s, (uint64_t)row->request, answer);
	item_rows_fini(&batch);
}

bool session_ask_deliver(struct session *s, struct item_row *row)
{
	if (!row->request)
		return assumption_settle(s, row);
	reply(s, row);
	return false;
}
