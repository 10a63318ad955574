/* muster api */
#include <string.h>

#include "base/mem.h"
#include "cli/table.h"
#include "cli/usage.h"
#include "cli/verbs.h"
#include "fmt/json.h"
#include "serve/api.h"

static const struct column columns[] = {{"METHOD", 0, 0, false},
					{"FOR", 2, 0, false},
					{"PARAMETERS", 1, 20, false},
					{"WHAT IT DOES", 0, 20, false}};

static struct json_object *methods_json(void)
{
	struct json_object *o = json_new(), *list = json_new_array();
	for (size_t i = 0; i < api_methods_n; i++) {
		const struct api_method *m = &api_methods[i];
		struct json_object *method = json_new();
		json_add_str(method, "name", m->name);
		json_add_str(method, "access", api_access_name(m->access));
		json_add_str(method, "params", m->params);
		json_add_str(method, "does", m->doc);
		json_add_str(method, "result", m->result);
		json_push(list, method);
	}
	json_add_obj(o, "methods", list);
	return o;
}

static void list_methods(struct cli *c)
{
	struct table t TABLE_FREE = {0};
	struct str out STR_FREE = STR_INIT;
	struct json_object *all JSON_FREE = methods_json();
	if (c->json) {
		cli_print_json(all);
		return;
	}
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < api_methods_n; i++) {
		table_add(&t, PAINT_BOLD, api_methods[i].name);
		table_add(&t, PAINT_NONE, api_access_name(api_methods[i].access));
		table_add(&t, PAINT_NONE, api_methods[i].params);
		table_add(&t, PAINT_NONE, api_methods[i].doc);
	}
	table_print(&t, &out, c->width, c->color);
	cli_print(&out);
}

/* The methods as a section of the manual. */
static void print_manual(void)
{
	struct str out STR_FREE = STR_INIT;
	for (size_t i = 0; i < api_methods_n; i++) {
		const struct api_method *m = &api_methods[i];
		str_addf(&out, "*%s*", m->name);
		if (*m->params) {
			str_addc(&out, ' ');
			usage_add_manual_text(&out, m->params);
		}
		str_adds(&out, "\n\t");
		usage_add_manual_text(&out, m->doc);
		str_addf(&out, ".++\nFor: %s. Result: ", api_access_name(m->access));
		usage_add_manual_text(&out, m->result);
		str_adds(&out, "\n\n");
	}
	cli_print(&out);
}

/* METHOD and the text of its parameters. */
static int run(struct cli *c, struct err *err)
{
	const char *method = cli_arg(c, 0);
	if (opts_has(&c->opts, "manual")) {
		print_manual();
		return 0;
	}
	if (!method) {
		list_methods(c);
		return 0;
	}
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

static const struct opt options[] = {
	{0, "manual", NULL, "all methods as a section of the manual, for scdoc", 0},
	{0},
};

const struct verb verb_api = {
	.name = "api",
	.group = VERB_CARE,
	.args = "[METHOD [PARAMS]]",
	.help = "call a method of musterd's API and print its result as JSON, or list the methods",
	.text = "PARAMS is a JSON object; - reads it from standard input. See muster-api(7).",
	.opts = options,
	.max_args = 2,
	.run = run,
};
