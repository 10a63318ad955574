"""The real agent CLIs against a scripted model on loopback.

The whole test process moves into a network namespace that has only `lo`: whatever an agent tries, nothing leaves. Where the
kernel allows none, the tests say so and run on loopback. Agents get `env -i`, a scratch HOME and a dummy key.
"""

import ctypes
import fcntl
import json
import os
import pathlib
import socket
import struct
import subprocess
import threading

import pytest
from house import Muster, end_processes

HERE = pathlib.Path(__file__).resolve().parent
KEY = "dummy-key-for-the-scripted-model"

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


def enter_namespace():
    """Leaves the network; as an ordinary user through a user namespace. True when it worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNET if uid == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if libc.unshare(flags) != 0:
        return False
    if uid != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(s, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
    return True


@pytest.fixture(scope="session")
def claude():
    """Path of the pinned Claude Code; skips aloud when it cannot be had."""
    done = subprocess.run(["sh", HERE / "fetch-claude.sh"], capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip() or "Claude Code cannot be had here")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def model(claude):
    """The scripted model's base URL, in the namespace."""
    import model_server

    if not enter_namespace():
        print("no network namespace here: the agents run on the host's loopback")
    server = model_server.ModelServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.url
    server.shutdown()
    server.server_close()


@pytest.fixture
def muster(tmp_path, claude, model):
    m = Muster(tmp_path / "m")
    home = m.home / "user"
    m.env = {
        "MUSTER_HOME": str(m.home),
        "HOME": str(home),
        "PATH": f"{os.path.dirname(claude)}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "NO_COLOR": "1",
    }
    (home / ".claude.json").write_text(
        json.dumps(
            {
                "hasCompletedOnboarding": True,
                "lastOnboardingVersion": "2.1.330",
                "theme": "dark",
                "numStartups": 5,
                "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
            }
        )
    )
    yield m
    for client in m.clients:
        client.close()
    end_processes(m.home)
    for daemon in m.daemons:
        daemon.wait()


@pytest.fixture
def repo(muster, tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    (path / "hello.txt").write_text("hello\n")
    muster.git("init", "-q", "-b", "main", cwd=path)
    muster.git("add", "-A", cwd=path)
    muster.git("commit", "-q", "-m", "first", cwd=path)
    return path
