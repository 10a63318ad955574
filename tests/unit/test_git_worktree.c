/* Worktrees next to what else a repository may have, and their repair. */
#include <errno.h>
#include <pthread.h>

#include "base/strv.h"
#include "git/folder.h"
#include "git/record.h"
#include "git/status.h"
#include "house.h"

/* All of the user's side: the checkout, index, stash, hooks and configuration; the repository's objects and
 * muster's refs and worktrees are not theirs. */
static const char users_side[] = "cd repo; find . -path ./.git/objects -prune -o -path ./.git/worktrees -prune -o "
				 "-path ./.git/refs/heads/muster -prune -o "
				 "-path ./.git/refs/muster -prune -o -path ./.git/logs/refs/heads/muster -prune -o "
				 "-printf '%y %m %p %l %T@\\n' | "
				 "grep -v -e ' ./.git [0-9. ]*$' -e ' ./.git/refs/heads ' -e ' ./.git/refs ' -e ' "
				 "./.git/logs/refs/heads ' | LC_ALL=C sort;"
				 "cat .git/index .git/config .git/HEAD .git/hooks/* a $(ls b/c 2>/dev/null) | "
				 "sha256sum; git rev-parse -q --verify refs/stash || true";

static struct worktree_spec spec_of(const struct house *h, const char *name, char **ret_path)
{
	struct err err = {0};
	char *ref = mem_printf("refs/heads/muster/%s", name);
	const struct repo_ref_change change = {.ref = ref, .new = house_oid(h, "main")};
	assert_int_equal(repo_refs_change(&h->repo, &change, 1, "test", &err), 0);
	free(ref);
	*ret_path = mem_printf("%s/state/work/%s", h->dir, name);
	setenv("W", *ret_path, 1);
	return (struct worktree_spec){.path = *ret_path, .at = change.new, .lock_reason = "test"};
}

static struct worktree add(const struct house *h, const char *name, struct strv *warnings)
{
	struct worktree w;
	struct err err = {0};
	char *path, *branch = mem_printf("muster/%s", name);
	struct worktree_spec spec = spec_of(h, name, &path);
	spec.branch = branch;
	if (worktree_add(&h->repo, &spec, &w, warnings, &err) < 0)
		fail_msg("%s", err.msg);
	setenv("A", w.git_dir, 1);
	free(path);
	free(branch);
	return w;
}

static void end(const struct house *h, struct worktree *w)
{
	struct err err = {0};
	if (worktree_remove(&h->repo, w, &err) < 0)
		fail_msg("%s", err.msg);
	assert_false(file_exists(w->path));
	worktree_fini(w);
}

static void test_user_untouched(void **state)
{
	struct house *h = *state;
	house_do(h, "cd repo; echo st >>a; git stash -q; echo dirty >>a; echo s >staged; git add staged; echo u "
		    ">untracked;"
		    "printf '#!/bin/sh\\ntouch \"$H/hook-ran\"\\n' >.git/hooks/post-checkout; chmod +x "
		    ".git/hooks/post-checkout;"
		    "cp .git/hooks/post-checkout .git/hooks/reference-transaction");
	char *before = house_sh(h, users_side);
	struct worktree w = add(h, "one", NULL);
	struct status st;
	struct err err = {0};
	assert_int_equal(status_read(&h->repo, &w, NULL, &st, &err), 0);
	assert_true(status_is_clean(&st));
	status_fini(&st);
	end(h, &w);
	house_expect(h, users_side, before);
	house_expect(h, "test -e hook-ran && echo ran || echo no", "no");
	house_do(h, "cd repo; rm .git/hooks/reference-transaction; git stash -q; git stash pop -q; git stash pop "
		    "-q 2>&1 || git stash list");
	free(before);
}

static void test_worktree_config_and_sparse(void **state)
{
	struct house *h = *state;
	house_do(h, "cd repo; mkdir d1 d2; echo 1 >d1/f; echo 2 >d2/f; git add -A; git commit -qm d;"
		    "git config extensions.worktreeConfig true; git sparse-checkout set d1");
	char *before = house_sh(h, users_side);
	struct worktree w = add(h, "one", NULL);
	house_expect(h, "cd \"$W\"; ls; git status --porcelain", "a\nd1");
	struct err err = {0};
	struct status st;
	assert_int_equal(status_read(&h->repo, &w, NULL, &st, &err), 0);
	assert_true(status_is_clean(&st));
	status_fini(&st);
	end(h, &w);
	house_expect(h, users_side, before);
	free(before);
}

static void test_submodules(void **state)
{
	struct house *h = *state;
	struct strv warnings = STRV_INIT;
	house_do(h, "for m in inner sub; do git init -q -b main $m; (cd $m; git config user.name S; git config "
		    "user.email s@s;"
		    "echo $m >f; git add f; git commit -qm $m); done;"
		    "git -C sub -c protocol.file.allow=always submodule --quiet add \"$H/inner\" deep/inner; git "
		    "-C sub commit -qm i;"
		    "cd repo; git -c protocol.file.allow=always submodule --quiet add \"$H/sub\" lib/sub; git "
		    "commit -qm sub;"
		    "git -c protocol.file.allow=always submodule --quiet update --init --recursive; rm -rf "
		    "\"$H/sub\" \"$H/inner\"");
	char *before = house_sh(h, users_side);
	struct worktree w = add(h, "one", &warnings);
	for (size_t i = 0; i < warnings.n; i++)
		print_error("%s\n", warnings.v[i]);
	assert_int_equal(warnings.n, 0);
	house_expect(h,
		     "cd \"$W\"; cat lib/sub/f lib/sub/deep/inner/f; git status --porcelain; git submodule status "
		     "--recursive | wc -l",
		     "sub\ninner\n2");
	house_expect(h, users_side, before);
	end(h, &w);
	house_expect(h, users_side, before);
	strv_fini(&warnings);
	free(before);
}

static void *add_one(void *arg)
{
	struct worktree_spec *spec = ((void **)arg)[1];
	struct worktree w;
	struct err err = {0};
	if (worktree_add(((void **)arg)[0], spec, &w, NULL, &err) < 0) {
		print_error("%s\n", err.msg);
		return arg;
	}
	worktree_fini(&w);
	return NULL;
}

static void test_parallel(void **state)
{
	enum { N = 12 };
	struct house *h = *state;
	struct worktree_spec specs[N];
	char *paths[N], *branches[N];
	void *args[N][2];
	pthread_t threads[N];
	for (int i = 0; i < N; i++) {
		char name[16];
		snprintf(name, sizeof name, "p%d", i);
		specs[i] = spec_of(h, name, &paths[i]);
		specs[i].branch = branches[i] = mem_printf("muster/%s", name);
		args[i][0] = &h->repo;
		args[i][1] = &specs[i];
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_one, args[i]), 0);
	for (int i = 0; i < N; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	house_expect(h, "git -C repo worktree list | wc -l; cat state/work/*/b/c | wc -l", "13\n12");
	for (int i = 0; i < N; i++) {
		free(paths[i]);
		free(branches[i]);
	}
}

/* Killed after any step of its making: the next run begins again. */
static void test_interrupted(void **state)
{
	static const char *const damage[] = {
		"rm -rf \"$W\"", "rm -rf \"$A\"", "rm -f \"$W/.git\"", "rm -f \"$A/index\"; rm \"$W/a\"", "true",
	};
	struct house *h = *state;
	struct err err = {0};
	struct worktree w = add(h, "one", NULL);
	for (size_t i = 0; i < ARRAY_LEN(damage); i++) {
		struct record rec;
		assert_int_equal(record_read(h->repo.state, w.path, &rec, &err), 0);
		rec.ready = false;
		assert_int_equal(record_write(h->repo.state, &rec, &err), 0);
		record_fini(&rec);
		house_do(h, damage[i]);
		struct worktree_spec spec = {.path = w.path, .branch = "muster/one", .at = house_oid(h, "main")};
		struct worktree again;
		if (worktree_add(&h->repo, &spec, &again, NULL, &err) < 0)
			fail_msg("%s: %s", damage[i], err.msg);
		assert_string_equal(again.git_dir, w.git_dir);
		house_expect(h,
			     "cd \"$W\"; git status --porcelain; cat b/c; git -C \"$H/repo\" worktree list | wc -l",
			     "c\n2");
		worktree_fini(&again);
	}
	house_do(h, "mkdir -p state/work/full; touch state/work/full/x");
	char *full = mem_printf("%s/state/work/full", h->dir);
	struct worktree_spec spec = {.path = full, .at = house_oid(h, "main")};
	assert_int_equal(worktree_add(&h->repo, &spec, &w, NULL, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	house_expect(h, "ls state/work/full", "x");
	free(full);
	worktree_fini(&w);
}

static void test_doctor(void **state)
{
	static const char *const damage[] = {
		"rm -rf \"$W\"",
		"mv \"$A\" \"$H/moved\"",
		"rm \"$W/.git\"",
		"echo 'gitdir: /tmp' >\"$W/.git\"",
		"echo /tmp >\"$A/commondir\"",
		"touch -d '1 hour ago' \"$A/index.lock\"",
		"mkdir -p \"$(dirname \"$W\")/x\"; rm -f \"$A/gitdir\"",
	};
	struct house *h = *state;
	struct err err = {0};
	struct strv found = STRV_INIT;
	struct worktree w = add(h, "one", NULL);
	assert_int_equal(worktree_doctor(&h->repo, false, &found, &err), 0);
	assert_int_equal(found.n, 0);
	for (size_t i = 0; i < ARRAY_LEN(damage); i++) {
		house_do(h, damage[i]);
		assert_int_equal(worktree_doctor(&h->repo, false, &found, &err), 0);
		if (found.n == 0)
			fail_msg("not found: %s", damage[i]);
		strv_fini(&found);
		assert_int_equal(worktree_doctor(&h->repo, true, &found, &err), 0);
		for (size_t k = 0; k < found.n; k++)
			if (!strstr(found.v[k], ": repaired"))
				fail_msg("%s", found.v[k]);
		strv_fini(&found);
		assert_int_equal(worktree_doctor(&h->repo, true, &found, &err), 0);
		assert_int_equal(found.n, 0);
		house_expect(h, "cd \"$W\"; git status --porcelain; cat b/c; git symbolic-ref HEAD",
			     "c\nrefs/heads/muster/one");
	}
	worktree_fini(&w);
}

/* What an agent leaves behind must not lead a delete outside, however deep or closed it is. */
static void test_remove_stays_inside(void **state)
{
	struct house *h = *state;
	struct worktree w = add(h, "one", NULL);
	house_do(h, "mkdir precious; echo p >precious/p; cd \"$W\"; ln -s \"$H/precious\" link; ln -s "
		    "../../../precious up;"
		    "mkdir closed; touch closed/f; chmod 0 closed; mkfifo pipe;"
		    "d=.; for i in $(seq 30); do d=$d/aaaaaaaa; done; for k in $(seq 8); do mkdir -p \"$d\"; cd "
		    "\"$d\"; done; touch bottom");
	end(h, &w);
	house_expect(h, "cat precious/p; ls -A state/work", "p");
	struct worktree main_one = {.path = h->repo.toplevel, .git_dir = h->repo.common_dir};
	struct err err = {0};
	assert_int_equal(worktree_remove(&h->repo, &main_one, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
}

static void test_copy_stays_inside(void **state)
{
	struct house *h = *state;
	house_do(h, "mkdir from to out; echo x >from/x; mkdir from/d to/real; echo y >from/d/y; ln -s \"$H/out\" "
		    "to/d; ln -s x from/l;"
		    "chmod 755 from/x; ln -s \"$H/out/new\" to/dangling; echo q >from/dangling");
	char *from_path = mem_printf("%s/from", h->dir), *to_path = mem_printf("%s/to", h->dir);
	int from = folder_open(from_path), to = folder_open(to_path);
	assert_int_equal(folder_copy(from, to, "x"), 0);
	assert_int_equal(folder_copy(from, to, "x"), -EEXIST);
	assert_int_equal(folder_copy(from, to, "l"), 0);
	assert_true(folder_copy(from, to, "d/y") < 0);
	assert_int_equal(folder_copy(from, to, "dangling"), -EEXIST);
	assert_int_equal(folder_copy(from, to, "../x"), -EINVAL);
	house_expect(h, "ls -A out; stat -c %a to/x; readlink to/l; ls -A to | grep -c muster || true",
		     "755\nx\n0");
	close(from);
	close(to);
	free(from_path);
	free(to_path);
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_user_untouched),      T(test_worktree_config_and_sparse),
		T(test_submodules),          T(test_parallel),
		T(test_interrupted),         T(test_doctor),
		T(test_remove_stays_inside), T(test_copy_stays_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
