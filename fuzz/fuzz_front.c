/* Task files: front matter, its keys, body, and rehearsal scripts in the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/rehearse_script.h"
#include "fmt/front.h"
#include "work/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void script(const char *body)
{
	const char *text;
	size_t len;
	int line;
	struct rehearse_script s;
	struct err err = {0};
	if (!rehearse_find_block(body, &text, &len, &line) ||
	    rehearse_script_parse(&s, "f", line, text, len, &err) != 0)
		return;
	for (size_t i = 0; i < s.n; i++)
		if (s.steps[i].jump > s.n)
			abort();
	rehearse_script_fini(&s);
}

static void no_complaint_without_a_place(void *arg, const struct err *err)
{
	(*(size_t *)arg)++;
	if (err->code != ERR_USAGE || strncmp(err->msg, "t:", 2) != 0)
		abort();
}

/* All complaints, and the first one alone, are of one mind. */
static void task(const struct front *f, const uint8_t *data, size_t size)
{
	struct task all = {0}, one = {0};
	struct err err = {0};
	size_t told = 0, n = task_take(&all, &f->meta, no_complaint_without_a_place, &told);
	int r = task_parse((const char *)data, size, "t", &one, &err);
	if (n != told || (r == 0) != (n == 0))
		abort();
	if (r == 0)
		json_object_put(task_json(&one));
	task_fini(&all);
	task_fini(&one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct front f FRONT_FREE = {0};
	struct err err = {0};
	if (front_parse(&f, "t", data, size, &err) != 0)
		return err.code == ERR_USAGE ? 0 : 1;
	if (f.body_line < 1)
		abort();
	script(f.body);
	task(&f, data, size);
	return 0;
}
