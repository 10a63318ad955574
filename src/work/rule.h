/* A rule of the lead's, or of a repository's, on what needs the lead: some conditions, all of which must hold, and what is
 * to happen then. src/lead/policy.h says which of several wins; here is what a rule is made of. */
#ifndef WORK_RULE_H
#define WORK_RULE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* X(NAME, key, how its text is compared): see src/lead/policy.h */
#define RULE_CONDITIONS(X)    \
	X(KIND, "kind")       \
	X(AGENT, "agent")     \
	X(TOOL, "tool")       \
	X(COMMAND, "command") \
	X(PATH, "path")       \
	X(TIER, "tier")       \
	X(SCOPE, "scope")     \
	X(SESSION, "session") \
	X(REPO, "repo")

#define RULE_ENUM(name, key) RULE_##name,
enum rule_condition { RULE_CONDITIONS(RULE_ENUM) RULE_CONDITIONS_N };
#undef RULE_ENUM

/* From the laxest to the strictest. X(NAME, word) */
#define RULE_EFFECTS(X)  \
	X(ALLOW, "allow") \
	X(HOLD, "hold")  /* stays on the docket, but interrupts nobody */ \
	X(ASK, "ask")    /* the lead, as without a rule */ \
	X(DENY, "deny")

#define RULE_ENUM(name, word) RULE_##name,
enum rule_effect { RULE_EFFECTS(RULE_ENUM) };
#undef RULE_ENUM

/* In the order in which they count as written: a later one wins among equals. */
enum rule_source { RULE_OF_USER, RULE_OF_REPO, RULE_STORED };

enum { RULES_MAX = 500, RULE_TEXT_MAX = 1024 }; /* of one file, or stored; bytes of one condition */

struct rule {
	enum rule_source source;
	int64_t number; /* of a stored one */
	char *place;    /* "FILE:LINE" of one of a file */
	enum rule_effect effect;
	char *when[RULE_CONDITIONS_N]; /* NULL: any */
	char *because;                 /* for the agent and the lead; NULL: nothing */
};

struct rules {
	struct rule *v;
	size_t n;
};

const char *rule_key(enum rule_condition c);
const char *rule_effect_name(enum rule_effect e);

/* Reads {effect, because, conditions…}; ret gets neither source, number nor place. ERR_USAGE for what makes no sense, with
 * *ret_key: the member that it is about, or NULL. */
int rule_parse(struct json_object *o, struct rule *ret, const char **ret_key, struct err *err) NODISCARD;
/* The same members again. The caller's reference. */
struct json_object *rule_json(const struct rule *r);
/* Only the conditions: what it is about. The caller owns it. */
char *rule_about(const struct rule *r);
/* "allow command=make check tool=Bash": one line. The caller owns it. */
char *rule_words(const struct rule *r);
/* "rule 3", or "FILE:LINE". The caller owns it. */
char *rule_name(const struct rule *r);

void rule_copy(struct rule *dst, const struct rule *src); /* dst is overwritten */
void rule_fini(struct rule *r);
void rules_add(struct rules *list, const struct rule *r); /* a copy */
void rules_fini(struct rules *list);

#endif
