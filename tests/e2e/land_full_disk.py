"""test_land.py, test_full_disk: lands where musterd's disk of 24 MiB has no room for the tree. Arguments: MUSTER_HOME, a repository."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from house import WAIT_S, Muster  # noqa: E402

home, repo = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
muster = Muster(home)
rpc = muster.rpc()
script = "head -c 4000000 /dev/urandom > src/large.bin && git add -A && git commit -q -m 'Add much'"
rpc.call("session.start", repo=str(repo), name="large", command=["sh", "-c", script])
session = rpc.call("session.wait", session="large", until="done,failed,stopped", timeout_ms=WAIT_S * 1000)
assert session["state"] == "done", session
approved = rpc.call("review.approve", session="large")["approved"]
before = muster.git("rev-parse", "main", cwd=repo)

# Room for the store to say so, and for no tree.
filler = home / "state" / "filler"
stat = os.statvfs(home / "state")
with open(filler, "wb") as f:
    f.write(b"x" * (stat.f_bavail * stat.f_frsize - 1_500_000))


def land():
    (landing,) = rpc.call("land.enqueue", sessions=["large"])["landings"]
    return rpc.call("land.wait", landing=landing["id"])


landing = land()
assert landing["state"] == "failed" and "is full: make room and land again" in landing["why"], landing
assert muster.git("rev-parse", "main", cwd=repo) == before
assert muster.git("status", "--porcelain", cwd=repo) == ""
assert rpc.call("review.get", session="large")["tip"] == approved

os.unlink(filler)
landing = land()
assert landing["state"] == "landed", landing
assert (repo / "src" / "large.bin").stat().st_size == 4_000_000
assert muster.git("status", "--porcelain", cwd=repo) == ""
rpc.call("daemon.stop")
