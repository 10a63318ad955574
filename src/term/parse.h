/* The state machine that cuts bytes into text, controls and sequences, with a limit on everything it keeps. */
#ifndef TERM_PARSE_H
#define TERM_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
	PARSE_ARGS_MAX = 32,      /* further ones are dropped */
	PARSE_ARG_MAX = 0xfffe,   /* greater numbers become this */
	PARSE_ARG_NONE = 0xffff,  /* not given */
	PARSE_STRING_MAX = 16384, /* of OSC and DCS; a longer one is skipped whole */
};

/* Order of the functions in feed.c. */
enum parse_state {
	PARSE_GROUND,
	PARSE_ESCAPE, /* after ESC and any intermediates */
	PARSE_CSI,
	PARSE_CSI_IGNORE,
	PARSE_STRING,
	PARSE_STRING_ESCAPE, /* ESC inside a string: its end, or its death */
};

struct parse {
	uint8_t state;
	uint8_t leader;   /* 0, or one of < = > ? */
	uint8_t intermed; /* 0, or the last one */
	uint8_t intermed_n;
	uint8_t final;
	uint8_t string_kind; /* the byte after ESC: ] P X ^ _ */
	bool string_too_long;
	uint8_t arg_n;
	uint32_t more; /* bit i: argument i and i + 1 were joined by a colon */
	uint16_t arg[PARSE_ARGS_MAX];
	struct str string;
};

/* Argument i, or `none` when it was not given. */
static inline int parse_arg(const struct parse *p, int i, int none)
{
	return i < p->arg_n && p->arg[i] != PARSE_ARG_NONE ? p->arg[i] : none;
}

/* A count: not given and 0 mean 1. */
static inline int parse_count(const struct parse *p, int i)
{
	int n = parse_arg(p, i, 1);
	return n ? n : 1;
}

#endif
