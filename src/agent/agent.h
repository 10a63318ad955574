/* An agent adapter: all that muster knows of one kind of agent. A new agent is one file with one
 * `const struct agent_ops` and one line in agent/registry.c.
 *
 * Adapters run on musterd's loop thread, never block, and keep no state of their own outside
 * `agent_session.state`: a JSON object that the host stores with each transaction, so that a new musterd
 * goes on where the old one was killed. Every callback may be repeated after a crash with the same
 * arguments and must then do the same thing (requests carry their number for that). */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "fmt/jsonl.h"

struct agent_session;

/* What a signal says the agent is doing. Silence is not in the list: only the agent's own word counts. */
#define AGENT_ACTIVITIES(X)                                                                    \
	X(UNKNOWN, "unknown")                                                                  \
	X(WORKING, "working")                                                                  \
	X(BLOCKED, "blocked") /* waits for a person */                                         \
	X(IDLE, "idle")       /* its turn ended and nothing of its own runs on in background */ \
	X(DONE, "done")       /* it said that the task is complete */                          \
	X(QUIET, "quiet")     /* no output for a while; proves nothing */                      \
	X(ERROR, "error")     /* the turn ended by an error of the agent or its service */

#define AGENT_ENUM(name, text) AGENT_##name,
enum agent_activity { AGENT_ACTIVITIES(AGENT_ENUM) };
#undef AGENT_ENUM

const char *agent_activity_name(enum agent_activity a);
bool agent_activity_parse(const char *name, enum agent_activity *ret);

/* Kinds of docket items that an adapter opens (src/lead keeps the table of all kinds). */
enum agent_need { AGENT_NEED_PERMISSION, AGENT_NEED_QUESTION, AGENT_NEED_REVIEW, AGENT_NEED_FAILURE };

/* One thing the agent needs from the lead. The host copies what it keeps. */
struct agent_item {
	enum agent_need need;
	const char *key;      /* names the need within the session: opening it again changes nothing */
	uint64_t request;     /* the mailbox request that waits for the answer, or 0 */
	bool blocking;        /* the agent stands still until it is answered */
	const char *title;    /* one line: what is asked */
	/* All of what is asked, as far as it decides the answer: needs of one kind, repository and topic with the same options
	 * are one to the lead, who answers them at once. NULL: it is never one with another. */
	const char *topic;
	/* What the lead should see: {tool, command, path, diff, input, context, assumption…}. Rules answer a permission by it
	 * (src/lead/policy.h), so that of a permission it must have, as far as they are what it is about:
	 *   tool     the agent's own name of it ("Bash", "apply_patch", "mcp__git__push")
	 *   command  the shell command, exactly as it would run; an argument vector is quoted for the shell first
	 *   path     the file it touches, from the workspace or absolute; several: paths, a list of them, instead
	 *   beyond   in words, what it would do besides what is named so: without a sandbox, for the whole session… A permission
	 *            that has it is never allowed by a rule
	 * and among its options the keys "allow" (this once) and "deny": without them no rule answers it. */
	struct json_object *detail;
	/* [{"key":"allow","label":"Allow once"}…]; NULL: free text. "as":"allow": for the others that ask the
	 * same it means that other option; what the agent would remember besides is its own, and decides no topic. */
	struct json_object *options;
};

/* The lead's answer. option is the key of one of the item's options, or NULL; text may be NULL. */
struct agent_answer {
	const char *option;
	const char *text;
};

/* What the host does for an adapter. Nothing here fails towards the adapter. */
struct agent_host {
	/* Evidence for the status: source is a short constant ("hook", "osc7501", "stream", "title"…), confidence 0 to
	 * 100. A later signal of the same source replaces the earlier one. */
	void (*signal)(struct agent_session *s, const char *source, enum agent_activity a, int confidence,
	               const char *detail);
	/* A rule may answer it at once: ops->answer is called before this returns, so what answer needs is in state before. */
	void (*item_open)(struct agent_session *s, const struct agent_item *item);
	/* The need is over without an answer from the docket (answered in the terminal, cancelled). */
	void (*item_withdraw)(struct agent_session *s, const char *key, const char *reason);
	/* To the mailbox request: a JSON object. The host repeats it until the holder has it. */
	void (*reply)(struct agent_session *s, uint64_t request, struct json_object *answer);
	/* Bytes to the agent's terminal or standard input. */
	void (*input)(struct agent_session *s, const void *bytes, size_t len);
	/* To a pipe agent's standard input, at that offset of all that this process was given in this way: the same bytes
	 * may be given again, and arrive once. ops->on_input_done() tells the end of it. */
	void (*input_at)(struct agent_session *s, uint64_t offset, const void *bytes, size_t len);
	/* The agent has taken the prompt that `tell` was called with (its id). failed_why NULL: taken. */
	void (*prompt_settled)(struct agent_session *s, int64_t prompt, const char *failed_why);
	void (*turn_started)(struct agent_session *s);
	/* last_words: the agent's last message, or NULL. */
	void (*turn_ended)(struct agent_session *s, const char *last_words);
	/* Something for the conversation view and `muster watch`: kind is "message", "tool", "plan", "usage"…; a "recap" {text}
	 * is kept with the session too. */
	void (*said)(struct agent_session *s, const char *kind, struct json_object *data);
	/* Calls ops->on_timer(s, name) once after delay_ms; setting a name again moves it; delay_ms < 0 cancels. Timers
	 * do not outlive musterd: on_attached is where an adapter sets them again. */
	void (*timer)(struct agent_session *s, const char *name, int delay_ms);
	/* state changed: store it with this transaction. */
	void (*save)(struct agent_session *s);
};

/* A session as its adapter sees it. Owned by the host. */
struct agent_session {
	const struct agent_host *host;
	const struct agent_ops *ops;
	void *host_data;
	const char *id, *name;
	const char *agent;       /* as it was asked for: "claude", "acp:CMD" */
	const char *workspace;   /* the agent's working folder */
	const char *folder;      /* the session's own folder, for files the adapter makes */
	const char *socket;      /* the session's mailbox (MUSTER_SOCKET) */
	const char *prompt;      /* the brief: the first prompt, or NULL */
	bool headless;           /* asked for without a terminal of its own */
	const struct strv *command; /* what came after `--`; empty when nothing did */
	const char *muster_path; /* absolute path of the muster binary (for hooks) */
	struct json_object *options; /* the agent's section of the configuration and task, or NULL */
	struct json_object *state;   /* the adapter's, never NULL */
	struct jsonl lines;          /* of a pipe agent's output; the host keeps it in step with the stream's offset */
};

enum agent_start { AGENT_START_NEW, AGENT_START_RESUME };

/* How to start the agent. The host adds the environment that every session gets (MUSTER_*). */
struct agent_launch {
	struct strv argv;
	struct strv env; /* additions, KEY=VALUE */
	bool pipe;       /* speaks JSON on stdin and stdout: no terminal */
};

enum {
	AGENT_CAN_TELL = 1 << 0,      /* takes prompts after the first */
	AGENT_CAN_CLEAR = 1 << 1,     /* can begin a new conversation in the same process */
	AGENT_CAN_RESUME = 1 << 2,    /* a new process goes on with the old conversation */
	AGENT_CAN_INTERRUPT = 1 << 3, /* a turn can be stopped without ending the agent */
	AGENT_SPEAKS = 1 << 4,        /* tells its own status; else it is only "running" until it exits */
	AGENT_NO_TERMINAL = 1 << 5,   /* speaks on its standard input and output only: every session is headless */
};

struct agent_ops {
	const char *name; /* as in `agent: claude` */
	const char *title;
	unsigned can;
	/* Program to look for in PATH by doctor and start; NULL: none needed. */
	const char *program;

	/* Fills *ret (zeroed) and writes files below s->folder if need be. Quick: no process is started. For
	 * AGENT_START_RESUME -1 with ERR_REFUSED when there is no conversation to go on with. */
	int (*launch)(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err);

	/* All below may be NULL. */

	/* The connection to the holder is there, for the first time or again; running: the agent lives. */
	void (*on_attached)(struct agent_session *s, bool running);
	/* A mailbox line with {"m":"hook"} ({"m":"hook","event":"Stop","data":{…}}): each must be replied to, now or later. */
	void (*on_hook)(struct agent_session *s, uint64_t request, const char *event, struct json_object *data);
	/* The process that sent a request is gone before it was replied to. */
	void (*on_request_gone)(struct agent_session *s, uint64_t request);
	/* A line of JSON on the standard output of a pipe agent. After a crash the lines that were not committed come
	 * again. */
	void (*on_line)(struct agent_session *s, const char *line, size_t len);
	/* An OSC 7501 report of a terminal agent ("state=blocked:kind=permission:…", not trusted). The host has already
	 * recorded the signal; this is for adapters that know more. */
	void (*on_status)(struct agent_session *s, const char *report);
	/* What input_at gave up to this offset is written (0), or was refused for now (a negative errno). Not called when
	 * the connection ends before: on_attached is where an adapter gives it again. */
	void (*on_input_done)(struct agent_session *s, uint64_t end, int error);
	void (*on_timer)(struct agent_session *s, const char *name);
	void (*on_exited)(struct agent_session *s, int wait_status);

	/* Delivers a prompt; ends, now or later, with host->prompt_settled(). The host never calls it while an item of
	 * kind permission is open, nor while another prompt is on its way. */
	void (*tell)(struct agent_session *s, int64_t prompt, const char *text);
	/* Begins a new conversation. 0, or -1 with err. */
	int (*clear)(struct agent_session *s, struct err *err);
	int (*interrupt)(struct agent_session *s, struct err *err);
	/* Asks the agent to work in another of its modes, by its name of it. 0, or -1 with err. state.mode follows when it does,
	 * and a notice says so when it does not. */
	int (*set_mode)(struct agent_session *s, const char *mode, struct err *err);
	/* The lead answered the item with this key on the docket. May be repeated. */
	void (*answer)(struct agent_session *s, const char *key, uint64_t request, struct json_object *item_detail,
	               const struct agent_answer *answer);
};

/* The adapter of that name, or NULL. "acp:CMD" and the like are looked up by what stands before the colon. */
const struct agent_ops *agent_find(const char *name);
/* NULL-terminated. */
const struct agent_ops *const *agent_all(void);

extern const struct agent_ops agent_acp;
extern const struct agent_ops agent_claude;
extern const struct agent_ops agent_codex;
extern const struct agent_ops agent_gemini;
extern const struct agent_ops agent_opencode;
extern const struct agent_ops agent_shell;
extern const struct agent_ops agent_rehearsal;

#endif
