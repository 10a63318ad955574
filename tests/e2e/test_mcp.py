"""`muster mcp` in real sessions: what an agent's calls do to the docket, and what survives whom."""

import os
import pathlib
import signal
import subprocess

import pytest
from house import BUILD, WAIT_S
from mcp import McpClient

pytestmark = pytest.mark.sanitize


@pytest.fixture
def rpc(muster):
    client = muster.rpc()
    client.call("events.subscribe")
    return client


@pytest.fixture
def open_client(muster, rpc, tmp_path):
    clients = []

    def start(name="asker", **more):
        clients.append(McpClient(rpc, tmp_path, name, **more))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def said(result):
    return result["content"][0]["text"]


def item_of(rpc, title):
    """Waits until that question stands on the docket."""
    while True:
        for item in rpc.call("docket.list")["items"]:
            if item["title"] == title:
                return item
        rpc.wait_event("item.opened")


def wait(rpc, session, *until):
    return rpc.call("session.wait", session=session, until=",".join(until), timeout_ms=WAIT_S * 1000)


def test_tools_in_the_old_era(rpc, open_client):
    c = open_client()
    assert c.begin()["serverInfo"]["name"] == "muster"
    assert c.answer(c.send("ping"))["result"] == {}
    names = [tool["name"] for tool in c.answer(c.send("tools/list"))["result"]["tools"]]
    assert {"ask", "ask_many", "report", "done", "job_start", "await_decision", "recap"} <= set(names)
    assert said(c.call("report", text="half of it", percent=50)) == "Noted."
    shown = rpc.call("session.get", session=c.name)
    assert shown["progress"] == 50 and shown["progress_text"] == "half of it"
    c.call("done", summary="All of it.", tested="by hand", look="a.c")
    review = item_of(rpc, "it says that the task is complete: review it")
    assert review["detail"] == {"summary": "All of it.", "tested": "by hand", "look": "a.c"}


def test_tools_in_the_new_era(rpc, open_client):
    c = open_client()
    found = c.answer(c.send("server/discover", modern=True))["result"]
    assert found["resultType"] == "complete" and "2026-07-28" in found["supportedVersions"]
    result = c.call("report", modern=True, text="half of it", percent=50)
    assert result["resultType"] == "complete" and result["structuredContent"] == {"ok": True}
    assert rpc.call("session.get", session=c.name)["progress"] == 50


def test_a_question_holds_up_nothing(muster, rpc, open_client):
    c = open_client()
    c.begin()
    options = [{"key": "red", "label": "as before"}, {"key": "blue", "label": "as the others"}]
    first = c.ask("ask", question="Which colour?", options=options, context="It is for the logo.")
    item = item_of(rpc, "Which colour?")
    assert item["blocking"] and item["options"] == options and item["detail"]["context"] == "It is for the logo."
    second = c.ask("ask", question="Which number?")
    number = item_of(rpc, "Which number?")
    assert wait(rpc, c.name, "blocked")["state"] == "blocked"
    assert c.answer(c.send("ping"))["result"] == {}
    assert said(c.call("report", text="waiting")) == "Noted."
    assert first not in c.answered and second not in c.answered
    muster.run("answer", number["id"], "seven")
    assert said(c.answer(second)["result"]) == "The lead's answer: seven"
    assert first not in c.answered
    muster.run("answer", item["id"], "blue", "it is nicer")
    result = c.answer(first)["result"]
    assert said(result) == "The lead's answer: blue (as the others)\nThe lead adds: it is nicer"
    assert result["structuredContent"] == {"answer": {"option": "blue", "text": "it is nicer"}}
    rpc.wait_event("item.delivered", lambda e: e["data"]["item"] == item["id"])


def test_who_assumes_goes_on(rpc, open_client):
    c = open_client()
    result = c.call("ask", question="Which colour?", assumption="It is red.")
    item = item_of(rpc, "Which colour?")
    assert result["structuredContent"]["item"] == item["id"]
    assert not item["blocking"] and item["detail"]["assumption"] == "It is red."


def test_a_batch_is_answered_together(muster, rpc, open_client):
    c = open_client()
    c.begin()
    asked = c.ask("ask_many", questions=[
        {"question": "Which colour?", "options": [{"key": "red", "label": "as before"}]},
        {"question": "Which number?", "sure": 60, "blocks": "all of it", "assumption": "seven"}])
    colour, number = item_of(rpc, "Which colour?"), item_of(rpc, "Which number?")
    assert number["detail"] == {"sure": 60, "blocks": "all of it", "assumption": "seven"}
    muster.run("answer", number["id"], "eight")
    c.answer(c.send("ping"))
    assert asked not in c.answered
    muster.run("answer", colour["id"], "red")
    result = c.answer(asked)["result"]
    assert result["structuredContent"] == {"answers": [{"option": "red"}, {"text": "eight"}]}
    assert said(result) == "1. Which colour?\nred (as before)\n2. Which number?\neight"
    gone = c.call("ask_many", questions=[{"question": "And now?", "assumption": "On."}])["structuredContent"]
    assert gone["items"] == [item_of(rpc, "And now?")["id"]]
    both = c.ask("ask_many", questions=[{"question": "One?"}, {"question": "Two?"}])
    item_of(rpc, "Two?")
    c.notify("notifications/cancelled", requestId=both)
    withdrawn = {rpc.wait_event("item.withdrawn")["data"]["item"] for _ in range(2)}
    assert withdrawn == {i["id"] for i in rpc.call("docket.list", all=True)["items"] if i["title"] in ("One?", "Two?")}


def test_decisions(muster, rpc, open_client):
    c = open_client()
    c.begin()
    assert said(c.call("decisions")) == "There are no decisions yet."
    awaited = c.ask("await_decision", decision="log-format")
    item_of(rpc, "it awaits the decision log-format")
    proposed = c.ask("propose_decision", decision="error-format", value="one line", because="it is read", options=["JSON"])
    item = item_of(rpc, "it proposes to decide error-format: one line")
    assert [option["label"] for option in item["options"]] == ["one line", "JSON"]
    muster.run("answer", item["id"], "accept")
    assert said(c.answer(proposed)["result"]).startswith("error-format: one line")
    assert awaited not in c.answered
    rpc.call("decision.make", everywhere=True, name="log-format", value="text", because="grep")
    result = c.answer(awaited)["result"]
    assert said(result) == "log-format: text\n  because: grep"
    assert result["structuredContent"]["decision"]["version"] == 1
    listed = c.call("decisions")["structuredContent"]["decisions"]
    assert {d["name"]: d["value"] for d in listed} == {"error-format": "one line", "log-format": "text"}
    wrong = c.call("await_decision", decision="no such/name")
    assert wrong["isError"]


def test_a_recap_is_kept(rpc, open_client):
    c = open_client()
    assert said(c.call("recap", text="Half of it.\nThe rest is left.")) == "Noted."
    assert rpc.call("session.get", session=c.name)["recap"] == "Half of it.\nThe rest is left."


def test_jobs(rpc, open_client):
    c = open_client()
    started = c.call("job_start", command="echo serving; exec sleep 1000", name="server")["structuredContent"]
    assert started["name"] == "server" and started["state"] == "running"
    assert said(c.call("job_start", command="true", name="server")) == "asker has a running job server already"
    (listed,) = c.call("job_list")["structuredContent"]["jobs"]
    assert listed["pid"] == started["pid"] and listed["command"] == ["sh", "-c", "echo serving; exec sleep 1000"]
    while "serving" not in said(c.call("job_logs", job="server")):
        pass
    assert said(c.call("job_stop", job="server")) == "server has ended."
    assert not pathlib.Path(f"/proc/{started['pid']}").exists()
    failed = c.call("job_logs", job="none")
    assert failed["isError"] and "no job none" in said(failed)


def test_the_server_is_nobodys_job(rpc, open_client):
    """Though it is in a process session of its own, which is what makes others a background process of the agent's."""
    c = open_client(run="setsid -w")
    assert c.call("job_list")["structuredContent"] == {"jobs": []}


def test_what_is_cancelled_is_withdrawn(muster, rpc, open_client):
    c = open_client()
    c.begin()
    gone, stays = c.ask("ask", question="Which colour?"), c.ask("ask", question="Which number?")
    item, other = item_of(rpc, "Which colour?"), item_of(rpc, "Which number?")
    c.notify("notifications/cancelled", requestId=gone, reason="the turn was interrupted")
    assert rpc.wait_event("item.withdrawn")["data"]["item"] == item["id"]
    assert muster.run("answer", item["id"], "red", check=False).returncode == 3
    muster.run("answer", other["id"], "seven")
    assert said(c.answer(stays)["result"]) == "The lead's answer: seven"
    c.answer(c.send("ping"))
    assert gone not in c.answered


@pytest.mark.parametrize("how", ["input ends", "nobody reads", "killed"])
def test_who_goes_away_asks_nothing_more(rpc, open_client, how):
    c = open_client()
    c.begin()
    c.ask("ask", question="Which colour?")
    item = item_of(rpc, "Which colour?")
    if how == "input ends":
        c.write(b'{"jsonrpc":"2.0","id":9,"method":"ping"}\n{"half a li')
        c.into.close()
        assert c.answer(9)["result"] == {}
    elif how == "nobody reads":
        c.out.close()
    else:
        os.kill(c.pid, signal.SIGKILL)
    assert rpc.wait_event("item.withdrawn")["data"]["item"] == item["id"]
    assert wait(rpc, c.name, "done", "failed")["state"] == ("failed" if how == "killed" else "done")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_question_outlives_musterd(muster, rpc, open_client, when):
    """Killed while the question waits, and again between the answer and its delivery: answered once."""
    c = open_client()
    c.begin()
    asked = c.ask("ask", question="Go on?")
    item = item_of(rpc, "Go on?")["id"]
    if when == "after":
        rpc.call("docket.answer", item=item, text="yes")
    muster.kill_daemon()
    rpc = muster.rpc()
    if when == "before":
        rpc.call("docket.answer", item=item, text="yes")
    assert said(c.answer(asked)["result"]) == "The lead's answer: yes"
    c.answer(c.send("ping"))  # an answer that came again would have come before
    assert said(c.call("report", text="on with it")) == "Noted."


def test_a_question_is_asked_while_musterd_is_down(muster, open_client):
    c = open_client()
    c.begin()
    muster.kill_daemon()
    asked, told = c.ask("ask", question="Go on?"), c.ask("report", text="half of it", percent=50)
    assert c.answer(c.send("ping"))["result"] == {}
    assert not c.answered.keys() & {asked, told}
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    item = item_of(rpc, "Go on?")
    assert said(c.answer(told)["result"]) == "Noted."
    rpc.call("docket.answer", item=item["id"], text="yes")
    assert said(c.answer(asked)["result"]) == "The lead's answer: yes"


def test_garbage_is_answered_and_gone_on_with(rpc, open_client):
    c = open_client()
    c.begin()
    asked = c.ask("ask", question="Which colour?")
    item = item_of(rpc, "Which colour?")
    for line, code in ((b"what?\n", -32700), (b"\xff\x00\n", -32700), (b"[]\n", -32600), (b'{"id":{}}\n', -32600)):
        c.write(line)
        assert c.read()["error"]["code"] == code
    c.write(b"\n\r\n")
    wrong = c.call("ask", question="Which?", options=["red"])
    assert wrong["isError"] and said(wrong) == "ask: options[0] must be an object"
    long = c.call("report", text="x" * (2 << 20))
    assert long["isError"] and "has 2097152 bytes; at most 16384 are taken" in said(long)
    unknown = c.answer(c.ask("no_such_tool"))["error"]
    assert unknown["code"] == -32602
    rpc.call("docket.answer", item=item["id"], text="red")
    assert said(c.answer(asked)["result"]) == "The lead's answer: red"


def test_a_line_without_end_takes_no_memory(rpc, open_client):
    c = open_client(run="env ASAN_OPTIONS=quarantine_size_mb=1")
    c.begin()
    piece = b"x" * (1 << 20)
    c.write(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"')
    for _ in range(64):
        c.write(piece)
    c.write(b'"}}\n')
    error = c.read()["error"]
    assert error["code"] == -32600 and "4194304" in error["message"]
    assert c.answer(c.send("ping"))["result"] == {}
    status = pathlib.Path(f"/proc/{c.pid}/status").read_text()
    peak_kib = int(status.partition("VmHWM:")[2].split()[0])
    assert peak_kib < 48 * 1024


def test_more_calls_than_there_may_be(rpc, open_client):
    c = open_client()
    c.begin()
    asked = [c.ask("ask", question=f"Question {i}?") for i in range(24)]
    for i in range(24):
        item_of(rpc, f"Question {i}?")
    refused = c.call("ask", question="One more?")
    assert refused["isError"] and "24 calls are open" in said(refused)
    c.notify("notifications/cancelled", requestId=asked[0])
    rpc.wait_event("item.withdrawn")
    assert said(c.call("report", text="on with it")) == "Noted."


def test_outside_of_a_session(muster):
    done = muster.run("mcp", check=False)
    assert done.returncode == 2
    assert done.stderr == "muster: MUSTER_SOCKET is not set: this works only inside a muster session\n"
    env = {**muster.env, "MUSTER_SOCKET": str(muster.home / "none")}
    done = subprocess.run([BUILD / "src" / "muster", "mcp"], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=WAIT_S, check=False)
    assert done.returncode == 1 and "cannot reach the session's holder" in done.stderr
