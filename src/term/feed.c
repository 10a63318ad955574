#include <string.h>

#include "base/attr.h"
#include "term/impl.h"

enum { BEL = 0x07, CAN = 0x18, SUB = 0x1a, ESC = 0x1b, DEL = 0x7f };
enum { REPLACEMENT = 0xfffd };

static void begin_escape(struct term *t)
{
	t->parse.state = PARSE_ESCAPE;
	t->parse.intermed = t->parse.intermed_n = 0;
}

static void begin_csi(struct parse *p)
{
	p->state = PARSE_CSI;
	p->leader = p->intermed = p->intermed_n = 0;
	p->arg_n = 0;
	p->more = 0;
}

static void begin_string(struct parse *p, uint8_t kind)
{
	p->state = PARSE_STRING;
	p->string_kind = kind;
	p->string_too_long = false;
	str_reset(&p->string);
}

/* A control byte, NUL, or DEL outside of a string. Returns true when it ended the sequence it came in. */
static bool control_byte(struct term *t, uint8_t c)
{
	if (c == ESC) {
		begin_escape(t);
		return true;
	}
	if (c == CAN || c == SUB) {
		t->parse.state = PARSE_GROUND;
		return true;
	}
	if (c != 0 && c != DEL)
		control_c0(t, c);
	return false;
}

/* Characters beyond ASCII, or the end of one that is not complete. */
static const uint8_t *print_utf8(struct term *t, const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p >= 0x80 || t->utf8.need)) {
		switch (utf8_step(&t->utf8, *p)) {
		case UTF8_DONE:
			if (t->utf8.cp >= 0xa0) /* a C1 control spelt in UTF-8 is nothing at all */
				print_code_point(t, t->utf8.cp);
			break;
		case UTF8_BAD:
			print_code_point(t, REPLACEMENT);
			break;
		case UTF8_AGAIN:
			print_code_point(t, REPLACEMENT);
			continue;
		case UTF8_MORE:
			break;
		}
		p++;
	}
	return p;
}

static const uint8_t *ground(struct term *t, const uint8_t *p, const uint8_t *end)
{
	if (t->utf8.need || *p >= 0x80)
		return print_utf8(t, p, end);
	if (*p >= 0x20 && *p != DEL)
		return print_ascii(t, p, end);
	control_byte(t, *p);
	return p + 1;
}

static const uint8_t *escape(struct term *t, const uint8_t *p, const uint8_t *end UNUSED)
{
	uint8_t c = *p++;
	if (c < 0x20 || c == DEL) {
		control_byte(t, c);
		return p;
	}
	if (c >= 0x80) {
		t->parse.state = PARSE_GROUND;
		return p - 1;
	}
	if (c < 0x30) {
		t->parse.intermed = c;
		t->parse.intermed_n = MIN(t->parse.intermed_n + 1, 2);
		return p;
	}
	t->parse.state = PARSE_GROUND;
	if (t->parse.intermed_n == 0 && c == '[')
		begin_csi(&t->parse);
	else if (t->parse.intermed_n == 0 && strchr("]PX^_", c))
		begin_string(&t->parse, c);
	else if (t->parse.intermed_n < 2)
		control_escape(t, t->parse.intermed, c);
	return p;
}

static void arg_digit(struct parse *p, uint8_t c)
{
	if (p->arg_n == 0) {
		p->arg_n = 1;
		p->arg[0] = PARSE_ARG_NONE;
	}
	if (p->arg_n > PARSE_ARGS_MAX)
		return;
	uint16_t *arg = &p->arg[p->arg_n - 1];
	unsigned v = *arg == PARSE_ARG_NONE ? 0 : *arg;
	*arg = (uint16_t)MIN(v * 10 + (c - '0'), PARSE_ARG_MAX);
}

static void arg_separator(struct parse *p, uint8_t c)
{
	if (p->arg_n == 0) {
		p->arg_n = 1;
		p->arg[0] = PARSE_ARG_NONE;
	}
	if (p->arg_n > PARSE_ARGS_MAX)
		return;
	if (c == ':')
		p->more |= (uint32_t)1 << (p->arg_n - 1);
	if (p->arg_n < PARSE_ARGS_MAX)
		p->arg[p->arg_n] = PARSE_ARG_NONE;
	p->arg_n++; /* one beyond the last: what follows is dropped */
}

static const uint8_t *csi(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct parse *s = &t->parse;
	while (p < end) {
		uint8_t c = *p++;
		if (c >= '0' && c <= '9' && s->intermed_n == 0) {
			arg_digit(s, c);
		} else if ((c == ';' || c == ':') && s->intermed_n == 0) {
			arg_separator(s, c);
		} else if (c >= 0x40 && c < DEL) {
			s->state = PARSE_GROUND;
			s->final = c;
			s->arg_n = MIN(s->arg_n, PARSE_ARGS_MAX);
			if (s->intermed_n < 2)
				csi_dispatch(t);
			return p;
		} else if (c >= '<' && c <= '?' && s->arg_n == 0 && s->intermed_n == 0 && !s->leader) {
			s->leader = c;
		} else if (c >= 0x20 && c < 0x30) {
			s->intermed = c;
			s->intermed_n = MIN(s->intermed_n + 1, 2);
		} else if (c < 0x20 || c == DEL) {
			if (control_byte(t, c))
				return p;
		} else if (c >= 0x80) {
			s->state = PARSE_GROUND;
			return p - 1;
		} else {
			s->state = PARSE_CSI_IGNORE;
			return p;
		}
	}
	return p;
}

static const uint8_t *csi_ignore(struct term *t, const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		uint8_t c = *p++;
		if (c < 0x20 || c == DEL) {
			if (control_byte(t, c))
				return p;
		} else if (c >= 0x40) {
			t->parse.state = PARSE_GROUND;
			return c < 0x80 ? p : p - 1;
		}
	}
	return p;
}

static void end_string(struct term *t, const char *terminator)
{
	struct parse *s = &t->parse;
	s->state = PARSE_GROUND;
	if (s->string_too_long)
		return;
	if (s->string_kind == ']')
		osc_dispatch(t, str_c(&s->string), s->string.len, terminator);
	else if (s->string_kind == 'P' && s->string.len >= 2 && memcmp(s->string.data, "$q", 2) == 0)
		reply_status_string(t, s->string.data + 2, s->string.len - 2);
	if (s->string.cap > 512) /* most are short; a long one is rare */
		str_fini(&s->string);
}

static void keep_string(struct parse *s, const uint8_t *p, size_t len)
{
	if (s->string_too_long || (s->string_kind != ']' && s->string_kind != 'P'))
		return;
	if (s->string.len + len > PARSE_STRING_MAX) {
		s->string_too_long = true;
		str_fini(&s->string);
		return;
	}
	str_add(&s->string, p, len);
}

static const uint8_t *string(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct parse *s = &t->parse;
	const uint8_t *from = p;
	while (p < end && *p >= 0x20 && *p != DEL)
		p++;
	keep_string(s, from, (size_t)(p - from));
	if (p == end)
		return p;
	uint8_t c = *p++;
	if (c == ESC)
		s->state = PARSE_STRING_ESCAPE;
	else if (c == BEL && s->string_kind == ']')
		end_string(t, "\a");
	else if (c == CAN || c == SUB)
		s->state = PARSE_GROUND;
	/* Any other control is not part of a string and has no effect in it. */
	return p;
}

static const uint8_t *string_escape(struct term *t, const uint8_t *p, const uint8_t *end UNUSED)
{
	if (*p == '\\') {
		end_string(t, "\033\\");
		return p + 1;
	}
	begin_escape(t); /* the string is dropped; the byte belongs to a sequence of its own */
	return p;
}

void term_feed(struct term *t, const void *bytes, size_t len)
{
	static const uint8_t *(*const step[])(struct term *, const uint8_t *, const uint8_t *) = {
		[PARSE_GROUND] = ground,         [PARSE_ESCAPE] = escape, [PARSE_CSI] = csi,
		[PARSE_CSI_IGNORE] = csi_ignore, [PARSE_STRING] = string, [PARSE_STRING_ESCAPE] = string_escape,
	};
	const uint8_t *p = bytes, *end = p + len;
	while (p < end)
		p = step[t->parse.state](t, p, end);
}
