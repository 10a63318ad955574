/* muster init: a first .muster/config.yaml, from what the repository shows of itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/verbs.h"
#include "fmt/json.h"
#include "io/spawn.h"

enum { LOOK_MAX = 1 << 20 };

/* What a file at the top of a repository tells: commands to set up, to test and to serve it. A row counts when the
 * file is there and, where `contains` is given, has that text in it. The first row with a gate gives the gate. */
static const struct {
	const char *file, *contains;
	const char *setup, *gate, *preview;
} signs[] = {
	{"package-lock.json", NULL, "npm ci", NULL, NULL},
	{"pnpm-lock.yaml", NULL, "pnpm install --frozen-lockfile", NULL, NULL},
	{"yarn.lock", NULL, "yarn install --frozen-lockfile", NULL, NULL},
	{"Makefile", "\ncheck:", NULL, "make check", NULL},
	{"Makefile", "\ntest:", NULL, "make test", NULL},
	{"package.json", "\"test\":", NULL, "npm test", NULL},
	{"package.json", "\"dev\":", NULL, NULL, "npm run dev"},
	{"Cargo.toml", NULL, NULL, "cargo test", NULL},
	{"go.mod", NULL, NULL, "go test ./...", NULL},
	{"meson.build", NULL, NULL, "meson setup --reconfigure build || meson setup build && meson test -C build",
	 NULL},
	{"CMakeLists.txt", "enable_testing", NULL,
	 "cmake -B build && cmake --build build && ctest --test-dir build", NULL},
	{"pyproject.toml", NULL, NULL, "python3 -m pytest", NULL},
	{"pytest.ini", NULL, NULL, "python3 -m pytest", NULL},
};

static bool shows(const char *root, const char *file, const char *contains)
{
	MEM_FREE char *path = mem_printf("%s/%s", root, file);
	struct str text STR_FREE = STR_INIT;
	if (!contains)
		return file_exists(path);
	/* A rule on the first line has a line end before it, too. */
	str_addc(&text, '\n');
	return file_read(path, LOOK_MAX, &text) == 0 && strstr(text.data, contains);
}

struct found {
	const char *setup, *gate, *preview;
};

static struct found look(const char *root)
{
	struct found f = {0};
	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		if (!shows(root, signs[i].file, signs[i].contains))
			continue;
		f.setup = f.setup ? f.setup : signs[i].setup;
		f.gate = f.gate ? f.gate : signs[i].gate;
		f.preview = f.preview ? f.preview : signs[i].preview;
	}
	return f;
}

/* "key:\n  - command\n", or the same as a comment with an example when nothing was found. */
static void add_list(struct str *out, const char *indent, const char *key, const char *command, const char *example)
{
	const char *mark = command ? "" : "# ";
	str_addf(out, "%s%s%s:\n%s%s  - %s\n", mark, indent, key, mark, indent, command ? command : example);
}

static void write_config(struct str *out, const struct found *f)
{
	str_adds(out, "# How muster works on this repository; muster.yaml(5) explains every key.\n\n"
		      "# Commands that must pass on the merged tree before a session's work lands.\n");
	add_list(out, "", "gate", f->gate, "make check");
	str_addf(out, "\n# Run in each new workspace.\n%sworktree:\n", f->setup ? "" : "# ");
	add_list(out, "  ", "setup", f->setup, "npm ci");
	str_adds(out, "\n# Commands that serve a workspace to look at it.\n");
	add_list(out, "", "preview", f->preview, "npm run dev");
}

/* The top of the repository that the folder is in; the caller owns it. NULL with err. */
static char *find_root(const char *folder, struct err *err)
{
	struct strv argv STRV_FREE = STRV_INIT;
	struct str out STR_FREE = STR_INIT, complaint STR_FREE = STR_INIT;
	static const char *const words[] = {"git", "rev-parse", "--show-toplevel", NULL};
	strv_add_all(&argv, words);
	struct spawn sp = {.argv = &argv, .cwd = folder};
	int code = spawn_run(&sp, &(struct spawn_capture){.timeout_ms = 30000}, &out, &complaint);
	if (code < 0) {
		err_set_errno(err, ERR_FAILED, code, "cannot run git");
		return NULL;
	}
	str_trim(&out);
	if (code > 0 || !out.len) {
		err_set(err, ERR_USAGE, "%s is not in the checkout of a git repository", folder);
		return NULL;
	}
	return str_take(&out);
}

static int run(struct cli *c, struct err *err)
{
	MEM_FREE char *folder = cli_absolute(cli_arg(c, 0), err);
	MEM_FREE char *root = folder ? find_root(folder, err) : NULL;
	if (!root)
		return -1;
	MEM_FREE char *dir = mem_printf("%s/.muster", root), *path = mem_printf("%s/.muster/config.yaml", root);
	if (file_exists(path) && !opts_has(&c->opts, "force"))
		return err_set(err, ERR_REFUSED, "%s is there already; --force replaces it", path);
	struct found f = look(root);
	struct str text STR_FREE = STR_INIT;
	write_config(&text, &f);
	int r = file_mkdirs(dir, 0777);
	if (r == 0)
		r = file_write_atomic(path, 0644, text.data, text.len);
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "cannot write %s", path);
	struct json_object *o JSON_FREE = json_new();
	json_add_str(o, "config", path);
	json_add_str(o, "gate", f.gate);
	json_add_str(o, "setup", f.setup);
	json_add_str(o, "preview", f.preview);
	if (c->json)
		cli_print_json(o);
	cli_say(c, "wrote %s", path);
	cli_say(c, "gate: %s", f.gate ? f.gate : "none found; set one, or nothing can land without --no-gate");
	return 0;
}

static const struct opt options[] = {
	{'f', "force", NULL, "replace the configuration that is there", 0},
	{0},
};

const struct verb verb_init = {
	.name = "init",
	.group = VERB_START,
	.args = "[FOLDER]",
	.help = "write .muster/config.yaml with the set-up, gate and preview commands that were detected",
	.opts = options,
	.max_args = 1,
	.completes = COMPLETE_DIR,
	.run = run,
};
