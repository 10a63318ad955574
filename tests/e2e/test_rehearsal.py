"""The rehearsal agent inside a real session: prompts, permissions from both sides, clear, interrupt, crash and resume."""

import json
import os
import signal
import subprocess

import pexpect
from house import BUILD, ROOT, WAIT_S, processes_of


def start(muster, repo, tmp_path, steps, name="actor"):
    """A session that plays these steps; its client is subscribed to all events."""
    script = tmp_path / f"{name}.yaml"
    script.write_text(json.dumps({"steps": steps}))  # JSON is YAML
    task = tmp_path / f"{name}.md"
    task.write_text(f"---\nname: {name}\nagent: rehearsal\noptions: {{script: {script}}}\n---\nPlay.\n")
    client = muster.rpc()
    client.call("events.subscribe", after=0)
    muster.run("start", "--task", task, cwd=repo)
    return client


def item_of(client, kind, title):
    """Waits for the open item of that kind with these words in its title."""
    while True:
        for item in client.call("docket.list")["items"]:
            if item["kind"] == kind and title in item["title"]:
                return item
        client.wait_event("item.opened")


def workspace(client, name="actor"):
    return client.call("session.get", session=name)["workspace"]


def until(client, state, name="actor"):
    return client.call("session.wait", session=name, until=state, timeout_ms=WAIT_S * 1000)


def read(client, file):
    with open(os.path.join(workspace(client), file), encoding="utf8") as f:
        return f.read()


def test_tell_is_acknowledged_when_the_prompt_was_taken(muster, repo, tmp_path):
    client = start(muster, repo, tmp_path, [{"wait": "prompt"}, {"edit": {"file": "said", "write": "${prompt}"}}, {"done": "it"}])
    until(client, "idle")
    text = "two lines,\nand \x1b[31mno colour"
    assert client.call("session.tell", session="actor", text=text)["state"] == "taken"
    until(client, "done")
    assert read(client, "said") == "two lines,\nand [31mno colour"


def test_no_prompt_into_an_open_permission(muster, repo, tmp_path):
    client = start(muster, repo, tmp_path, [{"permission": "echo yes >allowed"}, {"done": "${permission}"}])
    item = item_of(client, "permission", "echo yes")
    refused = muster.run("tell", "actor", "hello", check=False)
    assert refused.returncode == 3 and "permission" in refused.stderr
    muster.run("answer", item["id"], "allow")
    until(client, "done")
    assert read(client, "allowed") == "yes\n"


def test_the_terminal_is_first_and_the_docket_is_told(muster, repo, tmp_path):
    client = start(muster, repo, tmp_path, [{"permission": "echo yes >allowed"}, {"done": "${permission}"}])
    item = item_of(client, "permission", "echo yes")
    terminal = pexpect.spawn(str(BUILD / "src" / "muster"), ["attach", "actor"], env=muster.env, timeout=WAIT_S, dimensions=(30, 100))
    try:
        terminal.expect("y: allow")
        terminal.send("y")
        until(client, "done")
    finally:
        terminal.close(force=True)
    late = muster.run("answer", item["id"], "deny", check=False)
    assert late.returncode == 3
    closed = [i for i in client.call("docket.list", all=True)["items"] if i["id"] == item["id"]][0]
    assert closed["state"] == "withdrawn" and "in the terminal: allow" in closed["reason"]


def test_clear_and_interrupt_leave_the_job_alone(muster, repo, tmp_path):
    steps = [{"background": {"name": "ticker", "command": "exec sleep 1000"}}, {"run": "touch ready; exec sleep 1000"}, {"done": "x"}]
    client = start(muster, repo, tmp_path, steps)
    client.wait_event("job.started")
    muster.run("interrupt", "actor")
    until(client, "idle")
    muster.run("clear", "actor")
    client.wait_event("agent.said", lambda e: e["data"]["kind"] == "cleared" and e["data"]["said"]["conversation"] == 2)
    assert [job["state"] for job in client.call("job.list", session="actor")["jobs"] if job["name"] == "ticker"] == ["running"]


def test_a_killed_agent_resumes_where_it_was(muster, repo, tmp_path):
    steps = [
        {"edit": {"file": "log", "append": "one\n"}},
        {"ask": {"question": "Go on?", "options": ["yes", "no"]}},
        {"edit": {"file": "log", "append": "${answer}\n"}},
        {"done": "after all"},
    ]
    client = start(muster, repo, tmp_path, steps)
    item_of(client, "question", "Go on?")
    (pid,) = pids_of_player(muster)
    os.kill(pid, signal.SIGKILL)
    client.wait_event("session.exited")
    muster.run("resume", "actor")
    client.wait_event("session.live")
    item = item_of(client, "question", "Go on?")
    muster.run("answer", item["id"], "yes")
    until(client, "done")
    assert read(client, "log") == "one\nyes\n"


def pids_of_player(muster):
    for pid in processes_of(muster.home):
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            if b"\0rehearse\0" in f.read():
                yield pid


def test_a_crash_is_a_failure_on_the_docket(muster, repo, tmp_path):
    client = start(muster, repo, tmp_path, [{"say": "so long"}, {"crash": {"exit": 7}}])
    until(client, "failed")
    assert "exit code 7" in item_of(client, "failure", "")["title"]


def test_a_bad_script_says_where(muster, repo, tmp_path):
    client = start(muster, repo, tmp_path, [{"sya": "x"}])
    until(client, "failed")
    words = client.call("session.get", session="actor")["last_words"]
    assert 'no step is called "sya"; did you mean say?' in words


def test_the_demonstration_lands_everything(tmp_path):
    home = tmp_path / "demo"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "GIT_"))}
    env.update(DEMO="auto", DEMO_DIR=str(home), PATH=f"{BUILD / 'src'}:{env['PATH']}")
    done = subprocess.run([ROOT / "demo" / "demo.sh"], env=env, text=True, capture_output=True, timeout=WAIT_S * 4)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "nothing is left behind" in done.stdout and "the gate caught:     error-handling" in done.stdout
    assert not home.exists()
