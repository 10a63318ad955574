/* events.* */
#include "base/mem.h"
#include "fmt/json.h"
#include "serve/api_own.h"
#include "store/session_row.h"

enum { REPLAY_MAX = 5000 }; /* older events that a subscription brings by itself */

static struct json_object *event_json(const struct event_row *event)
{
	struct json_object *o = json_new();
	json_add_int(o, "id", event->id);
	json_add_int(o, "at_ms", event->at_ms);
	json_add_str(o, "session", event->session);
	json_add_str(o, "kind", event->kind);
	json_add_obj(o, "data", json_parse_text(event->data, NULL));
	return o;
}

/* params.session by id or name; *ret NULL when it is not given. -1 after failing the call. */
static int session_id(struct api *api, struct json_object *params, struct rpc_call *call, char **ret)
{
	const char *name = json_str(params, "session");
	*ret = NULL;
	if (!name)
		return 0;
	struct session_row row = {0};
	if (session_row_get(api->db, name, &row) || session_row_find(api->db, name, &row)) {
		*ret = MEM_TAKE(row.id);
		session_row_fini(&row);
		return 0;
	}
	struct err err;
	err_set(&err, ERR_USAGE, "there is no session %s; `muster ls --all` lists them", name);
	call_fail(&call->call, &err);
	return -1;
}

void api_events_list(struct api *api, struct json_object *params, struct rpc_call *call)
{
	char *session MEM_FREE = NULL;
	if (session_id(api, params, call, &session) < 0)
		return;
	struct event_query query = {
		.after = json_int(params, "after", 0),
		.limit = json_int(params, "limit", 0),
		.session = session,
		.newest = json_flag(params, "newest", false),
	};
	struct event_rows rows;
	event_list(api->db, &query, &rows);
	struct json_object *events = json_new_array();
	for (size_t i = 0; i < rows.n; i++)
		json_push(events, event_json(&rows.v[i]));
	event_rows_fini(&rows);
	struct json_object *result = json_new();
	json_add_obj(result, "events", events);
	call_done(&call->call, result);
}

static void replay(struct api *api, struct rpc_client *c, int64_t after, const char *session)
{
	struct event_rows rows;
	event_list(api->db, &(struct event_query){.after = after, .limit = REPLAY_MAX + 1, .session = session},
		   &rows);
	for (size_t i = 0; i < rows.n && i < REPLAY_MAX; i++)
		rpc_replay(c, &rows.v[i]);
	if (rows.n > REPLAY_MAX)
		rpc_replay_cut(c);
	event_rows_fini(&rows);
}

void api_events_subscribe(struct api *api, struct json_object *params, struct rpc_call *call)
{
	char *session MEM_FREE = NULL;
	if (session_id(api, params, call, &session) < 0)
		return;
	struct strv kinds STRV_FREE = STRV_INIT;
	json_strv(params, "kinds", &kinds);
	int64_t last = event_last(api->db);
	int64_t after = json_int(params, "after", last);
	/* The reply comes before what it announces. */
	struct rpc_client *client = call->client;
	struct json_object *result = json_new();
	json_add_int(result, "last", last);
	call_done(&call->call, result);
	rpc_subscribe(client, session, &kinds, after);
	if (after < last)
		replay(api, client, after, session);
}
