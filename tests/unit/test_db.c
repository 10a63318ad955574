#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/db_priv.h"
#include "store/event.h"
#include "store/meta.h"

enum { BIG = 200000 };

struct box {
	char dir[64];
	char *path;
	struct db *db;
};

static int set_up(void **state)
{
	static struct box b;
	b = (struct box){.dir = "/tmp/muster-db-XXXXXX"};
	assert_non_null(mkdtemp(b.dir));
	b.path = mem_printf("%s/muster.db", b.dir);
	struct err err;
	assert_int_equal(db_open(b.path, &b.db, &err), 0);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct box *b = *state;
	db_close(b->db);
	free(b->path);
	return file_remove_tree(b->dir);
}

static void reopen(struct box *b)
{
	struct err err;
	db_close(b->db);
	b->db = NULL;
	assert_int_equal(db_open(b->path, &b->db, &err), 0);
}

static void refuses(struct box *b, const char *words)
{
	struct err err = {0};
	assert_int_equal(db_open(b->path, &b->db, &err), -1);
	assert_int_equal(err.code, ERR_FAILED);
	if (!strstr(err.msg, words))
		fail_msg("\"%s\" lacks \"%s\"", err.msg, words);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *raw;
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
}

static void a_turn_is_kept(void **state)
{
	struct box *b = *state;
	struct err err;
	assert_false(db_turn_open(b->db));
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	meta_set(b->db, "k", "v");
	assert_true(db_turn_open(b->db));
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	reopen(b);
	char *value MEM_FREE = meta_get(b->db, "k");
	assert_string_equal(value, "v");
	struct stat st;
	assert_int_equal(stat(b->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_turn_that_is_not_committed_is_gone(void **state)
{
	struct box *b = *state;
	meta_set(b->db, "k", "v");
	reopen(b);
	assert_null(meta_get(b->db, "k"));
}

static void only_a_durable_turn_wants_the_disk(void **state)
{
	struct box *b = *state;
	struct err err;
	db_turn_durable(b->db);
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	meta_set(b->db, "k", "1");
	db_turn_durable(b->db);
	assert_int_equal(db_turn_commit(b->db, &err), 1);
	assert_int_equal(db_sync(b->db, &err), 0);
	db_turn_durable(b->db);
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	/* What was written in one turn and is acknowledged in a later one. */
	meta_set(b->db, "k", "2");
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	db_turn_durable(b->db);
	assert_int_equal(db_turn_commit(b->db, &err), 1);
}

static void a_full_disk_spoils_the_turn(void **state)
{
	struct box *b = *state;
	struct err err = {0};
	meta_set(b->db, "before", "1");
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	/* As if the disk ended here. */
	assert_int_equal(sqlite3_exec(b->db->sql, "PRAGMA max_page_count=1", NULL, NULL, NULL), SQLITE_OK);
	char *big MEM_FREE = mem_alloc(BIG);
	memset(big, 'x', BIG - 1);
	meta_set(b->db, "after", big);
	assert_non_null(db_spoiled(b->db));
	assert_null(meta_get(b->db, "before")); /* nothing is read any more */
	assert_int_equal(event_append(b->db, NULL, "x", NULL), 0);
	assert_int_equal(db_turn_commit(b->db, &err), -1);
	assert_non_null(strstr(err.msg, "disk is full"));
	reopen(b);
	char *before MEM_FREE = meta_get(b->db, "before");
	assert_string_equal(before, "1");
	assert_null(meta_get(b->db, "after"));
}

static void a_newer_database_is_left_alone(void **state)
{
	struct box *b = *state;
	db_close(b->db);
	b->db = NULL;
	sql(b->path, "PRAGMA user_version=9999");
	refuses(b, "written by a newer muster");
}

static void another_programs_database_is_left_alone(void **state)
{
	struct box *b = *state;
	db_close(b->db);
	b->db = NULL;
	assert_int_equal(unlink(b->path), 0);
	sql(b->path, "CREATE TABLE recipes(name)");
	refuses(b, "another program's");
}

static void damage_is_named(void **state)
{
	struct box *b = *state;
	struct err err;
	db_close(b->db);
	b->db = NULL;
	assert_int_equal(file_write_atomic(b->path, 0600, "not a database, but long enough to look at it", 45), 0);
	refuses(b, "damaged");
	assert_int_equal(db_check(b->path, &err), -1);
	assert_int_equal(file_write_atomic(b->path, 0600, "", 0), 0);
	assert_int_equal(db_open(b->path, &b->db, &err), 0);
	assert_int_equal(db_check(b->path, &err), 0);
}

/* The first page is fine, so it opens; the first read that meets the hole says so. */
static void damage_inside_spoils_the_turn(void **state)
{
	struct box *b = *state;
	struct err err;
	for (int i = 0; i < 2000; i++)
		event_append(b->db, "s", "some.kind", NULL);
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	db_close(b->db);
	b->db = NULL;
	struct stat st;
	assert_int_equal(stat(b->path, &st), 0);
	int fd = open(b->path, O_WRONLY);
	char junk[4096];
	memset(junk, 0xa5, sizeof junk);
	for (off_t at = 4096 * 30; at + 4096 <= st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
	close(fd);
	assert_int_equal(db_check(b->path, &err), -1);
	assert_int_equal(db_open(b->path, &b->db, &err), 0);
	struct event_rows rows;
	event_list(b->db, &(struct event_query){.limit = 10000}, &rows);
	event_rows_fini(&rows);
	assert_non_null(db_spoiled(b->db));
	assert_non_null(strstr(db_spoiled(b->db)->msg, "damaged"));
}

static void the_log_is_copied_back_beside_the_owner(void **state)
{
	struct box *b = *state;
	struct err err;
	int turns = 0;
	while (!db_checkpoint_due(b->db) && turns < 100000) {
		for (int i = 0; i < 50; i++)
			event_append(b->db, "session", "kind", NULL);
		assert_int_equal(db_turn_commit(b->db, &err), 0);
		turns++;
	}
	assert_true(db_checkpoint_due(b->db));
	event_append(b->db, "session", "kind", NULL); /* in the middle of a turn */
	assert_int_equal(db_checkpoint(b->db, &err), 0);
	assert_int_equal(db_turn_commit(b->db, &err), 0);
	assert_false(db_checkpoint_due(b->db));
	assert_int_equal(event_last(b->db), turns * 50 + 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_turn_is_kept),
		TEST(a_turn_that_is_not_committed_is_gone),
		TEST(only_a_durable_turn_wants_the_disk),
		TEST(a_full_disk_spoils_the_turn),
		TEST(a_newer_database_is_left_alone),
		TEST(another_programs_database_is_left_alone),
		TEST(damage_is_named),
		TEST(damage_inside_spoils_the_turn),
		TEST(the_log_is_copied_back_beside_the_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
