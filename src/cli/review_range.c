#include "cli/review_range.h"

#include <string.h>

#include "base/dirs.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "git/repo.h"
#include "review/review.h"

static struct json_object *make(const struct repo *r, const char *from, const char *to, bool patch, struct err *err)
{
	struct review rv;
	const struct review_spec spec = {.repo = r, .target = from, .tip = to, .no_patch = !patch};
	if (review_make(&spec, &rv, err) < 0)
		return NULL;
	struct json_object *o = review_json(&rv);
	review_fini(&rv);
	return o;
}

struct json_object *review_range(const char *repo, const char *range, bool patch, struct err *err)
{
	const char *dots = strstr(range, "..");
	struct dirs dirs;
	struct repo r;
	if (!dots || dots == range || dots[2] == '\0' || dots[2] == '.') {
		err_set(err, ERR_USAGE, "--range %s: it is FROM..TO, two commits", range);
		return NULL;
	}
	char *from MEM_FREE = mem_strndup(range, (size_t)(dots - range));
	char *path MEM_FREE = cli_absolute(repo ? repo : ".", err);
	if (!path || dirs_init(&dirs, err) < 0)
		return NULL;
	struct json_object *o = NULL;
	if (repo_open(path, dirs.state, REPO_NEEDS_COMMIT, &r, err) == 0) {
		o = make(&r, from, dots + 2, patch, err);
		repo_fini(&r);
	}
	dirs_fini(&dirs);
	return o;
}
