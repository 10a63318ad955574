#include "base/dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* $variable/muster, or $HOME/fallback/muster when the variable is unset or not absolute (as XDG asks). */
static char *xdg(const char *variable, const char *home, const char *fallback)
{
	const char *value = getenv(variable);
	if (value && value[0] == '/')
		return mem_printf("%s/muster", value);
	return home ? mem_printf("%s/%s/muster", home, fallback) : NULL;
}

static char *runtime_dir(void)
{
	char *dir = xdg("XDG_RUNTIME_DIR", NULL, NULL);
	/* No login session (cron, su, containers): a folder of this user's own, checked by dirs_make(). */
	return dir ? dir : mem_printf("/tmp/muster-%u", (unsigned)getuid());
}

int dirs_init(struct dirs *ret, struct err *err)
{
	const char *home = getenv("MUSTER_HOME");
	if (home && *home) {
		if (home[0] != '/')
			return err_set(err, ERR_USAGE, "MUSTER_HOME is not an absolute path: %s", home);
		*ret = (struct dirs){
			.state = mem_printf("%s/state", home),
			.runtime = mem_printf("%s/run", home),
			.config = mem_printf("%s/config", home),
		};
		return 0;
	}
	home = getenv("HOME");
	if (!home || home[0] != '/')
		return err_set(err, ERR_USAGE, "HOME is not set to an absolute path; set it, or MUSTER_HOME");
	*ret = (struct dirs){
		.state = xdg("XDG_STATE_HOME", home, ".local/state"),
		.runtime = runtime_dir(),
		.config = xdg("XDG_CONFIG_HOME", home, ".config"),
	};
	return 0;
}

void dirs_fini(struct dirs *d)
{
	free(d->state);
	free(d->runtime);
	free(d->config);
	*d = (struct dirs){0};
}

static int make_private(const char *path, struct err *err)
{
	int r = file_mkdirs(path, 0700);
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "cannot make %s", path);
	struct stat st;
	if (stat(path, &st) < 0 || st.st_uid != geteuid())
		return err_set(err, ERR_FAILED, "%s belongs to another user; remove it or set MUSTER_HOME", path);
	if ((st.st_mode & 077) && chmod(path, 0700) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot make %s private", path);
	return 0;
}

int dirs_make(const struct dirs *d, struct err *err)
{
	char *hold MEM_FREE = mem_printf("%s/hold", d->runtime);
	char *agent MEM_FREE = mem_printf("%s/agent", d->runtime);
	char *sessions MEM_FREE = mem_printf("%s/sessions", d->state);
	const char *const all[] = {d->state, d->runtime, hold, agent, sessions};
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (make_private(all[i], err) < 0)
			return -1;
	return 0;
}

char *dirs_lead_socket(const struct dirs *d)
{
	return mem_printf("%s/musterd.sock", d->runtime);
}

char *dirs_lock(const struct dirs *d)
{
	return mem_printf("%s/musterd.lock", d->runtime);
}

char *dirs_database(const struct dirs *d)
{
	return mem_printf("%s/muster.db", d->state);
}

char *dirs_log(const struct dirs *d)
{
	return mem_printf("%s/musterd.log", d->state);
}

char *dirs_session(const struct dirs *d, const char *session_id)
{
	return mem_printf("%s/sessions/%s", d->state, session_id);
}

char *dirs_hold_socket(const struct dirs *d, const char *session_id)
{
	return mem_printf("%s/hold/%s", d->runtime, session_id);
}

char *dirs_agent_socket(const struct dirs *d, const char *session_id)
{
	return mem_printf("%s/agent/%s", d->runtime, session_id);
}

char *dirs_worktrees(const struct dirs *d)
{
	return mem_printf("%s/work", d->state);
}
