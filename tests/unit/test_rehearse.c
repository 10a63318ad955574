/* The rehearsal agent: its scripts, and the player in a process of its own against a holder that this test plays.
 */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/rehearsal.h"
#include "agent/rehearse.h"
#include "agent/rehearse_script.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "io/unixsock.h"

enum { PATIENCE_MS = 20000 };

/* ---- scripts ---- */

static void scripts_become_steps(void **state)
{
	(void)state;
	const char *text = "name: x\npace: 5\nsteps:\n- say: hello\n- if: {a: b}\n  then: [{say: 1}]\n  else: "
			   "[{say: 2}, {run: x}]\n"
			   "- loop: {times: 3, until: {exit: 0}, steps: [{run: {command: make, check: false}}]}\n- "
			   "done: end\n";
	static const struct {
		enum rehearse_op op;
		size_t jump;
	} want[] = {
		{REHEARSE_SAY, 0},   {REHEARSE_TEST, 4}, {REHEARSE_SAY, 0},   {REHEARSE_JUMP, 6},
		{REHEARSE_SAY, 0},   {REHEARSE_RUN, 0},  {REHEARSE_LOOP, 10}, {REHEARSE_RUN, 0},
		{REHEARSE_TEST, 10}, {REHEARSE_JUMP, 6}, {REHEARSE_DONE, 0},
	};
	struct rehearse_script s;
	struct err err = {0};
	int failed = rehearse_script_parse(&s, "f", 1, text, strlen(text), &err);
	assert_string_equal(err.msg, "");
	assert_int_equal(failed, 0);
	assert_int_equal(s.n, ARRAY_LEN(want));
	assert_int_equal(s.pace_ms, 5);
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.steps[i].op, want[i].op);
		assert_int_equal(s.steps[i].jump, want[i].jump);
	}
	rehearse_script_fini(&s);
}

static void bad_scripts_name_the_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"steps:\n- sya: x\n", "f:2:3: no step is called \"sya\"; did you mean say?"},
		{"steps:\n- say: [x]\n", "f:2:8: say: text has the wrong form"},
		{"steps:\n- edit: {file: x}\n", "edit needs write"},
		{"steps:\n- edit: x\n", "edit needs write"},
		{"steps:\n- run: {comand: x}\n", "f:2:17: run has no comand"},
		{"steps:\n- ask: {options: [a]}\n", "ask needs question"},
		{"steps:\n- say: x\n  as: y\n", "f:2:3: a step is one verb"},
		{"steps:\n- if: x\n  then: []\n", "if needs a condition"},
		{"steps:\n- if: {a: b}\n", "then must be a list"},
		{"steps:\n- loop: {steps: []}\n", "loop needs times"},
		{"steps: x\n", "f:1:8: steps must be a list"},
		{"stesp: []\n", "f:1:8: a script has name, pace and steps"},
		{"- x\n", "a script is a map"},
		{"steps:\n- x\n", "f:2:3: a step is of the form"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rehearse_script s;
		struct err err = {0};
		assert_int_equal(rehearse_script_parse(&s, "f", 1, cases[i].text, strlen(cases[i].text), &err), -1);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].text, err.msg);
	}
}

static void a_block_is_found_in_a_brief(void **state)
{
	(void)state;
	const char *text;
	size_t len;
	int line;
	assert_true(rehearse_find_block("Do it.\n\n```yaml rehearsal\nsteps: []\n```\nMore", &text, &len, &line));
	assert_memory_equal(text, "steps: []\n", len);
	assert_int_equal(len, 10);
	assert_int_equal(line, 3);
	assert_false(rehearse_find_block("```yaml\nx\n```\n", &text, &len, &line));
	assert_false(rehearse_find_block("```yaml rehearsal\nx\n", &text, &len, &line));
	assert_false(rehearse_find_block("", &text, &len, &line));
}

/* ---- the player ---- */

struct stage {
	char dir[64];
	int listener, mail[8];
	struct str in[8];
	int n_mail;
	int input; /* what is typed */
	pid_t player;
	int request; /* the number of the last line */
};

static int set_up(void **state)
{
	struct stage *s = mem_alloc(sizeof *s);
	s->input = -1;
	snprintf(s->dir, sizeof s->dir, "/tmp/muster-rehearse-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(chdir(s->dir), 0);
	s->listener = unixsock_listen("socket", 8);
	assert_true(s->listener >= 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;
	if (s->player > 0) {
		kill(s->player, SIGKILL);
		waitpid(s->player, NULL, 0);
	}
	for (int i = 0; i < s->n_mail; i++) {
		fd_closep(&s->mail[i]);
		str_fini(&s->in[i]);
	}
	fd_closep(&s->listener);
	fd_closep(&s->input);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(file_remove_tree(s->dir), 0);
	free(s);
	return 0;
}

static void play(struct stage *s, const char *script, bool resume)
{
	int fds[2];
	assert_int_equal(file_write_atomic("script.yaml", 0600, script, strlen(script)), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->player = fork();
	assert_true(s->player >= 0);
	if (s->player == 0) {
		struct err err = {0};
		struct rehearse_options o = {.script = "script.yaml", .state = "state.json", .resume = resume};
		int out = open("output", O_WRONLY | O_CREAT | O_APPEND, 0600);
		close(fds[1]);
		dup2(fds[0], 0);
		dup2(out, 1);
		setenv("MUSTER_SOCKET", "socket", 1);
		int code = rehearse_run(&o, &err);
		if (code < 0)
			fprintf(stderr, "%s\n", err.msg);
		_exit(code < 0 ? 9 : code);
	}
	close(fds[0]);
	fd_closep(&s->input);
	s->input = fds[1];
}

static bool take_line(struct stage *s, int i, struct str *ret)
{
	char *end = s->in[i].len ? memchr(s->in[i].data, '\n', s->in[i].len) : NULL;
	if (!end)
		return false;
	size_t len = (size_t)(end - s->in[i].data);
	str_add(ret, s->in[i].data, len);
	str_consume(&s->in[i], len + 1);
	return true;
}

/* The next mailbox line, numbered as a holder does it; *ret_from is its connection. */
static struct json_object *next_line(struct stage *s, int *ret_from)
{
	for (;;) {
		for (int i = 0; i < s->n_mail; i++) {
			struct str line STR_FREE = STR_INIT;
			if (!take_line(s, i, &line))
				continue;
			dprintf(s->mail[i], "+%d\n", ++s->request);
			*ret_from = i;
			return json_parse(line.data, line.len, NULL);
		}
		struct pollfd polls[9] = {{.fd = s->listener, .events = POLLIN}};
		for (int i = 0; i < s->n_mail; i++)
			polls[1 + i] = (struct pollfd){.fd = s->mail[i], .events = POLLIN};
		assert_true(poll(polls, (nfds_t)(1 + s->n_mail), PATIENCE_MS) > 0);
		int before = s->n_mail;
		if (polls[0].revents)
			s->mail[s->n_mail++] = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		for (int i = 0; i < before; i++) {
			char buf[4096];
			ssize_t n = polls[1 + i].revents ? read(s->mail[i], buf, sizeof buf) : -1;
			if (n > 0)
				str_add(&s->in[i], buf, (size_t)n);
			else if (n == 0)
				fd_closep(&s->mail[i]);
		}
	}
}

/* Reads lines until one is that message, or that hook event. */
static struct json_object *await(struct stage *s, const char *what, int *ret_from)
{
	for (;;) {
		struct json_object *msg = next_line(s, ret_from);
		if (strcmp(json_str_or(msg, "event", json_str_or(msg, "m", "")), what) == 0)
			return msg;
		json_object_put(msg);
	}
}

/* Returns the connection that it came on. */
static int expect(struct stage *s, const char *what)
{
	int from;
	json_object_put(await(s, what, &from));
	return from;
}

static void type(struct stage *s, const char *text)
{
	assert_int_equal(fd_write_all(s->input, text, strlen(text)), 0);
}

static char *content(const char *path)
{
	struct str text = STR_INIT;
	assert_int_equal(file_read(path, 1 << 20, &text), 0);
	str_trim(&text);
	return str_c(&text)[0] ? str_take(&text) : mem_strdup("");
}

static void assert_content(const char *path, const char *want)
{
	char *text MEM_FREE = content(path);
	assert_string_equal(text, want);
}

static int ended(struct stage *s)
{
	int status;
	waitpid(s->player, &status, 0);
	s->player = 0;
	return status;
}

static void a_script_edits_runs_and_reports(void **state)
{
	struct stage *s = *state;
	play(s,
	     "steps:\n"
	     "- say: begin\n"
	     "- edit: {file: sub/a, write: \"one\\ntwo\\n\"}\n"
	     "- edit: {file: sub/a, replace: two, with: 2}\n"
	     "- edit: {file: sub/a, append: \"three\\n\"}\n"
	     "- run: tr a-z A-Z <sub/a >b\n"
	     "- loop: {times: 5, until: {exit: 0}, steps: [{run: {command: 'echo x >>c; test $(wc -l <c) = 3', "
	     "check: false}}]}\n"
	     "- report: {percent: 50, text: half}\n"
	     "- done: {summary: 'all of it, ${exit}'}\n"
	     "- crash: {exit: 7}\n",
	     false);
	int from;
	expect(s, REHEARSAL_TURN_STARTED);
	struct json_object *said JSON_FREE = await(s, REHEARSAL_SAID, &from);
	assert_string_equal(json_str(json_obj(said, "data"), "text"), "begin");
	struct json_object *report JSON_FREE = await(s, "report", &from);
	assert_int_equal(json_int(report, "percent", -1), 50);
	struct json_object *done JSON_FREE = await(s, "done", &from);
	assert_string_equal(json_str(done, "summary"), "all of it, 0");
	int status = ended(s);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_content("b", "ONE\n2\nTHREE");
	assert_content("c", "x\nx\nx");
}

static void the_docket_answers_a_permission(void **state)
{
	struct stage *s = *state;
	play(s,
	     "steps:\n- permission: {command: echo yes >allowed}\n- permission: {command: echo no >denied}\n"
	     "- if: {permission: deny}\n  then: [{done: denied}]\n  else: [{done: allowed}]\n",
	     false);
	int from;
	struct json_object *first JSON_FREE = await(s, REHEARSAL_PERMISSION, &from);
	assert_string_equal(json_str(json_obj(first, "data"), "command"), "echo yes >allowed");
	dprintf(s->mail[from], "=%d {\"decision\":\"allow\"}\n", s->request);
	from = expect(s, REHEARSAL_PERMISSION);
	dprintf(s->mail[from], "=%d {\"decision\":\"deny\"}\n", s->request);
	struct json_object *done JSON_FREE = await(s, "done", &from);
	assert_string_equal(json_str(done, "summary"), "denied");
	assert_content("allowed", "yes");
	assert_false(file_exists("denied"));
}

static void the_terminal_answers_first(void **state)
{
	struct stage *s = *state;
	play(s,
	     "steps:\n- permission: {command: echo yes >allowed}\n- ask: {question: Which?, options: [{key: a, "
	     "label: A}, b]}\n"
	     "- done: '${answer}'\n",
	     false);
	int from;
	expect(s, REHEARSAL_PERMISSION);
	int request = s->request;
	type(s, "xy");
	struct json_object *over JSON_FREE = await(s, REHEARSAL_PERMISSION_OVER, &from);
	assert_int_equal(json_int(json_obj(over, "data"), "request", 0), request);
	assert_string_equal(json_str(json_obj(over, "data"), "decision"), "allow");
	struct json_object *ask JSON_FREE = await(s, "ask", &from);
	assert_string_equal(json_str(json_at(json_arr(ask, "options"), 0), "label"), "A");
	type(s, "2");
	struct json_object *done JSON_FREE = await(s, "done", &from);
	assert_string_equal(json_str(done, "summary"), "b");
}

static void a_prompt_is_taken_while_a_question_is_open(void **state)
{
	struct stage *s = *state;
	play(s, "steps:\n- ask: Which one?\n- done: '${answer}'\n- wait: prompt\n- done: '${prompt}'\n", false);
	int from, ask_from = expect(s, "ask");
	int request = s->request;
	type(s, REHEARSAL_PASTE_BEGIN "two\nlines" REHEARSAL_PASTE_END "\r");
	struct json_object *prompt JSON_FREE = await(s, REHEARSAL_PROMPT, &from);
	assert_string_equal(json_str(json_obj(prompt, "data"), "text"), "two\nlines");
	dprintf(s->mail[ask_from], "=%d {\"answer\":{\"option\":null,\"text\":\"this\"}}\n", request);
	struct json_object *first JSON_FREE = await(s, "done", &from);
	assert_string_equal(json_str(first, "summary"), "this");
	expect(s, REHEARSAL_TURN_ENDED);
	expect(s, REHEARSAL_TURN_STARTED);
	struct json_object *second JSON_FREE = await(s, "done", &from);
	assert_string_equal(json_str(second, "summary"), "two\nlines");
}

static void esc_and_clear_end_the_turn_not_the_script(void **state)
{
	struct stage *s = *state;
	play(s, "steps:\n- run: echo $$ >pid && exec sleep 1000\n- done: never\n", false);
	expect(s, REHEARSAL_TURN_STARTED);
	while (!file_exists("pid"))
		poll(NULL, 0, 5);
	type(s, "\x1b");
	expect(s, REHEARSAL_TURN_ENDED);
	char *pid MEM_FREE = content("pid");
	assert_int_equal(kill(atoi(pid), 0), -1);
	unlink("pid");
	type(s, "go on\r");
	expect(s, REHEARSAL_TURN_STARTED);
	while (!file_exists("pid"))
		poll(NULL, 0, 5);
	type(s, "/clear\r");
	expect(s, REHEARSAL_TURN_ENDED);
	int from;
	struct json_object *cleared JSON_FREE = await(s, REHEARSAL_CLEARED, &from);
	assert_int_equal(json_int(json_obj(cleared, "data"), "conversation", 0), 2);
	type(s, "/exit\r");
	int status = ended(s);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_killed_player_goes_on_where_it_was(void **state)
{
	struct stage *s = *state;
	const char *script =
		"steps:\n- edit: {file: log, append: \"one\\n\"}\n- ask: {question: Go?, options: [yes]}\n"
		"- edit: {file: log, append: \"two\\n\"}\n- done: '${answer}'\n";
	int from;
	play(s, script, false);
	expect(s, "ask");
	kill(s->player, SIGKILL);
	ended(s);
	play(s, "steps: []\n", true); /* the script that it began with counts */
	from = expect(s, "ask");
	dprintf(s->mail[from], "=%d {\"answer\":{\"option\":\"yes\"}}\n", s->request);
	struct json_object *done JSON_FREE = await(s, "done", &from);
	assert_string_equal(json_str(done, "summary"), "yes");
	assert_content("log", "one\ntwo");
}

static void a_failing_step_ends_the_turn_as_an_error(void **state)
{
	struct stage *s = *state;
	int from;
	play(s, "steps:\n- edit: {file: x, write: a}\n- edit: {file: x, replace: b, with: c}\n- done: fixed\n",
	     false);
	struct json_object *end JSON_FREE = await(s, REHEARSAL_TURN_ENDED, &from);
	assert_true(json_flag(json_obj(end, "data"), "failed", false));
	assert_int_equal(file_write_atomic("x", 0600, "b", 1), 0);
	type(s, "try again\r");
	expect(s, "done");
}

static void prompts_bring_scripts_and_commands(void **state)
{
	struct stage *s = *state;
	int from;
	play(s, "steps: []\n", false);
	type(s, REHEARSAL_PASTE_BEGIN
	     "Please.\n```yaml rehearsal\nsteps:\n- done: from a prompt\n```\n" REHEARSAL_PASTE_END "\r");
	struct json_object *done JSON_FREE = await(s, "done", &from);
	assert_string_equal(json_str(done, "summary"), "from a prompt");
	expect(s, REHEARSAL_TURN_ENDED);
	type(s, "!echo ran >ran\r");
	expect(s, REHEARSAL_PERMISSION);
	type(s, "y");
	expect(s, REHEARSAL_TURN_ENDED);
	assert_content("ran", "ran");
	fd_closep(&s->input); /* nothing more is typed */
	assert_int_equal(ended(s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_become_steps),
		cmocka_unit_test(bad_scripts_name_the_place),
		cmocka_unit_test(a_block_is_found_in_a_brief),
		cmocka_unit_test_setup_teardown(a_script_edits_runs_and_reports, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_docket_answers_a_permission, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_terminal_answers_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_prompt_is_taken_while_a_question_is_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(esc_and_clear_end_the_turn_not_the_script, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_killed_player_goes_on_where_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failing_step_ends_the_turn_as_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(prompts_bring_scripts_and_commands, set_up, tear_down),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
