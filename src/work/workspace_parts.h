/* Steps of making and ending a workspace. Internal to work/workspace*.c. */
#ifndef WORK_WORKSPACE_PARTS_H
#define WORK_WORKSPACE_PARTS_H

#include "git/worktree.h"
#include "work/workspace.h"

/* Two marks beside the worktrees, out of the agents' reach, say how far muster got with one. They are symbolic
 * links whose target is the text, because a link is there whole or not at all and leaves no temporary file behind.
 *   .ready-<name>     says the session's id: workspace_prepare is complete
 *   .removing-<name>  says "<id> <ref>": the snapshot is taken, the rest can go without another one */
enum workspace_mark { WORKSPACE_READY, WORKSPACE_REMOVING };

/* True when the mark is this session's; *ret_ref (may be NULL) is what it says, or NULL. */
bool workspace_marked(const struct repo *r, const struct workspace_spec *spec, enum workspace_mark mark,
		      char **ret_ref);
int workspace_mark(const struct repo *r, const struct workspace_spec *spec, enum workspace_mark mark,
		   const char *ref, struct err *err) NODISCARD;
void workspace_unmark(const struct repo *r, const struct workspace_spec *spec, enum workspace_mark mark);

/* "refs/muster/base/<session id>" and "muster/<session name>"; the caller owns them. */
char *workspace_pin(const struct workspace_spec *spec);
char *workspace_branch(const struct workspace_spec *spec);

/* Copies of what .worktreeinclude names, and links; what is there already stays. */
int workspace_include(const struct repo *r, const struct workspace_spec *spec, const char *path,
		      struct strv *warnings, struct err *err) NODISCARD;
int workspace_link(const struct repo *r, const struct workspace_spec *spec, const char *path, struct strv *warnings,
		   struct err *err) NODISCARD;

/* Runs the commands in w->path, one after the other, with output to the log. Stops at the first that fails: "set-up
 * command … failed (exit 2): last line". */
int workspace_commands(const struct repo *r, const struct workspace_spec *spec, const struct workspace *w,
		       const struct strv *commands, const char *what, struct err *err) NODISCARD;

/* The user's own folder or worktree, for the kinds that do not make one. */
int workspace_existing(const struct repo *r, const struct workspace_spec *spec, struct worktree *ret,
		       struct err *err) NODISCARD;

#endif
