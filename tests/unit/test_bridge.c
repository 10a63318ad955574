/* The bridge's WebSocket, against a server that writes its bytes by hand. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "bridge/bridge.h"
#include "bridge/mail.h"
#include "bridge/ws.h"
#include "fmt/json.h"
#include "hold/proto.h"
#include "io/unixsock.h"

struct server {
	char folder[64], path[96];
	int listener;
	const char *says; /* after the handshake was read */
	size_t len;
	unsigned char got[64]; /* what the client sent after it */
	size_t n_got;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	char head[4096];
	size_t n = 0;
	int fd = accept(s->listener, NULL, NULL);
	while (n < sizeof head && !memmem(head, n, "\r\n\r\n", 4)) {
		ssize_t r = read(fd, head + n, sizeof head - n);
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	assert_int_equal(unixsock_send(fd, s->says, s->len), 0);
	ssize_t r;
	while ((r = read(fd, s->got + s->n_got, sizeof s->got - s->n_got)) > 0)
		s->n_got += (size_t)r;
	close(fd);
	return NULL;
}

static void heard(void *arg, const char *text, size_t len)
{
	str_add(arg, text, len);
	str_addc(arg, '|');
}

/* Talks to a server that says these bytes, and sends it a message when that connects. What was heard is appended.
 */
static int talk(const char *says, size_t len, const char *message, struct str *ret_heard, struct server *s)
{
	struct ws w;
	struct err err = {0};
	pthread_t thread;
	*s = (struct server){.says = says, .len = len};
	snprintf(s->folder, sizeof s->folder, "/tmp/test_bridge.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof s->path, "%s/sock", s->folder);
	s->listener = unixsock_listen(s->path, 1);
	assert_true(s->listener >= 0);
	assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
	int r = ws_connect(&w, s->path, heard, ret_heard, &err);
	if (r == 0) {
		r = ws_pump(&w);
		ws_send(&w, message, strlen(message));
		if (r == 0)
			r = ws_pump(&w);
		shutdown(w.fd, SHUT_WR);
		ws_close(&w);
	}
	pthread_join(thread, NULL);
	close(s->listener);
	assert_int_equal(file_remove_tree(s->folder), 0);
	return r;
}

#define AGREED "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"

static void test_messages_both_ways(void **state)
{
	static const char says[] =
		AGREED "\x81\x02hi\x01\x02sp\x80\x03lit"; /* with the handshake; the second in two pieces */
	struct str words STR_FREE = STR_INIT;
	struct server s;
	(void)state;
	assert_int_equal(talk(says, sizeof says - 1, "ok", &words, &s), 0);
	assert_string_equal(str_c(&words), "hi|split|");
	assert_int_equal(s.n_got, 2 + 4 + 2);
	assert_int_equal(s.got[0], 0x81);
	assert_int_equal(s.got[1], 0x80 | 2); /* masked, as a client's frames must be */
	assert_int_equal(s.got[6] ^ s.got[2], 'o');
	assert_int_equal(s.got[7] ^ s.got[3], 'k');
}

static void test_what_is_no_frame_ends_the_connection(void **state)
{
	static const char reserved[] = AGREED "\x83\x00"; /* an opcode that nobody has defined */
	static const char binary[] = AGREED "\x82\x01x";
	struct str words STR_FREE = STR_INIT;
	struct server s;
	(void)state;
	assert_int_equal(talk(reserved, sizeof reserved - 1, "ok", &words, &s), -1);
	assert_int_equal(talk(binary, sizeof binary - 1, "ok", &words, &s), 0);
	assert_string_equal(str_c(&words), ""); /* only texts are messages */
}

static void test_half_a_frame_is_no_message_and_a_monster_ends_the_connection(void **state)
{
	static const char half[] = AGREED "\x81\x05hel";
	static const char begun[] = AGREED "\x01\x02sp"; /* and nothing follows */
	static const char monster[] = AGREED "\x81\x7f\0\0\0\0\x04\0\0\1x"; /* begins 64 MiB and a byte */
	struct str words STR_FREE = STR_INIT;
	struct server s;
	(void)state;
	assert_int_equal(talk(half, sizeof half - 1, "ok", &words, &s), 0);
	assert_int_equal(talk(begun, sizeof begun - 1, "ok", &words, &s), 0);
	assert_int_equal(talk(monster, sizeof monster - 1, "ok", &words, &s), -1);
	assert_string_equal(str_c(&words), "");
}

static void test_a_server_that_does_not_agree(void **state)
{
	static const char no[] = "HTTP/1.1 403 Forbidden\r\n\r\n";
	struct str words STR_FREE = STR_INIT;
	struct server s;
	struct ws w;
	struct err err = {0};
	(void)state;
	assert_int_equal(talk(no, sizeof no - 1, "ok", &words, &s), -1);
	assert_int_equal(ws_connect(&w, "/nowhere/sock", heard, &words, &err), -1);
	assert_non_null(strstr(err.msg, "/nowhere/sock"));
}

static void test_where_an_answer_ends(void **state)
{
	char long_one[WS_HEADER_MAX + 1];
	(void)state;
	assert_int_equal(ws_answer_len("", 0), 0);
	assert_int_equal(ws_answer_len("HTTP/1.1 10", 11), 0);
	assert_int_equal(ws_answer_len("HTTP/1.1 200", 12), -1);
	assert_int_equal(ws_answer_len("SSH-2.0", 7), -1);
	assert_int_equal(ws_answer_len(AGREED "xyz", sizeof AGREED + 2), (int)sizeof AGREED - 1);
	memset(long_one, 'x', sizeof long_one);
	memcpy(long_one, "HTTP/1.1 101 ", 13);
	assert_int_equal(ws_answer_len(long_one, WS_HEADER_MAX - 1), 0);
	assert_int_equal(ws_answer_len(long_one, WS_HEADER_MAX), -1);
}

/* ---- the mailbox ---- */

/* A holder: what it says to each connection that is made, after a line or (begins with '!') at once before it closes. */
struct holder {
	char folder[64], path[96];
	int listener;
	const char *const *says;
	size_t n;
	struct str heard;
};

static void read_line(int fd, struct str *ret)
{
	char c;
	while (read(fd, &c, 1) == 1) {
		str_addc(ret, c);
		if (c == '\n')
			return;
	}
}

static void *hold(void *arg)
{
	struct holder *h = arg;
	int fds[8];
	assert_true(h->n <= 8);
	for (size_t i = 0; i < h->n; i++) {
		bool full = *h->says[i] == '!';
		fds[i] = accept(h->listener, NULL, NULL);
		if (!full)
			read_line(fds[i], &h->heard);
		assert_int_equal(unixsock_send(fds[i], h->says[i] + full, strlen(h->says[i]) - full), 0);
		if (full)
			shutdown(fds[i], SHUT_RDWR);
	}
	for (size_t i = 0; i < h->n; i++)
		close(fds[i]);
	return NULL;
}

static void begin_holder(struct holder *h, const char *const *says, size_t n, pthread_t *ret)
{
	*h = (struct holder){.says = says, .n = n};
	snprintf(h->folder, sizeof h->folder, "/tmp/test_bridge.XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->path, sizeof h->path, "%s/box", h->folder);
	assert_int_equal(setenv("MUSTER_SOCKET", h->path, 1), 0);
	h->listener = unixsock_listen(h->path, 8);
	assert_true(h->listener >= 0);
	assert_int_equal(pthread_create(ret, NULL, hold, h), 0);
}

static void end_holder(struct holder *h, pthread_t thread)
{
	pthread_join(thread, NULL);
	close(h->listener);
	assert_int_equal(file_remove_tree(h->folder), 0);
}

static struct json_object *message_of(size_t len)
{
	struct json_object *m = json_new();
	struct str text STR_FREE = STR_INIT;
	for (size_t i = 0; i < len; i++)
		str_addc(&text, 'x');
	json_add_int(m, "id", 7);
	json_add_strn(m, "command", text.data, text.len);
	return m;
}

static void test_what_asks_is_whole_or_lost(void **state)
{
	static const char *const says[] = {"+1\n"};
	struct json_object *message JSON_FREE = message_of(HOLD_LINE_MAX);
	struct mail m = {.lines.fd = -1, .orders.fd = -1};
	struct holder h;
	pthread_t thread;
	struct err err = {0};
	(void)state;
	begin_holder(&h, says, ARRAY_LEN(says), &thread);
	assert_int_equal(mail_ask(&m, message, &err), 0);
	assert_int_equal(m.lost, 1);
	assert_null(m.asks);
	assert_int_equal(mailbox_init(&m.lines, NULL, &err), 0);
	assert_int_equal(mail_line(&m, "line", message, &err), 0); /* cut, and it says so */
	assert_int_equal(m.lost, 1);
	mail_close(&m);
	end_holder(&h, thread);
	assert_true(h.heard.len < HOLD_LINE_MAX);
	assert_non_null(strstr(str_c(&h.heard), "x" BRIDGE_CUT "\"}}"));
	str_fini(&h.heard);
}

/* Others of the session may have all the connections that a holder gives. */
static void test_a_holder_without_room_is_asked_again(void **state)
{
	static const char *const says[] = {"!-busy\n", "!", "+9\n"};
	struct json_object *message JSON_FREE = message_of(1);
	struct mail m = {.lines.fd = -1, .orders.fd = -1};
	struct holder h;
	pthread_t thread;
	struct err err = {0};
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	begin_holder(&h, says, ARRAY_LEN(says), &thread);
	assert_int_equal(mail_ask(&m, message, &err), 0);
	assert_int_equal(m.lost, 0);
	assert_non_null(m.asks);
	assert_int_equal(m.asks->request, 9);
	mail_close(&m);
	end_holder(&h, thread);
	str_fini(&h.heard);
	assert_int_equal(mail_ask(&m, message, &err), -1); /* there is none any more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_both_ways),
		cmocka_unit_test(test_what_is_no_frame_ends_the_connection),
		cmocka_unit_test(test_half_a_frame_is_no_message_and_a_monster_ends_the_connection),
		cmocka_unit_test(test_a_server_that_does_not_agree),
		cmocka_unit_test(test_where_an_answer_ends),
		cmocka_unit_test(test_what_asks_is_whole_or_lost),
		cmocka_unit_test(test_a_holder_without_room_is_asked_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
