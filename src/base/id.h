/* Random identifiers: unguessable enough to name things, short enough to type. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>

enum { ID_LEN = 10 }; /* 10 characters of 5 bits */

struct id {
	char text[ID_LEN + 1]; /* Crockford's base 32 in lower case: no i, l, o, u */
};

struct id id_new(void);
bool id_valid(const char *text);

/* A random version 4 UUID in its 36-character form. */
void id_uuid(char ret_uuid[static 37]);

#endif
