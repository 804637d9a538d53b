"""
``pgmoat top`` in a real terminal: what it shows, what its keys do, and how it leaves.

I/O: PostgreSQL, a pseudo-terminal.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest

from tests.acceptance.command import Command
from tests.integration.accounting.conftest import Record
from tests.integration.accounting.test_acts import read_incidents, running
from tests.integration.top.terminal import Terminal, open_terminal
from tests.moat_fixtures import refused

Top = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def top(record: Record) -> Top:
    """A function that runs pgmoat top in a terminal, as somebody."""

    @contextmanager
    def run(
        who: str = "operator", *arguments: str, columns: int = 80, lines: int = 24
    ) -> Generator[Terminal]:
        environment = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}}
        environment["PGMOAT_DSN"] = record.dsns[who]
        command = [sys.executable, "-m", "pgmoat", "top", "--interval", "200ms", *arguments]
        with open_terminal(command, environment, columns, lines) as terminal:
            yield terminal

    return run


def find_line(lines: list[str], text: str) -> str:
    return next((line for line in lines if text in line), "")


def select(terminal: Terminal, text: str) -> None:
    """Move the selection until it is on a line with *text*."""
    for _ in range(10):
        lines = terminal.wait_for(lambda shown: any(line.startswith("> ") for line in shown))
        marked = next(number for number, line in enumerate(lines) if line.startswith("> "))
        wanted = next((number for number, line in enumerate(lines) if text in line and number > 1), None)
        if wanted == marked:
            return
        terminal.press("j" if wanted is None or wanted > marked else "\x1b[A")
        terminal.read(0.3)
    raise AssertionError(f"{text} was never selected")


def test_it_shows_who_takes_the_time(record: Record, top: Top) -> None:
    for ago in range(1, 11):
        record.see(ago, clerk=45, _=15)
    with top() as terminal, record.moat.connect("clerk", application_name="pgmoat:T-1:plan") as agent:
        terminal.wait_for_text("q quit")
        with running(agent, "SELECT pg_sleep(3)"):
            lines = terminal.wait_for(
                lambda shown: find_line(shown, "SELECT pg") and find_line(shown, "100%")
            )
        clerk = next(line for line in lines if line[2:].startswith("clerk"))
        assert "75% ± " in clerk
        assert "1/7" in clerk
        assert "no watchdog: sampling here" in lines[0]
        session = find_line(lines, "SELECT pg")
        for text in ("T-1", "plan", "Timeout:PgSleep"):
            assert text in session
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_an_agent_is_frozen_by_a_key_and_its_next_statement_refused(record: Record, top: Top) -> None:
    with record.moat.connect("clerk", application_name="pgmoat:T-2") as agent, top() as terminal:
        agent.execute("SELECT * FROM notes")
        terminal.wait_for_text("clerk")
        select(terminal, "clerk")
        terminal.press("f")
        terminal.wait_for_text("freeze agent clerk?")
        agent.execute("SELECT * FROM notes")  # not yet
        terminal.press("y")
        terminal.wait_for_text("agent clerk is frozen")
        with refused("PM005"):
            agent.execute("SELECT * FROM notes")
        terminal.wait_for_text("FROZEN")
        # The monitor may freeze, and not thaw: said, and no traceback.
        terminal.press("ty")
        lines = terminal.wait_for_text("failed: permission denied")
        assert not any("Traceback" in line for line in lines)
        # Nor take the login: the freeze holds, and that is said too.
        terminal.press("Fy")
        terminal.wait_for_text("its login could not be taken: permission denied")
    assert read_incidents(record)[0][:3] == ("by-hand", "frozen", "clerk")


def test_a_statement_is_cancelled_and_a_session_ended(record: Record, top: Top) -> None:
    with top(columns=120, lines=40) as terminal, record.moat.connect("reader") as agent:
        terminal.wait_for_text("agent")
        terminal.press("\t")
        for key, said, code in (("c", "is cancelled", "57014"), ("x", "is ended", "57P01")):
            with running(agent, "SELECT pg_sleep(60)") as outcome:
                terminal.wait_for_text("pg_sleep(60)")
                terminal.press(key)
                terminal.wait_for_text("session")
                terminal.press("n")
                terminal.wait_for_text("nothing done")
                assert outcome.codes == []
                terminal.press(key + "y")
                terminal.wait_for_text(said)
            assert outcome.codes == [code]
    assert [row[1] for row in read_incidents(record)] == ["cancelled", "terminated"]


def test_who_applied_freezes_hard_and_thaws(record: Record, top: Top) -> None:
    with record.moat.connect("clerk") as agent, top("owner") as terminal:
        terminal.wait_for_text("clerk")
        select(terminal, "clerk")
        terminal.press("Fy")
        terminal.wait_for_text("agent clerk is frozen; ended 1 of its sessions")
        with pytest.raises(psycopg.OperationalError):
            agent.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            record.moat.connect("clerk")
        terminal.wait_for_text("HARD")
        terminal.press("ty")
        terminal.wait_for_text("agent clerk is thawed")
        record.moat.connect("clerk").close()
    assert [row[1] for row in read_incidents(record)] == ["frozen", "thawed"]


def test_without_the_right_nothing_is_cancelled_and_the_screen_says_so(record: Record, top: Top) -> None:
    with top("viewer") as terminal, record.moat.connect("reader") as agent:
        terminal.wait_for_text("q quit")
        with running(agent, "SELECT pg_sleep(4)") as outcome:
            terminal.wait_for_text("SELECT pg")
            terminal.press("\tcy")
            terminal.wait_for_text("failed: permission denied")
    assert outcome.codes == ["done"]


@pytest.mark.parametrize("way", ["q", "ctrl-c", "SIGTERM", "SIGHUP"])
def test_the_terminal_is_as_it_was(top: Top, way: str) -> None:
    with top() as terminal:
        terminal.wait_for_text("q quit")
        assert not terminal.is_restored
        if way == "q":
            terminal.press("q")
        elif way == "ctrl-c":
            # Without a controlling terminal the key makes no signal.
            terminal.process.send_signal(signal.SIGINT)
        else:
            terminal.process.send_signal(signal.Signals[way])
        terminal.wait_for_end()
        assert terminal.is_restored


def test_it_follows_the_size_of_the_window(top: Top) -> None:
    with top() as terminal:
        terminal.wait_for(lambda lines: lines[23].startswith("q quit"))
        terminal.resize(120, 40)
        terminal.wait_for(lambda lines: lines[39].startswith("q quit") and lines[0].rstrip().endswith("here"))
        terminal.resize(60, 12)
        terminal.wait_for(lambda lines: lines[11].startswith("q quit"))
        terminal.press("?")
        terminal.wait_for_text("any key: back")
        terminal.press("jq")
        assert terminal.wait_for_end() == 0


def test_a_lost_connection_is_said_and_made_again(record: Record, top: Top) -> None:
    with top() as terminal:
        terminal.wait_for_text("q quit")
        record.moat.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgmoat top'"
        )
        terminal.wait_for_text("trying again")
        terminal.wait_for_text("connected again")
        terminal.wait_for(lambda lines: "load" in lines[0])
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_once_and_json_need_no_terminal(record: Record, tmp_path_factory: pytest.TempPathFactory) -> None:
    command = Command(tmp_path_factory.mktemp("top"), record.dsns["viewer"])
    with record.moat.connect("clerk", application_name="pgmoat:T-1:plan") as agent:
        agent.execute("BEGIN")
        once = command("top", "--once")
        assert (once.code, once.err) == (0, "")
        assert "Idle in transaction" in " ".join(once.out.split())
        found = command("top", "--once", "--json").json
    assert {line["agent"] for line in found["agents"]} == {"", "clerk", "reader"}
    assert [session["task_id"] for session in found["sessions"]] == ["T-1"]
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pgmoat",
            "top",
            "--json",
            "--interval",
            "200ms",
            "--dsn",
            record.dsns["viewer"],
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        frames = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    assert frames[0]["at"] < frames[1]["at"]
    bare = command("top")
    assert (bare.code, "Traceback" in bare.err) == (1, False)
    assert "--once" in bare.err


def test_an_agent_cannot_run_it(record: Record, tmp_path_factory: pytest.TempPathFactory) -> None:
    command = Command(tmp_path_factory.mktemp("top"), record.moat.dsns()["clerk"])
    for verb in (("top", "--once"), ("usage",)):
        answer = command(*verb)
        assert answer.code == 1
        assert "permission denied" in answer.err
    with record.moat.connect("clerk") as agent, pytest.raises(psycopg.errors.InsufficientPrivilege):
        agent.execute("SELECT * FROM pgmoat.usage")
