"""Fixtures of the end-to-end tests (see tests/lib/house.py)."""

import pytest
from house import BUILD, ROOT, WAIT_S, Muster, Rpc, RpcError, end_processes, processes_of  # noqa: F401 (for the tests)


@pytest.fixture
def muster(tmp_path):
    m = Muster(tmp_path / "m")
    yield m
    m.end()


@pytest.fixture
def repo(muster, tmp_path):
    """A small repository of the user's with a gate that runs ./check.sh."""
    path = tmp_path / "project"
    path.mkdir()
    (path / "src").mkdir()
    (path / "src" / "a.txt").write_text("one\ntwo\nthree\n")
    (path / "check.sh").write_text("#!/bin/sh\n! grep -rq BROKEN src\n")
    (path / "check.sh").chmod(0o755)
    (path / ".muster").mkdir()
    (path / ".muster" / "config.yaml").write_text("gate:\n  - ./check.sh\n")
    muster.git("init", "-q", "-b", "main", cwd=path)
    muster.git("add", "-A", cwd=path)
    muster.git("commit", "-q", "-m", "first", cwd=path)
    return path
