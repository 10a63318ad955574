#include "land/land.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "git/path.h"
#include "land/checkout.h"
#include "land/test.h"
#include "review/scope.h"

enum { NAMES_SHOWN = 5 };

/* What a step came to. */
enum outcome {
	GO_ON,   /* to the next state */
	AGAIN,   /* the target moved */
	DONE,    /* the target has it */
	NO,      /* err says why: refused or failed by its code */
};

static int read_branch(const struct repo *r, const char *branch, struct oid *ret, struct err *err)
{
	char *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	if (repo_ref_read(r, ref, ret, err) < 0)
		return -1;
	return oid_is_set(ret) ? 0 : err_set(err, ERR_REFUSED, "the branch %s is gone", branch);
}

static struct checkout_spec checkout_of(const struct land_spec *spec, const struct land_record *rec,
                                        const char *reflog)
{
	return (struct checkout_spec){
		.repo = spec->repo,
		.branch = spec->target,
		.path = rec->checkout,
		.from = rec->onto,
		.to = rec->merged,
		.mark = spec->landing,
		.reflog = reflog,
		.stop = spec->stop,
	};
}

/* A commit of ours that the target has is the end, however we come to ask. */
static int is_landed(const struct land_spec *spec, const struct land_record *rec, const struct oid *target, bool *ret,
                     struct err *err)
{
	*ret = false;
	return oid_is_set(&rec->merged) ? repo_is_ancestor(spec->repo, &rec->merged, target, ret, err) : 0;
}

/* The approval is for one commit, and the branch must still be it. */
static int check_approval(const struct land_spec *spec, struct land_record *rec, const struct oid *target,
                          struct err *err)
{
	bool contained = false;
	struct oid tip;
	if (!oid_is_set(&spec->approved))
		return err_set(err, ERR_REFUSED, "%s is not approved: review it first", spec->session_name);
	if (read_branch(spec->repo, spec->branch, &tip, err) < 0)
		return -1;
	if (!oid_equal(&tip, &spec->approved))
		return err_set(err, ERR_REFUSED, "%s is now at %.12s, and %.12s was approved: review it again", spec->branch,
		               tip.hex, spec->approved.hex);
	rec->tip = tip;
	if (repo_is_ancestor(spec->repo, &tip, target, &contained, err) < 0)
		return -1;
	if (contained)
		return err_set(err, ERR_REFUSED, "there is nothing to land: %s has all commits of %s already", spec->target,
		               spec->branch);
	return 0;
}

/* Another name for some branch: which of the two should move, and what is checked out, would be a guess. */
static int check_target(const struct land_spec *spec, struct err *err)
{
	const struct git_at at = repo_at(spec->repo);
	char *ref MEM_FREE = mem_printf("refs/heads/%s", spec->target);
	struct str to STR_FREE = STR_INIT;
	int code = 0;
	if (git_run(&at, GIT_ARGS("symbolic-ref", "--quiet", ref), &(struct git_opt){.inert = true, .ret_exit = &code},
	            &to, err) < 0)
		return -1;
	str_trim(&to);
	return code ? 0 : err_set(err, ERR_REFUSED, "%s is another name for %s: name that as the target", spec->target,
	                          str_c(&to));
}

static bool has_gate(const struct land_spec *spec)
{
	return spec->gate && spec->gate->n;
}

static int check_gate(const struct land_spec *spec, struct err *err)
{
	if (has_gate(spec) || spec->no_gate)
		return 0;
	return err_set(err, ERR_REFUSED,
	               "no gate is configured: name the commands that must pass under `gate:` in .muster/config.yaml, "
	               "or say `gate: none`");
}

/* By the commits that land, whatever the session's sandbox let through: objects can be written that no file ever was. Both
 * what the branch did and what the target gets. */
static int check_scope(const struct land_spec *spec, struct land_record *rec, struct err *err)
{
	struct str names STR_FREE = STR_INIT;
	strv_fini(&rec->outside);
	if (scope_outside(spec->repo, &rec->onto, &rec->merged, spec->scope, spec->stop, &rec->outside, err) < 0)
		return -1;
	if (rec->outside.n == 0 || spec->outside_ok)
		return 0;
	path_quote_list(&names, &rec->outside, NAMES_SHOWN);
	return err_set(err, ERR_REFUSED, "%zu changed %s outside of the scope: %s. Approve them too, or return the work",
	               rec->outside.n, rec->outside.n == 1 ? "file is" : "files are", str_c(&names));
}

static int combine(const struct land_spec *spec, struct land_record *rec, struct err *err)
{
	struct str names STR_FREE = STR_INIT;
	const struct combine_spec c = {
		.repo = spec->repo,
		.how = spec->how,
		.onto = rec->onto,
		.tip = rec->tip,
		.branch = spec->branch,
		.session_id = spec->session_id,
		.brief = spec->brief,
		.stop = spec->stop,
	};
	if (combine_make(&c, &rec->merged, &rec->conflicts, err) < 0)
		return -1;
	if (oid_is_set(&rec->merged))
		return 0;
	path_quote_list(&names, &rec->conflicts, NAMES_SHOWN);
	return err_set(err, ERR_FAILED, "conflicts with %s in %zu %s: %s", spec->target, rec->conflicts.n,
	               rec->conflicts.n == 1 ? "file" : "files", str_c(&names));
}

static enum outcome do_merging(const struct land_spec *spec, struct land_record *rec, struct err *err)
{
	struct oid target;
	bool landed = false;
	if (read_branch(spec->repo, spec->target, &target, err) < 0 || is_landed(spec, rec, &target, &landed, err) < 0)
		return NO;
	if (landed)
		return DONE;
	rec->onto = target;
	if (check_target(spec, err) < 0 || check_gate(spec, err) < 0 ||
	    check_approval(spec, rec, &target, err) < 0 || combine(spec, rec, err) < 0 || check_scope(spec, rec, err) < 0)
		return NO;
	/* A dirty checkout is better known before the gate runs for an hour. */
	free(rec->checkout);
	rec->checkout = NULL;
	if (checkout_find(spec->repo, spec->target, &rec->checkout, err) < 0)
		return NO;
	const struct checkout_spec c = checkout_of(spec, rec, NULL);
	return checkout_check(&c, err) < 0 ? NO : GO_ON;
}

static enum outcome do_testing(const struct land_spec *spec, struct land_record *rec, struct err *err)
{
	struct oid target;
	if (has_gate(spec) && test_run(spec, rec, err) < 0)
		return NO;
	if (read_branch(spec->repo, spec->target, &target, err) < 0)
		return NO;
	if (!oid_equal(&target, &rec->onto))
		return AGAIN;
	/* It may have been checked out, or left, while the gate ran. */
	free(rec->checkout);
	rec->checkout = NULL;
	return checkout_find(spec->repo, spec->target, &rec->checkout, err) < 0 ? NO : GO_ON;
}

static enum outcome do_advancing(const struct land_spec *spec, struct land_record *rec, struct err *err)
{
	char *reflog MEM_FREE = mem_printf("muster: land %s", spec->session_name);
	const struct checkout_spec c = checkout_of(spec, rec, reflog);
	struct oid target;
	struct err unclear = {0};
	bool landed = false, moved = false;
	if (read_branch(spec->repo, spec->target, &target, err) < 0 || is_landed(spec, rec, &target, &landed, err) < 0)
		return NO;
	/* What a kill left half-way; when it has landed, that much is only worth a word. */
	if (checkout_recover(&c, landed, &unclear) < 0 && !landed) {
		*err = unclear;
		return NO;
	}
	if (landed) {
		mem_replace(&rec->why, unclear.code ? unclear.msg : NULL);
		return DONE;
	}
	if (!oid_equal(&target, &rec->onto))
		return AGAIN;
	if (checkout_advance(&c, &moved, err) < 0)
		return NO;
	return moved ? AGAIN : DONE;
}

static const struct {
	enum outcome (*run)(const struct land_spec *spec, struct land_record *rec, struct err *err);
	enum land_state next;
} steps[] = {
	[LAND_QUEUED] = {NULL, LAND_MERGING},
	[LAND_MERGING] = {do_merging, LAND_TESTING},
	[LAND_TESTING] = {do_testing, LAND_ADVANCING},
	[LAND_ADVANCING] = {do_advancing, LAND_LANDED},
};

static void end(struct land_record *rec, const struct err *err)
{
	rec->state = err->code == ERR_REFUSED ? LAND_REFUSED : LAND_FAILED;
	mem_replace(&rec->why, err->msg);
}

static void go_again(const struct land_spec *spec, struct land_record *rec)
{
	struct err err;
	rec->state = LAND_MERGING;
	if (++rec->moved <= LAND_MOVED_MAX)
		return;
	err_set(&err, ERR_FAILED, "%s moved %d times while the gate ran: land again when it is quiet", spec->target,
	        rec->moved);
	end(rec, &err);
}

int land_step(const struct land_spec *spec, struct land_record *rec, struct err *err)
{
	struct err said = {0};
	enum outcome o = steps[rec->state].run ? steps[rec->state].run(spec, rec, &said) : GO_ON;
	if (o == NO && spec->stop && *spec->stop)
		return err_set(err, ERR_FAILED, "the landing of %s was stopped", spec->session_name);
	switch (o) {
	case GO_ON:
		rec->state = steps[rec->state].next;
		break;
	case AGAIN:
		go_again(spec, rec);
		break;
	case DONE:
		rec->state = LAND_LANDED;
		break;
	case NO:
		end(rec, &said);
		break;
	}
	return 0;
}

int land_lock(const struct repo *r, const volatile int *stop, struct err *err)
{
	return repo_lock_for(r, "land", "landing", stop, err);
}

int land_run(const struct land_spec *spec, struct land_record *rec,
             int (*step)(void *user, const struct land_record *rec), void *user, struct err *err)
{
	int lock FD_CLOSE = land_lock(spec->repo, spec->stop, err);
	if (lock < 0)
		return -1;
	while (!land_state_ended(rec->state)) {
		if (land_step(spec, rec, err) < 0)
			return -1;
		if (step && step(user, rec) != 0)
			return err_set(err, ERR_FAILED, "the landing of %s could not be written down", spec->session_name);
	}
	return 0;
}
