#include "hold/sieve.h"

#include <string.h>

#include "base/attr.h"

enum { BEL = 0x07, ENQ = 0x05, CAN = 0x18, SUB = 0x1a, ESC = 0x1b };

/* CSI sequences that ask for an answer or act outside the screen. '*' is any prefix; intermediate 0 is none. */
static const struct {
	uint8_t prefix, intermediate, final;
} dropped_csi[] = {
	{'*', 0, 'c'},  /* DA1, DA2, DA3 */
	{'*', 0, 'n'},  /* DSR, CPR */
	{'*', '$', 'p'}, /* DECRQM */
	{'*', '$', 'u'}, /* DECRQTSR */
	{'*', '&', 'u'}, /* DECRQUPSS */
	{'*', '$', 'w'}, /* DECRQPSR */
	{'*', '*', 'y'}, /* DECRQCRA */
	{'*', 0, 'x'},  /* DECREQTPARM */
	{'>', 0, 'q'},  /* XTVERSION */
	{'?', 0, 'u'},  /* kitty keyboard */
	{'?', 0, 'm'},  /* XTQMODKEYS */
	{'?', 0, 'S'},  /* XTSMGRAPHICS */
	{'*', 0, 't'},  /* window operations and reports */
	{'*', 0, 'i'},  /* media copy: the printer */
	{'*', '\'', '|'}, /* DECRQLP */
	{'*', '\'', 'z'}, /* DECELR: locator reports */
};

void sieve_init(struct sieve *s)
{
	s->state = SIEVE_GROUND;
	s->drop = false;
	s->held = 0;
}

static void keep(struct sieve *s, uint8_t c)
{
	if (s->held < SIEVE_HELD_MAX)
		s->hold[s->held++] = c;
	else
		s->drop = true;
}

static void begin(struct sieve *s, enum sieve_state state)
{
	s->state = state;
	s->drop = false;
}

/* The held sequence is complete: it passes, or goes. */
static void end(struct sieve *s, bool pass, struct str *out)
{
	if (pass && !s->drop && out)
		str_add(out, s->hold, s->held);
	sieve_init(s);
}

static bool csi_passes(const struct sieve *s)
{
	/* hold: ESC [ prefix? parameters intermediates final */
	uint8_t prefix = s->hold[2] >= 0x3c && s->hold[2] <= 0x3f ? s->hold[2] : 0;
	uint8_t last = s->hold[s->held - 2];
	uint8_t intermediate = last >= 0x20 && last <= 0x2f ? last : 0;
	uint8_t final = s->hold[s->held - 1];
	for (size_t i = 0; i < ARRAY_LEN(dropped_csi); i++)
		if (final == dropped_csi[i].final && intermediate == dropped_csi[i].intermediate &&
		    (dropped_csi[i].prefix == '*' || prefix == dropped_csi[i].prefix))
			return false;
	return true;
}

/* hold: ESC ] text, without the terminator */
static bool osc_passes(const struct sieve *s)
{
	if (s->string_kind != ']' || s->held < 4 || s->hold[3] != ';' || !strchr("0128", s->hold[2]))
		return false;
	for (size_t i = 2; i < s->held; i++)
		if (s->hold[i] < 0x20 || s->hold[i] == 0x7f || (s->hold[i] == 0xc2 && i + 1 < s->held && s->hold[i + 1] < 0xa0))
			return false;
	return true;
}

static void end_string(struct sieve *s, struct str *out)
{
	bool pass = !s->drop && osc_passes(s);
	keep(s, ESC);
	keep(s, '\\');
	end(s, pass, out);
}

static void in_escape(struct sieve *s, uint8_t c, struct str *out)
{
	if (c == '[') {
		keep(s, c);
		s->state = SIEVE_CSI;
	} else if (s->held == 1 && strchr("]P^_X", c) && c) {
		keep(s, c);
		s->string_kind = c;
		s->state = SIEVE_STRING;
	} else if (c >= 0x20 && c <= 0x2f) {
		keep(s, c);
	} else if (c >= 0x30 && c <= 0x7e) {
		keep(s, c);
		end(s, c != 'Z', out); /* DECID */
	} else {
		end(s, false, out);
	}
}

static void in_csi(struct sieve *s, uint8_t c, struct str *out)
{
	if (c >= 0x20 && c <= 0x3f) {
		keep(s, c);
	} else if (c >= 0x40 && c <= 0x7e) {
		keep(s, c);
		end(s, !s->drop && csi_passes(s), out);
	} else if (c >= 0x80) {
		end(s, false, out);
	} else if (c != 0x7f && c != ENQ && out) {
		str_addc(out, (char)c); /* a control inside acts at once */
	}
}

static void in_string(struct sieve *s, uint8_t c, struct str *out)
{
	if (c == ESC)
		s->state = SIEVE_STRING_ESCAPE;
	else if (c == BEL && s->string_kind == ']')
		end_string(s, out);
	else
		keep(s, c);
}

static void in_string_escape(struct sieve *s, uint8_t c, struct str *out)
{
	if (c == '\\') {
		end_string(s, out);
		return;
	}
	/* Any other escape ends the string unfinished. */
	end(s, false, out);
	keep(s, ESC);
	s->state = SIEVE_ESCAPE;
	in_escape(s, c, out);
}

static void in_sequence(struct sieve *s, uint8_t c, struct str *out)
{
	if (c == CAN || c == SUB) {
		end(s, false, out);
		return;
	}
	if (c == ESC && s->state != SIEVE_STRING && s->state != SIEVE_STRING_ESCAPE) {
		end(s, false, out);
		keep(s, c);
		s->state = SIEVE_ESCAPE;
		return;
	}
	static void (*const steps[])(struct sieve *, uint8_t, struct str *) = {
		[SIEVE_ESCAPE] = in_escape,
		[SIEVE_CSI] = in_csi,
		[SIEVE_STRING] = in_string,
		[SIEVE_STRING_ESCAPE] = in_string_escape,
	};
	steps[s->state](s, c, out);
}

static bool is_plain(uint8_t c)
{
	return c != ESC && c != 0xc2 && c != ENQ;
}

/* How many bytes at the end of the text begin a character that is not all there. */
static size_t unfinished(const uint8_t *p, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		uint8_t c = p[len - back];
		if (c < 0x80)
			return 0;
		if (c >= 0xc0) {
			size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
			return back < need ? back : 0;
		}
	}
	return 0;
}

/* Passes text up to the next byte that needs a look; returns how much. */
static size_t pass_plain(struct sieve *s, const uint8_t *p, size_t len, struct str *out)
{
	size_t n = 0;
	while (n < len && is_plain(p[n]))
		n++;
	size_t wait = n == len ? unfinished(p, n) : 0;
	if (out)
		str_add(out, p, n - wait);
	for (size_t i = n - wait; i < n; i++)
		keep(s, p[i]);
	return n;
}

/* The rest of a character whose start is held. */
static bool finish_character(struct sieve *s, uint8_t c, struct str *out)
{
	uint8_t lead = s->hold[0];
	size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (c < 0x80 || c >= 0xc0) { /* it never comes: what there is passes, and c is looked at anew */
		end(s, lead != 0xc2, out);
		return false;
	}
	keep(s, c);
	if (s->held >= need)
		end(s, !(lead == 0xc2 && c < 0xa0), out); /* C1 controls go */
	return true;
}

void sieve_run(struct sieve *s, const void *bytes, size_t len, struct str *out)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len;) {
		uint8_t c = p[i];
		if (s->state != SIEVE_GROUND) {
			in_sequence(s, c, out);
			i++;
		} else if (s->held) {
			i += finish_character(s, c, out);
		} else if (is_plain(c)) {
			i += pass_plain(s, p + i, len - i, out);
		} else {
			if (c != ENQ)
				keep(s, c);
			if (c == ESC)
				begin(s, SIEVE_ESCAPE);
			i++;
		}
	}
}
