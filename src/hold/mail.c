#include "hold/mail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "hold/hold.h"
#include "io/unixsock.h"

enum { READ_STEP = 16 << 10, KEEP = 4 << 10 };

static void close_client(struct mail_client *c)
{
	int fd = c->source.fd;
	if (c->dead)
		return;
	c->dead = true;
	loop_remove(&c->box->hold->loop, &c->source);
	close(fd);
}

static void refuse(struct mail_client *c, const char *reason)
{
	str_addf(&c->out, "-%s\n", reason);
}

static void note_open(struct mail *m, uint64_t number, struct mail_client *from)
{
	if (m->n_open == m->cap_open) {
		m->cap_open = m->cap_open ? 2 * m->cap_open : 8;
		m->open = mem_resize(m->open, m->cap_open, sizeof *m->open);
	}
	m->open[m->n_open++] = (struct mail_request){.number = number, .from = from};
	from->open++;
}

static void take_line(struct mail_client *c, const char *line, size_t len)
{
	struct mail *m = c->box;
	struct hold *h = m->hold;
	if (len == 0)
		return;
	if (m->n_open >= HOLD_REQUESTS_MAX) {
		refuse(c, "busy");
		return;
	}
	struct str p STR_FREE = STR_INIT;
	/* The request has the number of its entry, which is the next one. */
	pack_u64(&p, h->journal.last + 1);
	pack_bytes(&p, line, len);
	if (hold_event(h, HOLD_EV_REQUEST, &p) < 0) {
		refuse(c, "full");
		return;
	}
	note_open(m, h->journal.last, c);
	str_addf(&c->out, "+%llu\n", (unsigned long long)h->journal.last);
}

/* The start of a line that will not be taken: what there is of it goes, and what comes of it will. */
static void skip_line(struct mail_client *c, const char *reason)
{
	refuse(c, reason);
	str_fini(&c->in);
	c->skips = true;
}

static void take_lines(struct mail_client *c)
{
	size_t used = 0;
	while (used < c->in.len) {
		const char *start = c->in.data + used;
		const char *end = memchr(start, '\n', c->in.len - used);
		if (!end)
			break;
		size_t len = (size_t)(end - start);
		if (c->skips)
			c->skips = false;
		else if (len > HOLD_LINE_MAX)
			refuse(c, "long");
		else
			take_line(c, start, len);
		used += len + 1;
	}
	str_consume(&c->in, used);
	if (c->in.len == 0 || c->skips)
		str_fini(&c->in);
	else if (c->in.len > HOLD_LINE_MAX)
		skip_line(c, "long");
}

static void read_in(struct mail_client *c)
{
	struct mail *m = c->box;
	m->unfinished -= c->in.len;
	str_reserve(&c->in, READ_STEP);
	ssize_t n = recv(c->source.fd, c->in.data + c->in.len, READ_STEP, MSG_DONTWAIT);
	if (n > 0) {
		c->in.len += (size_t)n;
		take_lines(c);
		if (m->unfinished + c->in.len > MAIL_UNFINISHED_MAX)
			skip_line(c, "busy");
	} else if (n == 0) {
		c->ended = true; /* only this direction, unless a hang-up comes with it */
	} else if (errno != EAGAIN && errno != EINTR) {
		close_client(c);
	}
	m->unfinished += c->in.len;
}

static void write_out(struct mail_client *c)
{
	ssize_t n = 1;
	while (c->out.len && n > 0) {
		n = send(c->source.fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			str_consume(&c->out, (size_t)n);
	}
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || c->out.len > MAIL_UNREAD_MAX)
		close_client(c);
	if (c->out.len == 0 && c->out.cap > KEEP)
		str_fini(&c->out);
}

static void client_ready(struct source *s, uint32_t events)
{
	struct mail_client *c = CONTAINER_OF(s, struct mail_client, source);
	if (events & EPOLLIN)
		read_in(c);
	/* Lines that came before the hang-up count, though nobody will read their answers. */
	if (!c->dead && (events & (EPOLLHUP | EPOLLERR)) && (c->ended || !(events & EPOLLIN)))
		close_client(c);
}

static void forget_requests(struct mail_client *c)
{
	struct mail *m = c->box;
	size_t kept = 0;
	for (size_t i = 0; i < m->n_open; i++) {
		struct mail_request *r = &m->open[i];
		if (r->from != c) {
			m->open[kept++] = *r;
			continue;
		}
		struct str p STR_FREE = STR_INIT;
		pack_u64(&p, r->number);
		hold_event(m->hold, HOLD_EV_REQUEST_GONE, &p);
	}
	m->n_open = kept;
}

static void settle(struct mail_client *c)
{
	if (c->out.len)
		write_out(c);
	if (!c->dead && c->ended && c->open == 0 && c->out.len == 0)
		close_client(c);
	if (c->dead)
		return;
	/* One that does not take its answers is not read from. */
	uint32_t in = c->ended || c->out.len ? 0 : EPOLLIN;
	loop_change(&c->box->hold->loop, &c->source, in | (c->out.len ? EPOLLOUT : 0));
}

static void free_client(struct mail_client *c)
{
	forget_requests(c);
	c->box->unfinished -= c->in.len;
	str_fini(&c->in);
	str_fini(&c->out);
	free(c);
}

void mail_flush(struct mail *m)
{
	for (struct mail_client **at = &m->first; *at;) {
		struct mail_client *c = *at;
		if (!c->dead)
			settle(c);
		if (!c->dead) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		m->n--;
		free_client(c);
	}
}

static void add_client(struct mail *m, int fd)
{
	struct mail_client *c = mem_alloc(sizeof *c);
	*c = (struct mail_client){.source = SOURCE_INIT(client_ready), .box = m};
	if (fd_set_nonblock(fd, true) < 0 || loop_add(&m->hold->loop, &c->source, fd, EPOLLIN) < 0) {
		close(fd);
		free(c);
		return;
	}
	c->next = m->first;
	m->first = c;
	m->n++;
}

static void listener_ready(struct source *s, uint32_t events)
{
	(void)events;
	static const char busy[] = "-busy\n";
	struct mail *m = CONTAINER_OF(s, struct mail, listener);
	int fd FD_CLOSE = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 || unixsock_check_peer(fd) < 0)
		return;
	if (m->n < HOLD_CLIENTS_MAX)
		add_client(m, FD_TAKE(fd));
	else
		(void)!send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int mail_init(struct mail *m, struct hold *h, const char *path)
{
	*m = (struct mail){.hold = h, .listener = SOURCE_INIT(listener_ready)};
	int fd FD_CLOSE = unixsock_listen(path, CLIENT_BACKLOG);
	if (fd < 0)
		return fd;
	int r = loop_add(&h->loop, &m->listener, fd, EPOLLIN);
	if (r == 0)
		fd = -1;
	return r;
}

void mail_fini(struct mail *m, const char *path)
{
	int fd = m->listener.fd;
	for (struct mail_client *c = m->first; c; c = c->next)
		close_client(c);
	mail_flush(m);
	free(m->open);
	if (fd < 0)
		return;
	unlink(path);
	loop_remove(&m->hold->loop, &m->listener);
	close(fd);
}

int mail_reply(struct mail *m, uint64_t number, const void *json, size_t len)
{
	if (memchr(json, '\n', len))
		return -EINVAL;
	size_t i = 0;
	while (i < m->n_open && m->open[i].number != number)
		i++;
	if (i == m->n_open)
		return 0;
	struct mail_client *c = m->open[i].from;
	memmove(m->open + i, m->open + i + 1, (m->n_open - i - 1) * sizeof *m->open);
	m->n_open--;
	c->open--;
	str_addf(&c->out, "=%llu ", (unsigned long long)number);
	str_add(&c->out, json, len);
	str_addc(&c->out, '\n');
	return 0;
}
