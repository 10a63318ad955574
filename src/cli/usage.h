/* Help, and hints for what was mistyped. */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

#include "base/str.h"
#include "cli/cli.h"

/* Options that every verb has: --json, --help. */
extern const struct opt usage_common[];

/* The whole command line: all verbs under their headings. */
void usage_all(const struct verb *const *verbs, struct str *out);
/* One verb. parent: the verb that it is a part of, or NULL. */
void usage_verb(const struct verb *parent, const struct verb *verb, struct str *out);
/* "muster job start [SESSION] [OPTIONS] -- COMMAND..." */
void usage_line(const struct verb *parent, const struct verb *verb, struct str *out);
/* The verbs as a section of the manual (scdoc). */
void usage_manual(const struct verb *const *verbs, struct str *out);
/* Text with scdoc's own characters escaped. */
void usage_add_manual_text(struct str *out, const char *text);

/* The verb of that name, or NULL with err and the nearest name. parent NULL: at the top. */
const struct verb *usage_find(const struct verb *const *verbs, const struct verb *parent, const char *name,
			      struct err *err);
/* The right number of arguments? */
int usage_check_args(const struct verb *parent, const struct verb *verb, const struct opts *opts,
		     struct err *err) NODISCARD;

#endif
