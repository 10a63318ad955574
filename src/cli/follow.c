#include "cli/follow.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "cli/events.h"
#include "fmt/json.h"

struct follow {
	struct cli *cli;
	const char *name;
	bool ended;
};

static void show_event(void *arg, struct json_object *event)
{
	struct follow *f = arg;
	struct str text STR_FREE = STR_INIT;
	if (events_is_talk(event))
		events_add_talk(&text, event, clock_wall_ms(), f->cli->width, f->cli->color);
	else
		events_add_line(&text, event, f->name, clock_wall_ms(), f->cli->color);
	cli_print(&text);
	fflush(stdout);
	if (strcmp(json_str_or(event, "kind", ""), "session.exited") != 0)
		return;
	f->ended = true;
	shutdown(f->cli->client.fd, SHUT_RD);
}

int follow_conversation(struct cli *c, const char *session_id, const char *name, struct err *err)
{
	static const char *const kinds[] = {"agent.",        "turn.",          "item.", "prompt.",
					    "session.state", "session.exited", NULL};
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	struct strv list STRV_FREE = STRV_INIT;
	struct follow f = {.cli = c, .name = name};
	strv_add_all(&list, kinds);
	json_add_str(params, "session", session_id);
	json_add_int(params, "after", 0);
	json_add_strv(params, "kinds", &list);
	c->client.watch = (struct client_watch){.event = show_event, .arg = &f};
	if (client_call(&c->client, "events.subscribe", params, &result, err) < 0 ||
	    client_follow(&c->client, err) < 0)
		return f.ended ? 0 : -1;
	return f.ended ? 0 : err_set(err, ERR_FAILED, "musterd has ended; the session runs on");
}
