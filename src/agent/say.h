/* What adapters tell of a conversation (docs/CLI-JSON.md, Conversation), within limits: an agent's text may be as
 * long as a line of its, and an event must fit a line of the API with others. */
#ifndef AGENT_SAY_H
#define AGENT_SAY_H

#include "agent/agent.h"

enum { SAY_PIECE = 16 * 1024, SAY_WORDS = 2048 }; /* bytes */

/* How much of the text goes into one piece: at most SAY_PIECE bytes, and whole characters. */
size_t say_piece_len(const char *text, size_t len);

/* All of it, in pieces; more: what follows belongs to it too. Nothing for an empty one. */
void say_text(struct agent_session *s, const char *kind, const char *text, size_t len, bool more);

/* The same by an agent of its own: with the members of `who` (subagent_name). */
void say_text_by(struct agent_session *s, const char *kind, const char *text, size_t len, bool more,
		 struct json_object *who);

/* What the agent was told: its beginning, and how much is left out. NULL: nothing. */
void say_prompt(struct agent_session *s, const char *text);

/* Adds what a tool returned, or its beginning with what is left out. */
void say_add_output(struct json_object *said, const char *text, size_t len);

/* Adds a text of a few words, cut after SAY_WORDS bytes, which an ellipsis shows. NULL is null. */
void say_add_words(struct json_object *said, const char *key, const char *text);

/* A turn ended; said, the agent's last message, is not trusted and may be NULL. */
void say_turn_ended(struct agent_session *s, const char *said);
/* A turn ended by an error of the agent's service, said in why; source is that of the signal. */
void say_turn_failed(struct agent_session *s, const char *source, const char *why);

/* What is not understood is counted in state.unknown, by what it is, and the first of a kind are said; data may be
 * NULL. */
void say_unknown(struct agent_session *s, const char *what, struct json_object *data);
void say_unknown_line(struct agent_session *s, const char *line, size_t len);

#endif
