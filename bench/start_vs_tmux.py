#!/usr/bin/env python3
"""Starting sessions of `cat` one by one: `muster start` against `tmux new-session`; interleaved, medians.

    bench/start_vs_tmux.py [--build DIR] [--rounds N] [--group N]

Each round starts a group of each, a process a session, and takes the wall time; earlier groups stay, so the last round
shows what many sessions do to the start of another. `muster start` returns when the command runs, or with --no-wait (the
third row) when the session is in the store; `--api` is the same over one connection.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from house import Rpc, end_processes  # noqa: E402


class Starter:
    def __init__(self, folder, build):
        self.folder = folder
        self.muster = str(build / "src" / "muster")
        self.tmux = [shutil.which("tmux"), "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "MUSTER_HOME": str(folder / "m")}
        self.made = 0
        subprocess.run([self.muster, "daemon", "start"], env=self.env, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*self.tmux, "new-session", "-d", "cat"], env=self.env, check=True)
        self.rpc = Rpc(str(folder / "m" / "run" / "musterd.sock"))

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

    def end(self):
        self.rpc.close()
        subprocess.run([*self.tmux, "kill-server"], env=self.env, check=False)
        end_processes(self.folder / "m")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--group", type=int, default=40)
    args = parser.parse_args()
    if not shutil.which("tmux"):
        sys.exit("start_vs_tmux: tmux is not installed; nothing was compared")
    with tempfile.TemporaryDirectory() as temporary:
        starter = Starter(pathlib.Path(temporary), args.build.resolve())
        kinds = {
            "tmux new-session": starter.by_tmux,
            "muster start": starter.by_muster,
            "muster start --no-wait": starter.by_muster_unwaited,
            "session.start over one connection": starter.by_api,
        }
        seen = {name: [] for name in kinds}
        try:
            for _ in range(args.rounds):
                for name, one in kinds.items():
                    began = time.monotonic()
                    for _ in range(args.group):
                        one()
                    seen[name].append((time.monotonic() - began) * 1000 / args.group)
        finally:
            starter.end()
    medians = {name: statistics.median(values) for name, values in seen.items()}
    for name, value in medians.items():
        ratio = value / medians["tmux new-session"]
        print(f"{value:7.2f} ms each  {ratio:5.2f} of tmux  {name}")
    print("wanted: at most 0.33 of tmux")


if __name__ == "__main__":
    main()
