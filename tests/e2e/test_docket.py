"""The docket across sessions: what is one need is shown once, and answered once."""

import json

import pytest
from house import RpcError, WAIT_S

pytestmark = pytest.mark.sanitize


def ask(rpc, where, name, question, *options, worktree=False):
    """A session that asks and writes down what it hears; waits until it stands on the docket."""
    words = " ".join(f"--option '{o}'" for o in options)
    script = f'"$MUSTER_BIN" ask "{question}" {words} --json > {name}.answer'
    rpc.call("session.start", repo=str(where), name=name, worktree=worktree, command=["sh", "-c", script])
    rpc.wait_event("item.opened", lambda e: e["session"] == rpc.call("session.get", session=name)["id"])


def heard(rpc, where, name):
    assert rpc.call("session.wait", session=name, until="done,failed", timeout_ms=WAIT_S * 1000)["state"] == "done"
    return json.loads((where / f"{name}.answer").read_text())["answer"]


def questions(rpc, **params):
    """What stands on the docket, without the reviews of sessions that have ended."""
    return [i for i in rpc.call("docket.list", **params)["items"] if i["kind"] == "question"]


@pytest.fixture
def rpc(muster):
    client = muster.rpc()
    client.call("events.subscribe")
    return client


def test_one_question_of_three_is_answered_once(muster, rpc, tmp_path):
    ask(rpc, tmp_path, "one", "Which colour?", "red", "blue")
    ask(rpc, tmp_path, "two", "which  COLOUR", "red", "blue")
    ask(rpc, tmp_path, "other", "Which number?", "1", "2")
    ask(rpc, tmp_path, "three", "Which colour?", "Red", "Blue")
    ask(rpc, tmp_path, "fourth", "Which colour?", "red", "green")  # other answers: another question
    items = questions(rpc)
    assert [(i["session_name"], [s["session_name"] for s in i["same"]]) for i in items] == [
        ("one", ["two", "three"]), ("other", []), ("fourth", [])]
    assert items[0]["why_rank"] == "3 sessions stand still for it, just now"
    shown = muster.run("docket").stdout
    assert "also #2 two" in shown and "also #4 three" in shown
    assert [i["id"] for i in questions(rpc, session="three")] == [items[0]["id"]]
    said = muster.run("answer", items[0]["id"], "blue", "the dark one").stdout
    assert said == "#1 one, #2 two, #4 three: answered blue, the dark one\n"
    assert heard(rpc, tmp_path, "one") == heard(rpc, tmp_path, "two") == {"option": "blue", "text": "the dark one"}
    assert heard(rpc, tmp_path, "three") == {"option": "Blue", "text": "the dark one"}
    assert {i["session_name"] for i in questions(rpc)} == {"other", "fourth"}
    with pytest.raises(RpcError) as refused:
        rpc.call("docket.answer", item=2, option="red")
    assert refused.value.code == 3 and "already" in refused.value.message


def test_the_lead_can_split_them(muster, rpc, tmp_path):
    for name in ("one", "two", "three"):
        ask(rpc, tmp_path, name, "Go on?", "yes", "no")
    muster.run("answer", 2, "no", "--only")
    assert heard(rpc, tmp_path, "two") == {"option": "no"}
    (left,) = questions(rpc)
    assert (left["id"], [s["id"] for s in left["same"]]) == (1, [3])
    muster.run("answer", 3, "yes")  # the number of any of them will do
    assert heard(rpc, tmp_path, "one") == heard(rpc, tmp_path, "three") == {"option": "yes"}
    assert questions(rpc) == []


def test_other_repositories_ask_for_themselves(muster, rpc, repo, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    ask(rpc, repo, "one", "Which colour?", worktree=True)
    ask(rpc, other, "two", "Which colour?")
    ask(rpc, repo, "three", "Which colour?", worktree=True)
    items = questions(rpc)
    assert [(i["session_name"], [s["session_name"] for s in i["same"]]) for i in items] == [("one", ["three"]), ("two", [])]


def test_one_answer_outlives_musterd(muster, rpc, tmp_path):
    """Committed for all, or for none: killed right after the answer, each hears it once."""
    names = [f"s{i}" for i in range(5)]
    for name in names:
        ask(rpc, tmp_path, name, "Go on?", "yes", "no")
    rpc.call("docket.answer", item=3, option="yes")
    muster.kill_daemon()
    rpc = muster.rpc()
    assert [heard(rpc, tmp_path, name) for name in names] == [{"option": "yes"}] * 5
    assert questions(rpc) == []


def test_one_that_went_away_leaves_the_others(muster, rpc, tmp_path):
    for name in ("one", "two", "three"):
        ask(rpc, tmp_path, name, "Go on?", "yes", "no")
    muster.run("stop", "one")
    rpc.wait_event("item.withdrawn")
    (left,) = questions(rpc)
    assert (left["session_name"], [s["session_name"] for s in left["same"]]) == ("two", ["three"])
    rpc.call("docket.answer", item=left["id"], option="no")
    assert heard(rpc, tmp_path, "three") == {"option": "no"}
