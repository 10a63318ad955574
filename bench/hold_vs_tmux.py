#!/usr/bin/env python3
"""Holders against tmux (and dtach), interleaved in the same run; medians and ratios.

    bench/hold_vs_tmux.py [--build DIR] [--runs N] [swallow|cpu|memory|echo|spawn]...

Everything runs below a temporary MUSTER_HOME and a tmux server of its own. The holder's client is the protocol
spoken from here; tmux's and dtach's are their own clients on a pseudo terminal.
"""

import argparse
import contextlib
import os
import pathlib
import pty
import random
import select
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from holdclient import Client, Holder, text  # noqa: E402

BULK = 50 << 20


def cpu_s(pids):
    """CPU time of the processes so far, in seconds."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def pss_kib(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total


def switches(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("voluntary"))
    return total


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rpartition(")")[2].split()[1])


def drain(fd, stop, sink=None):
    """Reads a terminal or a socket until told to stop."""
    while not stop.is_set():
        if select.select([fd], [], [], 0.05)[0]:
            try:
                data = os.read(fd, 1 << 20)
            except OSError:
                return
            if not data:
                return
            if sink:
                sink(data)


@contextlib.contextmanager
def on_terminal(argv, env):
    """A client program on a pseudo terminal of 80 by 24; gives its master."""
    pid, master = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, env)
    import fcntl
    import termios
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        yield master
    finally:
        os.close(master)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


class Muster:
    name = "muster"

    def __init__(self, home, binary):
        self.home, self.binary, self.holders, self.clients, self.n = home, binary, [], [], 0

    def start(self, argv):
        self.n += 1
        h = Holder(self.binary, self.home, f"b{self.n}")
        code, said = h.start()
        assert code == 0, said
        c = h.client()
        c.spawn(argv)
        self.holders.append(h)
        self.clients.append(c)
        return h

    def pids(self):
        holders = [h.pid for h in self.holders]
        return holders + [parent_of(p) for p in holders]  # with the watchers

    def ttys(self):
        found = []
        for h in self.holders:
            child = pathlib.Path(f"/proc/{h.pid}/task/{h.pid}/children").read_text().split()[0]
            found.append(os.readlink(f"/proc/{child}/fd/0"))
        return found

    @contextlib.contextmanager
    def attached(self, h):
        c = h.client(role=2)
        c.attach()
        c.sock.setblocking(True)
        yield c.sock.fileno(), lambda key: c.send("INPUT", struct.pack("<I", 0) + text(key))
        c.close()

    def end(self):
        for c in self.clients:
            with contextlib.suppress(Exception):
                c.stop(jobs=True, grace_ms=0)
                c.close()
        for h in self.holders:
            with contextlib.suppress(ProcessLookupError):
                os.kill(h.pid, signal.SIGTERM)
        self.holders, self.clients = [], []


class Tmux:
    name = "tmux"

    def __init__(self, home, history=2000):
        self.env = dict(os.environ, TMUX_TMPDIR=str(home), TERM="xterm-256color")
        self.env.pop("TMUX", None)
        self.conf = f"{home}/tmux.conf"
        pathlib.Path(self.conf).write_text(f"set -g history-limit {history}\nset -g status off\n")
        self.n = 0

    def run(self, *args):
        return subprocess.run(["tmux", "-L", "bench", "-f", self.conf, *args], env=self.env, check=True,
                              capture_output=True, text=True).stdout

    def start(self, argv):
        self.n += 1
        self.run("new-session", "-d", "-s", f"b{self.n}", "-x", "80", "-y", "24", *argv)
        return f"b{self.n}"

    def pids(self):
        return [int(self.run("display-message", "-p", "#{pid}"))]

    def ttys(self):
        return self.run("list-panes", "-a", "-F", "#{pane_tty}").split()

    @contextlib.contextmanager
    def attached(self, name):
        with on_terminal(["tmux", "-L", "bench", "-f", self.conf, "attach", "-t", name], self.env) as master:
            yield master, lambda key: os.write(master, key)

    def end(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            server = self.pids()[0]
            self.run("kill-server")
            while os.path.exists(f"/proc/{server}/exe"):
                time.sleep(0.01)


class Bare:
    """Nothing but a reader that throws away: what the kernel's terminals can do on this machine."""

    name = "bare reader"

    def start(self, argv):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execvp(argv[0], argv)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        with contextlib.suppress(OSError):
            while os.read(self.master, 1 << 16):
                pass

    def end(self):
        self.reader.join()
        os.close(self.master)
        os.waitpid(self.pid, 0)


class Dtach:
    name = "dtach"

    def __init__(self, home):
        self.home, self.n = home, 0

    def start(self, argv):
        self.n += 1
        path = f"{self.home}/dtach{self.n}"
        subprocess.run(["dtach", "-n", path, "-r", "none", *argv], check=True)
        return path

    @contextlib.contextmanager
    def attached(self, path):
        with on_terminal(["dtach", "-a", path, "-r", "none"], os.environ) as master:
            yield master, lambda key: os.write(master, key)

    def end(self):
        pass


# --- loads -------------------------------------------------------------------------------------------------------


def bulk_plain():
    rng = random.Random(1)
    words = [bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz", k=rng.randrange(2, 10))) for _ in range(500)]
    block = b"".join(b" ".join(rng.choices(words, k=rng.randrange(4, 14))) + b"\n" for _ in range(10000))
    return block


def bulk_colour():
    rng = random.Random(2)
    return b"".join(b"\x1b[%dm%s\x1b[0m:\x1b[1;38;5;%dm%d\x1b[m %s\n" % (
        rng.randrange(31, 37), b"src/file.c", rng.randrange(256), i, b"warning: something is \x1b[4modd\x1b[24m here")
        for i in range(10000))


def bulk_tui():
    rng = random.Random(3)
    frame = []
    for _ in range(400):
        for row in range(1, 25):
            frame.append(b"\x1b[%d;1H\x1b[%dm%s\x1b[0m\x1b[K" % (row, rng.randrange(30, 38), b"x" * rng.randrange(79)))
    return b"".join(frame)


LOADS = {"plain": bulk_plain, "colour": bulk_colour, "TUI": bulk_tui}


def write_loads(folder):
    for name, make in LOADS.items():
        block = make()
        with open(f"{folder}/{name}", "wb") as f:
            f.write((block * (BULK // len(block) + 1))[:BULK])


# --- the measurements ----------------------------------------------------------------------------------------------


def report(what, ours, others, unit=""):
    """others: {name: value}"""
    line = f"{what:42} muster {ours:10.3f}{unit}"
    for name, value in others.items():
        line += f"   {name} {value:10.3f}{unit}   ratio {ours / value:6.3f}"
    print(line, flush=True)


def swallow_once(server, folder, load, attached):
    go, done = f"{folder}/go", f"{folder}/done"
    for path in (go, done):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.mkfifo(path)
    where = server.start(["sh", "-c", f"read x < {go}; cat {folder}/{load}; echo > {done}"])
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        if attached:
            fd, _ = stack.enter_context(server.attached(where))
            reader = threading.Thread(target=drain, args=(fd, stop))
            reader.start()
        with open(go, "w") as f:
            start = time.monotonic()
            f.write("x\n")
        with open(done) as f:
            f.read()
        took = time.monotonic() - start
        stop.set()
        if attached:
            reader.join()
    return BULK / 1e6 / took


def swallow(make, runs, folder):
    write_loads(folder)
    for attached in (False, True):
        for load in LOADS:
            speed = {}
            for _ in range(runs):
                for server in (make["muster"](), make["tmux"](), *([] if attached else [Bare()])):
                    speed.setdefault(server.name, []).append(swallow_once(server, folder, load, attached))
                    server.end()
            label = f"50 MB {load}, {'one client' if attached else 'no client'}"
            medians = {name: statistics.median(values) for name, values in speed.items()}
            report(label, medians.pop("muster"), medians, " MB/s")


def chatter(ttys, hz, message, seconds):
    """Writes the message to every terminal hz times a second."""
    fds = [os.open(t, os.O_WRONLY | os.O_NOCTTY) for t in ttys]
    step, end = 1 / hz / len(fds), time.monotonic() + seconds
    due, i = time.monotonic(), 0
    while due < end:
        due += step
        os.write(fds[i % len(fds)], message(i))
        i += 1
        if i % 10 == 0 and due > time.monotonic():
            time.sleep(due - time.monotonic())
    for fd in fds:
        os.close(fd)


NOISES = {
    "10 lines/s": (10, lambda i: b"line %08d of a log that goes on and on and on\r\n" % i),
    "60 Hz spinner": (60, lambda i: b"\r\x1b[36m%c\x1b[0m working" % b"|/-\\"[i % 4]),
    "30 Hz frame": (30, lambda i: b"\x1b[H" + b"".join(b"\x1b[%d;1H\x1b[3%dm%s\x1b[K" % (r, i % 8, b"x" * 60) for r in range(1, 13))),
}


def cpu(make, runs, folder, sessions=100, seconds=3):
    servers = [make["muster"](), make["tmux"]()]
    for s in servers:
        for _ in range(sessions):
            s.start(["sleep", "100000"])
    time.sleep(1)
    m = servers[0]
    before = switches(m.pids())
    time.sleep(3)
    print(f"idle: {switches(m.pids()) - before} wake-ups of {sessions} holders in 3 s", flush=True)
    for label, (hz, message) in NOISES.items():
        share = {"muster": [], "tmux": []}
        for _ in range(runs):
            for s in servers:
                pids, ttys = s.pids(), s.ttys()
                start = cpu_s(pids)
                chatter(ttys, hz, message, seconds)
                share[s.name].append(100 * (cpu_s(pids) - start) / seconds)
        report(f"CPU, {sessions} sessions, {label}", statistics.median(share["muster"]),
               {"tmux": statistics.median(share["tmux"])}, unit=" %")
    for s in servers:
        s.end()


def memory(make, runs, folder, lines=10000):
    rng = random.Random(4)
    with open(f"{folder}/lines", "wb") as f:
        for _ in range(lines):
            f.write(b"\x1b[32m%s\x1b[0m\n" % b" ".join([b"word"] * rng.randrange(4, 15)))
    m, t = make["muster"](), Tmux(folder, history=lines)
    m.start(["sleep", "1000"])
    t.start(["sleep", "1000"])
    time.sleep(1)
    idle, idle_tmux = pss_kib(m.pids()), pss_kib(t.pids())
    print(f"PSS idle: holder with its watcher {idle} KiB; tmux server with one session {idle_tmux} KiB", flush=True)
    m.end()
    m.start(["sh", "-c", f"cat {folder}/lines; sleep 1000"])
    t.start(["sh", "-c", f"cat {folder}/lines; sleep 1000"])
    time.sleep(3)
    report("10,000 lines of scrollback", pss_kib(m.pids()) - idle, {"tmux": pss_kib(t.pids()) - idle_tmux}, unit=" KiB")
    m.end()
    t.end()


def echo_times(server, where, keys=200):
    times = []
    with server.attached(where) as (fd, send):
        time.sleep(0.3)
        while select.select([fd], [], [], 0.1)[0]:
            os.read(fd, 1 << 20)
        for i in range(keys):
            key = b"%c" % (97 + i % 26)
            start = time.monotonic()
            send(key)
            while key not in os.read(fd, 1 << 16)[-64:]:
                pass
            times.append((time.monotonic() - start) * 1e3)
            time.sleep(0.005)
    return times


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p / 100))]


def echo(make, runs, folder):
    for noisy in (0, 100):
        servers = [make["muster"](), make["tmux"](), Dtach(folder)]
        found = {s.name: [] for s in servers}
        quiet = {}
        for s in servers[:2 if noisy else 3]:
            quiet[s] = s.start(["cat"])
        for _ in range(runs):
            for s, where in quiet.items():
                if noisy:
                    noise_for(s, where, folder, found[s.name])
                else:
                    found[s.name] += echo_times(s, where)
        for p in (50, 95, 99):
            label = f"echo p{p}, {'100 noisy and a flood' if noisy else 'quiet'}"
            report(label, percentile(found["muster"], p),
                   {s.name: percentile(found[s.name], p) for s in quiet if s.name != "muster"}, unit=" ms")
        for s in servers:
            s.end()
        end_dtach(folder)


def noise_for(server, where, folder, times):
    """100 noisy sessions and a flood in the same server, during the measurement."""
    if not hasattr(server, "noisy"):
        first = set(server.ttys())
        for _ in range(100):
            server.start(["sleep", "1000"])
        server.noisy = [t for t in server.ttys() if t not in first]
        server.flood = True
        server.start(["sh", "-c", f"while :; do if [ -e {folder}/flood-{server.name} ]; then head -c 2000000 /dev/zero | tr '\\0' y; else sleep 0.2; fi; done"])
    pathlib.Path(f"{folder}/flood-{server.name}").touch()
    worker = subprocess.Popen([sys.executable, __file__, "--chatter", "4", *server.noisy])
    time.sleep(0.5)
    times += echo_times(server, where)
    os.unlink(f"{folder}/flood-{server.name}")
    worker.wait()
    time.sleep(0.5)


def end_dtach(folder):
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                if str(folder).encode() + b"/dtach" in pathlib.Path(f"/proc/{entry}/cmdline").read_bytes():
                    os.kill(int(entry), signal.SIGKILL)


def spawn(make, runs, folder, n=50):
    took = {"muster": [], "tmux": []}
    for _ in range(runs):
        for s in (make["muster"](), make["tmux"]()):
            s.start(["cat"])
            start = time.monotonic()
            for _ in range(n):
                s.start(["cat"])
            took[s.name].append((time.monotonic() - start) * 1e3 / n)
            s.end()
    report("start of a session", statistics.median(took["muster"]), {"tmux": statistics.median(took["tmux"])}, unit=" ms")


PARTS = {"swallow": swallow, "cpu": cpu, "memory": memory, "echo": echo, "spawn": spawn}


def main():
    if "--chatter" in sys.argv:
        at = sys.argv.index("--chatter")
        chatter(sys.argv[at + 2:], 10, NOISES["10 lines/s"][1], float(sys.argv[at + 1]))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=ROOT / "build", type=pathlib.Path)
    parser.add_argument("--runs", default=5, type=int)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    args = parser.parse_args()
    binary = args.build / "src" / "muster-hold"
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        made = []

        def fresh(kind):
            server = Muster(tempfile.mkdtemp(dir=folder), binary) if kind == "muster" else Tmux(folder)
            made.append(server)
            return server

        make = {kind: (lambda kind=kind: fresh(kind)) for kind in ("muster", "tmux")}
        try:
            for part in args.parts:
                PARTS[part](make, args.runs, folder)
        finally:
            for server in made:
                server.end()
            end_dtach(folder)


if __name__ == "__main__":
    main()
