/* Reading and changing refs. */
#include <string.h>

#include "git/repo.h"

int repo_ref_read(const struct repo *r, const char *ref, struct oid *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(r);
	struct oid oid = {0};
	int code = 0;
	/* show-ref takes the name as it stands; rev-parse would go on to try refs/heads/<it>. */
	if (git_run(&at, GIT_ARGS("show-ref", "--verify", "--hash", "--", ref),
		    &(struct git_opt){.inert = true, .ret_exit = &code}, &out, err) < 0)
		return -1;
	str_trim(&out);
	if (code == 0 && !oid_parse(str_c(&out), out.len, &oid))
		return err_set(err, ERR_FAILED, "%s points to no object", ref);
	*ret = oid;
	return 0;
}

static void add_change(struct str *in, const struct repo_ref_change *c)
{
	const char *verb = !oid_is_set(&c->new) ? "delete" : oid_is_set(&c->old) ? "update" : "create";
	str_addf(in, "%s %s", verb, c->ref);
	str_addc(in, '\0');
	if (oid_is_set(&c->new))
		str_add(in, c->new.hex, strlen(c->new.hex) + 1);
	if (oid_is_set(&c->old))
		str_add(in, c->old.hex, strlen(c->old.hex) + 1);
	else if (!oid_is_set(&c->new))
		str_addc(in, '\0');
}

int repo_refs_change(const struct repo *r, const struct repo_ref_change *changes, size_t n, const char *why,
		     struct err *err)
{
	static const char *const moved[] = {"but expected", "already exists", "unable to resolve reference"};
	struct str in STR_FREE = STR_INIT;
	struct err said = {0};
	const struct git_at at = repo_at(r);
	for (size_t i = 0; i < n; i++)
		add_change(&in, &changes[i]);
	/* A branch that an agent turned into a symbolic ref to another one must not lead a change there. */
	if (git_run(&at, GIT_ARGS("update-ref", "--no-deref", "-m", why, "-z", "--stdin"),
		    &(struct git_opt){.input = in.data, .input_len = in.len}, NULL, &said) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(moved); i++)
		if (strstr(said.msg, moved[i]))
			said.code = ERR_REFUSED;
	return err_set(err, said.code, "%s", said.msg);
}
