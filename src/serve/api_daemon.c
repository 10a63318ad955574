/* daemon.*, doctor.check */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "serve/api_own.h"
#include "work/doctor.h"
#include "work/worker.h"

void api_daemon_status(struct api *api, struct json_object *params, struct rpc_call *call)
{
	(void)params;
	int sessions, live;
	engine_count(api->engine, &sessions, &live);
	struct json_object *result = json_new();
	json_add_str(result, "version", MUSTER_VERSION);
	json_add_int(result, "protocol", API_PROTOCOL);
	json_add_int(result, "pid", getpid());
	json_add_int(result, "started_ms", api->started_ms);
	json_add_int(result, "sessions", sessions);
	json_add_int(result, "live", live);
	json_add_str(result, "database", db_path(api->db));
	call_done(&call->call, result);
}

/* The reply goes out with the last turn: the loop is only told to stop. */
static void end(struct api *api, enum api_end how, struct rpc_call *call)
{
	api->end = how;
	uv_stop(api->loop);
	call_done(&call->call, json_new());
}

void api_daemon_stop(struct api *api, struct json_object *params, struct rpc_call *call)
{
	(void)params;
	end(api, API_STOP, call);
}

void api_daemon_restart(struct api *api, struct json_object *params, struct rpc_call *call)
{
	(void)params;
	end(api, API_RESTART, call);
}

/* --- doctor.check: reads the whole database and looks at repositories, so not on the loop --- */

struct check {
	struct rpc_call *call;
	char *path;
	bool fix;
	int result;
	struct err err;
	struct doctor *doctor;
	struct json_object *checks;
};

static void check_all(void *arg)
{
	struct check *check = arg;
	check->result = db_check(check->path, &check->err);
	doctor_run(check->doctor, check->fix, check->checks);
}

static void checked_all(void *arg)
{
	struct check *check = arg;
	struct json_object *entry = json_new();
	json_add_str(entry, "name", "database");
	json_add_bool(entry, "ok", check->result == 0);
	json_add_str(entry, "text", check->result == 0 ? check->path : check->err.msg);
	json_add_bool(entry, "fixed", false);
	json_push(check->checks, entry);
	struct json_object *result = json_new();
	json_add_obj(result, "checks", check->checks);
	call_done(&check->call->call, result);
	doctor_free(check->doctor);
	free(check->path);
	free(check);
}

void api_doctor_check(struct api *api, struct json_object *params, struct rpc_call *call)
{
	struct check *check = mem_alloc(sizeof *check);
	check->call = call;
	check->path = mem_strdup(db_path(api->db));
	check->fix = json_flag(params, "fix", false);
	check->doctor = engine_doctor(api->engine);
	check->checks = json_new_array();
	worker_run(api->loop, check_all, checked_all, check);
}
