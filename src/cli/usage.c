#include "cli/usage.h"

#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

enum { HELP_COLUMN = 26, HELP_WIDTH = 100 };

const struct opt usage_common[] = {
	{0, "json", NULL, "print the result as one line of JSON", 0},
	{'h', "help", NULL, "show this help", 0},
	{0},
};

#define HEADING(name, heading) [VERB_##name] = (heading),
static const char *const headings[] = {VERB_GROUPS(HEADING)};
#undef HEADING

/* A line of help as a sentence. */
static void add_sentence(struct str *out, const char *help)
{
	bool lower = *help >= 'a' && *help <= 'z';
	str_addc(out, lower ? (char)(*help - 'a' + 'A') : *help);
	str_addf(out, "%s.", help + 1);
}

/* "  left        right", with the right side on the next line when the left one is too long. */
static void add_entry(struct str *out, const char *left, const char *right)
{
	if (strlen(left) + 4 > HELP_COLUMN)
		str_addf(out, "  %s\n%*s%s\n", left, HELP_COLUMN, "", right);
	else
		str_addf(out, "  %-*s%s\n", HELP_COLUMN - 2, left, right);
}

void usage_all(const struct verb *const *verbs, struct str *out)
{
	str_adds(out, "usage: muster VERB [ARGUMENTS] [OPTIONS]\n\n"
		      "Run many coding agents at once; decide once, in the right order; let nothing land unread or "
		      "untested.\n");
	for (size_t g = 0; g < ARRAY_LEN(headings) && *headings[g]; g++) {
		str_addf(out, "\n%s\n", headings[g]);
		for (size_t i = 0; verbs[i]; i++)
			if (verbs[i]->group == (enum verb_group)g)
				add_entry(out, verbs[i]->name, verbs[i]->help);
	}
	str_adds(out, "\n`muster VERB --help` explains a verb; muster(1) has it all.\n"
		      "Exit status: 0 done, 1 failed, 2 usage, 3 refused by a rule.\n");
}

void usage_line(const struct verb *parent, const struct verb *verb, struct str *out)
{
	str_addf(out, "muster %s%s%s", parent ? parent->name : "", parent ? " " : "", verb->name);
	if (verb->args)
		str_addf(out, " %s", verb->args);
	if (verb->opts)
		str_adds(out, " [OPTIONS]");
	if (verb->takes_command)
		str_adds(out, " [-- COMMAND...]");
}

static void add_option(struct str *out, const struct opt *o)
{
	struct str left STR_FREE = STR_INIT;
	if (o->letter)
		str_addf(&left, "-%c, ", o->letter);
	else
		str_adds(&left, "    ");
	str_addf(&left, "--%s", o->name);
	if (o->value)
		str_addf(&left, " %s", o->value);
	add_entry(out, left.data, o->help);
}

static void add_subs(struct str *out, const struct verb *verb)
{
	for (size_t i = 0; verb->subs[i]; i++) {
		struct str line STR_FREE = STR_INIT;
		usage_line(verb, verb->subs[i], &line);
		str_addf(out, "  %s\n%*s%s\n", line.data, HELP_COLUMN, "", verb->subs[i]->help);
	}
}

void usage_verb(const struct verb *parent, const struct verb *verb, struct str *out)
{
	str_adds(out, "usage: ");
	usage_line(parent, verb, out);
	str_adds(out, "\n\n");
	add_sentence(out, verb->help);
	str_addc(out, '\n');
	if (verb->text) {
		str_addc(out, '\n');
		out_add_wrapped(out, verb->text, 0, HELP_WIDTH);
	}
	str_addc(out, '\n');
	if (verb->subs) {
		add_subs(out, verb);
		return;
	}
	str_adds(out, "Options\n");
	for (const struct opt *o = verb->opts; o && o->name; o++)
		add_option(out, o);
	for (const struct opt *o = usage_common; o->name; o++)
		add_option(out, o);
}

/* ---- the manual ---- */

void usage_add_manual_text(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("_*\\#~<[", *text))
			str_addc(out, '\\');
		str_addc(out, *text);
		/* A paragraph ends with an empty line. */
		if (*text == '\n')
			str_addc(out, '\n');
	}
}

static void add_manual_sentence(struct str *out, const char *help)
{
	struct str sentence STR_FREE = STR_INIT;
	add_sentence(&sentence, help);
	usage_add_manual_text(out, sentence.data);
	str_adds(out, "\n\n");
}

static void add_manual_options(struct str *out, const struct verb *verb)
{
	for (const struct opt *o = verb->opts; o && o->name; o++) {
		str_addc(out, '\t');
		if (o->letter)
			str_addf(out, "*-%c*, ", o->letter);
		str_addf(out, "*--%s*", o->name);
		if (o->value)
			str_addf(out, " _%s_", o->value);
		str_adds(out, "++\n\t\t");
		add_manual_sentence(out, o->help);
	}
}

static void add_manual_verb(struct str *out, const struct verb *parent, const struct verb *verb)
{
	struct str line STR_FREE = STR_INIT;
	usage_line(parent, verb, &line);
	str_addc(out, '*');
	usage_add_manual_text(out, line.data);
	str_adds(out, "*\n\t");
	add_manual_sentence(out, verb->help);
	if (verb->text) {
		struct str text STR_FREE = STR_INIT;
		usage_add_manual_text(&text, verb->text);
		str_addc(out, '\t');
		for (const char *p = str_c(&text); *p; p++) {
			str_addc(out, *p);
			if (*p == '\n' && p[1] && p[1] != '\n')
				str_addc(out, '\t');
		}
		str_adds(out, "\n\n");
	}
	add_manual_options(out, verb);
	for (size_t i = 0; verb->subs && verb->subs[i]; i++)
		add_manual_verb(out, verb, verb->subs[i]);
}

void usage_manual(const struct verb *const *verbs, struct str *out)
{
	for (size_t g = 0; g < ARRAY_LEN(headings) && *headings[g]; g++) {
		str_addf(out, "## %s\n\n", headings[g]);
		for (size_t i = 0; verbs[i]; i++)
			if (verbs[i]->group == (enum verb_group)g)
				add_manual_verb(out, NULL, verbs[i]);
	}
}

/* ---- mistakes ---- */

const struct verb *usage_find(const struct verb *const *verbs, const struct verb *parent, const char *name,
			      struct err *err)
{
	struct nearest near = nearest_init(name);
	for (size_t i = 0; verbs[i]; i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
		if (verbs[i]->group != VERB_HIDDEN)
			nearest_offer(&near, verbs[i]->name);
	}
	const char *of = parent ? parent->name : "", *blank = parent ? " " : "";
	if (near.best)
		err_set(err, ERR_USAGE, "no such verb: %s%s%s; did you mean %s%s%s?", of, blank, name, of, blank,
			near.best);
	else
		err_set(err, ERR_USAGE, "no such verb: %s%s%s; `muster %s%s--help` lists them", of, blank, name, of,
			blank);
	return NULL;
}

int usage_check_args(const struct verb *parent, const struct verb *verb, const struct opts *opts, struct err *err)
{
	int n = (int)opts->args.n;
	if (n >= verb->min_args && n <= verb->max_args)
		return 0;
	struct str line STR_FREE = STR_INIT;
	usage_line(parent, verb, &line);
	if (n < verb->min_args)
		return err_set(err, ERR_USAGE, "an argument is missing; usage: %s", line.data);
	return err_set(err, ERR_USAGE, "too many arguments, from \"%s\" on; usage: %s",
		       opts->args.v[verb->max_args], line.data);
}
