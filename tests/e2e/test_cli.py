"""The command line as a person and a script meet it: help, mistakes, --json, tables, completion, the attached terminal."""

import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import termios

import pexpect
import pytest
from house import BUILD, WAIT_S

pytestmark = pytest.mark.sanitize

MUSTER = str(BUILD / "src" / "muster")


def start(muster, repo, name, *command):
    muster.run("start", "--name", name, "--", *command, cwd=repo)


def terminal(muster, *args, rows=24, cols=80, **env):
    child = pexpect.spawn(
        MUSTER, list(args), env={**muster.env, **env}, dimensions=(rows, cols), timeout=WAIT_S, encoding="utf-8", cwd=str(muster.home)
    )
    child.delaybeforesend = None
    return child


def finish(child):
    child.expect(pexpect.EOF)
    text = child.before
    child.close()
    return text, child.exitstatus


# ---- help and mistakes ----


def verbs_of(muster):
    text = muster.run("help").stdout
    return [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line.split()[0].isalpha()]


def test_each_verb_explains_itself(muster):
    verbs = verbs_of(muster)
    assert len(verbs) > 30
    for verb in verbs:
        done = muster.run(verb, "--help")
        assert done.stdout.startswith(f"usage: muster {verb}"), verb
        assert not done.stderr
    assert not (muster.home / "run").exists()  # help needs no musterd


@pytest.mark.parametrize(
    "args, message",
    [
        (["lz"], "no such verb: lz; did you mean ls?"),
        (["job", "stat"], "no such verb: job stat; did you mean job start?"),
        (["ls", "--jsno"], "no such option: --jsno; did you mean --json?"),
        (["show"], "an argument is missing; usage: muster show SESSION [OPTIONS]"),
        (["pause", "a", "b"], 'too many arguments, from "b" on; usage: muster pause SESSION'),
        (["answer", "x", "y"], "ITEM: not a whole number from 1 to 9223372036854775807: x"),
        (["tell", "s", "hi", "--wait", "soon"], "--wait: not a whole number from 0 to 86400: soon"),
        (["start"], "what shall it do? Give a prompt, --task FILE, or -- COMMAND"),
        (["start", "--"], "the command after -- is missing"),
        (["start", "--", ""], "the command after -- is missing"),
        (["start", "--env", "x", "hi"], "--env wants KEY=VALUE, not x"),
        (["start", "-t", "/nonexistent"], "/nonexistent: No such file or directory"),
        (["api", "no such", "{}"], "no method is called no such"),
        (["api", "daemon.status", "[1"], "PARAMS: "),
        (["report"], "report what? Give a text, --percent, or both"),
        (["ask", "why"], "MUSTER_SOCKET is not set: this works only inside a muster session"),
        (["attach", "x", "--json"], "attach has no --json"),
        (["init"], "is not in the checkout of a git repository"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(muster, args, message):
    done = muster.run(*args, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("muster: ") and done.stderr.count("\n") == 1
    assert message in done.stderr


def test_errors_as_json(muster):
    done = muster.run("show", "nobody", "--json", check=False)
    error = json.loads(done.stdout)["error"]
    assert done.returncode == error["code"] == 2
    assert error["message"] in done.stderr
    done = muster.run("ls", "--nope", "--json", check=False)
    assert json.loads(done.stdout) == {"error": {"code": 2, "message": "no such option: --nope"}}


def test_no_verb_is_help_and_exit_2(muster):
    done = muster.run(check=False)
    assert done.returncode == 2 and done.stdout.startswith("usage:")


def test_a_full_disk_is_an_error(muster):
    with open("/dev/full", "w") as full:
        done = subprocess.run([MUSTER, "help"], env=muster.env, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "muster: cannot write to standard output\n"


def test_homeless(muster):
    env = {k: v for k, v in muster.env.items() if k not in ("HOME", "MUSTER_HOME")}
    done = subprocess.run([MUSTER, "ls"], env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert "HOME is not set" in done.stderr


def test_api_lists_what_musterd_serves(muster):
    methods = {m["name"]: m for m in muster.json("api")["methods"]}
    assert {"session.start", "docket.answer", "events.subscribe"} <= set(methods)
    assert methods["session.get"]["access"] == "read" and "session:s!" in methods["session.get"]["params"]
    assert not (muster.home / "run").exists()  # the list needs no musterd
    assert json.loads(muster.run("api", "daemon.status").stdout)["protocol"] >= 1


# ---- the daemon ----


def test_daemon_verbs(muster):
    done = muster.run("daemon", "status", check=False)
    assert (done.returncode, done.stdout) == (1, "musterd does not run\n")
    assert muster.json("daemon", "stop") == {"running": False}
    first = muster.json("daemon", "start")["pid"]
    assert muster.daemon_pid() == first
    muster.run("daemon", "restart")
    assert muster.daemon_pid() > 0
    for _ in range(3):  # what is started right after a stop is a new one
        muster.run("daemon", "stop")
        muster.run("daemon", "start")


def test_two_may_start_it_at_once(muster):
    both = [subprocess.Popen([MUSTER, "ls", "--json"], env=muster.env, stdout=subprocess.PIPE) for _ in range(6)]
    for p in both:
        out, _ = p.communicate(timeout=WAIT_S)
        assert p.returncode == 0
        assert json.loads(out) == {"sessions": []}


def test_a_daemon_that_cannot_start_says_why(muster):
    (muster.home / "state").mkdir(mode=0o700)
    (muster.home / "state" / "muster.db").write_bytes(b"this is no database at all, not at all" * 100)
    done = muster.run("ls", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("muster: cannot start musterd: ") and "muster.db" in done.stderr


# ---- sessions ----


def test_list_and_show(muster, repo):
    start(muster, repo, "worker", "sh", "-c", "muster report -p 40 half way; exec cat")
    muster.run("start", "--name", "asker", "--", "sh", "-c", "muster ask -o a=Left -o b=Right which way; cat", cwd=repo)
    rpc = muster.rpc()
    rpc.call("session.wait", session="asker", until="blocked", timeout_ms=WAIT_S * 1000)
    lines = muster.run("ls").stdout.splitlines()
    assert lines[0].split() == ["SESSION", "STATE", "FOR", "NEEDS", "JOBS", "AGENT", "PROGRESS", "WHY"]
    assert [line.split()[0] for line in lines[1:]] == ["asker", "worker"]  # what needs the lead first
    names = {s["name"]: s for s in muster.json("ls")["sessions"]}
    assert names["asker"]["items"] == 1 and names["asker"]["state"] == "blocked"
    text = muster.run("show", "asker").stdout
    assert "evidence" in text and "needs you  #1 question: which way" in text
    text = muster.run("docket").stdout
    assert "#1 question  asker" in text and "1 a  Left" in text and "muster answer 1 a" in text
    done = muster.run("answer", "1", check=False)
    assert done.returncode == 2 and "--option KEY" in done.stderr
    assert muster.run("answer", "1", "2").stdout == "#1 asker: answered b\n"
    done = muster.run("answer", "1", "a", check=False)
    assert done.returncode == 3 and "already" in done.stderr
    assert "question" not in muster.run("docket").stdout


def test_json_is_what_musterd_says(muster, repo):
    start(muster, repo, "same", "cat")
    rpc = muster.rpc()
    shown = muster.json("ls")["sessions"]
    told = rpc.call("session.list")["sessions"]
    for volatile in ("why", "since_ms", "last_output_ms", "state"):
        for s in shown + told:
            s.pop(volatile)
    assert shown == told
    assert muster.json("api", "session.get", '{"session": "same"}')["name"] == "same"


def test_answer_on_a_terminal_lists_the_options(muster, repo):
    start(muster, repo, "asker", "sh", "-c", "muster ask -o left=Left -o right=Right 'which\033[2J way'; cat")
    muster.rpc().call("session.wait", session="asker", until="blocked", timeout_ms=WAIT_S * 1000)
    child = terminal(muster, "answer", "1")
    child.expect("which way")
    child.expect("2 right  Right")
    child.expect("option or text: ")
    child.sendline("right because")
    assert "answered right, because" in finish(child)[0]


def test_jobs_inside_and_outside(muster, repo):
    start(muster, repo, "s", "sh", "-c", "muster job start -n inner -- sh -c 'echo hello; exec cat' </dev/null; exec cat")
    muster.run("job", "start", "s", "-n", "outer", "--", "sh", "-c", "echo one; echo two")
    assert muster.run("job", "logs", "s", "outer", "--follow").stdout == "one\ntwo\n"
    rows = {j["name"]: j for j in muster.json("job", "ls", "s")["jobs"]}
    assert set(rows) >= {"outer"}
    done = muster.run("job", "ls", check=False)
    assert done.returncode == 2 and "only inside a muster session" in done.stderr
    done = muster.run("stop", "s", check=False)
    if done.returncode:  # the inner job reads the end of its input and may have ended
        assert done.returncode == 3 and "--jobs" in done.stderr
        muster.run("stop", "s", "--jobs")


def test_rm_and_undo(muster, repo):
    start(muster, repo, "gone", "sh", "-c", "echo precious > untracked")
    muster.rpc().call("session.wait", session="gone", until="ended", timeout_ms=WAIT_S * 1000)
    workspace = muster.json("show", "gone")["workspace"]
    assert "muster restore gone" in muster.run("rm", "gone").stdout
    assert not os.path.exists(workspace)
    assert muster.json("ls")["sessions"] == []
    muster.run("undo")
    with open(os.path.join(workspace, "untracked")) as f:
        assert f.read() == "precious\n"


def test_a_slow_set_up_is_shown(muster, repo):
    config = repo / ".muster" / "config.yaml"
    config.write_text("worktree:\n  setup:\n    - printf 'first \\033[31mline\\n'; sleep 1.5; echo second line\ngate:\n  - 'true'\n")
    done = muster.run("start", "--name", "slow", "--", "true", cwd=repo)
    assert "first line\n" in done.stderr and "second line\n" in done.stderr
    config.write_text("worktree:\n  setup:\n    - echo so bad; exit 3\n")
    done = muster.run("start", "--name", "bad", "--", "true", cwd=repo, check=False)
    assert (done.returncode, done.stdout) == (1, "bad  failed\n")
    assert done.stderr.startswith("muster: bad failed: ") and "so bad" in done.stderr


def test_doctor_repairs_a_worktree(muster, repo):
    start(muster, repo, "w", "true")
    dot_git = os.path.join(muster.json("show", "w")["workspace"], ".git")
    before = open(dot_git).read()
    os.unlink(dot_git)
    done = muster.run("doctor", check=False)
    assert done.returncode == 1 and "--fix repairs it" in done.stdout
    assert "fixed  worktrees" in muster.run("doctor", "--fix").stdout
    assert open(dot_git).read() == before


def test_review_approve_land(muster, repo):
    start(muster, repo, "work", "sh", "-c", "echo four >> src/a.txt && git commit -qam 'add four'")
    muster.rpc().call("session.wait", session="work", until="ended", timeout_ms=WAIT_S * 1000)
    text = muster.run("review", "work").stdout
    assert "add four" in text and "+four" in text and "merges without conflict" in text
    done = muster.run("land", "work", check=False)
    assert done.returncode == 3
    muster.run("approve", "work", "--tip", muster.json("review", "work")["tip"])
    assert muster.run("land", "work").stdout.startswith("work  landed")
    assert "landed" in muster.run("queue", "--all").stdout
    assert (repo / "src" / "a.txt").read_text().endswith("four\n")


def test_watch_streams_events(muster, repo):
    muster.run("daemon", "start")
    child = subprocess.Popen([MUSTER, "watch", "--json", "--after", "0"], env=muster.env, stdout=subprocess.PIPE, text=True)
    try:
        start(muster, repo, "seen", "true")
        for line in child.stdout:
            event = json.loads(line)
            assert set(event) >= {"id", "at_ms", "session", "kind", "data"}
            if event["kind"] == "session.exited":
                break
    finally:
        child.terminate()
        child.wait(WAIT_S)
        child.stdout.close()
    done = muster.run("api", "events.list", '{"limit": 1000}')
    kinds = [e["kind"] for e in json.loads(done.stdout)["events"]]
    assert kinds.index("session.queued") < kinds.index("session.live") < kinds.index("session.exited")


def test_init_finds_the_gate(muster, tmp_path):
    top = tmp_path / "p"
    (top / "sub").mkdir(parents=True)
    muster.git("init", "-q", cwd=top)
    (top / "package.json").write_text('{"scripts": {"test": "x", "dev": "y"}}')
    (top / "package-lock.json").write_text("{}")
    (top / "Makefile").write_text("check:\n\ttrue\n")
    found = muster.json("init", cwd=top / "sub")
    assert found["gate"] == "make check" and found["setup"] == "npm ci" and found["preview"] == "npm run dev"
    text = (top / ".muster" / "config.yaml").read_text()
    assert "gate:\n  - make check\n" in text and "worktree:\n  setup:\n    - npm ci\n" in text
    assert muster.run("init", cwd=top, check=False).returncode == 3
    muster.run("init", "--force", cwd=top)
    # It reads back without a warning.
    (top / "f").write_text("x")
    muster.git("add", "-A", cwd=top)
    muster.git("commit", "-qm", "x", cwd=top)
    done = muster.run("start", "--name", "n", "--no-worktree", "--", "true", cwd=top)
    assert "config.yaml" not in done.stderr


def test_doctor(muster):
    checks = {c["name"]: c for c in muster.json("doctor")["checks"]}
    assert checks["git"]["ok"] and checks["database"]["ok"] and checks["sockets"]["ok"]
    stale = muster.home / "run" / "hold" / "0123456789"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(stale))
    done = muster.run("doctor", check=False)
    assert done.returncode == 1 and "1 stale" in done.stdout
    assert "fixed" in muster.run("doctor", "--fix").stdout
    assert not stale.exists()


# ---- how it looks ----


def test_tables_fit_the_terminal(muster, repo):
    start(muster, repo, "a-session-with-a-rather-long-name", "sh", "-c", "muster report working on the long tail; cat")
    for cols in (40, 60, 100):
        text, code = finish(terminal(muster, "ls", cols=cols))
        assert code == 0
        assert max(len(line) for line in text.replace("\r", "").splitlines()) <= cols


def test_colour_only_where_it_is_wanted(muster, repo):
    start(muster, repo, "s", "cat")
    assert "\033" not in muster.run("ls").stdout
    plain = {"NO_COLOR": ""}
    assert "\033[" in finish(terminal(muster, "ls", **plain))[0]
    assert "\033" not in finish(terminal(muster, "ls"))[0]  # NO_COLOR is set
    assert "\033" not in finish(terminal(muster, "ls", TERM="dumb", **plain))[0]


@pytest.mark.parametrize("shell, check", [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])])
def test_completion_is_a_script(muster, tmp_path, shell, check):
    script = tmp_path / "script"
    script.write_text(muster.run("completion", shell).stdout)
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([*check, script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def complete_bash(muster, script, *words):
    code = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _muster; printf "%s\\n" "${{COMPREPLY[@]}}"'
    env = {**muster.env, "PATH": f"{BUILD / 'src'}:{muster.env['PATH']}"}
    done = subprocess.run(["bash", "-c", code, "bash", *words], env=env, capture_output=True, text=True, cwd=muster.home)
    assert not done.stderr
    return done.stdout.split()


def test_bash_completes_verbs_options_and_sessions(muster, repo, tmp_path):
    script = tmp_path / "script"
    script.write_text(muster.run("completion", "bash").stdout)
    assert complete_bash(muster, script, "muster", "att") == ["attach"]
    assert complete_bash(muster, script, "muster", "stop", "--j") == ["--jobs", "--json"]
    assert complete_bash(muster, script, "muster", "job", "sto") == ["stop"]
    assert complete_bash(muster, script, "muster", "show", "") == []  # musterd does not run, and is not started
    assert not (muster.home / "run" / "musterd.sock").exists()
    start(muster, repo, "alpha", "cat")
    start(muster, repo, "beta", "cat")
    assert sorted(complete_bash(muster, script, "muster", "show", "")) == ["alpha", "beta"]
    assert complete_bash(muster, script, "muster", "job", "ls", "be") == ["beta"]


# ---- the attached terminal ----


def test_attach_shows_types_and_detaches(muster, repo):
    start(muster, repo, "t", "cat")
    child = terminal(muster, "attach", "t")
    child.expect_exact("\033[?1049h")
    child.send("hello\r")
    child.expect("hello.*hello")
    child.send("\x1cd")
    text, code = finish(child)
    assert code == 0 and "[t: detached, it runs on]" in text and "\033[?1049l" in text
    child = terminal(muster, "attach", "t")
    child.expect("hello")  # drawn again
    child.send("\x04")
    text, code = finish(child)
    assert code == 0 and "[t: the agent ended with exit code 0]" in text
    done = muster.run("attach", "t", check=False)
    assert done.returncode == 2  # no terminal


def test_attach_gives_the_terminal_back(muster, repo):
    start(muster, repo, "t", "cat")
    parent, child = os.openpty()
    before = termios.tcgetattr(child)
    for end in (signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV):
        p = subprocess.Popen([MUSTER, "attach", "t"], env=muster.env, stdin=child, stdout=child, stderr=child)
        seen = b""
        while b"\033[?1049h" not in seen:
            seen += os.read(parent, 65536)
        while termios.tcgetattr(child)[3] & termios.ICANON:
            pass
        p.send_signal(end)
        p.wait(WAIT_S)
        assert termios.tcgetattr(child) == before, end
    os.close(parent)
    os.close(child)


def test_attach_follows_the_window(muster, repo):
    start(muster, repo, "t", "sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do read x; done")
    child = terminal(muster, "attach", "t", rows=20, cols=70)
    child.expect("20 70")
    fcntl.ioctl(child.child_fd, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 50, 0, 0))
    child.kill(signal.SIGWINCH)
    child.expect("10 50")
    child.send("\x1cd")
    assert finish(child)[1] == 0


def test_the_prefix_twice_sends_it(muster, repo):
    start(muster, repo, "t", "sh", "-c", "stty -isig -icanon -echo; echo ready; head -c 1 | od -An -tx1; cat")
    child = terminal(muster, "attach", "t")
    child.expect("ready")
    child.send("\x1c\x1c")
    child.expect("1c")
    child.send("\x1cd")
    assert finish(child)[1] == 0


def test_two_may_attach(muster, repo):
    start(muster, repo, "t", "cat")
    one, two = terminal(muster, "attach", "t"), terminal(muster, "attach", "t", "--read-only")
    for child in (one, two):
        child.expect_exact("\033[?1049h")
    two.send("from two\r")
    one.send("from one\r")
    one.expect("from one")
    two.expect("from one")
    for child in (one, two):
        child.send("\x1cd")
        text, code = finish(child)
        assert code == 0 and "from two" not in text


def test_attach_works_without_musterd(muster, repo):
    start(muster, repo, "t", "cat")
    session = muster.json("show", "t")["id"]
    muster.kill_daemon()
    child = terminal(muster, "attach", session)
    child.expect_exact("\033[?1049h")
    child.send("alone\r")
    child.expect("alone.*alone")
    child.send("\x1cd")
    assert finish(child)[1] == 0


# ---- hooks ----


def test_hook_passes_what_is_too_long_for_a_line(muster, repo):
    start(muster, repo, "h", "cat")
    session = muster.json("show", "h")["id"]
    env = {**muster.env, "MUSTER_SOCKET": str(muster.home / "run" / "agent" / session)}
    data = json.dumps({"hook_event_name": "PostToolUse", "tool_response": "x" * (3 << 20)})
    done = subprocess.run([MUSTER, "hook"], input=data, env=env, capture_output=True, text=True, timeout=WAIT_S)
    assert (done.returncode, done.stderr) == (0, "")
    data = json.dumps({"hook_event_name": "PostToolUse", "something": "x" * (3 << 20)})
    done = subprocess.run([MUSTER, "hook"], input=data, env=env, capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == 1 and "more than" in done.stderr


def test_hook_waits_only_where_the_answer_matters(muster, repo):
    start(muster, repo, "h", "sh", "-c", """
        echo '{"hook_event_name":"Stop","a":"x
y"}' | tr '\\n' ' ' | muster hook && echo first
        echo '{}' | muster hook SessionStart && echo second
        echo 'no json' | muster hook; echo third $?
        echo '{}' | muster hook 'bad name'; echo fourth $?
        cat""")
    rpc = muster.rpc()
    rpc.call("events.subscribe", after=0)
    child = terminal(muster, "attach", "h")
    for word in ("first", "second", "third 1", "fourth 1"):
        child.expect(word)
    child.send("\x1cd")
    assert finish(child)[1] == 0
