#include "serve/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

static struct {
	char *path;
	int fd;
} file = {.fd = -1};

static int open_log(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
}

static bool is_too_long(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && st.st_size > LOGFILE_MAX_BYTES;
}

void logfile_trim(void)
{
	if (file.fd < 0 || !is_too_long(file.fd))
		return;
	char *older MEM_FREE = mem_printf("%s.1", file.path);
	if (rename(file.path, older) < 0)
		return;
	int fd = open_log(file.path);
	if (fd < 0)
		return; /* the old one still takes lines */
	log_to(fd);
	fd_closep(&file.fd);
	file.fd = fd;
}

int logfile_open(const char *path, struct err *err)
{
	int fd = open_log(path);
	if (fd < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot open the log %s", path);
	mem_replace(&file.path, path);
	fd_closep(&file.fd);
	file.fd = fd;
	log_to(fd);
	logfile_trim();
	return 0;
}
