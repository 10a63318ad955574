"""Notices: the lead is told once of what needs them, in batches."""

import json
import os

import pexpect
import pytest
from house import BUILD, WAIT_S

pytestmark = pytest.mark.sanitize


@pytest.fixture
def rpc(muster):
    client = muster.rpc()
    client.call("events.subscribe")
    return client


def configure(muster, text):
    folder = muster.home / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(text)


def ask(rpc, where, name, *words):
    """A session that asks and stays."""
    script = f'"$MUSTER_BIN" ask {" ".join(words)} >/dev/null; exec sleep 1000'
    rpc.call("session.start", repo=str(where), name=name, worktree=False, command=["sh", "-c", script])
    rpc.wait_event("item.opened")
    return max(i["id"] for i in rpc.call("docket.list", session=name)["items"])


def test_one_that_waits_interrupts_and_is_told_once(muster, rpc, tmp_path):
    told = tmp_path / "told"
    configure(muster, f'notify: {{command: "cat >>{told}; echo \\"$MUSTER_NOTICE\\" >>{told}", via: [none]}}\n')
    item = ask(rpc, tmp_path, "one", "'Which colour?'")
    notice = rpc.wait_event("docket.notice")["data"]
    assert notice == {"text": "1 needs you: one: Which colour?", "items": [item], "why": "blocked", "via": ["command"]}
    piped, line = told.read_text().rsplit("}", 1)
    assert json.loads(piped + "}")["items"] == [item] and line == "1 needs you: one: Which colour?\n"
    muster.kill_daemon()
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    second = ask(rpc, tmp_path, "two", "'Which size?'")
    assert rpc.wait_event("docket.notice")["data"]["items"] == [second]


def test_what_can_wait_is_told_at_the_next_breakpoint(muster, rpc, tmp_path):
    ids = [ask(rpc, tmp_path, f"s{i}", f"'Question {i}?'", "--no-wait", "--sure", "100") for i in range(5)]
    rpc.call("docket.answer", item=ids[0], text="so")
    notice = rpc.wait_event("docket.notice")["data"]
    assert notice["items"] == ids[1:] and notice["why"] == "breakpoint"
    assert notice["text"] == "4 need you: s1: Question 1?; s2: Question 2?; s3: Question 3?; and 1 more"
    assert notice["via"] == ["terminal"] or "desktop" in notice["via"]
    told = [e for e in rpc.call("events.list", limit=1000)["events"] if e["kind"] == "docket.notice"]
    assert len(told) == 1


def test_what_was_seen_on_the_docket_is_not_told(muster, rpc, tmp_path):
    seen = [ask(rpc, tmp_path, f"s{i}", f"'Question {i}?'", "--no-wait", "--sure", "100") for i in range(2)]
    muster.run("docket")
    new = ask(rpc, tmp_path, "new", "'Another?'", "--no-wait", "--sure", "100")
    rpc.call("docket.answer", item=seen[0], text="so")
    assert rpc.wait_event("docket.notice")["data"]["items"] == [new]


def test_a_repository_cannot_run_a_command_on_the_leads_behalf(muster, rpc, repo, tmp_path):
    (repo / ".muster" / "config.yaml").write_text(f"notify: {{command: touch {tmp_path}/pwned}}\n")
    started = muster.run("start", "--name", "one", "--", "sh", "-c", '"$MUSTER_BIN" ask why', cwd=repo)
    assert "config.yaml:1:1: notify is not followed here" in started.stderr
    rpc.wait_event("docket.notice")
    assert not (tmp_path / "pwned").exists()


def test_a_command_that_fails_harms_nothing(muster, rpc, tmp_path):
    configure(muster, "notify: {command: exit 3, via: [terminal]}\n")
    item = ask(rpc, tmp_path, "one", "why")
    assert rpc.wait_event("docket.notice")["data"]["via"] == ["command", "terminal"]
    muster.run("answer", item, "so")
    configure(muster, "notify:\n  via: [desktop, smoke]\n")
    bad = muster.run("start", "--no-worktree", "--", "true", check=False)
    assert bad.returncode == 2 and ":2:18: via must be desktop, terminal or none" in bad.stderr


@pytest.mark.parametrize("variable, value, form", [
    ("VTE_VERSION", "7006", "\x1b]777;notify;muster;1 needs you: other: Look up"),
    ("TERM", "xterm-kitty", "\x1b]99;;1 needs you: other: Look up"),
    ("WT_SESSION", "x", "\x1b]9;1 needs you: other: Look up"),
    ("NOTHING", "", "\a")])
def test_an_attached_terminal_shows_it(muster, rpc, tmp_path, variable, value, form):
    rpc.call("session.start", repo=str(tmp_path), name="one", worktree=False, command=["sh", "-c", "echo here; exec sleep 1000"])
    rpc.call("session.wait", session="one", until="working", timeout_ms=WAIT_S * 1000)
    env = {**{k: v for k, v in muster.env.items() if k not in ("VTE_VERSION", "TERM_PROGRAM", "WT_SESSION")}, variable: value}
    terminal = pexpect.spawn(str(BUILD / "src" / "muster"), ["attach", "one"], env=env, timeout=WAIT_S, dimensions=(30, 100))
    try:
        terminal.expect("here")
        ask(rpc, tmp_path, "other", "'Look up'")
        terminal.expect_exact(form)
        terminal.send("\x1cd")
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close(force=True)
