#include "git/git.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "io/spawn.h"

/* Settings of every command. A value on the command line wins over all files, and goes on to git's children. */
static const char *const hardening[] = {
	"core.fsmonitor=false",      "core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false",
	"advice.detachedHead=false", "protocol.ext.allow=never", NULL,
};

/* The user's choice of configuration files is theirs; any other GIT_* would point git somewhere else. */
static bool is_kept(const char *entry)
{
	static const char *const kept[] = {"GIT_CONFIG_GLOBAL=", "GIT_CONFIG_SYSTEM=", "GIT_CONFIG_NOSYSTEM="};
	if (strncmp(entry, "GIT_", 4) != 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (strncmp(entry, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

void git_env(struct strv *ret)
{
	for (char **e = environ; e && *e; e++)
		if (is_kept(*e))
			strv_add(ret, *e);
	strv_setenv(ret, "GIT_TERMINAL_PROMPT", "0");
}

static void set_if(struct strv *env, const char *key, const char *value)
{
	if (value)
		strv_setenv(env, key, value);
}

static void build_env(const struct git_at *at, bool inert, struct strv *env)
{
	git_env(env);
	strv_setenv(env, "LC_ALL", "C");
	strv_setenv(env, "GIT_PAGER", "cat");
	strv_setenv(env, "GIT_EDITOR", "false");
	strv_setenv(env, "GIT_ASKPASS", "true");
	strv_setenv(env, "SSH_ASKPASS", "true");
	strv_setenv(env, "GIT_NO_REPLACE_OBJECTS", "1");
	strv_setenv(env, "GIT_LITERAL_PATHSPECS", "1");
	set_if(env, "GIT_OPTIONAL_LOCKS", inert ? "0" : NULL);
	set_if(env, "GIT_DIR", at->git_dir);
	set_if(env, "GIT_COMMON_DIR", at->common_dir);
	set_if(env, "GIT_WORK_TREE", at->work_tree);
	set_if(env, "GIT_INDEX_FILE", at->index_file);
	set_if(env, "GIT_OBJECT_DIRECTORY", at->object_dir);
	if (at->own_config) {
		strv_setenv(env, "GIT_CONFIG_NOSYSTEM", "1");
		strv_setenv(env, "GIT_CONFIG_GLOBAL", "/dev/null");
		strv_setenv(env, "GIT_ATTR_NOSYSTEM", "1");
	}
	for (const char *const *e = at->env; e && *e; e++) {
		const char *eq = strchr(*e, '=');
		struct strv key STRV_FREE = STRV_INIT;
		strv_addn(&key, *e, (size_t)(eq - *e));
		strv_setenv(env, key.v[0], eq + 1);
	}
}

static void build_argv(const struct git_at *at, const char *const *args, struct strv *argv)
{
	strv_add(argv, "git");
	for (const char *const *c = hardening; *c; c++) {
		strv_add(argv, "-c");
		strv_add(argv, *c);
	}
	for (const char *const *c = at->config; c && *c; c++) {
		strv_add(argv, "-c");
		strv_add(argv, *c);
	}
	strv_add_all(argv, args);
}

/* git says "fatal: reason", at times followed by hints: the last such line, else the last line. */
static void last_word(const struct str *errout, struct str *ret)
{
	const char *best = NULL, *last = NULL;
	size_t best_len = 0, last_len = 0;
	for (const char *p = str_c(errout); *p;) {
		size_t len = strcspn(p, "\n");
		if (len) {
			last = p, last_len = len;
			if (strncmp(p, "fatal: ", 7) == 0 || strncmp(p, "error: ", 7) == 0)
				best = p + 7, best_len = len - 7;
		}
		p += len + (p[len] == '\n');
	}
	if (best)
		text_add_inert(ret, best, best_len, TEXT_ONE_LINE);
	else if (last)
		text_add_inert(ret, last, last_len, TEXT_ONE_LINE);
}

static int explain(struct err *err, const char *verb, int code, const struct git_opt *opt, const struct str *errout)
{
	struct str word STR_FREE = STR_INIT;
	int64_t timeout_ms = opt->timeout_ms ? opt->timeout_ms : GIT_TIMEOUT_MS;
	if (code == -ENOENT)
		return err_set(err, ERR_FAILED, "git was not found in PATH: install it");
	if (code == -ETIMEDOUT)
		return err_set(err, ERR_FAILED, "git %s: stopped after %lld s", verb,
			       (long long)(timeout_ms / 1000));
	if (code == -ECANCELED)
		return err_set(err, ERR_FAILED, "git %s: cancelled", verb);
	if (code == -EFBIG)
		return err_set(err, ERR_FAILED, "git %s: its output is longer than the limit", verb);
	if (code < 0)
		return err_set_errno(err, ERR_FAILED, code, "git %s", verb);
	last_word(errout, &word);
	if (word.len == 0)
		str_addf(&word, "it ended with code %d and said nothing", code);
	return err_set(err, ERR_FAILED, "git %s: %s", verb, str_c(&word));
}

int git_run(const struct git_at *at, const char *const *args, const struct git_opt *opt, struct str *out,
	    struct err *err)
{
	static const struct git_opt defaults;
	struct strv argv STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	struct str errout STR_FREE = STR_INIT;
	opt = opt ? opt : &defaults;
	build_argv(at, args, &argv);
	build_env(at, opt->inert, &env);
	struct spawn sp = {.argv = &argv, .env = &env, .cwd = at->cwd ? at->cwd : "/"};
	struct spawn_capture capture = {
		.out_limit = opt->out_limit,
		.timeout_ms = opt->timeout_ms ? opt->timeout_ms : GIT_TIMEOUT_MS,
		.stop = opt->stop,
		.input = opt->input,
		.input_len = opt->input_len,
	};
	int code = spawn_run(&sp, &capture, out, &errout);
	if (code == -ENOENT && at->cwd && access(at->cwd, X_OK) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "%s", at->cwd);
	if (code == -EFBIG && opt->ret_truncated) {
		*opt->ret_truncated = true;
		return 0;
	}
	if (code >= 0 && opt->ret_exit) {
		*opt->ret_exit = code;
		return 0;
	}
	return code == 0 ? 0 : explain(err, args[0], code, opt, &errout);
}

int git_runv(const struct git_at *at, const struct strv *args, const struct git_opt *opt, struct str *out,
	     struct err *err)
{
	return git_run(at, (const char *const *)strv_argv(args), opt, out, err);
}

bool git_next(const struct str *out, struct git_part *part)
{
	if (part->next >= out->len)
		return false;
	part->text = out->data + part->next;
	part->len = strlen(part->text);
	part->next += part->len + 1;
	return true;
}
