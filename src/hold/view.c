/* What those who are attached see (client.h): output through the sieve, or pictures of the screen. */
#include "base/attr.h"
#include "base/clock.h"
#include "base/pack.h"
#include "hold/client.h"
#include "hold/hold.h"
#include "io/frame.h"

enum {
	PRIME = 64 << 10,  /* bytes that tell the sieve where it stands */
	FLOOD = 256 << 10, /* output ahead of RATE that makes a flood */
	RATE = 4 << 10,    /* bytes a millisecond: more than programs write that draw for eyes */
	PICTURE_MS = 20,   /* between two pictures of a flood */
};

bool clients_attached(const struct clients *cs)
{
	for (const struct client *c = cs->first; c; c = c->next)
		if (c->attached)
			return true;
	return false;
}

/* A picture may be larger than a frame: then it comes in several. */
void client_draw(struct client *c)
{
	if (!c->attached || !c->stale || client_waiting(c) || c->hold->clients.picture.armed)
		return;
	c->stale = false;
	struct str picture STR_FREE = STR_INIT;
	if (c->hold->fore.term)
		term_redraw(c->hold->fore.term, &picture);
	size_t done = 0;
	do {
		size_t part = MIN(picture.len - done, (size_t)FRAME_MAX - CLIENT_HEAD);
		struct str p STR_FREE = STR_INIT;
		pack_u64(&p, c->hold->log.end);
		pack_bytes(&p, str_c(&picture) + done, part);
		client_send(c, HOLD_SCREEN, &p);
		done += part;
	} while (done < picture.len);
}

/* The sieve rests while nobody is attached and in a flood. The last output tells it whether a sequence is under
 * way: most are short, so it finds its place however it starts. */
static void prime_sieve(struct clients *cs)
{
	static char tail[PRIME];
	const struct outlog *log = &cs->hold->log;
	struct outlog_reader r = OUTLOG_READER_INIT;
	uint64_t at = log->end > PRIME ? log->end - PRIME : 0;
	sieve_init(&cs->sieve);
	for (long n; (n = outlog_read(log, &r, &at, tail, sizeof tail)) > 0; at += (uint64_t)n)
		sieve_run(&cs->sieve, tail, (size_t)n, NULL);
	outlog_reader_fini(&r);
}

/* Counts what was written. True in a flood, of which viewers get no bytes. */
static bool is_flood(struct clients *cs, size_t len)
{
	int64_t now_ms = clock_mono_ms();
	cs->ahead = MAX(cs->ahead - (now_ms - cs->ahead_ms) * RATE, 0) + (int64_t)len;
	cs->ahead = MIN(cs->ahead, (int64_t)2 * FLOOD);
	cs->ahead_ms = now_ms;
	if (cs->ahead > FLOOD && !cs->picture.armed)
		loop_arm(&cs->hold->loop, &cs->picture, PICTURE_MS);
	return cs->picture.armed;
}

static void next_picture(struct timer *t)
{
	struct clients *cs = CONTAINER_OF(t, struct clients, picture);
	for (struct client *c = cs->first; c; c = c->next) {
		c->stale = true;
		if (!c->dead)
			client_draw(c);
	}
	cs->dirty = true;
	if (cs->pictured == cs->hold->log.end) /* nothing came since the last one */
		cs->ahead = 0;
	cs->pictured = cs->hold->log.end;
	if (!is_flood(cs, 0))
		prime_sieve(cs); /* after this picture they get every byte again */
}

void clients_view_init(struct clients *cs)
{
	cs->picture = (struct timer){.fire = next_picture};
	sieve_init(&cs->sieve);
}

void clients_output(struct clients *cs, uint64_t offset, const void *bytes, size_t len)
{
	cs->dirty = cs->first != NULL;
	if (!clients_attached(cs) || is_flood(cs, len))
		return;
	struct str seen STR_FREE = STR_INIT, p STR_FREE = STR_INIT;
	sieve_run(&cs->sieve, bytes, len, &seen);
	if (seen.len == 0)
		return;
	pack_u64(&p, offset);
	pack_bytes(&p, seen.data, seen.len);
	for (struct client *c = cs->first; c; c = c->next) {
		if (!c->attached || c->stale)
			continue;
		if (client_waiting(c) > CLIENT_VIEW_MAX)
			c->stale = true;
		else
			client_send(c, HOLD_OUTPUT, &p);
	}
}

void clients_redraw(struct clients *cs)
{
	cs->dirty = true;
	for (struct client *c = cs->first; c; c = c->next) {
		c->stale = true;
		/* This may come while clients are being flushed (one closed): then it is the next turn's. */
		if (!c->dead)
			loop_change(&cs->hold->loop, &c->source, c->source.events | EPOLLOUT);
	}
}

void clients_new_terminal(struct clients *cs)
{
	sieve_init(&cs->sieve);
	clients_redraw(cs);
}

void client_attach(struct client *c)
{
	struct clients *cs = &c->hold->clients;
	if (!clients_attached(cs)) {
		fore_watched(&c->hold->fore);
		prime_sieve(cs);
	}
	c->attached = true;
	c->stale = true;
	clients_fit(cs);
}

void client_detach(struct client *c)
{
	c->attached = false;
	clients_fit(&c->hold->clients);
}

void clients_fit(struct clients *cs)
{
	int cols = 0, rows = 0;
	for (const struct client *c = cs->first; c; c = c->next) {
		if (!c->attached || !c->cols || !c->rows)
			continue;
		cols = cols ? MIN(cols, c->cols) : c->cols;
		rows = rows ? MIN(rows, c->rows) : c->rows;
	}
	if (!cols || !fore_resize(&cs->hold->fore, cols, rows))
		return;
	struct str p STR_FREE = STR_INIT;
	pack_u16(&p, (uint16_t)cs->hold->fore.cols);
	pack_u16(&p, (uint16_t)cs->hold->fore.rows);
	for (struct client *c = cs->first; c; c = c->next)
		if (c->attached || c->follows_events)
			client_send(c, HOLD_SIZE, &p);
	/* Lines wrap anew: every viewer's picture is out of date. */
	clients_redraw(cs);
}
