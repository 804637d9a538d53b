"""
``pgmoat usage``: a sentence, a table, JSON, as a login that may only look.

I/O: PostgreSQL, processes.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import sql

from tests.acceptance.command import Command
from tests.integration.accounting.conftest import Record


@pytest.fixture
def command(record: Record, tmp_path: Path) -> Command:
    for ago in range(1, 31):
        record.see(ago, clerk=24, reader=6, _=30)
    for task_id, step, seconds in (("T-1", "plan", 600), ("T-1", None, 60), (None, None, 60)):
        record.insert(
            "usage_detail",
            minute=record.minute(3),
            fingerprint=1,
            seconds=seconds,
            samples=seconds,
            agent="clerk",
            task_id=task_id,
            step=step,
            wait_class="CPU",
        )
    record.insert("statement_text", day=record.minute(3).date(), fingerprint=1, text="SELECT ? FROM notes")
    return Command(tmp_path, record.dsns["viewer"])


def test_the_first_line_is_a_sentence_and_the_second_says_what_was_seen(command: Command) -> None:
    answer = command("usage")
    first, second, *rest = answer.out.splitlines()
    assert first == "agent clerk took 40 % of database time in the last hour (± 2 points, from 1,800 samples)"
    assert second.startswith("30 min of 6")
    assert second.endswith(" seen, in 1,800 looks; time from samples, waits from samples")
    table = {line.split("  ")[0].strip(): line for line in rest}
    assert "50 % ± 2.3" in table["everybody else"]
    assert "10 % ± 1.5" in table["reader"]
    assert "statements" not in answer.out  # nobody counted any


def test_down_to_the_statement(command: Command) -> None:
    tasks = command("usage", "--agent", "clerk").out
    assert "T-1" in tasks
    assert "(none named)" in tasks
    assert "92 % ± " in tasks
    steps = command("usage", "--agent", "clerk", "--task", "T-1").out
    assert "plan" in steps
    statements = command("usage", "--agent", "clerk", "--task", "T-1", "--step", "plan").out
    assert "SELECT ? FROM notes" in statements
    unnamed = command("usage", "--agent", "clerk", "--task", "", "--json").json
    assert [(part["step"], part["seconds"]) for part in unnamed["parts"]] == [(None, 60)]
    assert "nothing was recorded of it" in command("usage", "--agent", "reader").out


def test_json_has_every_figure(command: Command) -> None:
    found = command("usage", "--json").json
    assert [share["agent"] for share in found["shares"]] == ["", "clerk", "reader"]
    clerk = found["shares"][1]
    assert (clerk["share"], clerk["source"], clerk["sampled_seconds"]) == (0.4, "samples", 720)
    assert found["covered_seconds"] == 1800


@pytest.mark.parametrize(
    "arguments", [("--task", "T-1"), ("--agent", "clerk", "--step", "plan"), ("--since", "soon")]
)
def test_what_makes_no_sense_is_said(command: Command, arguments: tuple[str, ...]) -> None:
    answer = command("usage", *arguments)
    assert (answer.code, "Traceback" in answer.err) == (1, False)


def test_without_a_watchdog_nothing_is_claimed(record: Record, tmp_path: Path) -> None:
    answer = Command(tmp_path, record.dsns["viewer"])("usage")
    assert "is not known" in answer.out
    assert "pgmoat watch was not running" in answer.out


def test_an_agent_that_is_none_is_said(command: Command) -> None:
    for verb in ("usage", "incidents", "history"):
        answer = command(verb, "--agent", "nosuch")
        assert (answer.code, answer.out) == (1, "")
        assert "no agent 'nosuch' (not-found)" in answer.err
        assert "Agents: clerk, reader" in answer.err
        assert command(verb, "--agent", "reader").code == 0  # of whom nothing was recorded


def test_who_may_not_look_learns_what_it_takes(record: Record, tmp_path: Path) -> None:
    moat = record.moat
    stranger, password = record.name("stranger"), "no secret"
    moat.run(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(stranger), sql.Literal(password))
    )
    command = Command(tmp_path, moat.database.dsn_for(stranger, password))
    for arguments in (("usage",), ("incidents",), ("history",), ("top", "--once"), ("watch", "--once")):
        answer = command(*arguments)
        assert (answer.code, answer.out) == (1, "")
        assert "permission denied for schema pgmoat" in answer.err
        assert "member of pgmoat_monitor" in answer.err
