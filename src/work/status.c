#include "work/status.h"

#include <string.h>
#include <sys/wait.h>

#include "base/attr.h"

#define NAME_ROW(name, text, meaning) [SESSION_##name] = text,
static const char *const state_names[] = {SESSION_STATES(NAME_ROW)};
#undef NAME_ROW
#define MEANING_ROW(name, text, meaning) [SESSION_##name] = meaning,
static const char *const state_meanings[] = {SESSION_STATES(MEANING_ROW)};
#undef MEANING_ROW
#define LIFE_ROW(name, text) [LIFE_##name] = text,
static const char *const life_names[] = {SESSION_LIFECYCLES(LIFE_ROW)};
#undef LIFE_ROW

/* The index of the name in a table, or -1. */
static int find_name(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i], name) == 0)
			return (int)i;
	return -1;
}

const char *session_state_name(enum session_state s)
{
	return state_names[s];
}

const char *session_state_meaning(enum session_state s)
{
	return state_meanings[s];
}

bool session_state_parse(const char *name, enum session_state *ret)
{
	int i = find_name(state_names, ARRAY_LEN(state_names), name);
	if (i >= 0)
		*ret = (enum session_state)i;
	return i >= 0;
}

const char *session_life_name(enum session_life l)
{
	return life_names[l];
}

bool session_life_parse(const char *name, enum session_life *ret)
{
	int i = find_name(life_names, ARRAY_LEN(life_names), name);
	if (i >= 0)
		*ret = (enum session_life)i;
	return i >= 0;
}

static const enum session_state state_of_activity[] = {
	[AGENT_UNKNOWN] = SESSION_UNKNOWN, [AGENT_WORKING] = SESSION_WORKING, [AGENT_BLOCKED] = SESSION_BLOCKED,
	[AGENT_IDLE] = SESSION_IDLE,       [AGENT_DONE] = SESSION_DONE,       [AGENT_QUIET] = SESSION_QUIET,
	[AGENT_ERROR] = SESSION_FAILED,
};

static const struct status_signal *strongest(const struct status_facts *f)
{
	const struct status_signal *best = NULL;
	for (size_t i = 0; i < f->n_signals; i++) {
		const struct status_signal *s = &f->signals[i];
		if (s->activity == AGENT_UNKNOWN)
			continue;
		if (!best || s->confidence > best->confidence ||
		    (s->confidence == best->confidence && s->at_ms >= best->at_ms))
			best = s;
	}
	return best;
}

static struct status fact(enum session_state state)
{
	return (struct status){.state = state, .confidence = 100};
}

/* An agent's word that the task is complete, if it gave it. */
static const struct status_signal *word_of_done(const struct status_facts *f)
{
	for (size_t i = 0; i < f->n_signals; i++)
		if (f->signals[i].activity == AGENT_DONE)
			return &f->signals[i];
	return NULL;
}

static struct status derive_ended(const struct status_facts *f)
{
	const struct status_signal *done = word_of_done(f);
	if (f->failed)
		return fact(SESSION_FAILED);
	/* An agent that said it was done, then went, is done, however its process ended. */
	if (done)
		return (struct status){.state = SESSION_DONE, .confidence = done->confidence, .because = done};
	if (f->want_stopped || f->wait_status < 0)
		return fact(SESSION_STOPPED);
	if (WIFEXITED(f->wait_status) && WEXITSTATUS(f->wait_status) == 0)
		return fact(SESSION_STOPPED);
	return fact(SESSION_FAILED);
}

static struct status derive_live(const struct status_facts *f)
{
	if (!f->connected)
		return fact(SESSION_LOST);
	const struct status_signal *s = strongest(f);
	if (f->open_blocking)
		return fact(SESSION_BLOCKED);
	if (!s)
		return (struct status){.state = SESSION_UNKNOWN};
	if (f->landed && (s->activity == AGENT_IDLE || s->activity == AGENT_DONE))
		return fact(SESSION_LANDED);
	return (struct status){.state = state_of_activity[s->activity], .confidence = s->confidence, .because = s};
}

struct status status_derive(const struct status_facts *f)
{
	if (f->landing)
		return fact(SESSION_LANDING);
	switch (f->life) {
	case LIFE_QUEUED: /* with a decision to wait for, if any */
		return fact(f->open_blocking ? SESSION_BLOCKED : SESSION_QUEUED);
	case LIFE_PREPARING:
		return fact(SESSION_PREPARING);
	case LIFE_LIVE:
		return derive_live(f);
	case LIFE_EXITED:
	case LIFE_REMOVED:
		break;
	}
	return f->landed ? fact(SESSION_LANDED) : derive_ended(f);
}

int64_t status_signal_time(const struct status_signal *signals, size_t n, int64_t now_ms)
{
	for (size_t i = 0; i < n; i++)
		now_ms = MAX(now_ms, signals[i].at_ms + 1);
	return now_ms;
}
