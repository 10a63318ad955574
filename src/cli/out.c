#include "cli/out.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { WIDTH_MIN = 20 };

static const char *const paints[] = {
	[PAINT_NONE] = "",         [PAINT_BOLD] = "\033[1m",   [PAINT_DIM] = "\033[2m",
	[PAINT_RED] = "\033[31m",  [PAINT_GREEN] = "\033[32m", [PAINT_YELLOW] = "\033[33m",
	[PAINT_BLUE] = "\033[34m", [PAINT_CYAN] = "\033[36m",
};

bool out_color(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return !(no && *no) && term && *term && strcmp(term, "dumb") != 0 && isatty(fd);
}

int out_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int n = columns ? atoi(columns) : 0;
	if (n > 0)
		return MAX(n, WIDTH_MIN);
	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return MAX((int)size.ws_col, WIDTH_MIN);
}

const char *out_paint(enum paint paint, bool color)
{
	return color ? paints[paint] : "";
}

const char *out_paint_end(enum paint paint, bool color)
{
	return color && paint != PAINT_NONE ? "\033[0m" : "";
}

void out_add(struct str *out, enum paint paint, bool color, const char *text)
{
	str_adds(out, out_paint(paint, color));
	text_add_inert(out, text, strlen(text), TEXT_ONE_LINE);
	str_adds(out, out_paint_end(paint, color));
}

/* wcwidth() needs a locale that knows UTF-8, whatever the environment says; loaded when it is first needed. */
static void need_widths(void)
{
	static bool ready;
	if (!ready && !setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
	ready = true;
}

size_t out_text_cut(const char *text, size_t len, int columns, int *ret_width)
{
	mbstate_t state = {0};
	int width = 0;
	size_t i = 0;
	need_widths();
	while (i < len) {
		wchar_t c;
		size_t n = mbrtowc(&c, text + i, len - i, &state);
		if (n == 0 || n == (size_t)-1 || n == (size_t)-2) {
			state = (mbstate_t){0};
			n = 1;
			c = L'?';
		}
		int w = MAX(wcwidth(c), 0);
		if (columns >= 0 && width + w > columns)
			break;
		width += w;
		i += n;
	}
	*ret_width = width;
	return i;
}

int out_text_width(const char *text, size_t len)
{
	int width;
	out_text_cut(text, len, -1, &width);
	return width;
}

/* How much of the line goes into this many columns: up to a blank if there is one. */
static size_t break_at(const char *line, size_t len, int columns)
{
	int width;
	size_t n = out_text_cut(line, len, columns, &width);
	if (n == len)
		return n;
	size_t blank = n;
	while (blank > 0 && line[blank] != ' ')
		blank--;
	return blank > 0 ? blank : MAX(n, (size_t)1);
}

void out_add_wrapped(struct str *out, const char *text, int indent, int columns)
{
	struct str safe STR_FREE = STR_INIT;
	text_add_inert(&safe, text, strlen(text), TEXT_LINES);
	str_trim(&safe);
	int room = columns > 0 ? MAX(columns - indent, WIDTH_MIN) : -1;
	const char *p = str_c(&safe);
	while (*p) {
		size_t len = strcspn(p, "\n");
		do {
			size_t n = break_at(p, len, room);
			str_addf(out, "%*s%.*s\n", indent, "", (int)n, p);
			p += n;
			len -= n;
			while (len > 0 && *p == ' ') {
				p++;
				len--;
			}
		} while (len > 0);
		p += *p == '\n';
	}
}
