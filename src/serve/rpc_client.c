#include "serve/rpc_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "serve/rpc_message.h"

enum { KEEP_BYTES = 256 << 10 }; /* a buffer that had to grow beyond this is given back */

struct rpc_client *rpc_client_new(struct rpc_server *s)
{
	struct rpc_client *c = mem_alloc(sizeof *c);
	c->server = s;
	uv_pipe_init(s->loop, &c->pipe, 0);
	c->pipe.data = c;
	c->write.data = c;
	c->next = s->clients;
	if (c->next)
		c->next->prev = c;
	s->clients = c;
	s->n_clients++;
	s->open_handles++;
	return c;
}

static void on_closed(uv_handle_t *handle)
{
	struct rpc_client *c = handle->data;
	struct rpc_server *s = c->server;
	*(c->prev ? &c->prev->next : &s->clients) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->n_clients--;
	str_fini(&c->in);
	str_fini(&c->held);
	str_fini(&c->ready);
	str_fini(&c->out);
	json_object_put(c->held_ids);
	free(c->session);
	strv_fini(&c->kinds);
	free(c);
	rpc_server_released(s);
}

void rpc_client_close(struct rpc_client *c)
{
	if (c->closing)
		return;
	c->closing = true;
	c->reading = false;
	rpc_calls_orphan(c);
	uv_close((uv_handle_t *)&c->pipe, on_closed);
}

static size_t unsent(const struct rpc_client *c)
{
	return c->held.len + c->ready.len + c->out.len;
}

static bool is_overloaded(const struct rpc_client *c)
{
	return unsent(c) > RPC_OUTPUT_HIGH || c->n_calls >= RPC_CALLS_MAX;
}

static void recycle(struct str *s)
{
	if (s->cap > KEEP_BYTES)
		str_fini(s);
	else
		str_reset(s);
}

/* --- input --- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	(void)suggested;
	struct rpc_client *c = handle->data;
	*ret = uv_buf_init(c->server->input, sizeof c->server->input);
}

/* The client sends no more. One that only shut down its side of the socket still wants its replies. */
static void on_end(struct rpc_client *c)
{
	uv_os_fd_t fd;
	struct pollfd p = {.events = POLLIN};
	if (uv_fileno((uv_handle_t *)&c->pipe, &fd) == 0) {
		p.fd = fd;
		if (poll(&p, 1, 0) >= 0 && !(p.revents & (POLLHUP | POLLERR))) {
			c->eof = true;
			rpc_client_pump(c);
			return;
		}
	}
	rpc_client_close(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct rpc_client *c = stream->data;
	if (n == UV_EOF) {
		on_end(c);
	} else if (n < 0) {
		rpc_client_close(c);
	} else if (n > 0) {
		str_add(&c->in, buf->base, (size_t)n);
		rpc_client_pump(c);
	}
}

static void set_reading(struct rpc_client *c, bool on)
{
	if (c->reading == on || c->closing)
		return;
	c->reading = on;
	if (on)
		uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	else
		uv_read_stop((uv_stream_t *)&c->pipe);
}

void rpc_client_start(struct rpc_client *c)
{
	set_reading(c, true);
}

static void refuse_line(struct rpc_client *c)
{
	struct str line STR_FREE = STR_INIT;
	rpc_add_error(&line, NULL, RPC_INVALID_REQUEST, "a line has more than 4 MiB");
	rpc_client_hold_reply(c, &line, NULL);
}

/* Handles one line; returns false when there is none, or it must wait. *used counts what is done with. */
static bool next_line(struct rpc_client *c, size_t *used)
{
	if (c->closing || is_overloaded(c) || *used == c->in.len)
		return false;
	char *line = c->in.data + *used;
	size_t rest = c->in.len - *used;
	char *newline = memchr(line + c->scanned, '\n', rest - c->scanned);
	if (!newline) {
		c->scanned = rest;
		return false;
	}
	size_t len = (size_t)(newline - line);
	*used += len + 1;
	c->scanned = 0;
	if (c->skipping)
		c->skipping = false;
	else if (len > RPC_LINE_MAX)
		refuse_line(c);
	else
		rpc_calls_read(c, line, len);
	return true;
}

static bool is_finished(const struct rpc_client *c)
{
	return c->eof && c->scanned == c->in.len && c->n_calls == 0 && unsent(c) == 0;
}

void rpc_client_pump(struct rpc_client *c)
{
	size_t used = 0;
	while (next_line(c, &used))
		;
	str_consume(&c->in, used);
	if (c->scanned == c->in.len && (c->skipping || c->in.len > RPC_LINE_MAX)) {
		if (!c->skipping)
			refuse_line(c);
		c->skipping = true;
		c->scanned = 0;
		recycle(&c->in);
	}
	if (c->in.len == 0)
		recycle(&c->in);
	if (is_finished(c))
		rpc_client_close(c);
	set_reading(c, !c->eof && !is_overloaded(c));
}

/* --- output --- */

static void send_ready(struct rpc_client *c);

/* Everything was sent. */
static void drained(struct rpc_client *c)
{
	if (c->lost) {
		c->lost = false;
		struct str line STR_FREE = STR_INIT;
		struct json_object *params JSON_FREE = json_new();
		json_add_int(params, "after", c->last_event);
		rpc_add_notification(&line, "lost", params);
		rpc_client_hold(c, &line);
		rpc_server_wake(c->server); /* another turn of the loop: it will be flushed */
	}
	if (is_finished(c))
		rpc_client_close(c);
	else if (!c->reading)
		rpc_server_wake(c->server);
}

static void on_written(uv_write_t *req, int status)
{
	struct rpc_client *c = req->data;
	c->writing = false;
	recycle(&c->out);
	if (c->closing)
		return;
	if (status < 0)
		rpc_client_close(c);
	else if (c->ready.len)
		send_ready(c);
	else
		drained(c);
}

/* What the kernel takes at once needs no callback; the rest waits for it. */
static void send_ready(struct rpc_client *c)
{
	uv_buf_t buf = uv_buf_init(c->ready.data, (unsigned)c->ready.len);
	int n = uv_try_write((uv_stream_t *)&c->pipe, &buf, 1);
	if (n == (int)c->ready.len) {
		recycle(&c->ready);
		drained(c);
		return;
	}
	if (n < 0 && n != UV_EAGAIN) {
		rpc_client_close(c);
		return;
	}
	struct str rest = c->ready;
	c->ready = c->out;
	c->out = rest;
	size_t sent = n > 0 ? (size_t)n : 0;
	buf = uv_buf_init(c->out.data + sent, (unsigned)(c->out.len - sent));
	c->writing = true;
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written) < 0) {
		c->writing = false;
		rpc_client_close(c);
	}
}

void rpc_client_hold(struct rpc_client *c, const struct str *line)
{
	if (c->closing)
		return;
	str_add(&c->held, line->data, line->len);
	str_addc(&c->held, '\n');
}

void rpc_client_hold_reply(struct rpc_client *c, const struct str *line, struct json_object *ids)
{
	rpc_client_hold(c, line);
	if (!c->held_ids)
		c->held_ids = json_new_array();
	json_push(c->held_ids, ids);
}

void rpc_client_flush(struct rpc_client *c)
{
	if (c->held.len == 0)
		return;
	if (c->ready.len == 0) {
		struct str empty = c->ready;
		c->ready = c->held;
		c->held = empty;
	} else {
		str_add(&c->ready, c->held.data, c->held.len);
		recycle(&c->held);
	}
	json_object_put(c->held_ids);
	c->held_ids = NULL;
	if (!c->writing)
		send_ready(c);
}

void rpc_client_fail_held(struct rpc_client *c, const struct err *err)
{
	str_reset(&c->held);
	for (size_t i = 0; i < json_len(c->held_ids); i++) {
		struct json_object *ids = json_at(c->held_ids, i);
		if (!json_object_is_type(ids, json_type_array)) {
			rpc_add_error(&c->held, ids, err->code, err->msg);
			str_addc(&c->held, '\n');
			continue;
		}
		for (size_t k = 0; k < json_len(ids); k++) {
			str_addc(&c->held, k ? ',' : '[');
			rpc_add_error(&c->held, json_at(ids, k), err->code, err->msg);
		}
		str_adds(&c->held, "]\n");
	}
	rpc_client_flush(c);
}
