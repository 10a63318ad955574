/* What of Codex waits for the lead: its requests that stand on the docket, and how their answers get back. What
 * they say is in codex_ask.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/codex.h"
#include "agent/permission.h"
#include "agent/say.h"
#include "base/mem.h"
#include "fmt/json.h"

enum {
	NO_SUCH_METHOD = -32601,
	OPEN_MAX = 64,         /* requests that may wait for the lead at once */
	ASKED_MAX = 256 << 10, /* bytes of one: it must fit a docket that others stand on too */
	ID_MAX = 256,
};

/* ---- what is open ---- */

static struct json_object *open_list(struct agent_session *s)
{
	struct json_object *list = json_arr(s->state, "open");
	if (!list) {
		list = json_new_array();
		json_add_obj(s->state, "open", list);
	}
	return list;
}

static size_t find_open(struct agent_session *s, const char *key)
{
	struct json_object *list = open_list(s);
	size_t i = 0;
	while (i < json_len(list) && strcmp(json_str_or(json_at(list, i), "key", ""), key) != 0)
		i++;
	return i;
}

static void forget_at(struct agent_session *s, size_t at)
{
	json_object_array_del_idx(open_list(s), at, 1);
	s->host->save(s);
}

bool codex_need_any(struct agent_session *s)
{
	return json_len(json_arr(s->state, "open")) > 0;
}

static char *key_of(struct json_object *id)
{
	return mem_printf("rpc-%s", json_line(id));
}

/* The bridge need not wait for an answer of ours. */
static void let_go(struct agent_session *s, int64_t request)
{
	struct json_object *answer JSON_FREE = json_new();
	json_add_bool(answer, "drop", true);
	if (request)
		s->host->reply(s, (uint64_t)request, answer);
}

/* Requests that are not for a person. The app-server asks all its clients and takes the first answer: in a terminal
 * Codex's own interface knows better. */
static void refuse(struct agent_session *s, const char *method, struct json_object *id, uint64_t request)
{
	if (!s->headless) {
		let_go(s, (int64_t)request);
		return;
	}
	say_unknown(s, method, NULL);
	struct json_object *answer = json_new(), *error = json_new();
	json_add_int(error, "code", NO_SUCH_METHOD);
	json_add_str(error, "message", "muster does not do that");
	json_add_obj(answer, "error", error);
	codex_respond(s, id, answer);
}

static bool is_bearable(struct json_object *id, struct json_object *params)
{
	return strlen(json_line(id)) <= ID_MAX && (!params || strlen(json_line(params)) <= ASKED_MAX);
}

void codex_asked(struct agent_session *s, const char *method, struct json_object *id, struct json_object *params,
		 uint64_t request)
{
	const struct codex_request *r = codex_request_find(method);
	if (!r || !is_bearable(id, params)) {
		refuse(s, r ? "request beyond all measure" : method, id, request);
		return;
	}
	char *key MEM_FREE = key_of(id);
	size_t known = find_open(s, key);
	if (known >= OPEN_MAX) {
		refuse(s, "request beyond what may be open at once", id, request);
		return;
	}
	struct codex_need need CLEANUP(codex_need_fini) = {.detail = json_new()};
	if (known < json_len(open_list(s)))
		forget_at(s, known); /* asked again on a new connection */
	r->open(s, params, &need);
	json_add_str(need.detail, "method", method);
	struct json_object *entry = json_new();
	json_add_str(entry, "key", key);
	json_add_obj(entry, "id", json_copy(id));
	json_add_int(entry, "request", (int64_t)request);
	json_add_str(entry, "thread", json_str(params, "threadId"));
	json_push(open_list(s), entry);
	s->host->save(s);
	s->host->item_open(s, &(struct agent_item){.need = need.kind,
						   .key = key,
						   .request = request,
						   .blocking = true,
						   .title = need.title,
						   .topic = need.topic,
						   .detail = need.detail,
						   .options = need.options});
}

static void settle_at(struct agent_session *s, size_t at, const char *reason)
{
	struct json_object *entry JSON_FREE = json_object_get(json_at(open_list(s), at));
	forget_at(s, at);
	s->host->item_withdraw(s, json_str_or(entry, "key", ""), reason);
	let_go(s, json_int(entry, "request", 0));
}

void codex_need_settle_all(struct agent_session *s, const char *reason)
{
	while (json_len(open_list(s)))
		settle_at(s, 0, reason);
}

void codex_need_settle_thread(struct agent_session *s, const char *thread, const char *reason)
{
	for (size_t i = json_len(open_list(s)); i > 0; i--)
		if (strcmp(json_str_or(json_at(open_list(s), i - 1), "thread", thread), thread) == 0)
			settle_at(s, i - 1, reason);
}

void codex_need_resolved(struct agent_session *s, struct json_object *id)
{
	char *key MEM_FREE = key_of(id);
	size_t at = find_open(s, key);
	if (at < json_len(open_list(s)))
		settle_at(s, at, "answered in the terminal, or taken back by Codex");
}

void codex_need_gone(struct agent_session *s, uint64_t request)
{
	for (size_t i = 0; request && i < json_len(open_list(s)); i++) {
		if ((uint64_t)json_int(json_at(open_list(s), i), "request", 0) == request) {
			forget_at(s, i);
			return;
		}
	}
}

/* ---- answers ---- */

void codex_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
		  const struct agent_answer *answer)
{
	const struct codex_request *r = codex_request_find(json_str_or(detail, "method", ""));
	size_t at = find_open(s, key);
	if (!r || at == json_len(open_list(s)))
		return; /* settled meanwhile: the host says so */
	struct json_object *entry JSON_FREE = json_object_get(json_at(open_list(s), at));
	struct json_object *reply = json_new();
	json_add_obj(reply, "result", r->answer(detail, answer));
	if (s->headless) {
		json_add_obj(entry, "result", json_copy(json_obj(reply, "result")));
		s->host->save(s);
		codex_respond(s, json_any(entry, "id"), reply);
	} else {
		forget_at(s, at);
		s->host->reply(s, request, reply);
		json_object_put(reply);
	}
	/* A refusal has no room for its reason: it follows as a message to the turn that goes on. */
	if (r->mute && !permission_allowed(answer) && answer->text) {
		char *why MEM_FREE = mem_printf("The lead denied that: %s", answer->text);
		codex_steer(s, why);
	}
}

void codex_need_resend(struct agent_session *s)
{
	for (size_t i = 0; i < json_len(open_list(s)); i++) {
		struct json_object *entry = json_at(open_list(s), i), *result = json_obj(entry, "result");
		if (!result)
			continue;
		struct json_object *answer = json_new();
		json_add_obj(answer, "result", json_copy(result));
		codex_respond(s, json_any(entry, "id"), answer);
	}
}
