"""A server that is started: how private it is, where it may live, and what is refused."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from pgmoat.devpg import install, server
from pgmoat.devpg.account import Account, can_enter, choose_account
from pgmoat.devpg.directory import DataDirectory
from pgmoat.devpg.install import find_system_binaries, find_wheel_binaries, reach_binaries
from pgmoat.devpg.server import Server, start, stop
from pgmoat.errors import ServerError
from tests.postgres_fixtures import draw_port

from .conftest import end_program, run_program, trace, wait_for


def read_setting(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT pg_catalog.current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_throw_away_server_is_private_and_leaves_nothing() -> None:
    with start() as own:
        left = trace(own.data_dir)
        assert own.is_running
        assert own.server_version // 10000 == 18
        assert read_setting(own.dsn, "listen_addresses") == "127.0.0.1"
        assert read_setting(own.dsn, "unix_socket_directories") == ""
        assert read_setting(own.dsn, "server_encoding") == "UTF8"
        assert read_setting(own.dsn, "fsync") == "off"
        # Root lets the user that it drops to pass through, and no more.
        assert stat.S_IMODE(own.data_dir.stat().st_mode) == (0o710 if os.geteuid() == 0 else 0o700)
        assert own.data_dir.stat().st_uid == os.geteuid()
        assert stat.S_IMODE(DataDirectory(own.data_dir).password_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(own.log_file.stat().st_mode) == 0o600
        assert left.uid != 0  # for root, another user
        assert left.find() != []
    assert not own.is_running
    assert left.is_gone()
    assert not own.data_dir.exists()
    own.stop()


def test_everybody_needs_the_right_password() -> None:
    with start() as own:
        with psycopg.connect(own.dsn) as connection:
            methods = connection.execute("SELECT DISTINCT auth_method FROM pg_catalog.pg_hba_file_rules")
            assert methods.fetchall() == [("scram-sha-256",)]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(own.dsn_for(user="postgres", password=f"{own.password}x"))
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(f"postgresql://postgres@{own.host}:{own.port}/postgres")


def test_password_is_in_no_command_line_and_no_log() -> None:
    with start() as own:
        listing = subprocess.run(
            ["ps", "-A", "-ww", "-o", "command="], capture_output=True, text=True, check=True
        )
        assert f"port={own.port}" in listing.stdout
        assert own.password not in listing.stdout
        assert own.password not in own.log_file.read_text()
        assert own.password not in repr(own)


def test_given_directory_keeps_data_and_password(home: Path) -> None:
    with start(home / "data") as first:
        assert read_setting(first.dsn, "fsync") == "on"
        with psycopg.connect(first.dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert not first.is_running
    with start(home / "data") as second, psycopg.connect(second.dsn) as connection:
        assert second.password == first.password
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_given_port_is_kept(home: Path) -> None:
    port = draw_port()
    for _ in range(2):
        with start(home / "data", port=port) as own:
            assert (own.port, read_setting(own.dsn, "port")) == (port, str(port))
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ServerError, match="did not start in") as caught,
    ):
        start(home / "data", port=port)
    assert "could not bind" in caught.value.detail


def test_settings_reach_the_server() -> None:
    with start(settings={"max_connections": "17", "work_mem": "3MB"}) as own:
        assert read_setting(own.dsn, "max_connections") == "17"
        assert read_setting(own.dsn, "work_mem") == "3MB"


def test_refused_setting_shows_the_log_and_leaves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.tempfile, "gettempdir", lambda: str(home))
    with pytest.raises(ServerError, match="did not start") as caught:
        start(settings={"work_mem": "much"})
    assert "work_mem" in caught.value.detail
    assert list(home.iterdir()) == []


def test_cluster_of_another_version_is_refused(home: Path) -> None:
    with start(home / "data", version=16) as own:
        assert own.server_version // 10000 == 16
    with pytest.raises(ServerError, match="made by PostgreSQL 16, not by 18"):
        start(home / "data")
    with start(home / "data", version=16) as again:
        assert again.is_running  # the refusal did no harm


def test_system_server_runs_when_asked_for() -> None:
    with start(binaries=find_system_binaries(15)) as own:
        assert own.server_version // 10000 == 15
        assert int(read_setting(own.dsn, "server_version_num")) == own.server_version


def test_strange_directory_is_refused_and_left_alone(home: Path) -> None:
    (home / "letter").write_text("dear")
    with pytest.raises(ServerError, match="not a data directory of pgmoat") as caught:
        start(home)
    assert "letter" in caught.value.detail
    assert [path.name for path in home.iterdir()] == ["letter"]
    assert stat.S_IMODE(home.stat().st_mode) == 0o711


def test_directory_below_a_closed_parent(home: Path) -> None:
    home.chmod(0o700)
    if os.geteuid() != 0:
        with start(home / "data") as own:
            assert own.is_running
        return
    with pytest.raises(ServerError, match="cannot be entered by"):
        start(home / "data")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700  # parents are never opened up


def test_wheel_below_a_closed_parent_is_copied_and_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = find_wheel_binaries(18).parent.parent
    hidden = home / "hidden"
    shutil.copytree(package / "pginstall18", hidden / package.name / "pginstall18", symlinks=True)
    for libraries in (package.parent / f"{package.name}.libs", package / ".dylibs"):
        if libraries.exists():
            shutil.copytree(libraries, hidden / libraries.relative_to(package.parent))
    hidden.chmod(0o700)
    (home / "cache").mkdir()

    def find_cache(_account: Account | None) -> Path:
        return home / "cache"

    monkeypatch.setattr(install, "find_cache", find_cache)
    with start(binaries=hidden / package.name / "pginstall18" / "bin") as own:
        assert read_setting(own.dsn, "server_version_num") == str(own.server_version)
    assert bool(list((home / "cache").iterdir())) == (os.geteuid() == 0)
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700


def test_two_starts_at_once_get_a_server_each() -> None:
    with ThreadPoolExecutor(2) as pool:
        servers = list(pool.map(start, [None, None]))
    try:
        assert all(own.is_running for own in servers)
        assert len({own.port for own in servers}) == 2
        assert len({own.password for own in servers}) == 2
    finally:
        for own in servers:
            own.stop()


def test_two_starts_at_once_on_one_directory_give_one_server(home: Path) -> None:
    def attempt(data_dir: Path) -> Server | ServerError:
        try:
            return start(data_dir)
        except ServerError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, [home / "data"] * 2))
    servers = [outcome for outcome in outcomes if isinstance(outcome, Server)]
    errors = [outcome for outcome in outcomes if isinstance(outcome, ServerError)]
    try:
        assert [error.message for error in errors] == [f"a server is running on {home / 'data'} already"], (
            errors
        )
        assert [read_setting(own.dsn, "port") for own in servers] == [str(servers[0].port)]
    finally:
        for own in servers:
            own.stop()


def test_port_taken_between_choice_and_start_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with start() as other:
        patch = f"""
import sys
sys.path.insert(0, sys.argv[1])
from pgmoat.devpg import supervise
find, offers = supervise._find_free_port, [{other.port}]
supervise._find_free_port = lambda: offers.pop() if offers else find()
sys.exit(supervise.main())
"""
        monkeypatch.setattr(server, "_BOOTSTRAP", patch)
        with start() as own:
            assert own.port != other.port
            assert own.is_running
            assert read_setting(own.dsn, "port") == str(own.port)


def test_detached_server_outlives_its_program_until_it_is_stopped() -> None:
    program = run_program(detached=True)
    try:
        assert program.process.wait(10) == 0
        assert read_setting(program.dsn, "cluster_name") == program.trace.mark
        stop(program.data_dir)
        assert program.trace.is_gone()
        assert not program.data_dir.exists()
    finally:
        end_program(program)


def test_detached_server_is_stopped_by_its_object(home: Path) -> None:
    own = start(home / "data", detached=True)
    assert own.is_running
    own.stop()
    assert not own.is_running
    assert own.data_dir.exists()
    stop(own.data_dir)  # again is no error


def test_ordinary_user_runs_it_as_himself(home: Path) -> None:
    package = home / "package"
    shutil.copytree(Path(install.__file__).parents[1], package / "pgmoat")
    account = choose_account()
    binaries = reach_binaries(find_wheel_binaries(18), account, home)
    subprocess.run(["chmod", "-R", "a+rX", home], check=True)
    prefix = (
        ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"] if account else []
    )
    python = next(
        path
        for path in (os.path.realpath(sys.executable), "/usr/bin/python3")
        if can_enter(Path(path), account)
    )
    program = run_program(
        *prefix, python=python, env={"PYTHONPATH": str(package), "HOME": str(home)}, binaries=str(binaries)
    )
    try:
        assert program.uid == program.trace.uid != 0
        assert program.data_dir.stat().st_uid == program.uid
        assert stat.S_IMODE(program.data_dir.stat().st_mode) == 0o700
        assert read_setting(program.dsn, "cluster_name") == program.trace.mark
        program.process.communicate(b"")
        assert program.process.returncode == 0
        assert wait_for(lambda: program.trace.is_gone() and not program.data_dir.exists())
    finally:
        end_program(program)
