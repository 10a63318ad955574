/* A folder with a repository and muster's state in it, for tests that need the real git. */
#ifndef HOUSE_H
#define HOUSE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "git/merge.h"
#include "git/repo.h"
#include "git/worktree.h"
#include "unit.h"

struct house {
	char *dir;   /* with repo/, state/, guard */
	struct repo repo;
};

/* Runs a shell script in the house ($H); the test fails with it. Returns what it printed, without the last newline. */
static inline char *house_sh(const struct house *h, const char *script)
{
	struct str out = STR_INIT;
	char buf[4096];
	setenv("H", h->dir, 1);
	char *whole = mem_printf("set -e; cd \"$H\"; %s", script);
	FILE *f = popen(whole, "r");
	assert_non_null(f);
	for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;)
		str_add(&out, buf, n);
	int status = pclose(f);
	if (status != 0)
		print_error("script failed: %s\n%s\n", script, str_c(&out));
	assert_int_equal(status, 0);
	free(whole);
	str_trim(&out);
	char *text = mem_strdup(str_c(&out));
	str_fini(&out);
	return text;
}

static inline void house_do(const struct house *h, const char *script)
{
	free(house_sh(h, script));
}

static inline void house_expect(const struct house *h, const char *script, const char *expected)
{
	char *got = house_sh(h, script);
	if (strcmp(got, expected) != 0)
		print_error("%s\n", script);
	assert_string_equal(got, expected);
	free(got);
}

static inline struct oid house_oid(const struct house *h, const char *rev)
{
	struct oid oid;
	struct err err = {0};
	int r = repo_commit(&h->repo, rev, &oid, &err);
	if (r < 0)
		print_error("%s\n", err.msg);
	assert_int_equal(r, 0);
	return oid;
}

/* A repository whose branch main has the files a, b/c and .gitignore, and a guard that only knows time. */
static const char house_script[] =
	"git init -q -b main repo; cd repo; git config user.name Lead; git config user.email lead@example.org;"
	"mkdir b; printf 'one\\ntwo\\nthree\\nfour\\nfive\\n' >a; echo c >b/c; echo '*.o' >.gitignore;"
	"git add -A; git commit -qm first; cd ..; mkdir state;"
	"printf '#!/bin/sh\\nshift 2; s=$1; shift 2; exec timeout -k 1 \"$s\" \"$@\"\\n' >guard; chmod +x guard";

static inline int house_new(void **state)
{
	char path[] = "/tmp/muster-unit-XXXXXX";
	struct house *h = mem_alloc(sizeof *h);
	struct err err = {0};
	assert_non_null(mkdtemp(path));
	h->dir = mem_strdup(path);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
	house_do(h, house_script);
	char *repo = mem_printf("%s/repo", path), *st = mem_printf("%s/state", path);
	int r = repo_open(repo, st, 0, &h->repo, &err);
	if (r < 0)
		print_error("%s\n", err.msg);
	assert_int_equal(r, 0);
	free(repo);
	free(st);
	*state = h;
	return 0;
}

static inline int house_free(void **state)
{
	struct house *h = *state;
	repo_fini(&h->repo);
	assert_int_equal(file_remove_tree(h->dir), 0);
	free(h->dir);
	free(h);
	return 0;
}

#endif
