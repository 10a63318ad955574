/* The rehearsal agent: plays a script (agent/rehearse_script.h) in a terminal as an agent would, and takes prompts.
 * Inside a session it speaks through the mailbox (agent/rehearsal.h); outside of one only the terminal answers it.
 *
 * Prompts: `/clear` begins a new conversation, `/exit` ends the agent; a prompt with a fenced block "yaml
 * rehearsal" is a new script; a line `!COMMAND` runs after a permission. Esc interrupts the turn: the next prompt
 * goes on with the step that was interrupted. */
#ifndef AGENT_REHEARSE_H
#define AGENT_REHEARSE_H

#include <stdbool.h>

#include "base/err.h"

struct rehearse_options {
	const char *script; /* path, or NULL: from the brief */
	const char *brief;  /* path of a Markdown file, or NULL */
	const char *state;  /* path of the state file, or NULL: none is kept */
	bool resume;        /* go on where the state file says */
};

/* Plays until the end. Returns the exit code, or -1 with err. */
int rehearse_run(const struct rehearse_options *o, struct err *err);

#endif
