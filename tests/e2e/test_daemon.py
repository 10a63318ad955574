"""musterd itself: who may run, what it survives, and what garbage does to it."""

import json
import os
import pathlib
import select
import signal
import socket
import sqlite3
import subprocess
import time

import pytest
from disk import run_on_disk
from house import BUILD, WAIT_S, Rpc, RpcError, command_line, processes_of

MUSTERD = BUILD / "src" / "musterd"


def musterd(muster, *args):
    """Runs musterd to its end: (exit code, what it complained about)."""
    done = subprocess.run([MUSTERD, *args], env=muster.env, cwd="/", capture_output=True, text=True, timeout=WAIT_S)
    return done.returncode, done.stderr


def refused(muster):
    """Starts a musterd that must not come up, and returns its one line."""
    code, complaint = musterd(muster, "--foreground")
    assert code != 0
    assert complaint.startswith("musterd: ") and complaint.count("\n") == 1, complaint
    return code, complaint


def database(muster):
    return muster.home / "state" / "muster.db"


def stop(muster):
    muster.rpc().call("daemon.stop")
    if muster.daemons:
        assert muster.daemons.pop().wait(WAIT_S) == 0


def test_usage(muster):
    assert musterd(muster, "--version")[0] == 0
    assert musterd(muster, "--help")[0] == 0
    assert musterd(muster, "--what")[0] == 2
    assert musterd(muster, "--ready-fd", "x")[0] == 2
    assert musterd(muster, "word")[0] == 2


def test_files_are_private(muster):
    muster.start_daemon()
    home = muster.home
    for path in (home / "run" / "musterd.sock", home / "state" / "muster.db", home / "state" / "muster.db-wal", home / "state" / "musterd.log"):
        assert path.stat().st_mode & 0o777 == 0o600, path
    for path in (home / "run", home / "state"):
        assert path.stat().st_mode & 0o777 == 0o700, path


def test_goes_to_the_background(muster):
    done = subprocess.run([MUSTERD], env=muster.env, cwd="/", capture_output=True, timeout=WAIT_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    pid = muster.daemon_pid()
    assert os.getsid(pid) != os.getsid(0)
    assert os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"
    stop(muster)


def test_a_second_one_is_refused(muster):
    muster.start_daemon()
    pid = muster.daemon_pid()
    for args in ((), ("--foreground",)):
        code, complaint = musterd(muster, *args)
        assert code == 3
        assert complaint == f"musterd: musterd is running already (pid {pid})\n"
    assert muster.daemon_pid() == pid


def test_who_only_wants_one_gets_one(muster):
    """Ten started at once: all report that requests are served, one serves them."""
    starts = []
    for _ in range(10):
        ready, theirs = os.pipe()
        starts.append((ready, subprocess.Popen([MUSTERD, "--foreground", "--ready-fd", str(theirs)], env=muster.env, pass_fds=[theirs])))
        os.close(theirs)
    muster.daemons += [p for _, p in starts]
    for ready, _ in starts:
        with os.fdopen(ready) as f:
            assert f.read() == "ok\n"
    pid = muster.daemon_pid()
    for _, process in starts:
        if process.pid != pid:
            assert process.wait(WAIT_S) == 0
    muster.daemons = [p for _, p in starts if p.pid == pid]


def test_a_stale_socket_is_replaced(muster):
    muster.start_daemon()
    muster.kill_daemon()
    assert (muster.home / "run" / "musterd.sock").exists()
    muster.start_daemon()
    assert muster.rpc().call("daemon.status")["sessions"] == 0
    stop(muster)
    assert not (muster.home / "run" / "musterd.sock").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_well(muster, number):
    muster.start_daemon()
    muster.daemons[0].send_signal(number)
    assert muster.daemons[0].wait(WAIT_S) == 0
    with sqlite3.connect(database(muster)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_kill_loses_nothing_that_was_said(muster):
    muster.start_daemon()
    before = muster.rpc().call("events.list")["events"]
    muster.kill_daemon()
    muster.start_daemon()
    after = muster.rpc().call("events.list")["events"]
    assert after[: len(before)] == before
    assert [e["kind"] for e in after[len(before) :]] == ["daemon.started"]


def test_restart_keeps_answering(muster):
    """Clients that come while it replaces itself wait; none is turned away."""
    muster.start_daemon()
    pid = muster.daemon_pid()
    for _ in range(10):
        before = muster.rpc().call("daemon.status")["started_ms"]
        client = muster.rpc()
        client.call("daemon.restart")
        now = Rpc(str(muster.home / "run" / "musterd.sock"))
        status = now.call("daemon.status")
        now.close()
        assert status["pid"] == pid
        assert status["started_ms"] > before
        with pytest.raises(EOFError):
            client.read()
    assert muster.daemons[0].poll() is None


@pytest.mark.parametrize("how", ["quick", "slow"])
def test_restart_while_a_workspace_is_made(muster, repo, tmp_path, how):
    """Quick set-up commands are waited for. Slow ones are ended, and done again by the successor."""
    first = tmp_path / "first"
    wait = "sleep 1" if how == "quick" else f"if mkdir {first}; then exec sleep 1000; fi"
    (repo / ".muster" / "config.yaml").write_text(f"worktree:\n  setup:\n    - {wait}\n    - echo made > made.txt\n")
    muster.start_daemon()
    client = muster.rpc()
    client.call("events.subscribe", after=0)
    client.call("session.start", repo=str(repo), name="one", command=["sh", "-c", "cat made.txt; exec sleep 1000"])
    client.wait_event("session.preparing")
    if how == "slow":
        end = time.monotonic() + WAIT_S
        while not first.exists() and time.monotonic() < end:
            time.sleep(0.01)
    client.call("daemon.restart")
    client = muster.rpc()
    client.call("events.subscribe", after=0)
    client.wait_event("session.live")
    assert muster.daemons[0].poll() is None
    workspace = client.call("session.get", session="one")["workspace"]
    assert (pathlib.Path(workspace) / "made.txt").read_text() == "made\n"
    if how == "slow":
        agent = client.call("session.get", session="one")["pid"]
        assert [p for p in processes_of(muster.home) if command_line(p) == "sleep 1000" and p != agent] == []


def test_damaged_database(muster):
    muster.start_daemon()
    stop(muster)
    good = database(muster).read_bytes()
    database(muster).write_bytes(b"this is not a database at all, it is a letter" * 100)
    code, complaint = refused(muster)
    assert code == 1 and "is damaged" in complaint and "restore" in complaint
    database(muster).write_bytes(good[: len(good) // 2])
    assert "is damaged" in refused(muster)[1]
    database(muster).write_bytes(good)
    muster.start_daemon()


def test_newer_database(muster):
    muster.start_daemon()
    stop(muster)
    with sqlite3.connect(database(muster)) as db:
        db.execute("PRAGMA user_version = 4711")
    code, complaint = refused(muster)
    assert code == 1 and "written by a newer muster" in complaint
    with sqlite3.connect(database(muster)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (4711,)


def test_a_folder_in_the_way(muster):
    (muster.home / "state").mkdir(parents=True)
    database(muster).mkdir()
    assert "muster.db" in refused(muster)[1]


def test_a_store_of_an_older_muster(muster, tmp_path):
    """Version 1 of the schema, with an item in it, is brought up to date."""
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    rpc.call("session.start", repo=str(tmp_path), name="one", worktree=False, command=["sh", "-c", '"$MUSTER_BIN" ask "Go on?"'])
    rpc.wait_event("item.opened")
    muster.kill_daemon()
    with sqlite3.connect(muster.home / "state" / "muster.db") as store:
        store.executescript(
            "DROP TABLE reliance; DROP TABLE decision; ALTER TABLE session DROP COLUMN preface;"
            "ALTER TABLE session DROP COLUMN recap; ALTER TABLE session DROP COLUMN looked_ms;"
            "ALTER TABLE session DROP COLUMN looked_event; ALTER TABLE session DROP COLUMN looked_oid;"
            " ALTER TABLE item DROP COLUMN noticed_ms; DROP INDEX item_topic; ALTER TABLE item DROP COLUMN topic;"
            "PRAGMA user_version=1;")
    store.close()
    rpc = muster.rpc()
    (item,) = rpc.call("docket.list")["items"]
    assert item["title"] == "Go on?" and item["same"] == []
    rpc.call("docket.answer", item=item["id"], text="yes")
    assert rpc.call("session.wait", session="one", until="done,failed", timeout_ms=WAIT_S * 1000)["state"] == "done"


def faketime(muster, tmp_path):
    """From now on the wall clock of this muster's daemon is what the returned function says (mount's words for libfaketime)."""
    found = [p for p in pathlib.Path("/usr/lib").rglob("libfaketimeMT.so.1") if p.is_file()]
    if not found:
        pytest.skip("faketime is not installed: clock jumps are NOT tested")
    clock = tmp_path / "clock"
    muster.env.update(LD_PRELOAD=str(found[0]), FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")

    def jump(offset):
        new = tmp_path / "clock.new"
        new.write_text(offset + "\n")
        new.rename(clock)

    jump("+0")
    return jump


@pytest.mark.parametrize("offset", ["-400d", "+4000d"])
def test_the_clock_jumps(muster, repo, tmp_path, offset):
    """Order is that of the numbers, and time limits are of a clock that does not jump."""
    jump = faketime(muster, tmp_path)
    go = tmp_path / "go"
    os.mkfifo(go)
    (repo / ".muster" / "config.yaml").write_text(f"gate: ['read x < {go}']\ngate-timeout: 600\n")
    muster.git("commit", "-qam", "gate", cwd=repo)
    rpc = muster.rpc()
    rpc.call("events.subscribe", after=0)
    ask = '"$MUSTER_BIN" ask "%s?" --option yes --option no --json >> answers; '
    script = ask % "First" + ask % "Second" + "git add -A; git commit -qm answers"
    rpc.call("session.start", repo=str(repo), name="one", command=["sh", "-c", script])
    rpc.wait_event("item.opened")
    now = rpc.call("daemon.status")["started_ms"]
    jump(offset)
    (item,) = rpc.call("docket.list")["items"]
    rpc.call("docket.answer", item=item["id"], option="yes")
    while not (items := rpc.call("docket.list")["items"]):
        rpc.wait_event("item.opened")
    assert [i["title"] for i in items] == ["Second?"]
    assert abs(items[0]["opened_ms"] - now) > 300 * 86400 * 1000, "the clock did not jump"
    assert muster.json("ls")["sessions"][0]["state"] == "blocked"
    # The next musterd finds what was said before and after the jump.
    muster.kill_daemon()
    rpc = muster.rpc()
    (item,) = rpc.call("docket.list")["items"]
    waiting = muster.rpc()
    waiting.send({"jsonrpc": "2.0", "id": "w", "method": "session.wait", "params": {"session": "one", "until": "done", "timeout_ms": WAIT_S * 1000}})
    jump("+0")
    rpc.call("docket.answer", item=item["id"], option="no")
    done = waiting.read()["result"]
    answers = (pathlib.Path(done["workspace"]) / "answers").read_text()
    assert answers.index("yes") < answers.index("no")
    # A limit of ten minutes is not over when the clock says that days have passed.
    rpc.call("review.approve", session="one")
    rpc.call("events.subscribe")
    landing = rpc.call("land.enqueue", sessions=["one"])["landings"][0]
    with open(go, "w") as gate:  # opens when the gate has
        jump(offset)
        gate.write("\n")
    landing = rpc.call("land.wait", landing=landing["id"])
    assert landing["state"] == "landed", landing
    events = rpc.call("events.list", limit=1000)["events"]
    assert [e["id"] for e in events] == sorted(e["id"] for e in events)
    assert [e["kind"] for e in events if e["kind"].startswith("item.")].count("item.opened") == 3  # two questions, one review
    rpc.call("session.remove", session="one")
    rpc.call("undo")
    assert (pathlib.Path(done["workspace"]) / "answers").read_text() == answers


def test_full_disk(muster, repo):
    home = muster.home.parent / "full"
    run_on_disk("1m", home / "state", home, pathlib.Path(__file__).with_name("daemon_full_disk.py"), home, repo)


def raw(muster):
    client = muster.rpc()
    return client.sock, client


def test_garbage_on_the_socket(muster):
    muster.start_daemon()
    sock, client = raw(muster)
    sock.sendall(b"GET / HTTP/1.1\r\n\x00\xff\n[[[[\n" + b"[" * 100000 + b"\n")
    for _ in range(4):
        assert client.read()["error"]["code"] == -32700
    sock.sendall(b'{"jsonrpc":"2.0","id":1e999,"method":"daemon.status"}\n')
    assert client.read()["error"]["code"] == -32700
    sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"daemon.stauts"}\n')
    assert client.read()["error"] == {"code": -32601, "message": "there is no method daemon.stauts; did you mean daemon.status?"}
    with pytest.raises(RpcError) as e:
        client.call("session.get", sesion="x")
    assert e.value.code == 2 and "did you mean session?" in e.value.message
    assert client.call("daemon.status")


def test_half_lines(muster):
    muster.start_daemon()
    pieces = []
    for _ in range(20):
        sock, client = raw(muster)
        sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"daemon.st')
        pieces.append((sock, client))
    for sock, client in pieces[:10]:
        sock.close()
    for sock, client in pieces[10:]:
        sock.sendall(b'atus"}\n')
        assert client.read()["result"]["sessions"] == 0


def test_a_line_of_5_mib(muster):
    muster.start_daemon()
    sock, client = raw(muster)
    sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * (5 << 20) + b'"}\n')
    error = client.read()["error"]
    assert error["code"] == -32600 and "4 MiB" in error["message"]
    assert client.call("daemon.status")


def test_events_are_pushed_and_replayed(muster):
    muster.start_daemon()
    muster.rpc().call("daemon.restart")
    client = muster.rpc()
    client.send({"jsonrpc": "2.0", "id": 1, "method": "events.subscribe", "params": {"after": 1, "kinds": ["daemon."]}})
    last = client.read()["result"]["last"]
    assert last == 2
    assert client.read()["params"]["id"] == 2


def test_a_client_that_does_not_read_stops_nobody(muster):
    muster.start_daemon()
    sock, _ = raw(muster)
    sock.setblocking(False)
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "events.list"}).encode() + b"\n"
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and select.select([], [sock], [], 0.2)[1]:
        try:
            sock.send(line * 1000)
        except BlockingIOError:
            break
    start = time.monotonic()
    for _ in range(100):
        muster.rpc().call("daemon.status")
    assert time.monotonic() - start < WAIT_S / 2
    rss = int(next(x for x in open(f"/proc/{muster.daemon_pid()}/status") if x.startswith("VmRSS")).split()[1])
    assert rss < 300_000  # KiB; most of it is what a sanitizer keeps


def test_too_many_connections(muster):
    muster.start_daemon()
    path = str(muster.home / "run" / "musterd.sock")
    clients = [Rpc(path) for _ in range(300)]
    answers = []
    for client in clients:
        try:
            client.call("daemon.status")
            answers.append("ok")
        except (EOFError, BrokenPipeError, ConnectionResetError):
            answers.append("refused")
    for client in clients:
        client.close()
    assert answers.count("ok") == 256 and answers.count("refused") == 44
    assert muster.rpc().call("daemon.status")


def test_another_user_is_not_served(muster):
    if os.geteuid() != 0:
        pytest.skip("needs root to be somebody else")
    muster.start_daemon()
    path = muster.home / "run" / "musterd.sock"
    client = socket.socket(socket.AF_UNIX)
    folder = os.open(path.parent, os.O_RDONLY)
    child = os.fork()
    if child == 0:
        # Even with a way to the socket, the peer's uid is what counts.
        os.chmod(path, 0o666)
        os.setuid(65534)
        try:
            client.connect(f"/proc/self/fd/{folder}/musterd.sock")
            client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"daemon.status"}\n')
            os._exit(0 if client.recv(100) == b"" else 1)
        except OSError:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(folder)
