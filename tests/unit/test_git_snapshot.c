/* Snapshots come back byte for byte. */
#include "base/strv.h"
#include "git/snapshot.h"
#include "git/status.h"
#include "house.h"

/* Everything of a folder as text: names, types, modes, contents, link targets; but not the .git that a worktree
 * has. */
static const char fingerprint[] =
	"cd \"$W\" && find . -path ./.git -prune -o -printf '%y %m %p %l\\n' | LC_ALL=C sort && "
	"find . -path ./.git -prune -o -type f -readable -print0 | LC_ALL=C sort -z | xargs -0 sha256sum";

static struct worktree add(const struct house *h, const char *branch)
{
	struct worktree w;
	struct err err = {0};
	char *path = mem_printf("%s/state/work/%s", h->dir, branch);
	char *ref = mem_printf("refs/heads/%s", branch);
	const struct repo_ref_change change = {.ref = ref, .new = house_oid(h, "main")};
	assert_int_equal(repo_refs_change(&h->repo, &change, 1, "test", &err), 0);
	struct worktree_spec spec = {.path = path, .branch = branch, .at = change.new, .lock_reason = "test"};
	struct strv warnings = STRV_INIT;
	if (worktree_add(&h->repo, &spec, &w, &warnings, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < warnings.n; i++)
		print_error("%s\n", warnings.v[i]);
	assert_int_equal(warnings.n, 0);
	strv_fini(&warnings);
	free(path);
	free(ref);
	setenv("W", w.path, 1);
	return w;
}

static struct snapshot take(const struct house *h, const struct worktree *w, int64_t limit)
{
	struct snapshot s;
	struct err err = {0};
	const struct snapshot_spec spec = {
		.session_id = "s1", .reason = "test", .branch = "work", .ignored_limit_bytes = limit};
	if (snapshot_take(&h->repo, w, &spec, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void drop_branch(const struct house *h, const char *branch)
{
	char *script = mem_printf("git -C repo update-ref -d refs/heads/%s", branch);
	house_do(h, script);
	free(script);
}

static void restore(const struct house *h, const struct snapshot *s, struct worktree *ret, size_t warnings_wanted)
{
	struct err err = {0};
	struct strv warnings = STRV_INIT;
	if (snapshot_restore(&h->repo, s, s->path, ret, &warnings, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; warnings.n != warnings_wanted && i < warnings.n; i++)
		print_error("%s\n", warnings.v[i]);
	assert_int_equal(warnings.n, warnings_wanted);
	strv_fini(&warnings);
}

/* Shows what differs, then fails. */
static void expect_same(const struct house *h, const char *script, const char *before)
{
	char *after = house_sh(h, script);
	if (strcmp(before, after) != 0) {
		setenv("X", before, 1);
		setenv("Y", after, 1);
		char *diff = house_sh(h, "printf %s \"$X\" >x; printf %s \"$Y\" >y; diff -u x y || true");
		print_error("%s\n", diff);
		free(diff);
		fail();
	}
	free(after);
}

/* Takes a snapshot, removes the worktree and its branch, brings them back, compares. `more` is a script whose
 * output must be the same too. */
static void round_trip(const struct house *h, struct worktree *w, const char *more, size_t notes)
{
	struct err err = {0};
	char *files = house_sh(h, fingerprint), *said = house_sh(h, more);
	struct snapshot s = take(h, w, 1 << 20);
	for (size_t i = 0; i < s.notes.n && s.notes.n != notes; i++)
		print_error("%s\n", s.notes.v[i]);
	assert_int_equal(s.notes.n, notes);
	expect_same(h, fingerprint, files);
	expect_same(h, more, said);
	if (worktree_remove(&h->repo, w, &err) < 0)
		fail_msg("%s", err.msg);
	assert_false(file_exists(w->path));
	assert_false(file_exists(w->git_dir));
	worktree_fini(w);
	drop_branch(h, "work");
	restore(h, &s, w, 0);
	expect_same(h, fingerprint, files);
	expect_same(h, more, said);
	snapshot_fini(&s);
	free(files);
	free(said);
}

static void test_everything(void **state)
{
	struct house *h = *state;
	struct worktree w = add(h, "work");
	house_do(h, "cd \"$W\"; echo h >HEAD; mkdir logs; echo l >logs/HEAD; git add HEAD logs; echo changed >>a; "
		    "printf 'x\\ny\\n' >staged; git add staged; echo more >>staged;"
		    "git commit -qm second; echo z >b/c; git add b/c; rm b/c;"
		    "mkdir -p deep/er empty/nested; echo t >deep/er/file; ln -s /etc/passwd link; ln -s nowhere "
		    "dangling;"
		    "printf '#!/bin/sh\\n' >run; chmod 755 run; echo s >secret; chmod 600 secret; chmod 700 deep;"
		    "echo o >x.o; printf 'a\\nb' >\"$(printf 'new\\nline\\tname')\"; printf x >\"$(printf "
		    "'by\\377te')\";"
		    "echo n >later; git add -N later; : >zero; git add zero");
	round_trip(h, &w,
		   "cd \"$W\"; git status --porcelain=v2 -z | tr '\\0' '\\n'; git ls-files -s; git log --format=%H;"
		   "git symbolic-ref HEAD; git reflog",
		   0);
	worktree_fini(&w);
}

static void test_conflict_and_lost_commits(void **state)
{
	struct house *h = *state;
	struct worktree w = add(h, "work");
	house_do(h, "cd \"$W\"; git checkout -q -b other; echo A >a; git commit -qam A; git checkout -q work; echo "
		    "B >a;"
		    "echo d >d; git add d; git commit -qam B; echo L >lost; git add lost; git commit -qm lost;"
		    "git rev-parse HEAD >\"$H/lost\"; git reset -q --hard HEAD~1; git rm -q b/c; git commit -qm rm;"
		    "git merge other || true; git update-index --assume-unchanged d; echo hidden >d");
	round_trip(h, &w,
		   "cd \"$W\"; git status --porcelain=v2; git ls-files -v -s; cat \"$(git rev-parse --git-path "
		   "MERGE_HEAD)\";"
		   "git cat-file -t $(cat \"$H/lost\"); git diff",
		   0);
	house_expect(h, "git -C repo rev-list refs/muster/trash/s1/1 | grep -c $(cat lost)", "1");
	worktree_fini(&w);
}

static void test_conversions(void **state)
{
	struct house *h = *state;
	house_do(h, "cd repo; git config filter.up.clean 'tr A-Z a-z'; git config filter.up.smudge 'tr a-z A-Z';"
		    "printf '*.txt text\\n*.up filter=up\\n*.id ident\\n' >.gitattributes;"
		    "printf 'l\\r\\nl\\r\\n' >crlf.txt; echo SHOUT >s.up; head -c 2000000 /dev/zero | tr '\\0' Q "
		    ">large.up; printf '$Id$\\n' >v.id; git add -A; git commit -qm attr");
	struct worktree w = add(h, "work");
	house_do(h, "cd \"$W\"; printf 'new\\r\\n' >n.txt; printf 'MiXed\\n' >m.up; git add m.up; printf "
		    "'l\\r\\nl\\r\\n' >crlf.txt");
	round_trip(h, &w, "cd \"$W\"; git diff --cached; git ls-files -s; git ls-files -o", 0);
	worktree_fini(&w);
}

/* Large files of git-lfs stay in its store, and come back out of it; a changed one is kept as it is. */
static void test_lfs(void **state)
{
	struct house *h = *state;
	struct oid tree;
	struct err err = {0};
	if (system("git lfs version >/dev/null 2>&1") != 0)
		skip();
	house_do(h, "cd repo; git lfs install --local --skip-repo >/dev/null; echo '*.bin filter=lfs -text' "
		    ">.gitattributes;"
		    "head -c 3000000 /dev/urandom >big.bin; head -c 2000000 /dev/urandom >other.bin; git add -A; "
		    "git commit -qm lfs");
	struct worktree w = add(h, "work");
	house_do(h, "cd \"$W\"; head -c 2500000 /dev/urandom >other.bin");
	assert_int_equal(snapshot_tree(&h->repo, &w, NULL, &tree, &err), 0);
	setenv("T", tree.hex, 1);
	house_expect(h,
		     "git -C repo cat-file blob $T:other.bin | head -1; test -e "
		     "repo/.git/lfs/objects/*/*/$(sha256sum <\"$W/other.bin\" | "
		     "cut -d' ' -f1) && echo stored",
		     "version https://git-lfs.github.com/spec/v1\nstored");
	round_trip(h, &w, "cd \"$W\"; git ls-files -s", 0);
	house_expect(h, "git -C repo cat-file blob refs/muster/trash/s1/1:worktree/big.bin | head -1",
		     "version https://git-lfs.github.com/spec/v1");
	worktree_fini(&w);
}

static void test_nested(void **state)
{
	struct house *h = *state;
	struct worktree w = add(h, "work");
	house_do(h,
		 "cd \"$W\"; git init -q -b main in/ner; cd in/ner; git config user.name N; git config user.email "
		 "n@n;"
		 "echo i >i; git add i; git commit -qm i; echo j >j; git init -q bare-born; echo k >bare-born/k");
	round_trip(h, &w,
		   "cd \"$W/in/ner\"; git log --format=%H; git status --porcelain; git -C bare-born status "
		   "--porcelain;"
		   "cd \"$W\"; find in -path '*/.git/*' -type f ! -name index | sort | xargs sha256sum",
		   0);
	worktree_fini(&w);
}

static void test_unchanged_is_one(void **state)
{
	struct house *h = *state;
	struct worktree w = add(h, "work");
	struct snapshot a = take(h, &w, 0), b = take(h, &w, 0);
	assert_string_equal(a.ref, b.ref);
	assert_string_equal(a.ref, "refs/muster/trash/s1/1");
	house_do(h, "echo 1 >\"$W/one\"");
	struct snapshot c = take(h, &w, 0);
	assert_string_equal(c.ref, "refs/muster/trash/s1/2");
	snapshot_fini(&a);
	snapshot_fini(&b);
	snapshot_fini(&c);
	worktree_fini(&w);
}

static void test_ignored_limit(void **state)
{
	struct house *h = *state;
	struct worktree w = add(h, "work");
	house_do(h, "cd \"$W\"; echo build/ >>.gitignore; mkdir -p build/a; head -c 100000 /dev/zero >build/a/big; "
		    "echo s >s.o");
	struct snapshot s = take(h, &w, 5000);
	assert_int_equal(s.notes.n, 1);
	assert_non_null(strstr(s.notes.v[0], "build"));
	house_expect(h, "git -C repo ls-tree -r --name-only refs/muster/trash/s1/1:worktree",
		     ".gitignore\na\nb/c\ns.o");
	snapshot_fini(&s);
	worktree_fini(&w);
}

/* The agent rewrites what ties its worktree to the repository, with a program in each setting that git would run.
 */
static void test_hostile(void **state)
{
	struct house *h = *state;
	struct err err = {0};
	struct oid tree;
	struct worktree w = add(h, "work");
	setenv("A", w.git_dir, 1);
	house_do(h,
		 "git init -q evil; git -C repo config extensions.worktreeConfig true;"
		 "printf '#!/bin/sh\\ntouch \"%s/ran\"\\ncat\\n' \"$H\" >prog; chmod +x prog;"
		 "for c in evil/.git/config \"$A/config.worktree\"; do"
		 " for k in core.fsmonitor filter.x.clean filter.x.smudge filter.x.process diff.external "
		 "diff.x.textconv"
		 " diff.x.command core.sshCommand core.editor core.pager; do git config -f $c $k \"$H/prog\"; done;"
		 " git config -f $c core.hooksPath \"$H/hooks\"; done;"
		 "mkdir hooks; for k in post-index-change reference-transaction post-checkout; do cp prog "
		 "hooks/$k; done;"
		 "cd \"$W\"; echo '* filter=x diff=x' >.gitattributes; echo q >>a; echo u >u;"
		 "echo \"$H/evil/.git\" >\"$A/commondir\"; echo \"gitdir: $H/evil/.git\" >.git");
	if (snapshot_tree(&h->repo, &w, NULL, &tree, &err) < 0)
		fail_msg("%s", err.msg);
	struct status st;
	assert_int_equal(status_read(&h->repo, &w, NULL, &st, &err), 0);
	assert_int_equal(st.n, 3);
	status_fini(&st);
	struct snapshot s = take(h, &w, 0);
	house_expect(h, "test -e ran && echo ran || echo safe", "safe");
	house_expect(h, "git -C repo show refs/muster/trash/s1/1:worktree/u", "u");
	snapshot_fini(&s);
	/* A link in place of the index or HEAD is not followed. */
	house_do(h, "echo top >top; ln -sf \"$H/top\" \"$A/HEAD\"");
	assert_int_equal(snapshot_tree(&h->repo, &w, NULL, &tree, &err), -1);
	house_do(h, "rm \"$A/HEAD\"; mkfifo \"$A/HEAD\"");
	assert_int_equal(snapshot_tree(&h->repo, &w, NULL, &tree, &err), -1);
	worktree_fini(&w);
}

/* A submodule's git folder belongs to the agent altogether; its uncommitted work comes back all the same. */
static void test_hostile_submodule(void **state)
{
	struct house *h = *state;
	struct oid tree;
	struct err err = {0};
	struct status st;
	house_do(h, "git init -q -b main sub; cd sub; git config user.name S; git config user.email s@s; echo f "
		    ">f; git add f;"
		    "git commit -qm s; cd ../repo; git -c protocol.file.allow=always submodule --quiet add "
		    "\"$H/sub\" lib;"
		    "git commit -qm sub; printf '#!/bin/sh\\ntouch \"%s/ran\"\\ncat\\n' \"$H\" >\"$H/prog\"; chmod "
		    "+x \"$H/prog\"");
	struct worktree w = add(h, "work");
	house_do(h, "cd \"$W/lib\"; echo c >c; git add c; git -c user.name=A -c user.email=a@a commit -qm c; echo "
		    "more >>f; echo n >n;"
		    "git config core.fsmonitor \"$H/prog\"; git config filter.x.clean \"$H/prog\"; echo '* "
		    "filter=x' >.gitattributes");
	assert_int_equal(status_read(&h->repo, &w, NULL, &st, &err), 0);
	assert_int_equal(st.n, 1);
	assert_true(st.entries[0].submodule);
	status_fini(&st);
	assert_int_equal(snapshot_tree(&h->repo, &w, NULL, &tree, &err), 0);
	round_trip(h, &w, "cat \"$W/lib/f\" \"$W/lib/n\"; git -C \"$W/lib\" rev-list HEAD", 0);
	house_expect(h, "test -e ran && echo ran || echo safe", "safe");
	worktree_fini(&w);
}

static void test_branch_in_the_way(void **state)
{
	struct house *h = *state;
	struct err err = {0};
	struct worktree w = add(h, "work"), again;
	house_do(h, "echo 2 >\"$W/a\"; git -C \"$W\" commit -qam two");
	struct snapshot s = take(h, &w, 0);
	assert_int_equal(worktree_remove(&h->repo, &w, &err), 0);
	assert_int_equal(worktree_remove(&h->repo, &w, &err), 0);
	house_do(h, "git -C repo branch -f work main");
	assert_int_equal(snapshot_restore(&h->repo, &s, s.path, &again, NULL, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	house_do(h, "git -C repo branch -D -q work");
	restore(h, &s, &again, 0);
	house_expect(h, "cat \"$W/a\"", "2");
	snapshot_fini(&s);
	worktree_fini(&w);
	worktree_fini(&again);
}

static void test_restore_files(void **state)
{
	struct house *h = *state;
	struct err err = {0};
	struct worktree w;
	char *top = mem_printf("%s/repo", h->dir);
	setenv("W", top, 1);
	house_do(h, "cd repo; echo mine >>a; echo u >u; git add u");
	assert_int_equal(worktree_find(&h->repo, top, &w, &err), 0);
	char *files = house_sh(h, fingerprint), *status = house_sh(h, "git -C repo status --porcelain");
	struct snapshot s = take(h, &w, 0);
	house_do(h, "cd repo; git reset -q --hard; mkdir out; echo keep >out/c; rm -r b; ln -s ../out b");
	if (snapshot_restore_files(&h->repo, &s, &w, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	house_expect(h, "cat repo/out/c; rm -r repo/out", "keep");
	house_expect(h, fingerprint, files);
	house_expect(h, "git -C repo status --porcelain", status);
	snapshot_fini(&s);
	worktree_fini(&w);
	free(files);
	free(status);
	free(top);
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_everything),
		T(test_conflict_and_lost_commits),
		T(test_conversions),
		T(test_lfs),
		T(test_nested),
		T(test_unchanged_is_one),
		T(test_ignored_limit),
		T(test_hostile),
		T(test_hostile_submodule),
		T(test_branch_in_the_way),
		T(test_restore_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
