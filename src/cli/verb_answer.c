/* muster answer */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/item.h"
#include "cli/verbs.h"
#include "fmt/json.h"

/* Is it this item, or one that asks the same? */
static bool is_or_has(struct json_object *item, long long id)
{
	struct json_object *same = json_arr(item, "same");
	for (size_t i = 0; i < json_len(same); i++)
		if (json_int(json_at(same, i), "id", -1) == id)
			return true;
	return json_int(item, "id", -1) == id;
}

/* The open item with that number; *ret stays NULL when there is none: musterd will say why. */
static int find_item(struct cli *c, long long id, struct json_object **ret, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	if (cli_call(c, "docket.list", NULL, &result, err) < 0)
		return -1;
	struct json_object *items = json_arr(result, "items");
	for (size_t i = 0; i < json_len(items) && !*ret; i++)
		if (is_or_has(json_at(items, i), id))
			*ret = json_object_get(json_at(items, i));
	return 0;
}

/* Shows the item and reads one line. The caller owns it. */
static char *ask_person(const struct cli *c, struct json_object *item, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	if (!isatty(STDIN_FILENO) || c->json) {
		err_set(err, ERR_USAGE, "give the answer: --option KEY or a text");
		return NULL;
	}
	item_add(&out, item, clock_wall_ms(), c->width, c->color);
	str_adds(&out, json_len(json_arr(item, "options")) ? "option or text: " : "answer: ");
	cli_print(&out);
	fflush(stdout);
	char *line = cli_read_line();
	if (!line || !*line) {
		free(line);
		err_set(err, ERR_USAGE, "no answer given; the item stays open");
		return NULL;
	}
	return line;
}

/* The first word of what was typed may be the key of an option; the rest is text that goes with it. */
static void add_answer(struct json_object *params, struct json_object *item, const char *typed)
{
	if (!typed)
		return;
	size_t len = strcspn(typed, " ");
	MEM_FREE char *word = mem_strndup(typed, len);
	if (!item_has_option(item, word)) {
		json_add_str(params, "text", typed);
		return;
	}
	const char *rest = typed + len + strspn(typed + len, " ");
	json_add_str(params, "option", word);
	if (*rest)
		json_add_str(params, "text", rest);
}

static int fill(struct cli *c, struct json_object *params, long long id, struct err *err)
{
	const char *option = opts_get(&c->opts, "option");
	MEM_FREE char *text = opts_join(&c->opts, 1);
	json_add_int(params, "item", id);
	if (opts_has(&c->opts, "only"))
		json_add_bool(params, "only", true);
	if (opts_get(&c->opts, "as"))
		json_add_str(params, "decision", opts_get(&c->opts, "as"));
	if (opts_has(&c->opts, "assumed")) {
		json_add_bool(params, "assumed", true);
		if (text)
			json_add_str(params, "text", text);
		return 0;
	}
	if (option) {
		json_add_str(params, "option", option);
		if (text)
			json_add_str(params, "text", text);
		return 0;
	}
	struct json_object *item JSON_FREE = NULL;
	if (find_item(c, id, &item, err) < 0)
		return -1;
	if (item && !text)
		text = ask_person(c, item, err);
	if (item && !text)
		return -1;
	add_answer(params, item, text);
	return 0;
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = json_new(), *result JSON_FREE = NULL;
	const char *number = cli_arg(c, 0);
	long long id;
	if (opts_number("ITEM", number + (*number == '#'), 1, INT64_MAX, &id, err) < 0 ||
	    fill(c, params, id, err) < 0)
		return -1;
	int r = cli_request(c, "docket.answer", MEM_TAKE(params), &result, err);
	if (r <= 0)
		return r;
	const char *option = json_str(result, "option"), *text = json_str(result, "text");
	struct str who STR_FREE = STR_INIT;
	struct json_object *same = json_arr(result, "same");
	str_addf(&who, "#%lld %s", id, json_str_or(result, "session_name", "?"));
	for (size_t i = 0; i < json_len(same); i++)
		str_addf(&who, ", #%lld %s", (long long)json_int(json_at(same, i), "id", 0),
			 json_str_or(json_at(same, i), "session_name", "?"));
	cli_say(c, "%s: answered %s%s%s", str_c(&who), option ? option : "", option && text ? ", " : "", text ? text : "");
	return 0;
}

static const struct opt options[] = {
	{'o', "option", "KEY", "one of the item's options", 0},
	{'a', "assumed", NULL, "as the agent assumes: it is not interrupted", 0},
	{0, "as", "NAME", "keep the answer as the decision NAME, for all sessions of the repository", 0},
	{0, "only", NULL, "not to the others that ask the same", 0},
	{0},
};

const struct verb verb_answer = {
	.name = "answer",
	.group = VERB_LEAD,
	.args = "ITEM [OPTION] [TEXT...]",
	.help = "answer an item of the docket",
	.text = "When the first word is the key or the number of one of the item's options it chooses that option. "
		"Without an answer, on a "
		"terminal, the options are shown and one line is read. An item that is closed already, by an "
		"answer in the "
		"terminal for example, is refused. What several sessions ask in the same words is one item: the "
		"answer goes "
		"to each of them, unless --only is given. An answer that says what the agent assumed interrupts nothing; any other "
		"is told to it with what it made since it asked.",
	.opts = options,
	.min_args = 1,
	.max_args = VERB_ARGS_ANY,
	.completes = COMPLETE_ITEM,
	.run = run,
};
