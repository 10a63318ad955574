#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "serve/turn.h"
#include "store/db_priv.h"
#include "store/meta.h"

struct box {
	char dir[64];
	uv_loop_t loop;
	uv_timer_t tick;
	struct db *db;
	struct turn *turn;
	struct turn_handler handler;
	int released, failed, housekept;
	bool open_at_release, write_at_release;
};

static void on_release(struct turn_handler *h)
{
	struct box *b = CONTAINER_OF(h, struct box, handler);
	b->released++;
	b->open_at_release |= db_turn_open(b->db);
	if (b->write_at_release)
		meta_set(b->db, "late", "1");
	b->write_at_release = false;
}

static void on_failed(struct turn_handler *h, const struct err *err)
{
	assert_int_equal(err->code, ERR_FAILED);
	CONTAINER_OF(h, struct box, handler)->failed++;
}

static void on_housekeeping(struct turn_handler *h)
{
	CONTAINER_OF(h, struct box, handler)->housekept++;
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
}

static int set_up(void **state)
{
	static struct box b;
	struct err err;
	b = (struct box){.dir = "/tmp/muster-turn-XXXXXX",
	                 .handler = {.release = on_release, .failed = on_failed, .housekeeping = on_housekeeping}};
	assert_non_null(mkdtemp(b.dir));
	char *path MEM_FREE = mem_printf("%s/muster.db", b.dir);
	assert_int_equal(db_open(path, &b.db, &err), 0);
	uv_loop_init(&b.loop);
	uv_timer_init(&b.loop, &b.tick);
	uv_timer_start(&b.tick, on_tick, 1, 1);
	b.turn = turn_new(&b.loop, b.db, &b.handler, &err);
	assert_non_null(b.turn);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct box *b = *state;
	turn_free(b->turn);
	uv_close((uv_handle_t *)&b->tick, NULL);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	int r = uv_loop_close(&b->loop);
	db_close(b->db);
	return r < 0 ? r : file_remove_tree(b->dir);
}

static void a_write_is_committed_before_the_release(void **state)
{
	struct box *b = *state;
	meta_set(b->db, "k", "v");
	uv_run(&b->loop, UV_RUN_ONCE);
	assert_int_equal(b->released, 1);
	assert_false(b->open_at_release);
	assert_false(db_turn_open(b->db));
}

static void what_the_release_writes_is_committed_too(void **state)
{
	struct box *b = *state;
	b->write_at_release = true;
	uv_run(&b->loop, UV_RUN_ONCE);
	assert_int_equal(b->released, 2);
	assert_false(db_turn_open(b->db));
}

/* The loop goes on while the disk works; nothing is released until it has everything. */
static void a_durable_turn_is_released_later(void **state)
{
	struct box *b = *state;
	meta_set(b->db, "k", "v");
	db_turn_durable(b->db);
	uv_run(&b->loop, UV_RUN_NOWAIT);
	for (int i = 0; i < 100 && b->released == 0; i++) {
		/* Said while the disk works: it is waited for as well. */
		meta_set(b->db, "k", "w");
		db_turn_durable(b->db);
		uv_run(&b->loop, UV_RUN_ONCE);
	}
	for (int i = 0; i < 10000 && b->released == 0; i++)
		uv_run(&b->loop, UV_RUN_ONCE);
	assert_true(b->released > 0);
	assert_false(b->db->unsynced);
	assert_int_equal(b->failed, 0);
}

static void finishing_waits_for_the_disk(void **state)
{
	struct box *b = *state;
	meta_set(b->db, "k", "v");
	db_turn_durable(b->db);
	assert_int_equal(turn_finish(b->turn), 0);
	assert_int_equal(b->released, 1);
	assert_false(db_turn_open(b->db));
}

static void a_spoiled_turn_fails_once_and_releases_nothing(void **state)
{
	struct box *b = *state;
	sqlite3_exec(b->db->sql, "PRAGMA max_page_count=1", NULL, NULL, NULL);
	char big[100000];
	memset(big, 'x', sizeof big);
	big[sizeof big - 1] = '\0';
	meta_set(b->db, "k", big);
	for (int i = 0; i < 5; i++)
		uv_run(&b->loop, UV_RUN_ONCE);
	assert_int_equal(turn_finish(b->turn), -1);
	assert_int_equal(b->failed, 1);
	assert_int_equal(b->released, 0);
}

static void the_log_does_not_grow_without_end(void **state)
{
	struct box *b = *state;
	char *wal MEM_FREE = mem_printf("%s/muster.db-wal", b->dir);
	char text[20000];
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	off_t largest = 0;
	for (int i = 0; i < 4000; i++) {
		text[0] = (char)('a' + i % 26);
		meta_set(b->db, "k", text);
		uv_run(&b->loop, UV_RUN_ONCE);
		struct stat st;
		if (stat(wal, &st) == 0 && st.st_size > largest)
			largest = st.st_size;
	}
	assert_true(b->housekept > 0);
	assert_true(largest < 40 << 20); /* 80 MB were written */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_write_is_committed_before_the_release),
		TEST(what_the_release_writes_is_committed_too),
		TEST(a_durable_turn_is_released_later),
		TEST(finishing_waits_for_the_disk),
		TEST(a_spoiled_turn_fails_once_and_releases_nothing),
		TEST(the_log_does_not_grow_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
