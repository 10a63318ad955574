"""muster-hold by itself: sessions that outlive their clients, and nothing that outlives a session."""

import errno
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from conftest import BUILD, WAIT_S, end_processes, processes_of
from disk import run_on_disk
from holdclient import PIPE, PTY, Client, Holder, Refused, connect, text

pytestmark = pytest.mark.sanitize
HOLD = os.environ.get("MUSTER_HOLD", BUILD / "src" / "muster-hold")


@pytest.fixture
def holder(tmp_path):
    h = Holder(HOLD, tmp_path / "home")
    # The session's processes are found by this, whatever becomes of them.
    os.environ["MUSTER_HOME"] = h.home
    code, said = h.start()
    assert code == 0, said
    yield h
    del os.environ["MUSTER_HOME"]
    end_processes(h.home)


@pytest.fixture
def client(holder):
    c = holder.client()
    c.follow()
    yield c
    c.close()


def env(holder, **more):
    return dict(PATH=os.environ["PATH"], TERM="xterm-256color", MUSTER_HOME=holder.home, **more)


def sh(client, holder, script, **how):
    client.spawn(["sh", "-c", script], env=env(holder), **how)


def eventually(condition):
    """For what nobody announces: the death of processes that are not ours."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def agent_alone(holder):
    """The pids of the home's processes without the holder and its watcher, which were started with its environment too."""
    return [p for p in processes_of(holder.home) if not open(f"/proc/{p}/comm").read().startswith("muster-hold")]


# --- the agent's terminal ---------------------------------------------------------------------------------------


def test_holder_is_named(holder):
    with open(f"{holder.folder}/hold.pid") as f:
        pid, started = f.read().split()
    with open(f"/proc/{pid}/stat") as f:
        assert f.read().rpartition(")")[2].split()[19] == started
    assert holder.client().welcome["pid"] == int(pid)


def test_echo_and_exit(client, holder):
    sh(client, holder, "read line; echo got:$line; exit 7")
    client.input("x\n")
    generation, status, last_words = client.event("EXITED")
    assert (generation, os.waitstatus_to_exitcode(status)) == (1, 7)
    assert b"got:x" in client.output and "got:x" in last_words


def test_output_is_exact_and_resumes_from_an_offset(client, holder):
    client.spawn([sys.executable, "-c", "import sys; sys.stdout.write(''.join(f'{i:07d}' for i in range(200000)))"])
    client.event("EXITED")
    client.wait(lambda: len(client.output) >= 1400000)
    assert client.output == b"".join(b"%07d" % i for i in range(200000))
    again = holder.client()
    again.follow_output(700000)
    again.wait(lambda: len(again.output) >= 700000)
    assert again.output == client.output[700000:] and not again.gaps
    again.close()


def test_client_killed_in_mid_stream(client, holder):
    script = "import sys,time\nfor i in range(300000): sys.stdout.write(f'{i:07d}')\nsys.stdout.flush(); time.sleep(999)"
    client.spawn([sys.executable, "-c", script], env=env(holder))
    client.wait(lambda: len(client.output) > 100000)
    seen = bytes(client.output)
    client.sock.close()
    again = holder.client()
    again.follow_output(len(seen))
    again.wait(lambda: len(seen) + len(again.output) >= 2100000)
    assert seen + again.output == b"".join(b"%07d" % i for i in range(300000))
    again.close()


def test_spawn_is_idempotent(client, holder):
    sh(client, holder, "sleep 1000", generation=2)
    pid = client.event("SPAWNED")[1]
    sh(client, holder, "echo never", generation=2)
    with pytest.raises(Refused) as refused:
        sh(client, holder, "echo never", generation=3)
    assert "busy" in str(refused.value)
    with pytest.raises(Refused):
        sh(client, holder, "echo never", generation=1)
    assert alive(pid) and holder.client().welcome["generation"] == 2


def test_program_that_cannot_run(client, holder):
    with pytest.raises(Refused) as refused:
        client.spawn(["/no/such/program"])
    assert "No such file" in str(refused.value)
    assert client.event("SPAWN_FAILED")[2] == "run the program"
    with pytest.raises(Refused):
        client.spawn(["true"], generation=2, cwd="/no/such/folder")
    assert client.event("SPAWN_FAILED")[2] == "enter its folder"
    with pytest.raises(Refused) as refused:
        client.input("x")
    assert "No such process" in str(refused.value)


def test_environment_is_only_what_was_given(client):
    client.spawn(["env"], env={"PATH": os.environ["PATH"], "ONLY": "this"})
    client.event("EXITED")
    assert client.output.decode().split() == [f"PATH={os.environ['PATH']}", "ONLY=this"]


def test_no_descriptor_leaks_into_the_agent(client):
    client.spawn(["sh", "-c", "ls -l /proc/self/fd | wc -l"])
    client.event("EXITED")
    assert client.output.split() == [b"5"]  # the total, 0 to 2, and the folder that ls reads


def test_smallest_window_wins(client, holder):
    sh(client, holder, "trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done")
    client.wait(lambda: b"24 80" in client.output)
    a, b = holder.client(role=2), holder.client(role=2)
    a.attach(120, 50)
    client.wait(lambda: b"50 120" in client.output)
    b.attach(100, 60)
    client.wait(lambda: b"50 100" in client.output)
    assert client.size == (100, 50)
    b.close()
    client.wait(lambda: client.output.count(b"50 120") == 2)
    a.close()
    sh(client, holder, "", generation=1)  # a full round
    assert holder.client().welcome["cols"] == 120


def test_pause_and_resume(client, holder):
    sh(client, holder, "sleep 1000 & setsid sleep 1000 & i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done")
    client.wait(lambda: b"3" in client.output)
    client.request("PAUSE")
    assert client.event("MOVED") == (1,)
    states = [open(f"/proc/{p}/stat").read().rpartition(")")[2].split()[0] for p in agent_alone(holder)]
    assert states and set(states) <= {"T", "D"}  # D: in vfork, with a child that is stopped
    with pytest.raises(Refused):
        client.job_start("j", ["true"])
    client.request("RESUME")
    assert client.event("MOVED") == (0,)
    seen = len(client.output)
    client.wait(lambda: len(client.output) > seen)


def test_agent_on_pipes(client, holder):
    sh(client, holder, "read a; echo \"[$a]\"; echo oops >&2; cat; echo end", io=PIPE)
    client.input('{"type":"x"}\n')
    client.input("more\n")
    client.request("CLOSE_STDIN")
    words = client.event("EXITED")[2]
    client.wait(lambda: b"end" in client.output)
    assert client.output == b'[{"type":"x"}]\nmore\nend\n' and words == "oops"


def test_input_at_an_offset_arrives_once(client, holder):
    """What is sent again after a doubt is dropped as far as the agent had it; what would leave a gap is refused."""
    sh(client, holder, "cat", io=PIPE)

    def give(offset, data, generation=1):
        client.request("INPUT_AT", struct.pack("<IQ", generation, offset) + text(data))

    give(0, "one\n")
    give(0, "one\n")
    give(2, "e\ntwo\n")
    for offset, generation, error in ((9, 1, errno.EINVAL), (8, 2, errno.ESTALE)):
        with pytest.raises(Refused) as refused:
            give(offset, "late\n", generation)
        assert refused.value.errno == error
    give(8, "three\n")
    client.wait(lambda: b"three" in client.output)
    assert client.output == b"one\ntwo\nthree\n"
    with pytest.raises(Refused):
        client.spawn(["cat"], generation=2, io=PIPE, env=env(holder))
    client.request("CLOSE_STDIN")
    client.event("EXITED")
    sh(client, holder, "cat", io=PTY, generation=2)
    with pytest.raises(Refused):
        give(0, "a terminal has no such input", 2)


def test_a_new_agent_on_pipes_begins_a_line_of_its_own(client, holder):
    sh(client, holder, "printf 'half a line'", io=PIPE)
    client.event("EXITED")
    sh(client, holder, "echo whole", io=PIPE, generation=2)
    client.wait(lambda: b"whole" in client.output)
    client.event("EXITED")
    sh(client, holder, "printf 'half again'", io=PIPE, generation=3)
    client.event("EXITED")
    client.taken(client.welcome["last_event"] + 100)
    client.request("RELEASE")
    eventually(lambda: not os.path.exists(holder.socket))
    assert holder.start()[0] == 0
    later = holder.client()
    later.follow()
    sh(later, holder, "echo of another holder", io=PIPE, generation=4)
    later.wait(lambda: b"another" in later.output)
    assert later.output == b"half a line\nwhole\nhalf again\nof another holder\n"
    later.close()


# --- what outlives what ------------------------------------------------------------------------------------------


def test_agent_does_not_outlive_a_killed_holder(client, holder):
    sh(client, holder, "sleep 1000 & setsid sleep 1000 & (setsid sh -c 'setsid sleep 1000 & sleep 1000' &) ; echo up; wait")
    client.wait(lambda: b"up" in client.output)
    client.job_start("job", ["sh", "-c", "sleep 1000 & sleep 1000"])
    os.kill(holder.pid, signal.SIGKILL)
    eventually(lambda: not processes_of(holder.home))


def test_journal_survives_a_killed_holder(client, holder):
    sh(client, holder, "sleep 1000")
    mail = holder.mail()
    mail.send('{"ask":"me"}')
    number = int(mail.read()[1:])
    os.kill(holder.pid, signal.SIGKILL)
    eventually(lambda: not processes_of(holder.home))
    assert holder.start()[0] == 0
    again = holder.client()
    assert again.welcome["generation"] == 0
    again.follow_events()
    again.wait(lambda: len([e for e in again.events if e.kind == "BEGAN"]) == 2)
    assert [e.number for e in again.events] == list(range(1, len(again.events) + 1))
    assert (number, '{"ask":"me"}') in [e.payload for e in again.events if e.kind == "REQUEST"]
    # The output goes on where it ended, and the same session runs again.
    again.follow_output(again.welcome["output_end"])
    again.spawn(["echo", "second life"], generation=2)
    again.wait(lambda: b"second life" in again.output)
    again.close()


def test_everything_is_journaled_without_a_client(holder):
    c = holder.client()
    c.spawn(["sh", "-c", "echo done; exit 3"])
    c.close()
    mail = holder.mail()
    mail.send("{}")
    assert mail.read().startswith("+")
    mail.close()
    late = holder.client()
    late.follow()
    assert os.waitstatus_to_exitcode(late.event("EXITED")[1]) == 3
    late.event("REQUEST_GONE")
    late.wait(lambda: b"done" in late.output)
    late.close()


def test_escapes_end_with_the_session(client, holder):
    sh(client, holder, "trap '' HUP TERM; (setsid sh -c 'trap \"\" HUP TERM; (setsid sleep 1000 &) ; sleep 1000' &); "
                       "nohup setsid sleep 1000 >/dev/null & echo up; while :; do sleep 1; done")
    client.wait(lambda: b"up" in client.output)
    client.stop(jobs=True, grace_ms=100)
    assert not agent_alone(holder)
    client.event("EXITED")


def test_fork_storm_ends(client, holder):
    sh(client, holder, "storm() { while :; do (setsid sh -c 'sleep 0.01; sleep 5' &); sleep 0.002; done; }; storm & storm & echo up; wait")
    client.wait(lambda: b"up" in client.output)
    client.stop(jobs=True, grace_ms=50)
    assert not agent_alone(holder)


def test_jobs_outlive_the_agent(client, holder):
    sh(client, holder, "setsid sleep 1001 & sleep 1002 & (nohup sleep 1003 >/dev/null 2>&1 &) ; echo up; wait")
    client.wait(lambda: b"up" in client.output)
    eventually(lambda: sorted(j.command for j in client.jobs()) == ["sleep 1001", "sleep 1003"])
    client.job_start("web", ["sh", "-c", "echo listening; sleep 1004"])
    client.stop()
    client.event("EXITED")
    jobs = client.jobs()
    assert sorted(j.command for j in jobs) == ["sh -c echo listening; sleep 1004", "sleep 1001", "sleep 1003"]
    assert [(j.name, j.state) for j in jobs if j.name] == [("web", 1)]
    eventually(lambda: open(f"{holder.folder}/jobs/web.log").read() == "listening\n")
    sh(client, holder, "echo fresh", generation=2)
    client.wait(lambda: b"fresh" in client.output)
    assert len(client.jobs()) == 3
    client.job_stop("web")
    assert client.event("JOB_EXITED")[0] == "web"
    for job in client.jobs():
        if job.state == 3:
            client.job_stop(str(job.pid))
    assert [j.name for j in client.jobs()] == ["web"] and not agent_alone(holder)


def test_background_process_keeps_its_terminal(client, holder):
    """A job on the old agent's terminal neither gets a hang-up nor blocks when nobody reads it."""
    mark = os.path.join(holder.folder, "mark")
    sh(client, holder, f"(trap '' HUP; read x < /dev/null; sleep 0.2; yes | head -c 300000; echo ok > {mark}) & sleep 0.1; exit 0")
    client.event("EXITED")
    sh(client, holder, "sleep 1000", generation=2)
    eventually(lambda: os.path.exists(mark))


def test_release(client, holder):
    sh(client, holder, "exit 0")
    client.event("EXITED")
    with pytest.raises(Refused) as refused:
        client.request("RELEASE")
    assert "taken" in refused.value.message
    client.taken(client.welcome["last_event"] + 100)
    client.request("RELEASE")
    eventually(lambda: not processes_of(holder.home))
    assert not os.path.exists(holder.socket) and not os.path.exists(holder.mailbox)


def test_second_holder_is_refused(holder):
    code, said = holder.start()
    assert code == 3 and "held by another" in said
    assert holder.client().welcome["pid"] == holder.pid


def test_holder_told_to_end(client, holder):
    sh(client, holder, "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.05; done")
    client.wait(lambda: b"up" in client.output)
    os.kill(holder.pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(client.event("EXITED")[1]) == 5
    eventually(lambda: not processes_of(holder.home))


def test_removed_session_ends(client, holder):
    sh(client, holder, "sleep 1000")
    os.unlink(f"{holder.folder}/hold.pid")
    eventually(lambda: not processes_of(holder.home))


def test_control_descriptor(tmp_path):
    home = tmp_path / "home"
    ours, theirs = socket.socketpair()
    done = subprocess.run([HOLD, "--session", "s2", "--fd", str(theirs.fileno())], pass_fds=[theirs.fileno()],
                          env=dict(os.environ, MUSTER_HOME=str(home)), timeout=WAIT_S)
    theirs.close()
    try:
        assert done.returncode == 0
        c = Client(ours)
        assert c.welcome["generation"] == 0
        os.kill(c.welcome["pid"], signal.SIGKILL)
        with pytest.raises((EOFError, ConnectionResetError)):
            c.step()
    finally:
        end_processes(home)


# --- the agent's mailbox -----------------------------------------------------------------------------------------


def test_mailbox(client, holder):
    mail = holder.mail()
    mail.send('{"a":1}')
    number = int(mail.read()[1:])
    assert client.event("REQUEST") == (number, '{"a":1}')
    reply = struct.pack("<Q", number) + text('{"ok":true}')
    client.request("REPLY", reply)
    assert mail.read() == f'={number} {{"ok":true}}'
    client.request("REPLY", reply)  # musterd may repeat itself
    mail.send('{"b":2}')
    number = int(mail.read()[1:])
    mail.close()
    assert client.event("REQUEST_GONE") == (number,)
    client.request("REPLY", struct.pack("<Q", number) + text("{}"))
    with pytest.raises(Refused):
        client.request("REPLY", struct.pack("<Q", number) + text("{}\n{}"))


def test_mailbox_half_closed(client, holder):
    mail = holder.mail()
    mail.send("{}")
    mail.sock.shutdown(socket.SHUT_WR)
    number = int(mail.read()[1:])
    client.request("REPLY", struct.pack("<Q", number) + text("[]"))
    assert mail.read() == f"={number} []" and mail.read() == ""


def test_mailbox_limits(client, holder):
    mail = holder.mail()
    mail.send(b"x" * (2 << 20) + b"\n{}\n")
    assert mail.read() == "-long" and mail.read().startswith("+")
    for _ in range(1023):
        mail.send("{}")
        assert mail.read().startswith("+")
    mail.send("{}")
    assert mail.read() == "-busy"
    mail.close()
    crowd = [holder.mail() for _ in range(65)]
    assert crowd[64].read() == "-busy"
    for m in crowd:
        m.close()


def test_journal_that_nobody_takes_is_bounded(holder):
    mail = holder.mail()
    line = b"y" * 1000000 + b"\n"
    answers = []
    for _ in range(18):
        mail.send(line)
        answers.append(mail.read())
        if answers[-1] == "-full":
            break
    assert answers[-1] == "-full" and len(answers) > 15
    assert os.path.getsize(f"{holder.folder}/hold.events") < 17 << 20
    c = holder.client()
    c.follow_events()
    c.wait(lambda: len([e for e in c.events if e.kind == "REQUEST"]) == len(answers) - 1)
    c.taken()
    c.post("READ_JOBS")
    c.until("JOBS")
    mail.send("{}")
    assert mail.read().startswith("+")
    assert os.path.getsize(f"{holder.folder}/hold.events") < 1 << 20
    c.close()


# --- bad input ---------------------------------------------------------------------------------------------------


def memory_kib(pid):
    with open(f"/proc/{pid}/maps") as f:
        if "libasan" in f.read():
            return 0  # a sanitizer's own memory says nothing
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def test_garbage(client, holder):
    rng = random.Random(7)
    for i in range(200):
        c = connect(holder.socket if i % 2 else holder.mailbox)
        hello = struct.pack("<IBIHB", 8, 1, 0x4452544D, 1, 1)
        data = (hello if i % 4 == 1 else b"") + rng.randbytes(rng.randrange(1, 3000))
        try:
            c.sendall(data)
            c.setblocking(False)
            c.recv(65536)
        except OSError:
            pass
        c.close()
    sh(client, holder, "echo fine")
    client.wait(lambda: b"fine" in client.output)


def test_random_messages(client, holder):
    """Well-framed nonsense of every type."""
    rng = random.Random(8)
    for i in range(300):
        c = holder.client()
        kind = rng.choice([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 20, 33, 200])
        body = rng.randbytes(rng.randrange(0, 40))
        try:
            c.sock.sendall(struct.pack("<IB", len(body) + 1, kind) + body)
        except OSError:
            pass
        c.close()
    assert client.jobs() == []


def test_client_that_never_reads(client, holder):
    """A viewer and a follower that do not read cost bounded memory and hold up nobody."""
    stuck = [holder.client(role=2) for _ in range(4)]
    for c in stuck:
        c.send("ATTACH", struct.pack("<HH", 80, 24))
        c.follow()
    client.spawn([sys.executable, "-c", "import sys\nfor i in range(40): sys.stdout.write('\\x1b[31mx' * 100000)"])
    client.event("EXITED")
    assert memory_kib(holder.pid) < 20 << 10
    for c in stuck:
        c.close()


def test_slow_viewer_gets_the_screen(client, holder):
    viewer = holder.client(role=2)
    viewer.attach()
    client.spawn([sys.executable, "-c", "print('x' * 5000000, end=''); print('\\r\\nthe end', end='', flush=True); input()"])
    client.wait(lambda: b"the end" in client.output)
    viewer.wait(lambda: b"the end" in (viewer.screens[-1][1] if viewer.screens else b"") + viewer.output[-4000:])
    assert len(viewer.output) < 5000000
    viewer.close()


def test_a_flood_is_shown_as_pictures(client, holder):
    viewer = holder.client(role=2)
    viewer.attach()
    client.spawn([sys.executable, "-c", "import sys\nfor i in range(400000): print('\x1b[32mline', i, '\x1b[m' + 'x' * 60)\n"
                  "print('the end', flush=True)\nfor i, line in enumerate(sys.stdin): print('got', i, flush=True)"])

    def shown(words):
        return words in viewer.output[-4000:] or bool(viewer.screens) and words in viewer.screens[-1][1]

    viewer.wait(lambda: shown(b"the end"))
    assert viewer.screens and len(viewer.output) < 16 << 20  # of 30 MB
    for i in range(1000):  # after the flood every byte comes again
        client.input(b"\n")
        viewer.wait(lambda: shown(b"got %d" % i))
        if b"got %d" % i in viewer.output[-4000:]:
            break
    else:
        raise AssertionError("the flood never ends")
    viewer.close()


def test_huge_line(client, holder):
    client.spawn([sys.executable, "-c", "import sys\nfor i in range(64): sys.stdout.write('x' * (1 << 20))"])
    client.event("EXITED")
    client.wait(lambda: client.output_at >= 64 << 20)
    assert memory_kib(holder.pid) < 30 << 10


def test_log_limit(tmp_path):
    h = Holder(HOLD, tmp_path / "home", args=["--log-limit", "16"])
    os.environ["MUSTER_HOME"] = h.home
    try:
        assert h.start()[0] == 0
        c = h.client()
        c.follow_events()
        c.spawn([sys.executable, "-c", "import sys\nfor i in range(40): sys.stdout.write('x' * (1 << 20))"])
        c.event("EXITED")
        assert c.event("OUTPUT_LOST")[0] == 0
        kept = sum(os.path.getsize(f"{h.folder}/{f}") for f in os.listdir(h.folder) if f.startswith("output.0"))
        assert 8 << 20 < kept <= 24 << 20
        c.follow_output(0)
        c.wait(lambda: c.output_at == 40 << 20)
        assert c.gaps and c.gaps[0][0] == 0 and len(c.output) == kept
        c.close()
    finally:
        del os.environ["MUSTER_HOME"]
        end_processes(h.home)


def test_full_disk(tmp_path):
    home = tmp_path / "home"
    run_on_disk("4m", home, home, pathlib.Path(__file__).with_name("hold_full_disk.py"), HOLD, home)


# --- guard -------------------------------------------------------------------------------------------------------


def guard(*args, **how):
    return subprocess.run([HOLD, "guard", *args], capture_output=True, text=True, timeout=WAIT_S, **how)


def test_guard_passes_through():
    done = guard("--", "sh", "-c", "cat; echo err >&2; exit 9", input="in")
    assert (done.returncode, done.stdout, done.stderr) == (9, "in", "err\n")
    assert guard("sh", "-c", "kill -9 $$").returncode == 137
    assert guard("--", "/no/such").returncode == 127
    assert guard("--", "/etc/passwd").returncode == 126
    assert guard("--timeout", "x", "true").returncode == 2


def test_guard_leaves_nothing(tmp_path):
    mine = dict(os.environ, MUSTER_HOME=str(tmp_path))
    script = "setsid sleep 1000 & (setsid sh -c 'trap \"\" TERM; sleep 1000' >/dev/null 2>&1 &); exit 4"
    assert guard("--", "sh", "-c", script, env=mine).returncode == 4
    assert not processes_of(tmp_path)


def test_guard_timeout(tmp_path):
    mine = dict(os.environ, MUSTER_HOME=str(tmp_path))
    assert guard("--timeout", "1", "--", "sh", "-c", "setsid sleep 1000 & wait", env=mine).returncode == 124
    assert not processes_of(tmp_path)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_guard_ended(tmp_path, how):
    mine = dict(os.environ, MUSTER_HOME=str(tmp_path))
    p = subprocess.Popen([HOLD, "guard", "sh", "-c", "setsid sleep 1000 & echo up; wait"], env=mine,
                         stdout=subprocess.PIPE)
    assert p.stdout.readline() == b"up\n"
    p.send_signal(how)
    p.wait(WAIT_S)
    eventually(lambda: not processes_of(tmp_path))
    p.stdout.close()


def test_guard_ends_with_its_parent(tmp_path):
    mine = dict(os.environ, MUSTER_HOME=str(tmp_path))
    script = "import subprocess,sys; subprocess.run([sys.argv[1], 'guard', 'sh', '-c', 'setsid sleep 1000 & echo up; wait'])"
    p = subprocess.Popen([sys.executable, "-c", script, HOLD], env=mine, stdout=subprocess.PIPE)
    assert p.stdout.readline() == b"up\n"
    p.kill()
    p.wait(WAIT_S)
    eventually(lambda: not processes_of(tmp_path))
    p.stdout.close()
