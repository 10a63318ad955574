/* Rules that answer for the lead: which of them match an item, and which wins. Pure functions; what they are asked about is
 * gathered in policy_hook.c, what follows is done there.
 *
 * MATCHING. A rule matches when all of its conditions hold; what a rule does not name is not asked.
 *   kind, agent, tier   are equal to the text
 *   tool, session       pattern_text()
 *   repo                the folder of the repository (without one: the session's) is that path
 *   command             pattern_command_is() for a rule that allows, pattern_command_has() for any other
 *   path                pattern_path(), for a rule that allows on every path of the item and where each really leads, links
 *                       followed, and never below .git or .muster unless the pattern names it; for any other on one of the
 *                       paths, as it is written or as it leads
 *   scope               "inside": every path lies in the session's scope; "outside": one does not, or it cannot be told
 * Only a permission is ever allowed or denied. A rule that allows by the path does not match an item that has a command.
 *
 * WINNING. The most specific match wins: of two rules the one whose patterns for command and path have more characters that
 * stand for themselves (pattern_weight: blanks do not count, and a pattern without wildcards has one more); among equals the one with more conditions. On a tie deny
 * wins; else the later one does: the user's file comes first, then the repository's, then stored rules by number.
 *
 * WHO MAY ALLOW. The user's own file and stored rules. A repository's file may be written by whoever wrote the repository, or
 * by an agent: its rules only ever make an answer stricter (allow < hold < ask < deny; of hold and ask, where the lead's
 * own rules say either, that stands), unless the user's file lists the folder below `policy-trust` and the session works
 * in a worktree of its own, so that it cannot write that file where it stands.
 *
 * LAST GUARDS. What would be allowed is asked after all when the adapter says that more is wanted than is seen (`beyond`); when
 * a file lies below .git or .muster, which decide what others do, and no path of the rule names that; or when a rule without a command would allow a command that cannot be read (pattern_command_opaque) while a rule that does not allow
 * looks at commands: it might have matched. */
#ifndef LEAD_POLICY_H
#define LEAD_POLICY_H

#include "base/strv.h"
#include "lead/pattern.h"
#include "work/rule.h"

/* What an item is, to rules. Borrowed texts; NULL: it has none. */
struct policy_subject {
	const char *kind, *agent, *tool, *command, *tier, *session, *repo;
	const char *beyond;       /* what it wants besides, in words */
	struct strv paths;        /* from the workspace, or absolute outside of it; without . and .. */
	struct strv real;         /* the same with links followed; "" where that cannot be told */
	enum pattern_scope scope; /* of all paths; SCOPE_UNKNOWN also without any */
};

enum policy_fate {
	POLICY_DIFFERS,     /* a condition does not hold: policy_note.condition */
	POLICY_WINS,
	POLICY_LESS,        /* another is more specific */
	POLICY_EARLIER,     /* another as specific one came later */
	POLICY_DENIED,      /* another as specific one denies */
	POLICY_NO_RIGHT,    /* a repository's rule would allow */
	POLICY_NOT_STRICTER, /* a repository's rule, and the lead's own are as strict */
	POLICY_STRICTER,    /* a repository's rule is stricter than this */
	POLICY_GUARDED,     /* it would have allowed: see verdict.guard */
};

struct policy_note {
	enum policy_fate fate;
	enum rule_condition condition; /* POLICY_DIFFERS */
};

struct policy_verdict {
	enum rule_effect effect; /* ask when nothing matches */
	const struct rule *rule; /* the one that wins, or NULL */
	const char *guard;       /* why it is asked after all, or NULL */
	struct policy_note *notes; /* one a rule, in their order */
};

/* trusted: the rules of the repository's file may allow. Rules are borrowed and must live as long as the verdict. */
void policy_judge(const struct rules *rules, const struct policy_subject *subject, bool trusted,
                  struct policy_verdict *ret);
void policy_verdict_fini(struct policy_verdict *v);
void policy_subject_fini(struct policy_subject *s); /* its lists */

/* Why a rule won or lost, in words. The caller owns it. */
char *policy_note_words(const struct policy_note *n, const struct rule *r);

#endif
