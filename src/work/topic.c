#include "work/topic.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "fmt/json.h"

enum { SEPARATOR = '\x1f' }; /* in no text: control characters are not inert, and JSON escapes them */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void topic_words(struct str *out, const char *text)
{
	size_t begin = out->len;
	for (const char *p = text; *p; p++) {
		if (!is_blank(*p))
			str_addc(out, lower(*p));
		else if (out->len > begin && !is_blank(p[1]) && p[1])
			str_addc(out, ' ');
	}
	while (out->len > begin && strchr("?.!: ", out->data[out->len - 1]))
		out->data[--out->len] = '\0';
}

static bool ends_name(char c)
{
	return !c || strchr("/\"' \t\n;&|)", c);
}

/* The text with "." for the folder, where that is a whole path or the beginning of one. */
static void add_without_folder(struct str *out, const char *text, const char *folder)
{
	size_t len = folder ? strlen(folder) : 0;
	while (*text) {
		const char *hit = len ? strstr(text, folder) : NULL;
		if (!hit) {
			str_adds(out, text);
			return;
		}
		str_add(out, text, (size_t)(hit - text));
		if (ends_name(hit[len]))
			str_addc(out, '.');
		else
			str_add(out, hit, len);
		text = hit + len;
	}
}

char *topic_text(const struct topic *t)
{
	struct str text = STR_INIT;
	if (strlen(t->asked) > TOPIC_MAX)
		return NULL;
	str_addf(&text, "%s%c%s%c", t->kind, SEPARATOR, t->repo ? t->repo : "", SEPARATOR);
	if (strcmp(t->kind, "question") == 0)
		topic_words(&text, t->asked);
	else
		add_without_folder(&text, t->asked, t->workspace);
	/* Of a decision the options are proposals: whoever awaits it takes any. */
	size_t n_options = strcmp(t->kind, "decision") == 0 ? 0 : json_len(t->options);
	for (size_t i = 0; i < n_options; i++) {
		if (json_has(json_at(t->options, i), "as"))
			continue;
		str_addc(&text, SEPARATOR);
		topic_words(&text, json_str_or(json_at(t->options, i), "key", ""));
		str_addc(&text, SEPARATOR);
		topic_words(&text, json_str_or(json_at(t->options, i), "label", ""));
	}
	return str_take(&text);
}
