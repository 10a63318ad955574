/* What came of a tool call, in words for the model. */
#include <string.h>

#include "base/text.h"
#include "fmt/json.h"
#include "mcp/tool.h"

/* The label that the question gave to the option, or NULL. */
static const char *label_of(struct json_object *question, const char *key)
{
	struct json_object *options = json_arr(question, "options");
	for (size_t i = 0; i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), key) == 0)
			return json_str(json_at(options, i), "label");
	return NULL;
}

static void add_answer(struct str *out, struct json_object *question, struct json_object *answer)
{
	const char *option = json_str(answer, "option"), *text = json_str(answer, "text");
	const char *withdrawn = json_str(answer, "withdrawn"), *label = option ? label_of(question, option) : NULL;
	if (withdrawn)
		str_addf(out, "withdrawn without an answer: %s", withdrawn);
	else if (!option && !text)
		str_adds(out, "an empty answer");
	if (option && label && strcmp(label, option) != 0)
		str_addf(out, "%s (%s)", option, label);
	else if (option)
		str_adds(out, option);
	if (text)
		str_addf(out, "%s%s", option ? "\nThe lead adds: " : "", text);
}

/* Says it in the structured answer, too. */
static void note(struct str *out, struct json_object *given, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void note(struct str *out, struct json_object *given, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str_addv(out, fmt, ap);
	va_end(ap);
	json_add_strn(given, "note", str_c(out), out->len);
}

void mcp_tell_ask(struct str *out, struct json_object *args, struct json_object *given)
{
	struct json_object *answer = json_obj(given, "answer");
	if (!answer) {
		note(out, given, "Asked: item %lld on the docket. Go on; the answer will come as a prompt.",
		     (long long)json_int(given, "item", 0));
		return;
	}
	str_adds(out, "The lead's answer: ");
	add_answer(out, args, answer);
}

void mcp_tell_ask_many(struct str *out, struct json_object *args, struct json_object *given)
{
	struct json_object *questions = json_arr(args, "questions"), *answers = json_arr(given, "answers");
	if (!answers) {
		note(out, given, "Asked. Go on; the answers will come as prompts.");
		return;
	}
	for (size_t i = 0; i < json_len(answers); i++) {
		struct json_object *question = json_at(questions, i);
		str_addf(out, "%s%zu. %s\n", i ? "\n" : "", i + 1, json_str_or(question, "question", "?"));
		add_answer(out, question, json_at(answers, i));
	}
}

void mcp_tell_noted(struct str *out, struct json_object *args, struct json_object *given)
{
	(void)args;
	(void)given;
	str_adds(out, "Noted.");
}

void mcp_tell_done(struct str *out, struct json_object *args, struct json_object *given)
{
	(void)args;
	note(out, given, "The lead is asked to review it. What is to change will come as a prompt.");
}

static void add_decision(struct str *out, struct json_object *decision)
{
	const char *value = json_str(decision, "value"), *because = json_str(decision, "because");
	int64_t version = json_int(decision, "version", 0);
	str_adds(out, json_str_or(decision, "name", "?"));
	if (!value) {
		str_adds(out, ": not decided yet");
		return;
	}
	str_addf(out, ": %s", value);
	if (version > 1)
		str_addf(out, " (version %lld)", (long long)version);
	if (because)
		str_addf(out, "\n  because: %s", because);
}

void mcp_tell_decision(struct str *out, struct json_object *args, struct json_object *given)
{
	struct json_object *decision = json_obj(given, "decision");
	if (decision)
		add_decision(out, decision);
	else
		note(out, given, "Proposed %s: item %lld on the docket. Go on; the decision will come as a prompt.",
		     json_str_or(args, "decision", "it"), (long long)json_int(given, "item", 0));
}

void mcp_tell_decisions(struct str *out, struct json_object *args, struct json_object *given)
{
	struct json_object *list = json_arr(given, "decisions");
	(void)args;
	if (json_len(list) == 0)
		str_adds(out, "There are no decisions yet.");
	for (size_t i = 0; i < json_len(list); i++) {
		str_adds(out, i ? "\n" : "");
		add_decision(out, json_at(list, i));
	}
}

static void add_job(struct str *out, struct json_object *job)
{
	struct json_object *command = json_arr(job, "command");
	int64_t code = json_int(job, "exit", -1);
	str_addf(out, "%s: %s", json_str_or(job, "name", "?"), json_str_or(job, "state", "?"));
	if (code >= 0)
		str_addf(out, " with %lld", (long long)code);
	else
		str_addf(out, ", process %lld", (long long)json_int(job, "pid", 0));
	str_adds(out, json_flag(job, "found", false) ? ", found:" : ":");
	for (size_t i = 0; i < json_len(command); i++)
		str_addf(out, " %s", json_str_at(command, i));
}

void mcp_tell_job(struct str *out, struct json_object *args, struct json_object *given)
{
	(void)args;
	add_job(out, given);
}

void mcp_tell_jobs(struct str *out, struct json_object *args, struct json_object *given)
{
	struct json_object *list = json_arr(given, "jobs");
	(void)args;
	if (json_len(list) == 0)
		str_adds(out, "There are no jobs.");
	for (size_t i = 0; i < json_len(list); i++) {
		str_adds(out, i ? "\n" : "");
		add_job(out, json_at(list, i));
	}
}

/* A log may hold anything that a program prints to a terminal; a model wants what is to be read. */
void mcp_tell_log(struct str *out, struct json_object *args, struct json_object *given)
{
	struct json_object *text = json_any(given, "text");
	struct str plain STR_FREE = STR_INIT;
	(void)args;
	if (json_object_is_type(text, json_type_string)) /* with NUL bytes in it, perhaps */
		text_add_inert(&plain, json_object_get_string(text), (size_t)json_object_get_string_len(text),
			       TEXT_LINES);
	str_addf(out, "%s; %lld bytes, read up to %lld\n", json_str_or(given, "state", "?"),
		 (long long)json_int(given, "size", 0), (long long)json_int(given, "next", 0));
	str_add(out, str_c(&plain), plain.len);
}

void mcp_tell_stopped(struct str *out, struct json_object *args, struct json_object *given)
{
	(void)given;
	str_addf(out, "%s has ended.", json_str_or(args, "job", "It"));
}
