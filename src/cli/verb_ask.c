/* muster ask: inside a session */
#include <string.h>

#include "base/mem.h"
#include "cli/mail.h"
#include "cli/verbs.h"
#include "fmt/json.h"

/* KEY=LABEL, or a word that is both. The lead may also name an option by its number on the docket. */
static struct json_object *options_of(const struct strv *given)
{
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < given->n; i++) {
		const char *equals = strchr(given->v[i], '=');
		struct json_object *o = json_new();
		if (equals && equals != given->v[i])
			json_add_strn(o, "key", given->v[i], (size_t)(equals - given->v[i]));
		else
			json_add_str(o, "key", given->v[i]);
		json_add_str(o, "label", equals ? equals + 1 : given->v[i]);
		json_push(list, o);
	}
	return list;
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *msg JSON_FREE = json_new(), *result JSON_FREE = NULL;
	struct strv given STRV_FREE = STRV_INIT;
	MEM_FREE char *question = opts_join(&c->opts, 0);
	const char *assumption = opts_get(&c->opts, "assume");
	long long sure;
	bool goes_on = assumption || opts_has(&c->opts, "no-wait");
	json_add_str(msg, "m", "ask");
	json_add_str(msg, "question", question);
	json_add_bool(msg, "blocking", !goes_on);
	if (assumption)
		json_add_str(msg, "assumption", assumption);
	if (opts_get(&c->opts, "context"))
		json_add_str(msg, "context", opts_get(&c->opts, "context"));
	if (opts_get(&c->opts, "blocks"))
		json_add_str(msg, "blocks", opts_get(&c->opts, "blocks"));
	if (opts_int(&c->opts, "sure", 0, 100, -1, &sure, err) < 0)
		return -1;
	if (sure >= 0)
		json_add_int(msg, "sure", sure);
	opts_list(&c->opts, "option", &given);
	if (given.n)
		json_add_obj(msg, "options", options_of(&given));
	if (mail_call(MEM_TAKE(msg), goes_on ? MAIL_WAIT_MS : MAIL_WAIT_FOREVER, &result, err) < 0)
		return -1;
	struct json_object *answer = json_obj(result, "answer");
	const char *option = json_str(answer, "option"), *text = json_str(answer, "text");
	if (c->json)
		cli_print_json(result);
	else if (answer)
		cli_say(c, "%s%s%s", option ? option : "", option && text ? ": " : "", text ? text : "");
	else
		cli_say(c, "asked; go on, the answer will come as a prompt");
	return 0;
}

static const struct opt options[] = {
	{'o', "option", "KEY=LABEL", "a possible answer; may be repeated", 0},
	{'c', "context", "TEXT", "what the lead should know to answer", 0},
	{'a', "assume", "TEXT", "do not wait: go on under this assumption", 0},
	{'s', "sure", "PERCENT", "how sure of the assumption", 0},
	{'b', "blocks", "TEXT", "what cannot go on without the answer", 0},
	{0, "no-wait", NULL, "do not wait for the answer", 0},
	{0},
};

const struct verb verb_ask = {
	.name = "ask",
	.group = VERB_INSIDE,
	.args = "QUESTION...",
	.help = "ask the lead, wait for the answer and print it",
	.text = "With --assume or --no-wait it does not wait: the answer comes later as a prompt.",
	.opts = options,
	.min_args = 1,
	.max_args = VERB_ARGS_ANY,
	.run = run,
};
