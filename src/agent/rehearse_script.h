/* A rehearsal script (muster-rehearsal(5)): YAML compiled to a flat list of steps with jumps, so that the place in
 *it is one number, which a player that was killed finds in its state file.
 *
 *	name: playback
 *	pace: 200                      # milliseconds between steps
 *	steps:
 *	- say: I begin.
 *	- edit: {file: src/a.c, replace: "1", with: "2"}
 *	- run: make check
 *	- ask: {question: Which one?, options: [a, b], as: choice}
 *	- if: {choice: a}
 *	  then: [{say: a}]
 *	  else: [{say: b}]
 *	- loop: {times: 3, until: {exit: 0}, steps: [{run: {command: make, check: false}}]}
 *	- commit: Do it
 *	- done: It is done
 */
#ifndef AGENT_REHEARSE_SCRIPT_H
#define AGENT_REHEARSE_SCRIPT_H

#include "base/err.h"
#include "fmt/yaml.h"

/* What a person can write. X(NAME, word, the field that a bare value stands for) */
#define REHEARSE_VERBS(X)                                                                                          \
	X(SAY, "say", "text")                                                                                      \
	X(EDIT, "edit", "file")                                                                                    \
	X(RUN, "run", "command")                                                                                   \
	X(COMMIT, "commit", "message")                                                                             \
	X(ASK, "ask", "question")                                                                                  \
	X(PERMISSION, "permission", "command")                                                                     \
	X(WAIT, "wait", "seconds")                                                                                 \
	X(BACKGROUND, "background", "command")                                                                     \
	X(CROSS, "cross", "file")                                                                                  \
	X(CRASH, "crash", "exit")                                                                                  \
	X(REPORT, "report", "text")                                                                                \
	X(DONE, "done", "summary")

enum rehearse_op {
#define REHEARSE_ENUM(name, word, field) REHEARSE_##name,
	REHEARSE_VERBS(REHEARSE_ENUM)
#undef REHEARSE_ENUM
		REHEARSE_TEST, /* goes to `jump` unless the condition holds */
	REHEARSE_JUMP,
	REHEARSE_LOOP, /* goes to `jump` when it was met `times` times */
};

struct rehearse_step {
	enum rehearse_op op;
	struct json_object *arg; /* an object with the fields of the verb; for TEST the condition; owned */
	struct yaml_place at;    /* in the script */
	size_t jump;
	bool until; /* TEST: goes to `jump` when the condition *does* hold */
};

enum { REHEARSE_STEPS_MAX = 4096 };

struct rehearse_script {
	char *name, *file;
	int pace_ms;
	struct rehearse_step *steps;
	size_t n;
};

/* ERR_USAGE "FILE:LINE:COLUMN: text". first_line as in yaml_parse(). */
int rehearse_script_parse(struct rehearse_script *ret, const char *file, int first_line, const char *text,
			  size_t len, struct err *err) NODISCARD;
void rehearse_script_fini(struct rehearse_script *s);

/* The word of a verb. */
const char *rehearse_word(enum rehearse_op op);

/* Finds a fenced block that begins with the line "```yaml rehearsal" in Markdown. False when there is none.
 * ret_line is how many lines stand before its content. */
bool rehearse_find_block(const char *markdown, const char **ret_text, size_t *ret_len, int *ret_line);

#endif
