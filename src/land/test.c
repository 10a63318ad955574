#include "land/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "git/git.h"
#include "git/path.h"
#include "land/gate.h"
#include "land/scratch.h"

static void build_env(const struct land_spec *spec, const struct land_record *rec, struct strv *env)
{
	git_env(env);
	/* Not MUSTER_SESSION: it marks processes of the session, and these are none that should end with it. */
	strv_unsetenv(env, "MUSTER_SESSION");
	strv_setenv(env, "MUSTER_LANDING", spec->landing);
	strv_setenv(env, "MUSTER_SESSION_NAME", spec->session_name);
	strv_setenv(env, "MUSTER_BRANCH", spec->branch);
	strv_setenv(env, "MUSTER_TARGET", spec->target);
	strv_setenv(env, "MUSTER_BASE", rec->onto.hex);
	strv_setenv(env, "MUSTER_COMMIT", rec->merged.hex);
}

static int make_log_folder(const char *log_path, struct err *err)
{
	char *dir MEM_FREE = mem_strdup(log_path);
	char *slash = strrchr(dir, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	int e = file_mkdirs(dir, 0700);
	return e < 0 ? err_set_errno(err, ERR_FAILED, e, "%s", dir) : 0;
}

static int judge(const struct land_command *c, int timeout_s, struct err *err)
{
	const char *what = c->setup ? "the set-up" : "the gate";
	if (c->timed_out)
		return err_set(err, ERR_FAILED, "%s was stopped after %d s: %s", what, timeout_s, c->command);
	if (c->exit != 0)
		return err_set(err, ERR_FAILED, "%s failed (exit %d): %s", what, c->exit, c->command);
	return 0;
}

static int check_unchanged(const struct land_spec *spec, const struct scratch *s, const char *command, struct err *err)
{
	struct strv changed STRV_FREE = STRV_INIT;
	struct str name STR_FREE = STR_INIT;
	if (scratch_changed(spec->repo, s, spec->stop, &changed, err) < 0)
		return -1;
	if (changed.n == 0)
		return 0;
	path_quote(&name, changed.v[0]);
	return err_set(err, ERR_FAILED, "\"%s\" changed tracked files (%s%s): what it tested is not what would land", command,
	               str_c(&name), changed.n > 1 ? ", …" : "");
}

static int run_list(const struct land_spec *spec, const struct gate_spec *gate, const struct scratch *s,
                    const struct strv *list, bool setup, struct land_record *rec, struct err *err)
{
	for (size_t i = 0; list && i < list->n; i++) {
		struct land_command c = {0};
		if (scratch_busy(s, err) < 0 || gate_run(gate, list->v[i], setup, &c, err) < 0)
			return -1;
		scratch_idle(s);
		int r = judge(&c, gate->timeout_s, err);
		land_record_add_command(rec, &c);
		if (r < 0 || check_unchanged(spec, s, list->v[i], err) < 0)
			return -1;
	}
	return 0;
}

static int run_all(const struct land_spec *spec, const struct scratch *s, struct land_record *rec, struct err *err)
{
	struct strv env STRV_FREE = STRV_INIT;
	build_env(spec, rec, &env);
	const struct gate_spec gate = {
		.guard = spec->guard,
		.cwd = s->worktree.path,
		.env = &env,
		.log_path = spec->log_path,
		.timeout_s = spec->timeout_s ? spec->timeout_s : LAND_TIMEOUT_S,
		.stop = spec->stop,
	};
	if (run_list(spec, &gate, s, spec->setup, true, rec, err) < 0)
		return -1;
	return run_list(spec, &gate, s, spec->gate, false, rec, err);
}

int test_run(const struct land_spec *spec, struct land_record *rec, struct err *err)
{
	struct scratch s CLEANUP(scratch_fini) = {0};
	land_record_reset_commands(rec);
	if (make_log_folder(spec->log_path, err) < 0 || scratch_open(spec->repo, &rec->merged, spec->stop, &s, err) < 0)
		return -1;
	return run_all(spec, &s, rec, err);
}
