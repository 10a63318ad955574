/* muster-bridge: Codex in a session's terminal, shared with muster (bridge/bridge.h). musterd starts it; people
 * need not. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bridge/bridge.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int usage(void)
{
	fputs("usage: muster-bridge --socket PATH -- CODEX [ARGUMENT...]\n"
	      "       muster-bridge --version\n",
	      stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'}, {"version", no_argument, NULL, 'v'}, {0}};
	struct bridge_setup setup = {0};
	struct strv command STRV_FREE = STRV_INIT;
	struct err err = {0};
	int option;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == 'v') {
			puts("muster-bridge " MUSTER_VERSION);
			return 0;
		}
		if (option != 's')
			return usage();
		setup.socket = optarg;
	}
	for (int i = optind; i < argc; i++)
		strv_add(&command, argv[i]);
	if (!setup.socket || command.n == 0)
		return usage();
	setup.command = &command;
	int code = bridge_run(&setup, &err);
	if (code >= 0)
		return code;
	fprintf(stderr, "muster-bridge: %s\n", err.msg);
	return EXIT_FAILED;
}
