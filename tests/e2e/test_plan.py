"""Plans: what is found before anything starts, what waits for what, and what a landing sets free."""

import os

import pytest
from house import RpcError, WAIT_S

pytestmark = pytest.mark.sanitize


def wait(rpc, session, *until):
    return rpc.call("session.wait", session=session, until=",".join(until), timeout_ms=WAIT_S * 1000)


def limit(repo, muster, n):
    config = repo / ".muster" / "config.yaml"
    config.write_text(config.read_text() + f"limits: {{sessions: {n}}}\n")
    muster.git("commit", "-qam", "limit", cwd=repo)


def test_room_goes_to_the_most_valuable_also_after_a_kill(muster, repo, tmp_path):
    limit(repo, muster, 1)
    gate, order = tmp_path / "gate", tmp_path / "order"
    os.mkfifo(gate)
    rpc = muster.rpc()
    rpc.call("session.start", repo=str(repo), name="first", command=["sh", "-c", f"cat {gate}"])
    wait(rpc, "first", "started")
    for name, front in (("low", "value: 1"), ("none", "tier: delegated"), ("high", "value: 7"), ("high2", "value: 7")):
        s = rpc.call(
            "session.start",
            repo=str(repo),
            name=name,
            task_file_text=f"---\n{front}\n---\n",
            command=["sh", "-c", f"echo {name} >>{order}"],
        )
        assert s["state"] == "queued"
    muster.kill_daemon()
    rpc = muster.rpc()
    states = {s["name"]: s["state"] for s in rpc.call("session.list")["sessions"]}
    assert [states[n] for n in ("low", "none", "high", "high2")] == ["queued"] * 4, states
    gate.write_text("")
    for name in ("low", "none", "high", "high2"):
        assert wait(rpc, name, "done", "failed")["state"] == "done"
    assert order.read_text().split() == ["high", "high2", "low", "none"]


# ---- sessions that follow others ----

COMMIT = "echo {0} >src/{0}.txt && git add -A && git commit -qm 'Add {0}'"


def start(rpc, repo, name, *after, script=None, **params):
    script = script or COMMIT.format(name)
    return rpc.call("session.start", repo=str(repo), name=name, after=list(after), command=["sh", "-c", script], **params)


def land(rpc, name):
    assert wait(rpc, name, "done", "failed", "stopped")["state"] == "done"
    rpc.call("review.approve", session=name)
    (landing,) = rpc.call("land.enqueue", sessions=[name])["landings"]
    landing = rpc.call("land.wait", landing=landing["id"])
    assert landing["state"] == "landed", landing
    return landing["merged"]


def why(rpc, name):
    """What session.list says: it is kept as text while nothing changes."""
    return next(s["why"] for s in rpc.call("session.list")["sessions"] if s["name"] == name)


def test_one_that_follows_starts_from_what_landed(muster, repo):
    rpc = muster.rpc()
    start(rpc, repo, "one")
    s = start(rpc, repo, "two", "one", "one", script="ls src >seen && " + COMMIT.format("two"))
    assert (s["state"], s["after"], s["base"]) == ("queued", ["one"], None)
    assert s["why"].startswith("after one, which ")
    wait(rpc, "one", "done")
    assert why(rpc, "two") == "after one, which is done and has not landed"
    (repo / "later.txt").write_text("mine\n")
    muster.git("add", "-A", cwd=repo)
    muster.git("commit", "-qm", "later", cwd=repo)
    merged = land(rpc, "one")
    s = wait(rpc, "two", "done", "failed")
    assert s["after"] == [] and s["base"] == merged
    assert (muster.git("show", "muster/two:seen", cwd=repo)).split() == ["a.txt", "one.txt"]
    events = [e for e in rpc.call("events.list", session="two")["events"] if e["kind"] == "session.followed"]
    assert [e["data"] for e in events] == [{"landed": "one", "after": []}]
    # What has landed, or was removed after that, keeps nobody waiting.
    rpc.call("session.remove", session="one")
    assert start(rpc, repo, "three", "one", "two")["after"] == ["two"]


def test_kills_between_all_steps(muster, repo):
    rpc = muster.rpc()
    start(rpc, repo, "one")
    start(rpc, repo, "two", "one")
    start(rpc, repo, "three", "two")
    muster.kill_daemon()
    rpc = muster.rpc()
    assert wait(rpc, "one", "done")
    assert why(rpc, "two") == "after one, which is done and has not landed"
    rpc.call("review.approve", session="one")
    (landing,) = rpc.call("land.enqueue", sessions=["one"])["landings"]
    muster.kill_daemon()
    rpc = muster.rpc()
    landing = rpc.call("land.wait", landing=landing["id"])
    assert landing["state"] == "landed"
    s = wait(rpc, "two", "done", "failed")
    assert s["base"] == landing["merged"]
    assert why(rpc, "three") == "after two, which is done and has not landed"
    land(rpc, "two")
    muster.kill_daemon()
    rpc = muster.rpc()
    land(rpc, "three")
    assert sorted(os.listdir(repo / "src")) == ["a.txt", "one.txt", "three.txt", "two.txt"]


def test_one_that_fails_keeps_those_behind_it_until_the_lead_says_otherwise(muster, repo):
    rpc = muster.rpc()
    start(rpc, repo, "one", script="exit 3")
    start(rpc, repo, "two", "one")
    start(rpc, repo, "three", "one", "two")
    assert wait(rpc, "one", "failed")
    assert why(rpc, "two") == "after one, which failed"
    assert why(rpc, "three") == "after one, which failed; two, which is queued"
    assert "after one, which failed" in muster.run("ls").stdout
    shown = muster.run("show", "three").stdout
    assert "after      one" in shown and "two" in shown
    with pytest.raises(RpcError) as e:
        rpc.call("session.wait", session="two", until="started", timeout_ms=1)
    assert "after one, which failed" in e.value.message
    removed = rpc.call("session.remove", session="one")
    assert sorted(w.split()[0] for w in removed["warnings"]) == ["three", "two"]
    assert why(rpc, "two") == "after one, which was removed"
    out = muster.run("resume", "two").stdout
    assert out.startswith("two  ")
    assert wait(rpc, "two", "done")["after"] == []
    assert rpc.call("session.get", session="three")["after"] == ["one", "two"]
    # Taken up again under the same name it counts for those that wait.
    start(rpc, repo, "one")
    land(rpc, "one")
    assert why(rpc, "three") == "after two, which is done and has not landed"
    land(rpc, "two")
    land(rpc, "three")


def test_one_that_waits_can_be_stopped_and_removed(muster, repo):
    rpc = muster.rpc()
    start(rpc, repo, "one", script="exit 3")
    start(rpc, repo, "two", "one")
    start(rpc, repo, "three", "two")
    rpc.call("session.stop", session="two")
    assert why(rpc, "three") == "after two, which was stopped"
    rpc.call("session.remove", session="three")
    rpc.call("session.remove", session="two")
    assert [s["name"] for s in rpc.call("session.list")["sessions"]] == ["one"]


def test_what_cannot_be_followed(muster, repo, tmp_path):
    rpc = muster.rpc()

    def refused(name, *after, where=repo, **params):
        with pytest.raises(RpcError) as e:
            start(rpc, where, name, *after, **params)
        assert e.value.code == 2
        return e.value.message

    start(rpc, repo, "search-index", script="exit 3")
    assert "did you mean search-index?" in refused("two", "serach-index")
    assert "cannot follow itself" in refused("two", "two")
    assert "no branch of its own" in (
        start(rpc, repo, "plain", worktree=False, script="exit 0") and refused("two", "plain")
    )
    muster.git("branch", "release", cwd=repo)
    assert "which lands on main, while it lands on release" in refused("two", "search-index", target="release")
    other = tmp_path / "other"
    muster.git("init", "-q", other, cwd=tmp_path)
    muster.git("commit", "-q", "--allow-empty", "-m", "first", cwd=other)
    assert "another repository" in refused("two", "search-index", where=other)
    assert "another repository" in refused("two", "search-index", where=tmp_path, worktree=False)
    start(rpc, repo, "two", "search-index")
    wait(rpc, "search-index", "failed")
    rpc.call("session.remove", session="search-index")
    assert "removed before it landed" in refused("three", "search-index")
    assert "waits for a session search-index itself" in refused("search-index", "two")


def test_the_command_line_does_not_wait_for_those_before(muster, repo):
    muster.run("start", "--name", "one", "--", "sh", "-c", "exit 3", cwd=repo)
    done = muster.run("start", "--name", "two", "--after", "one", "--", "true", cwd=repo)
    assert done.stdout.startswith("two  queued  after one, which ")
    task = repo / "three.md"
    task.write_text("---\nname: three\nagent: rehearsal\nafter: [one, two]\n---\nDo it.\n")
    s = muster.json("start", "-t", task, cwd=repo)
    assert (s["state"], s["after"]) == ("queued", ["one", "two"])
    done = muster.run("start", "--name", "four", "--after", "one", "--attach", "--", "true", cwd=repo, check=False)
    assert done.returncode == 1 and "nothing to attach to yet" in done.stderr
