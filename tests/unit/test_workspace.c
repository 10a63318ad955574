/* Workspaces from start to removal and back. */
#include <signal.h>
#include <sys/wait.h>

#include "base/strv.h"
#include "git/record.h"
#include "house.h"
#include "work/workspace.h"
#include "work/workspace_parts.h"

struct fixture {
	struct house *h;
	struct strv setup, teardown, links;
	char *worktrees, *guard, *log;
	struct workspace_spec spec;
};

static void fixture_init(struct fixture *f, struct house *h)
{
	*f = (struct fixture){.h = h};
	f->worktrees = mem_printf("%s/state/work", h->dir);
	f->guard = mem_printf("%s/guard", h->dir);
	f->log = mem_printf("%s/log", h->dir);
	f->spec = (struct workspace_spec){
		.session_id = "abcdefghjk",
		.session_name = "one",
		.worktrees = f->worktrees,
		.hold_path = f->guard,
		.log_path = f->log,
		.setup = &f->setup,
		.teardown = &f->teardown,
		.links = &f->links,
		.port = 4100,
		.port_end = 4109,
	};
	char *path = workspace_path(&h->repo, &f->spec);
	setenv("W", path, 1);
	free(path);
}

static void fixture_fini(struct fixture *f)
{
	strv_fini(&f->setup);
	strv_fini(&f->teardown);
	strv_fini(&f->links);
	free(f->worktrees);
	free(f->guard);
	free(f->log);
}

static struct workspace prepare(struct fixture *f)
{
	struct workspace w = {0};
	struct err err = {0};
	if (workspace_check(&f->h->repo, &f->spec, &err) < 0 ||
	    workspace_prepare(&f->h->repo, &f->spec, &w, &err) < 0)
		fail_msg("%s", err.msg);
	return w;
}

static struct snapshot take_away(struct fixture *f, size_t warnings_wanted)
{
	struct snapshot s;
	struct err err = {0};
	struct strv warnings = STRV_INIT;
	if (workspace_remove(&f->h->repo, &f->spec, &s, &warnings, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; warnings.n != warnings_wanted && i < warnings.n; i++)
		print_error("%s\n", warnings.v[i]);
	assert_int_equal(warnings.n, warnings_wanted);
	strv_fini(&warnings);
	return s;
}

static void bring_back(struct fixture *f, const char *ref)
{
	struct workspace w;
	struct err err = {0};
	if (workspace_restore(&f->h->repo, &f->spec, ref, &w, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(w.warnings.n, 0);
	workspace_fini(&w);
}

static const char all_refs[] =
	"git -C repo for-each-ref --format='%(refname)' | grep -v trash; git -C repo worktree list | wc -l;"
	"ls -A state/work/*";

static void test_whole_life(void **state)
{
	struct fixture f;
	fixture_init(&f, *state);
	house_do(f.h,
		 "cd repo; printf '.env\\nnode_modules\\nbuild/\\nsub/*.key\\n' >>.gitignore; git commit -qam i;"
		 "echo secret >.env; chmod 600 .env; mkdir -p node_modules/x build sub; echo j "
		 ">node_modules/x/i.js; echo b >build/b;"
		 "echo k >sub/a.key; echo notignored >plain; printf '.env\\n*.key\\nplain\\n' >.worktreeinclude");
	strv_add(&f.links, "node_modules/");
	strv_add(&f.setup, "env | grep ^MUSTER_ | sort >env.o");
	strv_add(&f.setup, "echo working in $(pwd); git status --porcelain >clean.o");
	strv_add(&f.teardown, "echo bye $MUSTER_SESSION_NAME >\"$H/torn\"");
	struct workspace w = prepare(&f);
	assert_int_equal(w.warnings.n, 0);
	assert_string_equal(w.branch, "muster/one");
	house_expect(f.h,
		     "cd \"$W\"; cat .env sub/a.key node_modules/x/i.js; stat -c %a .env; ls; cat clean.o; git "
		     "status --porcelain",
		     "secret\nk\nj\n600\na\nb\nclean.o\nenv.o\nnode_modules\nsub");
	setenv("BASE", w.base.hex, 1);
	char *env = mem_printf(
		"MUSTER_BASE=%s\nMUSTER_BRANCH=muster/one\nMUSTER_PORT=4100\nMUSTER_PORT_END=4109\nMUSTER_REPO=%s\n"
		"MUSTER_SESSION=abcdefghjk\nMUSTER_SESSION_NAME=one\nMUSTER_WORKSPACE=%s",
		w.base.hex, f.h->repo.toplevel, w.path);
	house_expect(f.h, "cat \"$W/env.o\"", env);
	free(env);
	house_expect(f.h, "grep -c '^working in' log", "1");
	struct workspace again = prepare(&f); /* complete: nothing is run again */
	assert_string_equal(again.git_dir, w.git_dir);
	workspace_fini(&again);
	house_expect(f.h, "grep -c '^working in' log", "1");
	house_do(f.h, "cd \"$W\"; echo x >>a; git commit -qam x; echo y >y; git add y; echo z >z");
	struct snapshot s = take_away(&f, 0);
	house_expect(f.h, "cat torn; cat repo/node_modules/x/i.js", "bye one\nj");
	house_expect(f.h, all_refs, "refs/heads/main\n1");
	bring_back(&f, s.ref);
	house_expect(f.h,
		     "cd \"$W\"; git status --porcelain; git log --format=%s; cat .env node_modules/x/i.js; git "
		     "symbolic-ref HEAD",
		     "A  y\n?? z\nx\ni\nfirst\nsecret\nj\nrefs/heads/muster/one");
	/* A second life ends like the first, with a snapshot of its own. */
	house_do(f.h, "echo more >\"$W/more\"");
	struct snapshot s2 = take_away(&f, 0);
	assert_string_not_equal(s.ref, s2.ref);
	bring_back(&f, s2.ref);
	house_expect(f.h, "cat \"$W/more\"", "more");
	snapshot_fini(&s);
	snapshot_fini(&s2);
	workspace_fini(&w);
	fixture_fini(&f);
}

static void test_bad_input(void **state)
{
	static const char *const names[] = {"", "a/b", "..", "a b", "a\nb", "-x", "x.lock"};
	struct fixture f;
	struct err err = {0};
	fixture_init(&f, *state);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		f.spec.session_name = names[i];
		assert_int_equal(workspace_check(&f.h->repo, &f.spec, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
	}
	f.spec.session_name = "one";
	f.spec.base = "nowhere";
	assert_int_equal(workspace_check(&f.h->repo, &f.spec, &err), -1);
	assert_non_null(strstr(err.msg, "nowhere"));
	f.spec.base = NULL;
	house_do(f.h, "git -C repo branch muster/one");
	assert_int_equal(workspace_check(&f.h->repo, &f.spec, &err), -1);
	assert_non_null(strstr(err.msg, "exists already"));
	house_do(f.h, "git -C repo branch -D -q muster/one; git -C repo branch muster");
	assert_int_equal(workspace_check(&f.h->repo, &f.spec, &err), -1);
	assert_non_null(strstr(err.msg, "in the way"));
	house_do(f.h, "git -C repo branch -D -q muster; touch state/work");
	struct workspace w;
	assert_int_equal(workspace_prepare(&f.h->repo, &f.spec, &w, &err), -1);
	assert_non_null(strstr(err.msg, "state/work"));
	/* It can still be taken away, and tried again. */
	struct snapshot s = take_away(&f, 0);
	assert_null(s.ref);
	house_do(f.h, "rm state/work");
	w = prepare(&f);
	workspace_fini(&w);
	fixture_fini(&f);
}

static void test_setup_fails(void **state)
{
	struct fixture f;
	struct workspace w;
	struct err err = {0};
	fixture_init(&f, *state);
	strv_add(&f.setup, "echo starting; echo 'no \x1b[31mcompiler' >&2; exit 3");
	assert_int_equal(workspace_prepare(&f.h->repo, &f.spec, &w, &err), -1);
	assert_non_null(strstr(err.msg, "failed (exit 3): no compiler"));
	house_expect(f.h, "cat \"$W/b/c\"", "c");
	strv_fini(&f.setup);
	strv_add(&f.setup, "sleep 20");
	f.spec.timeout_s = 1;
	assert_int_equal(workspace_prepare(&f.h->repo, &f.spec, &w, &err), -1);
	assert_non_null(strstr(err.msg, "stopped after 1 s"));
	strv_fini(&f.setup);
	strv_add(&f.setup, "echo ok >done.o");
	w = prepare(&f);
	house_expect(f.h, "cat \"$W/done.o\"", "ok");
	strv_add(&f.teardown, "echo no; exit 1");
	struct snapshot s = take_away(&f, 1);
	assert_non_null(s.ref);
	snapshot_fini(&s);
	workspace_fini(&w);
	fixture_fini(&f);
}

/* SIGKILL after each step of a removal; what is left is set up by hand, in the order of workspace_remove. */
static void test_killed_removals(void **state)
{
	struct fixture f;
	struct err err = {0};
	fixture_init(&f, *state);
	for (int step = 0; step < 5; step++) {
		struct workspace w = prepare(&f);
		struct worktree tree = {.path = w.path, .git_dir = w.git_dir};
		setenv("A", w.git_dir, 1);
		house_do(f.h,
			 "cd \"$W\"; echo work >work; git add work; git commit -qm work; echo un >uncommitted");
		if (step >= 1) {
			const struct snapshot_spec how = {.session_id = f.spec.session_id,
							  .branch = w.branch,
							  .reason = "rm",
							  .ignored_limit_bytes = WORKSPACE_IGNORED_LIMIT};
			struct snapshot s;
			assert_int_equal(snapshot_take(&f.h->repo, &tree, &how, &s, &err), 0);
			if (step >= 2)
				assert_int_equal(
					workspace_mark(&f.h->repo, &f.spec, WORKSPACE_REMOVING, s.ref, &err), 0);
			snapshot_fini(&s);
		}
		if (step >= 3)
			house_do(f.h, "mv \"$W\" \"$(dirname \"$W\")/.gone-xyz\"");
		if (step >= 4)
			house_do(f.h, "rm -rf \"$A\"");
		struct snapshot s = take_away(&f, 0);
		assert_non_null(s.ref);
		house_expect(f.h, all_refs, "refs/heads/main\n1");
		struct snapshot none = take_away(&f, 0); /* once more: nothing to do */
		assert_null(none.ref);
		bring_back(&f, s.ref);
		house_expect(f.h, "cat \"$W/work\" \"$W/uncommitted\"; git -C \"$W\" status --porcelain",
			     "work\nun\n?? uncommitted");
		snapshot_fini(&s);
		s = take_away(&f, 0);
		snapshot_fini(&s);
		workspace_fini(&w);
	}
	fixture_fini(&f);
}

/* Runs fn in a process that is killed after a while; its git may live on for a moment, as after a kill of musterd.
 */
static void run_killed(struct fixture *f, void (*fn)(struct fixture *f), long after_us)
{
	pid_t pid = fork();
	if (pid == 0) {
		fn(f);
		_exit(0);
	}
	usleep((useconds_t)after_us);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void only_prepare(struct fixture *f)
{
	struct workspace w;
	if (workspace_prepare(&f->h->repo, &f->spec, &w, NULL) == 0)
		workspace_fini(&w);
}

static void only_remove(struct fixture *f)
{
	struct snapshot s;
	if (workspace_remove(&f->h->repo, &f->spec, &s, NULL, NULL) == 0)
		snapshot_fini(&s);
}

static void test_killed_anywhere(void **state)
{
	struct fixture f;
	struct strv refs = STRV_INIT;
	struct err err = {0};
	fixture_init(&f, *state);
	for (int i = 0; i < 8; i++) {
		run_killed(&f, only_prepare, i * 8000);
		struct workspace w = prepare(&f);
		house_expect(f.h, "cd \"$W\"; git status --porcelain; cat b/c", "c");
		house_do(f.h,
			 "cd \"$W\"; echo work >work; git add work; git commit -qm work; echo un >uncommitted");
		run_killed(&f, only_remove, i * 16000);
		struct snapshot s = take_away(&f, 0);
		house_expect(f.h, all_refs, "refs/heads/main\n1");
		/* The killed run may have come to its end: then the last snapshot is its own. */
		strv_fini(&refs);
		assert_int_equal(snapshot_list(&f.h->repo, f.spec.session_id, &refs, &err), 0);
		bring_back(&f, refs.v[refs.n - 1]);
		house_expect(f.h, "cat \"$W/work\" \"$W/uncommitted\"; git -C \"$W\" status --porcelain",
			     "work\nun\n?? uncommitted");
		snapshot_fini(&s);
		s = take_away(&f, 0);
		snapshot_fini(&s);
		workspace_fini(&w);
	}
	strv_fini(&refs);
	fixture_fini(&f);
}

static void test_damaged_worktrees(void **state)
{
	static const struct {
		const char *damage, *back;
	} cases[] = {
		{"rm -rf \"$W\"", "test -e \"$W/work\" && echo work"},
		{"rm -rf \"$A\"", "cat \"$W/uncommitted\""},
		{"rm \"$W/.git\"", "cat \"$W/uncommitted\""},
		{"touch \"$A/index.lock\" \"$A/HEAD.lock\"", "cat \"$W/uncommitted\""},
	};
	struct fixture f;
	fixture_init(&f, *state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct workspace w = prepare(&f);
		setenv("A", w.git_dir, 1);
		house_do(f.h,
			 "cd \"$W\"; echo work >work; git add work; git commit -qm work; echo un >uncommitted");
		house_do(f.h, cases[i].damage);
		struct snapshot s = take_away(&f, 0);
		assert_non_null(s.ref);
		house_expect(f.h, all_refs, "refs/heads/main\n1");
		bring_back(&f, s.ref);
		house_expect(f.h, cases[i].back, i == 0 ? "work" : "un");
		snapshot_fini(&s);
		s = take_away(&f, 0);
		snapshot_fini(&s);
		workspace_fini(&w);
	}
	fixture_fini(&f);
}

static void test_branch_in_use(void **state)
{
	struct fixture f;
	fixture_init(&f, *state);
	struct workspace w = prepare(&f);
	house_do(f.h, "git -C \"$W\" checkout -q --detach; git -C repo checkout -q muster/one");
	struct snapshot s = take_away(&f, 1);
	house_expect(f.h,
		     "git -C repo symbolic-ref HEAD; git -C repo rev-parse -q --verify HEAD >/dev/null && echo ok",
		     "refs/heads/muster/one\nok");
	snapshot_fini(&s);
	workspace_fini(&w);
	fixture_fini(&f);
}

static void test_in_place_and_adopted(void **state)
{
	struct fixture f;
	struct err err = {0};
	fixture_init(&f, *state);
	f.spec.kind = WORKSPACE_IN_PLACE;
	struct workspace w = prepare(&f);
	assert_string_equal(w.path, f.h->repo.toplevel);
	assert_string_equal(w.branch, "main");
	workspace_fini(&w);
	house_do(f.h, "echo u >repo/u");
	struct snapshot s = take_away(&f, 0);
	assert_non_null(s.ref);
	house_expect(f.h, "cat repo/u; git -C repo status --porcelain", "u\n?? u");
	snapshot_fini(&s);
	house_do(f.h, "git -C repo worktree add -q -b mine ../mine; git init -q other; ln -s mine alias");
	char *mine = mem_printf("%s/alias", f.h->dir), *other = mem_printf("%s/other", f.h->dir);
	f.spec.kind = WORKSPACE_ADOPTED;
	f.spec.adopt_path = other;
	assert_int_equal(workspace_check(&f.h->repo, &f.spec, &err), -1);
	assert_non_null(strstr(err.msg, "another repository"));
	f.spec.adopt_path = mine;
	w = prepare(&f);
	assert_string_equal(w.branch, "mine");
	workspace_fini(&w);
	house_do(f.h, "echo m >mine/m");
	s = take_away(&f, 0);
	house_expect(f.h, "cat mine/m; git -C mine symbolic-ref HEAD", "m\nrefs/heads/mine");
	snapshot_fini(&s);
	struct repo nowhere = {0};
	struct snapshot none;
	assert_int_equal(workspace_remove(&nowhere,
					  &(struct workspace_spec){.kind = WORKSPACE_IN_PLACE,
								   .session_id = "x",
								   .session_name = "x"},
					  &none, NULL, &err),
			 0);
	assert_null(none.ref);
	free(mine);
	free(other);
	fixture_fini(&f);
}

static void test_cancel(void **state)
{
	struct fixture f;
	struct workspace w;
	struct err err = {0};
	static volatile int stop = 1;
	fixture_init(&f, *state);
	f.spec.stop = &stop;
	assert_int_equal(workspace_prepare(&f.h->repo, &f.spec, &w, &err), -1);
	assert_non_null(strstr(err.msg, "cancelled"));
	f.spec.stop = NULL;
	w = prepare(&f);
	house_expect(f.h, "git -C \"$W\" status --porcelain; ls \"$W\"", "a\nb");
	workspace_fini(&w);
	fixture_fini(&f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)

int main(void)
{
	unsetenv("MUSTER_HOME"); /* the developer's own: a workspace must not be seen to inherit it */
	const struct CMUnitTest tests[] = {
		T(test_whole_life),      T(test_bad_input),
		T(test_setup_fails),     T(test_killed_removals),
		T(test_killed_anywhere), T(test_damaged_worktrees),
		T(test_branch_in_use),   T(test_in_place_and_adopted),
		T(test_cancel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
