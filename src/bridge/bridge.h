/* What muster-bridge does: Codex in a terminal, with its conversation shared by its own interface and by muster.
 *
 * It runs `codex app-server` on a unix socket, Codex's interface to it in this terminal, and is a second client of
 * the app-server itself. It understands as little of the protocol as it can: what it means is musterd's business
 * (agent/codex.h), which may be killed and come back meanwhile. Between the two goes, through the session's mailbox,
 * {"m":"hook","event":EVENT,"data":…}:
 *
 *   ready   there is a connection to the app-server, a new one after another was lost
 *   line    a notification, or the answer to a request of ours
 *           or {"method":"muster/lost","params":{"count":N}}: so many messages did not get through by now
 *   ask     a request of the app-server's, which waits: the answer is {"result":…}, or {"drop":true} when somebody
 *           else has to answer. It is withdrawn when the app-server has its answer (serverRequest/resolved)
 *   next    waits for orders: {"orders":[{"send":MESSAGE} to the app-server | {"show":THREAD} in the terminal]}
 *
 * A message that is too long for the mailbox gets its texts cut, each with BRIDGE_CUT at its end; what asks is never
 * cut, since nobody could say yes to what they do not see, but lost.
 *
 * The holder has every line before the next is sent, and brings every answer once. */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include "base/err.h"
#include "base/strv.h"

#define BRIDGE_CUT "… (too long to be shown)"

struct bridge_setup {
	const char *socket;         /* where the app-server shall listen */
	const struct strv *command; /* Codex, and what the app-server is given before its own words */
};

/* Until the interface ends, whose exit code is returned (128 + N when a signal ended it); or -1 with err. No
 * process that it started is left. */
int bridge_run(const struct bridge_setup *setup, struct err *err);

#endif
