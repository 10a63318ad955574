/* The parts of the holder that stand alone: journal, output log, sieve, pace, input queue, processes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pack.h"
#include "hold/input.h"
#include "hold/journal.h"
#include "hold/outlog.h"
#include "hold/pace.h"
#include "hold/proc.h"
#include "hold/sieve.h"
#include "unit.h"

static char folder[] = "/tmp/muster-test-hold-XXXXXX";

static int setup(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return file_remove_tree(folder);
}

static char *in_folder(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static void add(struct journal *j, const char *text, int expect)
{
	struct str p STR_FREE = STR_INIT;
	str_adds(&p, text);
	assert_int_equal(journal_add(j, 1, &p, false), expect);
}

static void expect_entry(struct journal_reader *r, uint64_t number, const char *text)
{
	struct journal_entry e;
	assert_int_equal(journal_read(r, &e), 1);
	assert_int_equal(e.number, number);
	assert_int_equal(e.len, strlen(text));
	assert_memory_equal(e.payload, text, e.len);
}

static void test_journal_goes_on(void **state)
{
	(void)state;
	char *path MEM_FREE = in_folder("j");
	struct journal j;
	struct journal_reader r;
	struct journal_entry e;
	assert_int_equal(journal_init(&j, path), 0);
	add(&j, "one", 0);
	add(&j, "two", 0);
	journal_fini(&j);
	assert_int_equal(journal_init(&j, path), 0);
	assert_int_equal(j.last, 2);
	add(&j, "three", 0);
	assert_int_equal(journal_read_open(&r, path, 1), 0);
	expect_entry(&r, 2, "two");
	expect_entry(&r, 3, "three");
	assert_int_equal(journal_read(&r, &e), 0);
	add(&j, "four", 0);
	expect_entry(&r, 4, "four"); /* a reader may wait at the end */
	journal_read_close(&r);
	journal_fini(&j);
}

/* Whatever byte the file ends at, or is damaged at, the entries before are kept and numbering goes on. */
static void test_journal_torn(void **state)
{
	(void)state;
	char *path MEM_FREE = in_folder("j"), *copy MEM_FREE = in_folder("copy");
	struct journal j;
	struct str whole STR_FREE = STR_INIT;
	assert_int_equal(journal_init(&j, path), 0);
	add(&j, "one", 0);
	size_t first = (size_t)j.end;
	add(&j, "two", 0);
	journal_fini(&j);
	assert_int_equal(file_read(path, 65536, &whole), 0);
	for (size_t cut = 0; cut < whole.len; cut++) {
		struct journal t;
		assert_int_equal(file_write_atomic(copy, 0600, whole.data, cut), 0);
		assert_int_equal(journal_init(&t, copy), 0);
		assert_int_equal(t.last, cut >= first ? 1 : 0);
		add(&t, "next", 0);
		journal_fini(&t);
		assert_int_equal(journal_init(&t, copy), 0);
		assert_int_equal(t.last, cut >= first ? 2 : 1);
		journal_fini(&t);
	}
	for (size_t at = first; at < whole.len; at++) {
		struct journal t;
		whole.data[at] ^= 0x10;
		assert_int_equal(file_write_atomic(copy, 0600, whole.data, whole.len), 0);
		whole.data[at] ^= 0x10;
		assert_int_equal(journal_init(&t, copy), 0);
		assert_int_equal(t.last, 1);
		journal_fini(&t);
	}
}

static void test_journal_limit_and_taking(void **state)
{
	(void)state;
	char *path MEM_FREE = in_folder("j");
	char *big MEM_FREE = mem_alloc(1000001);
	struct journal j;
	struct journal_reader r = {.fd = -1, .next = 1};
	struct journal_entry e;
	struct stat st;
	memset(big, 'x', 1000000);
	assert_int_equal(journal_init(&j, path), 0);
	for (int i = 0; i < 16; i++)
		add(&j, big, 0);
	add(&j, big, -ENOSPC);
	add(&j, "small", 0);
	assert_int_equal(journal_follow(&j, &r, &e), 1);
	journal_take(&j, 10);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 7000000);
	/* A follower that was behind goes on with the oldest there is. */
	assert_int_equal(journal_follow(&j, &r, &e), 1);
	assert_int_equal(e.number, 11);
	add(&j, big, 0);
	journal_take(&j, 1000);
	assert_int_equal(j.taken, 18);
	journal_read_close(&r);
	journal_fini(&j);
	assert_int_equal(journal_init(&j, path), 0);
	assert_int_equal(j.last, 18);
	journal_fini(&j);
}

static void test_outlog(void **state)
{
	(void)state;
	enum { CHUNK = 1 << 20 };
	char *chunk MEM_FREE = mem_alloc(CHUNK), *back MEM_FREE = mem_alloc(CHUNK);
	struct outlog o;
	struct outlog_reader r = OUTLOG_READER_INIT;
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(outlog_init(&o, dir, 0), 0); /* the least: two segments */
	for (int i = 0; i < 40; i++) {
		memset(chunk, 'a' + i % 26, CHUNK);
		assert_int_equal(outlog_write(&o, chunk, CHUNK), CHUNK);
	}
	assert_int_equal(o.end, 40 * CHUNK);
	assert_int_equal(outlog_start(&o), 16 * CHUNK);
	uint64_t at = 0;
	assert_int_equal(outlog_read(&o, &r, &at, back, CHUNK), CHUNK);
	assert_int_equal(at, 16 * CHUNK);
	assert_int_equal(back[0], 'a' + 16);
	at = 40 * CHUNK;
	assert_int_equal(outlog_read(&o, &r, &at, back, CHUNK), 0);
	outlog_reader_fini(&r);
	outlog_fini(&o);
	/* Another holder goes on where this one ended. */
	assert_int_equal(outlog_init(&o, dir, 0), 0);
	assert_int_equal(o.end, 40 * CHUNK);
	assert_int_equal(outlog_write(&o, "more", 4), 4);
	at = 40 * CHUNK - 1;
	assert_int_equal(outlog_read(&o, &r, &at, back, CHUNK), 1);
	at++;
	assert_int_equal(outlog_read(&o, &r, &at, back, CHUNK), 4);
	assert_memory_equal(back, "more", 4);
	outlog_reader_fini(&r);
	outlog_fini(&o);
	close(dir);
}

static const struct {
	const char *in, *out;
} sieved[] = {
	{"plain \xc3\xa4 text\r\n", "plain \xc3\xa4 text\r\n"},
	{"a\x1b[31mb\x1b[0mc", "a\x1b[31mb\x1b[0mc"},
	{"a\x1b[cb\x1b[>cc\x1b[6nd\x1b[?6ne", "abcde"},
	{"\x1b[?2026$pa\x1b[>qb\x1b[?uc\x1b[>1u\x1b[14td", "abc\x1b[>1ud"},
	{"\x1b]0;title\x07x\x1b]2;other\x1b\\", "\x1b]0;title\x1b\\x\x1b]2;other\x1b\\"},
	{"\x1b]10;?\x07" "a\x1b]52;c;c2VjcmV0\x07" "b\x1b]7501;?\x1b\\c", "abc"},
	{"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"},
	{"\x1bPq#0\x1b\\a\x1b_G\x1b\\b\x1b^x\x1b\\c", "abc"},
	{"a\x1bZb\x05" "c\xc2\x9b" "6nd", "abc6nd"},
	{"\x1b[3\x18" "a\x1b[1\nm", "a\n\x1b[1m"},
	{"\x1b]0;un\x1b[1mfinished", "\x1b[1mfinished"},
	{"\x1b(Bx\x1b[?1049h\x1b[2J\x1b[!p", "\x1b(Bx\x1b[?1049h\x1b[2J\x1b[!p"},
};

/* Cut at every place, the outcome is the same. */
static void test_sieve(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sieved); i++) {
		size_t len = strlen(sieved[i].in);
		for (size_t cut = 0; cut <= len; cut++) {
			struct sieve s;
			struct str out STR_FREE = STR_INIT;
			sieve_init(&s);
			sieve_run(&s, sieved[i].in, cut, &out);
			sieve_run(&s, sieved[i].in + cut, len - cut, &out);
			assert_string_equal(str_c(&out), sieved[i].out);
		}
	}
}

static void test_pace(void **state)
{
	(void)state;
	struct pace p = {0};
	assert_int_equal(pace_read(&p, 50, false, 10000), 0); /* the first after silence */
	int last = 0;
	for (int64_t now = 10100; now < 12000; now += 100) { /* then longer and longer pauses */
		int pause = pace_read(&p, 50, false, now);
		assert_true(pause >= last && pause <= PACE_MAX_MS);
		last = pause;
	}
	assert_int_equal(last, PACE_MAX_MS);
	assert_int_equal(pace_read(&p, 50, true, 12000), 0); /* somebody watches */
	pace_input(&p, 12100);
	assert_int_equal(pace_read(&p, 50, false, 12101), 0); /* an answer */
	assert_int_equal(pace_read(&p, PACE_FLOOD, false, 12900), 0);
	assert_int_equal(pace_read(&p, 4000, false, 12910), 0); /* the flood goes on */
	assert_int_equal(pace_read(&p, 4000, false, 12910 + 2 * PACE_MAX_MS), PACE_MIN_MS);
}

static void test_input(void **state)
{
	(void)state;
	struct input in = {0};
	struct input_mark m;
	int ends[2];
	char buf[8];
	char *big MEM_FREE = mem_alloc(INPUT_MAX);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(input_add(&in, 7, 1, "abc", 3), 0);
	assert_int_equal(input_add(&in, 8, 2, "de", 2), 0);
	assert_false(input_next(&in, false, &m));
	assert_int_equal(input_write(&in, ends[1]), 0);
	assert_int_equal(read(ends[0], buf, sizeof buf), 5);
	assert_true(input_next(&in, false, &m) && m.client == 7 && m.id == 1);
	assert_true(input_next(&in, false, &m) && m.client == 8 && m.id == 2);
	assert_int_equal(input_add(&in, 7, 3, big, INPUT_MAX), 0);
	assert_int_equal(input_add(&in, 7, 4, "x", 1), -ENOBUFS);
	assert_int_equal(input_write(&in, ends[1]), 0);
	assert_false(input_next(&in, false, &m));
	input_drop(&in);
	assert_true(input_empty(&in) && input_next(&in, true, &m) && m.id == 3);
	input_fini(&in);
	close(ends[0]);
	close(ends[1]);
}

static void test_proc(void **state)
{
	(void)state;
	struct proc self, other;
	assert_true(proc_read(getpid(), &self));
	assert_int_equal(self.ppid, getppid());
	assert_true(self.start_ticks > 0);
	assert_int_equal(proc_signal(&self, 0), 0);
	other = self;
	other.start_ticks++;
	assert_int_equal(proc_signal(&other, 0), -ESRCH); /* another process with the same pid */
	assert_false(proc_read(0x3fffffff, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_journal_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_journal_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_journal_limit_and_taking, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outlog, setup, teardown),
		cmocka_unit_test(test_sieve),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_proc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
