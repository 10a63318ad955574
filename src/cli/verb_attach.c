/* muster attach */
#include <string.h>

#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "cli/attach.h"
#include "cli/talk_attach.h"
#include "cli/verbs.h"
#include "fmt/json.h"

/* An id whose holder listens needs no musterd. */
static bool names_holder(const char *word)
{
	struct dirs dirs;
	if (!id_valid(word) || dirs_init(&dirs, NULL) < 0)
		return false;
	MEM_FREE char *path = dirs_hold_socket(&dirs, word);
	dirs_fini(&dirs);
	return file_exists(path);
}

/* Whether musterd, if it runs, says that the session has no terminal. */
static bool is_headless(struct cli *c)
{
	struct client client;
	struct json_object *s JSON_FREE = NULL;
	if (client_init(&client, CLIENT_ONLY_IF_RUNNING, NULL) != 0)
		return false;
	int r = client_call(&client, "session.get", cli_session_params(c), &s, NULL);
	client_fini(&client);
	return r == 0 && json_flag(s, "headless", false);
}

static int run(struct cli *c, struct err *err)
{
	const char *word = cli_arg(c, 0);
	struct json_object *s JSON_FREE = NULL;
	if (c->json)
		return err_set(err, ERR_USAGE, "attach has no --json; muster watch --json streams events");
	if (names_holder(word) && !is_headless(c))
		return attach_run(c, word, word, err);
	if (cli_call(c, "session.get", cli_session_params(c), &s, err) < 0)
		return -1;
	const char *name = json_str_or(s, "name", word);
	if (json_flag(s, "headless", false))
		return talk_attach(c, json_str_or(s, "id", ""), name, err);
	return attach_run(c, json_str_or(s, "id", ""), name, err);
}

static const struct opt options[] = {
	{'r', "read-only", NULL, "look on: what you type is not sent", 0},
	{0},
};

const struct verb verb_attach = {
	.name = "attach",
	.group = VERB_START,
	.args = "SESSION",
	.help = "show the session's live terminal; detach with C-\\ d",
	.text = "Several may attach; the terminal takes the size of the smallest. C-\\ C-\\ sends one C-\\ to the "
		"agent. A session without a terminal shows its conversation as it goes on, above a line for prompts: Enter "
		"sends, Alt-Enter begins a new line, Esc interrupts the turn, C-\\ d or Control-D detaches. With a "
		"session's id instead of its name it works without musterd, for sessions with a terminal.",
	.opts = options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run,
};
