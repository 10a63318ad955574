"""SIGKILL of each process at each state of the table (src/work/status.h), one test a pair.

What the session had made, asked and been told is there afterwards; what follows is what the lead is shown; nothing runs on that
nobody knows; and the whole of it can be removed and brought back.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3

import pytest
from house import ROOT, WAIT_S, command_line, gone, processes_of

pytestmark = pytest.mark.sanitize

WORK = "echo one > src/b.txt; git add -A; git commit -qm one; echo half >> src/a.txt; "

# The state that follows when a process is killed in a state. The guard runs set-up commands and gates. Where a process is missing
# from a row there is none of its kind in that state.
AFTER = {
    "queued": {"musterd": "queued"},
    "preparing": {"musterd": "working", "guard": "failed"},  # begun again to the same end; the command has failed
    "working": {"musterd": "working", "watcher": "working", "holder": "stopped", "agent": "failed"},
    "quiet": {"musterd": "quiet", "watcher": "quiet", "holder": "stopped", "agent": "failed"},
    "blocked": {"musterd": "blocked", "watcher": "blocked", "holder": "stopped", "agent": "failed"},
    "idle": {"musterd": "idle", "watcher": "idle", "holder": "stopped", "agent": "failed"},
    "done": {"musterd": "done", "watcher": "done", "holder": "done", "agent": "done"},  # it had said so
    "landing": {"musterd": "landed", "watcher": "landed", "holder": "landed", "agent": "landed", "guard": "done"},
    "landed": {"musterd": "landed", "watcher": "landed", "holder": "landed", "agent": "landed"},
    "failed": {"musterd": "failed", "watcher": "failed", "holder": "failed"},  # kept by a job
    "stopped": {"musterd": "stopped"},
    "lost": {"musterd": "lost", "watcher": "lost", "holder": "stopped", "agent": "lost"},  # found out when the holder answers
    "unknown": {"musterd": "unknown", "watcher": "unknown", "holder": "stopped", "agent": "failed"},
}


def test_the_table_is_whole():
    text = (ROOT / "src" / "work" / "status.h").read_text()
    table = text[text.index("#define SESSION_STATES(X)") : text.index("enum session_state {")]
    assert set(re.findall(r'X\(\w+, "(\w+)"', table)) == set(AFTER)


class Stage:
    """One session, w, and what is needed to bring it into each state."""

    def __init__(self, muster, repo, tmp_path):
        self.muster, self.repo, self.tmp_path = muster, repo, tmp_path
        self.landing = self.holder = self.agent = None
        self.connect()

    def connect(self):
        self.rpc = self.muster.rpc()
        self.rpc.call("events.subscribe")

    def configure(self, text):
        (self.repo / ".muster" / "config.yaml").write_text(text)
        self.muster.git("commit", "-qam", "configure", cwd=self.repo)

    def fifo(self, name):
        path = self.tmp_path / name
        os.mkfifo(path)
        return path

    def start(self, script, name="w", **params):
        params.setdefault("command", ["sh", "-c", script])
        return self.rpc.call("session.start", repo=str(self.repo), name=name, **params)

    def get(self, name="w"):
        return self.rpc.call("session.get", session=name)

    def wait(self, *until, name="w"):
        return self.rpc.call("session.wait", session=name, until=",".join(until), timeout_ms=WAIT_S * 1000)

    def start_working(self, then):
        """Until its work is there; `then` is what it does after."""
        ready = self.fifo("ready")
        self.start(f"{WORK} echo > {ready}; {then}")
        ready.open().readline()

    # ---- to each state ----

    def to_queued(self):
        self.configure("gate: none\nlimits: {sessions: 1}\n")
        self.start("exec sleep 1000", name="first")
        self.wait("working", name="first")
        self.start(f"{WORK} exec sleep 1000")

    def to_preparing(self):
        ready, self.go = self.fifo("ready"), self.tmp_path / "go"
        self.configure(f"gate: none\nworktree:\n  setup: ['test -e {self.go} || {{ echo > {ready}; exec sleep 1000; }}']\n")
        self.start(f"{WORK} exec sleep 1000")
        ready.open().readline()

    def to_working(self):
        self.start_working("exec sleep 1000")

    def to_quiet(self):
        self.start_working("echo something; exec sleep 1000")

    def to_blocked(self):
        self.start_working('"$MUSTER_BIN" ask "Go on?" --option yes --option no > answer; exec sleep 1000')

    def to_idle(self):
        script = self.tmp_path / "script.yaml"
        script.write_text(json.dumps({"steps": [{"run": WORK}, {"wait": "prompt"}, {"edit": {"file": "told", "write": "${prompt}"}}]}))
        self.start(None, command=[], agent="rehearsal", prompt="Work.", options={"script": str(script)})

    def to_done(self):
        self.start_working('"$MUSTER_BIN" done "It is done"; exec sleep 1000')

    def to_landing(self):
        began, self.go, self.gate = self.fifo("began"), self.tmp_path / "go", self.fifo("gate")
        self.configure(f"gate: ['test -e {self.go} || {{ echo > {began}; read x < {self.gate}; }}']\n")
        self.to_done()
        self.wait("done")
        self.rpc.call("review.approve", session="w", committed_only=True)
        self.landing = self.rpc.call("land.enqueue", sessions=["w"])["landings"][0]["id"]
        began.open().readline()

    def to_landed(self):
        self.to_done()
        self.wait("done")
        self.rpc.call("review.approve", session="w", committed_only=True)
        self.landing = self.rpc.call("land.enqueue", sessions=["w"])["landings"][0]["id"]
        assert self.rpc.call("land.wait", landing=self.landing)["state"] == "landed"

    def to_failed(self):
        self.start_working('"$MUSTER_BIN" job start --name server -- sleep 1000; exit 3')

    def to_stopped(self):
        self.start_working("exec sleep 1000")
        self.wait("working")
        self.rpc.call("session.stop", session="w")

    def to_lost(self):
        self.start_working("exec sleep 1000")
        self.wait("working")
        self.holder, self.agent = self.get()["hold"]["pid"], self.get()["pid"]
        os.kill(self.holder, signal.SIGSTOP)
        self.muster.kill_daemon()
        self.connect()

    def to_unknown(self):
        ready, agent = self.fifo("ready"), self.tmp_path / "silent"
        agent.write_text(f"#!/bin/sh\n({WORK}) >/dev/null 2>&1\necho > {ready}\nexec sleep 1000\n")
        agent.chmod(0o755)
        self.configure(f"gate: none\nagents: {{claude: {{command: {agent}}}}}\n")
        self.start(None, command=[], agent="claude", prompt="Work.")
        ready.open().readline()

    # ---- who is killed ----

    def parent_of(self, pid):
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

    def pid_of(self, process):
        if process == "guard":
            guards = [p for p in processes_of(self.muster.home) if "muster-hold guard " in command_line(p)]
            (outer,) = [p for p in guards if self.parent_of(p) not in guards]  # its child ends the commands when it is gone
            return outer
        session = self.get()
        holder, agent = session["hold"]["pid"] or self.holder, session["pid"] or self.agent
        if process == "watcher":
            return self.parent_of(holder)
        return {"holder": holder, "agent": agent}[process]

    def published_since(self, known):
        """Since when the session has the state that musterd published last; as it began, when it was never another."""
        with contextlib.closing(sqlite3.connect(self.muster.home / "state" / "muster.db")) as store:
            query = "SELECT data FROM event WHERE kind = 'session.state' AND session = ? ORDER BY id DESC LIMIT 1"
            found = store.execute(query, (known["id"],)).fetchone()
        return json.loads(found[0])["since_ms"] if found else known["since_ms"]

    def kill(self, process):
        if process == "musterd":
            known = self.get()
            self.muster.kill_daemon()
            self.since = self.published_since(known)
            self.connect()
            return
        pid = self.pid_of(process)
        assert pid in processes_of(self.muster.home)
        os.kill(pid, signal.SIGKILL)
        gone(pid)

    # ---- what must hold ----

    def events(self):
        return self.rpc.call("events.list", limit=10000)["events"]

    def wait_exited(self):
        while not any(e["kind"] == "session.exited" for e in self.events()):
            self.rpc.wait_event("session.exited")

    def work_is_there(self):
        work = pathlib.Path(self.get()["workspace"])
        assert (work / "src" / "a.txt").read_text().endswith("half\n")
        assert self.muster.git("log", "-1", "--format=%s", "muster/w", cwd=self.repo) == "one"
        assert self.muster.git("show", "muster/w:src/b.txt", cwd=self.repo) == "one"

    def remove_and_bring_back(self):
        self.rpc.call("session.remove", session="w", force=True)
        daemon = self.rpc.call("daemon.status")["pid"]
        for pid in processes_of(self.muster.home):
            if pid != daemon:
                gone(pid)  # a holder that is let go ends by itself
        self.rpc.call("undo")


    def what_waits_is_answered(self, after):
        """An open question, a turn that has ended, a session that waits for a place; what died with the agent is withdrawn."""
        items = {i["kind"]: i["id"] for i in self.rpc.call("docket.list")["items"] if i["session_name"] == "w"}
        assert ("question" in items) == (after == "blocked")
        assert ("failure" in items) == (after == "failed")
        if after == "blocked":
            self.rpc.call("docket.answer", item=items["question"], option="yes")
            self.wait("working", "quiet")
        if after == "idle":
            assert self.rpc.call("session.tell", session="w", text="More.")["state"] == "taken"
        if after == "queued":
            self.wait("working", name="first")
            self.rpc.call("session.stop", session="first")
            self.wait("working")

    def landing_is_over(self, process):
        """Once, or not at all: a gate that was killed has not passed."""
        done = self.rpc.call("land.wait", landing=self.landing)
        if process == "guard":
            assert done["state"] == "failed" and "the gate failed (exit 137)" in done["why"], done
        else:
            assert done["state"] == "landed", done
        merges = self.muster.git("log", "--merges", "--oneline", "main", cwd=self.repo).splitlines()
        assert len(merges) == (process != "guard")


# States in which nothing of the work is made yet.
EMPTY = ("queued", "preparing")


@pytest.mark.parametrize("state,process", [(state, process) for state, row in AFTER.items() for process in row])
def test_kill(muster, repo, tmp_path, state, process):
    stage = Stage(muster, repo, tmp_path)
    getattr(stage, f"to_{state}")()
    stage.wait(state)
    if state not in EMPTY:
        stage.work_is_there()
    before, agent = stage.events(), stage.get()["pid"] or stage.agent
    after = AFTER[state][process]

    stage.kill(process)
    if state in ("preparing", "landing"):
        stage.go.touch()  # for a second run of the commands
    if state == "landing" and process not in ("musterd", "guard"):
        stage.gate.write_text("\n")  # the first one goes on
    if process in ("holder", "agent") and state not in ("failed", "lost"):
        stage.wait_exited()
        gone(agent)
    now = stage.wait(after)
    assert now["state"] == after
    if process == "musterd" and after == state:  # no younger for a new one
        assert now["since_ms"] == stage.since

    assert stage.events()[: len(before)] == before
    if state not in EMPTY:
        stage.work_is_there()
    if stage.landing:
        stage.landing_is_over(process)
    stage.what_waits_is_answered(after)
    if after == "lost":  # until the holder answers
        os.kill(stage.holder, signal.SIGCONT)
        stage.wait("failed" if process == "agent" else "working")

    # The watcher only ends what a holder leaves behind; with both gone musterd does.
    if process == "watcher" and state != "failed":
        stage.kill("holder")
        gone(agent)
        stage.wait_exited()

    stage.remove_and_bring_back()
    if state not in EMPTY:
        stage.work_is_there()
