/* musterd: the daemon that knows all sessions. See musterd(8). */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "serve/daemon.h"
#include "serve/logfile.h"
#include "work/worker.h"

enum { DESCRIPTORS_MAX = 65536 };

struct options {
	bool foreground;
	bool wants_any;         /* whoever serves is fine: this one, or one that runs already */
	bool logs;              /* the log file is open */
	int ready_fd;           /* -1: none */
	int lock_fd, listen_fd; /* -1: not inherited */
};

static const char usage[] =
	"Usage: musterd [--foreground] [--ready-fd N]\n"
	"\n"
	"The daemon that knows all of muster's sessions. `muster` starts it when it is needed.\n"
	"\n"
	"  --foreground    do not go into the background\n"
	"  --ready-fd N    write \"ok\" to descriptor N when requests are served, or why they are not\n"
	"  --version       print the version\n"
	"  --help          print this\n";

static int parse_number(const char *text, int *ret)
{
	char *end;
	errno = 0;
	long n = strtol(text, &end, 10);
	if (errno || *end || end == text || n < 0 || n > DESCRIPTORS_MAX) {
		fprintf(stderr, "musterd: not a descriptor: %s\n", text);
		return -1;
	}
	*ret = (int)n;
	return 0;
}

/* 0 to go on, else exit with that code + 1. */
static int parse(int argc, char **argv, struct options *ret)
{
	enum { FOREGROUND = 256, READY_FD, LOCK_FD, LISTEN_FD, VERSION, HELP };
	static const struct option longs[] = {
		{"foreground", no_argument, NULL, FOREGROUND},    {"ready-fd", required_argument, NULL, READY_FD},
		{"lock-fd", required_argument, NULL, LOCK_FD},    {"listen-fd", required_argument, NULL, LISTEN_FD},
		{"version", no_argument, NULL, VERSION},          {"help", no_argument, NULL, HELP},
		{0},
	};
	*ret = (struct options){.ready_fd = -1, .lock_fd = -1, .listen_fd = -1};
	int *const numbers[] = {&ret->ready_fd, &ret->lock_fd, &ret->listen_fd};
	int c;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == FOREGROUND) {
			ret->foreground = true;
		} else if (c >= READY_FD && c <= LISTEN_FD) {
			if (parse_number(optarg, numbers[c - READY_FD]) < 0)
				return ERR_USAGE + 1;
		} else if (c == VERSION || c == HELP) {
			fputs(c == VERSION ? "musterd " MUSTER_VERSION "\n" : usage, stdout);
			return fflush(stdout) == 0 ? 1 : ERR_FAILED + 1;
		} else {
			fputs("Try `musterd --help`.\n", stderr);
			return ERR_USAGE + 1;
		}
	}
	ret->wants_any = ret->ready_fd >= 0;
	if (optind == argc)
		return 0;
	fprintf(stderr, "musterd: takes no arguments: %s\n", argv[optind]);
	return ERR_USAGE + 1;
}

static void raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_MAX)
		return;
	limit.rlim_cur = MIN(limit.rlim_max, DESCRIPTORS_MAX);
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* --- telling the one who started it --- */

static void tell(int *ready_fd, const char *line)
{
	if (*ready_fd < 0)
		return;
	char *text MEM_FREE = mem_printf("%s\n", line);
	if (fd_write_all(*ready_fd, text, strlen(text)) < 0)
		log_warn("nobody waits for this musterd any more");
	fd_closep(ready_fd);
}

static void drop(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0 && dup2(null, fd) == fd && null != fd)
		close(null);
}

static void on_ready(void *arg)
{
	struct options *o = arg;
	if (!o->foreground)
		drop(STDERR_FILENO);
	log_info("musterd %s serves (pid %d)", MUSTER_VERSION, (int)getpid());
	tell(&o->ready_fd, "ok");
}

static int fail(struct options *o, const struct err *err)
{
	if (o->logs)
		log_error("%s", err->msg);
	if (o->wants_any || o->ready_fd < 0)
		fprintf(stderr, "musterd: %s\n", err->msg);
	tell(&o->ready_fd, err->msg);
	return (int)err->code;
}

/* The parent: waits for the daemon's word and says it. */
static int await_child(pid_t pid, int fd)
{
	char line[1100];
	size_t len = 0;
	ssize_t n;
	while (len < sizeof line - 1 && (n = read(fd, line + len, sizeof line - 1 - len)) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	line[len] = '\0';
	if (strcmp(line, "ok\n") == 0)
		return 0;
	fprintf(stderr, "musterd: %s", len ? line : "ended before it was ready\n");
	int status;
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status))
		return WEXITSTATUS(status);
	return ERR_FAILED;
}

/* Returns in the child, with ready_fd set; in the parent *ret_code is the exit code and false comes back. */
static bool go_to_background(struct options *o, int *ret_code)
{
	int fds[2] = {-1, -1};
	/* Above those that are replaced. */
	int told = o->ready_fd < 0 ? 0 : fcntl(o->ready_fd, F_DUPFD_CLOEXEC, 3);
	pid_t pid = -1;
	fflush(NULL);
	if (told >= 0 && pipe2(fds, O_CLOEXEC) == 0)
		pid = fork();
	if (pid < 0) {
		fprintf(stderr, "musterd: cannot go into the background: %s\n", strerror(errno));
		*ret_code = ERR_FAILED;
		return false;
	}
	if (pid > 0) {
		close(fds[1]);
		*ret_code = o->ready_fd < 0 ? await_child(pid, fds[0]) : 0;
		return false;
	}
	close(fds[0]);
	o->ready_fd = o->ready_fd < 0 ? fds[1] : told;
	setsid();
	drop(STDIN_FILENO);
	drop(STDOUT_FILENO); /* and standard error when there is nothing left to complain about */
	return true;
}

/* --- being replaced --- */

/* Replaces this process by what is installed at its path now, or failing that by itself. */
static int exec_successor(const char *path, struct instance *in, struct options *o)
{
	struct err err;
	char lock[16], listen[16];
	snprintf(lock, sizeof lock, "%d", in->lock_fd);
	snprintf(listen, sizeof listen, "%d", in->listen_fd);
	const char *argv[] = {"musterd", "--foreground", "--lock-fd", lock, "--listen-fd", listen, NULL};
	if (instance_bequeath(in, &err) == 0) {
		log_info("restarting as %s", path);
		execv(path, (char **)argv);
		err_set_errno(&err, ERR_FAILED, errno, "cannot run %s", path);
		execv("/proc/self/exe", (char **)argv);
	}
	return fail(o, &err);
}

static char *own_path(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (n < 0)
		return mem_strdup("/usr/bin/musterd");
	path[n] = '\0';
	/* It has been replaced since it was started: the new one is at the same place. */
	static const char gone[] = " (deleted)";
	size_t len = (size_t)n, tail = sizeof gone - 1;
	if (len > tail && strcmp(path + len - tail, gone) == 0)
		path[len - tail] = '\0';
	return mem_strdup(path);
}

/* As instance_take_or_find(). */
static int take_instance(struct options *o, const struct dirs *dirs, struct instance *ret, struct err *err)
{
	if (o->lock_fd >= 0 && o->listen_fd >= 0)
		return instance_inherit(o->lock_fd, o->listen_fd, ret, err);
	return o->wants_any ? instance_take_or_find(dirs, ret, err) : instance_take(dirs, ret, err);
}

/* A thread that still works would run into memory that is being released on the way out. */
static int leave(int code)
{
	if (worker_pending())
		_exit(code);
	return code;
}

static int run(struct options *o, const struct dirs *dirs, const char *path)
{
	struct err err;
	struct instance instance;
	int taken = take_instance(o, dirs, &instance, &err);
	if (taken < 0)
		return fail(o, &err);
	if (taken > 0) { /* somebody serves already: that is all that was asked for */
		tell(&o->ready_fd, "ok");
		return 0;
	}
	char *log_path MEM_FREE = dirs_log(dirs);
	if (logfile_open(log_path, &err) < 0)
		return fail(o, &err);
	char *bin_dir MEM_FREE = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	o->logs = true;
	struct daemon_setup setup = {.dirs = dirs, .bin_dir = bin_dir, .ready = on_ready, .arg = o};
	switch (daemon_run(&setup, &instance, &err)) {
	case DAEMON_RESTART:
		return exec_successor(path, &instance, o);
	case DAEMON_FAILED:
		instance_release(&instance, dirs);
		return leave(fail(o, &err));
	case DAEMON_ENDED:
		instance_release(&instance, dirs);
		log_info("musterd ended");
		return leave(0);
	}
	abort();
}

int main(int argc, char **argv)
{
	struct options o;
	int code = parse(argc, argv, &o);
	if (code)
		return code - 1;
	struct err err;
	struct dirs dirs CLEANUP(dirs_fini) = {0};
	if (dirs_init(&dirs, &err) < 0 || dirs_make(&dirs, &err) < 0)
		return fail(&o, &err);
	char *path MEM_FREE = own_path();
	if (!o.foreground && !go_to_background(&o, &code))
		return code;
	if (chdir("/") < 0)
		log_warn("cannot leave the folder that musterd was started in");
	raise_descriptors();
	return run(&o, &dirs, path);
}
