/* Decisions as decision records, in the form of MADR 4 (Markdown Architectural Decision Records): NNNN-name.md. */
#ifndef CLI_ADR_H
#define CLI_ADR_H

#include "cli/cli.h"

/* Writes one file a Decision (borrowed, superseded ones too) into the folder, which is made if need be, and says which. A
 * file that muster did not write is never replaced. -1 with err; what was written before stays. */
int adr_write(const struct cli *c, const char *folder, struct json_object *decisions, struct err *err) NODISCARD;

#endif
