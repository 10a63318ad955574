/* muster completion, and what the scripts that it prints ask for while completing */
#include <string.h>

#include "base/mem.h"
#include "cli/completion.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static int run_shell(struct cli *c, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	(void)err;
	completion_script(c->verb->name, c->verbs, &out);
	cli_print(&out);
	return 0;
}

static const struct verb bash = {
	.name = "bash", .help = "for bash: source <(muster completion bash)", .run = run_shell};
static const struct verb zsh = {
	.name = "zsh", .help = "for zsh: save it as _muster in a folder of $fpath", .run = run_shell};
static const struct verb fish = {
	.name = "fish", .help = "for fish: muster completion fish | source", .run = run_shell};
static const struct verb *const shells[] = {&bash, &zsh, &fish, NULL};

const struct verb verb_completion = {
	.name = "completion",
	.group = VERB_CARE,
	.args = "bash|zsh|fish",
	.help = "print the shell's completion script",
	.subs = shells,
};

/* ---- words for the scripts: fast, silent, and without starting musterd ---- */

static const struct {
	const char *what, *method, *list, *key;
} sources[] = {
	{"sessions", "session.list", "sessions", "name"},
	{"items", "docket.list", "items", "id"},
};

static void print_words(struct json_object *list, const char *key)
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *value = json_any(json_at(list, i), key);
		if (value)
			puts(json_object_get_string(value));
	}
}

static int run_words(struct cli *c, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	(void)err;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (strcmp(cli_arg(c, 0), sources[i].what) != 0)
			continue;
		c->connected = client_init(&c->client, CLIENT_ONLY_IF_RUNNING, NULL) == 0;
		if (c->connected && client_call(&c->client, sources[i].method, NULL, &result, NULL) == 0)
			print_words(json_arr(result, sources[i].list), sources[i].key);
	}
	return 0;
}

const struct verb verb_complete = {
	.name = "__complete",
	.group = VERB_HIDDEN,
	.args = "sessions|items",
	.help = "words for shell completion",
	.min_args = 1,
	.max_args = 1,
	.run = run_words,
};
