#include <stdlib.h>

#include "base/mem.h"
#include "mcp/mcp.h"

struct mcp_batch {
	int holds;
	struct str out; /* answers, a line each */
};

struct mcp_batch *mcp_batch_new(void)
{
	struct mcp_batch *b = mem_alloc(sizeof *b);
	b->holds = 1;
	return b;
}

struct mcp_batch *mcp_batch_hold(struct mcp_batch *b)
{
	if (b)
		b->holds++;
	return b;
}

struct str *mcp_batch_out(struct mcp_batch *b)
{
	return &b->out;
}

void mcp_batch_release(struct mcp *m, struct mcp_batch *b)
{
	if (!b || --b->holds > 0)
		return;
	if (b->out.len) {
		/* The last newline ends the array; those before it stand where the commas go. */
		for (size_t i = 0; i + 1 < b->out.len; i++)
			if (b->out.data[i] == '\n')
				b->out.data[i] = ',';
		str_addc(&m->out, '[');
		str_add(&m->out, b->out.data, b->out.len - 1);
		str_adds(&m->out, "]\n");
	}
	str_fini(&b->out);
	free(b);
}
