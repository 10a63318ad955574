#include "cli/talk.h"

#include <string.h>

#include "base/mem.h"
#include "cli/out.h"
#include "fmt/json.h"

enum { MARGIN = 2, DIFF_LINES = 40, OUTPUT_LINES = 12, LINE_MAX_BYTES = 300 };

struct talk {
	struct str *out;
	int indent, width;
	bool color;
};

/* ---- pieces ---- */

static enum paint paint_of_diff(char sign)
{
	return sign == '+' ? PAINT_GREEN : sign == '-' ? PAINT_RED : PAINT_DIM;
}

/* One line, painted behind its indentation; what is in it is inert already. */
static void add_painted(const struct talk *t, enum paint paint, const char *line, size_t len)
{
	str_addf(t->out, "%*s", t->indent, "");
	str_adds(t->out, out_paint(paint, t->color));
	str_add(t->out, line + t->indent, len - (size_t)t->indent);
	str_adds(t->out, out_paint_end(paint, t->color));
	str_addc(t->out, '\n');
}

/* The text in lines, the first one after the sign. diff: each line has the paint of its own sign. */
static void add_block(const struct talk *t, char sign, enum paint paint, const char *text, int lines_max, bool diff)
{
	struct str lines STR_FREE = STR_INIT;
	int shown = 0, left = 0;
	if (!text || !*text)
		return;
	text += strspn(text, "\n"); /* of a later piece */
	out_add_wrapped(&lines, text, t->indent + MARGIN, t->width);
	for (char *line = lines.data; line && *line;) {
		size_t len = strcspn(line, "\n");
		if (shown == 0)
			line[t->indent] = sign;
		if (shown < lines_max || lines_max == 0)
			add_painted(t, diff ? paint_of_diff(line[t->indent + MARGIN]) : paint, line, len);
		else
			left++;
		shown++;
		line += len + (line[len] == '\n');
	}
	if (left)
		str_addf(t->out, "%*s… %d lines more\n", t->indent + MARGIN, "", left);
}

/* What was left out of it before it came here. */
static void add_left_out(const struct talk *t, struct json_object *said, const char *of_what)
{
	long long n = (long long)json_int(said, "left_out", 0);
	if (n > 0)
		str_addf(t->out, "%*s… %lld %s more\n", t->indent + MARGIN, "", n, of_what);
}

/* ---- one function a kind ---- */

static void add_prompt(const struct talk *t, struct json_object *said)
{
	add_block(t, '>', PAINT_CYAN, json_str(said, "text"), 0, false);
	add_left_out(t, said, "bytes");
}

static void add_message(const struct talk *t, struct json_object *said)
{
	add_block(t, ' ', PAINT_NONE, json_str(said, "text"), 0, false);
}

static void add_thought(const struct talk *t, struct json_object *said)
{
	add_block(t, '~', PAINT_DIM, json_str(said, "text"), OUTPUT_LINES, false);
}

static const char *tool_words(struct json_object *said)
{
	const char *command = json_str(said, "command");
	return command ? command : json_str_or(said, "title", json_str_or(said, "name", "a tool"));
}

static void add_tool(const struct talk *t, struct json_object *said)
{
	add_block(t, json_str(said, "command") ? '$' : '*', PAINT_BLUE, tool_words(said), OUTPUT_LINES, false);
	add_block(t, ' ', PAINT_NONE, json_str(said, "diff"), DIFF_LINES, true);
}

static void add_tool_update(const struct talk *t, struct json_object *said)
{
	bool failed = strcmp(json_str_or(said, "status", ""), "failed") == 0;
	const char *kind = json_str_or(said, "kind", "");
	if (failed) {
		MEM_FREE char *text = mem_printf("failed: %s", tool_words(said));
		add_block(t, '!', PAINT_RED, text, OUTPUT_LINES, false);
	}
	add_block(t, ' ', PAINT_NONE, json_str(said, "diff"), DIFF_LINES, true);
	/* What it read is in the files. */
	if (!failed && (strcmp(kind, "read") == 0 || strcmp(kind, "edit") == 0))
		return;
	add_block(t, ' ', PAINT_DIM, json_str(said, "output"), OUTPUT_LINES, false);
	add_left_out(t, said, "bytes");
}

static const struct {
	const char *status, *box;
} boxes[] = {
	{"pending", "[ ]"},
	{"in_progress", "[>]"},
	{"completed", "[x]"},
};

static const char *box_of(struct json_object *step)
{
	const char *status = json_str_or(step, "status", "");
	for (size_t i = 0; i < ARRAY_LEN(boxes); i++)
		if (strcmp(boxes[i].status, status) == 0)
			return boxes[i].box;
	return "[?]";
}

static void add_plan(const struct talk *t, struct json_object *said)
{
	struct json_object *steps = json_arr(said, "steps");
	struct str text STR_FREE = STR_INIT;
	for (size_t i = 0; i < json_len(steps); i++) {
		struct json_object *step = json_at(steps, i);
		str_addf(&text, "%s ", box_of(step));
		text_add_inert(&text, json_str_or(step, "text", ""), strlen(json_str_or(step, "text", "")),
			       TEXT_ONE_LINE);
		str_addc(&text, '\n');
	}
	add_block(t, '=', PAINT_YELLOW, str_c(&text), 0, false);
	add_left_out(t, said, "steps");
}

static void add_usage(const struct talk *t, struct json_object *said)
{
	struct str text STR_FREE = STR_INIT;
	talk_add_usage(&text, said);
	add_block(t, ' ', PAINT_DIM, str_c(&text), 0, false);
}

static void add_mode(const struct talk *t, struct json_object *said)
{
	const char *name = json_str(said, "name"), *mode = json_str_or(said, "mode", "?");
	MEM_FREE char *text = mem_printf("mode: %s%s%s%s", name ? name : mode, name ? " (" : "", name ? mode : "",
					 name ? ")" : "");
	add_block(t, ' ', PAINT_DIM, text, 0, false);
}

static void add_config(const struct talk *t, struct json_object *said)
{
	struct json_object *options = json_obj(said, "options");
	struct str text STR_FREE = STR_INIT;
	if (!options)
		return;
	json_object_object_foreach(options, id, value)
		str_addf(&text, "%s%s: %s", text.len ? ", " : "", id, json_object_get_string(value));
	add_block(t, ' ', PAINT_DIM, str_c(&text), OUTPUT_LINES, false);
}

static void add_title(const struct talk *t, struct json_object *said)
{
	MEM_FREE char *text = mem_printf("title: %s", json_str_or(said, "title", ""));
	add_block(t, ' ', PAINT_DIM, text, OUTPUT_LINES, false);
}

static void add_notice(const struct talk *t, struct json_object *said)
{
	const char *more = json_str(said, "text");
	MEM_FREE char *text = mem_printf("%s: %s%s%s", json_str_or(said, "severity", "info"),
					 json_str_or(said, "title", ""), more ? "\n" : "", more ? more : "");
	add_block(t, '!', PAINT_YELLOW, text, OUTPUT_LINES, false);
}

static void add_compaction(const struct talk *t, struct json_object *said)
{
	const char *more = json_str(said, "text");
	MEM_FREE char *text = mem_printf("its conversation is made shorter: %s%s%s",
					 json_str_or(said, "status", "?"), more ? ", " : "", more ? more : "");
	add_block(t, ' ', PAINT_DIM, text, OUTPUT_LINES, false);
}

static void add_nothing(const struct talk *t, struct json_object *said)
{
	(void)t;
	(void)said;
}

/* Also of a kind that is not known here. */
static void add_other(const struct talk *t, const char *kind, struct json_object *said)
{
	MEM_FREE char *text = mem_printf("%s %s", json_str_or(said, "name", kind), json_str_or(said, "text", ""));
	add_block(t, '?', PAINT_DIM, text, OUTPUT_LINES, false);
}

static const struct {
	const char *kind;
	void (*add)(const struct talk *t, struct json_object *said);
} kinds[] = {
	{"prompt", add_prompt},    {"message", add_message}, {"thought", add_thought},
	{"summary", add_thought},  {"tool", add_tool},       {"tool_update", add_tool_update},
	{"plan", add_plan},        {"usage", add_usage},     {"mode", add_mode},
	{"config", add_config},    {"title", add_title},     {"notice", add_notice},
	{"commands", add_nothing}, {"cleared", add_nothing}, {"compaction", add_compaction},
};

void talk_add(struct str *out, struct json_object *data, int indent, int width, bool color)
{
	const struct talk t = {.out = out, .indent = indent, .width = width, .color = color};
	const char *kind = json_str_or(data, "kind", "");
	struct json_object *said = json_obj(data, "said");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0) {
			kinds[i].add(&t, said);
			return;
		}
	}
	add_other(&t, kind, said);
}

void talk_add_line(struct str *out, struct json_object *data)
{
	struct str text STR_FREE = STR_INIT;
	struct json_object *said = json_obj(data, "said");
	const char *kind = json_str_or(data, "kind", "said"), *line;
	talk_add(&text, data, 0, 0, false);
	str_trim(&text);
	line = str_c(&text);
	str_adds(out, kind);
	if (!*line && json_str(said, "title")) /* a tool that ended well */
		str_addf(out, ": %s %s", json_str(said, "title"), json_str_or(said, "status", ""));
	if (!*line)
		return;
	str_adds(out, ": ");
	line += MIN(strlen(line), (size_t)MARGIN);
	size_t len = strcspn(line, "\n"), cut = MIN(len, (size_t)LINE_MAX_BYTES);
	while (cut < len && cut > 0 && ((unsigned char)line[cut] & 0xc0) == 0x80)
		cut--;
	str_add(out, line, cut);
	if (line[cut])
		str_adds(out, " …");
}

/* ---- usage ---- */

/* A part: a word before the number, and after it. */
static const struct {
	const char *key, *before, *after;
} parts[] = {
	{"input_tokens", "", " tokens in"},       {"output_tokens", "", " out"},
	{"cached_tokens", "", " from the cache"}, {"thought_tokens", "", " thought"},
	{"context_used", "context ", ""},
};

void talk_add_usage(struct str *out, struct json_object *usage)
{
	size_t begin = out->len;
	struct json_object *cost = json_any(usage, "cost");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int64_t n = json_int(usage, parts[i].key, 0);
		if (n > 0)
			str_addf(out, "%s%s%lld%s", out->len > begin ? ", " : "", parts[i].before, (long long)n,
				 parts[i].after);
		if (n > 0 && strcmp(parts[i].key, "context_used") == 0 && json_int(usage, "context_size", 0) > 0)
			str_addf(out, " of %lld", (long long)json_int(usage, "context_size", 0));
	}
	if (json_object_is_type(cost, json_type_double) || json_object_is_type(cost, json_type_int))
		str_addf(out, "%s%.4g %s", out->len > begin ? ", " : "", json_object_get_double(cost),
			 json_str_or(usage, "currency", ""));
}
