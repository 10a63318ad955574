/* One session in musterd's memory: its row in the store, the connection to its holder, its agent's adapter. Internal
 * to the engine (work/session_*.c, work/engine.c) and to the docket and the landing queue above it. */
#ifndef WORK_SESSION_H
#define WORK_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include <uv.h>

#include "agent/agent.h"
#include "base/text.h"
#include "runner/hold_client.h"
#include "store/item_row.h"
#include "store/prompt_row.h"
#include "store/session_row.h"
#include "store/signal_row.h"
#include "work/call.h"
#include "work/engine.h"
#include "work/ports.h"
#include "work/status.h"

enum { SESSION_SIGNALS_MAX = 16, SESSION_TIMERS_MAX = 8 };

struct session;

/* A timer that the adapter asked for. */
struct session_timer {
	uv_timer_t uv;
	struct session *session;
	char *name;
	struct session_timer *next;
};

/* A call that ends when the session reaches a state (session.wait). */
struct session_waiter {
	struct session_waiter *next;
	struct call *call;
	unsigned states; /* bit mask of enum session_state */
	uv_timer_t timer;
	struct session *session;
};

struct session {
	struct engine *engine;
	struct session_row row;
	enum session_life life; /* row.lifecycle, parsed */
	int64_t value;          /* of its task: the greater, the sooner it is started */
	struct agent_session agent;
	struct strv command;

	struct hold_client *hold; /* NULL: no connection */
	bool connected;           /* the holder has said WELCOME */
	char *first_prompt; /* the brief with its preface; NULL: no brief */
	uint32_t hold_pid;
	bool running;             /* the foreground process lives */
	bool releasing, let_go;   /* the holder was asked to end; it said that it will */
	struct call *removal;     /* waits until the holder is let go: afterwards nobody would know of it; or NULL */
	char *program;            /* what was started last, for messages */
	uint64_t events_taken;    /* what the holder has been told */
	uint64_t output_next;     /* the offset that the next piece of output should have */
	uv_timer_t retry; /* connects again while the holder lives but does not answer */
	int retry_ms;      /* 0: it was reached */
	int holders_tried; /* that went before the agent was started */

	struct signal_row signals[SESSION_SIGNALS_MAX];
	size_t n_signals;
	int open_items, open_blocking;
	int running_jobs;
	int64_t last_output_ms;
	bool landing; /* set by the landing queue */

	struct str json;          /* what session.list shows of it, until something changes; empty: not made yet */
	enum session_state state; /* as last published */
	int64_t state_since_ms;
	enum session_state recalled; /* what an earlier musterd published last, */
	int64_t recalled_since_ms;   /* since then; 0: nothing, or it has turned out to be over */
	struct session_waiter *waiters;
	struct session_timer *timers;
	struct strv follows;     /* names of the sessions that have to land before it starts */
	unsigned walk;           /* engine.walk when it was last looked at */
	struct prompt_wait *prompts; /* calls of session.tell, by prompt */
	int64_t prompt_on_way;       /* the prompt that the adapter has, or 0 */
	bool in_event;               /* a journal entry is being applied */
	bool busy;                   /* a worker thread has its workspace */
	int closing;                 /* libuv handles that are not closed yet; the memory goes with the last */
	bool gone;
	bool state_due;           /* the adapter's state is to be written with this turn */
	struct session *next_due; /* of engine.due */

	UT_hash_handle by_id, by_name;
};

struct engine {
	struct engine_setup setup;
	struct hold_hub *hub;
	struct session *by_id, *by_name; /* removed sessions are only in the store */
	char *hold_path, *muster_path;
	struct strv base_env; /* what every session process gets */
	struct start *starting; /* starts that are being checked: their names are taken */
	struct plan_run *plans; /* that are not started as a whole; the first is under way */
	struct session *due;    /* sessions whose adapter's state is not written yet */
	int live, queued;       /* sessions that prepare or run; that wait for room */
	int max_live;           /* how many may be live at once */
	struct ports ports;
	struct engine_judge *judge; /* NULL: every item is the lead's */
	unsigned walk; /* the number of the present walk over what follows what */
	bool admitting, closing;
};

/* engine.c */
struct session *engine_find(struct engine *e, const char *id_or_name);
/* The session that params.session names, or NULL after failing the call (ERR_USAGE, with the nearest name). */
struct session *engine_session_of(struct engine *e, struct json_object *params, struct call *call);
/* Makes the memory of a row that is in the store already. Takes over the row's strings. */
struct session *session_new(struct engine *e, struct session_row *row);
void session_removal_go_on(struct session *s); /* of one that waited, when the holder is let go */
void session_free(struct session *s);
/* After workspace or brief of the row were set: the adapter sees them. */
void session_rebind(struct session *s);

/* session_state.c: after every change of a fact */
void session_refresh(struct session *s);
void session_state_recall(struct session *s); /* after a start of musterd: since when it is in the state that it will be found in */
void session_signal(struct session *s, const char *source, enum agent_activity a, int confidence, const char *detail);
void session_signal_forget(struct session *s, const char *source); /* if it has said anything */
void session_signals_clear(struct session *s);
void session_life_set(struct session *s, enum session_life life);
void session_count(struct session *s, int by); /* in the engine's counts */
void session_wait(struct session *s, unsigned states, int64_t timeout_ms, struct call *call);
void session_waiters_fail(struct session *s, const char *why);
/* Why it is in that state, in words: "its turn ended (hook)". The caller owns it. */
char *session_why(const struct session *s);

/* session_event.c: an event of the session in the store; takes over data (may be NULL). */
void session_event(struct session *s, const char *kind, struct json_object *data);
void session_save(struct session *s); /* writes the row */

/* session_hold.c */
/* Starts the holder if it is not there, and the agent in it. -1: the session has failed (the row says why). */
void session_launch(struct session *s, enum agent_start how);
void session_attach_holder(struct session *s); /* connects to a holder that should be there */
void session_detach_holder(struct session *s);
/* Lets the holder go when the agent has ended and no job is left. */
void session_release_holder(struct session *s);
void session_environment(struct session *s, struct strv *ret); /* what each of its processes gets */
void session_status_report(struct session *s, const char *report); /* an OSC 7501 report */

/* session_host.c */
extern const struct agent_host session_agent_host;
void session_state_settle(struct engine *e); /* writes the adapters' states that are due */
void session_state_forget(struct session *s);
void session_timers_free(struct session *s);

/* session_mail.c: a line of the agent's mailbox, and a request that went away */
void session_mail(struct session *s, uint64_t request, const uint8_t *line, size_t len);
void session_reply(struct session *s, uint64_t request, struct json_object *answer);
void session_reply_error(struct session *s, uint64_t request, const char *message);
/* A text of the agent's in a message, inert and of bounded length. The caller owns it; NULL when absent. */
char *session_mail_text(struct json_object *msg, const char *key, enum text_keep keep);
/* What the agent says of its conversation as a whole is kept for who comes back to it: inert, and of bounded length. */
void session_recap(struct session *s, const char *text);
void session_mail_began(struct session *s); /* a new holder: requests to an earlier one are gone */
void session_mail_gone(struct session *s, uint64_t request);
void session_outbox_send(struct session *s); /* all replies that the holder has not confirmed */

/* session_item.c */
int64_t session_item_open(struct session *s, const char *kind, const struct agent_item *item);
bool session_item_is_open(struct session *s, const char *key);
void session_item_withdraw(struct session *s, const char *key, const char *reason);
void session_items_withdraw_all(struct session *s, const char *reason, bool blocking_only);
void session_items_request_gone(struct session *s, uint64_t request);
/* The holder has confirmed the reply to a request; gone: nobody was there any more to take it. */
void session_items_delivered(struct session *s, uint64_t request, bool gone);
bool session_waits_for_permission(const struct session *s);
void session_report_failure(struct session *s); /* the item of a session that ended badly by itself */
/* The lead has answered an open item: stores it and brings it to the agent. option, text: or NULL. */
void session_item_answer(struct session *s, struct item_row *item, const char *option, const char *text);
/* The agent has the answer of an item in state answered, or will have it from the store; item->reason may say how. */
void session_item_delivered(struct session *s, struct item_row *item);
void session_items_count(struct session *s);

/* session_prompt.c */
void session_prompts_pump(struct session *s); /* hands the next prompt to the adapter if it may have one */
void session_prompts_fail(struct session *s, const char *why);
void session_prompts_forget(struct session *s); /* ends the calls that wait */
void session_prompt_settled(struct agent_session *a, int64_t prompt, const char *failed_why);
void session_prompt_add(struct session *s, const char *text, int64_t *ret_prompt);
/* Does its agent take prompts for what they are? What muster says by itself is never typed into a mere command, which
 * may be a shell. */
bool session_hears(const struct session *s);

/* session_job.c */
typedef void jobs_listed(void *arg, struct session *s, struct json_object *jobs); /* s NULL: it is gone meanwhile */
/* All jobs: the started ones and the found ones. */
void session_jobs_list(struct session *s, jobs_listed *done, void *arg);
struct json_object *session_jobs_json(struct session *s); /* those that were started */
void session_job_started(struct session *s, const char *job, uint32_t pid, int64_t wall_ms);
void session_job_exited(struct session *s, const char *job, int wait_status, int64_t wall_ms);
void session_jobs_lost(struct session *s);
void session_jobs_count(struct session *s);
void session_mail_job(struct session *s, uint64_t request, struct json_object *msg);

/* session_json.c */
struct json_object *session_json(struct session *s);
/* The same as finished text: cheap to ask for again while nothing changes, and not to be looked into. */
struct json_object *session_json_text(struct session *s);
void session_add_removed(struct engine *e, struct json_object *list);
struct json_object *session_json_full(struct session *s);
char *session_exit_text(const struct session *s); /* "exit code 3", "killed by SIGKILL"; the caller owns it */
struct json_object *item_json(struct session *s, const struct item_row *row);
/* What one of several items with the same topic has of its own. */
struct json_object *item_short_json(struct session *s, const struct item_row *row);

/* session_start.c */
void session_admit(struct engine *e); /* prepares queued sessions while there is room */

/* session_follow.c */
void session_follow_load(struct session *s); /* out of the row */
/* Checks that a new session with that row (name, git_dir and target are set) may follow those, and puts what has still to
 * land into the row. ERR_USAGE. */
int session_follow_check(struct engine *e, const struct strv *after, struct session_row *row, struct err *err) NODISCARD;
/* Its work is on the target: whoever followed it waits for it no more, and starts if there is room. */
void session_landed(struct session *landed);
/* The lead starts it whether or not the others have landed. */
void session_follow_waive(struct session *s);
/* "after search-index, which failed"; the caller owns it. follows is not empty. */
char *session_follow_why(const struct session *s);
/* Adds a line for each session that waits for this one, which is removed. */
void session_followers_warn(const struct session *removed, struct strv *ret);

/* session_ready.c */
/* Whether a session that is queued waits for nothing but room. */
bool session_may_start(const struct session *s);
/* The one to prepare next: of those that may start the one with the greatest value, then the oldest. NULL: none. */
struct session *session_next(struct engine *e);
int64_t session_value_of(const char *task); /* out of the row's task */
/* How many may be live at once: what the configuration said last outlives musterd. limit 0: not said. */
void session_limit_load(struct engine *e);
void session_limit_set(struct engine *e, int limit);

#endif
