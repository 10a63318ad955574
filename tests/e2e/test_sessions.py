"""Sessions from start to end: what runs, what survives, what is refused."""

import json
import os
import pathlib
import shutil
import signal
import sys

import pexpect
import pytest
from house import BUILD, RpcError, WAIT_S, gone, processes_of

pytestmark = pytest.mark.sanitize


def start(rpc, where, *command, **params):
    params.setdefault("worktree", False)
    return rpc.call("session.start", repo=str(where), command=list(command), **params)


def wait(rpc, session, *until):
    return rpc.call("session.wait", session=session, until=",".join(until), timeout_ms=WAIT_S * 1000)


def fifo(path):
    os.mkfifo(path)
    return path


def read_fifo(path):
    """One line that a session writes: the event a test waits for."""
    with open(path) as f:
        return f.readline().strip()


def test_a_command_ends_well(muster, tmp_path):
    rpc = muster.rpc()
    s = start(rpc, tmp_path, "sh", "-c", "echo hello; exit 0")
    s = wait(rpc, s["name"], "done", "failed", "stopped")
    assert s["state"] == "done"
    assert s["exit"] == 0
    full = rpc.call("session.get", session=s["name"])
    assert any(e["source"] == "exit" and e["confidence"] == 100 for e in full["evidence"])


def test_a_command_fails_and_lands_on_the_docket(muster, tmp_path):
    rpc = muster.rpc()
    s = start(rpc, tmp_path, "sh", "-c", "echo the last words; exit 3")
    s = wait(rpc, s["name"], "done", "failed", "stopped")
    assert (s["state"], s["exit"]) == ("failed", 3)
    items = rpc.call("docket.list")["items"]
    assert [i["kind"] for i in items] == ["failure"]
    assert "exit code 3" in items[0]["title"]
    assert "the last words" in items[0]["detail"]["last_words"]


def test_a_program_that_does_not_exist(muster, tmp_path):
    rpc = muster.rpc()
    s = start(rpc, tmp_path, "/no/such/program")
    s = wait(rpc, s["name"], "failed", "stopped", "done")
    assert s["state"] == "failed"
    assert "/no/such/program" in s["failure"]


def test_a_missing_agent(muster, repo, tmp_path):
    """One line that says what to do; once it is there, resume begins what was asked."""
    programs = tmp_path / "programs"
    programs.mkdir()
    muster.env["PATH"] = f"{programs}:/usr/bin:/bin"
    done = muster.run("start", "--name", "one", "--agent", "nobody", "do it", cwd=repo, check=False)
    assert done.returncode == 2 and "no agent nobody" in done.stderr
    (repo / ".muster" / "config.yaml").write_text("agents: {claude: {command: agent-of-the-test}}\n")
    says = "one failed: cannot run the program agent-of-the-test: it is not in musterd's PATH; install it, or"
    done = muster.run("start", "--name", "one", "Do it.", cwd=repo, check=False)
    assert done.returncode == 1 and says in done.stderr and done.stderr.count("\n") == 1
    assert [i["kind"] for i in muster.rpc().call("docket.list")["items"]] == ["failure"]
    done = muster.run("resume", "one", check=False)
    assert done.returncode == 1 and says in done.stderr
    done = muster.run("resume", "one", "--json", check=False)
    assert done.returncode == 1 and json.loads(done.stdout)["state"] == "failed"
    given = tmp_path / "given"
    (programs / "agent-of-the-test").write_text(f'#!/bin/sh\necho "$*" > {given}\nexit 4\n')
    (programs / "agent-of-the-test").chmod(0o755)
    muster.run("resume", "one")
    # It exits at once, which is a failure that the docket shows, with its exit code.
    s = wait(muster.rpc(), "one", "failed")
    assert s["exit"] == 4 and "Do it." in given.read_text()
    (item,) = muster.rpc().call("docket.list")["items"]
    assert item["kind"] == "failure" and "exit code 4" in item["title"]
    assert muster.git("rev-parse", "muster/one", cwd=repo) == muster.git("rev-parse", "main", cwd=repo)


def test_environment_and_worktree(muster, repo, tmp_path):
    before = muster.git("status", "--porcelain", cwd=repo), muster.git("rev-parse", "HEAD", cwd=repo)
    rpc = muster.rpc()
    out = tmp_path / "env"
    s = start(rpc, repo, "sh", "-c", f"env > {out}; pwd >> {out}; git rev-parse --abbrev-ref HEAD >> {out}",
              worktree=True, name="envy")
    s = wait(rpc, "envy", "done", "failed")
    assert s["state"] == "done", s["failure"]
    lines = out.read_text().splitlines()
    env = dict(line.split("=", 1) for line in lines if "=" in line)
    assert env["MUSTER_SESSION"] == s["id"]
    assert env["MUSTER_SESSION_NAME"] == "envy"
    assert env["MUSTER_BRANCH"] == "muster/envy" == lines[-1]
    assert env["MUSTER_WORKSPACE"] == s["workspace"] == lines[-2]
    assert int(env["MUSTER_PORT_END"]) - int(env["MUSTER_PORT"]) == 9
    assert env["MUSTER_REPO"] == str(repo)
    assert before == (muster.git("status", "--porcelain", cwd=repo), muster.git("rev-parse", "HEAD", cwd=repo))


def test_a_session_survives_the_death_of_musterd(muster, tmp_path):
    rpc = muster.rpc()
    ready, go = fifo(tmp_path / "ready"), fifo(tmp_path / "go")
    s = start(rpc, tmp_path, "sh", "-c", f"echo $$ > {ready}; read x < {go}; echo got $x; exit 7", name="survivor")
    pid = int(read_fifo(ready))
    muster.kill_daemon()
    os.kill(pid, 0)
    rpc = muster.rpc()
    again = wait(rpc, "survivor", "unknown", "working", "quiet")
    assert again["id"] == s["id"]
    go.write_text("it\n")
    s = wait(rpc, "survivor", "failed", "done")
    assert s["exit"] == 7


def test_an_exit_while_musterd_is_dead_is_not_lost(muster, tmp_path):
    rpc = muster.rpc()
    ready, go = fifo(tmp_path / "ready"), fifo(tmp_path / "go")
    start(rpc, tmp_path, "sh", "-c", f"echo $$ > {ready}; read x < {go}; exit 9", name="alone")
    pid = int(read_fifo(ready))
    muster.kill_daemon()
    go.write_text("\n")
    gone(pid)
    s = wait(muster.rpc(), "alone", "failed", "done", "stopped")
    assert (s["state"], s["exit"]) == ("failed", 9)


def test_restart_in_place_keeps_everything(muster, tmp_path):
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f"echo $$ > {ready}; exec sleep 1000", name="kept")
    pid = int(read_fifo(ready))
    muster.run("daemon", "restart")
    rpc = muster.rpc()
    wait(rpc, "kept", "unknown", "working", "quiet")
    assert rpc.call("session.get", session="kept")["hold"]["running"]
    os.kill(pid, 0)


def test_a_killed_holder_leaves_nothing_behind(muster, tmp_path):
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f"setsid sleep 1000 & echo $$ $! > {ready}; exec sleep 1000", name="orphan")
    agent, child = map(int, read_fifo(ready).split())
    wait(rpc, "orphan", "working", "quiet")  # before that, it would just be started again
    hold = rpc.call("session.get", session="orphan")["hold"]["pid"]
    os.kill(hold, signal.SIGKILL)
    s = wait(rpc, "orphan", "failed", "stopped")
    assert s["state"] == "stopped"
    gone(agent)
    gone(child)


def test_stop_and_resume(muster, tmp_path):
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f"echo $$ > {ready}; exec sleep 1000", name="again")
    first = int(read_fifo(ready))
    rpc.call("session.stop", session="again")
    assert wait(rpc, "again", "stopped")["state"] == "stopped"
    gone(first)
    rpc.call("session.resume", session="again")
    assert int(read_fifo(ready)) != first


def test_what_was_stopped_can_be_removed_at_once(muster, tmp_path):
    """A busy tree dies in an order of its own: the stop is over when all of it is known, and not before."""
    rpc = muster.rpc()
    for i in range(60):
        start(rpc, tmp_path, "sh", "-c", "sleep 1000 & sleep 1000 & while :; do sleep 0.001; done", name=f"s{i}")
        wait(rpc, f"s{i}", "started")
        rpc.call("session.stop", session=f"s{i}", jobs=True)
        rpc.call("session.remove", session=f"s{i}")
    assert rpc.call("session.list")["sessions"] == []


def test_a_process_that_its_first_thread_has_left(muster, tmp_path):
    """It looks like a zombie and is none: a stop ends it, and is not over before."""
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    script = f"""import ctypes, os, signal, threading, time
def stay():
    open({str(ready)!r}, "w").write(f"{{os.getpid()}}\\n")
    time.sleep(1000)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Thread(target=stay).start()
ctypes.CDLL(None).syscall({93 if os.uname().machine == "aarch64" else 60}, 0)"""
    start(rpc, tmp_path, sys.executable, "-c", script, name="headless-body")
    pid = int(read_fifo(ready))
    rpc.call("session.stop", session="headless-body", grace_ms=100)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    rpc.call("session.remove", session="headless-body")


def test_pause_freezes_the_tree(muster, tmp_path):
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f"sleep 1000 & echo $$ $! > {ready}; wait", name="ice")
    pids = list(map(int, read_fifo(ready).split()))

    def states():
        return [pathlib.Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()[0] for p in pids]

    wait(rpc, "ice", "working", "quiet")
    assert rpc.call("session.pause", session="ice")
    assert states() == ["T", "T"]
    rpc.call("session.resume", session="ice")
    assert "T" not in states()


def test_ask_is_answered_from_the_docket(muster, tmp_path):
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    out = tmp_path / "answer"
    ask = f'"$MUSTER_BIN" ask "Which colour?" --option red --option blue --json > {out}'
    start(rpc, tmp_path, "sh", "-c", ask, name="asker")
    rpc.wait_event("item.opened")
    items = rpc.call("docket.list")["items"]
    assert items[0]["title"] == "Which colour?" and items[0]["blocking"]
    assert wait(rpc, "asker", "blocked")["state"] == "blocked"
    done = muster.run("answer", items[0]["id"], "--option", "blue")
    assert done.returncode == 0
    wait(rpc, "asker", "done")
    assert "blue" in out.read_text()
    again = muster.run("answer", items[0]["id"], "--option", "red", check=False)
    assert again.returncode == 3
    assert "already" in again.stderr


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_question_outlives_musterd(muster, tmp_path, when):
    """Killed while the question waits, and again between the answer and its delivery."""
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    out = tmp_path / "answer"
    start(rpc, tmp_path, "sh", "-c", f'"$MUSTER_BIN" ask "Go on?" --option yes --option no --json > {out}', name="asker")
    rpc.wait_event("item.opened")
    item = rpc.call("docket.list")["items"][0]["id"]
    if when == "before":
        muster.kill_daemon()
        rpc = muster.rpc()
        rpc.call("docket.answer", item=item, option="yes")
    else:
        rpc.call("docket.answer", item=item, option="yes")
        muster.kill_daemon()
        rpc = muster.rpc()
    s = wait(rpc, "asker", "done", "failed")
    assert s["state"] == "done"
    assert "yes" in out.read_text()
    closed = [i for i in rpc.call("docket.list", all=True)["items"] if i["id"] == item]
    assert closed[0]["state"] == "delivered"


def test_the_asking_process_dies(muster, tmp_path):
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    ready = fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f'"$MUSTER_BIN" ask "Still there?" & echo $! > {ready}; wait; exec sleep 1000',
          name="asker")
    pid = int(read_fifo(ready))
    opened = rpc.wait_event("item.opened")
    os.kill(pid, signal.SIGKILL)
    rpc.wait_event("item.withdrawn")
    with pytest.raises(RpcError) as refused:
        rpc.call("docket.answer", item=opened["data"]["item"], text="yes")
    assert refused.value.code == 3


def test_jobs(muster, tmp_path):
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    start(rpc, tmp_path, "sleep", "1000", name="boss")
    wait(rpc, "boss", "working", "unknown", "quiet")
    job = rpc.call("job.start", session="boss", name="server", command=["sh", "-c", "echo serving; exec sleep 1000"])
    assert job["state"] == "running"
    refused = muster.run("stop", "boss", check=False)
    assert refused.returncode == 3
    assert "server" in refused.stderr and "--jobs" in refused.stderr
    names = [j["name"] for j in rpc.call("job.list", session="boss")["jobs"]]
    assert "server" in names
    rpc.call("job.stop", session="boss", job="server")
    rpc.wait_event("job.exited")
    assert "serving" in rpc.call("job.logs", session="boss", job="server")["text"]
    muster.run("stop", "boss")


def test_a_found_job_is_named_and_ended(muster, tmp_path):
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f"(setsid sh -c 'echo $$ > {ready}; exec sleep 1000' &); exec sleep 1000", name="boss")
    child = int(read_fifo(ready))
    found = [j for j in rpc.call("job.list", session="boss")["jobs"] if j["found"]]
    assert child in [j["pid"] for j in found]
    refused = muster.run("stop", "boss", check=False)
    assert refused.returncode == 3
    muster.run("stop", "boss", "--jobs")
    gone(child)


def test_jobs_outlive_the_agent_and_musterd(muster, tmp_path):
    rpc = muster.rpc()
    go, ready = fifo(tmp_path / "go"), fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f"read x < {go}", name="boss")
    wait(rpc, "boss", "working", "unknown", "quiet")
    rpc.call("job.start", session="boss", name="long", command=["sh", "-c", f"echo $$ > {ready}; exec sleep 1000"])
    pid = int(read_fifo(ready))
    go.write_text("\n")
    wait(rpc, "boss", "done")
    muster.kill_daemon()
    rpc = muster.rpc()
    os.kill(pid, 0)
    assert [j["state"] for j in rpc.call("job.list", session="boss")["jobs"] if j["name"] == "long"] == ["running"]


def test_remove_and_undo_bring_back_every_byte(muster, repo):
    rpc = muster.rpc()
    script = (
        "echo changed >> src/a.txt; git add src/a.txt; echo more >> src/a.txt; printf '\\000\\377' > new.bin; "
        "mkdir d; ln -s ../src d/link; echo run > tool; chmod +x tool; git commit -qm staged; echo tail >> src/a.txt"
    )
    s = start(rpc, repo, "sh", "-c", script, worktree=True, name="maker")
    s = wait(rpc, "maker", "done", "failed")
    assert s["state"] == "done"
    work = pathlib.Path(s["workspace"])

    def content():
        return {
            str(p.relative_to(work)): os.readlink(p) if p.is_symlink() else (p.read_bytes(), p.stat().st_mode)
            for p in sorted(work.rglob("*"))
            if ".git" not in p.parts and not (p.is_dir() and not p.is_symlink()) and p.name != ".git"
        }

    before = content(), muster.git("rev-parse", "muster/maker", cwd=repo), muster.git("status", "--porcelain", cwd=work)
    muster.run("rm", "maker")
    assert not work.exists()
    assert "muster/maker" not in muster.git("branch", "--list", "--all", cwd=repo)
    muster.run("undo")
    after = content(), muster.git("rev-parse", "muster/maker", cwd=repo), muster.git("status", "--porcelain", cwd=work)
    assert before == after
    muster.run("rm", "maker")
    muster.run("restore", "maker")
    assert before[0] == content()


def test_a_branch_without_a_parent_comes_back(muster, repo):
    """A session may begin a history of its own; that too is snapshotted before its worktree goes."""
    rpc = muster.rpc()
    script = "git checkout -q --orphan fresh && git rm -rqf . && echo new > new.txt && git add new.txt && echo more >> new.txt"
    start(rpc, repo, "sh", "-c", script, worktree=True, name="orphan")
    s = wait(rpc, "orphan", "done", "failed")
    assert s["state"] == "done"
    work = pathlib.Path(s["workspace"])
    before = muster.git("status", "--porcelain", "--branch", cwd=work)
    assert before == "## No commits yet on fresh\nAM new.txt"
    muster.run("rm", "orphan")
    assert not work.exists()
    muster.run("undo")
    assert muster.git("status", "--porcelain", "--branch", cwd=work) == before
    assert (work / "new.txt").read_text() == "new\nmore\n" and muster.git("show", ":new.txt", cwd=work) == "new"


@pytest.mark.parametrize("headless", [False, True])
def test_a_line_without_an_end(muster, tmp_path, headless):
    """128 MiB in one line: neither the holder nor musterd keeps it, and both go on."""
    muster.env["ASAN_OPTIONS"] = f"{os.environ.get('ASAN_OPTIONS', '')}:quarantine_size_mb=8"  # which would keep what is freed
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    script = f"head -c 134217728 /dev/zero | tr '\\0' x; echo; echo the end; echo ready > {ready}; read line"
    start(rpc, tmp_path, "sh", "-c", script, name="long", headless=headless)
    assert read_fifo(ready) == "ready"
    hold = rpc.call("session.get", session="long")["hold"]["pid"]
    for pid in (hold, rpc.call("daemon.status")["pid"]):
        peak = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
        assert int(peak.split()[1]) < 100_000, peak
    muster.run("stop", "long")
    assert wait(rpc, "long", "stopped", "failed")["state"] == "stopped"


def test_a_running_session_is_not_removed(muster, tmp_path):
    rpc = muster.rpc()
    start(rpc, tmp_path, "sleep", "1000", name="busy")
    wait(rpc, "busy", "working", "unknown", "quiet")
    refused = muster.run("rm", "busy", check=False)
    assert refused.returncode == 3
    muster.run("rm", "busy", "--force")
    assert rpc.call("session.list")["sessions"] == []
    assert not any("sleep" in pathlib.Path(f"/proc/{p}/cmdline").read_text() for p in processes_of(muster.home))


@pytest.mark.parametrize(
    "name,says",
    [("a/b", "/"), ("..", ".."), ("a b", " "), ("a\nb", ""), ("x" * 300, "64"), ("-x", "-"), ("x.lock", ".lock"), ("", "")],
)
def test_bad_names(muster, repo, name, says):
    rpc = muster.rpc()
    with pytest.raises(RpcError) as refused:
        start(rpc, repo, "true", worktree=True, name=name)
    assert refused.value.code == 2
    assert "\n" not in refused.value.message


def refused_start(muster, where, *args):
    """Runs `muster start` where it must not work: (exit code, its one line)."""
    done = muster.run("start", "-C", where, *args, "--", "true", check=False)
    assert done.stdout == "" and done.stderr.startswith("muster: ") and done.stderr.count("\n") == 1, done.stderr
    return done.returncode, done.stderr


def test_places_that_cannot_be_worked_in(muster, tmp_path, repo):
    rpc = muster.rpc()
    plain, bare, empty = tmp_path / "plain", tmp_path / "bare", tmp_path / "empty"
    plain.mkdir()
    muster.git("init", "-q", "--bare", bare, cwd=tmp_path)
    muster.git("init", "-q", empty, cwd=tmp_path)
    for where, says in (
        (plain, "is not in a git repository: go to one, or run `git init`"),
        (bare, "has no commit yet: make the first one"),
        (empty, "has no commit yet: make the first one"),
        (tmp_path / "missing", "No such file or directory"),
    ):
        code, line = refused_start(muster, where)
        assert code == 2 and f"{where}" in line and says in line
    code, line = refused_start(muster, bare, "--no-worktree")
    assert code == 2 and "is a bare repository" in line
    muster.git("branch", "muster/taken", cwd=repo)
    code, line = refused_start(muster, repo, "--name", "taken")
    assert code == 2 and "the branch muster/taken exists already: choose another name" in line
    assert rpc.call("session.list")["sessions"] == [] and rpc.call("docket.list")["items"] == []
    # A name that muster chooses steps aside.
    muster.git("branch", "muster/true", cwd=repo)
    assert start(rpc, repo, "true", worktree=True)["name"] == "true-2"


def test_a_bare_repository_with_commits(muster, repo, tmp_path):
    """What a server keeps: sessions work and land there, too."""
    bare = tmp_path / "bare.git"
    muster.git("clone", "-q", "--bare", repo, bare, cwd=tmp_path)
    rpc = muster.rpc()
    start(rpc, bare, "sh", "-c", "echo b > src/b.txt; git add -A; git commit -qm b", worktree=True, name="one")
    assert wait(rpc, "one", "done", "failed")["state"] == "done"
    tip = rpc.call("review.approve", session="one")["approved"]
    landing = rpc.call("land.wait", landing=rpc.call("land.enqueue", sessions=["one"], no_gate=True)["landings"][0]["id"])
    assert landing["state"] == "landed", landing
    assert muster.git("merge-base", "--is-ancestor", tip, "main", cwd=bare) == ""


def test_detached_head(muster, repo):
    """There is no branch to land on: it must be named, except by what runs in the folder itself, of which nothing lands."""
    muster.git("checkout", "-q", "--detach", cwd=repo)
    code, line = refused_start(muster, repo)
    assert code == 3 and "is on no branch (detached HEAD): name the target branch, or check one out" in line
    code, line = refused_start(muster, repo, "--target", "nosuch")
    assert code == 2 and 'there is no branch "nosuch"' in line
    (repo / ".muster" / "config.yaml").write_text("target: nosuch\n")
    code, line = refused_start(muster, repo)
    assert code == 2 and 'the configuration\'s target: there is no branch "nosuch"' in line
    muster.git("checkout", "-q", "--", ".muster", cwd=repo)
    rpc = muster.rpc()
    start(rpc, repo, "sh", "-c", "echo b > src/b.txt; git add -A; git commit -qm b", worktree=True, name="one", target="main")
    assert wait(rpc, "one", "done", "failed")["state"] == "done"
    rpc.call("review.approve", session="one")
    landing = rpc.call("land.wait", landing=rpc.call("land.enqueue", sessions=["one"])["landings"][0]["id"])
    assert landing["state"] == "landed", landing
    before = muster.git("rev-parse", "HEAD", cwd=repo)
    start(rpc, repo, "sh", "-c", "git rev-parse HEAD > .git/seen", name="here")
    s = wait(rpc, "here", "done", "failed")
    assert s["state"] == "done" and s["target"] is None and s["base"] == before
    assert (repo / ".git" / "seen").read_text().strip() == before == muster.git("rev-parse", "HEAD", cwd=repo)
    (item,) = [i for i in rpc.call("docket.list")["items"] if i["session_name"] == "here"]
    assert item["title"] == "its turn ended: tell it what is next, or stop it"  # there is nothing to review
    for verb in ("review", "approve", "land"):
        done = muster.run(verb, "here", check=False)
        assert done.returncode == 3 and "has no branch of its own" in done.stderr
    muster.run("rm", "here")


def test_two_starts_of_one_name(muster, repo):
    rpc = muster.rpc()
    for i in range(2):
        rpc.send({"jsonrpc": "2.0", "id": f"r{i}", "method": "session.start",
                  "params": {"repo": str(repo), "command": ["true"], "name": "same"}})
    replies = []
    while len(replies) < 2:
        message = rpc.read()
        if str(message.get("id", "")).startswith("r"):
            replies.append(message)
    assert sorted("error" in r for r in replies) == [False, True]


def foreign(text):
    """What a terminal would act on, or what would turn the order of what a person reads."""
    return [c for c in text if (ord(c) < 32 and c not in "\t\r\n") or 127 <= ord(c) < 160 or ord(c) in range(0x202A, 0x202F)]


def test_hostile_output_is_shown_inert(muster, tmp_path):
    rpc = muster.rpc()
    hostile = r"printf '\033]0;\033[31mtitle\007\033]52;c;AAAA\007\377\376 \033[2J \302\233 31m \342\200\256done'; exec sleep 1000"
    start(rpc, tmp_path, "sh", "-c", hostile, name="evil")
    wait(rpc, "evil", "working", "unknown", "quiet")
    for args in (("ls",), ("show", "evil"), ("show", "evil", "--screen", "30"), ("ls", "--json")):
        out = muster.run(*args).stdout
        assert not foreign(out)
        if "--json" in args:
            json.loads(out)


def test_hostile_words_are_shown_inert(muster, repo, tmp_path):
    """In all that an agent may name: reports, questions, options, commits, files, jobs, and the summary of its work."""
    script = tmp_path / "evil.sh"
    script.write_text(r"""
bad=$(printf '\033]0;pwn\007\033[31m\377\376\302\233 31m\342\200\256')
"$MUSTER_BIN" report "report $bad" --percent 10
printf '%s\n' "text $bad" > "src/file$bad.txt"
git add -A; git commit -qm "commit $bad"
printf 'more %s' "$bad" > "src/more$bad"
"$MUSTER_BIN" job start --name job -- sh -c "printf '%s\n' \"job $bad\"; exec sleep 1000"
"$MUSTER_BIN" job start -- sh -c 'exec sleep 1001' "$bad"
"$MUSTER_BIN" ask --no-wait "title $bad" --option "option $bad" --option other --context "context $bad" --assume "assumption $bad"
"$MUSTER_BIN" "done" "summary $bad"
printf 'the end %s' "$bad"
exec sleep 1000
""")
    rpc = muster.rpc()
    rpc.call("events.subscribe", after=0)
    start(rpc, repo, "sh", str(script), worktree=True, name="evil")
    assert wait(rpc, "evil", "done", "failed")["state"] == "done"
    (question,) = [i for i in rpc.call("docket.list")["items"] if i["kind"] == "question"]
    shown = ""
    for args in (
        ("ls",), ("show", "evil"), ("show", "evil", "--screen", "30"), ("docket",), ("review", "evil"), ("job", "ls", "evil"), ("job", "logs", "evil", "job"),
    ):
        out = muster.run(*args).stdout
        assert not foreign(out), args
        shown += out
        # On a terminal JSON is as harmless, and says the same as anywhere.
        if args[:2] != ("job", "logs"):
            terminal = pexpect.spawn(str(BUILD / "src" / "muster"), [*args, "--json"], env=muster.env, timeout=WAIT_S, encoding="utf-8", cwd=str(repo))
            terminal.expect(pexpect.EOF)
            terminal.close()
            assert terminal.exitstatus == 0 and not foreign(terminal.before), args
            assert json.loads(terminal.before).keys() == muster.json(*args).keys()
    for word in ("report", "file", "commit", "more", "job", "title", "option", "context", "assumption", "summary", "the end", "text"):
        assert word in shown
    assert muster.run("answer", question["id"], "1").returncode == 0
    muster.run("stop", "evil", "--jobs")


def test_doctor_repairs_what_was_broken(muster, repo):
    rpc = muster.rpc()
    s = start(rpc, repo, "sh", "-c", "echo mine > src/new.txt", worktree=True, name="broken")
    s = wait(rpc, "broken", "done", "failed")
    work = pathlib.Path(s["workspace"])
    (work / ".git").write_text("gitdir: /nowhere\n")
    found = muster.run("doctor", check=False)
    assert str(work) in found.stdout
    muster.run("doctor", "--fix", check=False)
    assert muster.git("status", "--porcelain", cwd=work) == "?? src/new.txt"
    assert str(work) not in muster.run("doctor", check=False).stdout


def test_doctor_says_what_it_could_not_repair(muster, repo):
    rpc = muster.rpc()
    start(rpc, repo, "sh", "-c", "echo mine > src/new.txt", worktree=True, name="broken")
    s = wait(rpc, "broken", "done", "failed")
    git_dir = muster.git("rev-parse", "--absolute-git-dir", cwd=s["workspace"])
    assert str(repo) in git_dir
    shutil.rmtree(git_dir)
    muster.git("update-ref", "-d", "refs/heads/muster/broken", cwd=repo)
    fixed = muster.run("doctor", "--fix", check=False)
    assert fixed.returncode == 1
    lines = [line for line in fixed.stdout.splitlines() if "not repaired" in line]
    assert lines and all(line.startswith("wrong") for line in lines)
    assert any("its branch is gone too" in line for line in lines)


def test_a_session_that_the_database_does_not_know(muster, tmp_path):
    """The database was moved away under a running session, as the message about a damaged one says: doctor names it."""
    rpc = muster.rpc()
    ready = fifo(tmp_path / "ready")
    start(rpc, tmp_path, "sh", "-c", f"echo $$ > {ready}; exec sleep 1000", name="stranger")
    agent = int(read_fifo(ready))
    wait(rpc, "stranger", "working", "quiet")
    assert muster.run("doctor", check=False).returncode == 0
    hold = rpc.call("session.get", session="stranger")["hold"]["pid"]
    rpc.call("daemon.stop")
    muster.daemons.pop().wait(WAIT_S)
    (muster.home / "state" / "muster.db").rename(tmp_path / "away.db")
    found = muster.run("doctor", check=False)
    assert found.returncode == 1 and f"is not in the database; `kill {hold}` ends it" in found.stdout
    os.kill(hold, signal.SIGTERM)
    gone(agent)
    gone(hold)
    assert muster.run("doctor", check=False).returncode == 0


def test_many_at_once_in_one_repository(muster, repo):
    """Started at once, removed at once: git itself loses most of such adds, and nobody trips over another's removal."""
    rpc = muster.rpc()
    names = [f"w{i}" for i in range(16)]

    def all_of(method, **params):
        for name in names:
            rpc.send({"jsonrpc": "2.0", "id": name, "method": method, "params": {k: v(name) for k, v in params.items()}})
        replies = {}
        while len(replies) < len(names):
            message = rpc.read()
            if message.get("id") in names:
                replies[message["id"]] = message
        return [r["error"]["message"] for r in replies.values() if "error" in r]

    assert all_of("session.start", repo=lambda n: str(repo), name=lambda n: n, command=lambda n: ["sh", "-c", f"echo {n} > src/{n}"]) == []
    assert all_of("session.wait", session=lambda n: n, until=lambda n: "done,failed") == []
    assert {s["state"] for s in rpc.call("session.list")["sessions"]} == {"done"}
    assert all_of("session.remove", session=lambda n: n) == []
    assert rpc.call("session.list")["sessions"] == []
    assert len(muster.git("worktree", "list", cwd=repo).splitlines()) == 1
    assert muster.git("branch", "--format=%(refname:short)", cwd=repo) == "main"
    for name in names:
        rpc.call("session.restore", session=name)
        assert (pathlib.Path(rpc.call("session.get", session=name)["workspace"]) / "src" / name).read_text() == name + "\n"


@pytest.mark.parametrize(
    "text,says",
    [
        ("gate: [a, b\n", "2:1: flow sequence without a closing bracket"),
        ("gate:\n\t- x\n", "2:1: tab character may not be used as indentation"),
        ("gate: {a: b}\n", "1:7: gate must be a list of texts"),
        ("agent: shell\nland: fast\n", "2:7: land must be merge, squash or rebase"),
        ("- x\n", "1:1: a configuration is a map of keys"),
        ("gate: [x]\n--- y\n", "2:1: only one document is expected"),
        ("gate: \xff\n", "1:7: this is no UTF-8 text"),
    ],
)
def test_a_bad_configuration_is_named_by_line_and_column(muster, repo, text, says):
    path = repo / ".muster" / "config.yaml"
    path.write_bytes(text.encode("latin-1"))
    code, line = refused_start(muster, repo)
    assert (code, line) == (2, f"muster: {path}:{says}\n")
    task = repo / "task.md"
    task.write_text("---\nname: x\nscope: [a\n---\nDo it.\n")
    done = muster.run("start", "-t", task, cwd=repo, check=False)
    assert (done.returncode, done.stderr) == (2, f"muster: {task}:4:1: flow sequence without a closing bracket\n")
    task.write_bytes(b"Do it,\nand \xff\n")
    done = muster.run("start", "-t", task, cwd=repo, check=False)
    assert (done.returncode, done.stderr) == (2, f"muster: {task}:2:5: this is no UTF-8 text\n")
    assert muster.rpc().call("session.list")["sessions"] == []


def test_a_configuration_that_is_no_file(muster, repo):
    """A pipe that nobody writes into would keep a thread of musterd waiting for good."""
    path = repo / ".muster" / "config.yaml"
    path.unlink()
    os.mkfifo(path)
    code, line = refused_start(muster, repo)
    assert (code, line) == (2, f"muster: cannot read {path}: it is no regular file\n")


def test_a_mistyped_key_is_named(muster, repo):
    (repo / ".muster" / "config.yaml").write_text("gaet: [./check.sh]\n")
    done = muster.run("start", "--name", "typo", "--", "true", cwd=repo)
    assert "config.yaml:1:1: unknown key gaet; did you mean gate?" in done.stderr
