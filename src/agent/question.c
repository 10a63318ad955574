#include "agent/question.h"

#include <string.h>

#include "agent/permission.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

char *question_title(struct json_object *questions)
{
	struct str title = STR_INIT;
	const char *text = json_str_or(json_at(questions, 0), "question", "it asks a question");
	text_add_inert(&title, text, strlen(text), TEXT_ONE_LINE);
	if (json_len(questions) > 1)
		str_addf(&title, " (and %zu more)", json_len(questions) - 1);
	return str_take(&title);
}

struct json_object *question_options(struct json_object *questions)
{
	struct json_object *first = json_at(questions, 0);
	struct json_object *labels = json_arr(first, "options");
	if (json_len(questions) != 1 || json_flag(first, "multiSelect", false))
		return NULL;
	struct json_object *options = json_new_array();
	for (size_t i = 0; i < json_len(labels); i++) {
		const char *label = json_str(json_at(labels, i), "label");
		if (label)
			permission_push_option(options, label,
					       json_str_or(json_at(labels, i), "description", label));
	}
	return options;
}

char *question_context(struct json_object *questions)
{
	struct str text = STR_INIT;
	str_adds(&text, "Answer with one line for each question:\n");
	for (size_t i = 0; i < json_len(questions); i++) {
		struct json_object *question = json_at(questions, i), *options = json_arr(question, "options");
		str_addf(&text, "%zu. %s", i + 1, json_str_or(question, "question", ""));
		for (size_t k = 0; k < json_len(options); k++)
			str_addf(&text, "%s%s", k ? " | " : " [", json_str_or(json_at(options, k), "label", ""));
		str_addf(&text, "%s%s\n", json_len(options) ? "]" : "",
			 json_flag(question, "multiSelect", false) ? " (several, with commas)" : "");
	}
	return str_take(&text);
}

char *question_topic(struct json_object *questions, bool choice)
{
	struct str topic = STR_INIT;
	for (size_t i = 0; i < json_len(questions); i++) {
		struct json_object *question = json_at(questions, i), *options = json_arr(question, "options");
		str_addf(&topic, "%s%s", i ? "\n" : "", json_str_or(question, "question", ""));
		for (size_t k = 0; !choice && k < json_len(options); k++)
			str_addf(&topic, "\n- %s", json_str_or(json_at(options, k), "label", ""));
	}
	return topic.data ? str_take(&topic) : mem_strdup("");
}

char *question_answer(struct json_object *questions, size_t i, const struct agent_answer *answer)
{
	struct strv lines STRV_FREE = STRV_INIT;
	const char *whole = answer->option ? answer->option : answer->text ? answer->text : "";
	if (json_len(questions) <= 1)
		return mem_strdup(whole);
	strv_split(&lines, answer->text ? answer->text : "", '\n');
	return mem_strdup(i < lines.n ? lines.v[i] : "");
}
