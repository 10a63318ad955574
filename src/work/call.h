/* One request to musterd, as the code that serves it sees it. Whoever takes requests (serve/rpc) embeds this in
 * its own record. A verb ends each call exactly once, at once or later, on the loop thread; it may outlive the
 * client, whose side then drops the result. */
#ifndef WORK_CALL_H
#define WORK_CALL_H

#include <json-c/json.h>

#include "base/err.h"

struct call {
	/* Takes over the result (never NULL). */
	void (*done)(struct call *call, struct json_object *result);
	void (*fail)(struct call *call, const struct err *err);
};

static inline void call_done(struct call *call, struct json_object *result)
{
	(call->done)(call, result);
}

static inline void call_fail(struct call *call, const struct err *err)
{
	(call->fail)(call, err); /* in parentheses: test frameworks have a macro of that name */
}

#endif
