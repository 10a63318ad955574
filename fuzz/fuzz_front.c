/* Task files: front matter, body, and rehearsal scripts in the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/rehearse_script.h"
#include "fmt/front.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct front f FRONT_FREE = {0};
	struct err err = {0};
	if (front_parse(&f, "t", data, size, &err) != 0)
		return err.code == ERR_USAGE ? 0 : 1;
	if (f.body_line < 1)
		abort();
	script(f.body);
	return 0;
}
