#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/rpc.h" /* first: cmocka has a macro named fail */

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "io/unixsock.h"

enum { PATIENCE_MS = 10000 };

/* A server whose methods are: echo {…} gives its parameters back, fail, later (kept for the test to end), big
 * (a text of params.size bytes), watch (subscribes). */
struct box {
	char dir[64];
	char *path;
	int listen_fd;
	uv_loop_t loop;
	uv_timer_t tick;
	struct rpc_handler handler;
	struct rpc_server *server;
	struct rpc_call *later[8];
	size_t n_later;
	int calls;
	int client;
	struct str got;
};

static void serve(struct rpc_handler *h, const char *method, struct json_object *params, struct rpc_call *call)
{
	struct box *b = CONTAINER_OF(h, struct box, handler);
	struct err err;
	b->calls++;
	if (strcmp(method, "echo") == 0) {
		call_done(&call->call, json_object_get(params));
	} else if (strcmp(method, "later") == 0) {
		b->later[b->n_later++] = call;
	} else if (strcmp(method, "big") == 0) {
		size_t size = (size_t)json_int(params, "size", 0);
		char *text MEM_FREE = mem_alloc(size + 1);
		memset(text, 'x', size);
		call_done(&call->call, json_new_str(text));
	} else if (strcmp(method, "watch") == 0) {
		struct strv kinds STRV_FREE = STRV_INIT;
		json_strv(params, "kinds", &kinds);
		rpc_subscribe(call->client, json_str(params, "session"), &kinds, 0);
		call_done(&call->call, json_new());
	} else {
		err_set(&err, ERR_REFUSED, "not %s", method);
		call_fail(&call->call, &err);
	}
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
}

static int connect_to(struct box *b)
{
	int fd = unixsock_connect(b->path);
	assert_true(fd >= 0);
	assert_int_equal(fd_set_nonblock(fd, true), 0);
	return fd;
}

static int set_up(void **state)
{
	static struct box b;
	b = (struct box){.dir = "/tmp/muster-rpc-XXXXXX", .handler.call = serve};
	assert_non_null(mkdtemp(b.dir));
	b.path = mem_printf("%s/sock", b.dir);
	b.listen_fd = unixsock_listen(b.path, 8);
	assert_true(b.listen_fd >= 0);
	struct err err;
	uv_loop_init(&b.loop);
	uv_timer_init(&b.loop, &b.tick);
	uv_timer_start(&b.tick, on_tick, 1, 1); /* so that one turn of the loop never waits long */
	b.server = rpc_server_new(&b.loop, b.listen_fd, &b.handler, &err);
	assert_non_null(b.server);
	b.client = connect_to(&b);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct box *b = *state;
	fd_closep(&b->client);
	for (size_t i = 0; i < b->n_later; i++)
		call_done(&b->later[i]->call, json_new());
	rpc_server_free(b->server);
	uv_close((uv_handle_t *)&b->tick, NULL);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	int r = uv_loop_close(&b->loop);
	close(b->listen_fd);
	free(b->path);
	str_fini(&b->got);
	return r < 0 ? r : file_remove_tree(b->dir);
}

static void turn(struct box *b)
{
	uv_run(&b->loop, UV_RUN_ONCE);
	rpc_server_flush(b->server);
}

static void turns(struct box *b, int n)
{
	while (n-- > 0)
		turn(b);
}

static void send_bytes(struct box *b, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(b->client, bytes, len, MSG_NOSIGNAL);
		assert_true(n > 0 || errno == EAGAIN);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		turn(b);
	}
}

static void say(struct box *b, const char *line)
{
	send_bytes(b, line, strlen(line));
	send_bytes(b, "\n", 1);
}

/* Reads what is there. False at the end of the stream. */
static bool take(struct box *b)
{
	char bytes[65536];
	ssize_t n = read(b->client, bytes, sizeof bytes);
	if (n > 0)
		str_add(&b->got, bytes, (size_t)n);
	return n != 0;
}

static struct json_object *hear(struct box *b)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	char *newline;
	while (!(newline = memchr(str_c(&b->got), '\n', b->got.len))) {
		assert_true(clock_mono_ms() < end_ms);
		turn(b);
		assert_true(take(b) || memchr(str_c(&b->got), '\n', b->got.len));
	}
	size_t len = (size_t)(newline - b->got.data);
	struct json_object *o = json_parse(b->got.data, len, NULL);
	str_consume(&b->got, len + 1);
	return o;
}

static void expect(struct box *b, const char *line)
{
	struct json_object *o JSON_FREE = hear(b);
	assert_string_equal(json_line(o), line);
}

static void expect_error(struct box *b, int code)
{
	struct json_object *o JSON_FREE = hear(b);
	if (json_int(json_obj(o, "error"), "code", 0) != code)
		fail_msg("%s", json_line(o));
}

static void requests_are_answered(void **state)
{
	struct box *b = *state;
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"echo\",\"params\":{\"a\":[1,null]}}");
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"a\":[1,null]}}");
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"nope\"}");
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":3,\"message\":\"not nope\"}}");
}

static void garbage_costs_one_reply_each(void **state)
{
	struct box *b = *state;
	static const struct {
		const char *line;
		int code;
	} bad[] = {
		{"{", -32700},
		{"\xff\xfe", -32700},
		{"null", -32600},
		{"7", -32600},
		{"[]", -32600},
		{"{}", -32600},
		{"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"echo\"}", -32600},
		{"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"echo\"}", -32600},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[1]}", -32600},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		say(b, bad[i].line);
		expect_error(b, bad[i].code);
	}
	send_bytes(b, "\0\n\n  \n", 6);
	expect_error(b, -32700);
	assert_int_equal(b->calls, 0);
	requests_are_answered(state);
}

static void lines_come_in_pieces(void **state)
{
	struct box *b = *state;
	const char *text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,"
			   "\"method\":\"echo\"}\n";
	for (const char *p = text; *p; p++)
		send_bytes(b, p, 1);
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}");
}

static void a_line_too_long_is_skipped(void **state)
{
	struct box *b = *state;
	size_t len = RPC_LINE_MAX + (1 << 20);
	char *text MEM_FREE = mem_alloc(len);
	memset(text, ' ', len);
	send_bytes(b, text, len);
	expect_error(b, -32600);
	say(b, "tail of it");
	requests_are_answered(state);
}

static void a_batch_is_answered_as_one(void **state)
{
	struct box *b = *state;
	say(b, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"},{\"jsonrpc\":\"2.0\",\"method\":\"echo\"},"
	       "5,{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"echo\"}]");
	turns(b, 3);
	assert_int_equal(b->calls, 3);
	call_done(&b->later[--b->n_later]->call, json_new_array());
	expect(b, "[{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"a request is a JSON "
		  "object\"}},"
		  "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}]");
	say(b, "[{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}]"); /* nothing to answer */
	requests_are_answered(state);
}

static void nothing_leaves_before_the_flush(void **state)
{
	struct box *b = *state;
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}");
	turns(b, 3);
	call_done(&b->later[--b->n_later]->call, json_new());
	for (int i = 0; i < 20; i++)
		uv_run(&b->loop, UV_RUN_ONCE);
	take(b);
	assert_int_equal(b->got.len, 0);
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
}

static void a_failed_turn_fails_its_replies(void **state)
{
	struct box *b = *state;
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}");
	say(b, "[{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"later\"},{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":"
	       "\"later\"}]");
	turns(b, 3);
	while (b->n_later)
		call_done(&b->later[--b->n_later]->call, json_new());
	struct err err;
	err_set(&err, ERR_FAILED, "disk");
	rpc_server_fail_held(b->server, &err);
	take(b);
	expect(b, "[{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":1,\"message\":\"disk\"}},"
	          "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":1,\"message\":\"disk\"}}]");
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"disk\"}}");
}

static void a_call_outlives_its_client(void **state)
{
	struct box *b = *state;
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}");
	say(b, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"},{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	       "\"later\"}]");
	turns(b, 3);
	fd_closep(&b->client);
	turns(b, 5);
	assert_int_equal(b->n_later, 3);
	assert_null(b->later[0]->client);
	b->client = connect_to(b);
	while (b->n_later)
		call_done(&b->later[--b->n_later]->call, json_new());
	requests_are_answered(state);
}

static void half_closed_clients_get_their_replies(void **state)
{
	struct box *b = *state;
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}");
	assert_int_equal(shutdown(b->client, SHUT_WR), 0);
	turns(b, 5);
	assert_int_equal(b->n_later, 1);
	call_done(&b->later[--b->n_later]->call, json_new());
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	while (take(b)) { /* then the connection ends */
		assert_true(clock_mono_ms() < end_ms);
		turn(b);
	}
}

static void an_answer_too_long_is_an_error(void **state)
{
	struct box *b = *state;
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":{\"size\":5000000}}");
	expect_error(b, ERR_FAILED);
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":{\"size\":3000000}}");
	struct json_object *o JSON_FREE = hear(b);
	assert_int_equal(strlen(json_str(o, "result")), 3000000);
}

/* A client that sends without reading is not read from: what it can make us keep is limited. */
static void who_does_not_read_is_not_read(void **state)
{
	struct box *b = *state;
	static const char line[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":{\"size\":100000}}\n";
	int sent = 0;
	size_t part = 0;
	for (int idle = 0; idle < 50 && sent < 20000;) {
		ssize_t n = send(b->client, line + part, sizeof line - 1 - part, MSG_NOSIGNAL);
		if (n > 0 && (part += (size_t)n) == sizeof line - 1) {
			sent++;
			part = 0;
		}
		idle = n > 0 ? 0 : idle + 1;
		turn(b);
	}
	assert_true(sent < 20000);
	assert_true(b->calls < 100);
	/* What was not finished is finished as it reads. */
	for (int i = 0; i < sent; i++) {
		struct json_object *o JSON_FREE = hear(b);
		assert_non_null(json_str(o, "result"));
	}
	assert_int_equal(b->calls, sent);
}

static void publish(struct box *b, int64_t id, const char *session, const char *kind, const char *data)
{
	struct event_row event = {
		.id = id, .session = (char *)session, .kind = (char *)kind, .data = (char *)data};
	rpc_publish(b->server, &event);
}

static void events_go_to_who_asked(void **state)
{
	struct box *b = *state;
	publish(b, 1, "s", "item.opened", "{}");
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"watch\",\"params\":{\"session\":\"s\",\"kinds\":[\"item."
	       "\",\"x\"]}}");
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	publish(b, 2, "s", "session.live", "{}");
	publish(b, 3, "t", "item.opened", "{}");
	publish(b, 4, NULL, "item.opened", "{}");
	publish(b, 5, "s", "item.opened", "{\"n\":1}");
	expect(b, "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":5,\"at_ms\":0,\"session\":\"s\","
	          "\"kind\":\"item.opened\",\"data\":{\"n\":1}}}");
}

/* Order is kept, memory is bounded, and the gap is announced with the number that came last. */
static void a_slow_subscriber_is_told_what_it_lost(void **state)
{
	struct box *b = *state;
	say(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"watch\"}");
	expect(b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	char data[1100];
	snprintf(data, sizeof data, "{\"x\":\"%01000d\"}", 0);
	for (int i = 1; i <= 10000; i++) {
		publish(b, i, "s", "k", data);
		if (i % 100 == 0)
			turn(b);
	}
	int64_t last = 0;
	for (;;) {
		struct json_object *o JSON_FREE = hear(b);
		struct json_object *params = json_obj(o, "params");
		if (strcmp(json_str(o, "method"), "lost") == 0) {
			assert_int_equal(json_int(params, "after", 0), last);
			break;
		}
		assert_int_equal(json_int(params, "id", 0), last + 1);
		last++;
	}
	assert_true(last > 100 && last < 5000);
	publish(b, 10001, "s", "k", "{}");
	struct json_object *o JSON_FREE = hear(b);
	assert_int_equal(json_int(json_obj(o, "params"), "id", 0), 10001);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(requests_are_answered),
		TEST(garbage_costs_one_reply_each),
		TEST(lines_come_in_pieces),
		TEST(a_line_too_long_is_skipped),
		TEST(a_batch_is_answered_as_one),
		TEST(nothing_leaves_before_the_flush),
		TEST(a_failed_turn_fails_its_replies),
		TEST(a_call_outlives_its_client),
		TEST(half_closed_clients_get_their_replies),
		TEST(an_answer_too_long_is_an_error),
		TEST(who_does_not_read_is_not_read),
		TEST(events_go_to_who_asked),
		TEST(a_slow_subscriber_is_told_what_it_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
