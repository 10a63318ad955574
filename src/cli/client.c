#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "cli/launch.h"
#include "fmt/json.h"
#include "io/unixsock.h"

enum { TICK_MS = 1000, READ_SIZE = 256 * 1024 };

static bool nobody_listens(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED;
}

static int connect_to(const struct dirs *dirs, enum client_start start, struct err *err)
{
	char *path MEM_FREE = dirs_lead_socket(dirs);
	int fd = unixsock_connect(path);
	if (fd >= 0)
		return fd;
	if (!nobody_listens(fd))
		return err_set_errno(err, ERR_FAILED, fd, "cannot connect to musterd at %s", path);
	if (start == CLIENT_ONLY_IF_RUNNING)
		return err_set(err, ERR_NONE, "musterd does not run");
	return launch_musterd(dirs, path, err);
}

int client_init(struct client *c, enum client_start start, struct err *err)
{
	struct client new = {.fd = -1, .next_id = 1};
	struct err why = {0};
	if (dirs_init(&new.dirs, err) < 0)
		return -1;
	new.fd = connect_to(&new.dirs, start, &why);
	if (new.fd < 0) {
		bool absent = why.code == ERR_NONE;
		client_fini(&new);
		if (err)
			*err = why;
		return absent ? 1 : -1;
	}
	*c = new;
	return 0;
}

void client_fini(struct client *c)
{
	fd_closep(&c->fd);
	str_fini(&c->in);
	dirs_fini(&c->dirs);
}

static int send_all(int fd, const char *bytes, size_t len, struct err *err)
{
	int r = unixsock_send(fd, bytes, len);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "cannot write to musterd") : 0;
}

/* Reads what is there, waiting for the first byte. 1: some came, 0: the end. */
static int receive(struct client *c, struct err *err)
{
	while (c->watch.tick) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		int n = poll(&p, 1, TICK_MS);
		if (n > 0)
			break;
		if (n < 0 && errno != EINTR)
			return err_set_errno(err, ERR_FAILED, errno, "cannot wait for musterd");
		c->watch.tick(c->watch.arg);
	}
	if (c->in.len > CLIENT_LINE_MAX)
		return err_set(err, ERR_FAILED, "musterd sent a line of more than %d bytes", CLIENT_LINE_MAX);
	str_reserve(&c->in, READ_SIZE);
	ssize_t n;
	do {
		n = recv(c->fd, c->in.data + c->in.len, READ_SIZE, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot read from musterd");
	c->in.len += (size_t)n;
	c->in.data[c->in.len] = '\0';
	return n > 0;
}

/* The next line is c->in up to *ret_len (without its newline). 1, 0 at the end, or -1. */
static int next_line(struct client *c, size_t *ret_len, struct err *err)
{
	for (;;) {
		char *end = c->in.len > c->scanned ? memchr(c->in.data + c->scanned, '\n', c->in.len - c->scanned)
						   : NULL;
		if (end) {
			*ret_len = (size_t)(end - c->in.data);
			return 1;
		}
		c->scanned = c->in.len;
		int r = receive(c, err);
		if (r <= 0)
			return r;
	}
}

static void drop_line(struct client *c, size_t len)
{
	str_consume(&c->in, len + 1);
	c->scanned = 0;
}

static int send_request(struct client *c, const char *method, const char *params, unsigned *ret_id, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	str_addf(&out, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\",\"params\":", c->next_id, method);
	str_adds(&out, params);
	str_adds(&out, "}\n");
	*ret_id = c->next_id++;
	return send_all(c->fd, out.data, out.len, err);
}

/* Fills err from the error member of a reply. */
static int reply_error(struct json_object *error, struct err *err)
{
	int64_t code = json_int(error, "code", ERR_FAILED);
	const char *message = json_str_or(error, "message", "musterd gave no reason");
	if (code == -32601)
		return err_set(err, ERR_FAILED,
			       "the running musterd is of another version (%s); try: muster daemon restart",
			       message);
	return err_set(err, code >= ERR_FAILED && code <= ERR_REFUSED ? (enum err_code)code : ERR_FAILED, "%s",
		       message);
}

/* What to do with a parsed line while the reply `id` is awaited: 1 it is the reply, 0 it is not. */
static int sort_message(struct client *c, struct json_object *msg, unsigned id)
{
	if (!json_str(msg, "method"))
		return json_int(msg, "id", -1) == id;
	if (c->watch.event && strcmp(json_str(msg, "method"), "event") == 0)
		c->watch.event(c->watch.arg, json_obj(msg, "params"));
	return 0;
}

static int lost(struct err *err)
{
	return err_set(err, ERR_FAILED, "musterd closed the connection; try again");
}

/* Waits for the reply; *ret is the message. */
static int await_reply(struct client *c, unsigned id, struct json_object **ret, struct err *err)
{
	for (;;) {
		size_t len;
		int r = next_line(c, &len, err);
		if (r <= 0)
			return r < 0 ? -1 : lost(err);
		struct json_object *msg JSON_FREE = json_parse_object(c->in.data, len, err);
		drop_line(c, len);
		if (!msg)
			return err_prefix(err, "musterd's answer makes no sense");
		if (!sort_message(c, msg, id))
			continue;
		struct json_object *error = json_obj(msg, "error");
		if (error)
			return reply_error(error, err);
		*ret = MEM_TAKE(msg);
		return 0;
	}
}

/* A line that nobody asked for: a notification. */
static int take_line(struct client *c, size_t len, struct err *err)
{
	struct json_object *msg JSON_FREE = json_parse_object(c->in.data, len, err);
	drop_line(c, len);
	if (!msg)
		return err_prefix(err, "musterd's answer makes no sense");
	sort_message(c, msg, 0);
	return 0;
}

/* The lines that are there in full. */
static int take_lines(struct client *c, struct err *err)
{
	for (char *end; c->in.len && (end = memchr(c->in.data, '\n', c->in.len));)
		if (take_line(c, (size_t)(end - c->in.data), err) < 0)
			return -1;
	return 0;
}

int client_call(struct client *c, const char *method, struct json_object *params, struct json_object **ret,
		struct err *err)
{
	struct json_object *owned JSON_FREE = params, *msg JSON_FREE = NULL;
	unsigned id;
	if (send_request(c, method, owned ? json_line(owned) : "{}", &id, err) < 0 ||
	    await_reply(c, id, &msg, err) < 0)
		return -1;
	/* What came together with the reply: who polls the socket will not hear of it. */
	if (take_lines(c, err) < 0)
		return -1;
	*ret = json_object_get(json_any(msg, "result"));
	return 0;
}

/* The usual reply, recognised by its first bytes: where its result begins, or 0. */
static size_t plain_result(const char *line, size_t len, unsigned id)
{
	char start[64];
	int n = snprintf(start, sizeof start, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":", id);
	bool plain = n > 0 && len > (size_t)n && memcmp(line, start, (size_t)n) == 0 && line[len - 1] == '}';
	return plain ? (size_t)n : 0;
}

static int write_out(int fd, const char *bytes, size_t len, struct err *err)
{
	int r = fd_write_all(fd, bytes, len);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "cannot write the result") : 0;
}

int client_pass(struct client *c, const char *method, const char *params, int fd, struct err *err)
{
	unsigned id;
	size_t len;
	if (send_request(c, method, params, &id, err) < 0)
		return -1;
	int r = next_line(c, &len, err);
	if (r <= 0)
		return r < 0 ? -1 : lost(err);
	size_t at = plain_result(c->in.data, len, id);
	if (at) {
		/* Without the bracket that closes the reply, with the line's end. */
		c->in.data[len - 1] = '\n';
		r = write_out(fd, c->in.data + at, len - at, err);
		drop_line(c, len);
		return r;
	}
	struct json_object *msg JSON_FREE = NULL;
	struct str line STR_FREE = STR_INIT;
	if (await_reply(c, id, &msg, err) < 0)
		return -1;
	json_add_line(&line, json_any(msg, "result"));
	str_addc(&line, '\n');
	return write_out(fd, line.data, line.len, err);
}

int client_follow(struct client *c, struct err *err)
{
	for (;;) {
		size_t len;
		int r = next_line(c, &len, err);
		if (r <= 0)
			return r;
		if (take_line(c, len, err) < 0)
			return -1;
	}
}

int client_take(struct client *c, struct err *err)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	if (poll(&p, 1, 0) <= 0)
		return 1;
	int r = receive(c, err);
	return r > 0 && take_lines(c, err) < 0 ? -1 : r;
}
