#include "bridge/mail.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/mem.h"
#include "bridge/bridge.h"
#include "hold/proto.h"

enum {
	LINES_MAX = 64, /* that a connection may have without an answer: the holder counts them */
	ASKS_MAX = MAIL_FDS_MAX - 2, /* of the connections that the holder gives a session, others need some */
	ENVELOPE_MAX = 256,
	REFUSED_WAIT_MS = 100,
	REFUSED_TRIES = 50,
};

int mail_open(struct mail *m, struct err *err)
{
	*m = (struct mail){.lines.fd = -1, .orders.fd = -1};
	if (mailbox_init(&m->lines, NULL, err) < 0)
		return -1;
	if (mailbox_init(&m->orders, NULL, err) < 0) {
		mailbox_fini(&m->lines);
		return -1;
	}
	return 0;
}

static void ask_free(struct mail_ask *a)
{
	mailbox_fini(&a->box);
	json_object_put(a->id);
	free(a);
}

void mail_drop_asks(struct mail *m)
{
	while (m->asks) {
		struct mail_ask *a = m->asks;
		m->asks = a->next;
		ask_free(a);
	}
}

void mail_close(struct mail *m)
{
	mail_drop_asks(m);
	mailbox_fini(&m->lines);
	mailbox_fini(&m->orders);
}

/* ---- what fits a line ---- */

static void add_cut(struct json_object *obj, const char *key, const char *text, size_t len)
{
	struct str cut STR_FREE = STR_INIT;
	str_add(&cut, text, len);
	str_adds(&cut, BRIDGE_CUT);
	json_add_strn(obj, key, cut.data, cut.len);
}

/* Cuts every text in the value's objects to so many bytes. */
static void cut_texts(struct json_object *value, size_t max)
{
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			if (json_object_is_type(member, json_type_string) &&
			    (size_t)json_object_get_string_len(member) > max)
				add_cut(value, key, json_object_get_string(member), max);
			else
				cut_texts(member, max);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_len(value); i++)
			cut_texts(json_object_array_get_idx(value, i), max);
	}
}

static bool fits(struct json_object *data)
{
	return strlen(json_line(data)) + ENVELOPE_MAX <= HOLD_LINE_MAX;
}

/* Cuts texts as far as it takes. False when nothing helps. */
static bool make_fit(struct json_object *data)
{
	static const size_t text_max[] = {64 << 10, 4 << 10, 256};
	for (size_t i = 0; !fits(data); i++) {
		if (i == ARRAY_LEN(text_max))
			return false;
		cut_texts(data, text_max[i]);
	}
	return true;
}

static void make_line(struct str *out, const char *event, struct json_object *data)
{
	str_addf(out, "{\"m\":\"hook\",\"event\":\"%s\",\"data\":", event);
	json_add_line(out, data);
	str_addc(out, '}');
}

/* ---- sending ---- */

/* Sends it, and again for a while when the holder cannot take it: 1 sent, 0 never taken, -1 the holder is gone. A
 * connection that it has no room for the holder closes: whether it is still there shows when connecting. */
static int post(struct mailbox *box, const struct str *line, uint64_t *ret_request, struct err *err)
{
	const struct timespec pause = {.tv_nsec = REFUSED_WAIT_MS * 1000000L};
	for (int i = 0; i < REFUSED_TRIES; i++) {
		if (box->fd < 0 && mailbox_init(box, NULL, err) < 0)
			return -1;
		if (mailbox_send(box, line->data, line->len, ret_request, err) == 0)
			return 1;
		if (err->code != ERR_REFUSED)
			mailbox_fini(box);
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Closing a connection gives back what the holder counts for it; the lines on it are safe in its journal. */
static void renew(struct mail *m)
{
	mailbox_fini(&m->lines); /* post() makes another one */
	m->n_lines = 0;
}

int mail_line(struct mail *m, const char *event, struct json_object *data, struct err *err)
{
	struct str line STR_FREE = STR_INIT;
	uint64_t request;
	if (!make_fit(data)) {
		m->lost++;
		return 0;
	}
	make_line(&line, event, data);
	if (m->n_lines >= LINES_MAX)
		renew(m);
	int sent = post(&m->lines, &line, &request, err);
	m->n_lines++;
	m->lost += sent == 0;
	return sent < 0 ? -1 : 0;
}

int mail_next(struct mail *m, struct err *err)
{
	struct str line STR_FREE = STR_INIT;
	struct json_object *nothing JSON_FREE = json_new();
	make_line(&line, "next", nothing);
	int sent = post(&m->orders, &line, &m->next, err);
	return sent > 0 ? 0 : -1;
}

static size_t count_asks(const struct mail *m)
{
	size_t n = 0;
	for (const struct mail_ask *a = m->asks; a; a = a->next)
		n++;
	return n;
}

int mail_ask(struct mail *m, struct json_object *message, struct err *err)
{
	struct str line STR_FREE = STR_INIT;
	if (count_asks(m) >= ASKS_MAX || !fits(message)) {
		m->lost++; /* it still stands in the terminal */
		return 0;
	}
	make_line(&line, "ask", message);
	struct mail_ask *a = mem_alloc(sizeof *a);
	a->box.fd = -1;
	int sent = post(&a->box, &line, &a->request, err);
	if (sent <= 0) {
		mailbox_fini(&a->box);
		free(a);
		m->lost += sent == 0;
		return sent;
	}
	a->id = json_object_get(json_any(message, "id"));
	a->next = m->asks;
	m->asks = a;
	return 0;
}

/* ---- answers ---- */

static bool same_id(struct json_object *a, struct json_object *b)
{
	char *text MEM_FREE = mem_strdup(a ? json_line(a) : "");
	return strcmp(text, b ? json_line(b) : "") == 0;
}

void mail_resolved(struct mail *m, struct json_object *id)
{
	for (struct mail_ask **at = &m->asks; *at; at = &(*at)->next) {
		struct mail_ask *a = *at;
		if (!same_id(a->id, id))
			continue;
		*at = a->next;
		ask_free(a);
		return;
	}
}

static struct json_object *fetch(struct mailbox *box, uint64_t request)
{
	struct str text STR_FREE = STR_INIT;
	struct err err = {0};
	if (mailbox_wait(box, request, 0, &text, &err) <= 0)
		return NULL;
	return json_parse_object(str_c(&text), text.len, &err);
}

struct json_object *mail_answer(struct mail *m, struct json_object **ret_id)
{
	for (struct mail_ask **at = &m->asks; *at; at = &(*at)->next) {
		struct mail_ask *a = *at;
		struct json_object *answer = fetch(&a->box, a->request);
		if (!answer)
			continue;
		*at = a->next;
		*ret_id = json_object_get(a->id);
		ask_free(a);
		return answer;
	}
	return NULL;
}

struct json_object *mail_orders(struct mail *m)
{
	return fetch(&m->orders, m->next);
}

/* ---- waiting ---- */

size_t mail_fds(struct mail *m, struct pollfd *ret)
{
	size_t n = 0;
	ret[n++] = (struct pollfd){.fd = m->lines.fd, .events = POLLIN};
	ret[n++] = (struct pollfd){.fd = m->orders.fd, .events = POLLIN};
	for (struct mail_ask *a = m->asks; a && n < MAIL_FDS_MAX; a = a->next)
		ret[n++] = (struct pollfd){.fd = a->box.fd, .events = POLLIN};
	return n;
}

int mail_woke(struct mail *m, const struct pollfd *fds, size_t n)
{
	if (n && fds[0].revents & POLLIN)
		mailbox_drop_answers(&m->lines);
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents & (POLLHUP | POLLERR | POLLNVAL))
			return -1;
	return 0;
}
