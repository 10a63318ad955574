#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "work/plan.h"

static char root[] = "/tmp/muster-plan-XXXXXX";

static int make_root(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	return chdir("/") == 0 ? file_remove_tree(root) : -1;
}

static void put(const char *name, const char *text)
{
	MEM_FREE char *path = mem_printf("p/%s", name);
	assert_int_equal(file_mkdirs("p", 0700), 0);
	assert_int_equal(file_write_atomic(path, 0600, text, strlen(text)), 0);
}

/* A plan in one text: "NAME: LINE | LINE | …" of front matter a line. */
static void put_all(const char *tasks)
{
	struct strv lines STRV_FREE = STRV_INIT;
	assert_int_equal(file_remove_tree("p"), 0);
	strv_split(&lines, tasks, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *meta = strstr(lines.v[i], ": ");
		struct strv keys STRV_FREE = STRV_INIT;
		struct str text STR_FREE = STR_INIT;
		*meta = '\0';
		strv_split(&keys, meta + 2, '|');
		str_adds(&text, "---\n");
		for (size_t k = 0; k < keys.n; k++)
			str_addf(&text, "%s\n", keys.v[k] + strspn(keys.v[k], " "));
		str_adds(&text, "---\nDo it.\n");
		MEM_FREE char *file = mem_printf("%s.md", lines.v[i]);
		put(file, text.data);
	}
}

static struct config gated(void)
{
	struct config c = {0};
	strv_add(&c.gate, "make check");
	return c;
}

static void read_checked(struct plan *p, const struct strv *decided)
{
	struct config config = gated();
	struct err err = {0};
	int r = plan_read(p, "p/", &err);
	assert_string_equal(err.msg, "");
	assert_int_equal(r, 0);
	plan_check(p, &(struct plan_facts){.config = &config, .decided = decided});
	config_fini(&config);
}

/* "LEVEL KIND FILE:LINE:COLUMN TEXT" of each finding. */
static char *found_in(const struct plan *p)
{
	struct str out STR_FREE = STR_INIT;
	str_adds(&out, "");
	for (size_t i = 0; i < p->n_findings; i++) {
		const struct plan_finding *f = &p->findings[i];
		assert_true(f->hint && *f->hint && !strchr(f->hint, '\n') && !strchr(f->text, '\n'));
		str_addf(&out, "%s %s %s:%d:%d %s\n", f->level == PLAN_ERROR ? "error" : "warning", plan_kind_name(f->kind), f->file,
		         f->line, f->column, f->text);
	}
	return str_take(&out);
}

static void expect(const char *tasks, const char *findings)
{
	CLEANUP(plan_fini) struct plan p = {0};
	put_all(tasks);
	read_checked(&p, NULL);
	MEM_FREE char *found = found_in(&p);
	assert_string_equal(found, findings);
}

static void a_good_plan_has_no_findings(void **state)
{
	(void)state;
	expect("one: scope: src/one\n"
	       "two: after: one | scope: src\n"
	       "three: after: [two, one] | scope: [src/two, 'docs/**']\n"
	       "four: after: [two] | scope: [':(glob)src/*.c']\n",
	       "");
}

static void names_are_checked(void **state)
{
	(void)state;
	expect("a b: scope: x\n"
	       "index: scope: i\n"
	       "other: name: index | scope: o\n"
	       "search: after: [indx, nothing-alike] | scope: s\n",
	       "error name p/a b.md:1:1 the file's name is no name for a task: a name has no spaces: \"a b\"\n"
	       "error duplicate p/other.md:2:7 the name index is that of p/index.md already\n"
	       "error after p/search.md:2:9 no task of this plan is called indx; did you mean index?\n"
	       "error after p/search.md:2:15 no task of this plan is called nothing-alike\n");
}

static void a_finding_is_one_safe_line(void **state)
{
	(void)state;
	expect("a: after: [\"b\\nc\\e[31mred\"] | scope: a\n",
	       "error after p/a.md:2:10 no task of this plan is called b cred\n");
}

static void a_cycle_is_told_once_with_its_way(void **state)
{
	(void)state;
	expect("a: after: c | scope: a\n"
	       "b: after: a | scope: b\n"
	       "c: after: [b, a] | scope: c\n"
	       "d: after: c | scope: d\n"
	       "e: after: [e] | scope: e\n",
	       "error cycle p/a.md:2:8 a follows c, which follows a: none of them can start\n"
	       "error cycle p/e.md:2:9 e follows itself: it cannot start\n");
}

static void what_is_wrong_in_files_is_told_with_the_place(void **state)
{
	(void)state;
	expect("a: scope: [a | after: b\n"
	       "b: tier: high | colour: red | scope: b\n"
	       "c: agent: shell | scope: c\n"
	       "d: agent: claud | scope: [d, ':(wrong)d']\n",
	       "error file p/a.md:4:1 flow sequence without a closing bracket\n"
	       "error file p/b.md:2:7 tier must be delegated, checkpoint or hands-on\n"
	       "error file p/b.md:3:1 unknown key colour\n"
	       "error agent p/c.md:2:8 the agent shell runs a command, and a task has none\n"
	       "error agent p/d.md:2:8 there is no agent claud; did you mean claude?\n"
	       "error pathspec p/d.md:3:13 git knows no pathspec magic \"wrong\"\n");
}

static void overlaps_of_those_that_may_run_together(void **state)
{
	(void)state;
	expect("a: scope: src\n"
	       "b: scope: ['docs/**', 'src/b/*.c']\n"
	       "c: scope: src/b/x.c\n"
	       "d: scope: src/d | after: [a, b]\n"
	       "e: after: d\n",
	       "warning overlap p/b.md:2:21 src/b/*.c of b and src of a (p/a.md:2) can be the same files, and both may run at the same "
	       "time\n"
	       "warning overlap p/c.md:2:8 src/b/x.c of c and src of a (p/a.md:2) can be the same files, and both may run at the same "
	       "time; so may b\n"
	       "warning scope p/e.md:1:1 it has no scope, so it may change everything, while c may run too\n");
	CLEANUP(plan_fini) struct plan p = {0};
	read_checked(&p, NULL);
	assert_int_equal(p.findings[1].tasks.n, 3);
	assert_string_equal(p.findings[1].tasks.v[2], "b");
}

static void many_names_are_counted(void **state)
{
	(void)state;
	expect("a: scope: a\nb: scope: b\nc: scope: c\nd: scope: d\ne: scope: e\nf: tier: delegated\n",
	       "warning scope p/f.md:1:1 it has no scope, so it may change everything, while a, b, c and 2 more may run too\n");
}

static void decisions_are_made_by_somebody(void **state)
{
	(void)state;
	static const char tasks[] = "a: awaits: [error-model, colours] | scope: a\n"
				    "b: stop-for: [error-model, the API of src/b.h] | scope: b\n"
				    "c: awaits: late | scope: c\n"
				    "d: stop-for: late | after: c | scope: d\n"
				    "e: awaits: [own, 'no name'] | stop-for: own | scope: e\n";
	static const char undecided[] =
		"warning awaits p/c.md:2:9 the decision late is brought up by d alone, which starts only after this\n"
		"warning awaits p/e.md:2:10 the decision own is brought up by e alone, which starts only after this\n"
		"error awaits p/e.md:2:16 no name cannot be the name of a decision: a decision is named by 1 to 64 letters, digits, '.', "
		"'_' and '-', and begins with a letter or digit\n";
	MEM_FREE char *all = mem_printf("warning awaits p/a.md:2:23 nobody makes the decision colours: it is not made, and no task brings "
					"it up\n%s",
					undecided);
	expect(tasks, all);
	struct strv decided STRV_FREE = STRV_INIT;
	CLEANUP(plan_fini) struct plan p = {0};
	strv_add(&decided, "colours");
	read_checked(&p, &decided);
	MEM_FREE char *found = found_in(&p);
	assert_string_equal(found, undecided);
}

static void a_missing_gate(void **state)
{
	(void)state;
	CLEANUP(plan_fini) struct plan p = {0}, q = {0};
	struct config none = {0};
	struct err err;
	put_all("a: gate: make | scope: a\nb: scope: b\nc: scope: c\n");
	assert_int_equal(plan_read(&p, "p", &err), 0);
	plan_check(&p, &(struct plan_facts){.config = &none});
	MEM_FREE char *found = found_in(&p);
	assert_string_equal(found, "warning gate p/b.md:1:1 no gate tests it, so it will not land; nor will c\n");
	strv_add(&none.gate, "none"); /* says that there is to be none */
	assert_int_equal(plan_read(&q, "p", &err), 0);
	plan_check(&q, &(struct plan_facts){.config = &none});
	assert_int_equal(q.n_findings, 0);
	config_fini(&none);
}

static void the_order_is_by_what_follows_then_value_then_file(void **state)
{
	(void)state;
	CLEANUP(plan_fini) struct plan p = {0};
	struct str order STR_FREE = STR_INIT;
	put_all("t10: scope: a\nt9: scope: b\nlast: after: [big, t10] | value: 9 | scope: c\nbig: value: 5 | scope: d | after: t9\n");
	read_checked(&p, NULL);
	for (size_t i = 0; i < p.n_order; i++)
		str_addf(&order, "%s:%d ", p.v[p.order[i]].name, p.v[p.order[i]].wave);
	assert_string_equal(order.data, "t9:1 big:2 t10:1 last:3 ");
	struct json_object *o JSON_FREE = plan_json(&p);
	assert_int_equal(json_len(json_arr(o, "tasks")), 4);
	assert_int_equal(json_int(o, "errors", -1), 0);
	assert_string_equal(json_str(o, "plan"), "p");
}

static void what_is_a_task(void **state)
{
	(void)state;
	CLEANUP(plan_fini) struct plan p = {0};
	put_all("a: scope: a\n");
	put("README.md", "No task.\n");
	put(".hidden.md", "---\n---\nNo.\n");
	put("notes.txt", "---\n---\nNo.\n");
	put("empty.md", "---\n---\n");
	assert_int_equal(file_mkdirs("p/folder.md", 0700), 0);
	read_checked(&p, NULL);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.left_out.n, 1);
	assert_string_equal(p.left_out.v[0], "README.md");
	MEM_FREE char *found = found_in(&p);
	assert_non_null(strstr(found, "error file p/folder.md:1:1 cannot read p/folder.md: Is a directory\n"));
	assert_non_null(strstr(found, "warning brief p/empty.md:1:1 it says nothing below its front matter"));
}

static void an_empty_plan_and_none(void **state)
{
	(void)state;
	CLEANUP(plan_fini) struct plan p = {0};
	struct err err;
	assert_int_equal(file_remove_tree("p"), 0);
	assert_int_equal(plan_read(&p, "p", &err), -1);
	assert_string_equal(err.msg, "cannot read the plan p: No such file or directory");
	assert_int_equal(file_mkdirs("p", 0700), 0);
	read_checked(&p, NULL);
	MEM_FREE char *found = found_in(&p);
	assert_string_equal(found, "error plan p:0:0 there is no task in it\n");
}

/* A chain and as many beside it: quadratic work at most, and one finding a task. */
static void a_plan_as_large_as_it_may_be(void **state)
{
	(void)state;
	CLEANUP(plan_fini) struct plan p = {0};
	struct str all STR_FREE = STR_INIT;
	struct err err;
	for (int i = 0; i < PLAN_TASKS_MAX; i++)
		str_addf(&all, "t%d: %s%d | scope: [src/all, src/t%d]\n", i, i % 2 && i > 1 ? "after: t" : "value: ",
		         i % 2 && i > 1 ? i - 2 : 1, i);
	put_all(all.data);
	read_checked(&p, NULL);
	assert_int_equal(p.n_order, PLAN_TASKS_MAX);
	assert_int_equal(p.v[p.order[p.n_order - 1]].wave, PLAN_TASKS_MAX / 2);
	assert_int_equal(p.n_findings, PLAN_TASKS_MAX - 1);
	put("more.md", "---\n---\nOne more.\n");
	assert_int_equal(plan_read(&(struct plan){0}, "p", &err), -1);
	assert_string_equal(err.msg, "the plan p has 1001 files: more than 1000 are not taken; split it");
}

static void a_plan_that_is_too_long(void **state)
{
	(void)state;
	struct str text STR_FREE = STR_INIT;
	struct err err;
	assert_int_equal(file_remove_tree("p"), 0);
	str_adds(&text, "---\n---\n");
	while (text.len < (1 << 20) - 10)
		str_adds(&text, "text text\n");
	for (int i = 0; i < 3; i++) {
		MEM_FREE char *name = mem_printf("t%d.md", i);
		put(name, text.data);
	}
	assert_int_equal(plan_read(&(struct plan){0}, "p", &err), -1);
	assert_non_null(strstr(err.msg, "more than 2097152 are not taken; split it"));
	assert_int_equal(file_remove_tree("p"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_plan_has_no_findings),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(a_finding_is_one_safe_line),
		cmocka_unit_test(a_cycle_is_told_once_with_its_way),
		cmocka_unit_test(what_is_wrong_in_files_is_told_with_the_place),
		cmocka_unit_test(overlaps_of_those_that_may_run_together),
		cmocka_unit_test(many_names_are_counted),
		cmocka_unit_test(decisions_are_made_by_somebody),
		cmocka_unit_test(a_missing_gate),
		cmocka_unit_test(the_order_is_by_what_follows_then_value_then_file),
		cmocka_unit_test(what_is_a_task),
		cmocka_unit_test(an_empty_plan_and_none),
		cmocka_unit_test(a_plan_as_large_as_it_may_be),
		cmocka_unit_test(a_plan_that_is_too_long),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
