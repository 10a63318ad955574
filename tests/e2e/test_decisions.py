"""Decisions: awaited, proposed, made once, superseded; and questions that an agent goes on without an answer to."""

import json
import re

import pytest
from holdclient import Mail
from house import RpcError, WAIT_S

pytestmark = pytest.mark.sanitize


@pytest.fixture
def rpc(muster):
    client = muster.rpc()
    client.call("events.subscribe")
    return client


def shell(rpc, where, name, script, worktree=False, **params):
    """A session that runs a script; muster is $MUSTER_BIN there."""
    return rpc.call("session.start", repo=str(where), name=name, worktree=worktree, command=["sh", "-c", script], **params)


def actor(muster, repo, tmp_path, name, steps, front=""):
    """A session that plays these steps, and takes prompts."""
    script = tmp_path / f"{name}.yaml"
    script.write_text(json.dumps({"steps": steps}))
    task = tmp_path / f"{name}.md"
    task.write_text(f"---\nname: {name}\nagent: rehearsal\noptions: {{script: {script}}}\n{front}---\nPlay.\n")
    return muster.json("start", "--task", task, cwd=repo)


def opened(rpc, n=1):
    for _ in range(n):
        rpc.wait_event("item.opened")


def until(rpc, name, states):
    return rpc.call("session.wait", session=name, until=states, timeout_ms=WAIT_S * 1000)


def ended(rpc, name):
    assert until(rpc, name, "done,failed")["state"] == "done"


def items(rpc, kind):
    return [i for i in rpc.call("docket.list")["items"] if i["kind"] == kind]


def prompts(rpc, name):
    """Texts that the session was told, as its script wrote them down."""
    folder = rpc.call("session.get", session=name)["workspace"]
    with open(f"{folder}/told", encoding="utf8") as f:
        return f.read()


HEARS = [{"wait": "prompt"}, {"edit": {"file": "told", "write": "${prompt}"}}, {"done": "told"}]


def test_one_decision_for_all_who_await_it(muster, rpc, repo):
    for name in ("one", "two"):
        shell(rpc, repo, name, f'"$MUSTER_BIN" await error-model --json >{name}.json', worktree=True)
        opened(rpc)
    (item,) = items(rpc, "decision")
    assert item["title"] == "it awaits the decision error-model" and item["blocking"]
    assert [s["session_name"] for s in item["same"]] == ["two"] and "2 sessions stand still" in item["why_rank"]
    (awaited,) = muster.json("decisions", cwd=repo)["awaited"]
    assert awaited["name"] == "error-model" and awaited["value"] is None and awaited["awaited_by"] == ["one", "two"]
    said = muster.run("decide", "error-model", "return", "codes", "--because", "as elsewhere", cwd=repo).stdout
    assert re.fullmatch("error-model: return codes \\(version 1\\); relied on by (one, two|two, one)\n", said)
    for name in ("one", "two"):
        ended(rpc, name)
        folder = rpc.call("session.get", session=name)["workspace"]
        with open(f"{folder}/{name}.json", encoding="utf8") as f:
            heard = json.load(f)["decision"]
        assert (heard["name"], heard["value"], heard["because"], heard["version"]) == ("error-model", "return codes", "as elsewhere", 1)
    assert items(rpc, "decision") == []
    shell(rpc, repo, "late", '"$MUSTER_BIN" await error-model >late.txt', worktree=True)  # at once
    ended(rpc, "late")


def test_answering_the_item_is_deciding(muster, rpc, repo):
    shell(rpc, repo, "one", '"$MUSTER_BIN" await colour', worktree=True)
    opened(rpc)
    shell(rpc, repo, "two", '"$MUSTER_BIN" propose colour red --or blue --because "it is warm" --wait', worktree=True)
    opened(rpc)
    (item,) = items(rpc, "decision")
    assert item["session_name"] == "two" and [s["session_name"] for s in item["same"]] == ["one"]
    shown = muster.run("docket").stdout
    assert "it proposes to decide colour: red" in shown and "it is warm" in shown and "also #" in shown
    refused = muster.run("answer", item["id"], "accept", "--only", check=False)
    assert refused.returncode == 2 and "for all who await it" in refused.stderr
    muster.run("answer", item["id"], "2")
    ended(rpc, "one")
    ended(rpc, "two")
    (d,) = muster.json("decisions", cwd=repo)["decisions"]
    assert (d["value"], d["because"], d["item"], sorted(d["relied_on_by"])) == ("blue", "it is warm", item["id"], ["one", "two"])
    late = muster.run("answer", item["id"], "1", check=False)
    assert late.returncode == 3 and "already" in late.stderr


def test_a_task_that_awaits_does_not_start_before(muster, rpc, repo, tmp_path):
    s = actor(muster, repo, tmp_path, "waiter", [{"done": "it"}], "awaits: [format, colour]\n")
    assert s["state"] == "blocked" and s["workspace"] is None
    assert sorted(i["detail"]["decision"] for i in items(rpc, "decision")) == ["colour", "format"]
    muster.run("decide", "format", "json", cwd=repo)
    muster.kill_daemon()
    rpc = muster.rpc()
    assert rpc.call("session.get", session="waiter")["state"] == "blocked"
    muster.run("decide", "colour", "red", cwd=repo)
    ended(rpc, "waiter")
    details = rpc.call("session.get", session="waiter")
    assert details["brief_text"] == "Play.\n" or details["brief_text"] == "Play."
    assert details["preface"] == "These decisions of the lead hold for your work:\n- colour: red\n- format: json"
    actor(muster, repo, tmp_path, "next", [{"done": "it"}], "awaits: [format]\n")  # decided: nothing to wait for
    ended(rpc, "next")


def test_one_that_awaits_can_be_stopped_and_resumed(muster, rpc, repo, tmp_path):
    actor(muster, repo, tmp_path, "waiter", [{"done": "it"}], "awaits: [format]\n")
    muster.run("stop", "waiter")
    assert items(rpc, "decision") == [] and rpc.call("session.get", session="waiter")["state"] == "stopped"
    assert muster.json("resume", "waiter")["state"] == "blocked"
    muster.run("decide", "format", "json", cwd=repo)
    ended(rpc, "waiter")


def test_a_new_value_is_told_to_those_who_rely_on_the_old(muster, rpc, repo, tmp_path):
    muster.run("decide", "format", "json", cwd=repo)
    actor(muster, repo, tmp_path, "old", HEARS)
    until(rpc, "old", "idle")
    shell(rpc, repo, "shell", '"$MUSTER_BIN" await format; "$MUSTER_BIN" ask stay', worktree=True)
    rpc.wait_event("item.opened", lambda e: items(rpc, "question"))
    same = muster.run("decide", "format", "json", cwd=repo).stdout
    assert same == "format: json (version 1); relied on by old, shell\n"
    done = muster.json("decide", "format", "cbor", "--because", "size", cwd=repo)
    assert (done["version"], done["told"], done["untold"]) == (2, ["old"], ["shell"])
    ended(rpc, "old")
    assert prompts(rpc, "old") == ('The decision "format" has changed. It was: json\nIt is now: cbor\nBecause: size\n'
                                   "Change what you built on the old value.")
    history = muster.json("decisions", "--history", cwd=repo)["decisions"]
    assert [(d["version"], d["value"], d["superseded_ms"] > 0) for d in history] == [(1, "json", True), (2, "cbor", False)]
    folder = tmp_path / "adr"
    muster.run("decisions", "--adr", folder, cwd=repo)
    first = (folder / "0001-format.md").read_text()
    assert 'status: "superseded by 0002-format"' in first and "## Decision Outcome\n\njson\n" in first
    assert "## Context and Problem Statement\n\nsize\n" in (folder / "0002-format.md").read_text()
    (folder / "0002-format.md").write_text("mine\n")
    refused = muster.run("decisions", "--adr", folder, cwd=repo, check=False)
    assert refused.returncode == 3 and (folder / "0002-format.md").read_text() == "mine\n"


def test_other_repositories_decide_for_themselves(muster, rpc, repo, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shell(rpc, repo, "here", '"$MUSTER_BIN" await colour', worktree=True)
    shell(rpc, other, "there", '"$MUSTER_BIN" await colour >colour')
    opened(rpc, 2)
    assert len(items(rpc, "decision")) == 2
    muster.run("decide", "colour", "red", cwd=repo)
    ended(rpc, "here")
    assert [i["session_name"] for i in items(rpc, "decision")] == ["there"]
    muster.run("decide", "colour", "blue", "--everywhere", cwd=repo)
    ended(rpc, "there")
    assert (other / "colour").read_text() == "blue\n"
    (d,) = [d for d in muster.json("decisions", cwd=other)["decisions"]]
    assert d["scope"] is None and d["value"] == "blue"
    shell(rpc, repo, "again", '"$MUSTER_BIN" await colour >colour', worktree=True)  # its own goes before
    ended(rpc, "again")
    folder = rpc.call("session.get", session="again")["workspace"]
    with open(f"{folder}/colour", encoding="utf8") as f:
        assert f.read() == "red\n"


def test_an_answer_becomes_a_decision(muster, rpc, repo):
    shell(rpc, repo, "one", '"$MUSTER_BIN" ask "Tabs or spaces?" --option tabs=Tabs --option spaces=Spaces', worktree=True)
    opened(rpc)
    (item,) = items(rpc, "question")
    answered = muster.json("answer", item["id"], "tabs", "--as", "indent")
    assert answered["decision"]["value"] == "Tabs" and answered["decision"]["because"] == "Tabs or spaces?"
    ended(rpc, "one")
    (d,) = muster.json("decisions", cwd=repo)["decisions"]
    assert (d["name"], d["item"], d["relied_on_by"]) == ("indent", item["id"], ["one"])


def test_what_is_no_decision(muster, rpc, repo):
    for args in (["-x", "y"], ["a b", "y"], ["é", "y"], ["x" * 65, "y"], [".x", "y"], ["x", ""]):
        bad = muster.run("decide", "--", *args, cwd=repo, check=False)
        assert bad.returncode == 2 and bad.stderr.count("\n") == 1, bad.stderr
    with pytest.raises(RpcError):
        rpc.call("decision.make", name="x", value="y", repo="/nowhere")
    shell(rpc, repo, "one", '"$MUSTER_BIN" await "a b"; test $? = 3 && "$MUSTER_BIN" propose x ""; test $? = 3', worktree=True)
    ended(rpc, "one")


def test_a_decision_outlives_musterd(muster, rpc, repo):
    for i in range(4):
        shell(rpc, repo, f"s{i}", '"$MUSTER_BIN" await colour >colour', worktree=True)
    opened(rpc, 4)
    muster.run("decide", "colour", "red", cwd=repo)
    muster.kill_daemon()
    rpc = muster.rpc()
    for i in range(4):
        ended(rpc, f"s{i}")
    assert items(rpc, "decision") == [] and len(muster.json("decisions", cwd=repo)["decisions"]) == 1


# ---- questions that it goes on without an answer to ----

def goes_on(muster, repo, tmp_path, name="actor", **question):
    steps = [{"ask": {"question": "Which colour?", "blocking": False, **question}},
             {"edit": {"file": "after.txt", "write": "built on it"}}, {"commit": "After the question"},
             {"edit": {"file": "more.txt", "write": "not committed"}}, *HEARS]
    return actor(muster, repo, tmp_path, name, steps)


def closed(rpc, item):
    return [i for i in rpc.call("docket.list", all=True)["items"] if i["id"] == item["id"]][0]


@pytest.mark.parametrize("answer", [["red"], ["RED."], ["--assumed"]])
def test_answered_as_assumed_nothing_is_interrupted(muster, rpc, repo, tmp_path, answer):
    goes_on(muster, repo, tmp_path, assumption="red")
    until(rpc, "actor", "idle")
    (item,) = items(rpc, "question")
    assert "it goes on assuming: red" in muster.run("docket").stdout
    muster.run("answer", item["id"], *answer)
    assert "as it assumed" in closed(rpc, item)["reason"] and closed(rpc, item)["state"] == "delivered"
    assert rpc.call("session.get", session="actor")["state"] == "idle"
    muster.run("tell", "actor", "only this")
    ended(rpc, "actor")
    assert prompts(rpc, "actor") == "only this"


def test_answered_otherwise_it_is_told_what_rests_on_it(muster, rpc, repo, tmp_path):
    goes_on(muster, repo, tmp_path, assumption="red", options=["red", "blue"])
    until(rpc, "actor", "idle")
    (item,) = items(rpc, "question")
    muster.run("answer", item["id"], "blue")
    ended(rpc, "actor")
    lines = prompts(rpc, "actor").splitlines()
    assert lines[0] == 'Answer to your question "Which colour?": blue'
    assert lines[1] == "You went on under another assumption: red"
    assert lines[2] == "Change what rests on it. Since you asked:"
    assert lines[3].startswith("- commit ") and lines[3].endswith(" After the question")
    assert lines[4].startswith("- changed files: ") and "after.txt, more.txt" in lines[4]


def test_killed_while_it_looks_what_was_built(muster, rpc, repo, tmp_path):
    """The answer is committed before a thread looks at the repository: whoever comes next looks again."""
    goes_on(muster, repo, tmp_path, assumption="red", options=["red", "blue"])
    until(rpc, "actor", "idle")
    (item,) = items(rpc, "question")
    rpc.send({"jsonrpc": "2.0", "id": 1000, "method": "docket.answer", "params": {"item": item["id"], "option": "blue"}})
    rpc.wait_event("item.answered")
    muster.kill_daemon()
    rpc = muster.rpc()
    ended(rpc, "actor")
    assert prompts(rpc, "actor").startswith('Answer to your question "Which colour?": blue\nYou went on')
    assert closed(rpc, item)["state"] == "delivered"


def test_assumptions_that_differ_each_go_on(muster, rpc, repo, tmp_path):
    goes_on(muster, repo, tmp_path, "one", assumption="red")
    goes_on(muster, repo, tmp_path, "two", assumption="blue")
    for name in ("one", "two"):
        until(rpc, name, "idle")
    (item,) = items(rpc, "question")
    assert [s["detail"]["assumption"] for s in item["same"]] == ["blue"]
    muster.run("answer", item["id"], "red")  # right for the one, not for the other
    ended(rpc, "two")
    assert "another assumption: blue" in prompts(rpc, "two") and rpc.call("session.get", session="one")["state"] == "idle"


def test_no_assumption_to_answer_with(muster, rpc, repo):
    shell(rpc, repo, "one", '"$MUSTER_BIN" ask "Go on?"', worktree=True)
    opened(rpc)
    bad = muster.run("answer", 1, "--assumed", check=False)
    assert bad.returncode == 2 and "no assumption" in bad.stderr
    bad = muster.run("answer", 1, "yes", "--assumed", check=False)
    assert bad.returncode == 2


# ---- batches and limits: the mailbox itself ----

class Box(Mail):
    """The agent's side of a session's mailbox."""

    def post(self, message):
        """Returns the request's number, once the holder has it."""
        self.send(json.dumps(message))
        return self.read()[1:]

    def answer(self, request):
        number, _, text = self.read().partition(" ")
        assert number == f"={request}"
        return json.loads(text)

    def call(self, message):
        return self.answer(self.post(message))


@pytest.fixture
def box(muster, rpc, repo):
    """The mailbox of a session that sleeps."""
    session = shell(rpc, repo, "asker", "exec sleep 1000", worktree=True)
    rpc.call("session.wait", session="asker", until="started", timeout_ms=WAIT_S * 1000)
    mail = Box(f"{muster.home}/run/agent/{session['id']}")
    yield mail
    mail.close()


def test_a_batch_is_answered_when_all_of_it_is(muster, rpc, box):
    request = box.post({"m": "ask_many", "questions": [
        {"question": "First?", "options": ["a", "b"]}, {"question": "Second?", "context": "why"}, {"question": "Third?"}]})
    opened(rpc, 3)
    first, second, third = sorted(items(rpc, "question"), key=lambda i: i["id"])
    assert [first["title"], second["title"], third["title"]] == ["First?", "Second?", "Third?"] and first["blocking"]
    muster.run("answer", third["id"], "three")
    muster.run("answer", first["id"], "b")
    muster.kill_daemon()
    muster.run("answer", second["id"], "two", "words")
    assert box.answer(request) == {"answers": [{"option": "b"}, {"text": "two words"}, {"text": "three"}]}
    assert items(muster.rpc(), "question") == []


def test_a_batch_goes_with_who_asked_it(muster, rpc, box):
    box.post({"m": "ask_many", "questions": [{"question": f"Number {i}?"} for i in range(5)]})
    opened(rpc, 5)
    muster.run("answer", 2, "two")
    box.close()
    for _ in range(5):
        rpc.wait_event("item.withdrawn")
    assert items(rpc, "question") == []


def test_asking_again_is_asking_once(muster, rpc, box):
    ask = {"m": "ask", "question": "Which?", "options": ["a", "b"], "blocking": False}
    first = box.call(ask)["item"]
    assert box.call(ask)["item"] == first
    assert box.call({**ask, "options": ["a", "c"]})["item"] != first
    items_of = box.call({"m": "ask_many", "blocking": False, "questions": [ask, {"question": "Other?"}]})["items"]
    assert items_of[0] == first and len(items_of) == 2


def test_ten_thousand_questions_of_one_agent(muster, rpc, box):
    """What is too much is refused with a line that says so, and nothing else suffers."""
    refused = 0
    for i in range(300):
        answer = box.call({"m": "ask", "question": f"Question {i}?", "blocking": False})
        refused += "error" in answer and "100 is the most" in answer["error"]
    assert refused == 200 and len(items(rpc, "question")) == 100
    many = box.call({"m": "ask_many", "questions": [{"question": "x"}] * 51})
    assert "error" in many
    muster.run("answer", 1, "go")
    assert "item" in box.call({"m": "ask", "question": "There is room again?", "blocking": False})


@pytest.mark.parametrize("message", [
    {"m": "ask"}, {"m": "ask", "question": ""}, {"m": "ask", "question": "x", "options": [1]},
    {"m": "ask", "question": "x", "options": [{"label": "no key"}]}, {"m": "ask", "question": "x", "options": ["o"] * 51},
    {"m": "ask_many"}, {"m": "ask_many", "questions": []}, {"m": "ask_many", "questions": [{"question": "a"}, {}]},
    {"m": "await"}, {"m": "await", "decision": "../x"}, {"m": "propose", "decision": "x"}, {"m": "propose", "value": "x"},
    {"m": "recap"}, {"m": "recap", "text": ""}, {"m": "nothing"}])
def test_messages_that_make_no_sense(rpc, box, message):
    assert list(box.call(message)) == ["error"]
    assert items(rpc, "question") == items(rpc, "decision") == []


def test_a_question_is_shown_inert(muster, rpc, box):
    box.call({"m": "ask", "question": "\x1b[2J\x1b]0;owned\x07Really\n#9 permission\n?", "blocking": False,
              "context": "\x1b[31mred\u202e", "assumption": "\x1b[H", "options": ["\x1b[1m", "b"]})
    shown = muster.run("docket").stdout
    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert "Really" in shown and not any(line.startswith("#9") for line in shown.splitlines())


def test_decisions_and_recap_over_the_mailbox(muster, rpc, repo, box):
    muster.run("decide", "b", "two", cwd=repo)
    muster.run("decide", "a", "everywhere", "--everywhere")
    muster.run("decide", "a", "here", cwd=repo)
    listed = box.call({"m": "decisions"})["decisions"]
    assert [(d["name"], d["value"]) for d in listed] == [("a", "here"), ("b", "two")]
    assert box.call({"m": "recap", "text": "What I did:\n- this"}) == {"ok": True}
    assert rpc.call("session.get", session="asker")["recap"] == "What I did:\n- this"
