/* The options of a verb, from one table: parsing, help and shell completion all read it. */
#ifndef CLI_OPTS_H
#define CLI_OPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

/* What a shell offers for a value or an argument. */
enum complete {
	COMPLETE_NONE,
	COMPLETE_SESSION,
	COMPLETE_ITEM,
	COMPLETE_AGENT,
	COMPLETE_FILE,
	COMPLETE_DIR,
};

struct opt {
	char letter;       /* 0: none */
	const char *name;  /* the long name, without dashes; NULL ends a table */
	const char *value; /* how help calls its value; NULL: a flag */
	const char *help;
	enum complete complete;
};

struct opt_value {
	const struct opt *opt;
	const char *text; /* NULL for a flag */
};

/* Texts are borrowed from argv. */
struct opts {
	struct opt_value *values;
	size_t n;
	struct strv args;    /* what is no option */
	struct strv command; /* what follows `--`, when the verb takes a command */
	bool has_command;
};

/* argv: NULL-terminated, the words after the verb. Options and arguments may be mixed; `--` ends the options, and
 * begins the command when `takes_command`. `table` may be NULL; `common` are options that every verb has. */
int opts_parse(struct opts *ret, const struct opt *table, const struct opt *common, bool takes_command, char **argv,
	       struct err *err) NODISCARD;
void opts_fini(struct opts *o);

bool opts_has(const struct opts *o, const char *name);
/* The last value given, or NULL. */
const char *opts_get(const struct opts *o, const char *name);
/* All values given, in order. */
void opts_list(const struct opts *o, const char *name, struct strv *ret);
/* A whole number from min to max; `otherwise` when the option was not given. */
int opts_int(const struct opts *o, const char *name, long long min, long long max, long long otherwise,
	     long long *ret, struct err *err) NODISCARD;

/* The arguments from index i on, joined by blanks; the caller owns it. NULL when there are none. */
char *opts_join(const struct opts *o, size_t i);

/* A whole number without anything around it. */
int opts_number(const char *what, const char *text, long long min, long long max, long long *ret,
		struct err *err) NODISCARD;

#endif
