/* The schema and how it came to be. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <sqlite3.h>

/* Brings the schema to the newest version. Returns SQLITE_OK or a result code; *ret_version (also on failure) is
 * what the file had before; more than MIGRATE_NEWEST means that a newer muster wrote it, and nothing is changed. */
int migrate(sqlite3 *sql, int *ret_version);

extern const int migrate_newest;

/* In the file's header, so that another program's database is not taken for ours. */
enum { MIGRATE_APPLICATION_ID = 0x4d535452 }; /* "MSTR" */

#endif
