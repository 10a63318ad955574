#include "bridge/ws.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "io/unixsock.h"

enum { HANDSHAKE_TIMEOUT_MS = 10000, KEY_BYTES = 16 };

/* ---- the handshake ---- */

static void add_base64(struct str *out, const unsigned char *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)bytes[i] << 16;
		v |= i + 1 < len ? (unsigned)bytes[i + 1] << 8 : 0;
		v |= i + 2 < len ? (unsigned)bytes[i + 2] : 0;
		for (size_t k = 0; k < 4; k++)
			str_addc(out, i + k > len ? '=' : digits[v >> (18 - 6 * k) & 63]);
	}
}

/* The hash of the key that the server answers with is not looked at: it keeps caches and strangers from taking part
 * by accident, and at the other end of this socket is a server that the bridge has started itself. */
int ws_answer_len(const char *bytes, size_t len)
{
	static const char agreed[] = "HTTP/1.1 101 ";
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);
	if (memcmp(bytes, agreed, MIN(len, sizeof agreed - 1)) != 0 || (!end && len >= WS_HEADER_MAX))
		return -1;
	return end ? (int)(end - bytes) + 4 : 0;
}

static int ask(int fd, struct err *err)
{
	unsigned char key[KEY_BYTES];
	struct str request STR_FREE = STR_INIT;
	if (getrandom(key, sizeof key, 0) != sizeof key)
		return err_set_errno(err, ERR_FAILED, -errno, "no random bytes for a WebSocket key");
	str_adds(&request, "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
	add_base64(&request, key, sizeof key);
	str_adds(&request, "\r\n\r\n");
	int r = unixsock_send(fd, request.data, request.len);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "cannot write to the app-server") : 0;
}

static int shake_hands(struct ws *w, struct err *err)
{
	char buf[4096];
	int end = 0;
	if (ask(w->fd, err) < 0)
		return -1;
	while (end == 0) {
		struct pollfd p = {.fd = w->fd, .events = POLLIN};
		if (poll(&p, 1, HANDSHAKE_TIMEOUT_MS) <= 0)
			return err_set(err, ERR_FAILED, "the app-server does not answer");
		ssize_t n = recv(w->fd, buf, sizeof buf, 0);
		if (n <= 0)
			return err_set(err, ERR_FAILED, "the app-server closed the connection");
		str_add(&w->early, buf, (size_t)n);
		end = ws_answer_len(w->early.data, w->early.len);
	}
	if (end < 0)
		return err_set(err, ERR_FAILED, "the app-server does not speak WebSocket on its socket");
	str_consume(&w->early, (size_t)end);
	return 0;
}

/* ---- frames ---- */

static ssize_t recv_bytes(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags, void *arg)
{
	struct ws *w = arg;
	(void)flags;
	if (w->early.len) {
		size_t n = MIN(len, w->early.len);
		memcpy(buf, w->early.data, n);
		str_consume(&w->early, n);
		return (ssize_t)n;
	}
	ssize_t n = recv(w->fd, buf, len, MSG_DONTWAIT);
	if (n > 0)
		return n;
	bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
	wslay_event_set_error(ctx, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t send_bytes(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags, void *arg)
{
	struct ws *w = arg;
	(void)flags;
	ssize_t n = send(w->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	bool later = errno == EAGAIN || errno == EINTR;
	wslay_event_set_error(ctx, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static int make_mask(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, void *arg)
{
	(void)arg;
	if (getrandom(buf, len, 0) == (ssize_t)len)
		return 0;
	wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void message_came(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct ws *w = arg;
	(void)ctx;
	if (m->opcode == WSLAY_TEXT_FRAME)
		w->on_message(w->arg, (const char *)m->msg, m->msg_length);
}

int ws_connect(struct ws *w, const char *path, ws_message *on_message, void *arg, struct err *err)
{
	static const struct wslay_event_callbacks callbacks = {.recv_callback = recv_bytes,
							       .send_callback = send_bytes,
							       .genmask_callback = make_mask,
							       .on_msg_recv_callback = message_came};
	char *real MEM_FREE = realpath(path, NULL);
	*w = (struct ws){.fd = real ? unixsock_connect(real) : -errno, .on_message = on_message, .arg = arg};
	if (w->fd < 0) {
		err_set_errno(err, ERR_FAILED, w->fd, "cannot reach the app-server at %s", path);
		w->fd = -1;
		return -1;
	}
	/* The path may lead to a folder that others can write to: the server that was started is this user's. */
	if (unixsock_check_peer(w->fd) < 0) {
		err_set(err, ERR_REFUSED, "the server at %s belongs to another user", path);
		ws_close(w);
		return -1;
	}
	if (shake_hands(w, err) < 0) {
		ws_close(w);
		return -1;
	}
	if (wslay_event_context_client_init(&w->frames, &callbacks, w) != 0)
		abort(); /* out of memory */
	wslay_event_config_set_max_recv_msg_length(w->frames, WS_MESSAGE_MAX);
	return 0;
}

void ws_close(struct ws *w)
{
	if (w->frames)
		wslay_event_context_free(w->frames);
	w->frames = NULL;
	fd_closep(&w->fd);
	str_fini(&w->early);
}

void ws_send(struct ws *w, const char *text, size_t len)
{
	const struct wslay_event_msg m = {WSLAY_TEXT_FRAME, (const uint8_t *)text, len};
	if (w->frames && wslay_event_queue_msg(w->frames, &m) == WSLAY_ERR_NOMEM)
		abort();
}

bool ws_wants_to_write(const struct ws *w)
{
	return w->frames && wslay_event_want_write(w->frames);
}

int ws_pump(struct ws *w)
{
	if (wslay_event_recv(w->frames) != 0 || wslay_event_send(w->frames) != 0)
		return -1;
	return wslay_event_want_read(w->frames) ? 0 : -1;
}
