"""kill -9 of either side: of the program, of its forked child, of the postmaster, of the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest

from pgmoat.devpg.account import choose_account, launch
from pgmoat.devpg.directory import DataDirectory
from pgmoat.devpg.server import Server, start, stop

from .conftest import end_program, run_program, trace, wait_for

_BUSY = "SELECT pg_catalog.count(*) FROM pg_catalog.generate_series(1, 100000000000) AS n"


def read_postmaster(data_dir: Path) -> int:
    return int((DataDirectory(data_dir).cluster / "postmaster.pid").read_text().split()[0])


def read_supervisor(data_dir: Path) -> int:
    status = DataDirectory(data_dir).read_status()
    assert status is not None
    return status.supervisor


def keep_rows(server: Server) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def read_rows(server: Server) -> object:
    with psycopg.connect(server.dsn) as connection:
        return connection.execute("SELECT answer FROM kept").fetchone()


def keep_busy(dsn: str) -> threading.Thread:
    """Occupy a backend that never looks up to see whether its postmaster lives."""
    started = threading.Event()

    def run() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            started.set()
            with pytest.raises(psycopg.OperationalError):
                connection.execute(_BUSY)

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(10)
    return thread


def test_server_dies_with_its_program() -> None:
    program = run_program()
    try:
        assert not program.trace.is_gone()
        program.process.kill()
        assert wait_for(program.trace.is_gone)
        assert wait_for(lambda: not program.data_dir.exists())
    finally:
        end_program(program)


def test_server_dies_with_its_program_and_keeps_a_given_directory(home: Path) -> None:
    program = run_program(data_dir=str(home / "data"))
    try:
        with psycopg.connect(program.dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        program.process.kill()
        assert wait_for(program.trace.is_gone)
    finally:
        end_program(program)
    with start(home / "data") as again:
        assert read_rows(again) == (42,)


def test_server_dies_although_a_forked_child_holds_the_pipe() -> None:
    program = run_program(env={**os.environ, "WITH_CHILD": "1"})
    assert program.process.stdout is not None
    child = int(program.process.stdout.readline())
    try:
        program.process.kill()
        assert wait_for(program.trace.is_gone)
        os.kill(child, 0)  # it is still there: the pipe alone would not have told
    finally:
        os.kill(child, signal.SIGKILL)
        end_program(program)


def test_killed_postmaster_is_noticed_and_recovered_from(home: Path) -> None:
    with start(home / "data") as own:
        left = trace(own.data_dir)
        keep_rows(own)
        busy = keep_busy(own.dsn)
        os.kill(read_postmaster(own.data_dir), signal.SIGKILL)
        assert wait_for(lambda: not own.is_running, 2.0)
        assert wait_for(left.is_gone)
        busy.join(10)
        with start(own.data_dir) as again:
            assert again.is_running
            assert read_rows(again) == (42,)
            assert again.password == own.password


def test_killed_supervisor_is_recovered_from(home: Path) -> None:
    own = start(home / "data")
    keep_rows(own)
    os.kill(read_supervisor(own.data_dir), signal.SIGKILL)
    assert wait_for(lambda: not own.is_running)
    left = trace(own.data_dir).find()
    assert left != []  # PostgreSQL itself is still there, with nobody to stop it
    with start(home / "data") as again:
        assert read_rows(again) == (42,)
        assert not set(left) & set(trace(again.data_dir).find())
    own.stop()


@pytest.mark.parametrize("is_detached", [False, True])
def test_stop_does_the_work_of_a_killed_supervisor(is_detached: bool) -> None:
    own = start(detached=is_detached)
    left = trace(own.data_dir)
    os.kill(read_supervisor(own.data_dir), signal.SIGKILL)
    assert wait_for(lambda: not own.is_running)
    assert not left.is_gone()
    own.stop()
    assert left.is_gone()
    assert not own.data_dir.exists()


def test_everything_killed_at_once_is_recovered_from(home: Path) -> None:
    own = start(home / "data")
    keep_rows(own)
    busy = keep_busy(own.dsn)
    postmaster = read_postmaster(own.data_dir)
    os.kill(read_supervisor(own.data_dir), signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    with start(home / "data") as again:
        assert read_rows(again) == (42,)
    busy.join(10)
    own.stop()


def test_stale_pid_that_another_process_got_is_no_obstacle(home: Path) -> None:
    with start(home / "data") as own:
        keep_rows(own)
        pid_file = DataDirectory(own.data_dir).cluster / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    with launch(["sleep", "60"], choose_account(), subprocess.DEVNULL) as other:
        try:
            pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
            os.chown(pid_file, pid_file.parent.stat().st_uid, -1)
            with start(home / "data") as again:
                assert read_rows(again) == (42,)
            assert other.poll() is None  # nor was it harmed
        finally:
            other.kill()


def test_server_of_another_program_is_stopped_by_its_directory(home: Path) -> None:
    program = run_program(data_dir=str(home / "data"))
    try:
        stop(home / "data")
        assert program.trace.is_gone()
    finally:
        end_program(program)
