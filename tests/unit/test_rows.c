#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/event.h"
#include "store/habit_row.h"
#include "store/item_row.h"
#include "store/job_row.h"
#include "store/landing_row.h"
#include "store/prompt_row.h"
#include "store/reply_row.h"
#include "store/rule_row.h"
#include "store/session_row.h"
#include "store/signal_row.h"
#include "store/snapshot_row.h"

static char dir[64];
static struct db *db;

static int set_up(void **state)
{
	(void)state;
	struct err err;
	snprintf(dir, sizeof dir, "/tmp/muster-rows-XXXXXX");
	assert_non_null(mkdtemp(dir));
	char *path MEM_FREE = mem_printf("%s/muster.db", dir);
	return db_open(path, &db, &err);
}

/* A test that spoiled the turn by mistake fails here. */
static int tear_down(void **state)
{
	(void)state;
	struct err err = {0};
	int r = db_turn_commit(db, &err);
	if (r < 0)
		print_error("%s\n", err.msg);
	db_close(db);
	return file_remove_tree(dir) < 0 || r < 0 ? -1 : 0;
}

static void add_session(const char *id, const char *name, const char *lifecycle, int64_t created_ms)
{
	struct session_row row;
	session_row_init(&row);
	row.id = mem_strdup(id);
	row.name = mem_strdup(name);
	row.agent = mem_strdup("shell");
	row.lifecycle = mem_strdup(lifecycle);
	row.created_ms = created_ms;
	session_row_insert(db, &row);
	session_row_fini(&row);
}

static void a_session_comes_back_as_it_was(void **state)
{
	(void)state;
	add_session("a", "one", "live", 5);
	struct session_row row = {0};
	assert_true(session_row_get(db, "a", &row));
	assert_int_equal(row.wait_status, -1);
	assert_int_equal(row.progress, -1);
	assert_null(row.failure);
	row.wait_status = 0;
	row.worktree = true;
	mem_replace(&row.brief, "line\n\"two\" \xc3\xa9");
	session_row_save(db, &row);
	session_row_set_position(db, "a", 7, 1LL << 40);
	struct session_row copy = {0};
	session_row_copy(&copy, &row);
	assert_true(session_row_get(db, "a", &row));
	assert_int_equal(row.wait_status, 0);
	assert_true(row.worktree);
	assert_false(row.adopted);
	assert_string_equal(row.brief, copy.brief);
	assert_int_equal(row.hold_event, 7);
	assert_int_equal(row.hold_offset, 1LL << 40);
	session_row_fini(&row);
	session_row_fini(&copy);
	assert_false(session_row_get(db, "b", &row));
}

static void a_name_is_found_among_the_living_first(void **state)
{
	(void)state;
	add_session("a", "one", "exited", 1);
	struct session_row row = {0};
	assert_true(session_row_get(db, "a", &row));
	mem_replace(&row.lifecycle, "removed");
	session_row_save(db, &row);
	assert_true(session_row_find(db, "one", &row));
	add_session("b", "one", "live", 0); /* the clock was set back */
	assert_true(session_row_find(db, "one", &row));
	assert_string_equal(row.id, "b");
	session_row_fini(&row);
	struct session_rows rows;
	session_row_list(db, false, &rows);
	assert_int_equal(rows.n, 1);
	session_rows_fini(&rows);
	session_row_list(db, true, &rows);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.v[0].id, "b");
	session_rows_fini(&rows);
}

static void the_last_signal_of_a_source_counts(void **state)
{
	(void)state;
	add_session("a", "one", "live", 1);
	struct signal_row row = {.session = (char *)"a", .source = (char *)"hook", .activity = 1, .at_ms = 10};
	signal_row_put(db, &row);
	row.activity = 2;
	row.at_ms = 20;
	signal_row_put(db, &row);
	row.source = (char *)"title";
	row.at_ms = 15;
	signal_row_put(db, &row);
	struct signal_rows rows;
	signal_row_list(db, "a", &rows);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.v[0].source, "hook");
	assert_int_equal(rows.v[0].activity, 2);
	signal_rows_fini(&rows);
	signal_row_delete_all(db, "a");
	signal_row_list(db, "a", &rows);
	assert_int_equal(rows.n, 0);
}

static int64_t add_item(const char *session, const char *key, bool blocking)
{
	struct item_row row = {.session = (char *)session,
	                       .kind = (char *)"question",
	                       .key = (char *)key,
	                       .title = (char *)"?",
	                       .state = (char *)"open",
	                       .blocking = blocking};
	item_row_insert(db, &row);
	return row.id;
}

static void items_are_open_then_answered_then_gone(void **state)
{
	(void)state;
	add_session("a", "one", "live", 1);
	add_session("b", "two", "live", 2);
	int64_t first = add_item("a", "k", true);
	add_item("a", "l", false);
	add_item("b", "k", false);
	int64_t blocking;
	assert_int_equal(item_row_count_open(db, "a", &blocking), 2);
	assert_int_equal(blocking, 1);

	struct item_row row = {0};
	assert_true(item_row_get(db, first, &row));
	mem_replace(&row.state, "answered");
	item_row_save(db, &row);
	assert_true(item_row_find(db, "a", "k", &row));
	struct item_rows rows;
	item_row_list_open(db, NULL, &rows);
	assert_int_equal(rows.n, 2);
	item_rows_fini(&rows);
	item_row_list_answered(db, "a", &rows);
	assert_int_equal(rows.n, 1);
	item_rows_fini(&rows);

	mem_replace(&row.state, "delivered");
	item_row_save(db, &row);
	item_row_fini(&row);
	assert_false(item_row_find(db, "a", "k", &row));
	assert_true(add_item("a", "k", true) > first); /* the key is free again */
	item_row_list_newest(db, "a", 2, &rows);
	assert_int_equal(rows.n, 2);
	assert_true(rows.v[0].id > rows.v[1].id);
	item_rows_fini(&rows);
}

static void prompts_replies_jobs(void **state)
{
	(void)state;
	add_session("a", "one", "live", 1);
	struct prompt_row prompt = {.session = (char *)"a", .text = (char *)"go", .state = (char *)"queued"};
	prompt_row_insert(db, &prompt);
	prompt.state = (char *)"taken";
	struct prompt_rows prompts;
	prompt_row_list_open(db, "a", &prompts);
	assert_int_equal(prompts.n, 1);
	prompt_rows_fini(&prompts);
	prompt_row_save(db, &prompt);
	prompt_row_list_open(db, "a", &prompts);
	assert_int_equal(prompts.n, 0);

	struct reply_row reply = {.session = (char *)"a", .request = 4, .answer = (char *)"{}"};
	reply_row_put(db, &reply);
	reply.answer = (char *)"{\"late\":1}";
	reply_row_put(db, &reply);
	struct reply_rows replies;
	reply_row_list(db, "a", &replies);
	assert_int_equal(replies.n, 1);
	assert_string_equal(replies.v[0].answer, "{}");
	reply_rows_fini(&replies);
	reply_row_delete(db, "a", 4);

	struct job_row job = {.session = (char *)"a",
	                      .name = (char *)"server",
	                      .command = (char *)"[]",
	                      .state = (char *)"running",
	                      .wait_status = -1};
	job_row_put(db, &job);
	assert_int_equal(job_row_count_running(db, "a"), 1);
	job.state = (char *)"exited";
	job.wait_status = 256;
	job_row_put(db, &job);
	assert_int_equal(job_row_count_running(db, "a"), 0);
	struct job_row got = {0};
	assert_true(job_row_get(db, "a", "server", &got));
	assert_int_equal(got.wait_status, 256);
	job_row_fini(&got);
}

static void snapshots_landings_repos(void **state)
{
	(void)state;
	add_session("a", "one", "live", 1);
	struct snapshot_row s = {.session = (char *)"a", .why = (char *)"remove"};
	snapshot_row_insert(db, &s);
	int64_t first = s.id;
	s.id = 0;
	snapshot_row_insert(db, &s);
	struct snapshot_row newest = {0};
	assert_true(snapshot_row_newest(db, NULL, &newest));
	assert_int_equal(newest.id, s.id);
	newest.undone_ms = 1;
	snapshot_row_save(db, &newest);
	assert_true(snapshot_row_newest(db, "a", &newest));
	assert_int_equal(newest.id, first);
	snapshot_row_fini(&newest);

	struct landing_row l = {.session = (char *)"a", .state = (char *)"queued", .target = (char *)"main"};
	landing_row_insert(db, &l);
	struct landing_row open = {0};
	assert_true(landing_row_find_open(db, "a", &open));
	open.ended_ms = 1;
	landing_row_save(db, &open);
	landing_row_fini(&open);
	assert_false(landing_row_find_open(db, "a", &open));
	struct landing_rows landings;
	landing_row_list_open(db, &landings);
	assert_int_equal(landings.n, 0);
	landing_row_list_newest(db, NULL, 10, &landings);
	assert_int_equal(landings.n, 1);
	landing_rows_fini(&landings);
}

static void rules_habits_and_what_they_did(void **state)
{
	(void)state;
	struct rule_row one = {.text = (char *)"{}", .item = 1, .created_ms = 5}, two = {.text = (char *)"{\"a\":1}"};
	rule_row_insert(db, &one);
	rule_row_insert(db, &two);
	one.removed_ms = 9;
	rule_row_save(db, &one);
	struct rule_rows rules;
	rule_row_list(db, &rules);
	assert_int_equal(rules.n, 1);
	assert_int_equal(rules.v[0].id, two.id);
	rule_rows_fini(&rules);
	struct rule_row got = {0};
	assert_true(rule_row_get(db, one.id, &got));
	assert_int_equal(got.removed_ms, 9);
	rule_row_fini(&got);

	int64_t last_ms;
	assert_int_equal(rule_use_count(db, "rule 2", &last_ms), 0);
	rule_use_add(db, "rule 2", 10);
	rule_use_add(db, "rule 2", 20);
	assert_int_equal(rule_use_count(db, "rule 2", &last_ms), 2);
	assert_int_equal(last_ms, 20);

	struct habit_row habit = {.about = (char *)"x", .option = (char *)"allow", .times = 1}, again = {0};
	habit_row_put(db, &habit);
	habit.times = 2;
	habit.mixed = true;
	habit_row_put(db, &habit);
	assert_true(habit_row_get(db, "x", &again));
	assert_int_equal(again.times, 2);
	assert_true(again.mixed);
	assert_false(habit_row_get(db, "y", &again));
	habit_row_fini(&again);

	add_session("a", "one", "live", 1);
	struct item_row item = {.session = (char *)"a", .kind = (char *)"permission", .key = (char *)"k", .title = (char *)"t",
	                        .state = (char *)"delivered", .rule = (char *)"{}", .held = true};
	item_row_insert(db, &item);
	item.rule = NULL;
	item.key = (char *)"k2";
	item.id = 0;
	item_row_insert(db, &item);
	struct item_rows ruled;
	item_row_list_ruled(db, 10, &ruled);
	assert_int_equal(ruled.n, 1);
	assert_true(ruled.v[0].held);
	item_rows_fini(&ruled);
}

struct counter {
	struct event_listener base;
	int64_t last;
};

static void count(struct event_listener *l, const struct event_row *event)
{
	((struct counter *)l)->last = event->id;
}

static void events_are_listed_both_ways(void **state)
{
	(void)state;
	struct counter counter = {.base.appended = count};
	event_listen(db, &counter.base);
	for (int i = 0; i < 10; i++)
		event_append(db, i % 2 ? "odd" : NULL, "kind", NULL);
	assert_int_equal(counter.last, 10);
	struct event_rows rows;
	event_list(db, &(struct event_query){.after = 2, .limit = 3, .session = "odd"}, &rows);
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.v[0].id, 4);
	event_rows_fini(&rows);
	event_list(db, &(struct event_query){.limit = 3, .newest = true}, &rows);
	assert_int_equal(rows.v[0].id, 8);
	assert_int_equal(rows.v[2].id, 10);
	event_rows_fini(&rows);
}

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Each of these reads a few pages by an index; a scan of the history would take a hundred times as long. */
static void history_slows_nothing(void **state)
{
	(void)state;
	add_session("old", "old", "live", 1);
	add_session("new", "new", "live", 2);
	for (int i = 0; i < 100000; i++) {
		event_append(db, "old", "some.kind", NULL);
		struct item_row row = {.session = (char *)"old",
		                       .kind = (char *)"question",
		                       .key = (char *)"k",
		                       .title = (char *)"?",
		                       .state = (char *)"delivered"};
		item_row_insert(db, &row);
	}
	add_item("new", "k", true);
	double start_ms = now_ms();
	for (int i = 0; i < 100; i++) {
		struct event_rows events;
		event_list(db, &(struct event_query){.limit = 20, .session = "new", .newest = true}, &events);
		event_rows_fini(&events);
		struct item_rows items;
		item_row_list_open(db, NULL, &items);
		assert_int_equal(items.n, 1);
		item_rows_fini(&items);
		int64_t blocking;
		assert_int_equal(item_row_count_open(db, "new", &blocking), 1);
		assert_false(item_row_find(db, "old", "k", &(struct item_row){0}));
		assert_int_equal(event_last(db), 100000);
	}
	double took_ms = now_ms() - start_ms;
	if (took_ms > 500)
		fail_msg("100 rounds took %.0f ms", took_ms);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_session_comes_back_as_it_was),
		TEST(a_name_is_found_among_the_living_first),
		TEST(the_last_signal_of_a_source_counts),
		TEST(items_are_open_then_answered_then_gone),
		TEST(prompts_replies_jobs),
		TEST(snapshots_landings_repos),
		TEST(rules_habits_and_what_they_did),
		TEST(events_are_listed_both_ways),
		TEST(history_slows_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
