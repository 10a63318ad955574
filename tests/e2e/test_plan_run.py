"""muster plan: a folder of tasks is checked, run, run again, held back, and goes on after musterd was killed."""

import json
import os

import pytest
from house import RpcError, WAIT_S

pytestmark = pytest.mark.sanitize

# A diamond (search, then index and ranking, then ui), a chain behind it (release), and one beside it all (docs).
SIX = {
    "search": [],
    "docs": [],
    "index": ["search"],
    "ranking": ["search"],
    "ui": ["index", "ranking"],
    "release": ["ui"],
}


def task(name, after=(), steps=None, front=""):
    """A task of the rehearsal agent, which does the steps, then writes down what it finds, commits its own file and is done."""
    work = [
        {"run": f"mkdir -p seen && ls src > seen/{name}"},
        {"edit": {"file": f"src/{name}.txt", "write": f"{name}\n"}},
        {"commit": f"Add {name}"},
        {"done": name},
    ]
    script = json.dumps({"steps": [*(steps or []), *work]})  # JSON is YAML
    return (
        f"---\nagent: rehearsal\nafter: [{', '.join(after)}]\nscope: [src/{name}.txt, seen/{name}]\n{front}---\n"
        f"Write {name}.\n\n```yaml rehearsal\n{script}\n```\n"
    )


@pytest.fixture
def plan(tmp_path):
    folder = tmp_path / "plan"
    folder.mkdir()

    def write(name, *after, **kw):
        (folder / f"{name}.md").write_text(task(name, after, **kw))
        return folder

    return write


@pytest.fixture
def six(plan):
    for name, after in SIX.items():
        folder = plan(name, *after)
    return folder


def wait(rpc, session, *until):
    return rpc.call("session.wait", session=session, until=",".join(until), timeout_ms=WAIT_S * 1000)


def wait_done(rpc, name):
    s = wait(rpc, name, "done", "failed", "stopped")
    assert s["state"] == "done", s
    return s


def land(muster, repo, name):
    """As the lead does it."""
    wait_done(muster.rpc(), name)
    assert f"Add {name}" in muster.run("review", name, cwd=repo).stdout
    muster.run("approve", name, cwd=repo)
    assert muster.run("land", name, cwd=repo).stdout.startswith(f"{name}  landed")


def run(muster, repo, folder, code=0):
    done = muster.run("plan", "run", "--json", folder, cwd=repo, check=False)
    assert done.returncode == code, done.stderr
    return {t["name"]: t for t in json.loads(done.stdout)["run"]}, done.stderr


def names_of(rpc):
    return sorted(s["name"] for s in rpc.call("session.list", all=True)["sessions"])


def seen(muster, repo, name):
    """What the task found in src when it began."""
    return muster.git("show", f"muster/{name}:seen/{name}", cwd=repo).split()


# ---- six tasks to landed ----


def test_six_tasks_run_to_landed(muster, repo, six):
    assert "6 tasks in 4 steps; 0 errors, 0 warnings" in muster.run("plan", "check", six, cwd=repo).stdout
    out = muster.run("plan", "run", six, cwd=repo).stdout
    assert out.count("new") == 6
    rpc = muster.rpc()
    for name in ("docs", "search"):
        wait_done(rpc, name)
    states = {s["name"]: s for s in rpc.call("session.list")["sessions"]}
    assert [states[n]["state"] for n in ("index", "ranking", "ui", "release")] == ["queued"] * 4
    assert states["ui"]["why"] == "after index, which is queued; ranking, which is queued"
    for name in ("search", "index", "ranking", "docs", "ui", "release"):
        land(muster, repo, name)
    assert seen(muster, repo, "search") == ["a.txt"]
    assert {"search.txt"} <= set(seen(muster, repo, "index")) and "search.txt" in seen(muster, repo, "ranking")
    assert {"search.txt", "index.txt", "ranking.txt"} <= set(seen(muster, repo, "ui"))
    assert set(seen(muster, repo, "release")) == {"a.txt", *(f"{n}.txt" for n in SIX if n != "release")}
    assert sorted(os.listdir(repo / "src")) == sorted(["a.txt", *(f"{n}.txt" for n in SIX)])
    results, _ = run(muster, repo, six)
    assert {(t["outcome"], t["landed"]) for t in results.values()} == {("there", True)}
    assert names_of(rpc) == sorted(SIX)


def test_musterd_is_killed_between_all_steps(muster, repo, six):
    muster.run("plan", "run", six, cwd=repo)
    for name in ("search", "docs", "ranking", "index", "ui", "release"):
        muster.kill_daemon()
        land(muster, repo, name)
    assert {"search.txt", "index.txt", "ranking.txt"} <= set(seen(muster, repo, "ui"))
    assert sorted(os.listdir(repo / "src")) == sorted(["a.txt", *(f"{n}.txt" for n in SIX)])
    assert names_of(muster.rpc()) == sorted(SIX)


def test_the_limit_on_sessions_holds_for_a_plan(muster, repo, plan):
    config = repo / ".muster" / "config.yaml"
    config.write_text(config.read_text() + "limits: {sessions: 1}\n")
    gate = repo.parent / "gate"
    hold = [{"wait": {"file": str(gate)}}]
    plan("low", front="value: 1\n")
    plan("high", front="value: 7\n", steps=hold)
    folder = plan("next", front="value: 3\n")
    muster.run("plan", "run", folder, cwd=repo)
    rpc = muster.rpc()
    wait(rpc, "high", "working")
    assert {s["name"]: s["state"] for s in rpc.call("session.list")["sessions"] if s["name"] != "high"} == {
        "low": "queued",
        "next": "queued",
    }


# ---- musterd is killed while the tasks are being started ----


def test_a_kill_while_tasks_are_started(muster, repo, six):
    """The client is gone too: what it asked for is started all the same, and nothing of it twice."""
    order = list(SIX)
    params = {
        "repo": str(repo),
        "names": order,
        "files": [f"{n}.md" for n in order],
        "texts": [(six / f"{n}.md").read_text() for n in order],
    }
    client = muster.rpc()
    client.call("events.subscribe")
    client.send({"jsonrpc": "2.0", "id": 77, "method": "plan.run", "params": params})
    client.wait_event("session.queued")
    muster.kill_daemon()
    client.close()
    rpc = muster.rpc()
    rpc.call("events.subscribe", after=0)
    queued = set()
    while queued != set(order):
        event = rpc.wait_event("session.queued")
        queued.add(rpc.call("session.get", session=event["session"])["name"])
    assert names_of(rpc) == sorted(order)
    results, _ = run(muster, repo, six)
    assert {t["outcome"] for t in results.values()} == {"there"}
    assert names_of(rpc) == sorted(order)


def test_two_clients_at_once_start_nothing_double(muster, repo, six):
    order = list(SIX)
    params = {
        "repo": str(repo),
        "names": order,
        "files": [f"{n}.md" for n in order],
        "texts": [(six / f"{n}.md").read_text() for n in order],
    }
    clients = [muster.rpc(), muster.rpc()]
    for c in clients:
        c.send({"jsonrpc": "2.0", "id": 1, "method": "plan.run", "params": params})
    outcomes = [[t["outcome"] for t in c.read()["result"]["tasks"]] for c in clients]
    assert sorted(outcomes) == [["started"] * 6, ["there"] * 6]
    assert names_of(clients[0]) == sorted(order)


# ---- run again, and held back ----


def test_run_again_starts_only_what_is_new(muster, repo, plan):
    folder = plan("one")
    muster.run("plan", "run", folder, cwd=repo)
    land(muster, repo, "one")
    muster.run("rm", "--force", "one")
    plan("two", "one")
    results, _ = run(muster, repo, folder)
    assert (results["one"]["outcome"], results["one"]["landed"]) == ("removed", True)
    assert results["two"]["outcome"] == "started" and results["two"]["session"]["after"] == []
    rpc = muster.rpc()
    wait_done(rpc, "two")
    assert "one.txt" in seen(muster, repo, "two")
    out = muster.run("plan", "run", folder, cwd=repo).stdout
    assert "there already" in out and "removed" in out and "new" not in out
    assert names_of(rpc) == ["one", "two"]
    # Another task may have the name of one that is gone.
    (folder / "one.md").write_text(task("one").replace("Write one.", "Write something else."))
    results, _ = run(muster, repo, folder)
    assert results["one"]["outcome"] == "started"


def test_one_that_failed_holds_back_those_behind_it(muster, repo, plan):
    plan("one", steps=[{"crash": {"exit": 3}}])
    plan("two", "one")
    plan("three", "two")
    folder = plan("four")
    muster.run("plan", "run", folder, cwd=repo)
    rpc = muster.rpc()
    wait(rpc, "one", "failed")
    results, err = run(muster, repo, folder, code=1)
    assert "one failed, and holds back two, three; `muster resume one` starts it again" in err
    assert results["one"]["held_back"] == ["two", "three"] and results["four"]["held_back"] == []
    assert results["two"]["session"]["why"] == "after one, which failed"
    muster.run("stop", "one", check=False)
    muster.run("rm", "--force", "one")
    results, err = run(muster, repo, folder, code=1)
    assert results["one"]["outcome"] == "removed"
    assert (
        f"one was removed before it landed, and holds back two, three; `muster restore one` brings it back, "
        f"`muster start -t {folder}/one.md` begins it anew" in err
    )
    plan("one")
    muster.run("start", "--name", "one", "-t", folder / "one.md", cwd=repo)
    land(muster, repo, "one")
    land(muster, repo, "two")
    land(muster, repo, "three")
    run(muster, repo, folder)


def test_a_name_that_other_work_has(muster, repo, plan, tmp_path):
    other = tmp_path / "other"
    muster.git("init", "-q", other, cwd=tmp_path)
    muster.git("commit", "-q", "--allow-empty", "-m", "first", cwd=other)
    muster.run("start", "--name", "one", "--", "true", cwd=other)
    plan("one")
    folder = plan("two", "one")
    results, err = run(muster, repo, folder, code=1)
    assert results["one"]["outcome"] == "failed" and "give the task another name" in results["one"]["error"]
    assert results["two"]["outcome"] == "failed" and "works on another repository" in results["two"]["error"]
    assert "one was not started, and holds back two: there is a session one of other work already" in err
    assert names_of(muster.rpc()) == ["one"]


def test_a_decision_that_a_task_awaits(muster, repo, plan):
    folder = plan("one", front="awaits: [error-model]\n")
    done = muster.run("plan", "run", folder, cwd=repo, check=False)
    assert done.returncode == 3 and "nobody makes the decision error-model" in done.stdout
    assert "--anyway starts it" in done.stderr
    assert names_of(muster.rpc()) == []
    muster.run("plan", "run", "--anyway", folder, cwd=repo)
    rpc = muster.rpc()
    wait(rpc, "one", "blocked")
    muster.run("decide", "error-model", "codes", cwd=repo)
    wait_done(rpc, "one")
    assert muster.run("plan", "check", folder, cwd=repo).stdout.endswith("1 task in 1 step; 0 errors, 0 warnings\n")
    # Whoever follows and awaits waits for both.
    plan("two", "one", front="awaits: [colours]\n")
    plan("three", front="stop-for: [colours, the look of it all]\n")
    run(muster, repo, folder)
    wait_done(rpc, "three")
    preface = rpc.call("session.get", session="three")["preface"]
    assert "put each to the lead" in preface and preface.endswith("\n- colours\n- the look of it all")
    assert preface.startswith("These decisions of the lead hold for your work:\n- error-model: codes\n")
    wait(rpc, "two", "blocked")
    muster.run("decide", "colours", "red", cwd=repo)
    wait(rpc, "two", "queued")
    land(muster, repo, "one")
    wait_done(rpc, "two")


# ---- found before anything starts ----


def test_errors_are_found_before_anything_starts(muster, repo, plan):
    plan("one", "three")
    plan("two", "one", "thre")
    folder = plan("three", "one")
    (folder / "notes.md").write_text("Just notes.\n")
    done = muster.run("plan", "check", folder, cwd=repo, check=False)
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == (
        f"{folder}/one.md:3:9: error: one follows three, which follows one: none of them can start; "
        "let one of them go first: take three out of `after` of one, or the like"
    )
    assert lines[1] == (
        f"{folder}/two.md:3:14: error: no task of this plan is called thre; did you mean three?; write three in `after`"
    )
    assert lines[2].endswith("; 2 errors, 0 warnings; not taken, for it has no front matter: notes.md")
    for more in ([], ["--anyway"]):
        done = muster.run("plan", "run", *more, folder, cwd=repo, check=False)
        assert done.returncode == 3 and "nothing was started: the plan has errors" in done.stderr
    done = muster.run("plan", "run", "--json", folder, cwd=repo, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == 3 and found["run"] is None and found["errors"] == 2
    assert [(f["kind"], f["tasks"]) for f in found["findings"]] == [("cycle", ["one", "three"]), ("after", ["two"])]
    assert not (muster.home / "state" / "muster.db").exists(), "a check needs no musterd"


def test_what_cannot_be_read(muster, repo, tmp_path):
    def code(*args, cwd=repo):
        done = muster.run("plan", *args, cwd=cwd, check=False)
        assert len(done.stderr.splitlines()) >= 1
        return done.returncode

    (tmp_path / "plan").mkdir()
    assert code("check", tmp_path / "no-such") == 2
    assert code("check", tmp_path / "plan", cwd=tmp_path) == 2
    assert code("run", tmp_path / "plan") == 3
    (repo / ".muster" / "config.yaml").write_text("gate: {a: b}\n")
    assert code("check", tmp_path / "plan") == 2


def test_a_plan_that_is_too_long_for_one_request(muster, repo, plan):
    folder = plan("one")
    (folder / "one.md").write_text(task("one") + "\x01" * 900_000)
    done = muster.run("plan", "run", folder, cwd=repo, check=False)
    assert done.returncode == 2 and "musterd takes up to 4194304" in done.stderr
    assert names_of(muster.rpc()) == []


def test_what_plan_run_takes(muster, repo):
    rpc = muster.rpc()
    for names, files, texts in (([], [], []), (["a"], ["a.md"], []), (["a"], [], ["x"])):
        with pytest.raises(RpcError) as e:
            rpc.call("plan.run", repo=str(repo), names=names, files=files, texts=texts)
        assert e.value.code == 2
    result = rpc.call("plan.run", repo=str(repo), names=["a/b"], files=["a.md"], texts=["---\nname: x\n---\n"])
    (t,) = result["tasks"]
    assert t["outcome"] == "failed" and "slashes" in t["error"]
    with pytest.raises(RpcError):
        rpc.call("plan.run", repo="/nonexistent", names=["a"], files=["a.md"], texts=["x"])
