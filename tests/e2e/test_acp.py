"""Agents that speak ACP: what they say and ask, and what they should not do, by a scripted one (acp_agent.py)."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pexpect
import pytest
from conftest import BUILD, WAIT_S, RpcError

pytestmark = pytest.mark.sanitize

AGENT = pathlib.Path(__file__).with_name("acp_agent.py")


class Session:
    def __init__(self, muster, repo, prompt, *args, name="s", **params):
        self.muster, self.name = muster, name
        self.log, self.folder = muster.home / f"{name}.log", muster.home / f"{name}.conversations"
        command = [sys.executable, str(AGENT), "--log", str(self.log), "--folder", str(self.folder), *args]
        self.connect()
        self.id = self.rpc.call(
            "session.start", repo=str(repo), agent="acp", command=command, prompt=prompt, name=name, **params
        )["id"]

    def connect(self):
        self.rpc, self.events = self.muster.rpc(), self.muster.rpc()
        self.events.call("events.subscribe")

    def kill_daemon(self):
        self.muster.kill_daemon()
        self.connect()

    def get(self):
        return self.rpc.call("session.get", session=self.name)

    def wait(self, *states):
        return self.rpc.call("session.wait", session=self.name, until=",".join(states), timeout_ms=WAIT_S * 1000)["state"]

    def event(self, kind, match=lambda e: True):
        return self.events.wait_event(kind, lambda e: e.get("session") == self.id and match(e))

    def all_events(self, kind):
        events = self.rpc.call("events.list", session=self.name, limit=10000)["events"]
        return [e["data"] for e in events if e["kind"] == kind]

    def said(self, kind):
        return [e["said"] for e in self.all_events("agent.said") if e["kind"] == kind]

    def turn(self):
        return self.event("turn.ended")["data"]["said"]

    def turns(self, count):
        while len(self.all_events("turn.ended")) < count:
            self.event("turn.ended")

    def items(self, kind=None):
        return [i for i in self.rpc.call("docket.list", session=self.name)["items"] if kind in (None, i["kind"])]

    def need(self, kind):
        while not (items := self.items(kind)):
            self.event("item.opened")
        return items[0]

    def answer(self, item, **how):
        return self.rpc.call("docket.answer", item=item["id"], **how)

    def tell(self, text, **params):
        return self.rpc.call("session.tell", session=self.name, text=text, **params)

    def got(self, method=None):
        """What the agent was sent."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [m for m in lines if method in (None, m.get("method"))]

    def file(self, name):
        return pathlib.Path(self.get()["workspace"], name)

    def ran(self):
        path = pathlib.Path(self.get()["workspace"], "ran")
        return path.read_text().splitlines() if path.exists() else []


def test_a_turn(muster, repo):
    s = Session(muster, repo, "think hm\nsay Hello there.\nplan one,two\nedit a.txt\nusage 0.25\nsay All done.")
    assert s.turn() == "All done."
    assert s.wait("idle") == "idle"
    got = s.get()
    assert got["agent"] == "acp" and got["headless"] and got["conversation"] == "conversation-1"
    assert [m["text"] for m in s.said("message")] == ["Hello there.", "All done."]
    assert s.said("thought") == [{"text": "hm"}]
    assert s.said("plan") == [{"steps": [{"text": t, "status": "pending"} for t in ("one", "two")]}]
    (tool,) = s.said("tool")
    assert (tool["title"], tool["path"], tool["diff"]) == ("Edit a.txt", "a.txt", "-two\n+2\n")
    assert s.said("tool_update")[0]["status"] == "completed"
    usage = {"context_used": 1000, "context_size": 200000, "cost": 0.25, "currency": "USD", "input_tokens": 10, "output_tokens": 5}
    assert s.said("usage") == [usage] and got["usage"] == usage
    assert [i["kind"] for i in s.items()] == ["review"]
    asked = s.got()
    assert [m["method"] for m in asked] == ["initialize", "session/new", "session/set_mode", "session/prompt"]
    assert asked[0]["params"]["clientCapabilities"]["fs"] == {"readTextFile": False, "writeTextFile": False}
    assert asked[1]["params"]["cwd"] == got["workspace"] and asked[2]["params"]["modeId"] == "default"


def test_musters_tools_are_given_unless_switched_off(muster, repo):
    one = Session(muster, repo, "say hello")
    one.turn()
    (server,) = one.got("session/new")[0]["params"]["mcpServers"]
    (socket,) = server.pop("env")
    assert (server.pop("name"), server.pop("args"), list(server)) == ("muster", ["mcp"], ["command"])
    assert socket["name"] == "MUSTER_SOCKET" and pathlib.Path(socket["value"]).is_socket()
    two = Session(muster, repo, "say hello", name="two", options={"mcp": False})
    two.turn()
    assert two.got("session/new")[0]["params"]["mcpServers"] == []
    wrong = Session(muster, repo, "say hello", name="wrong", options={"mcp": "no"})
    assert wrong.wait("failed") == "failed" and "the option mcp of acp must be true or false" in wrong.get()["why"]


def test_the_conversation_is_shown(muster, repo):
    s = Session(muster, repo, "think hm\nplan one,two\nedit a.txt\nusage 0.25\nrun touch \x1b[31mx\nsay Done \x1b[2Jwith it.")
    s.answer(s.need("permission"), option="allow")
    s.turns(1)
    shown = muster.run("show", s.name).stdout
    talk = [line[10:] for line in shown[shown.index("\nconversation\n"):].splitlines()[2:]]
    for lines in (["~ hm"], ["= [ ] one", "  [ ] two"], ["* Edit a.txt", "  -two", "  +2"], ["$ touch x"], ["  it ran"],
                  ["  Done with it."], ["  10 tokens in, 5 out, context 1000 of 200000, 0.25 USD"]):
        at = talk.index(lines[0])
        assert talk[at:at + len(lines)] == lines
    assert "usage      10 tokens in" in shown and "mode       default" in shown and "\x1b" not in shown
    assert "conversation\n" not in muster.run("show", s.name, "--talk", "0").stdout
    only = muster.run("show", s.name, "--talk", "2").stdout
    assert "Done with it." in only and "touch x\n" not in only[only.index("\nconversation"):]


def test_the_conversation_is_watched(muster, repo):
    s = Session(muster, repo, "say first\nedit a.txt")
    s.turns(1)
    argv = [BUILD / "src" / "muster", "watch", "--after", "0", s.name]
    with subprocess.Popen(argv, env=muster.env, stdout=subprocess.PIPE, text=True) as watch:
        lines = iter(watch.stdout.readline, "")
        while next(lines)[10:] != "  +2\n":
            pass
        s.tell("say second")
        while next(lines)[10:] != "  second\n":  # as it happens
            pass
        watch.kill()


def test_attach(muster, repo):
    """The conversation with a line for prompts."""
    gate = muster.home / "gate"
    s = Session(muster, repo, "say before")
    s.turns(1)
    child = pexpect.spawn(
        str(BUILD / "src" / "muster"), ["attach", s.name], env=muster.env, dimensions=(24, 80), timeout=WAIT_S, encoding="utf-8"
    )
    child.delaybeforesend = None
    child.expect("Enter sends.*> say before.*before\r\n")
    child.send(f"say one\x7f\x7f\x7fI am\033\rrun touch x\033\rwait {gate}\r")
    child.expect(r"> say I am.*\$ touch x.*#\d+ permission.*muster answer \d+ allow")
    s.answer(s.need("permission"), option="allow")
    child.expect("it ran")
    child.send("\033")  # Esc
    child.expect("session.interrupted")
    s.turns(2)
    child.send("say \033[200~pasted\rsay twice\033[201~\r")
    child.expect("> say pasted\r\n *say twice\r\n.*pasted")
    s.turns(3)
    child.send("run again\r")
    s.need("permission")
    child.send("say refused\r")
    child.expect("waits for a permission")
    child.send("\x1cd")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0 and "detached, it runs on" in child.before and "\033[?2004l" in child.before
    assert "\033[?1049h" not in child.before
    looks = pexpect.spawn(str(BUILD / "src" / "muster"), ["attach", "-r", s.id], env=muster.env, timeout=WAIT_S, encoding="utf-8")
    looks.expect(r"pasted.*#\d+ permission")
    looks.send("say not sent\r")
    muster.run("stop", s.name)
    looks.expect("its agent has ended")
    looks.close()
    assert not [p for p in s.said("prompt") if "not sent" in p["text"]]


def test_an_attached_conversation_shows_notices(muster, repo):
    s = Session(muster, repo, "say before")
    s.turns(1)
    env = {**muster.env, "TERM": "xterm-kitty"}
    child = pexpect.spawn(str(BUILD / "src" / "muster"), ["attach", s.name], env=env, timeout=WAIT_S, encoding="utf-8")
    child.expect("before\r\n.*> ")
    s.tell("run touch x")
    child.expect_exact(f"\x1b]99;;1 needs you: {s.name}: ")
    child.send("\x1cd")
    child.expect(pexpect.EOF)
    child.close()


def test_a_permission_is_answered_from_the_docket(muster, repo):
    s = Session(muster, repo, "run touch x")
    item = s.need("permission")
    assert item["title"] == "run: touch x" and item["blocking"] and item["detail"]["command"] == "touch x"
    assert [(o["key"], o["label"]) for o in item["options"]] == [("allow", "Allow once"), ("deny", "Deny (a text tells it why)")]
    assert s.wait("blocked") == "blocked"
    with pytest.raises(RpcError) as refused:
        s.tell("say not now")
    assert refused.value.code == 3
    s.answer(item, option="allow")
    s.turn()
    assert s.ran() == ["touch x"]
    assert s.said("tool")[0]["command"] == "touch x" and s.said("tool_update")[0]["output"] == "it ran"


def test_a_rule_allows_no_more_than_it_names(muster, repo):
    """One of several files, or a command in another folder: the lead is asked."""
    (muster.home / "config").mkdir(exist_ok=True)
    (muster.home / "config" / "config.yaml").write_text(
        'policy: [{effect: allow, path: "*.txt"}, {effect: allow, command: make}]\n')
    s = Session(muster, repo, "write a.txt,b.txt\nrun make")
    s.turn()
    assert s.ran() == ["make"] and s.file("b.txt").exists()
    s.tell("write c.txt,own.c")
    item = s.need("permission")
    assert item["detail"]["paths"] == ["c.txt", "own.c"] and item["rule"] is None
    assert "files: c.txt\n    own.c\n" in muster.run("docket").stdout
    s.answer(item, option="deny")
    s.turn()
    assert not s.file("c.txt").exists()
    s.tell("run_in /elsewhere make")
    item = s.need("permission")
    assert item["detail"]["beyond"] and item["rule"] is None
    said = muster.json("policy", "explain", item["id"])
    assert said["effect"] == "ask" and said["guard"]
    s.answer(item, option="deny")
    s.turn()


def test_the_reason_of_a_denial_reaches_the_agent(muster, repo):
    s = Session(muster, repo, "run touch x")
    s.answer(s.need("permission"), option="deny", text="not on a Tuesday")
    s.turns(2)
    assert s.ran() == []
    assert "not on a Tuesday" in s.got("session/prompt")[1]["params"]["prompt"][0]["text"]


def test_one_permission_of_two_agents_is_answered_once(muster, repo):
    one = Session(muster, repo, "run touch x", name="one")
    first = one.need("permission")
    two = Session(muster, repo, "say I ask something else first\nrun touch x", name="two")
    shown = two.need("permission")
    assert shown["id"] == first["id"] and [i["session_name"] for i in shown["same"]] == ["two"]
    one.answer(shown, option="allow")
    for s in (one, two):
        s.turns(1)
        assert s.ran() == ["touch x"]


def test_questions(muster, repo):
    s = Session(muster, repo, "ask Which colour?")
    item = s.need("question")
    assert item["title"] == "Which colour?" and [o["key"] for o in item["options"]] == ["Red", "Green"]
    s.answer(item, option="Green")
    assert s.turn() == 'got {"action": "accept", "content": {"colour": "Green"}}'
    s.tell("ask Which colour?")
    s.answer(s.need("question"), text="Blue")
    assert s.turn() == 'got {"action": "accept", "content": {"other": "Blue"}}'
    s.tell("form Who?")
    item = s.need("question")
    assert "one line for each" in item["detail"]["context"] and item["options"] == []
    s.answer(item, text="Ada\n3\nyes\na, c")
    assert s.turn() == 'got {"action": "accept", "content": {"name": "Ada", "count": 3, "sure": true, "parts": ["a", "c"]}}'


def test_interrupt_answers_what_is_open_as_cancelled(muster, repo):
    s = Session(muster, repo, "run touch x")
    s.need("permission")
    muster.run("interrupt", s.name)
    assert s.turn() == "answered cancelled"
    assert s.wait("idle") == "idle" and s.items("permission") == [] and s.ran() == []
    s.tell(f"think hm\nwait {muster.home}/never")
    muster.run("interrupt", s.name)
    s.turns(2)
    s.tell("say well")
    s.turns(3)
    assert s.said("message")[-1]["text"] == "well"


def test_clear_begins_a_conversation_in_the_same_process(muster, repo):
    s = Session(muster, repo, "say one")
    s.turns(1)
    pid = s.get()["pid"]
    muster.run("clear", s.name)
    s.tell("say two")
    s.turns(2)
    got = s.get()
    assert got["pid"] == pid and got["conversation"] == "conversation-2"
    assert s.got("session/prompt")[1]["params"]["sessionId"] == "conversation-2"


def test_a_prompt_told_during_a_turn_comes_after_it(muster, repo):
    gate = muster.home / "gate"
    s = Session(muster, repo, f"say first\nwait {gate}")
    s.event("turn.started")
    assert s.tell("say second", wait_ms=0)["state"] == "queued"
    s.kill_daemon()
    assert len(s.got("session/prompt")) == 1
    gate.touch()
    s.turns(2)
    assert [m["text"] for m in s.said("message")] == ["first", "second"]
    assert len(s.got("session/prompt")) == 2


@pytest.mark.parametrize("how", ["load", "resume", "neither"])
def test_a_new_process_goes_on_with_the_conversation(muster, repo, how):
    s = Session(muster, repo, "say one", *{"load": [], "resume": ["--resume"], "neither": ["--no-load"]}[how])
    s.turns(1)
    muster.run("stop", s.name)
    muster.run("resume", s.name)
    s.tell("say two")
    s.turns(2)
    asked = [m["method"] for m in s.got() if m["method"].startswith("session/") and "set" not in m["method"]]
    again = {"load": "session/load", "resume": "session/resume", "neither": "session/new"}[how]
    assert asked == ["session/new", "session/prompt", again, "session/prompt"]
    assert s.get()["conversation"] == ("conversation-2" if how == "neither" else "conversation-1")
    assert [m["text"] for m in s.said("message")] == ["one", "two"]  # what loading repeats is not said again


@pytest.mark.parametrize("point", ["beginning", "turn", "permission", "answered", "ended", "everywhere"])
def test_musterd_is_killed(muster, repo, point):
    """Whatever was on its way arrives, and once."""
    gates = [muster.home / f"gate{i}" for i in range(3)]
    s = Session(muster, repo, f"say one\nwait {gates[1]}\nrun touch x\nwait {gates[2]}\nsay two", "--gate", str(gates[0]))

    def at(here):
        if point in (here, "everywhere"):
            s.kill_daemon()

    s.wait("started")
    at("beginning")
    gates[0].touch()
    while not s.all_events("turn.started"):
        s.event("turn.started")
    at("turn")
    gates[1].touch()
    item = s.need("permission")
    at("permission")
    s.answer(item, option="allow")
    at("answered")
    gates[2].touch()
    s.turns(1)
    at("ended")
    s.tell("say three")
    s.turns(2)
    assert s.ran() == ["touch x"]
    assert [m["text"] for m in s.said("message")] == ["one", "two", "three"]
    counts = {m: len(s.got(m)) for m in ("initialize", "session/new", "session/set_mode", "session/prompt")}
    assert counts == {"initialize": 1, "session/new": 1, "session/set_mode": 1, "session/prompt": 2}
    assert len([m for m in s.got() if "method" not in m]) == 1


def test_musterd_is_killed_at_each_event(muster, repo):
    s = Session(muster, repo, "say one\nrun touch x\nplan a,b\nsay two\nrun touch y\nsay three")
    kills = 0
    while not s.all_events("turn.ended"):
        for item in s.items("permission"):
            s.answer(item, option="allow")
        s.events.read()
        s.kill_daemon()
        kills += 1
    assert kills >= 3
    assert s.ran() == ["touch x", "touch y"]
    assert [m["text"] for m in s.said("message")] == ["one", "two", "three"]
    assert len(s.said("plan")) == len(s.said("prompt")) == 1
    assert [m["method"] for m in s.got() if "method" in m] == ["initialize", "session/new", "session/set_mode", "session/prompt"]
    assert len([m for m in s.got() if "method" not in m]) == 2


def test_the_holder_is_killed(muster, repo):
    """With it the agent goes; what it asked is void, and its conversation goes on in another process."""
    s = Session(muster, repo, "say one\nrun touch x")
    s.need("permission")
    os.kill(s.get()["hold"]["pid"], signal.SIGKILL)
    assert s.wait("failed", "stopped") and s.items("permission") == []
    muster.run("resume", s.name)
    s.tell("say two")
    while s.turn() != "two":
        pass
    assert s.got("session/load") and s.ran() == []


def test_prompts_survive_kills_right_after_they_were_told(muster, repo):
    s = Session(muster, repo, "say 0")
    s.turns(1)
    for i in range(1, 9):
        s.tell(f"run {i}", wait_ms=0)
        s.kill_daemon()
        s.answer(s.need("permission"), option="allow")
        s.kill_daemon()
        s.turns(1 + i)
    assert s.ran() == [str(i) for i in range(1, 9)]
    assert len(s.got("session/prompt")) == 9


# ---- what no agent should do ----

GARBAGE = [
    "not json at all",
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","id":4711,"result":{"stopReason":"end_turn"}}',
    '{"jsonrpc":"2.0","id":"4","result":{}}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}',
    '{"jsonrpc":"2.0","id":{"a":[]},"method":"session/request_permission","params":{}}',
    '{"jsonrpc":"2.0","method":"session/update"}',
    '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"another","update":{"sessionUpdate":"plan"}}}',
    '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"conversation-1","update":{"sessionUpdate":"brand_new"}}}',
    '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"conversation-1","update":{"sessionUpdate":"tool_call"}}}',
    '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"conversation-1","update":{"sessionUpdate":"plan","entries":7}}}',
    '{"jsonrpc":"2.0","method":"_vendor/thing","params":[1,2]}',
    '{"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":99}}',
    "[" * 200,
    "\x01\x1b[31m",
]


def test_garbage_is_counted_and_changes_nothing(muster, repo):
    s = Session(muster, repo, "\n".join(f"raw {line}" for line in GARBAGE) + "\nsay still here")
    assert s.turn() == "still here"
    assert s.wait("idle") == "idle"
    unknown = s.get()["unknown"]
    assert unknown["line that is no message"] == 3 and unknown["answer to nothing"] == 4
    assert unknown["brand_new"] == unknown["_vendor/thing"] == 1 and unknown["update of another conversation"] == 2
    assert any(o["name"] == "brand_new" for o in s.said("other"))


def test_unknown_requests_are_refused(muster, repo):
    s = Session(muster, repo, "call fs/read_text_file\ncall terminal/create\ncall session/request_permission")
    s.turn()
    codes = [json.loads(line.split("got ")[1])["code"] for line in s.said("message")[0]["text"].replace("}got", "}\ngot").splitlines()]
    assert codes == [-32601, -32601, -32602]


def test_a_line_of_64_mib(muster, repo):
    s = Session(muster, repo, f"huge {64 << 20}\nsay after it")
    assert s.turn() == "after it"
    assert s.all_events("output.oversize") == [{"lines": 1}]


def test_a_long_message_comes_whole(muster, repo):
    text = "ä" * 50000
    s = Session(muster, repo, f"say {text}")
    s.turns(1)
    pieces = s.said("message")
    assert "".join(p["text"] for p in pieces) == text and len(pieces) > 1
    assert all(p.get("more") for p in pieces[:-1])


def test_a_message_is_shown_as_it_grows(muster, repo):
    gate = muster.home / "gate"
    s = Session(muster, repo, f"line one\nsay tw\nwait {gate}\nline o\nsay three")
    assert s.event("agent.said", lambda e: e["data"]["kind"] == "message")["data"]["said"] == {"text": "one\n", "more": True}
    s.kill_daemon()
    gate.touch()
    s.turns(1)
    assert "".join(m["text"] for m in s.said("message")) == "one\ntwo\nthree"
    assert s.get()["last_words"] == "one\ntwo\nthree"


def test_an_agent_that_does_not_read(muster, repo):
    """More than the holder keeps for it: the rest is given again until there is room, and all of it arrives once."""
    gate = muster.home / "gate"
    s = Session(muster, repo, f"deaf {gate}\nflood 10000\nsay deaf now")
    s.turns(1)
    text = "say well\n" + "x" * 3_900_000
    assert s.tell(text, wait_ms=0)["state"] == "queued"
    s.kill_daemon()
    assert s.tell("say and this", wait_ms=0)["state"] == "queued"
    gate.touch()
    s.turns(3)
    prompts = [m["params"]["prompt"][0]["text"] for m in s.got("session/prompt")]
    assert prompts[1:] == [text, "say and this"]
    assert len([m for m in s.got() if "method" not in m]) == 10000
    assert s.said("prompt")[1]["left_out"] == len(text) - (16 << 10)


def test_a_conversation_is_adopted(muster, repo):
    script, log, folder = muster.home / "agent.sh", muster.home / "log", muster.home / "conversations"
    script.write_text(f"#!/bin/sh\nexec {sys.executable} {AGENT} --log {log} --folder {folder}\n")
    script.chmod(0o755)
    folder.mkdir()
    (folder / "begun-elsewhere").write_text("say something\n")
    muster.run("adopt", repo, "--agent", f"acp:{script}", "--conversation", "begun-elsewhere", "--name", "a")
    muster.run("tell", "a", "say and more")
    assert muster.json("show", "a")["conversation"] == "begun-elsewhere"
    asked = [json.loads(line) for line in log.read_text().splitlines()]
    assert [m["method"] for m in asked if "set" not in m["method"]] == ["initialize", "session/load", "session/prompt"]
    assert asked[-1]["params"]["sessionId"] == "begun-elsewhere"


def test_two_answers_to_one_prompt(muster, repo):
    s = Session(muster, repo, "twice")
    s.turns(1)
    s.tell("say well")
    s.turns(2)
    assert s.get()["unknown"] == {"answer to nothing": 1}


def test_a_request_that_is_taken_back(muster, repo):
    s = Session(muster, repo, "withdraw touch x")
    assert s.turn() == 'got {"outcome": {"outcome": "cancelled"}}'
    assert s.items("permission") == []
    (withdrawn,) = [i for i in s.all_events("item.withdrawn") if i["reason"] == "the agent took it back"]
    with pytest.raises(RpcError) as refused:
        s.rpc.call("docket.answer", item=withdrawn["item"], option="allow")
    assert refused.value.code == 3


def test_ten_thousand_requests_at_once(muster, repo):
    s = Session(muster, repo, f"flood 10000\nwait {muster.home}/never")
    while len(s.items("permission")) < 64:
        s.event("item.opened")
    muster.run("interrupt", s.name)
    s.turn()
    assert s.items("permission") == []
    s.tell("say well")
    s.turns(2)  # it reads in order: by now all that came before
    assert len([m for m in s.got() if "method" not in m]) == 10000


def test_a_request_that_outlives_its_turn(muster, repo):
    s = Session(muster, repo, "open touch x\nsay done")
    assert s.turn() == "done"
    assert s.items("permission") == [] and s.wait("idle") == "idle"


@pytest.mark.parametrize("with_open", [False, True])
def test_the_agent_dies_in_its_turn(muster, repo, with_open):
    s = Session(muster, repo, f"say last words\n{'open touch x' if with_open else ''}\nhalf {{\"jsonrpc\"\ndie 7")
    assert s.wait("failed") == "failed"
    assert s.items("permission") == [] and s.get()["exit"] == 7
    assert [m["text"] for m in s.said("message")] == ["last words"]
    muster.run("resume", s.name)
    s.tell("say I am back")
    while s.turn() != "I am back":
        pass
    assert s.got("session/load") and s.wait("idle") == "idle"


def test_the_agent_is_killed_before_it_took_the_brief(muster, repo):
    gate = muster.home / "gate"
    s = Session(muster, repo, "say hello", "--gate", str(gate))
    s.wait("started")
    os.kill(s.get()["pid"], signal.SIGKILL)
    s.wait("failed")
    gate.touch()
    muster.run("resume", s.name)
    assert s.turn() == "hello"


@pytest.mark.parametrize("args, why", [
    (["--version", "2"], "it speaks version 2"),
    (["--refuse", "initialize"], "log in first"),
    (["--refuse", "session/new"], "log in first"),
    (["--refuse", "session/set_mode"], "it refuses the mode default: log in first"),
])
def test_a_conversation_that_cannot_begin(muster, repo, args, why):
    s = Session(muster, repo, "say hello", *args)
    item = s.need("failure")
    assert item["title"].startswith("it could not begin: ") and why in item["title"] and "\x1b" not in item["title"]
    assert not s.got("session/prompt")
    with pytest.raises(RpcError) as failed:
        s.tell("say hello")
    assert why in failed.value.message
    muster.run("stop", s.name)


@pytest.mark.parametrize("mode, works", [("plan", True), ("nonesuch", False)])
def test_the_mode_that_was_asked_for(muster, repo, mode, works):
    s = Session(muster, repo, "say hello\nmode auto", options={"mode": mode})
    if works:
        assert s.turn() == "hello"
        assert s.got("session/set_mode")[0]["params"]["modeId"] == mode
        assert s.said("mode") == [{"mode": "auto", "name": "Auto"}] and s.get()["mode"] == "auto"
    else:
        assert "nonesuch" in s.need("failure")["title"]


def test_the_mode_is_changed(muster, repo):
    s = Session(muster, repo, "say hello")
    s.turns(1)
    muster.run("mode", s.name, "plan")
    s.event("agent.said", lambda e: e["data"]["kind"] == "mode")
    assert s.get()["mode"] == "plan" and s.said("mode") == [{"mode": "plan", "name": "Plan"}]
    assert s.got("session/set_mode")[-1]["params"]["modeId"] == "plan"
    wrong = muster.run("mode", s.name, "nonesuch", check=False)
    assert wrong.returncode == 2 and "it offers default auto plan" in wrong.stderr
    other = muster.run("start", "--name", "sleeper", "--", "sleep", "1000", cwd=repo)
    assert muster.run("mode", "sleeper", "plan", check=False).returncode == 3, other


def test_a_turn_that_fails(muster, repo):
    s = Session(muster, repo, "fail the service is down")
    assert "the service is down" in s.need("failure")["title"]
    s.tell("stop refusal")
    while not [i for i in s.items("failure") if "refuses" in i["title"]]:
        s.event("item.opened")
    s.tell("say well")
    assert s.turn() == "well"
    assert s.items("failure") == []


def test_how_the_command_is_given(muster, repo):
    script = muster.home / "agent.sh"
    log, folder = muster.home / "log", muster.home / "conversations"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {AGENT} --log {log} --folder {folder} "$@"\n')
    script.chmod(0o755)
    muster.run("start", "--name", "a", "--agent", f"acp:{script}  --resume", "say hello", cwd=repo)
    assert muster.json("show", "a")["agent"] == f"acp:{script}  --resume"
    refused = muster.run("start", "--name", "b", "--agent", "acp", "say hello", cwd=repo, check=False)
    assert refused.returncode == 1 and "acp:COMMAND" in refused.stderr
    missing = muster.run("start", "--name", "c", "--agent", "acp:/nonexistent/agent", "say hello", cwd=repo, check=False)
    assert missing.returncode == 1 and "/nonexistent/agent" in missing.stderr
