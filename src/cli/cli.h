/* A verb of the command line, and what each verb's code gets to work with.
 *
 * A verb is one file with one `const struct verb`, listed in src/muster.c. With --json it prints the result object
 * of the API method that it calls, on one line; an error is printed as {"error":{"code","message"}} too. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/client.h"
#include "cli/opts.h"
#include "cli/out.h"

struct cli;

/* Help lists verbs under these headings, in this order. X(NAME, heading) */
#define VERB_GROUPS(X)                                                                                             \
	X(START, "Start and watch")                                                                                \
	X(LEAD, "Decide")                                                                                          \
	X(STEER, "Steer a session")                                                                                \
	X(LAND, "Review and land")                                                                                 \
	X(CARE, "Look after muster")                                                                               \
	X(INSIDE, "Inside a session")                                                                              \
	X(HIDDEN, "")

#define VERB_GROUP(name, heading) VERB_##name,
enum verb_group { VERB_GROUPS(VERB_GROUP) };
#undef VERB_GROUP

enum { VERB_ARGS_ANY = 1 << 16 };

struct verb {
	const char *name;
	enum verb_group group;
	const char *args; /* how help shows them: "SESSION TEXT..." */
	const char *help; /* one line, no full stop */
	const char *text; /* further paragraphs for --help and the manual, or NULL */
	const struct opt *opts;
	int min_args, max_args;
	bool takes_command;                         /* `-- COMMAND...` */
	enum complete completes;                    /* what its arguments are */
	const struct verb *const *subs;             /* NULL-terminated: then run is NULL */
	int (*run)(struct cli *c, struct err *err); /* the exit code, or -1 with err */
};

struct cli {
	const struct verb *const *verbs; /* all, NULL-terminated */
	const struct verb *verb;
	const char *sub_of; /* the verb that this one is a part of, or NULL */
	struct opts opts;
	bool json;
	bool color; /* on standard output */
	int width;  /* of standard output; 0: no limit */
	bool connected;
	struct client client; /* while connected */
	int exit_code;        /* when run returns 0 */
};

/* The argument at that index, or NULL. */
const char *cli_arg(const struct cli *c, size_t i);

/* The connection to musterd, made (and musterd started) when it is first needed; NULL with err. */
struct client *cli_client(struct cli *c, struct err *err);

/* Calls the method; takes over params. */
int cli_call(struct cli *c, const char *method, struct json_object *params, struct json_object **ret,
	     struct err *err) NODISCARD;

/* The same for a verb that shows the result: with --json it is printed (as it came, unless on a terminal) and 0 comes
 * back: all is done;
 * else 1, and *ret is to be shown; or -1. */
int cli_request(struct cli *c, const char *method, struct json_object *params, struct json_object **ret,
		struct err *err) NODISCARD;

/* Prints the object on one line. Borrowed. */
void cli_print_json(struct json_object *obj);
/* Writes the text to standard output. */
void cli_print(const struct str *s);

/* A line for the person, not for --json. */
void cli_say(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "muster: <one line>" on standard error, made inert: what it tells may come from an agent. */
void cli_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* {"session": the first argument}. */
struct json_object *cli_session_params(const struct cli *c);

/* The absolute path of the folder that this process is in, or of `path` below it; the caller owns it. NULL with
 * err. */
char *cli_absolute(const char *path, struct err *err);

/* All of standard input as text; the caller owns it. NULL with err. */
char *cli_read_stdin(struct err *err);

/* A line that the person types, without its end; the caller owns it. NULL at the end of input. */
char *cli_read_line(void);

#endif
