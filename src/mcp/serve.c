#include "mcp/serve.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "fmt/jsonl.h"
#include "io/mailbox.h"
#include "mcp/mcp.h"

enum {
	READ_STEP = 16 * 1024,
	KEEP = 64 * 1024,     /* bytes of a buffer that are kept while nothing needs them */
	UNREAD_MAX = 1 << 20, /* bytes that the client has not read: then nothing more is taken from it */
	POLL_MAX = MCP_CALLS_MAX + 2,
};

struct serve {
	int in, out;
	struct mcp mcp;
	struct jsonl lines;
	bool over;
};

/* What a call carries. */
struct carried {
	struct mailbox box;
	uint64_t request;
	bool fresh; /* sent, and the mailbox was not looked into since */
};

/* ---- the port ---- */

static int port_send(void *arg, struct mcp_call *call, const char *line, size_t len, struct err *err)
{
	(void)arg;
	struct carried *c = mem_alloc(sizeof *c);
	c->box.fd = -1;
	call->carried = c;
	if (mailbox_init(&c->box, NULL, err) < 0)
		return -1;
	c->fresh = true;
	return mailbox_send(&c->box, line, len, &c->request, err);
}

static void port_end(void *arg, struct mcp_call *call)
{
	(void)arg;
	struct carried *c = call->carried;
	if (c)
		mailbox_fini(&c->box);
	free(c);
}

/* ---- events ---- */

static void mailbox_ready(struct serve *s, struct mcp_call *call)
{
	struct carried *c = call->carried;
	struct str answer STR_FREE = STR_INIT;
	struct err err;
	int got = mailbox_wait(&c->box, c->request, 0, &answer, &err);
	if (got > 0)
		mcp_answer(&s->mcp, call, str_c(&answer), answer.len);
	else if (got < 0)
		mcp_fail(&s->mcp, call, &err);
}

/* A quick answer may have come together with the word that the request is safe: no event will tell of it. */
static void look_at_fresh(struct serve *s)
{
	for (struct mcp_call *call = s->mcp.calls, *next; call; call = next) {
		struct carried *c = call->carried;
		next = call->next;
		if (c->fresh) {
			c->fresh = false;
			mailbox_ready(s, call);
		}
	}
}

static void take_lines(struct serve *s)
{
	const char *line;
	size_t len;
	uint64_t dropped = s->lines.oversize;
	while (jsonl_next(&s->lines, &line, &len))
		mcp_line(&s->mcp, line, len);
	look_at_fresh(s);
	for (; dropped < s->lines.oversize; dropped++)
		mcp_line_too_long(&s->mcp);
}

static void client_wrote(struct serve *s)
{
	char buf[READ_STEP];
	ssize_t n = read(s->in, buf, sizeof buf);
	if (n > 0) {
		jsonl_add(&s->lines, buf, (size_t)n);
		take_lines(s);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		s->over = true;
	}
}

/* So little at once that a pipe that can be written to takes it without making us wait. */
static void client_reads(struct serve *s)
{
	struct str *out = &s->mcp.out;
	ssize_t n = write(s->out, out->data, MIN(out->len, (size_t)PIPE_BUF));
	if (n > 0)
		str_consume(out, (size_t)n);
	else if (errno != EINTR && errno != EAGAIN)
		s->over = true;
	if (out->len == 0 && out->cap > KEEP)
		str_fini(out);
}

/* ---- the loop ---- */

static void turn(struct serve *s)
{
	struct pollfd fds[POLL_MAX];
	struct mcp_call *calls[POLL_MAX], *c = s->mcp.calls;
	nfds_t n = 2;
	fds[0] = (struct pollfd){.fd = s->in, .events = s->mcp.out.len < UNREAD_MAX ? POLLIN : 0};
	fds[1] = (struct pollfd){.fd = s->out, .events = s->mcp.out.len ? POLLOUT : 0};
	for (; c && n < POLL_MAX; c = c->next, n++) {
		fds[n] = (struct pollfd){.fd = ((struct carried *)c->carried)->box.fd, .events = POLLIN};
		calls[n] = c;
	}
	if (poll(fds, n, s->mcp.out.len ? -1 : mcp_progress(&s->mcp)) < 0) {
		s->over = errno != EINTR;
		return;
	}
	if (fds[1].revents & POLLOUT)
		client_reads(s);
	else if (fds[1].revents)
		s->over = true; /* nobody reads any more */
	for (nfds_t i = 2; i < n; i++)
		if (fds[i].revents)
			mailbox_ready(s, calls[i]);
	if (fds[0].revents && fds[0].events)
		client_wrote(s);
	else if (fds[0].revents)
		s->over = true; /* it hung up, and left unread what it asked for */
}

int mcp_serve(int in_fd, int out_fd, struct err *err)
{
	struct mailbox probe;
	struct serve s = {.in = in_fd, .out = out_fd};
	const struct mcp_port port = {.send = port_send, .end = port_end, .arg = &s};
	if (mailbox_init(&probe, NULL, err) < 0)
		return -1;
	mailbox_fini(&probe);
	signal(SIGPIPE, SIG_IGN);
	mcp_init(&s.mcp, &port);
	jsonl_init(&s.lines, MCP_LINE_MAX, 0);
	while (!s.over)
		turn(&s);
	struct str rest STR_FREE = s.mcp.out; /* what was answered before the client said that it is done */
	s.mcp.out = STR_INIT;
	mcp_fini(&s.mcp);
	jsonl_fini(&s.lines);
	(void)!fd_write_all(out_fd, rest.data, rest.len);
	return 0;
}
