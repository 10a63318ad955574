/* What a holder reads from others: a client's messages, a journal, an agent's output on its way to a viewer. The
 * first byte of the input chooses. Messages are a type, a 16-bit length and a payload each; those that start
 * programs, or would stop the fuzzer's own, are left out. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "hold/hold.h"
#include "hold/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hold hold;
static char folder[] = "/tmp/muster-fuzz-hold-XXXXXX";
static int peer = -1;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void remove_folder(void)
{
	char *command MEM_FREE = mem_printf("rm -rf %s", folder);
	must(system(command) != -1);
}

static void start(void)
{
	int pair[2];
	const char *what;
	must(mkdtemp(folder) != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	atexit(remove_folder);
	signal(SIGIO, SIG_IGN); /* the holder blocks it, but only in its own thread, and the fuzzer has one more */
	char *a MEM_FREE = mem_printf("%s/a", folder), *b MEM_FREE = mem_printf("%s/b", folder);
	const struct hold_options opt = {
		.folder = folder,
		.hold_socket = a,
		.agent_socket = b,
		.log_limit = 16 << 20,
		.control = pair[0],
	};
	must(hold_init(&hold, &opt, &what) == 0);
	hold.clients.first->greeted = true;
	peer = pair[1];
	fcntl(peer, F_SETFL, O_NONBLOCK);
}

static bool is_left_out(uint8_t type)
{
	return type == HOLD_SPAWN || type == HOLD_JOB_START || type == HOLD_STOP || type == HOLD_PAUSE;
}

static void feed_messages(const uint8_t *p, size_t left)
{
	struct client *c = hold.clients.first;
	char sink[65536];
	while (left >= 3 && c) {
		size_t len = MIN((size_t)(p[1] | p[2] << 8), left - 3);
		struct frame f = {.type = p[0], .payload = p + 3, .len = len};
		if (!is_left_out(f.type) && !request_handle(c, &f))
			c->greeted = true; /* a real connection would end here */
		p += 3 + len;
		left -= 3 + len;
		clients_flush(&hold.clients);
		while (read(peer, sink, sizeof sink) > 0)
			;
		c = hold.clients.first;
	}
	hold.ending = hold.paused = false;
}

static void feed_journal(const uint8_t *p, size_t len)
{
	char *path MEM_FREE = mem_printf("%s/journal", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, p, len) == (ssize_t)len);
	close(fd);
	struct journal j;
	if (journal_init(&j, path) < 0)
		return;
	struct journal_reader r = {.fd = -1, .next = 1};
	struct journal_entry e;
	uint64_t last = j.base;
	while (journal_follow(&j, &r, &e) > 0)
		must(e.number == ++last);
	must(last == j.last);
	journal_take(&j, j.last);
	must(j.taken == j.last);
	journal_read_close(&r);
	journal_fini(&j);
}

/* However it is cut, a viewer gets the same. */
static void feed_sieve(const uint8_t *p, size_t len)
{
	struct sieve whole, parts;
	struct str a STR_FREE = STR_INIT, b STR_FREE = STR_INIT;
	sieve_init(&whole);
	sieve_init(&parts);
	sieve_run(&whole, p, len, &a);
	for (size_t i = 0; i < len; i++)
		sieve_run(&parts, p + i, 1, &b);
	must(a.len == b.len && memcmp(str_c(&a), str_c(&b), a.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const feeds[])(const uint8_t *, size_t) = {feed_messages, feed_journal, feed_sieve};
	if (peer < 0)
		start();
	if (size)
		feeds[data[0] % ARRAY_LEN(feeds)](data + 1, size - 1);
	return 0;
}
