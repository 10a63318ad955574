#include "cli/checks.h"

#include <dirent.h>
#include <errno.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "cli/launch.h"
#include "fmt/json.h"
#include "io/spawn.h"
#include "io/unixsock.h"

enum { GIT_MAJOR = 2, GIT_MINOR = 38 }; /* the first with `merge-tree --write-tree` */

struct checks {
	struct cli *cli;
	bool fix;
	struct json_object *list;
	struct dirs dirs;
};

static void add(struct checks *k, const char *name, bool ok, bool fixed, const char *fmt, ...) PRINTF_LIKE(5, 6);
static void add(struct checks *k, const char *name, bool ok, bool fixed, const char *fmt, ...)
{
	struct json_object *o = json_new();
	struct str text STR_FREE = STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	json_add_str(o, "name", name);
	json_add_bool(o, "ok", ok);
	json_add_str(o, "text", str_c(&text));
	json_add_bool(o, "fixed", fixed);
	json_push(k->list, o);
}

/* What the program prints for `--version`, without its line end; the caller owns it. NULL: it does not run. */
static char *version_of(const char *program)
{
	struct strv argv STRV_FREE = STRV_INIT;
	struct str out STR_FREE = STR_INIT;
	strv_add(&argv, program);
	strv_add(&argv, "--version");
	struct spawn sp = {.argv = &argv};
	if (spawn_run(&sp, &(struct spawn_capture){.timeout_ms = 20000}, &out, NULL) != 0 || !out.len)
		return NULL;
	out.data[strcspn(out.data, "\n")] = '\0';
	return str_take(&out);
}

static void check_git(struct checks *k)
{
	MEM_FREE char *version = version_of("git");
	int major = 0, minor = 0;
	const char *digits = version ? strpbrk(version, "0123456789") : NULL;
	if (!digits) {
		add(k, "git", false, false, "git is not installed, or does not run");
		return;
	}
	char *rest;
	major = (int)strtol(digits, &rest, 10);
	if (*rest == '.')
		minor = (int)strtol(rest + 1, NULL, 10);
	bool ok = major > GIT_MAJOR || (major == GIT_MAJOR && minor >= GIT_MINOR);
	add(k, "git", ok, false, ok ? "%s" : "%s is too old: 2.38 or later is needed to land work", version);
}

/* An agent that is not installed is no fault: nobody needs all of them. */
static void check_agents(struct checks *k)
{
	for (const struct agent_ops *const *a = agent_all(); *a; a++) {
		const char *program = (*a)->program;
		MEM_FREE char *version = program ? version_of(program) : NULL;
		if (!program)
			add(k, (*a)->name, true, false, "%s: built in", (*a)->title);
		else if (version)
			add(k, (*a)->name, true, false, "%s: %s", (*a)->title, version);
		else
			add(k, (*a)->name, true, false,
			    "%s: `%s` is not in PATH; sessions of this agent cannot start", (*a)->title, program);
	}
}

static void check_kernel(struct checks *k)
{
	int pidfd = spawn_pidfd(getpid());
	long landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	add(k, "pidfd", pidfd >= 0, false,
	    pidfd >= 0 ? "the kernel has pidfds" : "the kernel has no pidfds: Linux 5.4 or later is needed");
	fd_closep(&pidfd);
	if (landlock > 0)
		add(k, "landlock", true, false, "the kernel confines by Landlock, version %ld", landlock);
	else
		add(k, "landlock", true, false, "the kernel does not confine by Landlock (nothing needs it yet)");
}

static void check_programs(struct checks *k)
{
	static const char *const names[] = {"musterd", "muster-hold", "muster-bridge"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err err = {0};
		MEM_FREE char *path = launch_sibling(names[i], &err);
		add(k, names[i], path != NULL, false, "%s", path ? path : err.msg);
	}
}

/* Folders hold transcripts and sockets: nobody else's business. */
static void check_folders(struct checks *k)
{
	const char *const folders[] = {k->dirs.state, k->dirs.runtime};
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		struct stat st;
		if (stat(folders[i], &st) < 0) {
			add(k, "folder", true, false, "%s: not there yet", folders[i]);
			continue;
		}
		bool mine = st.st_uid == geteuid(), closed = !(st.st_mode & 077);
		bool fixed = mine && !closed && k->fix && chmod(folders[i], 0700) == 0;
		add(k, "folder", mine && closed, fixed, "%s%s", folders[i],
		    !mine    ? " belongs to another user"
		    : closed ? ""
			     : " is open to others");
	}
}

/* A socket that nobody listens on: a holder that was killed leaves one behind. */
static void check_sockets(struct checks *k)
{
	static const char *const kinds[] = {"hold", "agent"};
	int live = 0, stale = 0, removed = 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		MEM_FREE char *folder = mem_printf("%s/%s", k->dirs.runtime, kinds[i]);
		DIR *d = opendir(folder);
		for (struct dirent *e; d && (e = readdir(d));) {
			if (!id_valid(e->d_name))
				continue;
			MEM_FREE char *path = mem_printf("%s/%s", folder, e->d_name);
			int fd = unixsock_connect(path);
			live += fd >= 0;
			stale += fd == -ECONNREFUSED;
			removed += fd == -ECONNREFUSED && k->fix && unlink(path) == 0;
			fd_closep(&fd);
		}
		if (d)
			closedir(d);
	}
	add(k, "sockets", stale == 0, stale > 0 && removed == stale, "%d in use, %d stale%s", live, stale,
	    stale && !k->fix ? "; --fix removes them" : "");
}

static bool is_listed(struct json_object *list, const char *id)
{
	for (size_t i = 0; i < json_len(list); i++)
		if (strcmp(json_str_or(json_at(list, i), "id", ""), id) == 0)
			return true;
	return false;
}

/* A holder that lives, of a session that musterd has never heard of: the database was moved away, or is an older copy. Only
 * the lead can say what is to become of it. */
static void check_stranger(struct checks *k, const char *id)
{
	MEM_FREE char *socket = dirs_hold_socket(&k->dirs, id);
	MEM_FREE char *folder = dirs_session(&k->dirs, id);
	MEM_FREE char *path = mem_printf("%s/hold.pid", folder);
	struct str text STR_FREE = STR_INIT;
	int fd FD_CLOSE = unixsock_connect(socket);
	if (fd < 0 || file_read(path, 256, &text) < 0)
		return;
	add(k, "holders", false, false,
	    "the session %s runs, but is not in the database; `kill %ld` ends it, what it wrote stays in %s and its worktree", id,
	    strtol(str_c(&text), NULL, 10), folder);
}

static void check_strangers(struct checks *k, struct json_object *all)
{
	MEM_FREE char *folder = mem_printf("%s/hold", k->dirs.runtime);
	DIR *d = opendir(folder);
	for (struct dirent *e; d && (e = readdir(d));)
		if (id_valid(e->d_name) && !is_listed(all, e->d_name))
			check_stranger(k, e->d_name);
	if (d)
		closedir(d);
}

/* Sessions whose holder should answer and does not; holders without a session. */
static void check_sessions(struct checks *k)
{
	struct json_object *result JSON_FREE = NULL, *everything JSON_FREE = NULL, *params = json_new();
	struct err err = {0};
	json_add_bool(params, "all", true);
	if (cli_call(k->cli, "session.list", params, &everything, &err) < 0 ||
	    cli_call(k->cli, "session.list", NULL, &result, &err) < 0) {
		add(k, "sessions", false, false, "%s", err.msg);
		return;
	}
	check_strangers(k, json_arr(everything, "sessions"));
	struct json_object *list = json_arr(result, "sessions");
	struct str lost STR_FREE = STR_INIT, missing STR_FREE = STR_INIT;
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *s = json_at(list, i);
		const char *state = json_str_or(s, "state", ""), *workspace = json_str(s, "workspace");
		if (strcmp(state, "lost") == 0)
			str_addf(&lost, " %s", json_str_or(s, "name", "?"));
		if (workspace && strcmp(state, "queued") != 0 && strcmp(state, "preparing") != 0 &&
		    !file_is_dir(workspace))
			str_addf(&missing, " %s", json_str_or(s, "name", "?"));
	}
	add(k, "holders", !lost.len, false, "%s%s", lost.len ? "do not answer:" : "all holders answer",
	    str_c(&lost));
	add(k, "workspaces", !missing.len, false, "%s%s", missing.len ? "the folder is gone:" : "all are there",
	    str_c(&missing));
}

/* musterd's own checks, and whether it is of this version. */
static void check_daemon(struct checks *k)
{
	struct json_object *status JSON_FREE = NULL, *result JSON_FREE = NULL, *params = json_new();
	struct err err = {0};
	json_add_bool(params, "fix", k->fix);
	if (cli_call(k->cli, "daemon.status", NULL, &status, &err) < 0) {
		json_object_put(params);
		add(k, "musterd is up", false, false, "%s", err.msg);
		return;
	}
	const char *version = json_str_or(status, "version", "?");
	bool same = strcmp(version, MUSTER_VERSION) == 0;
	add(k, "musterd is up", same, false,
	    same ? "version %s, process %d" : "it is version %s, process %d; `muster daemon restart`", version,
	    (int)json_int(status, "pid", 0));
	if (cli_call(k->cli, "doctor.check", params, &result, &err) < 0) {
		add(k, "doctor.check", false, false, "%s", err.msg);
		return;
	}
	struct json_object *list = json_arr(result, "checks");
	for (size_t i = 0; i < json_len(list); i++)
		json_push(k->list, json_object_get(json_at(list, i)));
}

void checks_run(struct cli *c, bool fix, struct json_object *list)
{
	static void (*const all[])(struct checks *) = {check_programs, check_git,      check_agents,
						       check_kernel,   check_folders,  check_sockets,
						       check_daemon,   check_sessions};
	struct checks k = {.cli = c, .fix = fix, .list = list};
	struct err err = {0};
	if (dirs_init(&k.dirs, &err) < 0) {
		add(&k, "folders", false, false, "%s", err.msg);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		all[i](&k);
	dirs_fini(&k.dirs);
}
