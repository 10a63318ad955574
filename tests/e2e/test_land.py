"""Review, approval and landing through the daemon: the queue, the gate under the real guard, kills."""

import json
import os
import pathlib

import pytest
from disk import run_on_disk
from house import RpcError, WAIT_S, processes_of

pytestmark = pytest.mark.sanitize


def work(muster, rpc, repo, name, script, **params):
    """A session that runs the script in its worktree and ends."""
    s = rpc.call("session.start", repo=str(repo), name=name, command=["sh", "-c", script], **params)
    s = rpc.call("session.wait", session=s["name"], until="done,failed,stopped", timeout_ms=WAIT_S * 1000)
    assert s["state"] == "done", s
    return s


COMMIT = "echo {0} > src/{0}.txt && git add -A && git commit -q -m 'Add {0}'"


def land(rpc, *names, **params):
    landings = rpc.call("land.enqueue", sessions=list(names), **params)["landings"]
    return [rpc.call("land.wait", landing=each["id"]) for each in landings]


def approve(rpc, name, **params):
    return rpc.call("review.approve", session=name, **params)["approved"]


def gate(muster, repo, text):
    (repo / ".muster" / "config.yaml").write_text(text)
    muster.git("commit", "-qam", "gate", cwd=repo)


def test_review_approve_land(muster, repo):
    rpc = muster.rpc()
    work(muster, rpc, repo, "one", COMMIT.format("one"), prompt="Add one\nand no more")
    review = rpc.call("review.get", session="one")
    assert [f["path"] for f in review["files"]] == ["src/one.txt"]
    assert review["approvable"] and review["mergeable"]
    assert "+one" in review["patch"]["text"]
    assert approve(rpc, "one", tip=review["tip"]) == review["tip"]
    (landing,) = land(rpc, "one")
    assert landing["state"] == "landed", landing
    assert [c["exit"] for c in landing["gate"]["commands"]] == [0]
    assert muster.git("rev-parse", "main", cwd=repo) == landing["merged"]
    assert (repo / "src" / "one.txt").read_text() == "one\n"
    assert muster.git("status", "--porcelain", cwd=repo) == ""
    assert rpc.call("session.get", session="one")["landed"] == landing["merged"]
    assert rpc.call("session.get", session="one")["state"] == "landed"
    assert "./check.sh" in open(landing["log"]).read()


def test_review_of_plain_commits(muster, repo):
    """Plumbing: no daemon runs, and none is started."""
    (repo / "src" / "a.txt").write_text("one\n2\nthree\n")
    muster.git("commit", "-qam", "second", cwd=repo)
    review = json.loads(muster.run("review", "--repo", repo, "--range", "HEAD~1..HEAD", "--json").stdout)
    assert [f["path"] for f in review["files"]] == ["src/a.txt"]
    assert "+2" in muster.run("review", "--range", "HEAD~1..HEAD", cwd=repo).stdout
    assert muster.run("review", "--range", "HEAD", cwd=repo, check=False).returncode == 2
    assert not (muster.home / "run" / "musterd.sock").exists()


def test_refusals(muster, repo):
    rpc = muster.rpc()
    work(muster, rpc, repo, "one", COMMIT.format("one") + " && echo draft > draft")
    with pytest.raises(RpcError) as e:
        rpc.call("land.enqueue", sessions=["one"])
    assert e.value.code == 3 and "not approved" in e.value.message
    with pytest.raises(RpcError) as e:
        approve(rpc, "one")
    assert e.value.code == 3 and "uncommitted work in 1 file (draft)" in e.value.message
    approve(rpc, "one", committed_only=True)
    (repo / "src" / "a.txt").write_text("mine\n")
    (landing,) = land(rpc, "one")
    assert landing["state"] == "refused" and "src/a.txt" in landing["why"]
    assert (repo / "src" / "a.txt").read_text() == "mine\n"
    assert [i["kind"] for i in rpc.call("docket.list", session="one")["items"] if i["key"] == "landing"] == ["integration"]
    muster.git("checkout", "-q", "src/a.txt", cwd=repo)
    (landing,) = land(rpc, "one")
    assert landing["state"] == "landed"
    assert not [i for i in rpc.call("docket.list", session="one")["items"] if i["key"] == "landing"]


def test_two_in_the_queue_and_what_the_gate_catches(muster, repo):
    rpc = muster.rpc()
    work(muster, rpc, repo, "good", COMMIT.format("good"))
    work(muster, rpc, repo, "bad", COMMIT.format("BROKEN"))
    work(muster, rpc, repo, "last", COMMIT.format("last"))
    for name in ("good", "bad", "last"):
        approve(rpc, name)
    good, bad, last = land(rpc, "good", "bad", "last")
    assert (good["state"], bad["state"], last["state"]) == ("landed", "failed", "landed")
    assert "the gate failed (exit 1): ./check.sh" in bad["why"]
    assert last["base"] == good["merged"]
    assert sorted(os.listdir(repo / "src")) == ["a.txt", "good.txt", "last.txt"]
    assert [g["id"] for g in rpc.call("land.queue")["landings"]] == []
    assert len(rpc.call("land.queue", all=True)["landings"]) == 3


def test_no_gate(muster, repo):
    gate(muster, repo, "agent: shell\n")
    rpc = muster.rpc()
    work(muster, rpc, repo, "one", COMMIT.format("one"))
    approve(rpc, "one")
    (landing,) = land(rpc, "one")
    assert landing["state"] == "refused" and "no gate is configured" in landing["why"]
    (landing,) = land(rpc, "one", no_gate=True)
    assert landing["state"] == "landed"


def test_gate_time_limit_ends_its_tree(muster, repo, tmp_path):
    gate(muster, repo, "gate: ['setsid sleep 1234 & sleep 1234']\ngate-timeout: 1\n")
    rpc = muster.rpc()
    work(muster, rpc, repo, "one", COMMIT.format("one"))
    approve(rpc, "one")
    (landing,) = land(rpc, "one")
    assert landing["state"] == "failed" and "stopped after 1 s" in landing["why"]
    assert not sleepers(muster)


def sleepers(muster):
    found = []
    for pid in processes_of(muster.home):
        try:
            with open(f"/proc/{pid}/cmdline") as f:
                if "1234" in f.read():
                    found.append(pid)
        except OSError:
            pass
    return found


def test_kill_of_musterd_while_the_gate_runs(muster, repo, tmp_path):
    began, go = tmp_path / "began", tmp_path / "go"
    os.mkfifo(began)
    gate(muster, repo, f"gate: ['test -e {go} || {{ echo x > {began}; sleep 1234; }}']\n")
    rpc = muster.rpc()
    work(muster, rpc, repo, "one", COMMIT.format("one"))
    approve(rpc, "one")
    landing = rpc.call("land.enqueue", sessions=["one"])["landings"][0]
    assert open(began).read() == "x\n"
    assert rpc.call("land.queue")["landings"][0]["state"] == "testing"
    muster.kill_daemon()
    go.touch()
    rpc = muster.rpc()
    landing = rpc.call("land.wait", landing=landing["id"])
    assert landing["state"] == "landed", landing
    assert muster.git("rev-list", "--count", "--first-parent", "main", cwd=repo) == "3"
    assert (repo / "src" / "one.txt").exists()
    assert not sleepers(muster)


def test_daemon_stop_while_the_gate_runs(muster, repo, tmp_path):
    began, go = tmp_path / "began", tmp_path / "go"
    os.mkfifo(began)
    gate(muster, repo, f"gate: ['test -e {go} || {{ echo x > {began}; sleep 1234; }}']\n")
    rpc = muster.rpc()
    work(muster, rpc, repo, "one", COMMIT.format("one"))
    approve(rpc, "one")
    landing = rpc.call("land.enqueue", sessions=["one"])["landings"][0]
    assert open(began).read() == "x\n"
    daemon = muster.daemons[-1]
    rpc.call("daemon.stop")
    assert daemon.wait(WAIT_S) == 0
    assert not sleepers(muster)
    go.touch()
    rpc = muster.rpc()
    assert rpc.call("land.wait", landing=landing["id"])["state"] == "landed"


def test_restart_while_the_gate_runs(muster, repo, tmp_path):
    began, go = tmp_path / "began", tmp_path / "go"
    os.mkfifo(began)
    gate(muster, repo, f"gate: ['test -e {go} || {{ echo x > {began}; sleep 1234; }}']\n")
    rpc = muster.rpc()
    for name in ("one", "two"):
        work(muster, rpc, repo, name, COMMIT.format(name))
        approve(rpc, name)
    first, second = rpc.call("land.enqueue", sessions=["one", "two"])["landings"]
    assert (first["position"], second["position"]) == (0, 1)
    assert open(began).read() == "x\n"
    rpc.call("daemon.restart")
    go.touch()
    rpc = muster.rpc()
    first, second = (rpc.call("land.wait", landing=each["id"]) for each in (first, second))
    assert (first["state"], second["state"]) == ("landed", "landed")
    assert second["base"] == first["merged"]
    assert not sleepers(muster)


def test_returned_work_does_not_land(muster, repo):
    rpc = muster.rpc()
    work(muster, rpc, repo, "one", COMMIT.format("one"))
    approve(rpc, "one")
    rpc.call("review.return", session="one")
    with pytest.raises(RpcError) as e:
        rpc.call("land.enqueue", sessions=["one"])
    assert "not approved" in e.value.message


def test_requests_that_make_no_sense(muster, repo, tmp_path):
    rpc = muster.rpc()
    s = rpc.call("session.start", repo=str(tmp_path), name="bare", worktree=False, command=["true"])
    rpc.call("session.wait", session=s["name"], until="done", timeout_ms=WAIT_S * 1000)
    for method, params, code in (
        ("land.enqueue", {"sessions": []}, 2),
        ("land.enqueue", {"sessions": ["nobody"]}, 2),
        ("land.enqueue", {"sessions": ["bare"]}, 3),
        ("land.wait", {"landing": 77}, 2),
        ("review.get", {"session": "bare"}, 3),
        ("review.approve", {"session": "bare"}, 3),
    ):
        with pytest.raises(RpcError) as e:
            rpc.call(method, **params)
        assert e.value.code == code, (method, e.value.message)


def test_scope_at_landing(muster, repo, tmp_path):
    rpc = muster.rpc()
    task = "---\nscope: [src]\n---\nWork in src.\n"
    work(muster, rpc, repo, "one", COMMIT.format("one") + " && echo '# x' >> check.sh && git commit -qam more", task_file_text=task)
    review = rpc.call("review.get", session="one")
    assert review["outside"] == ["check.sh"]
    approve(rpc, "one")
    (landing,) = land(rpc, "one")
    assert landing["state"] == "refused" and "check.sh" in landing["why"]
    (landing,) = land(rpc, "one", outside_ok=True)
    assert landing["state"] == "landed"


def test_full_disk(muster, repo):
    home = muster.home.parent / "full"
    run_on_disk("24m", home / "state", home, pathlib.Path(__file__).with_name("land_full_disk.py"), home, repo)
