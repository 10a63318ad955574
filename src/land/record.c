#include "land/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "git/path.h"

static const struct {
	const char *text;
	bool ended;
} states[] = {
#define LAND_ROW(name, text, ended) [LAND_##name] = {text, ended},
	LAND_STATES(LAND_ROW)
#undef LAND_ROW
};

const char *land_state_name(enum land_state s)
{
	return states[s].text;
}

bool land_state_parse(const char *text, enum land_state *ret)
{
	for (size_t i = 0; text && i < ARRAY_LEN(states); i++) {
		if (strcmp(states[i].text, text) == 0) {
			*ret = (enum land_state)i;
			return true;
		}
	}
	return false;
}

bool land_state_ended(enum land_state s)
{
	return states[s].ended;
}

void land_command_fini(struct land_command *c)
{
	free(c->command);
	free(c->last_lines);
	*c = (struct land_command){0};
}

void land_record_reset_commands(struct land_record *rec)
{
	for (size_t i = 0; i < rec->n_commands; i++)
		land_command_fini(&rec->commands[i]);
	free(rec->commands);
	rec->commands = NULL;
	rec->n_commands = 0;
}

void land_record_add_command(struct land_record *rec, struct land_command *taken)
{
	rec->commands = mem_resize(rec->commands, rec->n_commands + 1, sizeof *rec->commands);
	rec->commands[rec->n_commands++] = *taken;
	*taken = (struct land_command){0};
}

void land_record_fini(struct land_record *rec)
{
	land_record_reset_commands(rec);
	free(rec->checkout);
	strv_fini(&rec->conflicts);
	strv_fini(&rec->outside);
	free(rec->why);
	*rec = (struct land_record){0};
}

static struct json_object *command_json(const struct land_command *c)
{
	struct json_object *o = json_new();
	json_add_str(o, "command", c->command);
	json_add_bool(o, "setup", c->setup);
	json_add_int(o, "exit", c->exit);
	json_add_bool(o, "timed_out", c->timed_out);
	json_add_int(o, "took_ms", c->took_ms);
	json_add_int(o, "log_offset", c->log_offset);
	json_add_int(o, "log_end", c->log_end);
	json_add_str(o, "last_lines", c->last_lines);
	return o;
}

static struct json_object *paths_json(const struct strv *paths)
{
	struct json_object *list = json_new_array();
	for (size_t i = 0; i < paths->n; i++) {
		struct str quoted STR_FREE = STR_INIT;
		path_quote(&quoted, paths->v[i]);
		json_push_str(list, str_c(&quoted));
	}
	return list;
}

struct json_object *land_record_detail(const struct land_record *rec)
{
	struct json_object *o = json_new(), *commands = json_new_array();
	json_add_int(o, "moved", rec->moved);
	json_add_str(o, "checkout", rec->checkout);
	for (size_t i = 0; i < rec->n_commands; i++)
		json_push(commands, command_json(&rec->commands[i]));
	json_add_obj(o, "commands", commands);
	json_add_obj(o, "conflicts", paths_json(&rec->conflicts));
	json_add_obj(o, "outside", paths_json(&rec->outside));
	return o;
}

void land_record_read_detail(struct land_record *rec, struct json_object *detail)
{
	struct json_object *commands = json_arr(detail, "commands");
	rec->moved = (int)json_int_in(detail, "moved", 0, 1000, 0);
	mem_replace(&rec->checkout, json_str(detail, "checkout"));
	land_record_reset_commands(rec);
	for (size_t i = 0; i < json_len(commands); i++) {
		struct json_object *o = json_at(commands, i);
		struct land_command c = {
			.command = mem_strdup(json_str_or(o, "command", "")),
			.setup = json_flag(o, "setup", false),
			.exit = (int)json_int_in(o, "exit", 0, 255, 255),
			.timed_out = json_flag(o, "timed_out", false),
			.took_ms = json_int(o, "took_ms", 0),
			.log_offset = json_int(o, "log_offset", 0),
			.log_end = json_int(o, "log_end", 0),
			.last_lines = mem_strdup(json_str_or(o, "last_lines", "")),
		};
		land_record_add_command(rec, &c);
	}
}
