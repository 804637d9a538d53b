"""``pgmoat pgbouncer`` as a user runs it: writing, running, comparing, advising."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgmoat.cli import main
from pgmoat.devpg.account import choose_account
from pgmoat.pooler.run import find_free_port, run_pooler
from pgmoat.pooler.settings import list_settings
from pgmoat.pooler.setup import PEERS_SINCE, USER_POOL_SINCE
from tests.acceptance.command import Command
from tests.moat_fixtures import Moat
from tests.pooler_fixtures import change_ini, make_open_folder, require_pooler, write_setup

STOP_S = 20.0


@pytest.fixture
def folder() -> Generator[Path]:
    """A folder that PgBouncer's account reaches, for one to write into."""
    above = make_open_folder(choose_account())
    yield above / "out"
    shutil.rmtree(above, ignore_errors=True)


class Run:
    """``pgmoat pgbouncer --run --json`` in a process of its own."""

    def __init__(self, command: Command, *arguments: str) -> None:
        assert command.dsn
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pgmoat", "pgbouncer", "--run", "--json", *arguments],
            cwd=command.directory,
            env={**os.environ, "PGMOAT_DSN": command.dsn},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.answer = self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                return json.loads("".join(lines))
        pytest.fail(f"it ended: {''.join(lines)} {self.process.stderr.read() if self.process.stderr else ''}")

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return Path(self.answer["folder"])

    def console(self, name: str = "STATS") -> str:
        """Return the URL of the console, for who may look (STATS) or do everything (ADMIN)."""
        text = (self.folder / "console.credentials").read_text()
        return next(
            line.partition("=")[2] for line in text.splitlines() if line.startswith(f"PGMOAT_POOLER_{name}")
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, if it still runs; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=STOP_S)
        return self.process.returncode


@pytest.fixture
def run(command: Command) -> Generator[Callable[..., Run]]:
    require_pooler()
    with contextlib.ExitStack() as running:

        def start(*arguments: str) -> Run:
            started = Run(command, *arguments)
            running.callback(started.end)
            return started

        yield start


def list_processes(folder: Path) -> list[str]:
    """Return the processes that name *folder*: PgBouncer, and the shell above it."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "command="], capture_output=True, text=True, check=True
    )
    return [line for line in listing.stdout.splitlines() if str(folder) in line and "pgbouncer" in line]


def await_end(folder: Path) -> None:
    deadline = time.monotonic() + 5
    while list_processes(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list_processes(folder) == []


def test_the_ini_file_goes_to_standard_output(command: Command) -> None:
    answer = command.must("pgbouncer", "--version", "1.18")
    assert answer.out.startswith("; Written by pgmoat pgbouncer.")
    assert "server_reset_query_always = 1" in answer.out
    assert "auth_file = /etc/pgbouncer/userlist.txt" in answer.out
    assert "SCRAM-SHA-256$" not in answer.out
    assert list(command.directory.iterdir()) == [command.directory / "moat.yaml"]


def test_what_is_written_starts_as_it_is(command: Command, folder: Path, desk: Moat) -> None:
    program = require_pooler()
    port = find_free_port()
    answer = command.must("pgbouncer", "--output", str(folder), "--port", str(port))
    role = desk.role("clerk")
    assert f"postgresql://{role}@127.0.0.1:{port}/{desk.database.name}" in answer.out
    assert not any(password in f"{answer.out}{answer.err}" for password in desk.passwords.values())
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "pgbouncer.ini": 0o600,
        "userlist.txt": 0o600,
        "console.credentials": 0o600,
    }
    account = choose_account()
    process = subprocess.Popen(
        [program.path, folder / "pgbouncer.ini"],
        stderr=subprocess.DEVNULL,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    try:
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        dsn = f"postgresql://{role}:{desk.passwords[role]}@127.0.0.1:{port}/{desk.database.name}"
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT session_user").fetchone() == (role,)
    finally:
        process.kill()
        process.wait()


def test_writing_again_keeps_the_consoles_passwords(command: Command, folder: Path) -> None:
    command.must("pgbouncer", "--output", str(folder))
    first = (folder / "console.credentials").read_text()
    answer = command.must("pgbouncer", "--output", str(folder), "--json")
    assert (folder / "console.credentials").read_text() == first
    assert {Path(name).name for name in answer.json["files"]} == {path.name for path in folder.iterdir()}
    assert [agent["can_log_in"] for agent in answer.json["agents"]] == [True, True]


def test_files_of_others_are_not_written_over(command: Command, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    (folder / "pgbouncer.ini").write_text("[databases]\n")
    answer = command("pgbouncer", "--output", str(folder))
    assert (answer.code, "(pooler-failed)" in answer.err) == (1, True)
    assert (folder / "pgbouncer.ini").read_text() == "[databases]\n"
    assert not (folder / "userlist.txt").exists()
    command.must("pgbouncer", "--output", str(folder), "--force")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", "10.0.0.7"), "without TLS"),
        (("--listen", "a b"), "--listen"),
        (("--version", "1.15"), "too old"),
        (("--version", "new"), "--version"),
        (("--run", "--advise"), "exclude each other"),
        (("--run", "--version", "1.18"), "--version"),
        (("--processes", "5"), "fewer than --processes 5"),
        (("--tls-cert", "c.pem"), "--tls-key"),
        (("--output", "/nowhere/deep"), "no folder /nowhere"),
        (("--check", "postgresql://x:hidden@127.0.0.1:1/pgbouncer"), "--check"),
        (("--check", "no dsn"), "--check"),
        (("nothing.yaml",), "nothing.yaml"),
    ],
)
def test_bad_input_is_refused_with_the_options_name(
    command: Command,
    arguments: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(command.directory)
    monkeypatch.setenv("PGMOAT_DSN", command.dsn or "")
    assert main.run(["pgbouncer", *arguments]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert "hidden" not in err


def test_a_database_without_the_agents_is_refused(command: Command, folder: Path, desk: Moat) -> None:
    text = (command.directory / "moat.yaml").read_text()
    (command.directory / "moat.yaml").write_text(text.replace("agent_role_prefix: t", "agent_role_prefix: x"))
    answer = command("pgbouncer", "--output", str(folder))
    assert answer.code == 1
    assert "pgmoat apply" in answer.err
    assert desk.role("clerk") not in answer.err
    assert not folder.exists()


def test_it_runs_until_it_is_told_to_stop(
    run: Callable[..., Run], desk: Moat, command: Command, folder: Path
) -> None:
    port = str(find_free_port())
    started = run("--output", str(folder), "--port", port)
    (clerk,) = [agent for agent in started.answer["agents"] if agent["agent"] == "clerk"]
    password = desk.passwords[clerk["role"]]
    with psycopg.connect(clerk["dsn"], password=password) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert len(list_processes(folder)) >= 2
        taken = command("pgbouncer", "--run", "--port", port)
        assert (taken.code, "choose another --port" in taken.err) == (1, True)
        assert started.end() == 0
        assert list_processes(folder) == []
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_temporary_folder_goes_with_it(run: Callable[..., Run], number: int) -> None:
    started = run("--port", str(find_free_port()))
    assert started.folder.is_dir()
    assert started.end(number) == 0
    assert not started.folder.parent.exists()
    assert list_processes(started.folder) == []


def test_it_ends_with_the_program_even_when_that_is_killed(run: Callable[..., Run], folder: Path) -> None:
    started = run("--output", str(folder), "--port", str(find_free_port()))
    assert list_processes(folder)
    started.end(signal.SIGKILL)
    await_end(folder)


def test_a_signal_at_any_moment_of_the_start_leaves_no_process(command: Command, folder: Path) -> None:
    assert command.dsn
    require_pooler()
    for delay_s in (0.6, 0.8, 1.0, 1.2, 1.4):
        process = subprocess.Popen(
            [sys.executable, "-m", "pgmoat", "pgbouncer", "--run", "--output", folder, "--port", "16432"],
            cwd=command.directory,
            env={**os.environ, "PGMOAT_DSN": command.dsn},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay_s)
        process.terminate()
        process.wait(STOP_S)
        await_end(folder)


def test_it_says_when_pgbouncer_ends_by_itself(run: Callable[..., Run]) -> None:
    started = run("--port", str(find_free_port()))
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(started.console("ADMIN"), autocommit=True) as console,
    ):
        console.execute("SHUTDOWN")
    _, err = started.process.communicate(timeout=STOP_S)
    assert started.process.returncode == 1
    assert "PgBouncer ended by itself" in err


def check(command: Command, dsn: str, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    answer = command("pgbouncer", "--check", dsn, "--json", *arguments)
    found = {line["name"]: line for line in answer.json["differences"]}
    sure = {name: line for name, line in found.items() if line["standing"] == "differs"}
    assert answer.json["is_in_order"] == (not sure)
    return answer.code, sure


def test_check_finds_nothing_where_nothing_differs(run: Callable[..., Run], command: Command) -> None:
    started = run("--port", str(find_free_port()))
    assert check(command, started.console(), "--output", str(started.folder)) == (0, {})
    text = command("pgbouncer", "--check", started.console())
    assert (text.code, "in order" in text.out) == (0, True)


def test_check_finds_each_setting_that_was_changed_on_the_console(desk: Moat, command: Command) -> None:
    changed = {
        "pool_mode": "session",
        "server_reset_query_always": "0",
        "server_reset_query": "RESET ALL",
        "query_wait_timeout": "120",
        "query_timeout": "10",
        "idle_transaction_timeout": "0",
        "default_pool_size": "99",
        "max_client_conn": "10",
        "ignore_startup_parameters": "options",
        "auth_type": "md5",
        "server_lifetime": "3600",
    }
    pooler = desk.start_pooler()
    wanted = {setting.name: setting.value for setting in list_settings(pooler.setup)}
    with psycopg.connect(pooler.console(is_admin=True), autocommit=True) as console:
        for name, value in changed.items():
            console.execute(f"SET {name} = '{value}'".encode())
        try:
            code, found = check(command, pooler.console())
        finally:
            for name in changed:
                console.execute(f"SET {name} = '{wanted[name]}'".encode())
    assert code == 2
    assert {name: line["actual"] for name, line in found.items() if name in changed} == changed
    assert all(line["remedy"] for line in found.values())
    assert check(command, pooler.console()) == (0, {})


def test_check_finds_another_ini_with_people_and_other_databases(
    desk: Moat, command: Command, folder: Path
) -> None:
    program, account = require_pooler(), choose_account()
    setup, passwords = write_setup(desk.database, desk.policy, program, folder)
    ini = setup.ini_files[0]
    text = ini.read_text().replace("\n[users]\n", "\nhr = host=10.0.0.1\n[users]\n")
    ini.write_text(text.replace(f"dbname={desk.database.name}", "dbname=elsewhere", 1))
    change_ini(setup, stats_users=f"{setup.stats},{desk.role('clerk')}")
    lines = setup.auth_file.read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f'"{desk.role("reader")}"')]
    setup.auth_file.write_text("\n".join([*kept, '"bob" "secret"', ""]))
    with run_pooler(setup, program, account, passwords[setup.stats]):
        user, port = setup.stats, setup.listening.port
        dsn = f"postgresql://{user}:{passwords[user]}@127.0.0.1:{port}/pgbouncer"
        code, found = check(command, dsn, "--output", str(folder))
    assert code == 2
    expected = {
        "database hr",
        f"database {desk.database.name} dbname",
        "user bob",
        f"user {desk.role('clerk')}",
        f"userlist.txt {desk.role('reader')}",
    }
    assert expected <= set(found)
    if setup.has(USER_POOL_SINCE):
        assert f"user {desk.role('reader')}" not in found  # it is in [users], and so known


def test_check_needs_a_pgbouncer(command: Command, desk: Moat) -> None:
    answer = command("pgbouncer", "--check", desk.database.dsn)
    assert answer.code == 1
    assert "stats_users" in answer.err
    assert desk.database.server.password not in answer.err


def test_advice_shows_the_formulas(command: Command) -> None:
    answer = command.must("pgbouncer", "--advise")
    for text in ("ceil(4 * 1 * 0.5) = 2", "1 * (2 + 1) = 3", "100 max_connections - 3 reserved"):
        assert text in answer.out
    advice = command.must("pgbouncer", "--advise", "--json").json
    assert [agent["needed_connections"] for agent in advice["agents"]] == [15, 3]
    twice = command("pgbouncer", "--advise", "--json", "--processes", "2")
    assert twice.code == 2
    assert [agent["is_cut"] for agent in twice.json["agents"]] == [True, True]


def test_several_processes_share_a_port_and_a_cancel_finds_its_way(
    run: Callable[..., Run], desk: Moat, command: Command
) -> None:
    started = run("--port", str(find_free_port()), "--processes", "2")
    assert check(command, started.console(), "--processes", "2") == (0, {})
    version = tuple(int(part) for part in started.answer["version"].split("."))
    assert any("peers" in warning for warning in started.answer["warnings"]) == (version < PEERS_SINCE)
    (clerk,) = [agent for agent in started.answer["agents"] if agent["agent"] == "clerk"]
    assert clerk["size"] + clerk["reserve"] == 10
    cancelled = 0
    for _ in range(4):
        with psycopg.connect(clerk["dsn"], password=desk.passwords[clerk["role"]], autocommit=True) as one:
            timer = threading.Timer(0.2, one.cancel)
            timer.start()
            with contextlib.suppress(psycopg.errors.QueryCanceled):
                one.execute("SELECT pg_sleep(1.5)")
                cancelled -= 1
            cancelled += 1
            timer.join()
    assert cancelled == 4 if version >= PEERS_SINCE else cancelled <= 4


def test_tls_for_clients(run: Callable[..., Run], desk: Moat, folder: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    certificate, key = folder.parent / "cert.pem", folder.parent / "key.pem"
    subprocess.run(
        [
            *(
                openssl,
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
            ),
            *("-subj", "/CN=localhost", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    account = choose_account()
    if account is not None:
        for path in (certificate, key):
            os.chown(path, account.uid, account.gid)
    arguments = ("--tls-cert", str(certificate), "--tls-key", str(key), "--listen", "*")
    started = run("--port", str(find_free_port()), *arguments)
    (clerk,) = [agent for agent in started.answer["agents"] if agent["agent"] == "clerk"]
    password = desk.passwords[clerk["role"]]
    with psycopg.connect(clerk["dsn"], password=password, sslmode="require") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(clerk["dsn"], password=password, sslmode="disable")
