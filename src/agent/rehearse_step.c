/* One function for each verb of a script. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/rehearsal.h"
#include "agent/rehearse_play.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"

enum { FILE_LOOK_MS = 50, FILE_BYTES_MAX = 16 << 20, SECONDS_MAX = 1000000 };

typedef enum rehearse_end do_fn(struct rehearse_player *p, struct json_object *arg);

/* ---- values ---- */

void rehearse_value(struct rehearse_player *p, const char *name, const char *value)
{
	json_add_str(json_obj(p->state, "values"), name, value);
}

char *rehearse_text(struct rehearse_player *p, struct json_object *arg, const char *field)
{
	struct json_object *v = json_any(arg, field);
	if (!v)
		return NULL;
	const char *s = json_object_get_string(v); /* also of numbers and flags */
	struct str out STR_FREE = STR_INIT;
	while (*s) {
		const char *end = strncmp(s, "${", 2) == 0 ? strchr(s, '}') : NULL;
		char *name MEM_FREE = end ? mem_strndup(s + 2, (size_t)(end - s - 2)) : NULL;
		const char *value = name ? json_str(json_obj(p->state, "values"), name) : NULL;
		if (value) {
			str_adds(&out, value);
			s = end + 1;
		} else {
			str_addc(&out, *s++);
		}
	}
	return out.data ? str_take(&out) : mem_strdup("");
}

void rehearse_say(struct rehearse_player *p, const char *text)
{
	rehearse_show(&p->term, "* %s\n", text);
	mem_replace(&p->said, text);
	struct json_object *data = json_new();
	json_add_str(data, "text", text);
	rehearse_hook(p, REHEARSAL_SAID, data);
}

static enum rehearse_end do_say(struct rehearse_player *p, struct json_object *arg)
{
	char *text MEM_FREE = rehearse_text(p, arg, "text");
	rehearse_say(p, text);
	return REHEARSE_NEXT;
}

/* ---- files ---- */

static enum rehearse_end fail(struct rehearse_player *p, const char *what, const char *file, int error)
{
	char *text MEM_FREE = mem_printf("%s %s: %s", what, file, strerror(abs(error)));
	rehearse_say(p, text);
	return REHEARSE_FAILED;
}

static bool ends_with(const struct str *s, const char *tail)
{
	size_t len = strlen(tail);
	return s->len >= len && memcmp(s->data + s->len - len, tail, len) == 0;
}

/* Replaces the first occurrence. False when there is none. */
static bool replace(struct str *text, const char *from, const char *to)
{
	const char *at = strstr(str_c(text), from);
	if (!at || !*from)
		return false;
	struct str out = STR_INIT;
	str_add(&out, text->data, (size_t)(at - text->data));
	str_adds(&out, to);
	str_adds(&out, at + strlen(from));
	str_fini(text);
	*text = out;
	return true;
}

static int write_file(const char *path, const char *bytes, size_t len)
{
	const char *slash = strrchr(path, '/');
	char *dir MEM_FREE = slash && slash > path ? mem_strndup(path, (size_t)(slash - path)) : NULL;
	int failed = dir ? file_mkdirs(dir, 0777) : 0;
	struct stat st;
	mode_t mode = stat(path, &st) == 0 ? st.st_mode & 07777 : 0644;
	return failed ? failed : file_write_atomic(path, mode, bytes, len);
}

static enum rehearse_end do_edit(struct rehearse_player *p, struct json_object *arg)
{
	char *file MEM_FREE = rehearse_text(p, arg, "file");
	char *whole MEM_FREE = rehearse_text(p, arg, "write");
	char *append MEM_FREE = rehearse_text(p, arg, "append");
	char *from MEM_FREE = rehearse_text(p, arg, "replace");
	char *to MEM_FREE = rehearse_text(p, arg, "with");
	struct str text STR_FREE = STR_INIT;
	int failed = whole ? 0 : file_read(file, FILE_BYTES_MAX, &text);
	if (failed && !(append && !file_exists(file)))
		return fail(p, "cannot read", file, failed);
	if (whole)
		str_adds(&text, whole);
	if (append && !(p->again && ends_with(&text, append)))
		str_adds(&text, append);
	if (from && !replace(&text, from, to) && !(p->again && strstr(str_c(&text), to))) {
		char *why MEM_FREE = mem_printf("%s has not the text that I wanted to replace", file);
		rehearse_say(p, why);
		return REHEARSE_FAILED;
	}
	rehearse_show(&p->term, "~ %s %s\n", whole ? "write" : "edit", file);
	failed = write_file(file, str_c(&text), text.len);
	return failed ? fail(p, "cannot write", file, failed) : REHEARSE_NEXT;
}

/* A write outside of the scope, as an agent that does not care would do it: both ends are fine. */
static enum rehearse_end do_cross(struct rehearse_player *p, struct json_object *arg)
{
	char *file MEM_FREE = rehearse_text(p, arg, "file");
	char *text MEM_FREE = rehearse_text(p, arg, "write");
	int failed = write_file(file, text ? text : "crossed\n", strlen(text ? text : "crossed\n"));
	rehearse_value(p, "cross", failed ? "refused" : "done");
	rehearse_show(&p->term, "! %s, outside of my scope: %s\n", file, failed ? strerror(-failed) : "written");
	return REHEARSE_NEXT;
}

/* ---- commands ---- */

static enum rehearse_end do_run(struct rehearse_player *p, struct json_object *arg)
{
	char *command MEM_FREE = rehearse_text(p, arg, "command");
	int code = rehearse_command(p, command);
	if (code < 0)
		return REHEARSE_BROKEN;
	if (code == 0 || !json_flag(arg, "check", true))
		return REHEARSE_NEXT;
	char *text MEM_FREE = mem_printf("%s ended with exit code %d", command, code);
	rehearse_say(p, text);
	return REHEARSE_FAILED;
}

static enum rehearse_end git(struct rehearse_player *p, const char *const *args)
{
	static const char *const base[] = {
		"git", "-c", "user.name=Rehearsal", "-c", "user.email=rehearsal@localhost", NULL};
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add_all(&argv, base);
	strv_add_all(&argv, args);
	int code = rehearse_argv(p, &argv);
	return code < 0 ? REHEARSE_BROKEN : code > 0 ? REHEARSE_FAILED : REHEARSE_NEXT;
}

static enum rehearse_end do_commit(struct rehearse_player *p, struct json_object *arg)
{
	char *message MEM_FREE = rehearse_text(p, arg, "message");
	const char *const add[] = {"add", "-A", NULL};
	const char *const same[] = {"diff", "--cached", "--quiet", NULL};
	const char *const commit[] = {"commit", "-q", "-m", message, NULL};
	rehearse_show(&p->term, "+ commit: %s\n", message);
	enum rehearse_end end = git(p, add);
	if (end != REHEARSE_NEXT)
		return end;
	end = git(p, same);
	if (end == REHEARSE_FAILED)
		return git(p, commit);
	if (end == REHEARSE_NEXT)
		rehearse_show(&p->term, "  nothing to commit\n");
	return end;
}

/* ---- the rest ---- */

static enum rehearse_end do_wait(struct rehearse_player *p, struct json_object *arg)
{
	char *file MEM_FREE = rehearse_text(p, arg, "file");
	char *seconds MEM_FREE = rehearse_text(p, arg, "seconds");
	if (seconds && strcmp(seconds, "prompt") == 0)
		return REHEARSE_PAUSE;
	double limit_s = seconds ? MIN(strtod(seconds, NULL), (double)SECONDS_MAX) : SECONDS_MAX;
	int64_t end_ms = clock_mono_ms() + (int64_t)(limit_s * 1000);
	while (!rehearse_broken(p) && clock_mono_ms() < end_ms && !(file && file_exists(file))) {
		int64_t left_ms = end_ms - clock_mono_ms();
		rehearse_wait(p, (int)(file ? MIN(left_ms, (int64_t)FILE_LOOK_MS) : left_ms), NULL, 0);
	}
	return rehearse_broken(p) ? REHEARSE_BROKEN : REHEARSE_NEXT;
}

static int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {{"KILL", SIGKILL}, {"TERM", SIGTERM}, {"SEGV", SIGSEGV}, {"ABRT", SIGABRT}, {"INT", SIGINT}};
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	return SIGKILL;
}

static enum rehearse_end do_crash(struct rehearse_player *p, struct json_object *arg)
{
	const char *name = json_str(arg, "signal");
	rehearse_show(&p->term, "! crash\n");
	json_add_int(p->state, "next", json_int(p->state, "next", 0) + 1); /* resumed, it goes on behind */
	rehearse_save(p);
	rehearse_term_fini(&p->term);
	if (!name)
		_exit((int)json_int_in(arg, "exit", 0, 255, 1));
	signal(signal_number(name), SIG_DFL);
	raise(signal_number(name));
	_exit(1);
}

/* The fields are the message, but for their values. */
static void post(struct rehearse_player *p, const char *kind, struct json_object *arg)
{
	struct json_object *msg = json_new();
	json_add_str(msg, "m", kind);
	json_object_object_foreach(arg, name, value)
	{
		char *text MEM_FREE = json_text(value) ? rehearse_text(p, arg, name) : NULL;
		json_add_obj(msg, name, text ? json_new_str(text) : json_object_get(value));
	}
	rehearse_post(p, msg);
}

static enum rehearse_end do_report(struct rehearse_player *p, struct json_object *arg)
{
	char *text MEM_FREE = rehearse_text(p, arg, "text");
	int percent = (int)json_int_in(arg, "percent", 0, 100, -1);
	post(p, "report", arg);
	if (percent >= 0) {
		char *pairs MEM_FREE = mem_printf("state=working:progress=%d", percent);
		rehearse_status(&p->term, pairs, text, "rehearsal: works");
		rehearse_show(&p->term, "= %d %% %s\n", percent, text ? text : "");
	} else {
		rehearse_show(&p->term, "= %s\n", text ? text : "");
	}
	return REHEARSE_NEXT;
}

static enum rehearse_end do_done(struct rehearse_player *p, struct json_object *arg)
{
	char *summary MEM_FREE = rehearse_text(p, arg, "summary");
	post(p, "done", arg);
	mem_replace(&p->said, summary);
	rehearse_status(&p->term, "state=done", summary, "rehearsal: done");
	rehearse_show(&p->term, "= done: %s\n", summary);
	return REHEARSE_NEXT;
}

/* ---- control ---- */

static bool holds(struct rehearse_player *p, struct json_object *condition)
{
	json_object_object_foreach(condition, name, wanted)
	{
		const char *value = json_str(json_obj(p->state, "values"), name);
		return value && wanted && strcmp(value, json_object_get_string(wanted)) == 0;
	}
	return false;
}

/* How often a loop was entered, by the number of its step. */
static enum rehearse_end do_loop(struct rehearse_player *p, const struct rehearse_step *step)
{
	struct json_object *counts = json_obj(p->state, "counts");
	char *key MEM_FREE = mem_printf("%zu", (size_t)(step - p->script.steps));
	int64_t count = json_int(counts, key, 0);
	if (count >= json_int(step->arg, "times", 0)) {
		json_object_object_del(counts, key);
		return REHEARSE_GO;
	}
	json_add_int(counts, key, count + 1);
	return REHEARSE_NEXT;
}

static do_fn *const verbs[] = {
	[REHEARSE_SAY] = do_say,       [REHEARSE_EDIT] = do_edit,
	[REHEARSE_RUN] = do_run,       [REHEARSE_COMMIT] = do_commit,
	[REHEARSE_ASK] = rehearse_ask, [REHEARSE_PERMISSION] = rehearse_permission,
	[REHEARSE_WAIT] = do_wait,     [REHEARSE_BACKGROUND] = rehearse_background,
	[REHEARSE_CROSS] = do_cross,   [REHEARSE_CRASH] = do_crash,
	[REHEARSE_REPORT] = do_report, [REHEARSE_DONE] = do_done,
};

enum rehearse_end rehearse_do(struct rehearse_player *p, const struct rehearse_step *step)
{
	switch (step->op) {
	case REHEARSE_JUMP:
		return REHEARSE_GO;
	case REHEARSE_LOOP:
		return do_loop(p, step);
	case REHEARSE_TEST:
		return holds(p, step->arg) == step->until ? REHEARSE_GO : REHEARSE_NEXT;
	default:
		return verbs[step->op](p, step->arg);
	}
}
