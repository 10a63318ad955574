/* Table meta: single values that outlive the process. */
#ifndef STORE_META_H
#define STORE_META_H

#include "store/db.h"

/* The caller owns the text; NULL when the key is not set. */
char *meta_get(struct db *db, const char *key);
/* value NULL deletes. */
void meta_set(struct db *db, const char *key, const char *value);

#endif
