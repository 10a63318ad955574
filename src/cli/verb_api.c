/* muster api */
#include <string.h>

#include "base/mem.h"
#include "cli/verbs.h"
#include "fmt/json.h"

/* METHOD and the text of its parameters. */
static int run(struct cli *c, struct err *err)
{
	const char *method = cli_arg(c, 0);
	const char *text = c->opts.args.n > 1 ? cli_arg(c, 1) : "{}";
	MEM_FREE char *input = strcmp(text, "-") == 0 ? cli_read_stdin(err) : mem_strdup(text);
	if (!input)
		return -1;
	if (method[strspn(method, "abcdefghijklmnopqrstuvwxyz._")])
		return err_set(err, ERR_USAGE, "no method is called %s", method);
	struct json_object *params = json_parse_object(input, strlen(input), err), *result JSON_FREE = NULL;
	if (!params)
		return err_prefix(err, "PARAMS");
	if (cli_call(c, method, params, &result, err) < 0)
		return -1;
	cli_print_json(result);
	return 0;
}

const struct verb verb_api = {
	.name = "api",
	.group = VERB_CARE,
	.args = "METHOD [PARAMS]",
	.help = "call a method of musterd's API and print its result as JSON",
	.text = "PARAMS is a JSON object; - reads it from standard input.",
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
