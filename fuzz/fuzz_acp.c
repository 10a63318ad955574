/* Lines of an agent that speaks ACP. Whatever they are: each message to it is one line of JSON right behind the one
 * before, what it needs can be answered, and a new musterd, which has nothing but the stored state, goes on. The
 * first byte says how often one comes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/mem.h"
#include "fmt/json.h"

enum { NEEDS_MAX = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct need {
	char *key, *option;
	struct json_object *detail;
};

struct host_state {
	uint64_t end; /* of its input */
	struct need needs[NEEDS_MAX];
	size_t n;
};

static struct host_state *of(struct agent_session *s)
{
	return s->host_data;
}

static void host_signal(struct agent_session *s, const char *source, enum agent_activity a, int confidence,
			const char *detail)
{
	(void)s;
	if (!source || !detail || a > AGENT_ERROR || confidence > 100)
		abort();
}

static void host_item_open(struct agent_session *s, const struct agent_item *item)
{
	struct host_state *h = of(s);
	if (!item->key || !item->title)
		abort();
	if (!item->blocking || h->n == NEEDS_MAX)
		return;
	const char *option = json_str(json_at(item->options, 0), "key");
	h->needs[h->n++] = (struct need){.key = mem_strdup(item->key),
					 .option = option ? mem_strdup(option) : NULL,
					 .detail = json_copy(item->detail)};
}

static void host_item_withdraw(struct agent_session *s, const char *key, const char *reason)
{
	(void)s;
	if (!key || !reason)
		abort();
}

static void host_input_at(struct agent_session *s, uint64_t offset, const void *bytes, size_t len)
{
	struct host_state *h = of(s);
	struct json_object *msg JSON_FREE = json_parse_object(bytes, len, NULL);
	const char *text = bytes;
	if (offset > h->end || !msg || len == 0 || text[len - 1] != '\n' || memchr(text, '\n', len - 1))
		abort();
	h->end = MAX(h->end, offset + len);
}

static void host_prompt_settled(struct agent_session *s, int64_t prompt, const char *failed_why)
{
	(void)s;
	(void)failed_why;
	if (prompt != 7)
		abort();
}

static void host_turn_started(struct agent_session *s)
{
	(void)s;
}

static void host_turn_ended(struct agent_session *s, const char *last_words)
{
	(void)s;
	(void)last_words;
}

static void host_said(struct agent_session *s, const char *kind, struct json_object *data)
{
	(void)s;
	if (!kind || !json_object_is_type(data, json_type_object))
		abort();
}

static void host_timer(struct agent_session *s, const char *name, int delay_ms)
{
	(void)s;
	(void)name;
	(void)delay_ms;
}

static void host_save(struct agent_session *s)
{
	(void)s;
}

static const struct agent_host host = {
	.signal = host_signal,
	.item_open = host_item_open,
	.item_withdraw = host_item_withdraw,
	.input_at = host_input_at,
	.prompt_settled = host_prompt_settled,
	.turn_started = host_turn_started,
	.turn_ended = host_turn_ended,
	.said = host_said,
	.timer = host_timer,
	.save = host_save,
};

/* The state as a new musterd reads it. */
static void restart(struct agent_session *s)
{
	struct json_object *again = json_parse_text(json_line(s->state), NULL);
	if (!again || !json_object_equal(again, s->state))
		abort();
	json_object_put(s->state);
	s->state = again;
	s->ops->on_attached(s, true);
}

static void answer_all(struct agent_session *s)
{
	struct host_state *h = of(s);
	for (size_t i = 0; i < h->n; i++) {
		struct agent_answer answer = {.option = h->needs[i].option, .text = i % 2 ? "yes, 1" : NULL};
		s->ops->answer(s, h->needs[i].key, 0, h->needs[i].detail, &answer);
		s->ops->answer(s, h->needs[i].key, 0, h->needs[i].detail, &answer);
		free(h->needs[i].key);
		free(h->needs[i].option);
		json_object_put(h->needs[i].detail);
	}
	h->n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct host_state h = {0};
	struct strv command STRV_FREE = STRV_INIT;
	struct agent_session s = {
		.host = &host,
		.ops = &agent_acp,
		.host_data = &h,
		.id = "0000000000",
		.name = "s",
		.agent = "acp:x",
		.workspace = "/w",
		.prompt = "Do it.",
		.command = &command,
		.state = json_new(),
	};
	int every = data[0] % 8 + 1, n = 0;
	const char *at = (const char *)data + 1, *end = (const char *)data + size;
	s.ops->on_attached(&s, true);
	s.ops->tell(&s, 7, "and this");
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		s.ops->on_line(&s, at, (size_t)(stop - at));
		if (++n % every == 0)
			restart(&s);
		if (n % 3 == 0)
			answer_all(&s);
		at = stop + 1;
	}
	s.ops->on_input_done(&s, h.end, 0);
	answer_all(&s);
	s.ops->on_exited(&s, 0);
	answer_all(&s);
	json_object_put(s.state);
	return 0;
}
