/* muster daemon */
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"
#include "io/spawn.h"

enum { RESTART_MS = 30000, END_MS = 30000, POLL_MS = 10 };

static int show(struct cli *c, struct client *client, struct err *err)
{
	struct json_object *status JSON_FREE = NULL;
	struct str up STR_FREE = STR_INIT;
	if (client_call(client, "daemon.status", NULL, &status, err) < 0)
		return -1;
	if (c->json) {
		cli_print_json(status);
		return 0;
	}
	when_add_age(&up, json_int(status, "started_ms", 0), clock_wall_ms());
	cli_say(c, "musterd %s, process %d, up %s: %d sessions, %d live; database %s",
		json_str_or(status, "version", "?"), (int)json_int(status, "pid", 0), up.data,
		(int)json_int(status, "sessions", 0), (int)json_int(status, "live", 0),
		json_str_or(status, "database", "?"));
	return 0;
}

static int run_start(struct cli *c, struct err *err)
{
	struct client *client = cli_client(c, err);
	return client ? show(c, client, err) : -1;
}

/* Connects to a musterd that runs. 0, or -1 with err; *ret_absent and no error when none does. */
static int connect_running(struct cli *c, bool *ret_absent, struct err *err)
{
	int r = client_init(&c->client, CLIENT_ONLY_IF_RUNNING, err);
	*ret_absent = r > 0;
	c->connected = r == 0;
	return r < 0 ? -1 : 0;
}

static int say_absent(struct cli *c)
{
	struct json_object *o JSON_FREE = json_new();
	json_add_bool(o, "running", false);
	if (c->json)
		cli_print_json(o);
	cli_say(c, "musterd does not run");
	return 0;
}

static int run_status(struct cli *c, struct err *err)
{
	bool absent;
	if (connect_running(c, &absent, err) < 0)
		return -1;
	if (!absent)
		return show(c, &c->client, err);
	c->exit_code = ERR_FAILED;
	return say_absent(c);
}

/* A pidfd of the musterd at the other end, or -1. */
static int open_process(const struct client *client)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -1;
	return MAX(spawn_pidfd(peer.pid), -1);
}

static int run_stop(struct cli *c, struct err *err)
{
	bool absent;
	struct json_object *result JSON_FREE = NULL;
	if (connect_running(c, &absent, err) < 0)
		return -1;
	if (absent)
		return say_absent(c);
	/* Gone means that the process is: until then its socket takes connections that nobody will serve. */
	int process FD_CLOSE = open_process(&c->client);
	if (client_call(&c->client, "daemon.stop", NULL, &result, err) < 0 || client_follow(&c->client, err) < 0)
		return -1;
	struct pollfd p = {.fd = process, .events = POLLIN};
	if (process >= 0 && poll(&p, 1, END_MS) == 0)
		return err_set(err, ERR_FAILED, "musterd has not ended within %d s", END_MS / 1000);
	if (c->json)
		cli_print_json(result);
	cli_say(c, "musterd has ended; the sessions run on");
	return 0;
}

/* It execs itself: the socket is there again when the new one listens. */
static int reconnect(struct cli *c, struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + RESTART_MS;
	client_fini(&c->client);
	c->connected = false;
	for (;;) {
		bool absent;
		if (connect_running(c, &absent, err) < 0)
			return -1;
		if (!absent)
			return 0;
		if (clock_mono_ms() >= deadline_ms)
			return err_set(err, ERR_FAILED, "musterd did not come back within %d s", RESTART_MS / 1000);
		poll(NULL, 0, POLL_MS);
	}
}

static int run_restart(struct cli *c, struct err *err)
{
	bool absent;
	struct json_object *result JSON_FREE = NULL;
	if (connect_running(c, &absent, err) < 0)
		return -1;
	if (absent)
		return run_start(c, err);
	if (client_call(&c->client, "daemon.restart", NULL, &result, err) < 0 ||
	    client_follow(&c->client, err) < 0 || reconnect(c, err) < 0)
		return -1;
	return show(c, &c->client, err);
}

static const struct verb daemon_start = {.name = "start", .help = "start it, if it does not run", .run = run_start};
static const struct verb daemon_status = {
	.name = "status", .help = "show whether it runs; exit status 1 when not", .run = run_status};
static const struct verb daemon_stop = {
	.name = "stop", .help = "end it; sessions run on, the next command starts it again", .run = run_stop};
static const struct verb daemon_restart = {
	.name = "restart", .help = "replace it by the installed version; sessions run on", .run = run_restart};
static const struct verb *const subs[] = {&daemon_start, &daemon_status, &daemon_stop, &daemon_restart, NULL};

const struct verb verb_daemon = {
	.name = "daemon",
	.group = VERB_CARE,
	.args = "start|status|stop|restart",
	.help = "start, show, stop or restart musterd, which keeps the books",
	.text = "It is started when a command needs it, and may be killed at any time: sessions do not depend on "
		"it.",
	.subs = subs,
};
