#include "store/migrate.h"

#include <stdio.h>

#include "base/attr.h"

/* Step N brings the schema from version N to N + 1. A step that was released never changes: a new one is added. */
static const char *const steps[] = {
	/* 0: the first schema */
	"CREATE TABLE session("
	" id TEXT PRIMARY KEY, name TEXT NOT NULL, repo TEXT, git_dir TEXT, workspace TEXT, worktree INT NOT NULL,"
	" adopted INT NOT NULL, branch TEXT, base TEXT, target TEXT, agent TEXT NOT NULL, brief TEXT, task TEXT,"
	" options TEXT, command TEXT, env TEXT, agent_state TEXT, headless INT NOT NULL, lifecycle TEXT NOT NULL,"
	" want_stop INT NOT NULL, resuming INT NOT NULL, paused INT NOT NULL, generation INT NOT NULL,"
	" hold_event INT NOT NULL, hold_offset INT NOT NULL, hold_reason TEXT, log_limit_mb INT NOT NULL,"
	" cols INT NOT NULL, rows INT NOT NULL, pid INT NOT NULL, wait_status INT, failure TEXT, progress INT,"
	" progress_text TEXT, title TEXT, last_words TEXT, port INT NOT NULL, ports INT NOT NULL, approved TEXT,"
	" landed TEXT, created_ms INT NOT NULL, started_ms INT NOT NULL, ended_ms INT NOT NULL,"
	" turn_ended_ms INT NOT NULL, removed_ms INT NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX session_name ON session(name) WHERE lifecycle != 'removed';"

	"CREATE TABLE signal("
	" session TEXT NOT NULL REFERENCES session(id), source TEXT NOT NULL, activity INT NOT NULL,"
	" confidence INT NOT NULL, detail TEXT, at_ms INT NOT NULL, PRIMARY KEY(session, source))"
	" STRICT, WITHOUT ROWID;"

	"CREATE TABLE item("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL REFERENCES session(id), kind TEXT NOT NULL,"
	" key TEXT NOT NULL, request INT NOT NULL, blocking INT NOT NULL, title TEXT NOT NULL, detail TEXT, "
	"options TEXT,"
	" state TEXT NOT NULL, option TEXT, text TEXT, reason TEXT, opened_ms INT NOT NULL, closed_ms INT NOT NULL)"
	" STRICT;"
	"CREATE INDEX item_session ON item(session, id);"
	"CREATE UNIQUE INDEX item_unsettled ON item(session, key) WHERE state IN ('open', 'answered');"
	"CREATE INDEX item_open ON item(id) WHERE state = 'open';"

	"CREATE TABLE prompt("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL REFERENCES session(id), text TEXT NOT NULL,"
	" state TEXT NOT NULL, why TEXT, created_ms INT NOT NULL, settled_ms INT NOT NULL) STRICT;"
	"CREATE INDEX prompt_open ON prompt(session, id) WHERE state IN ('queued', 'sent');"

	"CREATE TABLE reply("
	" session TEXT NOT NULL REFERENCES session(id), request INT NOT NULL, answer TEXT NOT NULL,"
	" created_ms INT NOT NULL, PRIMARY KEY(session, request)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE job("
	" session TEXT NOT NULL REFERENCES session(id), name TEXT NOT NULL, command TEXT NOT NULL, cwd TEXT,"
	" pid INT NOT NULL, state TEXT NOT NULL, wait_status INT, started_ms INT NOT NULL, ended_ms INT NOT NULL,"
	" PRIMARY KEY(session, name)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE snapshot("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL REFERENCES session(id), ref TEXT, commit_oid "
	"TEXT,"
	" why TEXT NOT NULL, detail TEXT, created_ms INT NOT NULL, undone_ms INT NOT NULL) STRICT;"
	"CREATE INDEX snapshot_session ON snapshot(session, id);"
	"CREATE INDEX snapshot_open ON snapshot(id) WHERE undone_ms = 0;"

	"CREATE TABLE landing("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL REFERENCES session(id), state TEXT NOT NULL,"
	" target TEXT NOT NULL, tip TEXT, base TEXT, merged TEXT, gate TEXT, log TEXT, why TEXT,"
	" queued_ms INT NOT NULL, ended_ms INT NOT NULL) STRICT;"
	"CREATE INDEX landing_session ON landing(session, id);"
	"CREATE INDEX landing_open ON landing(id) WHERE ended_ms = 0;"

	"CREATE TABLE repo("
	" path TEXT PRIMARY KEY, git_dir TEXT NOT NULL, target TEXT, config_ms INT NOT NULL) STRICT;"

	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

	/* No reference to session: events outlive everything, and are written most often. */
	"CREATE TABLE event("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INT NOT NULL, session TEXT, kind TEXT NOT NULL,"
	" data TEXT NOT NULL) STRICT;"
	"CREATE INDEX event_session ON event(session, id);",

	/* 1: needs of several sessions that are one to the lead */
	"ALTER TABLE item ADD COLUMN topic TEXT;"
	"CREATE INDEX item_topic ON item(topic) WHERE state = 'open' AND topic IS NOT NULL;",

	/* 2: decisions */
	"CREATE TABLE decision("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, name TEXT NOT NULL, version INT NOT NULL,"
	" value TEXT NOT NULL, because TEXT, item INT NOT NULL, made_ms INT NOT NULL, superseded_ms INT NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX decision_holds ON decision(name, scope) WHERE superseded_ms = 0;"
	"CREATE TABLE reliance("
	" session TEXT NOT NULL REFERENCES session(id), name TEXT NOT NULL, decision INT NOT NULL REFERENCES decision(id),"
	" told_ms INT NOT NULL, PRIMARY KEY(session, name)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX reliance_name ON reliance(name);"
	"ALTER TABLE session ADD COLUMN preface TEXT;"
	"ALTER TABLE session ADD COLUMN recap TEXT;"
	"ALTER TABLE session ADD COLUMN looked_ms INT NOT NULL DEFAULT 0;"
	"ALTER TABLE session ADD COLUMN looked_event INT NOT NULL DEFAULT 0;"
	"ALTER TABLE session ADD COLUMN looked_oid TEXT;"
	"ALTER TABLE item ADD COLUMN noticed_ms INT NOT NULL DEFAULT 0;",
};

const int migrate_newest = ARRAY_LEN(steps);

static int read_version(sqlite3 *sql, int *ret)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(sql, "PRAGMA user_version", -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* One step and its version number are one transaction: a crash leaves the old version or the new one. */
static int run_step(sqlite3 *sql, int version)
{
	char tail[128];
	snprintf(tail, sizeof tail, "PRAGMA user_version=%d; PRAGMA application_id=%d; COMMIT", version + 1,
	         MIGRATE_APPLICATION_ID);
	const char *const parts[] = {"BEGIN IMMEDIATE", steps[version], tail};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int rc = sqlite3_exec(sql, parts[i], NULL, NULL, NULL);
		if (rc != SQLITE_OK) {
			sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL);
			return rc;
		}
	}
	return SQLITE_OK;
}

int migrate(sqlite3 *sql, int *ret_version)
{
	int version = 0;
	int rc = read_version(sql, &version);
	*ret_version = version;
	while (rc == SQLITE_OK && version < migrate_newest)
		rc = run_step(sql, version++);
	return rc;
}
