/* Shell completion, generated from the table of verbs. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/str.h"
#include "cli/cli.h"

/* Appends the script for "bash", "zsh" or "fish". */
void completion_script(const char *shell, const struct verb *const *verbs, struct str *out);

#endif
