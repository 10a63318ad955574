/* Long output through the person's pager. */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include "base/err.h"
#include "base/str.h"

/* On a terminal through $MUSTER_PAGER, $PAGER or less; straight to standard output else, and when that is empty,
 * "cat", or not installed. */
int pager_show(const struct str *text, struct err *err) NODISCARD;

#endif
