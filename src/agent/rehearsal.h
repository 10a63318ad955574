/* What the rehearsal adapter (agent/rehearsal.c, in musterd) and the player (agent/rehearse_*.c, `muster rehearse`,
 * the agent itself) agree on: the names of hook events, and of the files in the session's folder. */
#ifndef AGENT_REHEARSAL_H
#define AGENT_REHEARSAL_H

/* The conversation: which step comes next, what was answered. Written by the player after every step. */
#define REHEARSAL_STATE_FILE "rehearsal.json"
/* The brief as it was given, from which the player takes its script when no other is named. */
#define REHEARSAL_BRIEF_FILE "rehearsal-brief.md"

/* Hook events, with their data. All but PERMISSION are answered {"ok":true} at once. */
#define REHEARSAL_TURN_STARTED "turn_started" /* {} */
#define REHEARSAL_TURN_ENDED "turn_ended"     /* {"said":TEXT, "failed":BOOL} */
#define REHEARSAL_PROMPT "prompt"             /* {"text":TEXT}: a typed prompt was taken */
#define REHEARSAL_SAID "said"                 /* {"text":TEXT} */
#define REHEARSAL_CLEARED "cleared"           /* {"conversation":N} */
#define REHEARSAL_PERMISSION "permission" /* {"command":TEXT, "why":TEXT}; answered {"decision":"allow"|"deny"} */
#define REHEARSAL_PERMISSION_OVER "permission_over" /* {"request":N, "decision":…}: answered in the terminal */

/* Terminal input: a prompt is a bracketed paste and Enter. */
#define REHEARSAL_PASTE_BEGIN "\x1b[200~"
#define REHEARSAL_PASTE_END "\x1b[201~"

#endif
