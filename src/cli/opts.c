#include "cli/opts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/str.h"

void opts_fini(struct opts *o)
{
	free(o->values);
	strv_fini(&o->args);
	strv_fini(&o->command);
	*o = (struct opts){0};
}

static void add_value(struct opts *o, const struct opt *opt, const char *text)
{
	o->values = mem_resize(o->values, o->n + 1, sizeof *o->values);
	o->values[o->n++] = (struct opt_value){.opt = opt, .text = text};
}

static const struct opt *find_name(const struct opt *table, const char *name, size_t len)
{
	for (; table && table->name; table++)
		if (strncmp(table->name, name, len) == 0 && !table->name[len])
			return table;
	return NULL;
}

static const struct opt *find_letter(const struct opt *table, char letter)
{
	for (; table && table->name; table++)
		if (table->letter == letter)
			return table;
	return NULL;
}

static int unknown(const char *word, const struct opt *table, const struct opt *common, struct err *err)
{
	char *name MEM_FREE = mem_strndup(word + 2, strcspn(word + 2, "="));
	struct nearest near = nearest_init(name);
	for (const struct opt *o = table; o && o->name; o++)
		nearest_offer(&near, o->name);
	for (const struct opt *o = common; o->name; o++)
		nearest_offer(&near, o->name);
	if (near.best)
		return err_set(err, ERR_USAGE, "no such option: --%s; did you mean --%s?", name, near.best);
	return err_set(err, ERR_USAGE, "no such option: --%s", name);
}

/* One word that starts with two dashes; *at moves on when its value is the next word. */
static int parse_long(struct opts *o, const struct opt *table, const struct opt *common, char ***at,
		      struct err *err)
{
	const char *word = **at;
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word - 2) : strlen(word + 2);
	const struct opt *opt = find_name(table, word + 2, len);
	if (!opt)
		opt = find_name(common, word + 2, len);
	if (!opt)
		return unknown(word, table, common, err);
	if (!opt->value && equals)
		return err_set(err, ERR_USAGE, "--%s takes no value", opt->name);
	if (opt->value && !equals && !(*at)[1])
		return err_set(err, ERR_USAGE, "--%s needs a value: %s", opt->name, opt->value);
	const char *text = !opt->value ? NULL : equals ? equals + 1 : *++*at;
	add_value(o, opt, text);
	return 0;
}

/* One word of letters, "-ab" or "-ovalue". */
static int parse_letters(struct opts *o, const struct opt *table, const struct opt *common, char ***at,
			 struct err *err)
{
	for (const char *p = **at + 1; *p; p++) {
		const struct opt *opt = find_letter(table, *p);
		if (!opt)
			opt = find_letter(common, *p);
		if (!opt)
			return err_set(err, ERR_USAGE, "no such option: -%c", *p);
		if (!opt->value) {
			add_value(o, opt, NULL);
			continue;
		}
		if (!p[1] && !(*at)[1])
			return err_set(err, ERR_USAGE, "-%c needs a value: %s", *p, opt->value);
		add_value(o, opt, p[1] ? p + 1 : *++*at);
		break;
	}
	return 0;
}

int opts_parse(struct opts *ret, const struct opt *table, const struct opt *common, bool takes_command, char **argv,
	       struct err *err)
{
	struct opts o = {0};
	for (char **at = argv; *at; at++) {
		const char *word = *at;
		int r = 0;
		if (strcmp(word, "--") == 0) {
			o.has_command = takes_command;
			strv_add_all(takes_command ? &o.command : &o.args, (const char *const *)at + 1);
			break;
		}
		if (word[0] != '-' || !word[1])
			strv_add(&o.args, word);
		else if (word[1] == '-')
			r = parse_long(&o, table, common, &at, err);
		else
			r = parse_letters(&o, table, common, &at, err);
		if (r < 0) {
			opts_fini(&o);
			return -1;
		}
	}
	*ret = o;
	return 0;
}

bool opts_has(const struct opts *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->values[i].opt->name, name) == 0)
			return true;
	return false;
}

const char *opts_get(const struct opts *o, const char *name)
{
	for (size_t i = o->n; i-- > 0;)
		if (strcmp(o->values[i].opt->name, name) == 0)
			return o->values[i].text;
	return NULL;
}

void opts_list(const struct opts *o, const char *name, struct strv *ret)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->values[i].opt->name, name) == 0)
			strv_add(ret, o->values[i].text);
}

int opts_number(const char *what, const char *text, long long min, long long max, long long *ret, struct err *err)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max)
		return err_set(err, ERR_USAGE, "%s: not a whole number from %lld to %lld: %s", what, min, max,
			       text);
	*ret = n;
	return 0;
}

int opts_int(const struct opts *o, const char *name, long long min, long long max, long long otherwise,
	     long long *ret, struct err *err)
{
	const char *text = opts_get(o, name);
	if (!text) {
		*ret = otherwise;
		return 0;
	}
	char *what MEM_FREE = mem_printf("--%s", name);
	return opts_number(what, text, min, max, ret, err);
}

char *opts_join(const struct opts *o, size_t i)
{
	struct str s = STR_INIT;
	if (i >= o->args.n)
		return NULL;
	str_adds(&s, o->args.v[i]);
	while (++i < o->args.n) {
		str_addc(&s, ' ');
		str_adds(&s, o->args.v[i]);
	}
	str_reserve(&s, 1);
	return str_take(&s);
}
