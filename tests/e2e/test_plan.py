"""Plans: what is found before anything starts, what waits for what, and what a landing sets free."""

import os

import pytest
from house import WAIT_S

pytestmark = pytest.mark.sanitize


def wait(rpc, session, *until):
    return rpc.call("session.wait", session=session, until=",".join(until), timeout_ms=WAIT_S * 1000)


def limit(repo, muster, n):
    config = repo / ".muster" / "config.yaml"
    config.write_text(config.read_text() + f"limits: {{sessions: {n}}}\n")
    muster.git("commit", "-qam", "limit", cwd=repo)


def test_room_goes_to_the_most_valuable_also_after_a_kill(muster, repo, tmp_path):
    limit(repo, muster, 1)
    gate, order = tmp_path / "gate", tmp_path / "order"
    os.mkfifo(gate)
    rpc = muster.rpc()
    rpc.call("session.start", repo=str(repo), name="first", command=["sh", "-c", f"cat {gate}"])
    wait(rpc, "first", "started")
    for name, front in (("low", "value: 1"), ("none", "tier: delegated"), ("high", "value: 7"), ("high2", "value: 7")):
        s = rpc.call(
            "session.start",
            repo=str(repo),
            name=name,
            task_file_text=f"---\n{front}\n---\n",
            command=["sh", "-c", f"echo {name} >>{order}"],
        )
        assert s["state"] == "queued"
    muster.kill_daemon()
    rpc = muster.rpc()
    states = {s["name"]: s["state"] for s in rpc.call("session.list")["sessions"]}
    assert [states[n] for n in ("low", "none", "high", "high2")] == ["queued"] * 4, states
    gate.write_text("")
    for name in ("low", "none", "high", "high2"):
        assert wait(rpc, name, "done", "failed")["state"] == "done"
    assert order.read_text().split() == ["high", "high2", "low", "none"]
