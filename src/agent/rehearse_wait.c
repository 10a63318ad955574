/* The one place where the player waits: whatever it waits for, it goes on reading what is typed. */
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/rehearsal.h"
#include "agent/rehearse_play.h"
#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"

enum { FDS_MAX = 4, TICK_MS = 3600000 };

static void on_prompt(struct rehearse_player *p, const char *text)
{
	struct json_object *data = json_new();
	json_add_str(data, "text", text);
	rehearse_hook(p, REHEARSAL_PROMPT, data);
	strv_add(&p->prompts, text);
}

static void on_line(void *arg, const char *text, bool pasted)
{
	struct rehearse_player *p = arg;
	if (strcmp(text, "/clear") == 0)
		p->cleared = true;
	else if (strcmp(text, "/exit") == 0)
		p->ended = true;
	else if (p->wants_line && !pasted)
		mem_replace(&p->typed, text);
	else
		on_prompt(p, text);
}

static void on_key(void *arg, char key)
{
	struct rehearse_player *p = arg;
	str_addc(&p->keys, key);
}

static void on_interrupt(void *arg)
{
	struct rehearse_player *p = arg;
	p->interrupted = true;
}

static void on_end(void *arg)
{
	struct rehearse_player *p = arg;
	p->ended = p->term.tty; /* a pipe that ends only means that nothing more is typed */
}

const struct rehearse_input rehearse_input = {on_line, on_key, on_interrupt, on_end};

bool rehearse_broken(const struct rehearse_player *p)
{
	return p->interrupted || p->cleared || p->ended;
}

void rehearse_reap(struct rehearse_player *p)
{
	for (size_t i = 0; i < p->n_children;) {
		if (waitpid(p->children[i], NULL, WNOHANG) == 0)
			i++;
		else
			p->children[i] = p->children[--p->n_children];
	}
}

int rehearse_wait(struct rehearse_player *p, int timeout_ms, const int *fds, size_t n)
{
	bool esc = rehearse_term_waits(&p->term);
	int limit_ms = timeout_ms < 0 ? TICK_MS : timeout_ms;
	struct pollfd polls[1 + FDS_MAX] = {{.fd = p->term.open ? 0 : -1, .events = POLLIN}};
	for (size_t i = 0; i < n; i++)
		polls[1 + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	rehearse_reap(p);
	int ready = poll(polls, (nfds_t)(1 + n), esc ? MIN(limit_ms, (int)REHEARSE_ESC_MS) : limit_ms);
	if (ready <= 0) {
		if (esc)
			rehearse_term_timeout(&p->term);
		return -1;
	}
	if (polls[0].revents)
		rehearse_term_read(&p->term);
	for (size_t i = 0; i < n; i++)
		if (polls[1 + i].revents)
			return (int)i;
	return -1;
}
