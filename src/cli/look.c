#include "cli/look.h"

#include <string.h>

#include "fmt/json.h"
#include "work/status.h"

static const struct {
	int order;
	enum paint paint;
} looks[] = {
	[SESSION_BLOCKED] = {0, PAINT_RED},  [SESSION_FAILED] = {1, PAINT_RED},
	[SESSION_LOST] = {2, PAINT_RED},     [SESSION_DONE] = {3, PAINT_YELLOW},
	[SESSION_IDLE] = {4, PAINT_YELLOW},  [SESSION_UNKNOWN] = {5, PAINT_NONE},
	[SESSION_QUIET] = {6, PAINT_NONE},   [SESSION_WORKING] = {7, PAINT_GREEN},
	[SESSION_LANDING] = {8, PAINT_CYAN}, [SESSION_PREPARING] = {9, PAINT_CYAN},
	[SESSION_QUEUED] = {10, PAINT_DIM},  [SESSION_STOPPED] = {11, PAINT_DIM},
	[SESSION_LANDED] = {12, PAINT_DIM},
};

int look_order(const char *state)
{
	enum session_state s;
	return state && session_state_parse(state, &s) ? looks[s].order : (int)ARRAY_LEN(looks);
}

enum paint look_paint(const char *state)
{
	enum session_state s;
	return state && session_state_parse(state, &s) ? looks[s].paint : PAINT_DIM;
}

void look_add_exit(struct str *out, struct json_object *session)
{
	const char *signal = json_str(session, "signal");
	int64_t code = json_int(session, "exit", -1);
	if (signal)
		str_addf(out, "killed by SIG%s", signal);
	else if (code >= 0)
		str_addf(out, "exit code %d", (int)code);
}

void look_add_command(struct str *out, struct json_object *words)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
	for (size_t i = 0; i < json_len(words); i++) {
		const char *word = json_str_at(words, i);
		if (i > 0)
			str_addc(out, ' ');
		if (word && *word && strspn(word, plain) == strlen(word)) {
			str_adds(out, word);
			continue;
		}
		str_addc(out, '\'');
		for (const char *p = word ? word : ""; *p; p++)
			str_adds(out, *p == '\'' ? "'\\''" : (char[]){*p, '\0'});
		str_addc(out, '\'');
	}
}

void look_add_first_line(struct str *out, const char *text)
{
	str_add(out, text, strcspn(text, "\r\n"));
}
