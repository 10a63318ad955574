/* What Codex's app-server may send, line by line, to its adapter: whatever it is, what goes back is JSON, and what
 * is put on the docket has a key and a title. The first byte says which form it is. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/attr.h"
#include "fmt/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void host_signal(struct agent_session *s, const char *source, enum agent_activity a, int confidence,
			const char *detail)
{
	(void)s;
	must(source && agent_activity_name(a) && confidence <= 100 && detail);
}

/* What is asked is answered, too: what the adapter keeps of it must be enough. */
static void host_item_open(struct agent_session *s, const struct agent_item *item)
{
	(void)s;
	must(item->key && *item->key && item->title);
	if (!item->detail)
		return;
	struct json_object *detail JSON_FREE = json_copy(item->detail);
	const struct agent_answer text = {.text = "1\ntrue"};
	const struct agent_answer first = {.option = json_str(json_at(item->options, 0), "key")};
	s->ops->answer(s, item->key, item->request, detail, first.option ? &first : &text);
}

static void host_item_withdraw(struct agent_session *s, const char *key, const char *reason)
{
	(void)s;
	must(key && reason);
}

static void host_reply(struct agent_session *s, uint64_t request, struct json_object *answer)
{
	(void)s;
	must(request && json_line(answer));
}

static void host_input(struct agent_session *s, const void *bytes, size_t len)
{
	(void)s;
	must(len && memchr(bytes, '\n', len) == (const char *)bytes + len - 1);
	struct json_object *message JSON_FREE = json_parse_object(bytes, len, NULL);
	must(message != NULL);
}

static void host_prompt_settled(struct agent_session *s, int64_t prompt, const char *failed_why)
{
	(void)s;
	(void)failed_why;
	must(prompt == 1);
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
	must(kind && json_line(data));
}

static void host_timer(struct agent_session *s, const char *name, int delay_ms)
{
	(void)delay_ms;
	s->ops->on_timer(s, name);
}

static void host_save(struct agent_session *s)
{
	must(json_line(s->state) != NULL);
}

static const struct agent_host host = {
	.signal = host_signal,
	.item_open = host_item_open,
	.item_withdraw = host_item_withdraw,
	.reply = host_reply,
	.input = host_input,
	.prompt_settled = host_prompt_settled,
	.turn_started = host_turn_started,
	.turn_ended = host_turn_ended,
	.said = host_said,
	.timer = host_timer,
	.save = host_save,
};

/* In a terminal every message comes by a request of the bridge's. */
static void feed(struct agent_session *s, const char *line, size_t len, uint64_t request)
{
	struct json_object *message JSON_FREE = s->headless ? NULL : json_parse_object(line, len, NULL);
	if (s->headless)
		s->ops->on_line(s, line, len);
	else if (message)
		s->ops->on_hook(s, request, json_has(message, "method") && json_has(message, "id") ? "ask" : "line",
				message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct strv none = STRV_INIT;
	struct agent_launch launch = {0};
	struct err err = {0};
	struct agent_session s = {.host = &host,
				  .ops = &agent_codex,
				  .id = "0",
				  .name = "s",
				  .workspace = "/w",
				  .folder = "/s",
				  .prompt = "Do it.",
				  .headless = size && data[0] & 1,
				  .command = &none,
				  .muster_path = "/m",
				  .state = json_new()};
	const char *at = (const char *)data + (size ? 1 : 0), *end = (const char *)data + size;
	must(s.ops->launch(&s, AGENT_START_NEW, &launch, &err) == 0);
	s.ops->on_attached(&s, true);
	s.ops->tell(&s, 1, "more");
	for (uint64_t request = 1; at < end; request++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		feed(&s, at, (size_t)((stop ? stop : end) - at), request);
		at = stop ? stop + 1 : end;
	}
	s.ops->on_attached(&s, true);
	s.ops->clear(&s, &err);
	s.ops->interrupt(&s, &err);
	s.ops->on_exited(&s, 0);
	strv_fini(&launch.argv);
	json_object_put(s.state);
	return 0;
}
