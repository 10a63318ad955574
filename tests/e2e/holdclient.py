"""The holder's protocol (src/hold/proto.h) from its client's side, in the plainest form that tests can use."""

import collections
import os
import socket
import struct
import subprocess
import time

MAGIC, VERSION = 0x4452544D, 1
WAIT_S = 30

TO = dict(HELLO=1, SPAWN=2, INPUT=3, RESIZE=4, ATTACH=5, DETACH=6, FOLLOW_OUTPUT=7, FOLLOW_EVENTS=8, EVENTS_TAKEN=9,
          READ_SCREEN=10, REPLY=11, SIGNAL=12, STOP=13, PAUSE=14, RESUME=15, JOB_START=16, JOB_STOP=17, READ_JOBS=18,
          RELEASE=19, CLOSE_STDIN=20, INPUT_AT=21)
FROM = {64: "WELCOME", 65: "ACK", 66: "SCREEN", 67: "OUTPUT", 68: "EVENT", 69: "TEXT", 70: "JOBS", 71: "SIZE", 72: "LIVE"}
EVENTS = {1: "SPAWNED", 2: "SPAWN_FAILED", 3: "EXITED", 4: "REQUEST", 5: "REQUEST_GONE", 6: "STATUS", 7: "NOTIFY",
          8: "JOB_STARTED", 9: "JOB_EXITED", 10: "OUTPUT_LOST", 11: "ACTIVITY", 12: "MOVED", 13: "BEGAN"}
PTY, PIPE = 1, 2

Event = collections.namedtuple("Event", "number kind payload")
Job = collections.namedtuple("Job", "name pid ppid start_ms state wait_status command")


def text(value):
    value = value.encode() if isinstance(value, str) else bytes(value)
    return struct.pack("<I", len(value)) + value


def strv(values):
    return struct.pack("<I", len(values)) + b"".join(text(v) for v in values)


class Reader:
    def __init__(self, payload):
        self.payload, self.at = payload, 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.payload, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def bytes(self):
        n = self.take("I")
        self.at += n
        return self.payload[self.at - n:self.at]

    def text(self):
        return self.bytes().decode(errors="replace")


def unpack_event(kind, payload):
    """The payload of an event, as a tuple."""
    r = Reader(payload)
    forms = {"SPAWNED": "II", "EXITED": "II*", "REQUEST": "Q*", "REQUEST_GONE": "Q", "STATUS": "*", "NOTIFY": "**",
             "JOB_STARTED": "*I", "JOB_EXITED": "*I", "OUTPUT_LOST": "QQ", "ACTIVITY": "B", "MOVED": "B", "BEGAN": "I",
             "SPAWN_FAILED": "II*"}
    return tuple(r.text() if c == "*" else r.take(c) for c in forms[kind])


class Refused(Exception):
    def __init__(self, error, message):
        super().__init__(f"{os.strerror(error)}: {message}")
        self.errno, self.message = error, message


def connect(path):
    """A unix socket by a path of any length."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(WAIT_S)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)
    return sock


class Client:
    def __init__(self, sock, role=1, hello=True):
        self.sock, self.buf, self.next_id = sock, b"", 0
        sock.settimeout(WAIT_S)
        self.events, self.live, self.texts = [], [], []
        self.output, self.output_at, self.gaps = bytearray(), None, []
        self.screens, self.size, self.acks = [], None, {}
        if hello:
            self.send("HELLO", struct.pack("<IHB", MAGIC, VERSION, role))
            self.welcome = dict(zip(("magic", "version", "pid", "generation", "running", "last_event", "output_start",
                                     "output_end", "cols", "rows", "paused"),
                                    Reader(self.until("WELCOME")).take("IHIIBQQQHHB")))

    def close(self):
        self.sock.close()

    def send(self, name, payload=b""):
        self.sock.sendall(struct.pack("<IB", len(payload) + 1, TO[name]) + payload)

    def _read(self, n):
        while len(self.buf) < n:
            chunk = self.sock.recv(1 << 20)
            if not chunk:
                raise EOFError("the holder closed the connection")
            self.buf += chunk
        head, self.buf = self.buf[:n], self.buf[n:]
        return head

    def step(self):
        """Reads one message, files it, and returns (name, payload)."""
        size, kind = struct.unpack("<IB", self._read(5))
        payload = self._read(size - 1)
        name = FROM.get(kind, str(kind))
        r = Reader(payload)
        if name == "EVENT":
            number, _, kind = r.take("QQB")
            self.events.append(Event(number, EVENTS[kind], unpack_event(EVENTS[kind], r.bytes())))
        elif name == "OUTPUT":
            at, data = r.take("Q"), r.bytes()
            if self.output_at is not None and at != self.output_at:
                self.gaps.append((self.output_at, at))
            self.output += data
            self.output_at = at + len(data)
        elif name == "SCREEN":
            at, data = r.take("Q"), r.bytes()
            self.screens.append((at, data))
        elif name == "ACK":
            number, error, message = r.take("I"), r.take("I"), r.text()
            self.acks[number] = (error, message)
        elif name == "SIZE":
            self.size = r.take("HH")
        elif name == "LIVE":
            self.live.append((r.take("Q"), r.text(), r.take("B")))
        return name, payload

    def until(self, name):
        while True:
            got, payload = self.step()
            if got == name:
                return payload

    def wait(self, condition):
        """Reads until the condition holds."""
        end = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            self.step()

    def post(self, name, payload=b""):
        """Sends a request with an id and returns the id."""
        self.next_id += 1
        self.send(name, struct.pack("<I", self.next_id) + payload)
        return self.next_id

    def settle(self, number):
        self.wait(lambda: number in self.acks)
        error, message = self.acks.pop(number)
        if error:
            raise Refused(error, message)

    def request(self, name, payload=b""):
        self.settle(self.post(name, payload))

    def spawn(self, argv, generation=1, io=PTY, cols=80, rows=24, cwd="/", env=None):
        env = dict(PATH=os.environ["PATH"], TERM="xterm-256color") if env is None else env
        self.request("SPAWN", struct.pack("<IBHH", generation, io, cols, rows) + text(cwd) + strv(argv) +
                     strv([f"{k}={v}" for k, v in env.items()]))

    def input(self, data):
        self.request("INPUT", text(data))

    def attach(self, cols=80, rows=24):
        self.send("ATTACH", struct.pack("<HH", cols, rows))
        self.until("SCREEN")

    def follow(self, after=0, offset=0):
        self.follow_events(after)
        self.follow_output(offset)

    def follow_events(self, after=0):
        self.send("FOLLOW_EVENTS", struct.pack("<Q", after))

    def follow_output(self, offset=0):
        self.output_at = offset
        self.send("FOLLOW_OUTPUT", struct.pack("<Q", offset))

    def stop(self, jobs=False, grace_ms=2000):
        self.request("STOP", struct.pack("<IB", grace_ms, jobs))

    def job_start(self, name, argv, cwd="/"):
        self.request("JOB_START", text(name) + text(cwd) + strv(argv) + strv([f"PATH={os.environ['PATH']}"]))

    def job_stop(self, name, grace_ms=2000):
        self.request("JOB_STOP", text(name) + struct.pack("<I", grace_ms))

    def jobs(self):
        self.post("READ_JOBS")
        r = Reader(self.until("JOBS"))
        r.take("I")
        return [Job(r.text(), *r.take("IIQBI"), r.text()) for _ in range(r.take("I"))]

    def screen(self, scrollback=0):
        self.post("READ_SCREEN", struct.pack("<I", scrollback))
        r = Reader(self.until("TEXT"))
        r.take("IHHHH")
        r.text()
        return r.text()

    def taken(self, number=None):
        self.send("EVENTS_TAKEN", struct.pack("<Q", self.events[-1].number if number is None else number))

    def event(self, kind):
        """The first event of this kind, waited for and removed."""
        self.wait(lambda: any(e.kind == kind for e in self.events))
        found = next(e for e in self.events if e.kind == kind)
        self.events.remove(found)
        return found.payload


class Mail:
    """A client of the agent's socket."""

    def __init__(self, path):
        self.sock = connect(path)
        self.file = self.sock.makefile("rb")

    def send(self, line):
        self.sock.sendall(line if isinstance(line, bytes) else line.encode() + b"\n")

    def read(self):
        return self.file.readline().decode().rstrip("\n")

    def close(self):
        self.file.close()
        self.sock.close()


class Holder:
    """One holder in a MUSTER_HOME, with the paths of its session."""

    def __init__(self, binary, home, session="s1", args=()):
        self.binary, self.home, self.session = str(binary), str(home), session
        self.folder = f"{home}/state/sessions/{session}"
        self.socket = f"{home}/run/hold/{session}"
        self.mailbox = f"{home}/run/agent/{session}"
        self.args = list(args)

    def start(self):
        """Runs the program; it returns when the holder listens. The exit code and what it said."""
        done = subprocess.run([self.binary, "--session", self.session, *self.args], timeout=WAIT_S,
                              env=dict(os.environ, MUSTER_HOME=self.home), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return done.returncode, done.stderr.decode()

    def client(self, **how):
        return Client(connect(self.socket), **how)

    def mail(self):
        return Mail(self.mailbox)

    @property
    def pid(self):
        with open(f"{self.folder}/hold.pid") as f:
            return int(f.read().split()[0])
