"""Where the tests with real agents run: a network namespace that has nothing but loopback.

An agent's CLI that finds a way around its dummy key and its base URL still reaches nobody. Root needs no more than a
network namespace; anybody else gets one in a user namespace; where neither is allowed, the tests say so and go on.
"""

import os
import shutil
import subprocess
import sys

MARK = 'MUSTER_TEST_ISOLATED'
WAYS = (['unshare', '--net'], ['unshare', '--net', '--map-root-user'])


def command(way):
    return [*way, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']


def works(way):
    if not shutil.which('unshare') or not shutil.which('ip'):
        return False
    return subprocess.run([*command(way), 'true'], capture_output=True, check=False).returncode == 0


def enter(arguments):
    """Runs this Python again, with these arguments, inside the namespace; returns only when it is there already, or cannot
    be. The word that it leaves in the environment is "yes" or "no"."""
    if MARK in os.environ:
        return
    for way in WAYS:
        if works(way):
            os.environ[MARK] = 'yes'
            argv = [*command(way), sys.executable, *arguments]
            os.execvp(argv[0], argv)
    os.environ[MARK] = 'no'
    print('tests/agents: no network namespace to be had here: the agents run on the plain loopback', file=sys.stderr)
