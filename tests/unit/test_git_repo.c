/* Repositories: the good, the bad and the odd. */
#include "git/diff.h"
#include "git/path.h"
#include "git/status.h"
#include "house.h"

static void refused(const struct house *h, const char *rel, unsigned needs, enum err_code code, const char *says)
{
	struct repo r;
	struct err err = {0};
	char *path = mem_printf("%s/%s", h->dir, rel);
	assert_int_equal(repo_open(path, h->repo.state, needs, &r, &err), -1);
	if (!strstr(err.msg, says))
		fail_msg("%s: %s", rel, err.msg);
	assert_int_equal(err.code, code);
	assert_null(strchr(err.msg, '\n'));
	free(path);
}

static void test_bad_places(void **state)
{
	struct house *h = *state;
	unsigned both = REPO_NEEDS_CHECKOUT | REPO_NEEDS_COMMIT;
	house_do(h, "mkdir plain; git init -q empty; git init -q --bare bare.git; touch file");
	refused(h, "plain", 0, ERR_USAGE, "not in a git repository");
	refused(h, "missing", 0, ERR_USAGE, "No such file");
	refused(h, "file", 0, ERR_USAGE, "not a folder");
	refused(h, "empty", both, ERR_USAGE, "no commit yet");
	refused(h, "bare.git", both, ERR_USAGE, "bare repository");
	refused(h, "repo/.git", both, ERR_USAGE, "git's own folder");
	house_do(h, "echo junk >repo/.git/HEAD");
	refused(h, "repo", 0, ERR_USAGE, "not in a git repository");
}

static void test_other_owner(void **state)
{
	struct house *h = *state;
	if (geteuid() != 0)
		skip();
	house_do(h, "chown -R 12345 repo");
	refused(h, "repo", 0, ERR_REFUSED, "another user");
}

static void test_detached(void **state)
{
	struct house *h = *state;
	struct err err = {0};
	char *branch = NULL;
	house_do(h, "git -C repo checkout -q --detach");
	assert_int_equal(repo_target_branch(&h->repo, NULL, &branch, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.msg, "detached"));
	assert_int_equal(repo_target_branch(&h->repo, "main", &branch, &err), 0);
	assert_string_equal(branch, "main");
	free(branch);
	assert_int_equal(repo_target_branch(&h->repo, "nope", &branch, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
}

static void test_questions(void **state)
{
	struct house *h = *state;
	struct err err = {0};
	int ahead, behind;
	bool yes;
	char *used;
	house_do(h, "cd repo; git checkout -q -b side; echo 1 >s; git add s; git commit -qm s1; echo 2 >s; git "
		    "commit -qam s2;"
		    "git checkout -q main; echo m >m; git add m; git commit -qm m1; git checkout -q --orphan alone;"
		    "git commit -qm alone; git checkout -q main");
	struct oid main = house_oid(h, "main"), side = house_oid(h, "side"), alone = house_oid(h, "alone"), base;
	assert_int_equal(repo_ahead_behind(&h->repo, &side, &main, &ahead, &behind, &err), 0);
	assert_int_equal(ahead, 2);
	assert_int_equal(behind, 1);
	assert_int_equal(repo_merge_base(&h->repo, &side, &main, &base, &err), 0);
	struct oid expected = house_oid(h, "main~1");
	assert_true(oid_equal(&base, &expected));
	assert_int_equal(repo_merge_base(&h->repo, &alone, &main, &base, &err), 0);
	assert_false(oid_is_set(&base));
	assert_int_equal(repo_is_ancestor(&h->repo, &expected, &side, &yes, &err), 0);
	assert_true(yes);
	assert_int_equal(repo_branch_checkout(&h->repo, "main", &used, &err), 0);
	assert_string_equal(used, h->repo.toplevel);
	free(used);
	assert_int_equal(repo_commit(&h->repo, "--help", &base, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(repo_check_branch(&h->repo, "a..b", &err), -1);
	assert_int_equal(repo_check_branch(&h->repo, "-x", &err), -1);
}

static void test_refs(void **state)
{
	struct house *h = *state;
	struct err err = {0};
	struct oid main = house_oid(h, "main"), now;
	struct repo_ref_change c = {.ref = "refs/heads/x", .new = main};
	assert_int_equal(repo_refs_change(&h->repo, &c, 1, "t", &err), 0);
	assert_int_equal(repo_refs_change(&h->repo, &c, 1, "t", &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	house_do(h, "cd repo; echo 2 >a; git commit -qam 2");
	struct oid two = house_oid(h, "main");
	c.old = two;
	assert_int_equal(repo_refs_change(&h->repo, &c, 1, "t", &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	/* A branch that was turned into another name for main must not take main along. */
	house_do(h, "git -C repo symbolic-ref refs/heads/x refs/heads/main");
	c = (struct repo_ref_change){.ref = "refs/heads/x", .old = two};
	assert_int_equal(repo_refs_change(&h->repo, &c, 1, "t", &err), 0);
	assert_int_equal(repo_ref_read(&h->repo, "refs/heads/main", &now, &err), 0);
	assert_true(oid_equal(&now, &two));
	/* No guess at refs/heads/refs/heads/y. */
	house_do(h, "git -C repo update-ref refs/heads/refs/heads/y main");
	assert_int_equal(repo_ref_read(&h->repo, "refs/heads/y", &now, &err), 0);
	assert_false(oid_is_set(&now));
}

static void test_paths(void **state)
{
	struct str s = STR_INIT;
	(void)state;
	path_quote(&s, "plain name.c");
	str_addc(&s, ' ');
	path_quote(&s, "a\nb\"\\\xff\x1b");
	assert_string_equal(str_c(&s), "plain name.c \"a\\nb\\\"\\\\\\377\\033\"");
	str_fini(&s);
	assert_true(path_is_inside("a/b.c"));
	assert_true(path_is_inside("..a/.gitx"));
	static const char *const bad[] = {"", "/a", "a//b", "a/", ".", "a/..", "../a", ".git", "a/.GIT/b", "a/./b"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(path_is_inside(bad[i]));
	assert_true(path_is_below("a/.git/x"));
}

static void test_status_and_diff(void **state)
{
	struct house *h = *state;
	struct err err = {0};
	struct worktree w;
	struct status st;
	struct diff d;
	struct diff_commit *list;
	size_t n, total;
	bool cut;
	struct str text = STR_INIT;
	struct oid old = house_oid(h, "main"), none = {0};
	assert_int_equal(worktree_find(&h->repo, h->repo.toplevel, &w, &err), 0);
	house_do(h, "cd repo; git mv a 'new name'; echo x >\"$(printf 'q\\n\\377')\"; echo c2 >b/c");
	assert_int_equal(status_read(&h->repo, &w, NULL, &st, &err), 0);
	assert_int_equal(st.n, 3);
	assert_false(status_is_clean_tracked(&st));
	for (size_t i = 0; i < st.n; i++) {
		if (st.entries[i].index == 'R') {
			assert_string_equal(st.entries[i].path, "new name");
			assert_string_equal(st.entries[i].old_path, "a");
		} else if (st.entries[i].index == '?') {
			assert_string_equal(st.entries[i].path, "q\n\xff");
		} else {
			assert_string_equal(st.entries[i].path, "b/c");
			assert_int_equal(st.entries[i].worktree, 'M');
		}
	}
	assert_string_equal(st.head.branch, "main");
	status_fini(&st);
	house_do(h, "cd repo; printf '\\0\\1' >bin; git add -A; git commit -qm 'all of it'");
	struct oid new = house_oid(h, "main");
	assert_int_equal(diff_trees(&h->repo, &old, &new, NULL, NULL, &d, &err), 0);
	assert_int_equal(d.n, 4);
	assert_int_equal(d.added, 2);
	assert_int_equal(d.removed, 1);
	for (size_t i = 0; i < d.n; i++)
		if (strcmp(d.files[i].path, "bin") == 0)
			assert_int_equal(d.files[i].added, -1);
	diff_fini(&d);
	assert_int_equal(diff_trees(&h->repo, &none, &new, NULL, NULL, &d, &err), 0);
	assert_int_equal(d.n, 5);
	diff_fini(&d);
	assert_int_equal(diff_patch(&h->repo, &old, &new, NULL, 3, 1 << 20, NULL, &text, &cut, &err), 0);
	assert_false(cut);
	assert_non_null(strstr(str_c(&text), "rename to new name"));
	assert_int_equal(diff_commits(&h->repo, &old, &new, 10, &list, &n, &total, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(total, 1);
	assert_string_equal(list[0].subject, "all of it");
	assert_string_equal(list[0].author, "Lead <lead@example.org>");
	assert_int_equal(list[0].parents, 1);
	diff_commits_free(list, n);
	str_reset(&text);
	assert_int_equal(diff_blob(&h->repo, &new, "b/c", 100, &text, &err), 0);
	assert_string_equal(str_c(&text), "c2\n");
	assert_int_equal(diff_blob(&h->repo, &new, "b/none", 100, &text, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	house_do(h, "cd repo; seq 200000 >big; git add big; git commit -qm big");
	struct oid big = house_oid(h, "main");
	str_reset(&text);
	assert_int_equal(diff_patch(&h->repo, &new, &big, NULL, 3, 200000, NULL, &text, &cut, &err), 0);
	assert_true(cut);
	assert_true(text.len <= 200000 && text.len > 0 && text.data[text.len - 1] == '\n');
	assert_int_equal(diff_blob(&h->repo, &big, "big", 1000, &text, &err), -1);
	str_fini(&text);
	worktree_fini(&w);
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_bad_places), T(test_other_owner), T(test_detached),        T(test_questions),
		T(test_refs),       T(test_paths),       T(test_status_and_diff),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
