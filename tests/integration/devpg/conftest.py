"""Places and programs for tests that start servers of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pgmoat.devpg.directory import DataDirectory
from pgmoat.devpg.processes import end_processes, find_processes

PROGRAM = """
import json, os, sys
from pathlib import Path
from pgmoat.devpg.server import start
options = json.loads(sys.argv[1])
for key in ("data_dir", "binaries"):
    if key in options:
        options[key] = Path(options[key])
server = start(**options)
print(json.dumps({"data_dir": str(server.data_dir), "dsn": server.dsn, "uid": os.geteuid()}), flush=True)
if not options.get("detached"):
    if os.environ.get("WITH_CHILD") and os.fork() == 0:
        print(os.getpid(), flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """What lets a test find a server's processes after it, and its directory, are gone."""

    mark: str
    uid: int

    def find(self) -> list[int]:
        """Return the processes that are left of it."""
        return find_processes(self.mark, self.uid)

    def is_gone(self) -> bool:
        """Whether nothing of it runs."""
        return not self.find()


@dataclass(frozen=True, slots=True)
class Program:
    """Another Python process that runs a server."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    dsn: str
    uid: int
    trace: Trace


def trace(data_dir: Path) -> Trace:
    """Return the trace of the server on *data_dir*."""
    directory = DataDirectory(data_dir)
    state = directory.read_state()
    assert state is not None
    return Trace(state.mark, directory.cluster.stat().st_uid)


def wait_for(claim: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    """Return whether *claim* became true in time."""
    deadline = time.monotonic() + timeout_s
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def run_program(
    *command_prefix: str, python: str = sys.executable, env: dict[str, str] | None = None, **options: object
) -> Program:
    """Start a server in another process, which keeps it until its standard input closes."""
    process = subprocess.Popen(
        [*command_prefix, python, "-c", PROGRAM, json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        env=env,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the program ended with {process.wait()}"
    answer = json.loads(line)
    data_dir = Path(answer["data_dir"])
    return Program(process, data_dir, answer["dsn"], answer["uid"], trace(data_dir))


def end_program(program: Program) -> None:
    """Clear away whatever a failed test left."""
    program.process.kill()
    program.process.communicate()
    end_processes(program.trace.mark, program.trace.uid)


@pytest.fixture
def home() -> Generator[Path]:
    """A directory that the user PostgreSQL runs as can enter; pytest's own are 0700."""
    path = Path(tempfile.mkdtemp(prefix="pgmoat-test-", dir="/tmp")).resolve()
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
