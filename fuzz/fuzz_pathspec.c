/* Two lists of pathspecs, a line each, with an empty line between them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "work/pathspec.h"

enum { MOST = 8 }; /* of a list: more only take time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct pathspecs *p, const char *line)
{
	struct err err = {0};
	if (p->n < MOST && pathspecs_add(p, line, NULL, &err) < 0 && err.code != ERR_USAGE)
		abort();
}

static void check(const struct pathspecs *a, const struct pathspecs *b)
{
	const char *x = NULL, *y = NULL;
	bool met = pathspecs_overlap(a, b, &x, &y);
	if (pathspecs_overlap(b, a, NULL, NULL) != met || (met && (!x || !y)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pathspecs lists[2] = {0};
	char *text = mem_strndup((const char *)data, size);
	char *rest = text, *line;
	int at = 0;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			at = 1;
		else
			add(&lists[at], line);
	}
	check(&lists[0], &lists[1]);
	pathspecs_fini(&lists[0]);
	pathspecs_fini(&lists[1]);
	free(text);
	return 0;
}
