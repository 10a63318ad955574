/* When to read an agent's output next. One wake-up a write is what a terminal server costs, so output that
 * nobody watches is left to collect: the longer the chatter goes on, the longer the pause, while a first line
 * after silence, an answer to something that was just written to the agent, and a flood are read at once. */
#ifndef HOLD_PACE_H
#define HOLD_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACE_MIN_MS = 10,
	PACE_MAX_MS = 500,
	PACE_TALK_MS = 150,     /* so long after input the agent's answer is not delayed */
	PACE_QUIET_MS = 1000,   /* silence that makes the next output a first one again */
	PACE_FLOOD = 32 << 10,  /* bytes of one pause that make it a flood: the kernel holds back about 64 KiB */
};

struct pace {
	int64_t read_ms;  /* the last read */
	int64_t input_ms; /* the last input */
	int64_t flood_ms; /* the last flood */
	size_t flood;     /* bytes since then */
	int pause_ms;     /* the last pause */
};

void pace_input(struct pace *p, int64_t now_ms);

/* `bytes` were read, and no more is there. How many ms to look away; 0: wait for the next. */
int pace_read(struct pace *p, size_t bytes, bool watched, int64_t now_ms);

#endif
