/* The policy of one musterd: where rules come from, and what they are asked about. Internal to src/lead/policy_*.c. */
#ifndef LEAD_POLICY_OWN_H
#define LEAD_POLICY_OWN_H

#include <sys/stat.h>

#include "lead/policy.h"
#include "lead/policy_hook.h"
#include "store/item_row.h"
#include "work/session.h"

/* A configuration file as it was when it was read. */
struct policy_file {
	bool there;
	struct stat at;
};

/* The rules of the user's file and of one repository's. */
struct policy_repo {
	struct policy_repo *next;
	char *repo; /* NULL: only the user's */
	struct policy_file files[2];
	int64_t read_ms;
	struct rules rules;
	bool trusted;  /* the user lists it */
	char *broken;  /* why they could not be read: then nothing is answered */
};

struct policy {
	struct engine_judge judge;
	struct engine *engine;
	struct policy_repo *repos;
	struct rules stored;
};

/* All that counts for a session; borrows from the policy until that changes. */
struct policy_case {
	struct rules rules; /* only v is its own */
	bool trusted;       /* the repository's rules may allow for this session */
	const char *broken; /* NULL: all could be read */
	struct policy_subject subject;
	/* What subject borrows from. */
	struct json_object *detail, *task;
};

struct policy *policy_of(struct engine *e); /* NULL: there is none */
struct policy_repo *policy_repo_of(struct policy *p, const char *repo);
/* After a stored rule came or went. */
void policy_load_stored(struct policy *p);

/* Adds a path as it is written and as it leads to the subject; workspace may be NULL. */
void policy_add_path(struct policy_subject *s, const char *path, const char *workspace);
void policy_case_init(struct policy_case *c, struct policy *p, struct session *s, const struct item_row *row);
void policy_case_fini(struct policy_case *c);
/* policy_judge(), or nothing at all when the rules could not be read. */
void policy_case_judge(const struct policy_case *c, struct policy_verdict *ret);

/* By what name uses of the rule are counted. The caller owns it. */
char *policy_use_name(const struct rule *r, const char *repo);

/* policy_propose.c. The narrowest rule of that effect that matches the item; pattern (NULL: none) in place of its command or
 * path. ERR_REFUSED when there is none, ERR_USAGE when the pattern does not match the item. */
int policy_propose(const struct policy_subject *s, enum rule_effect effect, const char *pattern, struct rule *ret,
                   struct err *err) NODISCARD;

#endif
