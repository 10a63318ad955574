#include "serve/rpc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/unixsock.h"
#include "serve/rpc_client.h"
#include "serve/rpc_message.h"

enum { BACKLOG = 512 };

void rpc_server_released(struct rpc_server *s)
{
	if (--s->open_handles == 0)
		free(s);
}

static void on_handle_closed(uv_handle_t *handle)
{
	rpc_server_released(handle->data);
}

static void on_wake(uv_timer_t *timer)
{
	struct rpc_server *s = timer->data;
	for (struct rpc_client *c = s->clients; c; c = c->next)
		if (!c->reading && !c->closing)
			rpc_client_pump(c);
}

void rpc_server_wake(struct rpc_server *s)
{
	if (!s->closing)
		uv_timer_start(&s->wake, on_wake, 0, 0);
}

static void refuse(struct rpc_client *c)
{
	struct str line STR_FREE = STR_INIT;
	rpc_add_error(&line, NULL, ERR_FAILED, "musterd has too many connections; close some");
	str_addc(&line, '\n');
	uv_buf_t buf = uv_buf_init(line.data, (unsigned)line.len);
	uv_try_write((uv_stream_t *)&c->pipe, &buf, 1);
	rpc_client_close(c);
}

static bool may_connect(struct rpc_client *c)
{
	uv_os_fd_t fd;
	return uv_fileno((uv_handle_t *)&c->pipe, &fd) == 0 && unixsock_check_peer(fd) == 0;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct rpc_server *s = listener->data;
	if (status < 0)
		return;
	struct rpc_client *c = rpc_client_new(s);
	if (uv_accept(listener, (uv_stream_t *)&c->pipe) < 0 || !may_connect(c))
		rpc_client_close(c);
	else if (s->n_clients > RPC_CLIENTS_MAX)
		refuse(c);
	else
		rpc_client_start(c);
}

struct rpc_server *rpc_server_new(uv_loop_t *loop, int listen_fd, struct rpc_handler *handler, struct err *err)
{
	int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		err_set_errno(err, ERR_FAILED, errno, "cannot copy the listening socket");
		return NULL;
	}
	struct rpc_server *s = mem_alloc(sizeof *s);
	s->loop = loop;
	s->handler = handler;
	s->open_handles = 2;
	uv_pipe_init(loop, &s->listener, 0);
	uv_timer_init(loop, &s->wake);
	s->listener.data = s->wake.data = s;
	int r = uv_pipe_open(&s->listener, fd);
	if (r < 0)
		close(fd);
	else
		r = uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection);
	if (r < 0) {
		rpc_server_free(s);
		err_set(err, ERR_FAILED, "cannot listen: %s", uv_strerror(r));
		return NULL;
	}
	return s;
}

void rpc_server_flush(struct rpc_server *s)
{
	for (struct rpc_client *c = s->clients; c; c = c->next)
		if (!c->closing)
			rpc_client_flush(c);
}

void rpc_server_fail_held(struct rpc_server *s, const struct err *err)
{
	for (struct rpc_client *c = s->clients; c; c = c->next)
		if (!c->closing)
			rpc_client_fail_held(c, err);
}

void rpc_server_free(struct rpc_server *s)
{
	if (!s || s->closing)
		return;
	s->closing = true;
	for (struct rpc_client *c = s->clients; c; c = c->next)
		rpc_client_close(c);
	uv_close((uv_handle_t *)&s->listener, on_handle_closed);
	uv_close((uv_handle_t *)&s->wake, on_handle_closed);
}
