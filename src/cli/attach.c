#include "cli/attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "cli/client.h"
#include "cli/keys.h"
#include "cli/notices.h"
#include "cli/tty.h"
#include "fmt/json.h"
#include "hold/proto.h"
#include "io/frame.h"
#include "io/unixsock.h"

enum { READ_SIZE = 64 * 1024, COLS_DEFAULT = 80, ROWS_DEFAULT = 24, PAUSE_MS = 20 };

/* Why it ended. */
enum attach_end { ATTACH_GOES_ON, ATTACH_DETACHED, ATTACH_EXITED, ATTACH_HOLDER_GONE, ATTACH_SIGNAL };

struct attach {
	int sock, signals; /* -1: closed */
	struct str in;
	struct keys keys;
	bool read_only;
	struct notices notices; /* shown when the agent's output pauses */
	bool welcome, running;
	uint64_t last_event; /* of the holder's journal, at the time we came */
	enum attach_end end;
	int wait_status;  /* ATTACH_EXITED */
	char *last_words; /* ATTACH_EXITED; may be NULL */
};

static void attach_fini(struct attach *a)
{
	fd_closep(&a->sock);
	fd_closep(&a->signals);
	str_fini(&a->in);
	mem_replace(&a->last_words, NULL);
	notices_fini(&a->notices);
}

/* ---- to the holder ---- */

static void send_frame(struct attach *a, uint8_t type, const struct str *payload)
{
	struct str out STR_FREE = STR_INIT;
	frame_add(&out, type, str_c(payload), payload->len);
	/* A holder that is gone shows when it is read from. */
	for (size_t done = 0; done < out.len;) {
		ssize_t n = send(a->sock, out.data + done, out.len - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

static void send_hello(struct attach *a)
{
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, HOLD_MAGIC);
	pack_u16(&p, HOLD_VERSION);
	pack_u8(&p, HOLD_ROLE_VIEWER);
	send_frame(a, HOLD_HELLO, &p);
}

/* type: HOLD_ATTACH or HOLD_RESIZE. */
static void send_size(struct attach *a, uint8_t type)
{
	struct str p STR_FREE = STR_INIT;
	struct winsize size = {0};
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
		size = (struct winsize){.ws_col = COLS_DEFAULT, .ws_row = ROWS_DEFAULT};
	pack_u16(&p, size.ws_col);
	pack_u16(&p, size.ws_row);
	send_frame(a, type, &p);
}

static void send_input(struct attach *a, const struct str *bytes)
{
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, 0);
	pack_bytes(&p, bytes->data, bytes->len);
	send_frame(a, HOLD_INPUT, &p);
}

static void follow_events(struct attach *a)
{
	struct str p STR_FREE = STR_INIT;
	pack_u64(&p, a->last_event);
	send_frame(a, HOLD_FOLLOW_EVENTS, &p);
}

/* ---- from the holder ---- */

static void on_welcome(struct attach *a, struct unpack *u)
{
	unpack_u32(u); /* magic */
	unpack_u16(u); /* version: ours or later, and later ones only add */
	unpack_u32(u); /* pid */
	unpack_u32(u); /* generation */
	a->running = unpack_u8(u);
	a->last_event = unpack_u64(u);
	a->welcome = !u->bad;
}

static void on_output(struct attach *a, struct unpack *u)
{
	size_t len;
	unpack_u64(u);
	const uint8_t *bytes = unpack_bytes(u, &len);
	if (!u->bad && fd_write_all(STDOUT_FILENO, bytes, len) < 0)
		a->end = ATTACH_DETACHED;
}

static void on_event(struct attach *a, struct unpack *u)
{
	unpack_u64(u); /* number */
	unpack_u64(u); /* time */
	uint8_t kind = unpack_u8(u);
	size_t len;
	const uint8_t *payload = unpack_bytes(u, &len);
	if (u->bad || kind != HOLD_EV_EXITED)
		return;
	struct unpack e = unpack_init(payload, len);
	unpack_u32(&e);
	a->wait_status = (int)unpack_u32(&e);
	a->last_words = unpack_text(&e);
	a->end = ATTACH_EXITED;
}

static const struct {
	uint8_t type;
	void (*handle)(struct attach *a, struct unpack *u);
} handlers[] = {
	{HOLD_WELCOME, on_welcome},
	{HOLD_SCREEN, on_output},
	{HOLD_OUTPUT, on_output},
	{HOLD_EVENT, on_event},
};

static void handle_frame(struct attach *a, const struct frame *f)
{
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		if (handlers[i].type == f->type) {
			struct unpack u = unpack_init(f->payload, f->len);
			handlers[i].handle(a, &u);
		}
	}
}

static void on_socket(struct attach *a)
{
	str_reserve(&a->in, READ_SIZE);
	ssize_t n = recv(a->sock, a->in.data + a->in.len, READ_SIZE, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		a->end = ATTACH_HOLDER_GONE;
		return;
	}
	a->in.len += (size_t)n;
	size_t at = 0;
	while (a->end == ATTACH_GOES_ON) {
		struct frame f;
		long used = frame_parse(a->in.data + at, a->in.len - at, &f);
		if (used < 0)
			a->end = ATTACH_HOLDER_GONE;
		if (used <= 0)
			break;
		handle_frame(a, &f);
		at += (size_t)used;
	}
	str_consume(&a->in, at);
}

static void on_musterd(struct attach *a)
{
	notices_take(&a->notices);
}

/* ---- the person ---- */

static void on_keyboard(struct attach *a)
{
	char buf[4096];
	struct str out STR_FREE = STR_INIT;
	ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0 || keys_take(&a->keys, buf, (size_t)n, &out))
		a->end = ATTACH_DETACHED;
	if (out.len && !a->read_only)
		send_input(a, &out);
}

static void on_signal(struct attach *a)
{
	struct signalfd_siginfo info;
	if (read(a->signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGWINCH)
		send_size(a, HOLD_RESIZE);
	else
		a->end = ATTACH_SIGNAL;
}

static int open_signals(struct attach *a, struct err *err)
{
	static const int caught[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	a->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return a->signals < 0 ? err_set_errno(err, ERR_FAILED, errno, "cannot watch signals") : 0;
}

/* ---- all together ---- */

static int connect_holder(struct attach *a, const struct dirs *dirs, const char *id, const char *name,
			  struct err *err)
{
	MEM_FREE char *path = dirs_hold_socket(dirs, id);
	a->sock = unixsock_connect(path);
	if (a->sock == -ENOENT || a->sock == -ECONNREFUSED)
		return err_set(err, ERR_REFUSED, "%s does not run; `muster resume %s` starts it again", name, name);
	if (a->sock < 0)
		return err_set_errno(err, ERR_FAILED, a->sock, "cannot reach the holder of %s", name);
	send_hello(a);
	while (!a->welcome && a->end == ATTACH_GOES_ON) {
		struct pollfd p = {.fd = a->sock, .events = POLLIN};
		poll(&p, 1, -1);
		on_socket(a);
	}
	if (a->end != ATTACH_GOES_ON)
		return err_set(err, ERR_FAILED, "the holder of %s closed the connection", name);
	if (!a->running)
		return err_set(err, ERR_REFUSED, "the agent of %s has ended; `muster resume %s` starts it again",
			       name, name);
	return 0;
}

static void loop(struct attach *a)
{
	struct pollfd fds[] = {{.fd = a->sock, .events = POLLIN},
			       {.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = a->signals, .events = POLLIN},
			       {.events = POLLIN}};
	void (*const handle[])(struct attach *) = {on_socket, on_keyboard, on_signal, on_musterd};
	while (a->end == ATTACH_GOES_ON) {
		fds[3].fd = notices_fd(&a->notices);
		int n = poll(fds, ARRAY_LEN(fds), a->notices.text ? PAUSE_MS : -1);
		if (n < 0 && errno != EINTR)
			a->end = ATTACH_SIGNAL;
		if (n == 0)
			notices_show(&a->notices);
		for (size_t i = 0; i < ARRAY_LEN(fds) && a->end == ATTACH_GOES_ON; i++)
			if (fds[i].revents)
				handle[i](a);
	}
}

static void say_end(struct cli *c, const struct attach *a, const char *name)
{
	if (a->end == ATTACH_EXITED) {
		struct str words STR_FREE = STR_INIT;
		if (a->last_words)
			text_add_inert(&words, a->last_words, strlen(a->last_words), TEXT_LINES);
		str_trim(&words);
		if (words.len)
			cli_say(c, "%s", words.data);
		if (WIFSIGNALED(a->wait_status))
			cli_say(c, "[%s: the agent was killed by SIG%s]", name,
				sigabbrev_np(WTERMSIG(a->wait_status)));
		else
			cli_say(c, "[%s: the agent ended with exit code %d]", name, WEXITSTATUS(a->wait_status));
	} else if (a->end == ATTACH_HOLDER_GONE) {
		cli_say(c, "[%s: its holder has ended]", name);
	} else {
		cli_say(c, "[%s: detached, it runs on]", name);
	}
}

int attach_run(struct cli *c, const char *session_id, const char *name, struct err *err)
{
	struct attach a = {.sock = -1, .signals = -1, .read_only = opts_has(&c->opts, "read-only")};
	struct dirs dirs;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
			       "attach needs a terminal; `muster show %s --screen 100` prints its screen", name);
	if (dirs_init(&dirs, err) < 0)
		return -1;
	int r = connect_holder(&a, &dirs, session_id, name, err);
	dirs_fini(&dirs);
	if (r == 0)
		r = open_signals(&a, err);
	if (r == 0)
		r = tty_enter(err);
	if (r == 0) {
		send_size(&a, HOLD_ATTACH);
		follow_events(&a);
		notices_follow(&a.notices, c);
		loop(&a);
		tty_leave();
		say_end(c, &a, name);
	}
	attach_fini(&a);
	return r;
}
