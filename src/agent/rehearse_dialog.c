/* Questions and permissions: one dialog in the terminal, one request on the docket, and the first answer wins. */
#include <stdlib.h>
#include <string.h>

#include "agent/rehearsal.h"
#include "agent/rehearse_play.h"
#include "base/mem.h"
#include "fmt/json.h"

/* The request has a connection of its own: closing that withdraws it. */
struct request {
	struct mailbox mail;
	uint64_t number; /* 0: none, only the terminal can answer */
};

static void request_fini(struct request *r)
{
	mailbox_fini(&r->mail);
}

static void request_init(struct request *r, struct rehearse_player *p, struct json_object *msg)
{
	struct err err = {0};
	struct str line STR_FREE = STR_INIT;
	*r = (struct request){.mail = {.fd = -1}};
	if (p->mail.fd < 0)
		return;
	json_add_line(&line, msg);
	if (mailbox_init(&r->mail, NULL, &err) == 0 &&
	    mailbox_send(&r->mail, line.data, line.len, &r->number, &err) == 0)
		return;
	rehearse_show(&p->term, "(%s)\n", err.msg);
	request_fini(r);
	r->number = 0;
}

/* What the docket said: the option's key, or the text. NULL: nothing yet. */
static char *from_docket(struct rehearse_player *p, struct request *r)
{
	struct str reply STR_FREE = STR_INIT;
	struct err err = {0};
	int got = mailbox_wait(&r->mail, r->number, 0, &reply, &err);
	if (got < 0) {
		request_fini(r);
		return NULL;
	}
	if (got == 0)
		return NULL;
	struct json_object *msg JSON_FREE = json_parse(reply.data, reply.len, NULL);
	struct json_object *answer = json_obj(msg, "answer");
	const char *said = json_str(msg, "decision");
	said = said ? said : json_str(answer, "option");
	said = said ? said : json_str(answer, "text");
	said = said ? said : json_str(msg, "error");
	rehearse_show(&p->term, "  answered from the docket: %s\n", said ? said : "(nothing)");
	return mem_strdup(said ? said : "");
}

static const char *option_key(struct json_object *options, size_t i)
{
	const char *bare = json_str_at(options, i);
	return bare ? bare : json_str_or(json_at(options, i), "key", "");
}

/* What a key means, or NULL. */
static const char *key_means(char key, struct json_object *options, bool permission)
{
	if (permission)
		return key == 'y' || key == 'Y' ? "allow" : key == 'n' || key == 'N' ? "deny" : NULL;
	return key >= '1' && (size_t)(key - '1') < json_len(options) ? option_key(options, (size_t)(key - '1'))
								     : NULL;
}

/* What was typed for the dialog; NULL: nothing that answers it. */
static char *from_terminal(struct rehearse_player *p, struct json_object *options, bool permission)
{
	const char *means = NULL;
	for (size_t i = 0; i < p->keys.len && !means; i++)
		means = key_means(p->keys.data[i], options, permission);
	str_reset(&p->keys);
	return means ? mem_strdup(means) : MEM_TAKE(p->typed);
}

static void show(struct rehearse_player *p, const char *question, struct json_object *options, bool permission)
{
	rehearse_show(&p->term, "\n? %s\n", question);
	for (size_t i = 0; i < json_len(options); i++)
		rehearse_show(&p->term, "  %zu) %s\n", i + 1,
			      json_str_or(json_at(options, i), "label", option_key(options, i)));
	rehearse_show(&p->term, permission              ? "  y: allow   n: deny   (or answer on the docket)\n"
				: json_len(options) > 0 ? "  press a number   (or answer on the docket)\n"
							: "  type an answer   (or answer on the docket)\n");
}

/* Tells the docket that the terminal was first, before the request is withdrawn. */
static void tell_docket(struct rehearse_player *p, const struct request *r, const char *decision)
{
	struct json_object *data = json_new();
	json_add_int(data, "request", (int64_t)r->number);
	json_add_str(data, "decision", decision);
	rehearse_hook(p, REHEARSAL_PERMISSION_OVER, data);
}

static char *answer_here(struct rehearse_player *p, const struct request *r, struct json_object *options,
			 bool permission)
{
	char *answer = from_terminal(p, options, permission);
	if (answer && permission && r->number)
		tell_docket(p, r, answer);
	if (answer)
		rehearse_show(&p->term, "  answered here: %s\n", answer);
	return answer;
}

char *rehearse_dialog(struct rehearse_player *p, const char *question, struct json_object *options,
		      struct json_object *msg, bool permission)
{
	struct request r CLEANUP(request_fini);
	char *answer = NULL;
	show(p, question, options, permission);
	rehearse_status(&p->term, permission ? "state=blocked:kind=permission" : "state=blocked:kind=question",
			question, "rehearsal: waits for an answer");
	request_init(&r, p, msg);
	p->term.keys = permission || json_len(options) > 0;
	p->wants_line = !p->term.keys;
	while (!rehearse_broken(p)) {
		answer = r.mail.fd >= 0 ? from_docket(p, &r) : NULL;
		if (!answer && (p->keys.len > 0 || p->typed))
			answer = answer_here(p, &r, options, permission);
		if (answer)
			break;
		rehearse_wait(p, -1, &r.mail.fd, r.mail.fd >= 0);
	}
	p->term.keys = p->wants_line = false;
	str_reset(&p->keys);
	mem_freep(&p->typed);
	if (answer)
		rehearse_status(&p->term, "state=working", NULL, "rehearsal: works");
	return answer;
}

/* Options for the docket: bare texts become objects. The caller's reference, or NULL. */
static struct json_object *options_of(struct json_object *arg)
{
	struct json_object *given = json_arr(arg, "options");
	if (json_len(given) == 0)
		return NULL;
	struct json_object *options = json_new_array();
	for (size_t i = 0; i < json_len(given); i++) {
		struct json_object *option = json_new();
		const char *key = option_key(given, i);
		json_add_str(option, "key", key);
		json_add_str(option, "label", json_str_or(json_at(given, i), "label", key));
		json_push(options, option);
	}
	return options;
}

enum rehearse_end rehearse_ask(struct rehearse_player *p, struct json_object *arg)
{
	char *question MEM_FREE = rehearse_text(p, arg, "question");
	char *context MEM_FREE = rehearse_text(p, arg, "context");
	char *assumption MEM_FREE = rehearse_text(p, arg, "assumption");
	bool blocking = json_flag(arg, "blocking", true);
	struct json_object *options JSON_FREE = options_of(arg);
	struct json_object *msg JSON_FREE = json_new();
	json_add_str(msg, "m", "ask");
	json_add_str(msg, "question", question);
	json_add_bool(msg, "blocking", blocking);
	if (options)
		json_add_obj(msg, "options", json_object_get(options));
	if (context)
		json_add_str(msg, "context", context);
	if (assumption)
		json_add_str(msg, "assumption", assumption);
	const char *as = json_str_or(arg, "as", "answer");
	if (!blocking) {
		rehearse_show(&p->term, "? %s\n  I go on with: %s\n", question,
			      assumption ? assumption : "my best guess");
		rehearse_value(p, as, assumption ? assumption : "");
		rehearse_post(p, json_object_get(msg));
		return REHEARSE_NEXT;
	}
	char *answer MEM_FREE = rehearse_dialog(p, question, options, msg, false);
	if (!answer)
		return REHEARSE_BROKEN;
	rehearse_value(p, as, answer);
	return REHEARSE_NEXT;
}

enum rehearse_end rehearse_permission(struct rehearse_player *p, struct json_object *arg)
{
	char *command MEM_FREE = rehearse_text(p, arg, "command");
	char *why MEM_FREE = rehearse_text(p, arg, "why");
	struct json_object *msg JSON_FREE = json_new();
	struct json_object *data = json_new();
	json_add_str(msg, "m", "hook");
	json_add_str(msg, "event", REHEARSAL_PERMISSION);
	json_add_obj(msg, "data", data);
	json_add_str(data, "command", command);
	if (why)
		json_add_str(data, "why", why);
	char *question MEM_FREE = mem_printf("May I run: %s", command);
	char *answer MEM_FREE = rehearse_dialog(p, question, NULL, msg, true);
	if (!answer)
		return REHEARSE_BROKEN;
	rehearse_value(p, json_str_or(arg, "as", "permission"), answer);
	if (strcmp(answer, "allow") != 0)
		return REHEARSE_NEXT;
	int code = rehearse_command(p, command);
	return code < 0 ? REHEARSE_BROKEN : REHEARSE_NEXT;
}
