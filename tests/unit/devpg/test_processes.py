"""Telling a cluster's processes from all others by their titles."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pgmoat.devpg import processes
from pgmoat.devpg.processes import find_processes

MARK = "pgmoat-0123456789abcdef"
POSTMASTER = f"/opt/bin/postgres -D /data/cluster -c cluster_name={MARK} -c port=1"


@pytest.mark.parametrize(
    ("title", "is_found"),
    [
        (POSTMASTER, True),
        (POSTMASTER.replace(" -c port=1", ""), True),
        (f"postgres: {MARK}: checkpointer", True),
        (f"postgres: {MARK}: app shop 127.0.0.1(5000) SELECT", True),
        (f"postgres: {MARK}0: checkpointer", False),
        (f"postgres: app {MARK}: shop", False),
        (f"grep cluster_name={MARK} /tmp/postgres", False),
        (f"postgres -c cluster_name={MARK}0", False),
    ],
)
def test_title_tells_the_cluster(monkeypatch: pytest.MonkeyPatch, title: str, is_found: bool) -> None:
    listing = [(7, 1000, title), (8, 1001, title)]
    monkeypatch.setattr(processes, "_read_proc", lambda: iter(listing))
    monkeypatch.setattr(processes, "_read_ps", lambda: iter(listing))
    assert find_processes(MARK, 1000) == ([7] if is_found else [])


@pytest.mark.parametrize("reader", ["_read_proc", "_read_ps"])
def test_process_table_shows_owner_and_command(reader: str) -> None:
    if reader == "_read_proc" and not sys.platform.startswith("linux"):
        return  # only Linux has it
    command = [sys.executable, "-c", "print(flush=True); input()", MARK]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # before exec, the child still shows this process's command
        rows = {pid: (owner, title) for pid, owner, title in getattr(processes, reader)()}
        process.communicate(b"\n")
    owner, title = rows[process.pid]
    assert owner == os.geteuid()
    assert title.endswith(f"input() {MARK}")
