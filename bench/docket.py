#!/usr/bin/env python3
"""From an agent's question to the lead's screen, and what history does to the docket.

    bench/docket.py [--build DIR] [--sessions N] [--questions N] [--history N]

With N noisy sessions (10 lines a second each) questions are asked through their mailboxes, one after the other, and the time
is taken until a client that subscribed has the item; beside it the floor, the time until the holder has the question in its
journal, of the same questions. Then `muster docket` with the open items alone and with N closed ones in the store, interleaved.
Everything runs below a temporary MUSTER_HOME.
"""

import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "e2e")]
from holdclient import Mail  # noqa: E402
from house import Rpc, end_processes  # noqa: E402

NOISE = "import time\ni = 0\nwhile True:\n    i += 1\n    print('line', i, flush=True)\n    time.sleep(0.1)\n"
RUNS = 15


class Bench:
    def __init__(self, folder, build):
        self.folder = folder
        self.muster = str(build / "src" / "muster")
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "MUSTER_HOME": str(folder / "m")}
        self.daemon("start")

    def daemon(self, what):
        subprocess.run([self.muster, "daemon", what], env=self.env, check=True, stdout=subprocess.DEVNULL)

    def rpc(self):
        return Rpc(str(self.folder / "m" / "run" / "musterd.sock"))

    def start(self, n):
        rpc = self.rpc()
        command = [sys.executable, "-c", NOISE]
        ids = [rpc.call("session.start", repo=str(self.folder), worktree=False, command=command)["id"] for _ in range(n)]
        for session in ids:
            rpc.call("session.wait", session=session, until="working", timeout_ms=60000)
        return ids

    def questions(self, ids, n):
        """(ms until the journal has it, ms until the subscriber has it) of each."""
        rpc = self.rpc()
        rpc.call("events.subscribe", kinds=["item.opened"])
        boxes = [Mail(f"{self.folder}/m/run/agent/{session}") for session in ids]
        times = []
        for i in range(n):
            ask = json.dumps({"m": "ask", "question": f"Question {i}?", "blocking": False})
            began = time.perf_counter()
            boxes[i % len(boxes)].send(ask)
            boxes[i % len(boxes)].read()
            journal = time.perf_counter()
            rpc.wait_event("item.opened")
            times.append(((journal - began) * 1e3, (time.perf_counter() - began) * 1e3))
            time.sleep(0.01)
        return times

    def add_history(self, n):
        with sqlite3.connect(self.folder / "m" / "state" / "muster.db") as store:
            (session,) = store.execute("SELECT id FROM session LIMIT 1").fetchone()
            rows = ((session, "question", f"old-{i}", 0, 0, f"Old question {i}?", "delivered", 1, 2) for i in range(n))
            store.executemany("INSERT INTO item(session, kind, key, request, blocking, title, state, opened_ms, closed_ms)"
                              " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        store.close()

    def docket_ms(self):
        began = time.perf_counter()
        subprocess.run([self.muster, "docket", "--json"], env=self.env, check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter() - began) * 1e3


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def line(name, values):
    print(f"{name:40} median {statistics.median(values):7.2f} ms   p95 {percentile(values, .95):7.2f} ms   p99 {percentile(values, .99):7.2f} ms")


def run(args, home):
    with_history, without = (Bench(pathlib.Path(home) / name, args.build) for name in ("a", "b"))
    ids = without.start(args.sessions)
    times = without.questions(ids, args.questions)
    line("question in the holder's journal", [t[0] for t in times])
    line("question at the lead's client", [t[1] for t in times])
    with_history.questions(with_history.start(1), 50)
    without_quiet = Bench(pathlib.Path(home) / "c", args.build)
    without_quiet.questions(without_quiet.start(1), 50)
    with_history.daemon("stop")
    with_history.add_history(args.history)
    with_history.daemon("start")
    pairs = [(with_history.docket_ms(), without_quiet.docket_ms()) for _ in range(RUNS)]
    much, none = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    print(f"{'muster docket, 50 items open':40} {args.history} closed ones {much:7.2f} ms   none {none:7.2f} ms   ratio {much / none:.3f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--history", type=int, default=100000)
    args = parser.parse_args()
    args.build = args.build.resolve()
    with tempfile.TemporaryDirectory() as home:
        for name in ("a", "b", "c"):
            (pathlib.Path(home) / name).mkdir()
        try:
            run(args, home)
        finally:
            for name in ("a", "b", "c"):
                end_processes(pathlib.Path(home) / name / "m")


if __name__ == "__main__":
    main()
