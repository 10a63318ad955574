#include "cli/talk_attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/events.h"
#include "cli/follow.h"
#include "cli/item.h"
#include "cli/keys.h"
#include "cli/line.h"
#include "cli/notices.h"
#include "cli/tty.h"
#include "fmt/json.h"

enum { HISTORY_EVENTS = 500, HISTORY_TALK = 30, PROMPT_WIDTH = 3 };

enum talk_end { TALK_GOES_ON, TALK_LEFT, TALK_EXITED, TALK_MUSTERD_GONE, TALK_SIGNAL };

struct talk_attach {
	struct cli *cli;
	const char *id, *name;
	struct client events; /* a connection of its own: what it brings comes at any time */
	struct notices notices;
	struct keys keys;
	struct line line;
	int signals;
	bool read_only;
	enum talk_end end;
};

/* ---- the screen: the conversation flows by above the line that is typed ---- */

static void draw_line(struct talk_attach *t)
{
	struct str out STR_FREE = STR_INIT;
	if (t->read_only)
		return;
	str_addf(&out, "\r\033[K%s>%s ", out_paint(PAINT_CYAN, t->cli->color),
		 out_paint_end(PAINT_CYAN, t->cli->color));
	line_show(&t->line, t->cli->width - PROMPT_WIDTH, &out);
	cli_print(&out);
	fflush(stdout);
}

static void print_above(const struct str *text)
{
	struct str out STR_FREE = STR_INIT;
	if (text->len == 0)
		return;
	str_addf(&out, "\r\033[K%s", str_c(text));
	cli_print(&out);
	fflush(stdout);
}

static void say(struct talk_attach *t, enum paint paint, const char *words)
{
	struct str text STR_FREE = STR_INIT;
	out_add(&text, paint, t->cli->color, words);
	str_addc(&text, '\n');
	print_above(&text);
}

/* ---- what happens ---- */

static void add_items(struct talk_attach *t, struct str *out, int64_t opened)
{
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	json_add_str(params, "session", t->id);
	if (cli_call(t->cli, "docket.list", params, &result, NULL) < 0)
		return;
	struct json_object *items = json_arr(result, "items");
	for (size_t i = 0; i < json_len(items); i++)
		if (opened == 0 || json_int(json_at(items, i), "id", 0) == opened)
			item_add(out, json_at(items, i), clock_wall_ms(), t->cli->width, t->cli->color);
}

static void add_event(struct talk_attach *t, struct str *out, struct json_object *event)
{
	const char *kind = json_str_or(event, "kind", "");
	if (events_is_talk(event))
		events_add_talk(out, event, clock_wall_ms(), t->cli->width, t->cli->color);
	else if (strcmp(kind, "item.opened") == 0)
		add_items(t, out, json_int(json_obj(event, "data"), "item", -1));
	else
		events_add_line(out, event, t->name, clock_wall_ms(), t->cli->color);
}

static void show_event(void *arg, struct json_object *event)
{
	struct talk_attach *t = arg;
	struct str text STR_FREE = STR_INIT;
	add_event(t, &text, event);
	print_above(&text);
	if (strcmp(json_str_or(event, "kind", ""), "session.exited") == 0)
		t->end = TALK_EXITED;
}

/* What was said before, and what is open. *ret_last: the newest event that there is. */
static int show_history(struct talk_attach *t, int64_t *ret_last, struct err *err)
{
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	struct str text STR_FREE = STR_INIT;
	json_add_str(params, "session", t->id);
	json_add_int(params, "limit", HISTORY_EVENTS);
	json_add_bool(params, "newest", true);
	if (cli_call(t->cli, "events.list", params, &result, err) < 0)
		return -1;
	struct json_object *events = json_arr(result, "events");
	size_t n = json_len(events), first = n;
	for (int found = 0; first > 0 && found < HISTORY_TALK; first--)
		found += events_is_talk(json_at(events, first - 1));
	for (size_t i = first; i < n; i++)
		if (events_is_talk(json_at(events, i)))
			add_event(t, &text, json_at(events, i));
	add_items(t, &text, 0);
	print_above(&text);
	*ret_last = n ? json_int(json_at(events, n - 1), "id", 0) : 0;
	return 0;
}

static int subscribe(struct talk_attach *t, int64_t after, struct err *err)
{
	static const char *const kinds[] = {"agent.",
					    "item.",
					    "prompt.failed",
					    "session.state",
					    "session.interrupted",
					    "session.cleared",
					    "session.exited",
					    NULL};
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	struct strv list STRV_FREE = STRV_INIT;
	strv_add_all(&list, kinds);
	json_add_str(params, "session", t->id);
	json_add_int(params, "after", after);
	json_add_strv(params, "kinds", &list);
	t->events.watch = (struct client_watch){.event = show_event, .arg = t};
	return client_call(&t->events, "events.subscribe", params, &result, err);
}

/* ---- what is typed ---- */

static void call(struct talk_attach *t, const char *method, const char *text)
{
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	struct err err = {0};
	json_add_str(params, "session", t->id);
	if (text) {
		json_add_str(params, "text", text);
		json_add_int(params, "wait_ms", 0);
	}
	if (cli_call(t->cli, method, params, &result, &err) < 0)
		say(t, PAINT_RED, err.msg);
	else if (text)
		say(t, PAINT_DIM, "(queued; it is shown above when the agent has it)");
}

static void send_prompt(struct talk_attach *t)
{
	str_trim(&t->line.text);
	if (t->line.text.len == 0)
		return;
	struct str text STR_FREE = t->line.text;
	t->line.text = STR_INIT;
	call(t, "session.tell", text.data);
}

static void on_keys(struct talk_attach *t)
{
	char buf[4096];
	struct str typed STR_FREE = STR_INIT;
	ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0 || keys_take(&t->keys, buf, (size_t)n, &typed)) {
		t->end = TALK_LEFT;
		return;
	}
	for (size_t at = 0, used; at < typed.len && t->end == TALK_GOES_ON; at += used) {
		enum line_wish wish = line_take(&t->line, typed.data + at, typed.len - at, &used);
		if (wish == LINE_LEAVE)
			t->end = TALK_LEFT;
		else if (wish == LINE_SEND && !t->read_only)
			send_prompt(t);
		else if (wish == LINE_INTERRUPT && !t->read_only)
			call(t, "session.interrupt", NULL);
	}
}

static void on_signal(struct talk_attach *t)
{
	struct signalfd_siginfo info;
	if (read(t->signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGWINCH)
		t->cli->width = out_width();
	else
		t->end = TALK_SIGNAL;
}

/* ---- all together ---- */

static int open_signals(struct talk_attach *t, struct err *err)
{
	static const int caught[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return t->signals < 0 ? err_set_errno(err, ERR_FAILED, errno, "cannot watch signals") : 0;
}

static int loop(struct talk_attach *t, struct err *err)
{
	struct pollfd fds[] = {{.fd = t->events.fd, .events = POLLIN},
			       {.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = t->signals, .events = POLLIN},
			       {.events = POLLIN}};
	while (t->end == TALK_GOES_ON) {
		notices_show(&t->notices);
		draw_line(t);
		fds[3].fd = notices_fd(&t->notices);
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			t->end = TALK_SIGNAL;
		int r = fds[0].revents ? client_take(&t->events, err) : 1;
		if (r < 0)
			return -1;
		if (r == 0)
			t->end = TALK_MUSTERD_GONE;
		if (fds[1].revents && t->end == TALK_GOES_ON)
			on_keys(t);
		if (fds[2].revents && t->end == TALK_GOES_ON)
			on_signal(t);
		if (fds[3].revents)
			notices_take(&t->notices);
	}
	return 0;
}

static void say_end(const struct talk_attach *t)
{
	static const char *const words[] = {
		[TALK_LEFT] = "detached, it runs on",
		[TALK_EXITED] = "its agent has ended",
		[TALK_MUSTERD_GONE] = "musterd has ended; the session runs on",
		[TALK_SIGNAL] = "detached, it runs on",
	};
	cli_say(t->cli, "[%s: %s]", t->name, words[t->end]);
}

static int run(struct talk_attach *t, struct err *err)
{
	int64_t last = 0;
	if (tty_enter_lines(err) < 0)
		return -1;
	if (!t->read_only)
		say(t, PAINT_DIM, "[Enter sends, Esc interrupts its turn, C-\\ d detaches]");
	int r = show_history(t, &last, err);
	if (r == 0)
		r = subscribe(t, last, err);
	if (r == 0)
		notices_follow(&t->notices, t->cli);
	if (r == 0)
		r = loop(t, err);
	tty_leave();
	if (r == 0)
		say_end(t);
	return r;
}

int talk_attach(struct cli *c, const char *session_id, const char *name, struct err *err)
{
	struct talk_attach t = {.cli = c,
				.id = session_id,
				.name = name,
				.signals = -1,
				.read_only = opts_has(&c->opts, "read-only")};
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return follow_conversation(c, session_id, name, err);
	if (client_init(&t.events, CLIENT_START, err) < 0)
		return -1;
	int r = open_signals(&t, err);
	if (r == 0)
		r = run(&t, err);
	notices_fini(&t.notices);
	client_fini(&t.events);
	fd_closep(&t.signals);
	line_fini(&t.line);
	return r;
}
