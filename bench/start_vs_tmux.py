#!/usr/bin/env python3
"""Starting sessions of `cat` one by one: `muster start` against `tmux new-session`; interleaved, medians.

    bench/start_vs_tmux.py [--build DIR] [--rounds N] [--group N] [--history N]

Each round starts a group of each, a process a session, and takes the wall time; earlier groups stay, so the last round
shows what many sessions do to the start of another. `muster start` returns when the command runs, or with --no-wait (the
third row) when the session is in the store; the fourth row is the same over one connection. At the end, with all those
sessions alive, it times an attach: from the start of the client until the last line of the session's screen has arrived.
--history N puts N events into the store first.
"""

import argparse
import os
import pathlib
import pty
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from house import Rpc, end_processes  # noqa: E402

ATTACHES = 15
MEMORY = "/dev/shm"
SHOWN = b"the last line of the screen"
SCREEN = f"for i in $(seq 22); do echo some text of a screen; done; echo {SHOWN.decode()}; exec cat"


class Starter:
    def __init__(self, folder, build, history):
        self.folder = folder
        self.muster = str(build / "src" / "muster")
        self.tmux = [shutil.which("tmux"), "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "MUSTER_HOME": str(folder / "m")}
        self.made = 0
        self.daemon("start")
        if history:
            self.daemon("stop")
            self.add_history(history)
            self.daemon("start")
        subprocess.run([*self.tmux, "new-session", "-d", "cat"], env=self.env, check=True)
        self.rpc = Rpc(str(folder / "m" / "run" / "musterd.sock"))

    def daemon(self, what):
        subprocess.run([self.muster, "daemon", what], env=self.env, check=True, stdout=subprocess.DEVNULL)

    def add_history(self, n):
        """What a year leaves: events of sessions that are gone."""
        with sqlite3.connect(next((self.folder / "m").rglob("*.db"))) as store:
            rows = ((1, f"s-{i // 50}", "session.changed", '{"state":"working","was":"quiet"}') for i in range(n))
            store.executemany("INSERT INTO event(at_ms, session, kind, data) VALUES(?, ?, ?, ?)", rows)
        store.close()

    def name(self):
        self.made += 1
        return f"s{self.made}"

    def run(self, argv):
        null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1)]
        pid = os.posix_spawn(argv[0], argv, self.env, file_actions=null)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, argv

    def by_tmux(self):
        self.run([*self.tmux, "new-session", "-d", "-s", self.name(), "cat"])

    def by_muster(self):
        self.run([self.muster, "start", "--no-worktree", "-C", str(self.folder), "--name", self.name(), "--", "cat"])

    def by_muster_unwaited(self):
        self.run([self.muster, "start", "--no-wait", "--no-worktree", "-C", str(self.folder), "--name", self.name(), "--", "cat"])

    def by_api(self):
        self.rpc.call("session.start", repo=str(self.folder), worktree=False, name=self.name(), command=["cat"])

    def start_shown(self):
        self.run([*self.tmux, "new-session", "-d", "-x", "80", "-y", "24", "-s", "shown", SCREEN])
        self.run([self.muster, "start", "--no-worktree", "-C", str(self.folder), "--name", "shown", "--", "sh", "-c", SCREEN])

    def attach_ms(self, argv):
        """Until the screen is there, on a terminal of 80 by 24; the client is killed then."""
        began = time.monotonic()
        pid, master = pty.fork()
        if pid == 0:
            os.execve(argv[0], argv, self.env)
        seen = b""
        while SHOWN not in seen:
            seen += os.read(master, 1 << 16)
        took = (time.monotonic() - began) * 1000
        os.kill(pid, signal.SIGKILL)
        os.close(master)
        os.waitpid(pid, 0)
        return took

    def attach_tmux_ms(self):
        return self.attach_ms([*self.tmux, "attach", "-t", "shown"])

    def attach_muster_ms(self):
        return self.attach_ms([self.muster, "attach", "shown"])

    def end(self):
        self.rpc.close()
        subprocess.run([*self.tmux, "kill-server"], env=self.env, check=False)
        end_processes(self.folder / "m")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--group", type=int, default=40)
    parser.add_argument("--history", type=int, default=0)
    args = parser.parse_args()
    if not shutil.which("tmux"):
        sys.exit("start_vs_tmux: tmux is not installed; nothing was compared")
    # Memory, where there is a file system in it: ext4 searches longer for an inode where others were removed in the last
    # seconds, so a run would measure what the run before it left.
    with tempfile.TemporaryDirectory(dir=MEMORY if os.path.isdir(MEMORY) else None) as temporary:
        starter = Starter(pathlib.Path(temporary), args.build.resolve(), args.history)
        kinds = {
            "tmux new-session": starter.by_tmux,
            "muster start": starter.by_muster,
            "muster start --no-wait": starter.by_muster_unwaited,
            "session.start over one connection": starter.by_api,
        }
        seen = {name: [] for name in kinds}
        attached = {"tmux attach": [], "muster attach": []}
        try:
            for _ in range(args.rounds):
                for name, one in kinds.items():
                    began = time.monotonic()
                    for _ in range(args.group):
                        one()
                    seen[name].append((time.monotonic() - began) * 1000 / args.group)
            starter.start_shown()
            for _ in range(ATTACHES):
                attached["tmux attach"].append(starter.attach_tmux_ms())
                attached["muster attach"].append(starter.attach_muster_ms())
        finally:
            starter.end()
    medians = {name: statistics.median(values) for name, values in seen.items()}
    for name, value in medians.items():
        ratio = value / medians["tmux new-session"]
        print(f"{value:7.2f} ms each  {ratio:5.2f} of tmux  {name}")
    print("wanted: at most 0.33 of tmux")
    medians = {name: statistics.median(values) for name, values in attached.items()}
    for name, value in medians.items():
        print(f"{value:7.2f} ms       {value / medians['tmux attach']:5.2f} of tmux  {name}, {starter.made} sessions")
    print("wanted: at most 0.50 of tmux")


if __name__ == "__main__":
    main()
