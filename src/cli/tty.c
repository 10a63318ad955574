#include "cli/tty.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"

static struct termios before;
static volatile sig_atomic_t entered;

/* Saves the mode of wheel keys, which has no common default; alternate screen. */
static const char enter_text[] = "\033[?1007s\033[?1049h\033[H\033[2J";

/* Whatever an agent may have switched on: mouse (all modes), focus and paste reports, extended keyboards,
 * application keys, scroll region, attributes, hidden cursor, cursor shape; and the alternate screen. */
static const char leave_text[] =
	"\033[?1000l\033[?1002l\033[?1003l\033[?1005l\033[?1006l\033[?1015l\033[?1016l\033[?1007r\033[?1004l\033[?"
	"2004l"
	"\033[?2026l\033[<u\033[>4m\033[?1l\033>\033[r\033[0m\033[?7h\033[?25h\033[0 q\033[?1049l";

/* Without a screen of its own: only pastes are to be told from keys. */
static const char enter_lines_text[] = "\033[?2004h";
static const char leave_lines_text[] = "\r\033[K\033[?2004l\033[0m";

static const char *leave = leave_text; /* what undoes what was entered */

void tty_leave(void)
{
	if (!entered)
		return;
	entered = 0;
	ssize_t ignored = write(STDOUT_FILENO, leave, strlen(leave));
	(void)ignored;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void on_fatal(int signal_number)
{
	int saved = errno;
	tty_leave();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	errno = saved;
}

static void catch_fatal(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGPIPE, SIGALRM, SIGXCPU};
	struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_NODEFER};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &action, NULL);
}

static int enter(const char *text, const char *undo, bool own_screen, struct err *err)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0)
		return err_set(err, ERR_USAGE, "this needs a terminal");
	struct termios raw = before;
	cfmakeraw(&raw);
	if (!own_screen)
		raw.c_oflag = before.c_oflag; /* lines end as they do */
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	atexit(tty_leave);
	catch_fatal();
	leave = undo;
	entered = 1;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0 ||
	    write(STDOUT_FILENO, text, strlen(text)) < 0) {
		int error = errno;
		tty_leave();
		return err_set_errno(err, ERR_FAILED, error, "cannot set up the terminal");
	}
	return 0;
}

int tty_enter(struct err *err)
{
	return enter(enter_text, leave_text, true, err);
}

int tty_enter_lines(struct err *err)
{
	return enter(enter_lines_text, leave_lines_text, false, err);
}

/* ---- notifications ---- */

/* Which terminals take which form: the first whose variable begins with the value. */
static const struct {
	const char *variable, *begins, *format;
} forms[] = {
	{"TERM", "xterm-kitty", "\033]99;;%s\033\\"},
	{"TERM_PROGRAM", "iTerm", "\033]9;%s\033\\"},
	{"TERM_PROGRAM", "WezTerm", "\033]777;notify;muster;%s\033\\"},
	{"TERM_PROGRAM", "ghostty", "\033]777;notify;muster;%s\033\\"},
	{"TERM", "foot", "\033]777;notify;muster;%s\033\\"},
	{"TERM", "rxvt-unicode", "\033]777;notify;muster;%s\033\\"},
	{"VTE_VERSION", "", "\033]777;notify;muster;%s\033\\"},
	{"WT_SESSION", "", "\033]9;%s\033\\"},
	{"ConEmuPID", "", "\033]9;%s\033\\"},
};

void tty_notify(const char *text)
{
	struct str out STR_FREE = STR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(forms) && !out.len; i++) {
		const char *value = getenv(forms[i].variable);
		const char *gap = strstr(forms[i].format, "%s");
		if (!value || strncmp(value, forms[i].begins, strlen(forms[i].begins)) != 0)
			continue;
		str_add(&out, forms[i].format, (size_t)(gap - forms[i].format));
		text_add_inert(&out, text, strlen(text), TEXT_ONE_LINE);
		str_adds(&out, gap + 2);
	}
	if (!out.len)
		str_addc(&out, '\a');
	ssize_t ignored = write(STDOUT_FILENO, out.data, out.len);
	(void)ignored;
}
