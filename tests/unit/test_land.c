/* Landing on the real git: what ends where, what is left alone, and kills between and inside of steps. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "fmt/json.h"
#include "house.h"
#include "land/checkout.h"
#include "land/land.h"

/* A landing with all that it borrows. */
struct trip {
	struct house *h;
	struct land_spec spec;
	struct strv gate, setup, scope;
	char *guard, *log;
	struct land_record rec;
	struct err err;
};

static void trip_init(struct trip *t, struct house *h, const char *gate)
{
	*t = (struct trip){.h = h};
	t->guard = mem_printf("%s/guard", h->dir);
	t->log = mem_printf("%s/state/log/landing.log", h->dir);
	if (gate)
		strv_add(&t->gate, gate);
	t->spec = (struct land_spec){
		.repo = &h->repo,
		.landing = "7",
		.session_id = "s1",
		.session_name = "work",
		.brief = "Do the work\nand more",
		.branch = "muster/work",
		.target = "main",
		.approved = house_oid(h, "muster/work"),
		.scope = &t->scope,
		.setup = &t->setup,
		.gate = &t->gate,
		.timeout_s = 20,
		.guard = t->guard,
		.log_path = t->log,
	};
}

static void trip_fini(struct trip *t)
{
	strv_fini(&t->gate);
	strv_fini(&t->setup);
	strv_fini(&t->scope);
	free(t->guard);
	free(t->log);
	land_record_fini(&t->rec);
}

static void go(struct trip *t, enum land_state expected, const char *why)
{
	int r = land_run(&t->spec, &t->rec, NULL, NULL, &t->err);
	if (r < 0 || t->rec.state != expected)
		print_error("%s: %s %s\n", land_state_name(t->rec.state), t->rec.why ? t->rec.why : "", t->err.msg);
	assert_int_equal(r, 0);
	assert_int_equal(t->rec.state, expected);
	if (why) {
		assert_non_null(t->rec.why);
		if (!strstr(t->rec.why, why))
			print_error("%s\n", t->rec.why);
		assert_non_null(strstr(t->rec.why, why));
	}
}

/* A session's branch with one commit that changes `a` and adds `new`; main stays checked out in repo/. */
static void make_branch(struct house *h)
{
	house_do(h, "cd repo; git worktree add -q -b muster/work ../state/ws; cd ../state/ws;"
	            "sed -i s/two/TWO/ a; echo new >new; git add -A; git commit -qm 'The work'");
}

static void leave_main(struct house *h)
{
	house_do(h, "cd repo; git checkout -q --detach");
}

static void test_lands(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	trip_init(&t, h, "grep -q TWO a && test -f new && echo fine && test \"$MUSTER_SESSION_NAME\" = work");
	strv_add(&t.setup, "echo >made.o");
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git show main:a | sed -n 2p", "TWO");
	house_expect(h, "cd repo; git log -1 --format='%s|%an|%cn|%P' main | cut -d'|' -f1-3", "Merge muster/work: Do the work|Lead|Lead");
	house_expect(h, "cd repo; git log -1 --format=%B main | grep -c '^Muster-Session: s1$'", "1");
	house_expect(h, "cd repo; git rev-parse main^2", t.spec.approved.hex);
	assert_int_equal(t.rec.n_commands, 2);
	assert_true(t.rec.commands[0].setup);
	assert_string_equal(t.rec.commands[1].last_lines, "fine");
	house_expect(h, "git -C repo status --porcelain", "");
	trip_fini(&t);
}

static void test_scratch_is_exact(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	trip_init(&t, h, "echo x >left.o; echo y >left; mkdir d; echo z >d/e; exit 1");
	go(&t, LAND_FAILED, "the gate failed (exit 1)");
	trip_fini(&t);
	/* Tampering that a quick look would miss: flags in the index, a file of the same size and time. */
	trip_init(&t, h, "git update-index --assume-unchanged a; cp -p a keep; printf 'one\\nXWO\\nthree\\nfour\\nfive\\n' >a;"
	                 "touch -r keep a; exit 1");
	go(&t, LAND_FAILED, "the gate failed");
	trip_fini(&t);
	trip_init(&t, h, "test \"$(git ls-files -o | wc -l)\" = 0 && grep -q TWO a && git diff --quiet HEAD &&"
	                 "test \"$(git rev-parse HEAD)\" = \"$MUSTER_COMMIT\"");
	go(&t, LAND_LANDED, NULL);
	trip_fini(&t);
}

static void test_conflict(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	house_do(h, "cd repo; sed -i s/two/2/ a; git commit -qam other; git rev-parse main >../before");
	trip_init(&t, h, "true");
	go(&t, LAND_FAILED, "conflicts with main in 1 file: a");
	assert_int_equal(t.rec.conflicts.n, 1);
	house_expect(h, "test $(cat before) = $(git -C repo rev-parse main); git -C repo status --porcelain", "");
	trip_fini(&t);
}

static void test_gate_fails(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	trip_init(&t, h, "echo first line; echo 'last \033[31mline'; exit 3");
	struct oid before = house_oid(h, "main");
	go(&t, LAND_FAILED, "the gate failed (exit 3)");
	assert_string_equal(t.rec.commands[0].last_lines, "first line\nlast line");
	assert_int_equal(t.rec.commands[0].exit, 3);
	house_expect(h, "git -C repo rev-parse main", before.hex);
	house_expect(h, "git -C repo status --porcelain", "");
	trip_fini(&t);
}

static void test_gate_timeout(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	trip_init(&t, h, "sleep 300");
	t.spec.timeout_s = 1;
	go(&t, LAND_FAILED, "the gate was stopped after 1 s");
	assert_true(t.rec.commands[0].timed_out);
	trip_fini(&t);
}

static void test_gate_changes_files(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	trip_init(&t, h, "echo more >>a; git update-index --assume-unchanged a");
	struct oid before = house_oid(h, "main");
	go(&t, LAND_FAILED, "changed tracked files (a)");
	house_expect(h, "git -C repo rev-parse main", before.hex);
	trip_fini(&t);
}

static void test_no_gate(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	trip_init(&t, h, NULL);
	go(&t, LAND_REFUSED, "no gate is configured");
	/* Said to be meant, it lands; but a gate that is there is not skipped by that. */
	t.rec.state = LAND_QUEUED;
	t.spec.no_gate = true;
	strv_add(&t.gate, "false");
	go(&t, LAND_FAILED, "the gate failed");
	strv_fini(&t.gate);
	t.rec.state = LAND_QUEUED;
	go(&t, LAND_LANDED, NULL);
	trip_fini(&t);
}

static void test_target_moves(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	/* The first run of the gate moves main, the second finds both changes. */
	trip_init(&t, h, "if ! test -e \"$H/once\"; then touch \"$H/once\"; cd \"$H/repo\"; git checkout -q main; echo o >other;"
	                 "git add other; git commit -qm other; git checkout -q --detach; else test -f other; fi");
	go(&t, LAND_LANDED, NULL);
	assert_int_equal(t.rec.moved, 1);
	house_expect(h, "git -C repo show main:other; git -C repo show main:new", "o\nnew");
	trip_fini(&t);
}

static void test_target_moves_for_ever(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	trip_init(&t, h, "cd \"$H/repo\"; git update-ref refs/heads/main $(git commit-tree -p main -m x main^{tree})");
	go(&t, LAND_FAILED, "moved 6 times");
	trip_fini(&t);
}

static void test_checkout_goes_along(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	house_do(h, "cd repo; echo mine >notes; echo x >keep.o; mkdir -p .git/hooks;"
	            "for n in post-checkout post-merge reference-transaction post-index-change; do"
	            " printf '#!/bin/sh\\ntouch %s/hooked\\n' \"$H\" >.git/hooks/$n; chmod +x .git/hooks/$n; done");
	trip_init(&t, h, "true");
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git -c core.hooksPath=/dev/null status --porcelain; sed -n 2p a; cat new notes keep.o",
	             "?? notes\nTWO\nnew\nmine\nx");
	house_expect(h, "test ! -e hooked; ls repo/.git | grep -c -e lock -e muster || true", "0");
	trip_fini(&t);
}

static void test_dirty_checkout(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	struct oid before = house_oid(h, "main");
	house_do(h, "cd repo; echo edit >>b/c");
	trip_init(&t, h, "true");
	go(&t, LAND_REFUSED, "uncommitted changes are in: b/c");
	house_expect(h, "git -C repo rev-parse main", before.hex);
	house_expect(h, "tail -1 repo/b/c", "edit");
	trip_fini(&t);
	house_do(h, "cd repo; git checkout -q b/c; echo precious >new");
	trip_init(&t, h, "true");
	go(&t, LAND_REFUSED, "files that git does not track are in the way: new");
	trip_fini(&t);
	house_do(h, "cd repo; rm new; echo new >>.git/info/exclude; echo precious >new");
	trip_init(&t, h, "true");
	go(&t, LAND_REFUSED, "in the way: new");
	house_expect(h, "cat repo/new", "precious");
	trip_fini(&t);
	house_do(h, "cd repo; rm new");
	trip_init(&t, h, "echo late >>\"$H/repo/a\"");
	go(&t, LAND_REFUSED, "uncommitted changes are in: a");
	house_expect(h, "git -C repo rev-parse main", before.hex);
	house_expect(h, "tail -1 repo/a; test ! -e repo/.git/index.lock", "late");
	trip_fini(&t);
}

static void test_other_worktree(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	house_do(h, "git -C repo worktree add -q ../second main");
	trip_init(&t, h, "true");
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "git -C second status --porcelain; cat second/new", "new");
	trip_fini(&t);
}

/* The user sees a part of the tree; the gate sees all of it, each time. */
static void test_sparse_checkout(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	house_do(h, "cd repo; git sparse-checkout set --no-cone /a; test ! -e b/c; cd ../state/ws; echo more >>b/c; git commit -qam b");
	trip_init(&t, h, "test \"$(cat b/c)\" = \"$(printf 'c\\nmore')\" && test -f new");
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git status --porcelain; sed -n 2p a; test ! -e b; test ! -e new", "TWO");
	trip_fini(&t);
	house_do(h, "cd state/ws; echo again >>b/c; git commit -qam again");
	trip_init(&t, h, "test $(wc -l <b/c) = 3");
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git status --porcelain; test ! -e b", "");
	trip_fini(&t);
}

static void test_submodule(void **state)
{
	struct house *h = *state;
	struct trip t;
	house_do(h, "git init -q -b main lib; cd lib; git config user.name L; git config user.email l@e; echo v1 >v; git add v;"
	            "git commit -qm v1; cd ../repo; git -c protocol.file.allow=always submodule --quiet add ../lib lib; git commit -qm lib");
	make_branch(h);
	trip_init(&t, h, "test -f new && test \"$(cat lib/v)\" = v1 && echo dirt >lib/left");
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git status --porcelain; cat lib/v new", "v1\nnew");
	trip_fini(&t);
	house_do(h, "cd state/ws; echo 3 >third; git add third; git commit -qm third");
	trip_init(&t, h, "test ! -e lib/left && test -f third");
	go(&t, LAND_LANDED, NULL);
	trip_fini(&t);
}

static void test_target_in_a_session(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	house_do(h, "git -C repo worktree add -q ../state/work/x main");
	trip_init(&t, h, "true");
	go(&t, LAND_REFUSED, "in a session's workspace");
	trip_fini(&t);
}

static void test_bare(void **state)
{
	struct house *h = *state;
	struct trip t;
	struct house bare = {.dir = h->dir};
	make_branch(h);
	house_do(h, "git clone -q --bare repo bare.git; git -C bare.git config user.name L; git -C bare.git config user.email l@e");
	char *path = mem_printf("%s/bare.git", h->dir), *st = mem_printf("%s/state", h->dir);
	assert_int_equal(repo_open(path, st, 0, &bare.repo, &t.err), 0);
	trip_init(&t, &bare, "grep TWO a");
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "git -C bare.git show main:new", "new");
	trip_fini(&t);
	repo_fini(&bare.repo);
	free(path);
	free(st);
}

static void test_rules(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	trip_init(&t, h, "true");
	t.spec.approved = (struct oid){0};
	go(&t, LAND_REFUSED, "work is not approved");
	trip_fini(&t);
	trip_init(&t, h, "true");
	house_do(h, "cd state/ws; git commit -q --allow-empty -m later");
	go(&t, LAND_REFUSED, "review it again");
	trip_fini(&t);
	house_do(h, "cd state/ws; git reset -q --hard HEAD~1");
	trip_init(&t, h, "true");
	strv_add(&t.scope, "b");
	strv_add(&t.scope, "n*");
	go(&t, LAND_REFUSED, "1 changed file is outside of the scope: a.");
	t.spec.outside_ok = true;
	t.rec.state = LAND_QUEUED;
	go(&t, LAND_LANDED, NULL);
	assert_int_equal(t.rec.outside.n, 1);
	trip_fini(&t);
	trip_init(&t, h, "true");
	go(&t, LAND_REFUSED, "nothing to land");
	trip_fini(&t);
	house_do(h, "cd state/ws; sed -i s/one/ONE/ a; git commit -qam one; cd ../../repo; git checkout -q main;"
	            "sed -i s/one/ONE/ a; git commit -qam same; git checkout -q --detach");
	trip_init(&t, h, "true");
	go(&t, LAND_REFUSED, "has all changes of muster/work already");
	trip_fini(&t);
}

static void test_squash_and_rebase(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	leave_main(h);
	house_do(h, "cd state/ws; echo 2 >second; git add second; git -c user.name=Agent commit -qm 'Second thing';"
	            "cd ../../repo; git checkout -q main; echo o >other; git add other; git commit -qm other; git checkout -q --detach");
	trip_init(&t, h, "test -f other && test -f second");
	t.spec.how = COMBINE_SQUASH;
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git log -1 --format='%s %p' main | wc -w; git log -1 --format=%b main | grep '^\\*'",
	             "4\n* The work\n* Second thing");
	trip_fini(&t);
	house_do(h, "cd repo; git update-ref refs/heads/main main~1");
	trip_init(&t, h, "test -f other && test -f second");
	t.spec.how = COMBINE_REBASE;
	go(&t, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git log --format='%s|%an|%cn' main | head -3",
	             "Second thing|Agent|Lead\nThe work|Lead|Lead\nother|Lead|Lead");
	trip_fini(&t);
}

/* A session whose git folder was turned against us, and a commit that no file of the workspace ever was. */
static void test_hostile_workspace(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	house_do(h, "mkdir evil; cp -r repo/.git/. evil/; printf '[core]\\n\\tfsmonitor = touch %s/owned; false\\n' \"$H\" >>evil/config;"
	            "printf '%s/evil\\n' \"$H\" >repo/.git/worktrees/ws/commondir; rm state/ws/.git; echo 'gitdir: /nowhere' >state/ws/.git;"
	            "cd repo; b=$(echo evil | git hash-object -w --stdin); rm -f ../ix; export GIT_INDEX_FILE=../ix; git read-tree muster/work;"
	            "git update-index --add --cacheinfo 100644,$b,secret; t=$(git write-tree); unset GIT_INDEX_FILE;"
	            "git update-ref refs/heads/muster/work $(git commit-tree -p muster/work -m s $t)");
	trip_init(&t, h, "true");
	strv_add(&t.scope, "a");
	strv_add(&t.scope, "new");
	go(&t, LAND_REFUSED, "outside of the scope: secret");
	trip_fini(&t);
	house_expect(h, "test ! -e owned && git -C repo status --porcelain", "");
}

/* Writes the record down, and ends the process after `left` steps. */
static int count_down(void *user, const struct land_record *rec)
{
	int *left = user;
	struct json_object *o = land_record_detail(rec);
	struct str text STR_FREE = STR_INIT;
	str_addf(&text, "%s\n%s\n%s\n%s\n%s\n", land_state_name(rec->state), rec->tip.hex, rec->onto.hex,
	         rec->merged.hex, json_line(o));
	assert_int_equal(file_write_atomic("record", 0600, str_c(&text), text.len), 0);
	json_object_put(o);
	if ((*left)-- == 0)
		_exit(9);
	return 0;
}

static void read_record(struct land_record *rec)
{
	char state[64], tip[80], onto[80], merged[80], detail[8192];
	FILE *f = fopen("record", "r");
	if (!f)
		return;
	assert_non_null(fgets(state, sizeof state, f));
	assert_non_null(fgets(tip, sizeof tip, f));
	assert_non_null(fgets(onto, sizeof onto, f));
	assert_non_null(fgets(merged, sizeof merged, f));
	assert_non_null(fgets(detail, sizeof detail, f));
	fclose(f);
	state[strcspn(state, "\n")] = '\0';
	assert_true(land_state_parse(state, &rec->state));
	oid_parse(tip, strcspn(tip, "\n"), &rec->tip);
	oid_parse(onto, strcspn(onto, "\n"), &rec->onto);
	oid_parse(merged, strcspn(merged, "\n"), &rec->merged);
	struct json_object *o = json_parse_text(detail, NULL);
	land_record_read_detail(rec, o);
	json_object_put(o);
}

static void check_landed_once(struct house *h)
{
	house_expect(h, "cd repo; git rev-list --count --first-parent main; git status --porcelain; cat new; test ! -e .git/index.lock",
	             "2\nnew");
}

/* The process dies after step k, for each k; the record of then goes on. */
static void test_kill_between_steps(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	house_do(h, "git -C repo rev-parse main >before");
	assert_int_equal(chdir(h->dir), 0);
	for (int k = 0; k < 4; k++) {
		unlink("record");
		house_do(h, "cd repo; git reset -q --hard $(cat ../before)");
		trip_init(&t, h, "echo ran");
		pid_t pid = fork();
		if (pid == 0) {
			int r = land_run(&t.spec, &t.rec, count_down, &k, &t.err);
			_exit(r < 0 ? 2 : 1);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), 9);
		read_record(&t.rec);
		go(&t, LAND_LANDED, NULL);
		check_landed_once(h);
		trip_fini(&t);
	}
	assert_int_equal(chdir("/"), 0);
}

/* SIGKILL at any moment, more than once, with git processes that live on for a while. */
static void test_kill_at_any_moment(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	house_do(h, "git -C repo rev-parse main >before");
	assert_int_equal(chdir(h->dir), 0);
	for (int delay_ms = 4; delay_ms < 200; delay_ms += 13) {
		int never = -1, kills = 0, status;
		unlink("record");
		house_do(h, "cd repo; git reset -q --hard $(cat ../before)");
		for (; kills < 3; kills++) {
			trip_init(&t, h, "true");
			read_record(&t.rec);
			pid_t pid = fork();
			if (pid == 0)
				_exit(land_run(&t.spec, &t.rec, count_down, &never, &t.err) < 0);
			usleep((useconds_t)delay_ms * 1000); /* what is hit is left to chance */
			kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, &status, 0), pid);
			trip_fini(&t);
		}
		trip_init(&t, h, "true");
		read_record(&t.rec);
		go(&t, LAND_LANDED, NULL);
		check_landed_once(h);
		trip_fini(&t);
	}
	assert_int_equal(chdir("/"), 0);
}

/* A step was done and not written down: it is done again. */
static void test_kill_before_record(void **state)
{
	struct house *h = *state;
	struct trip t, again;
	make_branch(h);
	trip_init(&t, h, "true");
	t.rec.state = LAND_QUEUED;
	while (t.rec.state != LAND_ADVANCING)
		assert_int_equal(land_step(&t.spec, &t.rec, &t.err), 0);
	trip_init(&again, h, "true");
	again.rec.state = LAND_ADVANCING;
	again.rec.tip = t.rec.tip, again.rec.onto = t.rec.onto, again.rec.merged = t.rec.merged;
	again.rec.checkout = mem_strdup(t.rec.checkout);
	assert_int_equal(land_step(&t.spec, &t.rec, &t.err), 0);
	assert_int_equal(t.rec.state, LAND_LANDED);
	house_do(h, "cd repo; echo later >later; git add later; git commit -qm later");
	go(&again, LAND_LANDED, NULL);
	house_expect(h, "cd repo; git rev-list --count --first-parent main; git status --porcelain", "3");
	trip_fini(&t);
	trip_fini(&again);
}

/* Killed inside of the advance: our lock in the index, the files on the way, the branch before or after. */
static void test_kill_inside_advance(void **state)
{
	static const char *const middles[] = {
		"true",
		"cp .git/index .git/muster-index; echo new >new",
		"GIT_INDEX_FILE=.git/muster-index git read-tree main; GIT_INDEX_FILE=.git/muster-index git read-tree --reset -u $M",
		"echo new >new; git update-ref refs/heads/main $M",
		"git read-tree --reset -u $M; git update-ref refs/heads/main $M",
	};
	struct house *h = *state;
	make_branch(h);
	house_do(h, "git -C repo rev-parse main >before");
	for (size_t i = 0; i < ARRAY_LEN(middles); i++) {
		struct trip t;
		house_do(h, "cd repo; rm -f .git/index.lock new; git reset -q --hard $(cat ../before)");
		trip_init(&t, h, "true");
		while (t.rec.state != LAND_ADVANCING)
			assert_int_equal(land_step(&t.spec, &t.rec, &t.err), 0);
		setenv("M", t.rec.merged.hex, 1);
		house_do(h, "");
		char *script = mem_printf("cd repo; %s; echo 'muster is moving main here, landing 7' >.git/index.lock", middles[i]);
		house_do(h, script);
		free(script);
		go(&t, LAND_LANDED, NULL);
		check_landed_once(h);
		trip_fini(&t);
	}
}

/* What the user changed in a checkout that was left half-way is theirs. */
static void test_half_way_and_edited(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	trip_init(&t, h, "true");
	while (t.rec.state != LAND_ADVANCING)
		assert_int_equal(land_step(&t.spec, &t.rec, &t.err), 0);
	house_do(h, "cd repo; echo new >new; echo edited >>b/c; echo 'muster is moving main here, landing 7' >.git/index.lock");
	go(&t, LAND_REFUSED, "changed while muster was away: b/c");
	house_expect(h, "cd repo; tail -1 b/c; test ! -e .git/index.lock", "edited");
	trip_fini(&t);
}

static void test_foreign_index_lock(void **state)
{
	struct house *h = *state;
	struct trip t;
	make_branch(h);
	struct oid before = house_oid(h, "main");
	house_do(h, "touch repo/.git/index.lock");
	trip_init(&t, h, "true");
	go(&t, LAND_REFUSED, "another git command is at work");
	house_expect(h, "test -e repo/.git/index.lock; git -C repo rev-parse main", before.hex);
	trip_fini(&t);
}

static void *land_in_thread(void *arg)
{
	struct trip *t = arg;
	assert_int_equal(land_run(&t->spec, &t->rec, NULL, NULL, &t->err), 0);
	return NULL;
}

static void test_two_at_once(void **state)
{
	struct house *h = *state;
	struct trip a, b;
	pthread_t thread;
	make_branch(h);
	house_do(h, "cd repo; git branch muster/other; git worktree add -q ../state/ws2 muster/other; cd ../state/ws2;"
	            "echo 2 >other; git add other; git commit -qm other");
	trip_init(&a, h, "test -f new; sleep 0.2; test ! -e probe; touch probe");
	trip_init(&b, h, "test -f other; sleep 0.2; test ! -e probe; touch probe");
	b.spec.branch = "muster/other", b.spec.session_name = "other", b.spec.landing = "8";
	b.spec.approved = house_oid(h, "muster/other");
	assert_int_equal(pthread_create(&thread, NULL, land_in_thread, &a), 0);
	go(&b, LAND_LANDED, NULL);
	pthread_join(thread, NULL);
	assert_int_equal(a.rec.state, LAND_LANDED);
	house_expect(h, "cd repo; cat new other; git status --porcelain", "new\n2");
	trip_fini(&a);
	trip_fini(&b);
}

static volatile int stop_now;

static void *stop_soon(void *arg)
{
	struct house *h = arg;
	house_do(h, "while ! test -e started; do sleep 0.02; done");
	stop_now = 1;
	return NULL;
}

static void test_stop(void **state)
{
	struct house *h = *state;
	struct trip t;
	pthread_t thread;
	make_branch(h);
	trip_init(&t, h, "touch \"$H/started\"; sleep 300");
	t.spec.stop = &stop_now;
	stop_now = 0;
	setenv("H", h->dir, 1);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, h), 0);
	assert_int_equal(land_run(&t.spec, &t.rec, NULL, NULL, &t.err), -1);
	pthread_join(thread, NULL);
	assert_int_equal(t.rec.state, LAND_TESTING);
	/* Afterwards it goes on, in a folder where nothing of then lives. */
	stop_now = 0;
	strv_fini(&t.gate);
	strv_add(&t.gate, "test -f new");
	go(&t, LAND_LANDED, NULL);
	trip_fini(&t);
}

#define WITH_HOUSE(f) cmocka_unit_test_setup_teardown(f, house_new, house_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOUSE(test_lands),
		WITH_HOUSE(test_scratch_is_exact),
		WITH_HOUSE(test_conflict),
		WITH_HOUSE(test_gate_fails),
		WITH_HOUSE(test_gate_timeout),
		WITH_HOUSE(test_gate_changes_files),
		WITH_HOUSE(test_no_gate),
		WITH_HOUSE(test_target_moves),
		WITH_HOUSE(test_target_moves_for_ever),
		WITH_HOUSE(test_checkout_goes_along),
		WITH_HOUSE(test_dirty_checkout),
		WITH_HOUSE(test_other_worktree),
		WITH_HOUSE(test_sparse_checkout),
		WITH_HOUSE(test_submodule),
		WITH_HOUSE(test_target_in_a_session),
		WITH_HOUSE(test_bare),
		WITH_HOUSE(test_rules),
		WITH_HOUSE(test_squash_and_rebase),
		WITH_HOUSE(test_hostile_workspace),
		WITH_HOUSE(test_kill_between_steps),
		WITH_HOUSE(test_kill_at_any_moment),
		WITH_HOUSE(test_kill_before_record),
		WITH_HOUSE(test_kill_inside_advance),
		WITH_HOUSE(test_half_way_and_edited),
		WITH_HOUSE(test_foreign_index_lock),
		WITH_HOUSE(test_two_at_once),
		WITH_HOUSE(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
