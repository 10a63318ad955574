"""What changed since the lead last looked."""

import json

from house import WAIT_S

from test_decisions import actor, until


def brief(muster, name, *words):
    return muster.json("brief", name, *words)["briefs"][0]


def test_what_changed_since_the_lead_last_looked(muster, repo, tmp_path):
    rpc = muster.rpc()
    rpc.call("events.subscribe")
    steps = [
        {"edit": {"file": "a.txt", "write": "one\ntwo\n"}}, {"commit": "Add a"}, {"report": "half of it"},
        {"ask": {"question": "Go on?", "options": ["yes", "no"]}}, {"wait": "prompt"},
        {"edit": {"file": "b.txt", "write": "b\n"}}, {"commit": "Add b\x1b[31m"}, {"edit": {"file": "c.txt", "write": "c\n"}},
        {"run": "$MUSTER_BIN recap 'Two files,' 'one to come'"},
        {"done": {"summary": "all there", "tested": "by hand"}},
    ]
    actor(muster, repo, tmp_path, "actor", steps)
    rpc.wait_event("item.opened")
    muster.run("decide", "colour", "red", cwd=repo)
    first = brief(muster, "actor", "--keep")
    assert first["looked_ms"] == 0 and [c["subject"] for c in first["commits"]] == ["Add a"]
    assert first["committed"] == {"files": 1, "added": 2, "removed": 0} and first["reports"] == ["half of it"]
    assert [i["title"] for i in first["items"]] == ["Go on?"] and [d["value"] for d in first["decisions"]] == ["red"]
    assert first["times"].keys() >= {"working"} and first["state"] == "blocked"
    assert brief(muster, "actor")["total_commits"] == 1  # --keep was no look; this is one
    rpc.call("docket.answer", item=first["items"][0]["id"], option="yes")
    until(rpc, "actor", "idle")
    muster.kill_daemon()
    rpc = muster.rpc()
    rpc.call("session.tell", session="actor", text="go")
    until(rpc, "actor", "done")
    shown = muster.run("brief", "actor", "--keep").stdout
    second = brief(muster, "actor")
    assert second["looked_ms"] > 0 and second["total_commits"] == 1 and second["commits"][0]["subject"].startswith("Add b")
    assert second["committed"] == {"files": 1, "added": 1, "removed": 0}
    assert second["uncommitted"] == {"files": 1, "added": 1, "removed": 0}
    assert second["prompts"] == 1 and second["done"]["summary"] == "all there" and second["recap"] == "Two files, one to come"
    assert second["decisions"] == [] and second["reports"] == []
    for line in ("+1 -1", "1 commit, +1 -0 in 1 file, +1 -0 in 1 file not committed", "Add b", "done: all there", "tested: by hand",
                 "in its own words: Two files, one to come"):
        assert (line in shown) == (line != "+1 -1"), shown
    assert "\x1b" not in shown
    assert muster.run("brief").stdout == "nothing new from actor\n"


def test_after_a_rebase_all_of_it_is_new(muster, repo, tmp_path):
    rpc = muster.rpc()
    actor(muster, repo, tmp_path, "actor", [{"edit": {"file": "a.txt", "write": "a\n"}}, {"commit": "Add a"}, {"wait": "prompt"}])
    until(rpc, "actor", "idle")
    assert brief(muster, "actor")["total_commits"] == 1
    folder = rpc.call("session.get", session="actor")["workspace"]
    muster.git("commit", "-q", "--amend", "-m", "Add a, again", cwd=folder)
    assert [c["subject"] for c in brief(muster, "actor")["commits"]] == ["Add a, again"]


def test_one_without_a_repository_and_none_at_all(muster, tmp_path):
    assert muster.run("brief").stdout == "there are no sessions\n"
    assert muster.run("brief", "nobody", check=False).returncode == 2
    rpc = muster.rpc()
    rpc.call("session.start", repo=str(tmp_path), name="plain", worktree=False, command=["true"])
    rpc.call("session.wait", session="plain", until="done", timeout_ms=WAIT_S * 1000)
    assert "commits" not in brief(muster, "plain") and "plain  done" in muster.run("brief", "plain").stdout
