#include "git/record.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pack.h"

enum { RECORD_VERSION = 1, RECORD_MAX = 65536 };

void record_fini(struct record *rec)
{
	free(rec->path);
	free(rec->common_dir);
	free(rec->git_dir);
	free(rec->branch);
	*rec = (struct record){0};
}

/* FNV-1a, 64 bits. Two paths with one hash are told apart by the path inside. */
static char *file_of(const char *state, const char *path)
{
	uint64_t h = 14695981039346656037u;
	for (const char *p = path; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	return mem_printf("%s/worktrees/%016" PRIx64, state, h);
}

int record_write(const char *state, const struct record *rec, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	char *file MEM_FREE = file_of(state, rec->path);
	char *dir MEM_FREE = mem_printf("%s/worktrees", state);
	pack_u8(&out, RECORD_VERSION);
	pack_u8(&out, rec->ready);
	pack_u32(&out, (uint32_t)rec->maker);
	pack_text(&out, rec->path);
	pack_text(&out, rec->common_dir);
	pack_text(&out, rec->git_dir);
	pack_text(&out, rec->branch);
	int r = file_mkdirs(dir, 0700);
	r = r ? r : file_write_atomic(file, 0600, out.data, out.len);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "%s", file) : 0;
}

static char *text_or_null(struct unpack *u)
{
	char *text = unpack_text(u);
	if (*text)
		return text;
	free(text);
	return NULL;
}

static int load(const char *file, struct record *ret)
{
	struct str bytes STR_FREE = STR_INIT;
	int r = file_read(file, RECORD_MAX, &bytes);
	if (r < 0)
		return r;
	struct unpack u = unpack_init(bytes.data, bytes.len);
	uint8_t version = unpack_u8(&u);
	struct record rec = {.ready = unpack_u8(&u) != 0};
	rec.maker = (pid_t)unpack_u32(&u);
	rec.path = unpack_text(&u);
	rec.common_dir = unpack_text(&u);
	rec.git_dir = text_or_null(&u);
	rec.branch = text_or_null(&u);
	if (version != RECORD_VERSION || !unpack_done(&u)) {
		record_fini(&rec);
		return -EBADMSG;
	}
	*ret = rec;
	return 0;
}

int record_read(const char *state, const char *path, struct record *ret, struct err *err)
{
	struct record rec;
	char *file MEM_FREE = file_of(state, path);
	int r = load(file, &rec);
	if (r < 0)
		return err_set_errno(err, r == -ENOENT ? ERR_USAGE : ERR_FAILED, r, "%s", file);
	if (strcmp(rec.path, path) != 0) {
		record_fini(&rec);
		return err_set(err, ERR_USAGE, "%s is not a worktree of muster's", path);
	}
	*ret = rec;
	return 0;
}

void record_drop(const char *state, const char *path)
{
	struct record rec;
	if (record_read(state, path, &rec, NULL) < 0)
		return;
	char *file MEM_FREE = file_of(state, path);
	unlink(file);
	record_fini(&rec);
}

int record_list(const struct repo *r, struct strv *ret_paths, struct err *err)
{
	char *dir MEM_FREE = mem_printf("%s/worktrees", r->state);
	DIR *d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : err_set_errno(err, ERR_FAILED, errno, "%s", dir);
	for (const struct dirent *e; (e = readdir(d));) {
		struct record rec;
		char *file MEM_FREE = mem_printf("%s/%s", dir, e->d_name);
		/* A dot also marks what a killed write left. */
		if (strchr(e->d_name, '.') || load(file, &rec) < 0)
			continue;
		if (strcmp(rec.common_dir, r->common_dir) == 0)
			strv_add(ret_paths, rec.path);
		record_fini(&rec);
	}
	closedir(d);
	return 0;
}
