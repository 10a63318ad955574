/* muster hook: what an agent's hooks run. It must cost little: what it reads is passed on unparsed. */
#include <string.h>

#include "base/mem.h"
#include "cli/verbs.h"
#include "fmt/json.h"
#include "hold/proto.h"
#include "io/mailbox.h"

enum { ENVELOPE_MAX = 256 };

/* Members of a hook's data that may be large and that nobody needs whole, the largest first. */
static const char *const bulky[] = {"tool_response", "tool_input", "prompt", "last_assistant_message"};

/* The hook's data without what makes it too long for a mailbox line. */
static int shorten(struct str *data, struct err *err)
{
	struct json_object *o JSON_FREE = json_parse_object(data->data, data->len, err);
	if (!o)
		return err_prefix(err, "the hook's data");
	for (size_t i = 0; i < ARRAY_LEN(bulky) && data->len + ENVELOPE_MAX > HOLD_LINE_MAX; i++) {
		json_object_object_del(o, bulky[i]);
		json_add_bool(o, "shortened", true);
		str_reset(data);
		json_add_line(data, o);
	}
	if (data->len + ENVELOPE_MAX > HOLD_LINE_MAX)
		return err_set(err, ERR_FAILED, "the hook's data has more than %d bytes",
			       HOLD_LINE_MAX - ENVELOPE_MAX);
	return 0;
}

/* JSON texts have no line ends but between their tokens. */
static void make_one_line(struct str *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->data[i] == '\n' || s->data[i] == '\r')
			s->data[i] = ' ';
	str_trim(s);
}

static int read_data(struct str *ret, struct err *err)
{
	char *input = cli_read_stdin(err);
	if (!input)
		return -1;
	*ret = (struct str){.data = input, .len = strlen(input), .cap = strlen(input) + 1};
	make_one_line(ret);
	if (ret->len == 0)
		str_adds(ret, "{}");
	return ret->len + ENVELOPE_MAX > HOLD_LINE_MAX ? shorten(ret, err) : 0;
}

/* {"output": printed for the agent, "exit": code, "error": said on standard error}. */
static int apply(struct cli *c, const struct str *answer, struct err *err)
{
	struct json_object *o JSON_FREE = json_parse_object(str_c(answer), answer->len, err);
	if (!o)
		return -1;
	if (json_str(o, "error"))
		return err_set(err, ERR_FAILED, "%s", json_str(o, "error"));
	if (json_obj(o, "output"))
		cli_print_json(json_obj(o, "output"));
	c->exit_code = (int)json_int_in(o, "exit", 0, 255, 0);
	return 0;
}

/* Events whose answer the agent acts on. For all others it is enough that the holder has them: an agent never waits
 * for musterd without need. */
static const char *const waiting[] = {"PermissionRequest", "Elicitation"};

static bool waits(const struct cli *c, const char *event)
{
	bool found = opts_has(&c->opts, "wait");
	for (size_t i = 0; i < ARRAY_LEN(waiting) && !found; i++)
		found = strcmp(waiting[i], event) == 0;
	return found;
}

/* The event's name, from the command line or from the data. The caller owns it; NULL with err. */
static char *event_name(const struct cli *c, const struct str *data, struct err *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	struct json_object *o JSON_FREE = cli_arg(c, 0) ? NULL : json_parse_object(data->data, data->len, err);
	const char *name = cli_arg(c, 0) ? cli_arg(c, 0) : json_str(o, "hook_event_name");
	if (name && *name && !name[strspn(name, letters)])
		return mem_strdup(name);
	if (name || o)
		err_set(err, ERR_FAILED, "no event is called \"%s\"", name ? name : "");
	return NULL;
}

static int send(struct cli *c, const char *event, const struct str *data, struct err *err)
{
	struct mailbox m;
	struct str line STR_FREE = STR_INIT, answer STR_FREE = STR_INIT;
	uint64_t request;
	if (mailbox_init(&m, NULL, err) < 0)
		return -1;
	str_addf(&line, "{\"m\":\"hook\",\"event\":\"%s\",\"data\":", event);
	str_add(&line, data->data, data->len);
	str_addc(&line, '}');
	int r = mailbox_send(&m, line.data, line.len, &request, err);
	if (r == 0 && waits(c, event))
		r = mailbox_wait(&m, request, -1, &answer, err) < 0 ? -1 : apply(c, &answer, err);
	mailbox_fini(&m);
	return r;
}

static int run(struct cli *c, struct err *err)
{
	struct str data STR_FREE = STR_INIT;
	int r = read_data(&data, err);
	MEM_FREE char *event = r == 0 ? event_name(c, &data, err) : NULL;
	r = event ? send(c, event, &data, err) : -1;
	/* To an agent exit code 2 of a hook is a veto; a fault of ours must not be one. */
	if (r < 0)
		err->code = ERR_FAILED;
	return r;
}

static const struct opt options[] = {
	{0, "wait", NULL, "wait for the answer whatever the event is", 0},
	{0},
};

const struct verb verb_hook = {
	.name = "hook",
	.group = VERB_INSIDE,
	.args = "[EVENT]",
	.help = "pass an agent's hook on: its data on standard input, what to answer on standard output",
	.text = "Agents run this; people need not. The event is named by the argument or by hook_event_name in the "
		"data. Where the agent "
		"acts on the answer (a permission) it waits as long as it takes, and killing it withdraws the "
		"question.",
	.opts = options,
	.max_args = 1,
	.run = run,
};
