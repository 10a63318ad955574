/* The agent's mailbox: lines that hooks and `muster ask|report|done|job` wrote, and the replies to them.
 *
 * A reply is stored (outbox) in the turn that decided it and deleted when the holder has confirmed it, so that a
 * musterd that dies in between sends it again; the holder drops what it has seen. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"
#include "store/reply_row.h"
#include "work/decision.h"
#include "work/session.h"
#include "work/session_ask.h"

enum { MAIL_TEXT_MAX = 16 * 1024 };

/* ---- replies ---- */

struct reply_wait {
	struct engine *engine;
	char session[16];
	uint64_t request;
};

static void reply_confirmed(void *arg, const struct hold_answer *answer)
{
	struct reply_wait *w = arg;
	struct session *s = engine_find(w->engine, w->session);
	/* An error is the connection's: the reply stays in the outbox for the next one. */
	if (s && (answer->error == 0 || answer->error == -ESTALE)) {
		reply_row_delete(w->engine->setup.db, w->session, (int64_t)w->request);
		session_items_delivered(s, w->request, answer->error == -ESTALE);
	}
	free(w);
}

static void send_reply(struct session *s, uint64_t request, const char *json)
{
	if (!s->connected)
		return;
	struct reply_wait *w = mem_alloc(sizeof *w);
	w->engine = s->engine;
	snprintf(w->session, sizeof w->session, "%s", s->row.id);
	w->request = request;
	hold_client_reply(s->hold, request, json, reply_confirmed, w);
}

void session_reply(struct session *s, uint64_t request, struct json_object *answer)
{
	struct reply_row row = {.session = s->row.id,
	                        .request = (int64_t)request,
	                        .answer = (char *)json_line(answer),
	                        .created_ms = clock_wall_ms()};
	reply_row_put(s->engine->setup.db, &row);
	send_reply(s, request, row.answer);
}

void session_outbox_send(struct session *s)
{
	struct reply_rows rows = {0};
	reply_row_list(s->engine->setup.db, s->row.id, &rows);
	for (size_t i = 0; i < rows.n; i++)
		send_reply(s, (uint64_t)rows.v[i].request, rows.v[i].answer);
	reply_rows_fini(&rows);
}

static void reply_ok(struct session *s, uint64_t request)
{
	struct json_object *answer JSON_FREE = json_new();
	json_add_bool(answer, "ok", true);
	session_reply(s, request, answer);
}

void session_reply_error(struct session *s, uint64_t request, const char *message)
{
	struct json_object *answer JSON_FREE = json_new();
	json_add_str(answer, "error", message);
	session_reply(s, request, answer);
}

/* ---- the messages, one function each ---- */

typedef void on_mail(struct session *s, uint64_t request, struct json_object *msg);

static void on_hook(struct session *s, uint64_t request, struct json_object *msg)
{
	const char *event = json_str(msg, "event");
	if (!event || !s->agent.ops->on_hook) {
		reply_ok(s, request);
		return;
	}
	s->agent.ops->on_hook(&s->agent, request, event, json_obj(msg, "data"));
}

char *session_mail_text(struct json_object *msg, const char *key, enum text_keep keep)
{
	const char *text = json_str(msg, key);
	if (!text)
		return NULL;
	struct str out = STR_INIT;
	text_add_inert(&out, text, MIN(strlen(text), (size_t)MAIL_TEXT_MAX), keep);
	return str_take(&out);
}

static void on_report(struct session *s, uint64_t request, struct json_object *msg)
{
	char *text MEM_FREE = session_mail_text(msg, "text", TEXT_ONE_LINE);
	char *next MEM_FREE = session_mail_text(msg, "next", TEXT_ONE_LINE);
	int64_t percent = json_int_in(msg, "percent", 0, 100, -1);
	struct json_object *data = json_new();
	if (percent >= 0) {
		s->row.progress = percent;
		json_add_int(data, "percent", percent);
	}
	if (text) {
		mem_replace(&s->row.progress_text, text);
		json_add_str(data, "text", text);
	}
	if (next)
		json_add_str(data, "next", next);
	session_save(s);
	session_event(s, "report", data);
	reply_ok(s, request);
}

static void on_done(struct session *s, uint64_t request, struct json_object *msg)
{
	char *summary MEM_FREE = session_mail_text(msg, "summary", TEXT_LINES);
	char *tested MEM_FREE = session_mail_text(msg, "tested", TEXT_LINES);
	char *look MEM_FREE = session_mail_text(msg, "look", TEXT_LINES);
	struct json_object *detail JSON_FREE = json_new();
	json_add_str(detail, "summary", summary ? summary : "");
	if (tested)
		json_add_str(detail, "tested", tested);
	if (look)
		json_add_str(detail, "look", look);
	struct agent_item item = {
		.need = AGENT_NEED_REVIEW,
		.key = "done",
		.title = "it says that the task is complete: review it",
		.detail = detail,
	};
	session_item_withdraw(s, "turn-ended", "it says that it is done");
	session_item_open(s, "review", &item);
	session_signal(s, "done", AGENT_DONE, 98, summary && *summary ? summary : "it said that it is done");
	session_event(s, "agent.done", json_object_get(detail));
	reply_ok(s, request);
}

void session_recap(struct session *s, const char *text)
{
	struct str inert = STR_INIT;
	text_add_inert(&inert, text, MIN(strlen(text), (size_t)MAIL_TEXT_MAX), TEXT_LINES);
	mem_replace(&s->row.recap, str_c(&inert));
	str_fini(&inert);
	session_save(s);
}

static void on_recap(struct session *s, uint64_t request, struct json_object *msg)
{
	const char *text = json_str(msg, "text");
	if (!text || !*text) {
		session_reply_error(s, request, "recap needs a text");
		return;
	}
	session_recap(s, text);
	struct json_object *data = json_new();
	json_add_str(data, "text", s->row.recap);
	session_event(s, "recap", data);
	reply_ok(s, request);
}

static const struct {
	const char *name;
	on_mail *handle;
} mail_table[] = {
	{"hook", on_hook},
	{"ask", session_mail_ask},
	{"ask_many", session_mail_ask_many},
	{"await", session_mail_await},
	{"decisions", session_mail_decisions},
	{"propose", session_mail_propose},
	{"report", on_report},
	{"done", on_done},
	{"recap", on_recap},
	{"job", session_mail_job},
};

void session_mail(struct session *s, uint64_t request, const uint8_t *line, size_t len)
{
	struct err err = {0};
	struct json_object *msg JSON_FREE = json_parse_object(line, len, &err);
	const char *name = msg ? json_str(msg, "m") : NULL;
	for (size_t i = 0; name && i < ARRAY_LEN(mail_table); i++) {
		if (strcmp(mail_table[i].name, name) == 0) {
			mail_table[i].handle(s, request, msg);
			return;
		}
	}
	MEM_FREE char *why = msg ? mem_printf("unknown message: %s", name ? name : "it has no \"m\"") : mem_strdup(err.msg);
	session_reply_error(s, request, why);
}

void session_mail_began(struct session *s)
{
	struct reply_rows rows = {0};
	reply_row_list(s->engine->setup.db, s->row.id, &rows);
	for (size_t i = 0; i < rows.n; i++)
		reply_row_delete(s->engine->setup.db, s->row.id, rows.v[i].request);
	reply_rows_fini(&rows);
	session_items_withdraw_all(s, "the process that asked is gone", true);
}

void session_mail_gone(struct session *s, uint64_t request)
{
	reply_row_delete(s->engine->setup.db, s->row.id, (int64_t)request);
	session_items_request_gone(s, request);
	if (s->agent.ops->on_request_gone)
		s->agent.ops->on_request_gone(&s->agent, request);
}
