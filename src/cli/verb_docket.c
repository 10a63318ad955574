/* muster docket */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/item.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static int run(struct cli *c, struct err *err)
{
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	if (opts_has(&c->opts, "all"))
		json_add_bool(params, "all", true);
	if (cli_arg(c, 0))
		json_add_str(params, "session", cli_arg(c, 0));
	int r = cli_request(c, "docket.list", params, &result, err);
	if (r <= 0)
		return r;
	struct json_object *items = json_arr(result, "items");
	struct str out STR_FREE = STR_INIT;
	if (json_len(items) == 0)
		str_adds(&out, "nothing needs you\n");
	for (size_t i = 0; i < json_len(items); i++) {
		if (i > 0)
			str_addc(&out, '\n');
		item_add(&out, json_at(items, i), clock_wall_ms(), c->width, c->color);
	}
	cli_print(&out);
	return 0;
}

static const struct opt options[] = {
	{'a', "all", NULL, "closed items too", 0},
	{0},
};

const struct verb verb_docket = {
	.name = "docket",
	.group = VERB_LEAD,
	.args = "[SESSION]",
	.help = "list what needs you, the most urgent first",
	.text = "Each item shows what is asked and the command that answers it. The same question can be answered "
		"in the "
		"session's own terminal: the first answer wins. What several sessions of a repository ask in the same words, "
		"with the "
		"same options, is shown once, with the names of all.",
	.opts = options,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run,
};
