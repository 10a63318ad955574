#include <stdarg.h>
#include <string.h>

#include "base/attr.h"
#include "term/impl.h"

void reply(struct term *t, const char *fmt, ...)
{
	if (!t->replies)
		return;
	size_t len = t->replies->len;
	va_list ap;
	va_start(ap, fmt);
	str_addv(t->replies, fmt, ap);
	va_end(ap);
	if (t->replies->len > TERM_REPLIES_MAX) {
		t->replies->len = len;
		t->replies->data[len] = '\0';
	}
}

/* DECRQSS: what is asked for comes back as the sequence that would set it. */
void reply_status_string(struct term *t, const char *what, size_t len)
{
	STR_FREE struct str value = STR_INIT;
	if (len == 1 && what[0] == 'm')
		style_add_params(&t->cur.pen, &value);
	else if (len == 1 && what[0] == 'r')
		str_addf(&value, "%d;%d", t->top + 1, t->bottom + 1);
	else if (len == 2 && memcmp(what, " q", 2) == 0)
		str_addf(&value, "%d", MAX(t->shape, SHAPE_BLOCK) * 2 - (t->modes & MODE_CURSOR_BLINK ? 1 : 0));
	else {
		reply(t, "\033P0$r\033\\");
		return;
	}
	reply(t, "\033P1$r%s%.*s\033\\", str_c(&value), (int)len, what);
}
