"""What tests of the real binaries share: one user's muster, with a MUSTER_HOME of its own.

MUSTER_BUILD names the build folder (default: build). Tests wait on events, never on sleeps. Whatever a test does, no process
that belongs to its MUSTER_HOME outlives it: the fixture ends them and fails the test that left a holder's child behind.
"""

import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build")).resolve()
WAIT_S = 60  # how long anything may take before a test gives up; not a measure of speed


def processes_of(home):
    """Pids of all processes whose environment has this MUSTER_HOME."""
    needle = b"MUSTER_HOME=" + str(home).encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            env = pathlib.Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
            state = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if needle in env and state != "Z":
            found.append(int(entry))
    return found


def gone(pid):
    """Waits for the end of a process that is not ours."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([fd], [], [], WAIT_S)[0], f"process {pid} still lives: {command_line(pid)}"
    finally:
        os.close(fd)


def command_line(pid):
    """Empty when it has ended meanwhile."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def end_processes(home):
    """Kills what is left, until nothing is."""
    for _ in range(200):
        left = processes_of(home)
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)  # for the kernel to take them away; nothing announces the end of a stranger's child
    raise AssertionError(f"processes that do not die: {left}")


class Rpc:
    """A JSON-RPC client on musterd's socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WAIT_S)
        # The path may be too long for a socket address: reach it through its folder.
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            self.sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        finally:
            os.close(folder)
        self.file = self.sock.makefile("rb")
        self.next_id = 0
        self.events = []

    def call(self, method, **params):
        self.next_id += 1
        self.send({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.next_id:
                if "error" in message:
                    raise RpcError(message["error"])
                return message["result"]
            self.events.append(message)

    def send(self, message):
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError("musterd closed the connection")
        return json.loads(line)

    def wait_event(self, kind, match=lambda e: True):
        """The next event of that kind (after `events.subscribe`) that matches."""
        while True:
            message = self.events.pop(0) if self.events else self.read()
            params = message.get("params", {})
            if message.get("method") == "event" and params.get("kind") == kind and match(params):
                return params

    def close(self):
        self.file.close()
        self.sock.close()


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        self.message = error["message"]


class Muster:
    """One user's muster: its home, its environment, its command line."""

    def __init__(self, home):
        self.home = home
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "GIT_"))}
        self.env.update(
            MUSTER_HOME=str(home),
            HOME=str(home / "user"),
            GIT_CONFIG_NOSYSTEM="1",
            GIT_AUTHOR_NAME="Lead",
            GIT_AUTHOR_EMAIL="lead@example.org",
            GIT_COMMITTER_NAME="Lead",
            GIT_COMMITTER_EMAIL="lead@example.org",
            NO_COLOR="1",
            TERM="xterm-256color",
        )
        (home / "user").mkdir(parents=True)
        (home / "user" / ".gitconfig").write_text(
            "[user]\n\tname = Lead\n\temail = lead@example.org\n[init]\n\tdefaultBranch = main\n"
        )
        self.clients = []
        self.daemons = []

    def run(self, *args, cwd=None, check=True, **kw):
        done = subprocess.run(
            [BUILD / "src" / "muster", *map(str, args)],
            cwd=cwd or self.home,
            env=self.env,
            stdin=kw.pop("stdin", subprocess.DEVNULL),
            capture_output=True,
            text=True,
            timeout=WAIT_S * 2,
            **kw,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"muster {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def end(self):
        """Whatever the test did, nothing of this muster outlives it."""
        for client in self.clients:
            client.close()
        end_processes(self.home)
        for daemon in self.daemons:
            daemon.wait()

    def json(self, *args, **kw):
        return json.loads(self.run(*args, "--json", **kw).stdout)

    def rpc(self):
        """A connection to musterd, which is started if it does not run."""
        path = str(self.home / "run" / "musterd.sock")
        try:
            client = Rpc(path)
            client.call("daemon.status")
        except (OSError, EOFError):  # also from the socket of one that is just ending
            self.start_daemon()
            client = Rpc(path)
        self.clients.append(client)
        return client

    def start_daemon(self, *args):
        """Starts musterd and waits until it serves. Its end is the fixture's business."""
        ready, theirs = os.pipe()
        self.daemons.append(
            subprocess.Popen(
                [BUILD / "src" / "musterd", "--foreground", "--ready-fd", str(theirs), *args],
                env=self.env,
                cwd="/",
                pass_fds=[theirs],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        os.close(theirs)
        with os.fdopen(ready) as f:
            word = f.readline().strip()
        assert word == "ok", f"musterd did not start: {word}"

    def daemon_pid(self):
        return self.rpc().call("daemon.status")["pid"]

    def kill_daemon(self):
        """SIGKILL, and wait until it is gone."""
        pid = self.daemon_pid()
        fd = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        assert select.select([fd], [], [], WAIT_S)[0], "musterd does not die"
        os.close(fd)
        self.reap()
        return pid

    def reap(self):
        for daemon in self.daemons:
            daemon.poll()

    def git(self, *args, cwd):
        assert cwd, "git would run in the folder of whoever runs the tests"
        done = subprocess.run(["git", *map(str, args)], cwd=cwd, env=self.env, capture_output=True, text=True, timeout=WAIT_S)
        assert done.returncode == 0, f"git {args}: {done.stderr}"
        return done.stdout.rstrip("\n")
