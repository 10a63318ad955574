/* muster-hold: keeps one session alive (hold/hold.h), or guards one command (hold/guard.h). muster-hold(1). */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dirs.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "hold/guard.h"
#include "hold/hold.h"
#include "hold/pidfile.h"
#include "hold/watch.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_HELD = 3 };

enum { LOG_LIMIT_MIB = 256, LOG_LIMIT_MIB_MAX = 1 << 20, CONTROL_FD = 3 };

static const char usage_text[] =
	"usage: muster-hold --session ID [--fd N] [--log-limit MIB]\n"
	"       muster-hold guard [--timeout SECONDS] -- COMMAND [ARGUMENT...]\n"
	"       muster-hold --version\n";

static int usage(void)
{
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}

/* A whole number from min to max; false for anything else. */
static bool parse_number(const char *text, long min, long max, long *ret)
{
	char *end;
	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

static bool session_is_valid(const char *id)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(id);
	return len > 0 && len <= 64 && strspn(id, allowed) == len && id[0] != '.';
}

struct session {
	const char *id;
	long control; /* a descriptor, -1: none */
	long log_limit_mib;
	struct dirs dirs;
	char *folder, *hold_socket, *agent_socket;
	int lock;
};

static int complain(const char *what, int error)
{
	fprintf(stderr, "muster-hold: %s: %s\n", what, strerror(-error));
	return EXIT_FAILED;
}

static int prepare(struct session *s)
{
	struct err err;
	if (dirs_init(&s->dirs, &err) < 0 || dirs_make(&s->dirs, &err) < 0) {
		fprintf(stderr, "muster-hold: %s\n", err.msg);
		return (int)err.code;
	}
	s->folder = dirs_session(&s->dirs, s->id);
	s->hold_socket = dirs_hold_socket(&s->dirs, s->id);
	s->agent_socket = dirs_agent_socket(&s->dirs, s->id);
	int r = file_mkdirs(s->folder, 0700);
	if (r < 0)
		return complain(s->folder, r);
	s->lock = pidfile_lock(s->folder, s->hold_socket);
	if (s->lock == -EWOULDBLOCK) {
		fprintf(stderr, "muster-hold: session %s is held by another process\n", s->id);
		return EXIT_HELD;
	}
	return s->lock < 0 ? complain("the lock", s->lock) : EXIT_DONE;
}

static void release(struct session *s)
{
	dirs_fini(&s->dirs);
	free(s->folder);
	free(s->hold_socket);
	free(s->agent_socket);
	fd_closep(&s->lock);
}

/* From here on what is said goes to a file, which each holder starts anew. */
static void detach_stdio(const struct session *s)
{
	char *path MEM_FREE = mem_printf("%s/hold.log", s->folder);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(log >= 0 ? log : null, STDERR_FILENO);
	}
	fd_closep(&null);
	fd_closep(&log);
}

/* The holder's life, after watch_start. */
static int hold_session(const struct session *s, int ready)
{
	static struct hold hold;
	const char *what;
	const struct hold_options opt = {
		.folder = s->folder,
		.hold_socket = s->hold_socket,
		.agent_socket = s->agent_socket,
		.log_limit = (uint64_t)s->log_limit_mib << 20,
		.control = (int)s->control,
	};
	int r = pidfile_write(s->lock);
	what = "hold.pid";
	if (r == 0)
		r = hold_init(&hold, &opt, &what);
	if (r < 0) {
		complain(what, r);
		watch_ready(ready, EXIT_FAILED);
	} else {
		detach_stdio(s);
		watch_ready(ready, EXIT_DONE);
		log_info("holding session %s", s->id);
		hold_run(&hold);
		log_info("done");
	}
	hold_fini(&hold, &opt);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* The control descriptor becomes CONTROL_FD, and whatever else was left open to us goes. */
static int take_descriptors(struct session *s)
{
	if (s->control >= 0 && s->control != CONTROL_FD) {
		if (dup2((int)s->control, CONTROL_FD) < 0)
			return complain("--fd", -errno);
		s->control = CONTROL_FD;
	}
	if (s->control >= 0) {
		int r = fd_set_cloexec(CONTROL_FD, true);
		if (r < 0)
			return complain("--fd", r);
	}
	close_range(s->control >= 0 ? CONTROL_FD + 1 : CONTROL_FD, ~0U, 0);
	return EXIT_DONE;
}

static int run_session(struct session *s)
{
	int code = take_descriptors(s);
	if (code == EXIT_DONE)
		code = prepare(s);
	if (code == EXIT_DONE) {
		int ready = watch_start((int)s->control);
		code = ready < 0 ? complain("fork", ready) : hold_session(s, ready);
	}
	release(s);
	return code;
}

static int session_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"session", required_argument, NULL, 's'},
		{"fd", required_argument, NULL, 'f'},
		{"log-limit", required_argument, NULL, 'l'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	struct session s = {.control = -1, .log_limit_mib = LOG_LIMIT_MIB, .lock = -1};
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'v') {
			puts("muster-hold " MUSTER_VERSION);
			return EXIT_DONE;
		}
		bool ok = (c == 's' && session_is_valid(s.id = optarg)) ||
		          (c == 'f' && parse_number(optarg, 0, 1 << 20, &s.control)) ||
		          (c == 'l' && parse_number(optarg, 1, LOG_LIMIT_MIB_MAX, &s.log_limit_mib));
		if (!ok)
			return usage();
	}
	return s.id && optind == argc ? run_session(&s) : usage();
}

static int guard_main(int argc, char **argv)
{
	static const struct option options[] = {{"timeout", required_argument, NULL, 't'}, {0}};
	long timeout_s = 0;
	for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;)
		if (c != 't' || !parse_number(optarg, 1, 1 << 30, &timeout_s))
			return usage();
	return optind < argc ? guard_run(argv + optind, (int64_t)timeout_s * 1000) : usage();
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "guard") == 0)
		return guard_main(argc - 1, argv + 1);
	return session_main(argc, argv);
}
