/* Any command: what came after `--`. It says nothing about itself, so it is working while it runs, and its exit
 * status is the only word about how it ended (that it works while it runs is what the host says of any agent that
 * does not speak). It has no conversation: to resume it is to start it again. */
#include <sys/wait.h>

#include "agent/agent.h"
#include "base/mem.h"
#include "base/str.h"

static int launch(struct agent_session *s, enum agent_start how, struct agent_launch *ret, struct err *err)
{
	(void)how;
	if (s->command->n == 0)
		return err_set(err, ERR_USAGE, "agent shell needs a command: muster start -- COMMAND...");
	strv_copy(&ret->argv, s->command);
	return 0;
}

static void on_exited(struct agent_session *s, int wait_status)
{
	bool ok = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
	char *how MEM_FREE = WIFSIGNALED(wait_status) ? mem_printf("killed by signal %d", WTERMSIG(wait_status))
						      : mem_printf("exit code %d", WEXITSTATUS(wait_status));
	s->host->signal(s, "process", AGENT_UNKNOWN, 0, NULL);
	s->host->signal(s, "exit", ok ? AGENT_DONE : AGENT_ERROR, 100, how);
	if (ok)
		s->host->turn_ended(s, NULL);
}

/* Whether the command reads what is typed cannot be known: the prompt is settled when it is written. */
static void tell(struct agent_session *s, int64_t prompt, const char *text)
{
	struct str bytes STR_FREE = STR_INIT;
	str_adds(&bytes, text);
	str_addc(&bytes, '\r');
	s->host->input(s, bytes.data, bytes.len);
	s->host->prompt_settled(s, prompt, NULL);
}

static int interrupt(struct agent_session *s, struct err *err)
{
	(void)err;
	s->host->input(s, "\x03", 1);
	return 0;
}

const struct agent_ops agent_shell = {
	.name = "shell",
	.title = "Any command",
	.can = AGENT_CAN_TELL | AGENT_CAN_INTERRUPT,
	.launch = launch,
	.on_exited = on_exited,
	.tell = tell,
	.interrupt = interrupt,
};
