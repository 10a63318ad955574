/* Reviews and approvals on the real git, hostile workspaces included; and the order of the queue. */
#include "fmt/json.h"
#include "house.h"
#include "land/queue.h"
#include "review/approve.h"
#include "review/review.h"
#include "review/scope.h"

static struct worktree workspace_of(struct house *h)
{
	struct worktree w;
	struct err err = {0};
	char *path = mem_printf("%s/state/ws", h->dir);
	int r = worktree_find(&h->repo, path, &w, &err);
	if (r < 0)
		print_error("%s\n", err.msg);
	assert_int_equal(r, 0);
	free(path);
	return w;
}

static void make_branch(struct house *h)
{
	house_do(h, "cd repo; git worktree add -q -b muster/work ../state/ws; cd ../state/ws;"
	            "sed -i s/two/TWO/ a; echo new >new; git add -A; git commit -qm 'The work'");
}

static void review(struct house *h, const struct worktree *w, const struct strv *scope, size_t limit, struct review *ret)
{
	struct err err = {0};
	const struct review_spec spec = {.repo = &h->repo, .tip = "muster/work", .target = "main", .worktree = w,
	                                 .scope = scope, .patch_limit = limit};
	int r = review_make(&spec, ret, &err);
	if (r < 0)
		print_error("%s\n", err.msg);
	assert_int_equal(r, 0);
}

static struct json_object *file_of(struct json_object *review_object, const char *list, const char *path)
{
	struct json_object *files = json_arr(review_object, list);
	for (size_t i = 0; i < json_len(files); i++)
		if (strcmp(json_str(json_at(files, i), "path"), path) == 0)
			return json_at(files, i);
	print_error("no %s in %s\n", path, list);
	fail();
	return NULL;
}

static void test_committed_and_uncommitted(void **state)
{
	struct house *h = *state;
	struct review rv;
	make_branch(h);
	house_do(h, "cd state/ws; echo draft >draft; echo more >>new; echo junk >junk.o");
	struct worktree w = workspace_of(h);
	review(h, &w, NULL, 0, &rv);
	struct json_object *o = review_json(&rv);
	assert_int_equal(rv.n_commits, 1);
	assert_string_equal(rv.commits[0].subject, "The work");
	assert_true(rv.mergeable);
	assert_false(rv.landed);
	assert_int_equal(rv.committed.n, 2);
	assert_int_equal(rv.uncommitted.n, 2);
	assert_int_equal(json_int(file_of(o, "files", "a"), "added", -1), 1);
	assert_string_equal(json_str(file_of(o, "files", "new"), "status"), "A");
	assert_string_equal(json_str(file_of(o, "uncommitted", "draft"), "status"), "A");
	assert_string_equal(json_str(file_of(o, "uncommitted", "new"), "status"), "M");
	assert_false(json_flag(o, "approvable", true));
	assert_non_null(strstr(json_str(json_obj(o, "patch"), "text"), "+TWO"));
	assert_non_null(strstr(json_str(json_obj(o, "uncommitted_patch"), "text"), "+draft"));
	assert_null(strstr(json_str(json_obj(o, "uncommitted_patch"), "text"), "TWO"));
	/* Looking left the session's index alone. */
	house_expect(h, "cd state/ws; git status --porcelain", " M new\n?? draft");
	json_object_put(o);
	review_fini(&rv);
	worktree_fini(&w);
}

static void test_scope_and_kinds(void **state)
{
	struct house *h = *state;
	struct review rv;
	struct strv scope = STRV_INIT;
	make_branch(h);
	house_do(h, "cd state/ws; ln -s /etc/passwd link; chmod +x b/c; printf 'a\\0b' >bin; mkdir src; git mv a src/a;"
	            "touch \"$(printf 'odd\\nname')\"; git add -A; git commit -qm more; echo x >outside");
	strv_add(&scope, "src");
	strv_add(&scope, "n*");
	strv_add(&scope, "bin");
	struct worktree w = workspace_of(h);
	review(h, &w, &scope, 0, &rv);
	struct json_object *o = review_json(&rv);
	assert_string_equal(json_str(file_of(o, "files", "link"), "kind"), "symlink");
	assert_true(json_flag(file_of(o, "files", "link"), "outside", false));
	assert_true(json_flag(file_of(o, "files", "b/c"), "mode_changed", false));
	assert_true(json_flag(file_of(o, "files", "bin"), "binary", false));
	assert_false(json_flag(file_of(o, "files", "bin"), "outside", true));
	/* Moved into the scope: the end that it left counts. */
	struct json_object *moved = file_of(o, "files", "src/a");
	assert_string_equal(json_str(moved, "status"), "R");
	assert_true(json_flag(moved, "outside", false));
	assert_true(json_flag(file_of(o, "uncommitted", "outside"), "outside", false));
	assert_true(json_flag(file_of(o, "files", "\"odd\\nname\""), "outside", false));
	assert_true(review_is_outside(&rv, "a"));
	assert_false(review_is_outside(&rv, "src/a"));
	json_object_put(o);
	review_fini(&rv);
	worktree_fini(&w);
	strv_fini(&scope);
}

static void test_bad_scope(void **state)
{
	struct house *h = *state;
	struct strv scope = STRV_INIT, out = STRV_INIT;
	struct err err = {0};
	make_branch(h);
	struct oid a = house_oid(h, "main"), b = house_oid(h, "muster/work");
	strv_add(&scope, ":(nonsense)x");
	assert_int_equal(scope_outside(&h->repo, &a, &b, &scope, NULL, &out, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	strv_fini(&scope);
	strv_fini(&out);
}

static void test_patch_is_bounded(void **state)
{
	struct house *h = *state;
	struct review rv;
	make_branch(h);
	house_do(h, "cd state/ws; seq 1 50000 >big; printf 'x\\033[2Jy\\342\\200\\256z\\n' >esc; git add -A; git commit -qm big");
	review(h, NULL, NULL, 4096, &rv);
	assert_true(rv.patch.truncated);
	assert_true(rv.patch.text.len <= 4096);
	assert_non_null(strstr(rv.patch.command, rv.tip.hex));
	char *whole = house_sh(h, rv.patch.command);
	assert_non_null(strstr(whole, "+50000"));
	free(whole);
	review_fini(&rv);
	review(h, NULL, NULL, 0, &rv);
	struct json_object *o = review_json(&rv);
	assert_true(json_flag(json_obj(o, "patch"), "altered", false));
	assert_null(strchr(json_str(json_obj(o, "patch"), "text"), '\033'));
	json_object_put(o);
	review_fini(&rv);
}

static void test_conflicts_leave_nothing(void **state)
{
	struct house *h = *state;
	struct review rv;
	make_branch(h);
	house_do(h, "cd repo; sed -i s/two/2/ a; git commit -qam other; git count-objects | cut -d' ' -f1 >../count");
	review(h, NULL, NULL, 0, &rv);
	assert_false(rv.mergeable);
	assert_int_equal(rv.conflicts.n, 1);
	assert_string_equal(rv.conflicts.v[0], "a");
	assert_int_equal(rv.behind, 1);
	house_expect(h, "test $(cat count) = $(git -C repo count-objects | cut -d' ' -f1); ls state/tmp", "");
	review_fini(&rv);
}

static void test_hostile_workspace(void **state)
{
	struct house *h = *state;
	struct review rv;
	make_branch(h);
	struct worktree w = workspace_of(h);
	house_do(h, "mkdir evil; cp -r repo/.git/. evil/; printf '[core]\\n\\tfsmonitor = touch %s/owned; false\\n' \"$H\" >>evil/config;"
	            "printf '%s/evil\\n' \"$H\" >repo/.git/worktrees/ws/commondir; echo x >>state/ws/new;"
	            "printf '[core]\\n\\tfsmonitor = touch %s/owned; false\\n' \"$H\" >repo/.git/worktrees/ws/config.worktree");
	review(h, &w, NULL, 0, &rv);
	assert_int_equal(rv.uncommitted.n, 1);
	house_expect(h, "test ! -e owned", "");
	review_fini(&rv);
	worktree_fini(&w);
}

static void test_approve(void **state)
{
	struct house *h = *state;
	struct oid tip;
	struct err err = {0};
	make_branch(h);
	struct worktree w = workspace_of(h);
	struct oid now = house_oid(h, "muster/work"), base = house_oid(h, "main");
	struct approve_spec spec = {.repo = &h->repo, .branch = "muster/work", .target = "main", .worktree = &w};
	assert_int_equal(approve_check(&spec, &tip, &err), 0);
	assert_true(oid_equal(&tip, &now));
	char *abbreviated = mem_strndup(now.hex, 12);
	spec.seen = abbreviated;
	assert_int_equal(approve_check(&spec, &tip, &err), 0);
	assert_true(oid_equal(&tip, &now));
	free(abbreviated);
	spec.seen = base.hex;
	assert_int_equal(approve_check(&spec, &tip, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	spec.seen = NULL;
	house_do(h, "echo x >state/ws/notes");
	assert_int_equal(approve_check(&spec, &tip, &err), -1);
	assert_non_null(strstr(err.msg, "uncommitted work in 1 file (notes)"));
	spec.committed_only = true;
	assert_int_equal(approve_check(&spec, &tip, &err), 0);
	house_do(h, "cd repo; git merge -q --ff-only muster/work");
	assert_int_equal(approve_check(&spec, &tip, &err), -1);
	assert_non_null(strstr(err.msg, "nothing to approve"));
	worktree_fini(&w);
}

static void test_queue(void **state)
{
	(void)state;
	struct queue_entry q[] = {{"a", true}, {"a", false}, {"b", false}, {"c", false}};
	assert_int_equal(queue_next(q, 4, 4), 2);
	q[2].active = true;
	assert_int_equal(queue_next(q, 4, 2), -1);
	assert_int_equal(queue_next(q, 4, 3), 3);
	assert_int_equal(queue_position(q, 4, 1), 1);
	assert_int_equal(queue_position(q, 4, 3), 0);
	assert_int_equal(queue_next(q, 0, 3), -1);
}

#define WITH_HOUSE(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOUSE(test_committed_and_uncommitted),
		WITH_HOUSE(test_scope_and_kinds),
		WITH_HOUSE(test_bad_scope),
		WITH_HOUSE(test_patch_is_bounded),
		WITH_HOUSE(test_conflicts_leave_nothing),
		WITH_HOUSE(test_hostile_workspace),
		WITH_HOUSE(test_approve),
		cmocka_unit_test(test_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
