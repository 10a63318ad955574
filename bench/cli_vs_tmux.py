#!/usr/bin/env python3
"""`muster ls --json` against `tmux capture-pane`, and what a hook costs; interleaved in the same run, medians.

The call is the one that a list of sessions over tmux makes of each pane (claude-squad: `capture-pane -p -e -J`), on screens
of 200 by 50 in an agent's colours; the same call without colours (-p) is shown beside it.

    bench/cli_vs_tmux.py [--build DIR] [--runs N] [--sessions N]

Everything runs below a temporary MUSTER_HOME and a tmux server of its own. CPU is that of the commands, from wait4, and
of the server that they asked, from its schedstat; the cost of starting an empty static program is measured beside it.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from house import Rpc, end_processes  # noqa: E402


# A screen full of coloured text, as an agent's is, and then silence.
SCREENFUL = r"""
i=0
while [ $i -lt 49 ]; do
    i=$((i + 1))
    printf '\033[38;5;%dm%3d \033[1;32m+\033[0m \033[34mstatic\033[0m int \033[33mplay\033[0m(\033[35mstruct\033[0m deck *d, ' $((i + 16)) $i
    printf '\033[35msize_t\033[0m n) { \033[31mreturn\033[0m d->next(d, n, \033[36m"%s"\033[0m); } \033[2m/* the quick brown fox */\033[0m\n' track
done
exec cat
"""
COLUMNS, LINES = 200, 50


def cpu_ms_of(pid):
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) / 1e6


def run_ms(argv, env, stdin=b""):
    """CPU of one command in milliseconds, user and system."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    os.write(write, stdin)
    os.close(write)
    pid = os.posix_spawn(
        argv[0],
        argv,
        env,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, read, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        ],
    )
    os.close(read)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, argv
    return (usage.ru_utime + usage.ru_stime) * 1e3


def measure(argv, server, env, times=1, stdin=b""):
    """CPU of `times` runs of the command, its own and its server's."""
    before = cpu_ms_of(server)
    own = sum(run_ms(argv, env, stdin) for _ in range(times))
    return own + cpu_ms_of(server) - before


class Tmux:
    def __init__(self, folder, sessions):
        self.program = shutil.which("tmux")
        self.base = [self.program, "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm"}
        for i in range(sessions):
            subprocess.run([*self.base, "new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), "-s", f"s{i}", SCREENFUL], env=self.env, check=True)
        shown = subprocess.run([*self.base, "display", "-p", "#{pid}"], env=self.env, check=True, capture_output=True)
        self.server = int(shown.stdout)
        self.sessions = sessions

    def one_by_one_ms(self, *flags):
        before = cpu_ms_of(self.server)
        own = sum(run_ms([*self.base, "capture-pane", *flags, "-t", f"s{i}"], self.env) for i in range(self.sessions))
        return own + cpu_ms_of(self.server) - before

    def batched_ms(self, *flags):
        argv = list(self.base)
        for i in range(self.sessions):
            argv += ["capture-pane", *flags, "-t", f"s{i}", ";"]
        return measure(argv[:-1], self.server, self.env)

    def end(self):
        subprocess.run([*self.base, "kill-server"], env=self.env, check=False)


class Muster:
    def __init__(self, folder, build, sessions):
        self.program = str(build / "src" / "muster")
        self.home = folder / "m"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "MUSTER_HOME": str(self.home)}
        subprocess.run([self.program, "daemon", "start"], env=self.env, check=True, stdout=subprocess.DEVNULL)
        rpc = Rpc(str(self.home / "run" / "musterd.sock"))
        for i in range(sessions):
            rpc.call("session.start", repo=str(folder), worktree=False, name=f"s{i}", command=["sh", "-c", SCREENFUL])
        for i in range(sessions):
            last = rpc.call("session.wait", session=f"s{i}", until="started", timeout_ms=60000)
        self.server = rpc.call("daemon.status")["pid"]
        self.holder = rpc.call("session.get", session=last["id"])["hold"]["pid"]
        self.env["MUSTER_SOCKET"] = str(self.home / "run" / "agent" / last["id"])
        rpc.close()

    def ls_ms(self):
        return measure([self.program, "ls", "--json"], self.server, self.env)

    def hook_ms(self):
        data = json.dumps({"hook_event_name": "PostToolUse", "tool_input": {"command": "x" * 2000}}).encode()
        return run_ms([self.program, "hook"], self.env, data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--sessions", type=int, default=100)
    args = parser.parse_args()
    if not shutil.which("tmux"):
        sys.exit("cli_vs_tmux: tmux is not installed; nothing was compared")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        tmux = Tmux(folder, args.sessions)
        try:
            muster = Muster(folder, args.build.resolve(), args.sessions)
            kinds = {
                "tmux capture-pane -p -e -J, one process a session": lambda: tmux.one_by_one_ms("-p", "-e", "-J"),
                "tmux capture-pane -p -e -J, one call for all": lambda: tmux.batched_ms("-p", "-e", "-J"),
                "tmux capture-pane -p, one call for all": lambda: tmux.batched_ms("-p"),
                "muster ls --json, client and daemon": muster.ls_ms,
                "muster hook": muster.hook_ms,
            }
            seen = {name: [] for name in kinds}
            for _ in range(args.runs):
                for name, one in kinds.items():
                    seen[name].append(one())
        finally:
            tmux.end()
            end_processes(folder / "m")
    medians = {name: statistics.median(values) for name, values in seen.items()}
    for name, value in medians.items():
        print(f"{value:9.2f} ms of CPU  {name}")
    single, batch, _, ls, _ = medians.values()
    print(f"muster ls --json takes 1/{single / ls:.0f} of the first (wanted: 1/200) and 1/{batch / ls:.0f} of the second (1/30)")


if __name__ == "__main__":
    main()
