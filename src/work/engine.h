/* The session engine: every session of this user, its holder, its workspace and its agent.
 *
 * Runs on musterd's loop thread. Each verb takes the checked parameters of the API method of the same name
 * (serve/api.def says which there are; params is borrowed for the duration of the function) and ends its call now
 * or later. What a verb changes is written in the turn that is open; what goes out to holders waits until
 * engine_flush(), which is called after the turn's commit. */
#ifndef WORK_ENGINE_H
#define WORK_ENGINE_H

#include <json-c/json.h>
#include <uv.h>

#include "base/dirs.h"
#include "base/err.h"
#include "store/db.h"
#include "work/call.h"

struct engine;
struct session;

struct engine_setup {
	uv_loop_t *loop;
	struct db *db;
	const struct dirs *dirs;
	const char *bin_dir; /* where muster and muster-hold are */
};

/* Reads all sessions from the store and reconciles them with the holders that answer. Outlives nothing of setup. */
struct engine *engine_new(const struct engine_setup *setup, struct err *err);
/* Sends what the committed turn has queued for holders. */
void engine_flush(struct engine *e);
/* Writes what was put off until the end of the turn; called before its commit. */
void engine_settle(struct engine *e);
/* Closes the connections; holders and agents live on. NULL is fine. */
void engine_free(struct engine *e);

/* Numbers for daemon.status: sessions that are not removed, and those whose agent runs. */
void engine_count(const struct engine *e, int *ret_sessions, int *ret_live);

/* For doctor.check: knows the repositories of all sessions (work/doctor.h). */
struct doctor;
struct doctor *engine_doctor(struct engine *e);

typedef void engine_verb(struct engine *e, struct json_object *params, struct call *call);

engine_verb engine_session_start;   /* session.start */
engine_verb engine_session_list;    /* session.list */
engine_verb engine_session_get;     /* session.get */
engine_verb engine_session_wait;    /* session.wait */
engine_verb engine_session_tell;    /* session.tell */
engine_verb engine_session_clear;   /* session.clear */
engine_verb engine_session_interrupt;
engine_verb engine_session_mode;
engine_verb engine_session_pause;
engine_verb engine_session_resume;
engine_verb engine_session_stop;
engine_verb engine_session_remove;
engine_verb engine_session_restore;
engine_verb engine_session_adopt;
engine_verb engine_undo;            /* undo */
engine_verb engine_session_brief;   /* session.brief */
engine_verb engine_decision_make;   /* decision.make */
engine_verb engine_decision_list;
engine_verb engine_job_start;       /* job.start */
engine_verb engine_job_list;
engine_verb engine_job_logs;
engine_verb engine_job_stop;

#endif
