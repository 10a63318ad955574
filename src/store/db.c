#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "store/db_priv.h"
#include "store/migrate.h"

enum {
	BUSY_TIMEOUT_MS = 5000,
	CHECKPOINT_PAGES = 1000, /* 4 MiB of log */
	LONG_LOG_PAGES = 4000,
};

/* What a person is told about the result codes that have a remedy of their own. */
static const struct {
	int rc;
	const char *text; /* after the path */
} remedies[] = {
	{SQLITE_CORRUPT, "is damaged; move it away, or restore it from a copy (running sessions are not affected)"},
	{SQLITE_NOTADB, "is damaged or no database; move it away, or restore it from a copy"},
	{SQLITE_FULL,
	 "cannot grow: the disk is full, and what was asked was not recorded; make room and ask again"},
	{SQLITE_READONLY, "is read-only; make it and its folder writable, or set MUSTER_HOME"},
	{SQLITE_BUSY, "is in use by another program; end that first"},
	{SQLITE_LOCKED, "is in use by another program; end that first"},
};

int db_explain(struct err *err, sqlite3 *sql, const char *path, int rc)
{
	for (size_t i = 0; i < ARRAY_LEN(remedies); i++)
		if ((rc & 0xff) == remedies[i].rc)
			return err_set(err, ERR_FAILED, "%s %s", path, remedies[i].text);
	int errnum = sql ? sqlite3_system_errno(sql) : 0;
	const char *what = sql ? sqlite3_errmsg(sql) : sqlite3_errstr(rc);
	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		return db_explain(err, NULL, path, SQLITE_FULL);
	if (errnum == EROFS)
		return db_explain(err, NULL, path, SQLITE_READONLY);
	if (errnum)
		return err_set_errno(err, ERR_FAILED, errnum, "%s: %s", path, what);
	return err_set(err, ERR_FAILED, "%s: %s", path, what);
}

static int pragma_number(sqlite3 *sql, const char *pragma, int *ret)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(sql, pragma, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* SQLite makes the files beside it with the same mode. */
static int make_private(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot open the database %s", path);
	close(fd);
	return 0;
}

/* A database that was not made by muster is never written to. */
static int check_owner(struct db *db, struct err *err)
{
	int tables = 0, application = 0;
	int rc = pragma_number(db->sql, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc == SQLITE_OK)
		rc = pragma_number(db->sql, "PRAGMA application_id", &application);
	if (rc != SQLITE_OK)
		return db_explain(err, db->sql, db->path, rc);
	if (tables && application != MIGRATE_APPLICATION_ID)
		return err_set(err, ERR_FAILED,
			       "%s is another program's database; move it away, or set MUSTER_HOME", db->path);
	if (sqlite3_db_readonly(db->sql, "main") > 0)
		return db_explain(err, db->sql, db->path, SQLITE_READONLY);
	return 0;
}

static int on_commit(void *arg, sqlite3 *sql, const char *name, int pages)
{
	(void)sql, (void)name;
	struct db *db = arg;
	if (pages < db->wal_pages) /* it began anew */
		atomic_store(&db->wal_copied, 0);
	db->wal_pages = pages;
	return SQLITE_OK;
}

static int set_up(struct db *db, struct err *err)
{
	sqlite3_busy_timeout(db->sql, BUSY_TIMEOUT_MS);
	if (check_owner(db, err) < 0)
		return -1;
	int rc = sqlite3_exec(db->sql,
	                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
	                      "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=16777216",
	                      NULL, NULL, NULL);
	int version = 0;
	if (rc == SQLITE_OK)
		rc = migrate(db->sql, &version);
	if (rc != SQLITE_OK)
		return db_explain(err, db->sql, db->path, rc);
	if (version > migrate_newest)
		return err_set(
			err, ERR_FAILED,
			"%s was written by a newer muster (format %d, this one knows %d): use that one, or set "
			"MUSTER_HOME to another folder",
			db->path, version, migrate_newest);
	sqlite3_wal_hook(db->sql, on_commit, db);
	return 0;
}

/* A descriptor of our own for db_sync: the log has no locks that closing it could drop (the database has). */
static int open_log(struct db *db, struct err *err)
{
	char *path MEM_FREE = mem_printf("%s-wal", db->path);
	db->wal_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (db->wal_fd < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot open %s", path);
	/* The name of a log that was just made must be on the disk too. */
	*strrchr(path, '/') = '\0';
	int dir FD_CLOSE = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fsync(dir) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot sync the folder of %s", db->path);
	return 0;
}

int db_open(const char *path, struct db **ret, struct err *err)
{
	if (make_private(path, err) < 0)
		return -1;
	struct db *db = mem_alloc(sizeof *db);
	db->wal_fd = -1;
	db->path = mem_strdup(path);
	int rc = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	int r = rc == SQLITE_OK ? set_up(db, err) : db_explain(err, db->sql, path, rc);
	if (r == 0)
		r = open_log(db, err);
	if (r < 0) {
		db_close(db);
		return -1;
	}
	*ret = db;
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	stmt_free_all(db);
	sqlite3_close(db->sql);
	fd_closep(&db->wal_fd);
	free(db->path);
	free(db);
}

const char *db_path(const struct db *db)
{
	return db->path;
}

bool db_turn_open(const struct db *db)
{
	return db->turn || db->spoiled;
}

void db_turn_durable(struct db *db)
{
	db->durable = true;
}

const struct err *db_spoiled(const struct db *db)
{
	return db->spoiled ? &db->why : NULL;
}

/* Rolls back what is left of a spoiled turn. */
static int give_up(struct db *db, struct err *err)
{
	if (!sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	if (err)
		*err = db->why;
	return -1;
}

int db_turn_commit(struct db *db, struct err *err)
{
	bool wrote = db->turn, durable = db->durable;
	db->durable = db->turn = false;
	if (wrote && !db->spoiled) {
		int rc = sqlite3_exec(db->sql, "COMMIT", NULL, NULL, NULL);
		if (rc != SQLITE_OK) {
			db_explain(&db->why, db->sql, db->path, rc);
			db->spoiled = true;
		}
		db->unsynced = true;
	}
	if (db->spoiled)
		return give_up(db, err);
	if (!durable || !db->unsynced)
		return 0;
	db->unsynced = false;
	return 1;
}

int db_sync(struct db *db, struct err *err)
{
	if (fdatasync(db->wal_fd) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot bring %s-wal to the disk", db->path);
	return 0;
}

bool db_checkpoint_due(const struct db *db)
{
	return db->wal_pages - atomic_load(&db->wal_copied) >= CHECKPOINT_PAGES;
}

int db_checkpoint(struct db *db, struct err *err)
{
	sqlite3 *sql = NULL;
	int pages, copied, version;
	int rc = sqlite3_open_v2(db->path, &sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	/* A connection learns that there is a log by its first read. */
	if (rc == SQLITE_OK)
		rc = pragma_number(sql, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = sqlite3_wal_checkpoint_v2(sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
	int r = 0;
	if (rc == SQLITE_OK)
		atomic_store(&db->wal_copied, copied);
	else if (rc != SQLITE_BUSY)
		r = db_explain(err, sql, db->path, rc);
	sqlite3_close(sql);
	return r;
}

bool db_checkpoint_rest_due(const struct db *db)
{
	return db->wal_pages >= LONG_LOG_PAGES && !db->turn && !db->spoiled && !db_checkpoint_due(db);
}

int db_checkpoint_rest(struct db *db, struct err *err)
{
	int pages, copied;
	int rc = sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
	if (rc == SQLITE_OK)
		atomic_store(&db->wal_copied, copied);
	return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : db_explain(err, db->sql, db->path, rc);
}

int db_check(const char *path, struct err *err)
{
	sqlite3 *sql = NULL;
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(sql, "PRAGMA quick_check(1)", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	int r = 0;
	if (rc != SQLITE_ROW)
		r = db_explain(err, sql, path, rc);
	else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
		r = db_explain(err, sql, path, SQLITE_CORRUPT);
	sqlite3_finalize(stmt);
	sqlite3_close(sql);
	return r;
}
