#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "work/config.h"
#include "work/task.h"

static char root[] = "/tmp/muster-config-XXXXXX";

static int make_root(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	return file_remove_tree(root);
}

static void put(const char *path, const char *text)
{
	MEM_FREE char *full = mem_printf("%s/%s", root, path);
	MEM_FREE char *dir = mem_strndup(full, (size_t)(strrchr(full, '/') - full));
	assert_int_equal(file_mkdirs(dir, 0700), 0);
	assert_int_equal(file_write_atomic(full, 0600, text, strlen(text)), 0);
}

static int load(struct config *c, struct err *err)
{
	MEM_FREE char *repo = mem_printf("%s/repo", root);
	MEM_FREE char *user = mem_printf("%s/user", root);
	return config_load(c, repo, user, err);
}

static void test_nothing_is_fine(void **state)
{
	(void)state;
	struct config c;
	struct err err = {0};
	assert_int_equal(load(&c, &err), 0);
	assert_null(c.agent);
	assert_int_equal(c.ports_per_session, 10);
	assert_int_equal(c.gate.n, 0);
	config_fini(&c);
}

static void test_repository_wins_and_agents_merge(void **state)
{
	(void)state;
	struct config c;
	struct err err = {0};
	put("repo/.muster/config.yaml", "agent: claude\ngate: [make check]\nworktree:\n  setup: npm ci\n  timeout: 30\n"
	                                "agents:\n  claude: {model: a}\n");
	put("user/config.yaml", "agent: shell\ntarget: dev\nports: {per-session: 0}\n"
	                        "agents:\n  claude: {model: b, args: [x]}\n  other: {k: 1}\n");
	assert_int_equal(load(&c, &err), 0);
	assert_string_equal(c.agent, "claude");
	assert_string_equal(c.target, "dev");
	assert_string_equal(c.gate.v[0], "make check");
	assert_string_equal(c.setup.v[0], "npm ci");
	assert_int_equal(c.setup_timeout_s, 30);
	assert_int_equal(c.ports_per_session, 0);
	assert_string_equal(json_str(json_obj(c.agents, "claude"), "model"), "a");
	assert_int_equal(json_len(json_arr(json_obj(c.agents, "claude"), "args")), 1);
	assert_int_equal(json_int(json_obj(c.agents, "other"), "k", 0), 1);
	assert_int_equal(c.warnings.n, 0);
	config_fini(&c);
}

static void test_bad_input_names_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"gate: {a: 1}\n", "config.yaml:1:7: gate must be a list of texts"},
		{"agent:\n  - x\n", "agent must be a text"},
		{"worktree: 3\n", "config.yaml:1:11: worktree must be a map"},
		{"gate-timeout: -1\n", "must be a number from 0 to 86400"},
		{"agent: claude\nland: teleport\n", "config.yaml:2:7: land must be merge, squash or rebase"},
		{"- a\n", "config.yaml:1:1: a configuration is a map"},
		{"a: [\n", "config.yaml:2:1: flow sequence without a closing bracket"},
		{"gate: [x]\ngate: [y]\n", "config.yaml:2:1: \"gate\" is there twice"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c;
		struct err err = {0};
		put("repo/.muster/config.yaml", rows[i].text);
		assert_int_equal(load(&c, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, rows[i].says));
	}
}

static void test_unknown_keys_are_warnings(void **state)
{
	(void)state;
	struct config c;
	struct err err = {0};
	put("repo/.muster/config.yaml", "gates: [x]\nworktree:\n  setpu: y\n");
	assert_int_equal(load(&c, &err), 0);
	assert_int_equal(c.warnings.n, 2);
	assert_non_null(strstr(c.warnings.v[0], ":1:1: unknown key gates; did you mean gate?"));
	assert_non_null(strstr(c.warnings.v[1], ":3:3: unknown key setpu; did you mean setup?"));
	config_fini(&c);
}

static void test_task(void **state)
{
	(void)state;
	static const char text[] = "---\nname: playback\nagent: rehearsal\nscope: [src/a/**, tests/**]\nvalue: 2\n"
	                           "tier: checkpoint\noptions: {script: x.yaml}\n---\nDo it.\n";
	struct task t = {0};
	struct err err = {0};
	assert_int_equal(task_parse(text, strlen(text), "t.md", &t, &err), 0);
	assert_string_equal(t.name, "playback");
	assert_string_equal(t.body, "Do it.");
	assert_int_equal(t.scope.n, 2);
	struct json_object *o JSON_FREE = task_json(&t);
	assert_string_equal(json_line(o), "{\"name\":\"playback\",\"agent\":\"rehearsal\",\"scope\":[\"src/a/**\",\"tests/**\"],"
	                                  "\"tier\":\"checkpoint\",\"value\":2,\"options\":{\"script\":\"x.yaml\"}}");
	task_fini(&t);
}

static void test_bad_tasks(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"---\nnmae: x\n---\n", "t.md:2:"},
		{"---\nnmae: x\n---\n", "did you mean name?"},
		{"---\nname: ../x\n---\n", "t.md:2:7:"},
		{"---\ntier: heroic\n---\n", "tier must be"},
		{"---\nvalue: 0\n---\n", "value must be"},
		{"---\nscope: {a: b}\n---\n", "scope must be a list"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct task t = {0};
		struct err err = {0};
		assert_int_equal(task_parse(rows[i].text, strlen(rows[i].text), "t.md", &t, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, rows[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_is_fine, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_repository_wins_and_agents_merge, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_bad_input_names_its_place, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_unknown_keys_are_warnings, make_root, remove_root),
		cmocka_unit_test(test_task),
		cmocka_unit_test(test_bad_tasks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
