#include "work/space.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "work/session.h"

static enum workspace_kind kind_of(const struct session_row *row)
{
	if (row->adopted)
		return WORKSPACE_ADOPTED;
	return row->worktree ? WORKSPACE_WORKTREE : WORKSPACE_IN_PLACE;
}

static void fill_spec(struct space *s, const struct engine *e, const struct session_row *row)
{
	MEM_FREE char *folder = dirs_session(e->setup.dirs, row->id);
	s->log_path = mem_printf("%s/setup.log", folder);
	s->worktrees = dirs_worktrees(e->setup.dirs);
	strv_copy(&s->env, &e->base_env);
	s->spec = (struct workspace_spec){
		.kind = kind_of(row),
		.session_id = row->id,
		.session_name = row->name,
		.worktrees = s->worktrees,
		.base = row->base,
		.adopt_path = row->workspace,
		.hold_path = e->hold_path,
		.log_path = s->log_path,
		.setup = &s->config.setup,
		.teardown = &s->config.teardown,
		.links = &s->config.links,
		.env = &s->env,
		.timeout_s = (int)s->config.setup_timeout_s,
		.port = (int)row->port,
		.port_end = row->port ? (int)(row->port + row->ports - 1) : 0,
	};
}

int space_open(struct space *ret, const struct engine *e, const struct session_row *row, struct err *err)
{
	struct space s = {.has_repo = row->git_dir != NULL};
	MEM_FREE char *folder = dirs_session(e->setup.dirs, row->id);
	int r = file_mkdirs(folder, 0700);
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "cannot make %s", folder);
	if (s.has_repo) {
		if (repo_reopen(row->git_dir, row->repo, e->setup.dirs->state, &s.repo, err) < 0)
			return -1;
		if (config_load(&s.config, row->repo, e->setup.dirs->config, err) < 0) {
			space_fini(&s);
			return -1;
		}
	}
	fill_spec(&s, e, row);
	*ret = s;
	/* The vectors moved with the struct: point at where they are now. */
	ret->spec.setup = &ret->config.setup;
	ret->spec.teardown = &ret->config.teardown;
	ret->spec.links = &ret->config.links;
	ret->spec.env = &ret->env;
	return 0;
}

void space_fini(struct space *s)
{
	if (s->has_repo) {
		repo_fini(&s->repo);
		config_fini(&s->config);
	}
	strv_fini(&s->env);
	free(s->log_path);
	free(s->worktrees);
	*s = (struct space){0};
}
