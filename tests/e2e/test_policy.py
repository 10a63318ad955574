"""Rules that answer for the lead: from both configurations and from answers, applied, explained, taken back."""

import json
import os

import pytest
from house import RpcError, WAIT_S

pytestmark = pytest.mark.sanitize


class Actor:
    """A rehearsal session that asks for permissions, seen by a client that hears all events."""

    def __init__(self, muster, rpc, repo, tmp_path, name, steps, **options):
        script = tmp_path / f"{name}.yaml"
        script.write_text(json.dumps({"steps": [*steps, {"done": "over"}]}))
        self.rpc, self.name = rpc, name
        task = f"---\nname: {name}\nagent: rehearsal\noptions: {{script: {script}}}\n{options.pop('front', '')}---\nPlay.\n"
        self.id = rpc.call("session.start", repo=str(repo), task_file_text=task, **options)["id"]

    def need(self, title=""):
        """The open permission with these words in its title, as soon as there is one."""
        while True:
            for item in self.rpc.call("docket.list", session=self.name)["items"]:
                if item["kind"] == "permission" and title in item["title"]:
                    return item
            self.rpc.wait_event("item.opened", lambda e: e["session"] == self.id)

    def ends(self):
        assert self.rpc.call("session.wait", session=self.name, until="done,failed", timeout_ms=WAIT_S * 1000)["state"] == "done"
        return self

    def items(self):
        """All of its permissions, the oldest first."""
        items = self.rpc.call("docket.list", session=self.name, all=True)["items"]
        return sorted((i for i in items if i["kind"] == "permission"), key=lambda i: i["id"])

    def file(self, name):
        return os.path.join(self.rpc.call("session.get", session=self.name)["workspace"], name)

    def ran(self, name):
        return os.path.exists(self.file(name))


def may(command):
    return {"permission": command}


@pytest.fixture
def rpc(muster):
    client = muster.rpc()
    client.call("events.subscribe")
    return client


@pytest.fixture
def act(muster, rpc, repo, tmp_path):
    def start(name, *steps, **options):
        return Actor(muster, options.pop("rpc", rpc), repo, tmp_path, name, steps, **options)

    return start


def user_rules(muster, text):
    """Replaces the user's configuration; musterd sees it at the next item."""
    folder = muster.home / "config"
    folder.mkdir(exist_ok=True)
    (folder / "new").write_text(text)
    os.replace(folder / "new", folder / "config.yaml")


def repo_rules(repo, text):
    config = repo / ".muster" / "config.yaml"
    config.with_name("new").write_text(text)
    os.replace(config.with_name("new"), config)


def explain(muster, item):
    return muster.json("policy", "explain", item["id"])


def test_rules_of_the_user_allow_deny_and_hold(muster, rpc, act):
    user_rules(muster, """
policy:
- {effect: allow, command: touch a*}
- {effect: deny, command: touch b*, because: b is mine}
- {effect: hold, command: touch c*}
""")
    actor = act("one", may("touch a1"), may("cd . && touch b1"), may("touch c1"), may("touch a2; touch d"))
    held = actor.need("touch c1")
    assert held["held"] and held["rule"]["effect"] == "hold"
    assert actor.ran("a1") and not actor.ran("b1")
    assert "held by" in muster.run("docket").stdout
    muster.run("answer", held["id"], "deny")
    asked = actor.need("touch a2; touch d")  # not one program: the rule cannot allow it
    assert not asked["held"] and asked["rule"] is None
    muster.run("answer", asked["id"], "deny")
    actor.ends()
    allowed, denied, *_ = actor.items()
    assert (allowed["state"], allowed["option"]) == ("delivered", "allow")
    assert (denied["state"], denied["option"]) == ("delivered", "deny") and "b is mine" in denied["text"]
    assert [i["id"] for i in muster.json("policy", "log")["items"]] == [held["id"], denied["id"], allowed["id"]]
    assert "delivered: allow (by " in muster.run("docket", "--all").stdout
    assert {r["effect"]: r["used"] for r in muster.json("policy", "ls")["rules"]} == {"allow": 1, "deny": 1, "hold": 1}
    answered = [e for e in rpc.call("events.list", limit=10000)["events"] if e["kind"] == "item.answered"]
    assert answered[0]["data"]["rule"]["effect"] == "allow" and "config.yaml:3" in answered[0]["data"]["rule"]["name"]


def test_what_is_answered_by_a_rule_is_known_from_its_first_event(muster, rpc, act):
    user_rules(muster, "policy: [{effect: allow, command: 'true'}, {effect: hold, command: 'false'}]\n")
    actor = act("one", may("true"), may("false"), may("echo"))
    muster.run("answer", actor.need("false")["id"], "allow")
    muster.run("answer", actor.need("echo")["id"], "allow")
    actor.ends()
    events = rpc.call("events.list", session="one", limit=10000)["events"]
    opened = [e["data"] for e in events if e["kind"] == "item.opened"]
    assert [(o["held"], o["rule"] and o["rule"]["effect"]) for o in opened[:3]] == [
        (False, "allow"), (True, "hold"), (False, None)]


def test_what_a_rule_does_is_no_moment_to_tell_the_lead(muster, rpc, act, tmp_path):
    """Neither what it answers nor what it holds is told; only the lead's own answer is a breakpoint."""
    user_rules(muster, "policy: [{effect: allow, command: 'true'}, {effect: hold, command: 'false'}]\n")
    asks = ["sh", "-c", '"$MUSTER_BIN" ask --no-wait --sure 100 Why; exec sleep 1000']
    rpc.call("session.start", repo=str(tmp_path), name="other", worktree=False, command=asks)
    rpc.wait_event("item.opened")
    (question,) = rpc.call("docket.list", session="other")["items"]
    actor = act("one", may("true"), may("false"))
    held = actor.need("false")
    rpc.call("docket.answer", item=held["id"], option="allow")
    notice = rpc.wait_event("docket.notice")["data"]
    assert notice["items"] == [question["id"]] and notice["why"] == "breakpoint"
    events = rpc.call("events.list", limit=10000)["events"]
    ours = [e["id"] for e in events if e["kind"] == "item.answered" and e["data"]["id"] == held["id"]]
    assert ours < [e["id"] for e in events if e["kind"] == "docket.notice"]
    actor.ends()


def test_a_repository_cannot_allow(muster, act, repo):
    repo_rules(repo, "policy:\n- {effect: allow, command: touch x}\n- {effect: deny, command: touch y}\n")
    actor = act("one", may("touch y"), may("touch x"))
    item = actor.need("touch x")
    said = explain(muster, item)
    assert said["effect"] == "ask" and said["rule"] is None
    assert {r["words"]: r["fate"] for r in said["rules"]} == {
        "allow command: touch x": "may-not-allow", "deny command: touch y": "differs"}
    assert not actor.ran("y")
    assert "not trusted" in muster.run("policy", "ls").stdout
    muster.run("answer", item["id"], "deny")
    actor.ends()


def test_a_repository_cannot_take_back_a_denial(muster, act, repo):
    user_rules(muster, "policy: [{effect: deny, command: touch *}]\n")
    repo_rules(repo, "policy: [{effect: ask, command: touch x}]\n")
    assert not act("one", may("touch x")).ends().ran("x")


def test_a_repository_that_the_user_trusts_can_allow(muster, rpc, act, repo):
    user_rules(muster, f"policy-trust: [{repo}]\n")
    repo_rules(repo, "policy: [{effect: allow, command: touch x}]\n")
    assert act("one", may("touch x")).ends().ran("x")
    # but not where the agent can write the file
    inside = act("two", may("touch x"), worktree=False)
    muster.run("answer", inside.need()["id"], "deny")
    inside.ends()
    # and what an agent writes into its own worktree is read by nobody
    repo_rules(repo, "gate: [./check.sh]\n")
    rules = "policy: [{effect: allow, command: touch x}]\n"
    third = act("three", {"edit": {"file": ".muster/config.yaml", "write": rules}}, may("touch x"))
    muster.run("answer", third.need()["id"], "deny")
    assert not third.ends().ran("x")


def test_a_repository_cannot_trust_itself(muster, act, repo):
    repo_rules(repo, f"policy-trust: [{repo}]\npolicy: [{{effect: allow, command: touch x}}]\n")
    actor = act("one", may("touch x"))
    muster.run("answer", actor.need()["id"], "deny")
    actor.ends()


def test_rules_that_cannot_be_read_answer_nothing(muster, act):
    user_rules(muster, "policy: [{effect: allow, command: touch *}]\n")
    actor = act("one", may("touch a"), {"wait": "prompt"}, may("touch b"))
    actor.rpc.call("session.wait", session="one", until="idle", timeout_ms=WAIT_S * 1000)
    user_rules(muster, "policy: [{effect: alow, command: touch *}]\n")
    muster.run("tell", "one", "go on")
    item = actor.need("touch b")
    assert "alow is none of" in explain(muster, item)["guard"]
    listed = muster.run("policy", "ls")
    assert "config.yaml:1:" in listed.stderr
    muster.run("answer", item["id"], "deny")
    actor.ends()
    assert actor.ran("a") and not actor.ran("b")


def test_a_fifo_for_a_configuration_stops_nobody(muster, act, repo):
    actor = act("one", {"wait": "prompt"}, may("touch a"))
    actor.rpc.call("session.wait", session="one", until="idle", timeout_ms=WAIT_S * 1000)
    config = repo / ".muster" / "config.yaml"
    config.unlink()
    os.mkfifo(config)
    muster.run("tell", "one", "go on")
    muster.run("answer", actor.need()["id"], "allow")
    assert actor.ends().ran("a")


def test_an_answer_becomes_a_rule(muster, rpc, act, repo):
    first = act("one", may("touch 'a b'"))
    said = muster.run("answer", first.need()["id"], "allow", "--rule").stdout
    assert f"rule 1 from now on: allow kind: permission, agent: rehearsal, tool: run, command: touch 'a b', repo: {repo}" in said
    first.ends()
    muster.kill_daemon()
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    second = act("two", may("touch 'a b'"), may("touch c"), rpc=rpc)
    item = second.need()
    assert item["title"].endswith("touch c") and second.ran("a b")
    assert [(r["name"], r["used"]) for r in muster.json("policy", "ls")["rules"]] == [("rule 1", 1)]
    muster.run("answer", item["id"], "deny", "--rule")
    second.ends()
    third = act("three", may("true && touch c"), rpc=rpc).ends()  # a denial finds it wherever it stands
    assert not third.ran("c") and third.items()[0]["rule"]["number"] == 2


def test_a_pattern_of_the_lead(muster, act, rpc):
    actor = act("one", may("touch a1"), may("touch a2"), may("touch b; touch a3"))
    item = actor.need("a1")
    wrong = muster.run("answer", item["id"], "allow", "--pattern", "make *", check=False)
    assert wrong.returncode == 2 and "does not match what is asked" in wrong.stderr
    assert actor.need("a1")["state"] == "open"
    muster.run("answer", item["id"], "allow", "--pattern", "touch a*")
    last = actor.need("a3")
    more = muster.run("answer", last["id"], "allow", "--pattern", "touch *", check=False)
    assert more.returncode == 2 and "more than one program" in more.stderr
    muster.run("answer", last["id"], "allow", "--rule")  # exactly as it is
    actor.ends()
    assert actor.ran("a2") and actor.ran("a3")
    again = act("two", may("touch b; touch a3"), may("touch b; touch a3; touch c"))
    left = again.need()
    assert left["title"].endswith("touch c")
    muster.run("answer", left["id"], "deny")
    again.ends()


def test_questions_become_no_rule(muster, act):
    actor = act("one", {"ask": {"question": "Which?", "options": ["allow", "b"]}})
    actor.rpc.wait_event("item.opened", lambda e: e["session"] == actor.id)
    (item,) = actor.rpc.call("docket.list", session="one")["items"]
    refused = muster.run("answer", item["id"], "allow", "--rule", check=False)
    assert refused.returncode == 3 and "only a permission" in refused.stderr
    muster.run("answer", item["id"], "allow")
    actor.ends()


def test_equal_answers_earn_a_suggestion_and_no_rule(muster, act):
    for i in range(3):
        actor = act(f"s{i}", may("touch a"))
        item = actor.need()
        assert item["suggestion"] is None
        muster.run("answer", item["id"], "allow")
        actor.ends()
    actor = act("s3", may("touch a"))
    item = actor.need()
    assert item["suggestion"] == {"option": "allow", "times": 3, "command": f"muster answer {item['id']} allow --rule"}
    assert f"you answered allow 3 times: muster answer {item['id']} allow --rule" in muster.run("docket").stdout
    assert muster.json("policy", "ls")["rules"] == []
    muster.run("answer", item["id"], "deny")  # contradicted: never again
    actor.ends()
    last = act("s4", may("touch a"))
    assert last.need()["suggestion"] is None
    muster.run("answer", last.need()["id"], "allow")
    last.ends()


def test_explain_says_why_the_others_lost(muster, act):
    user_rules(muster, """
policy:
- {effect: allow, command: touch *}
- {effect: ask, command: touch secret*}
- {effect: deny, tool: run, session: other}
""")
    actor = act("one", may("touch secret1"))
    item = actor.need()
    said = explain(muster, item)
    assert said["effect"] == "ask" and said["rule"]["words"] == "ask command: touch secret*"
    assert {r["effect"]: (r["fate"], r["fate_words"]) for r in said["rules"]} == {
        "allow": ("less-specific", "another rule is more specific"),
        "ask": ("wins", "it decides"),
        "deny": ("differs", "session does not match")}
    text = muster.run("policy", "explain", f"#{item['id']}").stdout
    assert "as the rules are now: ask" in text and text.index("it decides") < text.index("another rule is more specific")
    muster.run("answer", item["id"], "deny")
    actor.ends()
    assert muster.run("policy", "explain", 999, check=False).returncode == 2


def test_rules_are_removed_and_answers_taken_back(muster, rpc, act):
    first = act("one", may("touch a"))
    muster.run("answer", first.need()["id"], "allow", "--rule")
    first.ends()
    actor = act("two", may("touch a"), {"wait": "prompt"}, {"edit": {"file": "told", "write": "${prompt}"}}, may("touch a"))
    rpc.call("session.wait", session="two", until="idle", timeout_ms=WAIT_S * 1000)
    (item,) = actor.items()
    said = muster.run("policy", "reverse", item["id"]).stdout
    assert said == f"#{item['id']} two: allow is taken back; rule 1 no longer counts\n"
    asked = actor.need()  # the rule is gone
    with open(actor.file("told"), encoding="utf8") as f:
        assert 'The lead takes back the answer "allow"' in f.read()
    again = muster.run("policy", "reverse", item["id"], check=False)
    assert again.returncode == 3 and "already" in again.stderr
    by_lead = muster.run("policy", "reverse", first.items()[0]["id"], check=False)
    assert by_lead.returncode == 3 and "not answered by a rule" in by_lead.stderr
    assert "taken back" in muster.run("policy", "log").stdout
    muster.run("answer", asked["id"], "allow", "--rule")
    actor.ends()
    assert muster.run("policy", "rm", 2).stdout.startswith("rule 2 no longer counts: allow ")
    assert muster.run("policy", "rm", 2, check=False).returncode == 2
    last = act("three", may("touch a"))
    muster.run("answer", last.need()["id"], "deny")
    last.ends()


def test_conditions_of_the_session(muster, act):
    user_rules(muster, """
policy:
- {effect: allow, tier: delegated}
- {effect: deny, session: risky-*}
""")
    assert act("one", may("touch a"), front="tier: delegated\n").ends().ran("a")
    assert not act("risky-1", may("touch a")).ends().ran("a")
    third = act("three", may("touch a"))
    muster.run("answer", third.need()["id"], "deny")
    third.ends()


def test_an_automatic_answer_survives_musterd(muster, rpc, act):
    """Killed in the midst of many: each command was answered once, and ran once."""
    user_rules(muster, "policy: [{effect: allow, command: 'sh add *'}]\n")
    commands = [{"edit": {"file": "add", "write": "echo $1 >>log"}}, *(may(f"sh add {i}") for i in range(20))]
    actor = act("one", *commands)
    rpc.wait_event("item.answered")
    muster.kill_daemon()
    actor.rpc = muster.rpc()
    actor.ends()
    with open(actor.file("log"), encoding="utf8") as f:
        assert f.read().split() == [str(i) for i in range(20)]


def test_a_malformed_rule_stops_a_start_with_its_place(muster, rpc, repo):
    repo_rules(repo, "policy:\n- effect: allow\n  comand: x\n")
    with pytest.raises(RpcError) as refused:
        rpc.call("session.start", repo=str(repo), agent="rehearsal", prompt="x")
    assert "config.yaml:3:11" in refused.value.message and "did you mean command?" in refused.value.message
