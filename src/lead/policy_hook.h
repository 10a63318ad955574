/* The policy at work: rules are read again when their files change, asked about each item that opens, and answer or hold it. */
#ifndef LEAD_POLICY_HOOK_H
#define LEAD_POLICY_HOOK_H

#include "base/err.h"
#include "store/item_row.h"
#include "work/engine.h"
#include "work/rule.h"

enum { POLICY_HABIT = 3 }; /* as many equal answers are worth a suggestion */

/* Becomes the engine's judge; before it goes, so must the engine's sessions. */
struct policy *policy_new(struct engine *e);
void policy_free(struct policy *p);

/* The rule that the lead's answer is to become: found before anything is changed. */
int policy_rule_from(struct engine *e, struct session *s, const struct item_row *row, const char *option,
                     const char *pattern, struct rule *ret, struct err *err) NODISCARD;
/* Stores it, with its number, and says so in an event. */
void policy_store(struct engine *e, struct rule *r, int64_t item);
/* {number or null, name, words, effect, conditions…}: what the API shows of a rule. The caller's reference. */
struct json_object *policy_rule_json(const struct rule *r);
/* The lead has answered the item: that counts toward a suggestion. */
void policy_learn(struct engine *e, struct session *s, const struct item_row *row, const char *option);
/* {option, times, command} when the lead has answered the same often enough, always in the same way; else NULL. The caller's
 * reference. */
struct json_object *policy_suggestion(struct engine *e, struct session *s, const struct item_row *row);

engine_verb policy_list;    /* policy.list */
engine_verb policy_explain; /* policy.explain */
engine_verb policy_remove;  /* policy.remove */
engine_verb policy_log;     /* policy.log */
engine_verb policy_reverse; /* policy.reverse */

#endif
