"""SIGKILL of each process at each state of the table: nothing the lead or the agent did is lost, nothing stays behind."""

import os
import pathlib
import signal

import pytest
from house import RpcError, WAIT_S, gone, processes_of

pytestmark = pytest.mark.sanitize

# An agent that works, says so, waits for the lead, commits, and says that it is done.
AGENT = (
    "echo one > src/b.txt; git add -A; git commit -qm one; echo half >> src/a.txt; "
    '"$MUSTER_BIN" ask "Go on?" --option yes --option no > answer; '
    "git add -A; git commit -qm two; "
    '"$MUSTER_BIN" done "It is done"; cat answer; exec sleep 1000'
)


class Walk:
    def __init__(self, muster, repo, setup=None):
        self.muster, self.repo = muster, repo
        if setup:
            (repo / ".muster" / "config.yaml").write_text(f"gate:\n  - ./check.sh\nworktree:\n  setup:\n    - '{setup}'\n")
            muster.git("commit", "-aqm", "set up", cwd=repo)
        self.connect()

    def connect(self):
        self.rpc = self.muster.rpc()
        self.rpc.call("events.subscribe")

    def start(self):
        self.rpc.call("session.start", repo=str(self.repo), command=["sh", "-c", AGENT], name="w")

    def get(self):
        return self.rpc.call("session.get", session="w")

    def wait(self, *until):
        return self.rpc.call("session.wait", session="w", until=",".join(until), timeout_ms=WAIT_S * 1000)

    def question(self):
        while True:
            for item in self.rpc.call("docket.list")["items"]:
                if item["kind"] == "question":
                    return item
            self.rpc.wait_event("item.opened")

    def kill_daemon(self):
        self.muster.kill_daemon()
        self.connect()

    def kill(self, which):
        s = self.get()
        pid = {"holder": s["hold"]["pid"], "agent": s["pid"]}[which]
        os.kill(pid, signal.SIGKILL)

    def resume(self):
        self.rpc.call("session.resume", session="w")

    def finish(self):
        """From a question to the landed branch."""
        self.rpc.call("docket.answer", item=self.question()["id"], option="yes")
        self.wait("done")
        tip = self.rpc.call("review.approve", session="w")["approved"]
        landing = self.rpc.call("land.enqueue", sessions=["w"])["landings"][0]
        done = self.rpc.call("land.wait", landing=landing["id"])
        assert done["state"] == "landed", done["why"]
        assert self.muster.git("merge-base", "--is-ancestor", tip, "main", cwd=self.repo) == ""
        assert (self.repo / "src" / "b.txt").read_text() == "one\n"
        assert (self.repo / "src" / "a.txt").read_text().endswith("half\n")


@pytest.fixture
def walk(muster, repo):
    return Walk(muster, repo)


def end(walk):
    """All of it away again, and nothing of it is left running."""
    walk.rpc.call("session.remove", session="w", force=True)
    left = [p for p in processes_of(walk.muster.home) if "muster-hold" in pathlib.Path(f"/proc/{p}/cmdline").read_text()]
    for pid in left:
        gone(pid)  # a holder that was let go ends by itself
    assert not [p for p in processes_of(walk.muster.home) if "sleep" in pathlib.Path(f"/proc/{p}/cmdline").read_text()]


def test_musterd_killed_while_preparing(muster, repo, tmp_path):
    """In the middle of a set-up command: it runs again, to the same end."""
    ready, go = tmp_path / "ready", tmp_path / "go"
    os.mkfifo(ready)
    walk = Walk(muster, repo, setup=f"test -e {go} || {{ echo > {ready}; sleep 1000; }}; echo set >> {tmp_path}/log")
    walk.start()
    ready.open().readline()
    assert walk.get()["state"] == "preparing"
    go.touch()
    walk.kill_daemon()
    walk.question()
    assert (tmp_path / "log").read_text() == "set\n"
    walk.finish()
    end(walk)


@pytest.mark.parametrize("which", ["musterd", "holder", "agent"])
def test_killed_while_blocked(walk, which):
    walk.start()
    walk.question()
    assert walk.wait("blocked")
    if which == "musterd":
        walk.kill_daemon()
    else:
        walk.kill(which)
        walk.wait("failed", "stopped")
        walk.rpc.call("docket.list")
        # What it had asked died with it: the item is withdrawn, the work is not.
        assert not [i for i in walk.rpc.call("docket.list")["items"] if i["kind"] == "question"]
        work = pathlib.Path(walk.get()["workspace"])
        assert (work / "src" / "a.txt").read_text().endswith("half\n")
        muster_git = walk.muster.git("-C", work, "checkout", "-q", "--", "src/a.txt", cwd=walk.repo)
        assert muster_git == ""
        (work / "src" / "b.txt").write_text("")
        walk.resume()
    walk.finish()
    end(walk)


@pytest.mark.parametrize("which", ["musterd", "holder", "agent"])
def test_killed_when_done(walk, which):
    walk.start()
    walk.rpc.call("docket.answer", item=walk.question()["id"], option="yes")
    walk.wait("done")
    if which == "musterd":
        walk.kill_daemon()
        assert walk.wait("done")["state"] == "done"
    else:
        walk.kill(which)
        walk.rpc.wait_event("session.exited")
        assert walk.get()["state"] == "done"  # it had said so, and its work is there
    walk.rpc.call("review.approve", session="w")
    walk.kill_daemon()
    landing = walk.rpc.call("land.enqueue", sessions=["w"])["landings"][0]
    walk.kill_daemon()  # while it lands, or just after
    done = walk.rpc.call("land.wait", landing=landing["id"])
    assert done["state"] == "landed", done["why"]
    assert walk.get()["state"] == "landed" or which == "musterd"
    merges = walk.muster.git("log", "--merges", "--oneline", "main", cwd=walk.repo).splitlines()
    assert len(merges) == 1  # exactly once
    end(walk)


def test_musterd_killed_while_stopped_and_removed(walk):
    walk.start()
    walk.question()
    walk.rpc.call("session.stop", session="w", jobs=True)
    walk.kill_daemon()
    assert walk.wait("stopped")["state"] == "stopped"
    walk.rpc.call("session.remove", session="w")
    walk.kill_daemon()
    with pytest.raises(RpcError):
        walk.get()
    walk.rpc.call("undo")
    walk.kill_daemon()
    s = walk.get()
    assert s["state"] == "stopped"
    assert (pathlib.Path(s["workspace"]) / "src" / "a.txt").read_text().endswith("half\n")


def test_musterd_killed_while_removing(walk):
    """Whatever the moment: either the session is there, whole, or its snapshot is."""
    walk.start()
    walk.question()
    walk.rpc.call("session.stop", session="w", jobs=True)
    work = pathlib.Path(walk.get()["workspace"])
    walk.rpc.send({"jsonrpc": "2.0", "id": "rm", "method": "session.remove", "params": {"session": "w"}})
    walk.kill_daemon()
    if walk.rpc.call("session.list")["sessions"]:
        walk.rpc.call("session.remove", session="w")
    assert not work.exists()
    walk.rpc.call("undo")
    assert (work / "src" / "a.txt").read_text().endswith("half\n")
    assert (work / "src" / "b.txt").read_text() == "one\n"
