#include "bridge/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "bridge/child.h"
#include "bridge/mail.h"
#include "bridge/ws.h"
#include "fmt/json.h"

enum {
	BEGIN_TIMEOUT_MS = 60000, /* for the app-server to listen */
	LOOK_AGAIN_MS = 20,
	SERVER_AGAIN_MS = 200, /* its first SIGTERM waits for turns, the second does not */
	END_TIMEOUT_MS = 3000,
	LOG_SHOWN = 2048,
	SIGNALLED = 128,
};

struct bridge {
	const struct bridge_setup *setup;
	struct child server, ui;
	struct ws ws;
	struct mail mail;
	int signals;    /* a signalfd */
	char *log_path; /* what the app-server has to say */
	char *show;     /* the thread that the interface shall show next; NULL: it may stay */
	struct termios tty;
	bool has_tty;
	uint64_t told_lost; /* of mail.lost */
	bool failed;        /* err says why */
	int exit_code;      /* -1: go on */
	struct err *err;
};

/* ---- the terminal ---- */

/* Undoes what an interface that was ended may have left on: other screens, pastes, mice, keyboards, colours. */
static void reset_terminal(struct bridge *b)
{
	static const char plain[] =
		"\x1b[<u\x1b[>4;0m\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l"
		"\x1b[?2004l\x1b[?2026l\x1b[?25h\x1b[0m\x1b[r\x1b[2J\x1b[H";
	if (!b->has_tty)
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &b->tty);
	ssize_t n UNUSED = write(STDOUT_FILENO, plain, sizeof plain - 1);
}

static void say(const char *text)
{
	ssize_t n UNUSED = write(STDOUT_FILENO, text, strlen(text));
}

/* ---- the children ---- */

static int start_server(struct bridge *b)
{
	struct strv argv STRV_FREE = STRV_INIT;
	int log = open(b->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0)
		return err_set_errno(b->err, ERR_FAILED, -errno, "cannot write %s", b->log_path);
	for (size_t i = 0; i < b->setup->command->n; i++)
		strv_add(&argv, b->setup->command->v[i]);
	strv_add(&argv, "app-server");
	strv_add(&argv, "--listen");
	strv_addf(&argv, "unix://%s", b->setup->socket);
	int r = child_start(&b->server, &argv, log);
	close(log);
	return r < 0 ? err_set_errno(b->err, ERR_FAILED, r, "cannot start %s", argv.v[0]) : 0;
}

/* It refuses to resume with settings of its own; those of the thread are the app-server's. */
static int start_ui(struct bridge *b)
{
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, b->setup->command->v[0]);
	strv_add(&argv, "resume");
	strv_add(&argv, b->show);
	strv_add(&argv, "--remote");
	strv_addf(&argv, "unix://%s", b->setup->socket);
	mem_replace(&b->show, NULL);
	int r = child_start(&b->ui, &argv, -1);
	return r < 0 ? err_set_errno(b->err, ERR_FAILED, r, "cannot start %s", argv.v[0]) : 0;
}

static void end_child(struct child *c)
{
	child_signal(c, SIGTERM);
	if (!child_wait(c, SERVER_AGAIN_MS))
		child_signal(c, SIGTERM);
	if (!child_wait(c, END_TIMEOUT_MS)) {
		child_signal(c, SIGKILL);
		child_wait(c, -1);
	}
}

/* Who leaves the interface by Ctrl-C, perhaps once too often, ends it as intended. */
static int exit_code_of(int status)
{
	int code = WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
	return code == SIGNALLED + SIGINT ? 0 : code;
}

/* The app-server's last words, as the reason. */
static int server_died(struct bridge *b)
{
	struct str log STR_FREE = STR_INIT;
	if (file_read(b->log_path, 1 << 20, &log) < 0)
		str_reset(&log);
	str_trim(&log);
	const char *tail = str_c(&log) + (log.len > LOG_SHOWN ? log.len - LOG_SHOWN : 0);
	return err_set(b->err, ERR_FAILED, "Codex's app-server ended (%s %d)%s%s",
		       WIFSIGNALED(b->server.status) ? "signal" : "exit code",
		       WIFSIGNALED(b->server.status) ? WTERMSIG(b->server.status) : WEXITSTATUS(b->server.status),
		       *tail ? ": " : "", tail);
}

/* -1 with err: it cannot go on. */
static int reap(struct bridge *b)
{
	if (child_ended(&b->server))
		return server_died(b);
	if (!child_ended(&b->ui))
		return 0;
	if (!b->show) {
		b->exit_code = exit_code_of(b->ui.status);
		/* The interface has just said that its work continues. */
		say("muster: the session ends here, and the app-server with it. `muster resume` goes on with "
		    "it.\r\n");
		return 0;
	}
	reset_terminal(b);
	return start_ui(b);
}

/* ---- messages ---- */

static void note(struct bridge *b, int r)
{
	b->failed = b->failed || r < 0;
}

static void from_server(void *arg, const char *text, size_t len)
{
	struct bridge *b = arg;
	struct err ignored;
	struct json_object *message JSON_FREE = json_parse_object(text, len, &ignored);
	const char *method = json_str(message, "method");
	if (!message) {
		b->mail.lost++;
	} else if (method && json_any(message, "id")) {
		note(b, mail_ask(&b->mail, message, b->err));
	} else {
		struct json_object *id JSON_FREE = json_copy(json_any(json_obj(message, "params"), "requestId"));
		note(b, mail_line(&b->mail, "line", message, b->err));
		if (method && strcmp(method, "serverRequest/resolved") == 0)
			mail_resolved(&b->mail, id);
	}
}

static void to_server(struct bridge *b, struct json_object *message)
{
	const char *line = json_line(message);
	ws_send(&b->ws, line, strlen(line));
}

static int show(struct bridge *b, const char *thread)
{
	mem_replace(&b->show, thread);
	if (!b->ui.pid)
		return start_ui(b);
	child_signal(&b->ui, SIGTERM); /* reap() starts the other one */
	return 0;
}

static int obey(struct bridge *b, struct json_object *order)
{
	if (json_obj(order, "send"))
		to_server(b, json_obj(order, "send"));
	if (json_str(order, "show"))
		return show(b, json_str(order, "show"));
	return 0;
}

static int take_orders(struct bridge *b)
{
	struct json_object *answer;
	while ((answer = mail_orders(&b->mail))) {
		struct json_object *held JSON_FREE = answer, *orders = json_arr(held, "orders");
		for (size_t i = 0; i < json_len(orders); i++)
			if (obey(b, json_at(orders, i)) < 0)
				return -1;
		if (mail_next(&b->mail, b->err) < 0)
			return -1;
	}
	return 0;
}

/* An answer without a result is for somebody else to give. */
static void take_answers(struct bridge *b)
{
	struct json_object *id, *answer;
	while ((answer = mail_answer(&b->mail, &id))) {
		struct json_object *held JSON_FREE = answer, *message JSON_FREE = json_new();
		json_add_obj(message, "id", id);
		json_add_obj(message, "result", json_object_get(json_any(held, "result")));
		if (json_any(held, "result"))
			to_server(b, message);
	}
}

/* ---- the connection ---- */

/* The app-server may not listen yet. */
static int connect_server(struct bridge *b)
{
	int64_t deadline_ms = clock_mono_ms() + BEGIN_TIMEOUT_MS;
	struct json_object *nothing JSON_FREE = json_new();
	while (ws_connect(&b->ws, b->setup->socket, from_server, b, b->err) < 0) {
		struct pollfd p = {.fd = b->signals, .events = POLLIN};
		if (child_ended(&b->server))
			return server_died(b);
		if (clock_mono_ms() > deadline_ms)
			return -1;
		if (poll(&p, 1, LOOK_AGAIN_MS) > 0)
			return 0; /* the loop sees to it */
	}
	return mail_line(&b->mail, "ready", nothing, b->err);
}

static int pump_server(struct bridge *b)
{
	if (b->ws.fd >= 0 && ws_pump(&b->ws) < 0) {
		ws_close(&b->ws);
		mail_drop_asks(&b->mail);
	}
	if (b->failed)
		return -1;
	return b->ws.fd < 0 ? connect_server(b) : 0;
}

/* Nothing is left out without a word: what is missing still stands in the terminal. */
static int tell_lost(struct bridge *b)
{
	if (b->mail.lost == b->told_lost)
		return 0;
	struct json_object *message JSON_FREE = json_new(), *params = json_new();
	b->told_lost = b->mail.lost;
	json_add_int(params, "count", (int64_t)b->mail.lost);
	json_add_str(message, "method", "muster/lost");
	json_add_obj(message, "params", params);
	return mail_line(&b->mail, "line", message, b->err);
}

/* ---- the loop ---- */

/* Keys of the terminal are for the interface, also while it begins or ends. */
static void take_signals(struct bridge *b)
{
	struct signalfd_siginfo info;
	while (read(b->signals, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
			b->exit_code = SIGNALLED + (int)info.ssi_signo;
}

static int wait_for_more(struct bridge *b)
{
	struct pollfd fds[2 + MAIL_FDS_MAX];
	fds[0] = (struct pollfd){.fd = b->signals, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = b->ws.fd,
				 .events = (short)(POLLIN | (ws_wants_to_write(&b->ws) ? POLLOUT : 0))};
	size_t n = mail_fds(&b->mail, fds + 2);
	if (poll(fds, 2 + n, -1) < 0)
		return errno == EINTR ? 0 : err_set_errno(b->err, ERR_FAILED, -errno, "cannot wait");
	if (mail_woke(&b->mail, fds + 2, n) < 0)
		return err_set(b->err, ERR_FAILED, "the session's holder is gone");
	return 0;
}

static int loop(struct bridge *b)
{
	while (b->exit_code < 0) {
		take_signals(b);
		if (b->exit_code >= 0)
			break;
		take_answers(b);
		if (reap(b) < 0 || pump_server(b) < 0 || take_orders(b) < 0 || pump_server(b) < 0 ||
		    tell_lost(b) < 0)
			return -1;
		if (b->exit_code < 0 && wait_for_more(b) < 0)
			return -1;
	}
	return 0;
}

static int open_signals(struct err *err)
{
	sigset_t set;
	static const int taken[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_set_errno(err, ERR_FAILED, -errno, "cannot watch signals") : fd;
}

int bridge_run(const struct bridge_setup *setup, struct err *err)
{
	struct bridge b = {.setup = setup, .ws.fd = -1, .signals = -1, .exit_code = -1, .err = err};
	b.log_path = mem_printf("%s.log", setup->socket);
	b.has_tty = tcgetattr(STDIN_FILENO, &b.tty) == 0;
	int r = mail_open(&b.mail, err);
	if (r == 0) {
		unlink(setup->socket);
		b.signals = open_signals(err);
		r = b.signals < 0 ? -1 : 0;
	}
	if (r == 0) {
		say("Codex is being started...\r\n");
		r = start_server(&b);
	}
	if (r == 0 && mail_next(&b.mail, err) < 0)
		r = -1;
	if (r == 0)
		r = loop(&b);
	bool shown = b.ui.pid != 0;
	end_child(&b.ui);
	end_child(&b.server);
	if (shown || r < 0)
		reset_terminal(&b);
	ws_close(&b.ws);
	mail_close(&b.mail);
	fd_closep(&b.signals);
	free(b.log_path);
	free(b.show);
	return r < 0 ? -1 : b.exit_code;
}
