#include "hold/client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "hold/hold.h"
#include "hold/request.h"
#include "io/frame.h"
#include "io/unixsock.h"

enum {
	READ_STEP = 16 << 10,
	KEEP = 16 << 10, /* an empty buffer keeps no more memory than this */
	ROUNDS = 8,      /* chunks a connection gets in one turn */
};

void client_send(struct client *c, enum hold_message type, const struct str *payload)
{
	if (c->dead)
		return;
	frame_add(&c->out, (uint8_t)type, payload->data, payload->len);
	c->hold->clients.dirty = true;
}

struct client *clients_find(const struct clients *cs, uint64_t serial)
{
	struct client *c = cs->first;
	while (c && c->serial != serial)
		c = c->next;
	return c && !c->dead ? c : NULL;
}

/* Queues the next entry of the journal for a follower. False: there is none. */
static bool add_event(struct client *c)
{
	struct journal_entry e;
	if (journal_follow(&c->hold->journal, &c->events, &e) <= 0)
		return false;
	struct str p STR_FREE = STR_INIT;
	pack_u64(&p, e.number);
	pack_u64(&p, (uint64_t)e.wall_ms);
	pack_u8(&p, e.kind);
	pack_bytes(&p, e.payload, e.len);
	client_send(c, HOLD_EVENT, &p);
	return true;
}

static void add_events(struct client *c)
{
	while (c->follows_events && client_waiting(c) < 2 * CLIENT_CHUNK && add_event(c))
		;
}

void clients_ack(struct clients *cs, uint64_t client, uint32_t id, int error, const char *message)
{
	struct client *c = id ? clients_find(cs, client) : NULL;
	if (!c)
		return;
	/* A follower that keeps up learns what a request caused before it learns that it is done. */
	add_events(c);
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, id);
	pack_u32(&p, (uint32_t)error);
	pack_text(&p, message);
	client_send(c, HOLD_ACK, &p);
}

static void add_output(struct client *c)
{
	static char chunk[CLIENT_CHUNK];
	const struct outlog *log = &c->hold->log;
	if (!c->follows_output || c->output_at >= log->end)
		return;
	uint64_t at = c->output_at;
	long n = outlog_read(log, &c->output, &at, chunk, sizeof chunk);
	if (n < 0) /* it cannot be read: as if it was lost */
		at = log->end;
	struct str p STR_FREE = STR_INIT;
	pack_u64(&p, at);
	pack_bytes(&p, chunk, n > 0 ? (size_t)n : 0);
	client_send(c, HOLD_OUTPUT, &p);
	c->output_at = at + (n > 0 ? (uint64_t)n : 0);
}

static void close_client(struct client *c)
{
	int fd = c->source.fd;
	if (c->dead)
		return;
	c->dead = true;
	c->hold->clients.dirty = true; /* freed at the end of the turn */
	loop_remove(&c->hold->loop, &c->source);
	close(fd);
	if (c->attached)
		client_detach(c);
}

static void write_out(struct client *c)
{
	while (client_waiting(c)) {
		ssize_t n =
			send(c->source.fd, c->out.data + c->sent, client_waiting(c), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			close_client(c);
		if (n < 0)
			return;
		c->sent += (size_t)n;
	}
	c->sent = 0;
	if (c->out.cap > KEEP)
		str_fini(&c->out);
	else
		str_reset(&c->out);
}

/* Output first: a follower of both has what an agent wrote before it learns that the agent has ended. */
static void fill(struct client *c)
{
	if (client_waiting(c) < CLIENT_CHUNK)
		add_output(c);
	add_events(c);
	client_draw(c);
}

/* Sends, and fetches more, until the connection is full, nothing is left, or it had its share of the turn. */
static void pump(struct client *c)
{
	int round = 0;
	for (; round < ROUNDS; round++) {
		if (client_waiting(c) < CLIENT_CHUNK)
			fill(c);
		if (client_waiting(c) == 0)
			break;
		write_out(c);
		if (c->dead)
			return;
		if (client_waiting(c))
			break;
	}
	bool again = client_waiting(c) || round == ROUNDS || c->held_back;
	uint32_t in = client_waiting(c) > CLIENT_QUEUE_HIGH ? 0 : EPOLLIN;
	loop_change(&c->hold->loop, &c->source, in | (again ? EPOLLOUT : 0));
}

/* Handles the frames that are complete. False: the connection is to end. */
static bool take_frames(struct client *c)
{
	size_t used = 0;
	bool ok = true;
	c->held_back = false;
	while (ok && !c->dead) {
		struct frame f;
		c->held_back = client_waiting(c) > CLIENT_QUEUE_HIGH;
		if (c->held_back)
			break;
		long n = frame_parse(c->in.data + used, c->in.len - used, &f);
		if (n <= 0) {
			ok = n == 0 && (c->greeted || c->in.len < CLIENT_HEAD);
			break;
		}
		used += (size_t)n;
		ok = request_handle(c, &f);
	}
	if (used == c->in.len && c->in.cap > KEEP)
		str_fini(&c->in);
	else
		str_consume(&c->in, used);
	return ok;
}

static void read_in(struct client *c)
{
	str_reserve(&c->in, READ_STEP);
	ssize_t n = recv(c->source.fd, c->in.data + c->in.len, READ_STEP, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->in.len += (size_t)n;
	if (n <= 0 || !take_frames(c))
		close_client(c);
}

static void client_ready(struct source *s, uint32_t events)
{
	struct client *c = CONTAINER_OF(s, struct client, source);
	c->hold->clients.dirty = true;
	if (events & EPOLLIN)
		read_in(c);
	else if (events & (EPOLLERR | EPOLLHUP) || (c->held_back && !take_frames(c)))
		close_client(c);
}

static int add_client(struct clients *cs, int fd)
{
	struct client *c = mem_alloc(sizeof *c);
	*c = (struct client){
		.source = SOURCE_INIT(client_ready),
		.hold = cs->hold,
		.serial = ++cs->last_serial,
		.output = OUTLOG_READER_INIT,
		.events = {.fd = -1},
	};
	int r = fd_set_nonblock(fd, true);
	r = r ? r : loop_add(&cs->hold->loop, &c->source, fd, EPOLLIN);
	if (r < 0) {
		free(c);
		return r;
	}
	c->next = cs->first;
	cs->first = c;
	cs->n++;
	request_welcome(c);
	return 0;
}

static void listener_ready(struct source *s, uint32_t events)
{
	(void)events;
	struct clients *cs = CONTAINER_OF(s, struct clients, listener);
	int fd FD_CLOSE = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 || cs->n >= HOLD_CLIENTS_MAX || unixsock_check_peer(fd) < 0)
		return;
	if (add_client(cs, fd) == 0)
		fd = -1;
}

int clients_init(struct clients *cs, struct hold *h, const char *path, int control)
{
	*cs = (struct clients){.hold = h, .listener = SOURCE_INIT(listener_ready)};
	clients_view_init(cs);
	int fd FD_CLOSE = unixsock_listen(path, CLIENT_BACKLOG);
	if (fd < 0)
		return fd;
	int r = loop_add(&h->loop, &cs->listener, fd, EPOLLIN);
	if (r < 0)
		return r;
	fd = -1;
	return control < 0 ? 0 : add_client(cs, control);
}

static void free_client(struct client *c)
{
	str_fini(&c->in);
	str_fini(&c->out);
	outlog_reader_fini(&c->output);
	journal_read_close(&c->events);
	free(c);
}

static void bury_dead(struct clients *cs)
{
	for (struct client **at = &cs->first; *at;) {
		struct client *c = *at;
		if (!c->dead) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		cs->n--;
		free_client(c);
	}
}

void clients_fini(struct clients *cs, const char *path)
{
	int fd = cs->listener.fd;
	/* Before those who may start the next holder hear of it: see pidfile_lock. */
	if (fd >= 0)
		unlink(path);
	for (struct client *c = cs->first; c; c = c->next)
		close_client(c);
	bury_dead(cs);
	if (fd < 0)
		return;
	loop_remove(&cs->hold->loop, &cs->listener);
	close(fd);
}

void clients_flush(struct clients *cs)
{
	if (!cs->dirty)
		return;
	cs->dirty = false;
	for (struct client *c = cs->first; c; c = c->next)
		if (!c->dead)
			pump(c);
	bury_dead(cs);
}

void clients_tell_followers(struct clients *cs, enum hold_message type, const struct str *payload)
{
	for (struct client *c = cs->first; c; c = c->next)
		if (c->follows_events && client_waiting(c) < CLIENT_QUEUE_HIGH)
			client_send(c, type, payload);
}

bool clients_following(const struct clients *cs)
{
	for (const struct client *c = cs->first; c; c = c->next)
		if (c->follows_events && !c->dead)
			return true;
	return false;
}

bool clients_watching(const struct clients *cs)
{
	for (const struct client *c = cs->first; c; c = c->next)
		if ((c->attached || c->follows_output) && !c->dead)
			return true;
	return false;
}
