#include "cli/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *choose(void)
{
	const char *own = getenv("MUSTER_PAGER"), *pager = getenv("PAGER");
	if (!isatty(STDOUT_FILENO))
		return "";
	return own ? own : pager ? pager : "less";
}

int pager_show(const struct str *text, struct err *err)
{
	const char *pager = choose();
	if (!*pager || strcmp(pager, "cat") == 0) {
		fwrite(str_c(text), 1, text->len, stdout);
		return 0;
	}
	/* Quit when it fits on one screen, pass colours, leave the text on the screen. */
	setenv("LESS", "FRX", 0);
	/* A person who quits early closes the pipe: that is no error. */
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	FILE *out = popen(pager, "we");
	if (!out)
		return err_set_errno(err, ERR_FAILED, errno, "cannot start the pager %s", pager);
	fwrite(str_c(text), 1, text->len, out);
	if (pclose(out) == 127 << 8)
		fwrite(str_c(text), 1, text->len, stdout);
	return 0;
}
