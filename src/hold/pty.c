#include "hold/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"

static int set_utf8(int fd)
{
	struct termios t;
	if (tcgetattr(fd, &t) < 0)
		return -errno;
	t.c_iflag |= IUTF8;
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

int pty_open(int cols, int rows, int *ret_master, int *ret_slave)
{
	int master FD_CLOSE = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -errno;
	/* By descriptor, not by name: /dev/pts may be another one in here. */
	int slave FD_CLOSE = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	int r = set_utf8(slave);
	r = r ? r : pty_resize(master, cols, rows);
	if (r < 0)
		return r;
	*ret_master = FD_TAKE(master);
	*ret_slave = FD_TAKE(slave);
	return 0;
}

int pty_resize(int master, int cols, int rows)
{
	struct winsize ws = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};
	return ioctl(master, TIOCSWINSZ, &ws) < 0 ? -errno : 0;
}
