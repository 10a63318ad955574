"""test_daemon.py, test_full_disk: runs with musterd's state on a disk of 1 MiB of its own. Arguments: MUSTER_HOME, a repository."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from house import Muster, RpcError  # noqa: E402

home, repo = pathlib.Path(sys.argv[1]), sys.argv[2]
muster = Muster(home)
muster.start_daemon()
before = muster.rpc().call("events.list")["events"]

filler = home / "state" / "filler"
with open(filler, "wb", buffering=0) as f:
    try:
        while True:
            f.write(b"x" * 4096)
    except OSError:
        pass
# More than the log has room for in blocks that it has already.
client = muster.rpc()
try:
    client.call("session.start", repo=repo, command=["cat"], worktree=False, name="one", prompt="x" * 300_000)
    raise SystemExit("a session was acknowledged that cannot be recorded")
except RpcError as e:
    assert e.code == 1 and "disk is full" in e.message, e.message
# It ends rather than go on with more in its memory than in its store.
code = muster.daemons.pop().wait(30)
assert code == 1, code

os.unlink(filler)
muster.start_daemon()
client = muster.rpc()
assert client.call("session.list", all=True)["sessions"] == []
after = client.call("events.list")["events"]
assert after[: len(before)] == before and {e["kind"] for e in after[len(before):]} == {"daemon.started"}
client.call("daemon.stop")
assert muster.daemons.pop().wait(30) == 0
