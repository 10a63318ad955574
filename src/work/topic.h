/* When are needs of several sessions one to the lead? When they have the same topic: they ask the same, of the same kind,
 * about the same repository (or folder), and offer the same answers. What is only written otherwise is the same: of a question letter
 * case, white space and the mark at its end; of a permission the folder that the session works in. Nothing is guessed: a
 * question that differs in a word may want the opposite answer. */
#ifndef WORK_TOPIC_H
#define WORK_TOPIC_H

#include <json-c/json.h>

#include "base/str.h"

struct topic {
	const char *kind;
	const char *repo;      /* what the session works on; NULL: nothing */
	const char *workspace; /* where it works; may be NULL */
	const char *asked;
	struct json_object *options; /* [{key, label, as}]; those with `as` do not count; NULL: free text */
};

enum { TOPIC_MAX = 16 * 1024 };

/* Adds the text without what is only written otherwise: letter case, white space, the mark at its end. */
void topic_words(struct str *out, const char *text);

/* The caller owns it. NULL when what is asked is longer than TOPIC_MAX bytes: that is never one with another. */
char *topic_text(const struct topic *t);

#endif
