#include "io/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "io/unixsock.h"

int mailbox_init(struct mailbox *m, const char *path, struct err *err)
{
	if (!path)
		path = getenv("MUSTER_SOCKET");
	if (!path || !*path)
		return err_set(err, ERR_USAGE, "MUSTER_SOCKET is not set: this works only inside a muster session");
	int fd = unixsock_connect(path);
	if (fd < 0)
		return err_set_errno(err, ERR_FAILED, fd, "cannot reach the session's holder at %s", path);
	*m = (struct mailbox){.fd = fd};
	return 0;
}

void mailbox_fini(struct mailbox *m)
{
	fd_closep(&m->fd);
	str_fini(&m->in);
}

static int send_all(int fd, const char *bytes, size_t len, struct err *err)
{
	int r = unixsock_send(fd, bytes, len);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "cannot write to the session's holder") : 0;
}

/* Waits for more bytes from the holder: 1 when some came, 0 at the deadline. */
static int receive(struct mailbox *m, int64_t deadline_ms, struct err *err)
{
	for (;;) {
		int64_t left_ms = deadline_ms < 0 ? -1 : MAX(deadline_ms - clock_mono_ms(), 0);
		struct pollfd p = {.fd = m->fd, .events = POLLIN};
		int n = poll(&p, 1, (int)MIN(left_ms, (int64_t)86400000));
		if (n < 0 && errno != EINTR)
			return err_set_errno(err, ERR_FAILED, errno, "cannot wait for the session's holder");
		if (n > 0)
			break;
		if (n == 0 && deadline_ms >= 0 && clock_mono_ms() >= deadline_ms)
			return 0;
	}
	char buf[16384];
	ssize_t n;
	do {
		n = recv(m->fd, buf, sizeof buf, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot read from the session's holder");
	if (n == 0)
		return err_set(err, ERR_FAILED, "the session's holder closed the connection");
	if (m->in.len + (size_t)n > MAILBOX_REPLY_MAX)
		return err_set(err, ERR_FAILED, "the session's holder sent more than %d bytes", MAILBOX_REPLY_MAX);
	str_add(&m->in, buf, (size_t)n);
	return 1;
}

/* Cuts the bytes [at, at + len) out of what was received. */
static void cut(struct str *s, size_t at, size_t len)
{
	memmove(s->data + at, s->data + at + len, s->len - at - len + 1);
	s->len -= len;
}

/* Takes the first whole line that starts with one of the letters and, when `start` is given, with that text after
 * it. False when there is none yet. The line comes back without its newline. */
static bool take_line(struct mailbox *m, const char *letters, const char *start, struct str *ret)
{
	size_t at = 0;
	while (at < m->in.len) {
		char *line = m->in.data + at;
		char *end = memchr(line, '\n', m->in.len - at);
		if (!end)
			return false;
		size_t len = (size_t)(end - line);
		size_t start_len = strlen(start);
		if (len > start_len && *line && strchr(letters, *line) &&
		    strncmp(line + 1, start, start_len) == 0) {
			str_add(ret, line, len);
			cut(&m->in, at, len + 1);
			return true;
		}
		at += len + 1;
	}
	return false;
}

int mailbox_send(struct mailbox *m, const void *json, size_t len, uint64_t *ret_request, struct err *err)
{
	if (memchr(json, '\n', len))
		return err_set(err, ERR_USAGE, "a mailbox request is one line");
	struct str out STR_FREE = STR_INIT;
	str_add(&out, json, len);
	str_addc(&out, '\n');
	if (send_all(m->fd, out.data, out.len, err) != 0)
		return -1;
	struct str line STR_FREE = STR_INIT;
	while (!take_line(m, "+-", "", &line))
		if (receive(m, -1, err) < 0)
			return -1;
	if (line.data[0] == '-')
		return err_set(err, ERR_REFUSED, "the session's holder refused the request: %s", line.data + 1);
	char *end;
	errno = 0;
	unsigned long long number = strtoull(line.data + 1, &end, 10);
	if (errno != 0 || *end || number == 0)
		return err_set(err, ERR_FAILED, "the session's holder answered \"%s\"", line.data);
	*ret_request = number;
	return 0;
}

int mailbox_wait(struct mailbox *m, uint64_t request, int timeout_ms, struct str *ret, struct err *err)
{
	int64_t deadline_ms = timeout_ms < 0 ? -1 : clock_mono_ms() + timeout_ms;
	char *start MEM_FREE = mem_printf("%llu ", (unsigned long long)request);
	struct str line STR_FREE = STR_INIT;
	while (!take_line(m, "=", start, &line)) {
		int got = receive(m, deadline_ms, err);
		if (got <= 0)
			return got;
	}
	size_t skip = 1 + strlen(start);
	str_add(ret, line.data + skip, line.len - skip);
	return 1;
}

void mailbox_drop_answers(struct mailbox *m)
{
	struct str line STR_FREE = STR_INIT;
	while (receive(m, 0, NULL) > 0)
		;
	while (take_line(m, "=", "", &line))
		str_reset(&line);
}

int mailbox_call(struct mailbox *m, const char *json, int timeout_ms, struct str *ret, struct err *err)
{
	uint64_t request;
	if (mailbox_send(m, json, strlen(json), &request, err) != 0)
		return -1;
	int got = mailbox_wait(m, request, timeout_ms, ret, err);
	if (got == 0)
		return err_set(err, ERR_FAILED, "no answer within %d ms", timeout_ms);
	return got < 0 ? -1 : 0;
}
