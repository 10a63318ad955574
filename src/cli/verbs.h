/* The verbs, one file each; src/muster.c lists them. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/cli.h"

extern const struct verb verb_adopt, verb_answer, verb_api, verb_approve, verb_ask, verb_attach,
	verb_await, verb_brief, verb_clear, verb_complete, verb_completion, verb_daemon, verb_decide,
	verb_decisions, verb_demo, verb_docket, verb_doctor, verb_done, verb_help, verb_hook, verb_init,
	verb_interrupt, verb_job, verb_land, verb_ls, verb_mcp, verb_mode, verb_open, verb_pause, verb_propose,
	verb_queue, verb_recap, verb_rehearse, verb_report, verb_restore, verb_resume, verb_return,
	verb_review, verb_rm, verb_show, verb_start, verb_stop, verb_tell, verb_undo, verb_version,
	verb_watch;

#endif
