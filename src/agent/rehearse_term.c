#include "agent/rehearse_term.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, ESC = 27, DEL = 127, SEQUENCE_MAX = 64, MSG_MAX = 1024 };

static void put(const void *bytes, size_t len)
{
	if (fd_write_all(1, bytes, len) != 0)
		return; /* the terminal is gone: SIGHUP or the end of input says so */
}

void rehearse_term_init(struct rehearse_term *t, const struct rehearse_input *on, void *arg)
{
	*t = (struct rehearse_term){.on = on, .arg = arg, .open = true};
	t->tty = tcgetattr(0, &t->saved) == 0;
	if (!t->tty)
		return;
	struct termios raw = t->saved;
	raw.c_iflag &= (tcflag_t) ~(ICRNL | INLCR | IXON | ISTRIP);
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(0, TCSANOW, &raw);
	put("\x1b[?2004h", 8);
}

void rehearse_term_fini(struct rehearse_term *t)
{
	if (t->tty) {
		put("\x1b[?2004l", 8);
		tcsetattr(0, TCSANOW, &t->saved);
	}
	str_fini(&t->bytes);
	str_fini(&t->line);
}

static void enter(struct rehearse_term *t)
{
	struct str line STR_FREE = t->line;
	bool pasted = t->pasted;
	t->line = STR_INIT;
	t->pasted = false;
	put("\r\n", 2);
	str_trim(&line);
	if (line.len > 0)
		t->on->line(t->arg, str_c(&line), pasted);
}

static void erase(struct rehearse_term *t)
{
	while (t->line.len > 0 && ((unsigned char)t->line.data[t->line.len - 1] & 0xc0) == 0x80)
		t->line.len--;
	if (t->line.len > 0)
		t->line.len--;
	if (t->line.data)
		t->line.data[t->line.len] = '\0';
	put("\b \b", 3);
}

static void add_to_line(struct rehearse_term *t, char c)
{
	if (t->line.len >= REHEARSE_LINE_MAX)
		return;
	str_addc(&t->line, c);
	if (t->tty)
		put(&c, 1);
}

static void key(struct rehearse_term *t, char c)
{
	unsigned char u = (unsigned char)c;
	if (t->pasting) {
		t->pasted = true;
		if (u >= 0x20 || c == '\n' || c == '\t' || c == '\r')
			add_to_line(t, c == '\r' ? '\n' : c);
	} else if (c == '\r' || c == '\n') {
		enter(t);
	} else if (c == CTRL_C) {
		t->on->interrupt(t->arg);
	} else if (c == CTRL_D && t->line.len == 0) {
		t->open = false;
		t->on->end(t->arg);
	} else if (c == CTRL_U) {
		while (t->line.len > 0)
			erase(t);
	} else if (c == BACKSPACE || c == DEL) {
		if (t->line.len > 0)
			erase(t);
	} else if (u >= 0x20 && t->keys && t->line.len == 0) {
		t->on->key(t->arg, c);
	} else if (u >= 0x20) {
		add_to_line(t, c);
	}
}

/* The length of the escape sequence at the start of the bytes, 0 when it is not all there, 1 for a lone Esc. */
static size_t sequence(const struct str *b)
{
	if (b->len < 2)
		return 0;
	if (b->data[1] != '[')
		return 1;
	for (size_t i = 2; i < b->len && i < SEQUENCE_MAX; i++)
		if ((unsigned char)b->data[i] >= 0x40 && (unsigned char)b->data[i] <= 0x7e)
			return i + 1;
	return b->len < SEQUENCE_MAX ? 0 : 2;
}

static void interpret(struct rehearse_term *t)
{
	size_t at = 0;
	while (at < t->bytes.len) {
		struct str rest = {.data = t->bytes.data + at, .len = t->bytes.len - at};
		if (*rest.data != ESC) {
			key(t, *rest.data);
			at++;
			continue;
		}
		size_t len = sequence(&rest);
		if (len == 0)
			break;
		if (len == 6 && memcmp(rest.data, "\x1b[200~", 6) == 0)
			t->pasting = true;
		else if (len == 6 && memcmp(rest.data, "\x1b[201~", 6) == 0)
			t->pasting = false;
		else if (len == 1 && !t->pasting)
			t->on->interrupt(t->arg);
		at += len;
	}
	str_consume(&t->bytes, at);
}

void rehearse_term_read(struct rehearse_term *t)
{
	char buf[4096];
	ssize_t n = read(0, buf, sizeof buf);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		t->open = false;
		t->on->end(t->arg);
		return;
	}
	str_add(&t->bytes, buf, (size_t)n);
	interpret(t);
}

bool rehearse_term_waits(const struct rehearse_term *t)
{
	return t->bytes.len == 1 && t->bytes.data[0] == ESC && !t->pasting;
}

void rehearse_term_timeout(struct rehearse_term *t)
{
	if (!rehearse_term_waits(t))
		return;
	str_reset(&t->bytes);
	t->on->interrupt(t->arg);
}

void rehearse_show_bytes(struct rehearse_term *t, const char *bytes, size_t len)
{
	if (t->tty && t->line.len > 0)
		put("\r\x1b[K", 4);
	put(bytes, len);
	if (t->tty && t->line.len > 0)
		put(t->line.data, t->line.len);
}

void rehearse_show(struct rehearse_term *t, const char *fmt, ...)
{
	struct str text STR_FREE = STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	rehearse_show_bytes(t, text.data, text.len);
}

static void add_base64(struct str *out, const char *text, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)text;
	for (size_t i = 0; i < len; i += 3) {
		unsigned left = (unsigned)MIN(len - i, (size_t)3);
		unsigned v =
			(unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[v >> 12 & 63]);
		str_addc(out, left > 1 ? digits[v >> 6 & 63] : '=');
		str_addc(out, left > 2 ? digits[v & 63] : '=');
	}
}

void rehearse_status(struct rehearse_term *t, const char *pairs, const char *msg, const char *title)
{
	if (!t->tty)
		return;
	struct str out STR_FREE = STR_INIT;
	str_addf(&out, "\x1b]7501;%s:app=rehearsal", pairs);
	if (msg && *msg) {
		struct str inert STR_FREE = STR_INIT;
		text_add_inert(&inert, msg, strlen(msg), TEXT_ONE_LINE);
		size_t len = MIN(inert.len, (size_t)MSG_MAX);
		while (len > 0 && len < inert.len && ((unsigned char)inert.data[len] & 0xc0) == 0x80)
			len--;
		str_adds(&out, ":msg=");
		add_base64(&out, str_c(&inert), len);
	}
	str_addf(&out, "\x1b\\\x1b]0;%s\x07", title);
	put(out.data, out.len);
}
