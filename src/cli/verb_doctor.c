/* muster doctor */
#include "base/mem.h"
#include "cli/checks.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static void print_check(struct cli *c, struct json_object *check)
{
	bool ok = json_flag(check, "ok", false), fixed = json_flag(check, "fixed", false);
	struct str line STR_FREE = STR_INIT;
	out_add(&line,
		ok      ? PAINT_GREEN
		: fixed ? PAINT_YELLOW
			: PAINT_RED,
		c->color,
		ok      ? "ok   "
		: fixed ? "fixed"
			: "wrong");
	str_adds(&line, "  ");
	out_add(&line, PAINT_BOLD, c->color, json_str_or(check, "name", "?"));
	str_adds(&line, "  ");
	out_add(&line, PAINT_NONE, c->color, json_str_or(check, "text", ""));
	str_addc(&line, '\n');
	cli_print(&line);
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *result JSON_FREE = json_new(), *checks = json_new_array();
	(void)err;
	json_add_obj(result, "checks", checks);
	checks_run(c, opts_has(&c->opts, "fix"), checks);
	for (size_t i = 0; i < json_len(checks); i++) {
		struct json_object *check = json_at(checks, i);
		if (!json_flag(check, "ok", false) && !json_flag(check, "fixed", false))
			c->exit_code = ERR_FAILED;
		if (!c->json)
			print_check(c, check);
	}
	if (c->json)
		cli_print_json(result);
	return 0;
}

static const struct opt options[] = {
	{0, "fix", NULL, "repair what can be repaired without losing anything", 0},
	{0},
};

const struct verb verb_doctor = {
	.name = "doctor",
	.group = VERB_CARE,
	.help = "check git, agents, the kernel, sockets, sessions and the database",
	.text = "Exit status 1 when something is wrong and was not repaired.",
	.opts = options,
	.run = run,
};
