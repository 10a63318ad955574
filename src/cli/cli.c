#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { STDIN_MAX = JSON_BYTES_MAX };

const char *cli_arg(const struct cli *c, size_t i)
{
	return i < c->opts.args.n ? c->opts.args.v[i] : NULL;
}

struct client *cli_client(struct cli *c, struct err *err)
{
	if (!c->connected && client_init(&c->client, CLIENT_START, err) < 0)
		return NULL;
	c->connected = true;
	return &c->client;
}

int cli_call(struct cli *c, const char *method, struct json_object *params, struct json_object **ret,
	     struct err *err)
{
	struct client *client = cli_client(c, err);
	if (!client) {
		json_object_put(params);
		return -1;
	}
	return client_call(client, method, params, ret, err);
}

int cli_request(struct cli *c, const char *method, struct json_object *params, struct json_object **ret,
		struct err *err)
{
	bool screen = isatty(STDOUT_FILENO);
	if (!c->json || screen) {
		if (cli_call(c, method, params, ret, err) < 0)
			return -1;
		if (c->json)
			cli_print_json(*ret);
		return !c->json;
	}
	struct json_object *owned JSON_FREE = params;
	struct client *client = cli_client(c, err);
	fflush(stdout);
	return client ? client_pass(client, method, owned ? json_line(owned) : "{}", STDOUT_FILENO, err) : -1;
}

void cli_print(const struct str *s)
{
	fwrite(str_c(s), 1, s->len, stdout);
}

void cli_print_json(struct json_object *obj)
{
	const char *line = json_line(obj);
	struct str inert STR_FREE = STR_INIT;
	if (isatty(STDOUT_FILENO)) {
		text_add_inert_json(&inert, line, strlen(line));
		line = str_c(&inert);
	}
	fputs(line, stdout);
	putchar('\n');
}

void cli_say(const struct cli *c, const char *fmt, ...)
{
	va_list ap;
	if (c->json)
		return;
	struct str line STR_FREE = STR_INIT, safe STR_FREE = STR_INIT;
	va_start(ap, fmt);
	str_addv(&line, fmt, ap);
	va_end(ap);
	text_add_inert(&safe, str_c(&line), line.len, TEXT_LINES);
	str_addc(&safe, '\n');
	cli_print(&safe);
}

void cli_warn(const char *fmt, ...)
{
	struct str line STR_FREE = STR_INIT, safe STR_FREE = STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	str_addv(&line, fmt, ap);
	va_end(ap);
	text_add_inert(&safe, str_c(&line), line.len, TEXT_ONE_LINE);
	fflush(stdout);
	fprintf(stderr, "muster: %s\n", str_c(&safe));
}

struct json_object *cli_session_params(const struct cli *c)
{
	struct json_object *params = json_new();
	json_add_str(params, "session", cli_arg(c, 0));
	return params;
}

char *cli_absolute(const char *path, struct err *err)
{
	char *full = realpath(path ? path : ".", NULL);
	if (!full)
		err_set_errno(err, ERR_USAGE, errno, "%s", path ? path : "the current folder");
	return full;
}

char *cli_read_stdin(struct err *err)
{
	struct str s = STR_INIT;
	char buf[65536];
	ssize_t n;
	while ((n = read(STDIN_FILENO, buf, sizeof buf)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || s.len + (size_t)n > STDIN_MAX) {
			str_fini(&s);
			if (n < 0)
				err_set_errno(err, ERR_FAILED, errno, "cannot read standard input");
			else
				err_set(err, ERR_USAGE, "standard input has more than %d bytes", STDIN_MAX);
			return NULL;
		}
		str_add(&s, buf, (size_t)n);
	}
	if (s.len && memchr(s.data, '\0', s.len)) {
		str_fini(&s);
		err_set(err, ERR_USAGE, "standard input is not text: it has NUL bytes");
		return NULL;
	}
	return str_take(&s);
}

char *cli_read_line(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = getline(&line, &cap, stdin);
	if (n < 0) {
		free(line);
		return NULL;
	}
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		line[--n] = '\0';
	return line;
}
