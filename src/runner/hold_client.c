#include "runner/hold_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "io/frame.h"
#include "io/unixsock.h"

enum { INPUT_PIECE = 64 * 1024 }; /* of long input, in one frame */

struct hold_hub {
	uv_loop_t *loop;
	struct hold_client *dirty; /* those with something to send, linked by next_dirty */
	int clients;
};

struct request {
	struct request *next;
	uint32_t id;
	uint64_t mark;
	hold_done *done;
	void *arg;
};

struct hold_client {
	struct hold_hub *hub;
	const struct hold_handler *handler;
	void *arg;
	uv_pipe_t pipe;
	uv_timer_t late; /* reports a connection that failed at once, from the loop */
	int handles;     /* open libuv handles: the memory goes with the last */
	int error;       /* why it is over; 0 while it lives */
	bool freed;
	struct str in, out;
	struct request *requests; /* oldest first */
	uint32_t next_id;
	struct hold_client *next_dirty;
	bool dirty;
};

struct hold_hub *hold_hub_new(uv_loop_t *loop)
{
	struct hold_hub *hub = mem_alloc(sizeof *hub);
	hub->loop = loop;
	return hub;
}

void hold_hub_free(struct hold_hub *hub)
{
	free(hub);
}

static void handle_closed(uv_handle_t *handle)
{
	struct hold_client *c = handle->data;
	if (--c->handles > 0)
		return;
	str_fini(&c->in);
	str_fini(&c->out);
	free(c);
}

static void drop_requests(struct hold_client *c, int error)
{
	while (c->requests) {
		struct request *r = c->requests;
		c->requests = r->next;
		if (error && r->done)
			r->done(r->arg, &(struct hold_answer){.error = error, .lost = true, .message = "the holder is gone"});
		free(r);
	}
}

/* The connection is over: whoever waits is told, and the handler last. */
static void finish(struct hold_client *c, int error)
{
	if (c->error || c->freed)
		return;
	c->error = error;
	uv_read_stop((uv_stream_t *)&c->pipe);
	drop_requests(c, error);
	if (!c->freed)
		c->handler->closed(c->arg, error);
}

static void report_late(uv_timer_t *timer)
{
	struct hold_client *c = timer->data;
	int error = c->error;
	c->error = 0;
	finish(c, error);
}

static void take_welcome(struct hold_client *c, const struct frame *f)
{
	struct unpack u = unpack_init(f->payload, f->len);
	uint32_t magic = unpack_u32(&u);
	uint16_t version = unpack_u16(&u);
	struct hold_welcome w;
	w.pid = unpack_u32(&u);
	w.generation = unpack_u32(&u);
	w.running = unpack_u8(&u);
	w.last_event = unpack_u64(&u);
	w.output_start = unpack_u64(&u);
	w.output_end = unpack_u64(&u);
	w.cols = unpack_u16(&u);
	w.rows = unpack_u16(&u);
	w.paused = unpack_u8(&u);
	if (!unpack_done(&u) || magic != HOLD_MAGIC || version == 0)
		finish(c, -EPROTO);
	else
		c->handler->welcome(c->arg, &w);
}

static void take_event(struct hold_client *c, const struct frame *f)
{
	struct unpack u = unpack_init(f->payload, f->len);
	uint64_t number = unpack_u64(&u);
	int64_t wall_ms = (int64_t)unpack_u64(&u);
	uint8_t kind = unpack_u8(&u);
	size_t len;
	const uint8_t *payload = unpack_bytes(&u, &len);
	if (!unpack_done(&u))
		finish(c, -EPROTO);
	else
		c->handler->event(c->arg, number, wall_ms, (enum hold_event)kind, payload, len);
}

static void take_output(struct hold_client *c, const struct frame *f)
{
	struct unpack u = unpack_init(f->payload, f->len);
	uint64_t offset = unpack_u64(&u);
	size_t len;
	const uint8_t *bytes = unpack_bytes(&u, &len);
	if (!unpack_done(&u))
		finish(c, -EPROTO);
	else
		c->handler->output(c->arg, offset, bytes, len);
}

static void take_live(struct hold_client *c, const struct frame *f)
{
	struct unpack u = unpack_init(f->payload, f->len);
	struct hold_live live = {.last_output_ms = (int64_t)unpack_u64(&u)};
	char *title MEM_FREE = unpack_text(&u);
	uint8_t progress = unpack_u8(&u);
	live.title = title;
	live.progress = progress <= 100 ? progress : -1;
	if (unpack_done(&u))
		c->handler->live(c->arg, &live);
}

/* Answers the pending request that the frame's leading id names. */
static void take_answer(struct hold_client *c, const struct frame *f)
{
	struct unpack u = unpack_init(f->payload, f->len);
	uint32_t id = unpack_u32(&u);
	char *message MEM_FREE = NULL;
	struct hold_answer answer = {.payload = f->payload + 4, .len = f->len - 4};
	if (f->type == HOLD_ACK) {
		answer = (struct hold_answer){.error = -(int)unpack_u32(&u)};
		message = unpack_text(&u);
		answer.message = message;
	}
	if (u.bad) {
		finish(c, -EPROTO);
		return;
	}
	struct request **at = &c->requests;
	while (*at && (*at)->id != id)
		at = &(*at)->next;
	struct request *r = *at;
	if (!r)
		return;
	*at = r->next;
	answer.mark = r->mark;
	if (r->done)
		r->done(r->arg, &answer);
	free(r);
}

static void take_frame(struct hold_client *c, const struct frame *f)
{
	switch (f->type) {
	case HOLD_WELCOME:
		take_welcome(c, f);
		break;
	case HOLD_EVENT:
		take_event(c, f);
		break;
	case HOLD_OUTPUT:
		take_output(c, f);
		break;
	case HOLD_LIVE:
		take_live(c, f);
		break;
	case HOLD_ACK:
	case HOLD_TEXT:
	case HOLD_JOBS:
		take_answer(c, f);
		break;
	default:
		break; /* a newer holder's: skipped by its length */
	}
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct hold_client *c = handle->data;
	str_reserve(&c->in, suggested);
	*buf = uv_buf_init(c->in.data + c->in.len, (unsigned)suggested);
}

static void take_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)buf;
	struct hold_client *c = stream->data;
	if (n < 0) {
		finish(c, n == UV_EOF ? -EPIPE : (int)n);
		return;
	}
	c->in.len += (size_t)n;
	size_t used = 0;
	while (!c->error && !c->freed) {
		struct frame f;
		long len = frame_parse(c->in.data + used, c->in.len - used, &f);
		if (len < 0)
			finish(c, (int)len);
		if (len <= 0)
			break;
		used += (size_t)len;
		take_frame(c, &f);
	}
	str_consume(&c->in, used);
}

static void mark_dirty(struct hold_client *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->next_dirty = c->hub->dirty;
	c->hub->dirty = c;
}

static void send_frame(struct hold_client *c, enum hold_message type, struct str *payload)
{
	if (!c->error && !c->freed) {
		frame_add(&c->out, (uint8_t)type, payload->data, payload->len);
		mark_dirty(c);
	}
	str_fini(payload);
}

struct write {
	uv_write_t req;
	char *bytes;
};

static void written(uv_write_t *req, int status)
{
	struct write *w = CONTAINER_OF(req, struct write, req);
	struct hold_client *c = req->handle->data;
	free(w->bytes);
	free(w);
	if (status < 0 && status != UV_ECANCELED)
		finish(c, status);
}

static void flush_client(struct hold_client *c)
{
	if (c->error || c->freed || c->out.len == 0)
		return;
	uv_buf_t buf = uv_buf_init(c->out.data, (unsigned)c->out.len);
	int n = uv_try_write((uv_stream_t *)&c->pipe, &buf, 1);
	if (n > 0)
		str_consume(&c->out, (size_t)n);
	if (c->out.len == 0)
		return;
	struct write *w = mem_alloc(sizeof *w);
	size_t len = c->out.len;
	w->bytes = str_take(&c->out);
	buf = uv_buf_init(w->bytes, (unsigned)len);
	int r = uv_write(&w->req, (uv_stream_t *)&c->pipe, &buf, 1, written);
	if (r < 0) {
		free(w->bytes);
		free(w);
		finish(c, r);
	}
}

void hold_hub_flush(struct hold_hub *hub)
{
	while (hub->dirty) {
		struct hold_client *c = hub->dirty;
		hub->dirty = c->next_dirty;
		c->dirty = false;
		flush_client(c);
	}
}

static void send_hello(struct hold_client *c)
{
	struct str p = STR_INIT;
	pack_u32(&p, HOLD_MAGIC);
	pack_u16(&p, HOLD_VERSION);
	pack_u8(&p, HOLD_ROLE_CONTROL);
	send_frame(c, HOLD_HELLO, &p);
}

struct hold_client *hold_client_new(struct hold_hub *hub, const char *path, int fd,
                                    const struct hold_handler *handler, void *arg)
{
	struct hold_client *c = mem_alloc(sizeof *c);
	*c = (struct hold_client){.hub = hub, .handler = handler, .arg = arg, .handles = 2};
	uv_pipe_init(hub->loop, &c->pipe, 0);
	uv_timer_init(hub->loop, &c->late);
	c->pipe.data = c->late.data = c;
	/* A local unix socket either has a listener with room in its backlog or refuses: connect does not wait. */
	int r = fd >= 0 ? fd : unixsock_connect(path);
	if (r >= 0) {
		int taken = r;
		r = uv_pipe_open(&c->pipe, taken);
		if (r < 0)
			fd_closep(&taken);
		else
			r = uv_read_start((uv_stream_t *)&c->pipe, give_buffer, take_bytes);
	}
	if (r < 0) {
		c->error = r;
		uv_timer_start(&c->late, report_late, 0, 0);
	} else {
		send_hello(c);
	}
	return c;
}

void hold_client_free(struct hold_client *c)
{
	if (!c || c->freed)
		return;
	c->freed = true;
	drop_requests(c, 0);
	for (struct hold_client **at = &c->hub->dirty; c->dirty && *at; at = &(*at)->next_dirty) {
		if (*at == c) {
			*at = c->next_dirty;
			c->dirty = false;
			break;
		}
	}
	uv_close((uv_handle_t *)&c->pipe, handle_closed);
	uv_close((uv_handle_t *)&c->late, handle_closed);
}

/* Notes a request and starts its payload with the id. */
static struct str new_marked(struct hold_client *c, uint64_t mark, hold_done *done, void *arg)
{
	struct str p = STR_INIT;
	struct request *r = mem_alloc(sizeof *r);
	*r = (struct request){.id = ++c->next_id, .mark = mark, .done = done, .arg = arg};
	struct request **at = &c->requests;
	while (*at)
		at = &(*at)->next;
	*at = r;
	pack_u32(&p, r->id);
	return p;
}

static struct str new_request(struct hold_client *c, hold_done *done, void *arg)
{
	return new_marked(c, 0, done, arg);
}

void hold_client_spawn(struct hold_client *c, const struct hold_spawn *sp, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	pack_u32(&p, sp->generation);
	pack_u8(&p, (uint8_t)sp->io);
	pack_u16(&p, sp->cols);
	pack_u16(&p, sp->rows);
	pack_text(&p, sp->cwd);
	pack_strv(&p, sp->argv);
	pack_strv(&p, sp->env);
	send_frame(c, HOLD_SPAWN, &p);
}

/* Long input goes in pieces that fit a frame; the last one's ACK stands for all, as they are written in order. */
void hold_client_input(struct hold_client *c, const void *bytes, size_t len, hold_done *done, void *arg)
{
	const char *at = bytes;
	for (; len > INPUT_PIECE; at += INPUT_PIECE, len -= INPUT_PIECE) {
		struct str p = STR_INIT;
		pack_u32(&p, 0);
		pack_bytes(&p, at, INPUT_PIECE);
		send_frame(c, HOLD_INPUT, &p);
	}
	struct str p = new_request(c, done, arg);
	pack_bytes(&p, at, len);
	send_frame(c, HOLD_INPUT, &p);
}

/* Of several pieces each says where it belongs: after one that is refused so are the others. */
void hold_client_input_at(struct hold_client *c, uint32_t generation, uint64_t offset, const void *bytes, size_t len,
                          hold_done *done, void *arg)
{
	const char *at = bytes;
	for (size_t piece; len; at += piece, offset += piece, len -= piece) {
		piece = MIN(len, (size_t)INPUT_PIECE);
		struct str p = new_marked(c, offset + piece, piece == len ? done : NULL, arg);
		pack_u32(&p, generation);
		pack_u64(&p, offset);
		pack_bytes(&p, at, piece);
		send_frame(c, HOLD_INPUT_AT, &p);
	}
}

void hold_client_reply(struct hold_client *c, uint64_t request, const char *json, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	pack_u64(&p, request);
	pack_text(&p, json);
	send_frame(c, HOLD_REPLY, &p);
}

void hold_client_signal(struct hold_client *c, int signal, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	pack_u32(&p, (uint32_t)signal);
	send_frame(c, HOLD_SIGNAL, &p);
}

void hold_client_stop(struct hold_client *c, uint32_t grace_ms, bool jobs, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	pack_u32(&p, grace_ms);
	pack_u8(&p, jobs);
	send_frame(c, HOLD_STOP, &p);
}

void hold_client_pause(struct hold_client *c, bool pause, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	send_frame(c, pause ? HOLD_PAUSE : HOLD_RESUME, &p);
}

void hold_client_read_screen(struct hold_client *c, uint32_t scrollback, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	pack_u32(&p, scrollback);
	send_frame(c, HOLD_READ_SCREEN, &p);
}

void hold_client_job_start(struct hold_client *c, const char *job, const char *cwd, const struct strv *argv,
                           const struct strv *env, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	pack_text(&p, job);
	pack_text(&p, cwd);
	pack_strv(&p, argv);
	pack_strv(&p, env);
	send_frame(c, HOLD_JOB_START, &p);
}

void hold_client_job_stop(struct hold_client *c, const char *job, uint32_t grace_ms, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	pack_text(&p, job);
	pack_u32(&p, grace_ms);
	send_frame(c, HOLD_JOB_STOP, &p);
}

void hold_client_read_jobs(struct hold_client *c, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	send_frame(c, HOLD_READ_JOBS, &p);
}

void hold_client_release(struct hold_client *c, hold_done *done, void *arg)
{
	struct str p = new_request(c, done, arg);
	send_frame(c, HOLD_RELEASE, &p);
}

static void send_number(struct hold_client *c, enum hold_message type, uint64_t number)
{
	struct str p = STR_INIT;
	pack_u64(&p, number);
	send_frame(c, type, &p);
}

void hold_client_follow_events(struct hold_client *c, uint64_t after)
{
	send_number(c, HOLD_FOLLOW_EVENTS, after);
}

void hold_client_follow_output(struct hold_client *c, uint64_t offset)
{
	send_number(c, HOLD_FOLLOW_OUTPUT, offset);
}

void hold_client_events_taken(struct hold_client *c, uint64_t up_to)
{
	send_number(c, HOLD_EVENTS_TAKEN, up_to);
}
