#include "git/submodule.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "git/path.h"

enum { DEPTH_MAX = 8 };

/* One level: a superproject and where its submodules come from and go to. */
struct level {
	const char *checkout;     /* the session's folder of the superproject */
	const char *modules;      /* the session's <git folder>/modules */
	const char *user;         /* the user's folder of the superproject, or NULL */
	const char *user_modules; /* the user's <git folder>/modules */
	struct git_at at;         /* the session's superproject */
	int depth;
};

struct fill {
	const volatile int *stop;
	struct strv *warnings;
};

static void warn(struct fill *f, const char *path, const char *why)
{
	struct str line STR_FREE = STR_INIT;
	str_adds(&line, "submodule ");
	path_quote(&line, path);
	str_addf(&line, " is left empty: %s", why);
	if (f->warnings)
		strv_add(f->warnings, str_c(&line));
}

/* Where the user has it; NULL when they do not. */
static char *find_source(const struct level *l, const char *name, const char *path)
{
	char *kept = mem_printf("%s/%s", l->user_modules, name);
	char *head MEM_FREE = mem_printf("%s/HEAD", kept);
	if (file_exists(head))
		return kept;
	mem_freep(&kept);
	char *inside = l->user ? mem_printf("%s/%s/.git", l->user, path) : NULL;
	if (inside && file_is_dir(inside))
		return inside;
	mem_freep(&inside);
	return NULL;
}

/* The commit that the superproject's index records; false when the path is no submodule there. */
static bool recorded_commit(const struct level *l, const char *path, struct oid *ret)
{
	struct str out STR_FREE = STR_INIT;
	if (git_run(&l->at, GIT_ARGS("ls-files", "--stage", "-z", "--", path), &(struct git_opt){.inert = true},
		    &out, NULL) < 0)
		return false;
	return out.len > 47 && strncmp(out.data, "160000 ", 7) == 0 &&
	       oid_parse(out.data + 7, strcspn(out.data + 7, " "), ret);
}

/* What a push from the session's submodule should reach: where the user's one came from. */
static void copy_remote(const char *source, const struct git_at *to)
{
	struct str url STR_FREE = STR_INIT;
	const struct git_at from = {.git_dir = source};
	if (git_run(&from, GIT_ARGS("config", "--get", "remote.origin.url"), &(struct git_opt){.inert = true}, &url,
		    NULL) < 0)
		return;
	str_trim(&url);
	if (git_run(to, GIT_ARGS("config", "remote.origin.url", str_c(&url)), NULL, NULL, NULL) < 0)
		return; /* it keeps pointing to the user's copy, which works too */
}

static int clone(struct fill *f, const char *source, const char *git_dir, const char *folder,
		 const struct oid *commit, struct err *err)
{
	struct git_opt opt = {.stop = f->stop};
	char *option MEM_FREE = mem_printf("--separate-git-dir=%s", git_dir);
	char *parent MEM_FREE = mem_strdup(git_dir);
	*strrchr(parent, '/') = '\0';
	int made = file_mkdirs(parent, 0777);
	if (made < 0)
		return err_set_errno(err, ERR_FAILED, made, "%s", parent);
	const struct git_at anywhere = {.cwd = "/"};
	if (git_run(&anywhere,
		    GIT_ARGS("-c", "protocol.file.allow=always", "clone", "--quiet", "--no-checkout", "--shared",
			     "--no-tags", "--template=", option, "--", source, folder),
		    &opt, NULL, err) < 0)
		return -1;
	const struct git_at at = {.cwd = folder, .git_dir = git_dir, .work_tree = folder};
	copy_remote(source, &at);
	return git_run(&at, GIT_ARGS("checkout", "--quiet", "--force", "--detach", commit->hex), &opt, NULL, err);
}

static void fill_level(struct fill *f, const struct level *l);

static void fill_one(struct fill *f, const struct level *l, const char *name, const char *path)
{
	struct oid commit;
	struct err err = {0};
	if (!recorded_commit(l, path, &commit))
		return;
	if (!path_is_inside(name) || !path_is_inside(path)) {
		warn(f, path, "its name or path leads out of the repository");
		return;
	}
	char *source MEM_FREE = find_source(l, name, path);
	if (!source)
		return;
	char *git_dir MEM_FREE = mem_printf("%s/%s", l->modules, name);
	char *folder MEM_FREE = mem_printf("%s/%s", l->checkout, path);
	if (clone(f, source, git_dir, folder, &commit, &err) < 0) {
		warn(f, path, err.msg);
		return;
	}
	char *modules MEM_FREE = mem_printf("%s/modules", git_dir);
	char *user_modules MEM_FREE = mem_printf("%s/modules", source);
	char *user MEM_FREE = l->user ? mem_printf("%s/%s", l->user, path) : NULL;
	const struct level below = {
		.checkout = folder,
		.modules = modules,
		.user = user,
		.user_modules = user_modules,
		.at = {.cwd = folder, .git_dir = git_dir, .work_tree = folder},
		.depth = l->depth + 1,
	};
	fill_level(f, &below);
}

static void fill_level(struct fill *f, const struct level *l)
{
	struct str out STR_FREE = STR_INIT;
	char *list MEM_FREE = mem_printf("%s/.gitmodules", l->checkout);
	if (!file_exists(list) || l->depth > DEPTH_MAX)
		return;
	struct err err = {0};
	int code = 0;
	if (git_run(&l->at, GIT_ARGS("config", "-z", "-f", list, "--get-regexp", "^submodule\\..*\\.path$"),
		    &(struct git_opt){.inert = true, .ret_exit = &code}, &out, &err) < 0) {
		warn(f, ".gitmodules", err.msg);
		return;
	}
	/* Records are "submodule.NAME.path\nPATH". */
	for (struct git_part p = {0}; git_next(&out, &p) && !(f->stop && *f->stop);) {
		const char *path = strchr(p.text, '\n');
		size_t key = path ? (size_t)(path - p.text) : 0;
		if (key < strlen("submodule.x.path"))
			continue;
		char *name MEM_FREE = mem_strndup(p.text + 10, key - 10 - 5);
		fill_one(f, l, name, path + 1);
	}
}

void submodule_fill(const struct repo *r, const struct worktree *w, const volatile int *stop, struct strv *warnings)
{
	struct fill f = {.stop = stop, .warnings = warnings};
	char *modules MEM_FREE = mem_printf("%s/modules", w->git_dir);
	char *user_modules MEM_FREE = mem_printf("%s/modules", r->git_dir);
	const struct level top = {
		.checkout = w->path,
		.modules = modules,
		.user = r->toplevel,
		.user_modules = user_modules,
		.at = {.cwd = w->path, .git_dir = w->git_dir, .common_dir = r->common_dir, .work_tree = w->path},
	};
	fill_level(&f, &top);
}
