/* Is there anything in the user's checkout that moving it could lose? Internal to land/checkout. */
#ifndef LAND_CHECKOUT_LOOK_H
#define LAND_CHECKOUT_LOOK_H

#include "base/err.h"
#include "git/worktree.h"
#include "land/checkout.h"

/* checkout_check for a worktree that was found. */
int checkout_look(const struct checkout_spec *spec, const struct worktree *w, struct err *err) NODISCARD;

/* After a kill: ERR_REFUSED when a file is neither as in `from` nor as in `to`. */
int checkout_look_changed(const struct checkout_spec *spec, const struct worktree *w, struct err *err) NODISCARD;

#endif
