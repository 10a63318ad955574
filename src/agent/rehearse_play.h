/* Inside the player; agent/rehearse.h is its outside. */
#ifndef AGENT_REHEARSE_PLAY_H
#define AGENT_REHEARSE_PLAY_H

#include <sys/types.h>

#include "agent/rehearse_script.h"
#include "agent/rehearse_term.h"
#include "io/mailbox.h"

/* How a step ended. */
enum rehearse_end {
	REHEARSE_NEXT,   /* go on with the next one */
	REHEARSE_GO,     /* go on with the step's jump */
	REHEARSE_PAUSE,  /* the turn ends here; the step after it waits for a prompt */
	REHEARSE_BROKEN, /* interrupted, cleared or asked to end: the step is to be played again */
	REHEARSE_FAILED, /* the turn ends by an error; the step is to be played again */
};

struct rehearse_player {
	struct rehearse_script script;
	const char *state_path;    /* or NULL */
	struct json_object *state; /* {"conversation","next","values":{},"counts":{},"file","script","line"} */
	struct rehearse_term term;
	struct mailbox mail; /* fd -1 outside of a session */
	struct strv prompts; /* typed, taken, not yet dealt with */
	bool interrupted, cleared, ended;
	struct str keys; /* pressed while a dialog wants keys (term.keys) */
	bool wants_line; /* a dialog wants a line: */
	char *typed;     /* that line, or NULL */
	bool again;      /* the step may have been played already, by a player that was killed */
	pid_t *children; /* background processes that are our children */
	size_t n_children;
	char *said; /* the last words */
};

/* rehearse_wait.c: waits up to timeout_ms (-1: no limit) for input or for the descriptors (may be none), dealing
 * with what is typed. Returns the index of a readable descriptor, or -1. */
int rehearse_wait(struct rehearse_player *p, int timeout_ms, const int *fds, size_t n);
/* True when the turn must end now. */
bool rehearse_broken(const struct rehearse_player *p);
void rehearse_reap(struct rehearse_player *p);
extern const struct rehearse_input rehearse_input;

/* rehearse_mail.c: a hook event; takes over data (NULL: {}). */
void rehearse_hook(struct rehearse_player *p, const char *event, struct json_object *data);
/* Any request, whose answer nobody waits for. Takes over msg. */
void rehearse_post(struct rehearse_player *p, struct json_object *msg);

/* rehearse_dialog.c: asks in the terminal and on the docket; the first answer wins. msg is the mailbox request
 * (borrowed). NULL: broken. The answer is the key of an option, or free text; the caller owns it. */
char *rehearse_dialog(struct rehearse_player *p, const char *question, struct json_object *options,
		      struct json_object *msg, bool permission);
enum rehearse_end rehearse_ask(struct rehearse_player *p, struct json_object *arg);
enum rehearse_end rehearse_permission(struct rehearse_player *p, struct json_object *arg);

/* rehearse_command.c: runs a shell command and shows what it writes. -1: broken, else the exit code (128 + signal).
 */
int rehearse_command(struct rehearse_player *p, const char *command);
int rehearse_argv(struct rehearse_player *p, const struct strv *argv);
enum rehearse_end rehearse_background(struct rehearse_player *p, struct json_object *arg);

/* rehearse_step.c */
enum rehearse_end rehearse_do(struct rehearse_player *p, const struct rehearse_step *step);
/* A text field with ${NAME} replaced by values; the caller owns it. NULL when missing. */
char *rehearse_text(struct rehearse_player *p, struct json_object *arg, const char *field);
void rehearse_value(struct rehearse_player *p, const char *name, const char *value);
void rehearse_say(struct rehearse_player *p, const char *text);

/* rehearse_state.c */
void rehearse_save(struct rehearse_player *p);
int rehearse_load(struct rehearse_player *p, struct err *err);

#endif
