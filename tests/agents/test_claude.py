"""The real Claude Code, led by muster."""

import json
import os
import pathlib
import signal
import sys

import pexpect
import pytest
from house import BUILD, WAIT_S, RpcError

sys.path.insert(0, str(pathlib.Path(__file__).parent))


class Lead:
    """The lead's side of one session of Claude Code."""

    def __init__(self, muster, repo):
        self.muster, self.repo = muster, repo
        self.connect()

    def connect(self):
        self.rpc = self.muster.rpc()
        self.last = self.rpc.call("events.subscribe")["last"]

    def start(self, prompt, name="c", **params):
        self.name = name
        s = self.rpc.call("session.start", repo=str(self.repo), agent="claude", prompt=prompt, name=name, **params)
        self.workspace = None
        if not params.get("headless"):
            self.trust()
        self.workspace = pathlib.Path(self.get()["workspace"])
        return s

    def trust(self):
        """Claude Code asks once about every new folder; that too is an item."""
        item = self.item(kind="permission", key="trust")
        self.answer(item, option="trust")

    def get(self, **params):
        return self.rpc.call("session.get", session=self.name, **params)

    def item(self, **match):
        """The open item that matches, when it is there."""
        while True:
            for item in self.rpc.call("docket.list")["items"]:
                if all(item[k] == v for k, v in match.items()):
                    return item
            self.rpc.wait_event("item.opened")

    def answer(self, item, **answer):
        return self.rpc.call("docket.answer", item=item["id"], **answer)

    def closed(self, item):
        """The item when it is delivered or withdrawn."""
        while True:
            for one in self.rpc.call("docket.list", all=True)["items"]:
                if one["id"] == item["id"] and one["state"] in ("delivered", "withdrawn"):
                    return one
            self.rpc.call("session.get", session=self.name)
            message = self.rpc.events.pop(0) if self.rpc.events else self.rpc.read()
            assert message

    def wait(self, *until):
        return self.rpc.call("session.wait", session=self.name, until=",".join(until), timeout_ms=WAIT_S * 1000)

    def turn_ended(self):
        self.rpc.wait_event("turn.ended")

    def attach(self):
        """A terminal of the lead's on the session."""
        child = pexpect.spawn(
            str(BUILD / "src" / "muster"), ["attach", self.name], env=self.muster.env, dimensions=(36, 120), timeout=WAIT_S
        )
        return child


@pytest.fixture
def lead(muster, repo):
    return Lead(muster, repo)


def test_a_edit_with_a_permission_from_the_docket(lead):
    lead.start("[[script edit]]")
    item = lead.item(kind="permission", session_name="c")
    assert "hello.txt" in item["title"]
    assert lead.wait("blocked")["state"] == "blocked"
    with pytest.raises(RpcError) as refused:
        lead.rpc.call("session.tell", session="c", text="hurry up")
    assert refused.value.code == 3
    lead.answer(item, option="allow")
    lead.turn_ended()
    assert lead.closed(item)["state"] == "delivered"
    assert (lead.workspace / "hello.txt").read_text() == "goodbye\n"
    assert (lead.repo / "hello.txt").read_text() == "hello\n"
    assert lead.wait("idle")["state"] == "idle"


def test_a_denied_permission_and_a_prompt_after_it(lead):
    lead.start("[[script run command=\"touch ran.txt\"]]")
    item = lead.item(kind="permission", session_name="c")
    assert item["detail"]["command"] == "touch ran.txt"
    lead.answer(item, option="deny", text="not now")
    lead.turn_ended()
    assert not (lead.workspace / "ran.txt").exists()
    told = lead.rpc.call("session.tell", session="c", text="[[script say text='As you wish.']]", wait_ms=WAIT_S * 1000)
    assert told["state"] == "taken"
    lead.turn_ended()
    assert "As you wish." in lead.get()["last_words"]


def test_b_the_same_answered_in_the_terminal(lead):
    lead.start("[[script run command=\"touch ran.txt\"]]")
    item = lead.item(kind="permission", session_name="c")
    terminal = lead.attach()
    terminal.expect("touch ran.txt")
    terminal.send("1")
    lead.turn_ended()
    terminal.send("\x1cd")
    terminal.expect(pexpect.EOF)
    assert lead.closed(item)["state"] == "withdrawn"
    assert (lead.workspace / "ran.txt").exists()


def test_c_escape_at_the_prompt(lead):
    lead.start("[[script run command=\"touch ran.txt\"]]")
    item = lead.item(kind="permission", session_name="c")
    terminal = lead.attach()
    terminal.expect("touch ran.txt")
    terminal.send("\x1b")
    assert lead.closed(item)["state"] == "withdrawn"
    assert lead.wait("idle")["state"] == "idle"
    terminal.send("\x1cd")
    terminal.expect(pexpect.EOF)
    assert not (lead.workspace / "ran.txt").exists()


def test_d_a_question_with_options(lead):
    lead.start("[[script ask]]")
    item = lead.item(kind="question", session_name="c")
    assert item["title"] == "Which colour?"
    assert [o["key"] for o in item["options"]] == ["Red", "Green"]
    lead.answer(item, option="Green")
    lead.turn_ended()
    assert lead.closed(item)["state"] == "delivered"
    assert "Thank you" in lead.get()["last_words"]


def test_e_a_background_shell_survives_clear(lead, tmp_path):
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    lead.start(f"[[script background command=\"echo $$ > {ready}; exec sleep 1000\"]]")
    item = lead.item(kind="permission", session_name="c")
    lead.answer(item, option="allow")
    pid = int(ready.open().readline())
    lead.turn_ended()
    assert pid in [j["pid"] for j in lead.rpc.call("job.list", session="c")["jobs"] if j["found"]]
    before = lead.get()["conversation"]
    lead.rpc.call("session.clear", session="c")
    lead.rpc.wait_event("session.conversation")
    assert lead.get()["conversation"] != before
    os.kill(pid, 0)


def test_f_musterd_is_killed_while_a_permission_waits(lead):
    lead.start("[[script run command=\"touch ran.txt\"]]")
    item = lead.item(kind="permission", session_name="c")
    lead.muster.kill_daemon()
    lead.connect()
    assert lead.item(kind="permission", session_name="c")["id"] == item["id"]
    lead.answer(item, option="allow")
    assert lead.closed(item)["state"] == "delivered"
    assert lead.wait("idle")["state"] == "idle"
    assert (lead.workspace / "ran.txt").exists()


def test_g_the_agent_is_killed_and_resumed(lead):
    lead.start("[[script say text='Remember the blue bird.']]")
    lead.turn_ended()
    before = lead.get()
    os.kill(before["pid"], signal.SIGKILL)
    assert lead.wait("failed")["signal"] == "KILL"
    lead.rpc.call("session.resume", session="c")
    assert lead.wait("idle", "unknown")
    assert lead.get()["conversation"] == before["conversation"]
    told = lead.rpc.call("session.tell", session="c", text="[[script say text='Still here.']]", wait_ms=WAIT_S * 1000)
    assert told["state"] == "taken"
    lead.turn_ended()
    assert "blue bird" in lead.get(screen_lines=200)["screen"]["text"]


def test_h_headless(lead):
    lead.start("[[script edit]]", headless=True)
    item = lead.item(kind="permission", session_name="c")
    assert "hello.txt" in item["title"]
    lead.answer(item, option="allow")
    lead.turn_ended()
    assert (lead.workspace / "hello.txt").read_text() == "goodbye\n"
    told = lead.rpc.call("session.tell", session="c", text="[[script say text='Second turn.']]", wait_ms=WAIT_S * 1000)
    assert told["state"] == "taken"
    lead.turn_ended()
    assert "Second turn." in lead.get()["last_words"]
    said = [e["data"]["kind"] for e in lead.rpc.call("events.list", session="c", limit=1000)["events"] if e["kind"] == "agent.said"]
    assert {"message", "tool", "usage"} <= set(said)
