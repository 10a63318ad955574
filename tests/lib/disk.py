"""A small disk of its own for a test: what happens when it is full."""

import os
import subprocess
import sys

import pytest
from house import BUILD, WAIT_S, end_processes

ON_DISK = 'mkdir -p "$2" && mount -t tmpfs -o size="$1",mode=700 tmpfs "$2" || exit 99; shift 2; exec "$@"'


def run_on_disk(size, folder, home, script, *args):
    """Runs a script of the tests with `folder` on a disk of its own, of that size (mount's words); ends what belongs to `home`."""
    own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-m", "--map-root-user"]
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of its own needs a mount namespace, or a user namespace: the full disk is NOT tested")
    argv = [*own, "sh", "-c", ON_DISK, "sh", size, folder, sys.executable, script, *args]
    env = os.environ | {"MUSTER_BUILD": str(BUILD)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=2 * WAIT_S, check=False)
    end_processes(home)
    assert done.returncode == 0, done.stdout + done.stderr
