"""The demo's report: JSON for programs, text for people."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pgmoat.cli.demo import find_program, find_width
from pgmoat.demo.render import render_report, render_result
from pgmoat.demo.report import AgentLogin, DemoReport, Playground
from pgmoat.demo.scenario import Outcome, Scenario, ScenarioResult, Statements
from pgmoat.demo.stage import Stage


def _play(_stage: Stage, _statements: Statements) -> Outcome:
    return Outcome("never called", held=False)


_SCENARIO = Scenario("hard delete", "delete [all] of it", ("DELETE FROM orders WHERE id = %s",), _play)
_HELD = ScenarioResult(_SCENARIO, "42501 permission denied", held=True)
_NOT_HELD = replace(_HELD, answer="DELETE 1", held=False)
_REPORT = DemoReport(180001, (_HELD,), {"start": 1.0, "load": 2.5}, Path("/opt/demo/moat.yaml"))
_PLAYGROUND = Playground(
    dsn="postgresql://postgres:word@127.0.0.1:5555/shop",
    psql="psql postgresql://postgres:word@127.0.0.1:5555/shop",
    agents=(AgentLogin("analytics", "postgresql://a:pass@127.0.0.1/shop", "moat_t", "PGOPTIONS=… psql …"),),
    credentials=Path("/var/tmp/demo/moat.credentials"),  # noqa: S108 - a name only
    data_dir=Path("/var/tmp/demo"),  # noqa: S108 - a name only
    stop_command="kill 4711",
)


def _print(printed: DemoReport | ScenarioResult, width: int = 120) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    if isinstance(printed, DemoReport):
        console.print(render_report(printed), soft_wrap=True)
    else:
        console.print(render_result(printed))
    return file.getvalue()


def test_json_has_the_promised_shape() -> None:
    data = json.loads(json.dumps(_REPORT.to_json()))
    assert data["scenarios"] == [
        {
            "name": "hard delete",
            "tried": "delete [all] of it: DELETE FROM orders WHERE id = $1",
            "answer": "42501 permission denied",
            "held": True,
        }
    ]
    assert data["all_held"] is True
    assert data["server_version"] == "18.1"
    assert data["seconds"] == {"start": 1.0, "load": 2.5}
    assert "playground" not in data


def test_one_that_is_not_held_spoils_it() -> None:
    report = replace(_REPORT, results=(_HELD, _NOT_HELD))
    assert not report.all_held
    assert report.not_held == (_NOT_HELD,)
    text = _print(report)
    assert "1 of 2 held" in text
    assert "not held: hard delete" in text


def test_no_result_is_no_success() -> None:
    assert not replace(_REPORT, results=()).all_held


def test_a_result_shows_what_was_tried_and_answered() -> None:
    held, not_held = _print(_HELD), _print(_NOT_HELD)
    assert "✓ held" in held
    assert "delete [all] of it" in held  # brackets are no markup
    assert "DELETE FROM orders WHERE id = $1" in held
    assert "42501 permission denied" in held
    assert "✗ NOT HELD" in not_held


def test_the_playground_is_printed_and_its_passwords_not_in_repr() -> None:
    report = replace(_REPORT, playground=_PLAYGROUND)
    text = _print(report, width=30)
    for command in ("psql postgresql://postgres:word@127.0.0.1:5555/shop", "PGOPTIONS=… psql …", "kill 4711"):
        assert command in text  # on one line, to be copied
    assert not {"word", "pass", "moat_t"} & set(repr(report).replace("'", " ").replace(":", " ").split())
    assert report.to_json()["playground"]["stop"] == "kill 4711"


def test_ends_with_what_to_try_next() -> None:
    assert "pgmoat demo --keep" in _print(_REPORT)
    assert "cp /opt/demo/moat.yaml moat.yaml" in _print(_REPORT)
    kept = _print(replace(_REPORT, playground=_PLAYGROUND))
    assert "--keep" not in kept
    assert f"pgmoat plan /opt/demo/moat.yaml --dsn {_PLAYGROUND.dsn}" in kept
    mcp = "pgmoat mcp /opt/demo/moat.yaml --agent courier --credentials /var/tmp/demo/moat.credentials"
    assert f"  {mcp} --print-config claude-code  # " in kept  # to be pasted whole


def test_where_no_terminal_says_it_lines_have_a_width_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert find_width() == 120
    monkeypatch.setenv("COLUMNS", "200")
    assert find_width() is None


def test_what_to_try_next_can_be_pasted_where_pgmoat_is_not_on_the_path() -> None:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    for played in (None, _PLAYGROUND):
        report = replace(_REPORT, playground=played)
        console.print(render_report(report, "/opt/my/.venv/bin/pgmoat"), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    lines = [line.strip() for line in console.file.getvalue().splitlines()]
    assert any(line.startswith("/opt/my/.venv/bin/pgmoat watch ") for line in lines)
    assert not [line for line in lines if line.startswith("pgmoat ")]


@pytest.mark.parametrize(
    ("started", "program"),
    [
        ("/opt/my moat/bin/pgmoat", "'/opt/my moat/bin/pgmoat'"),
        ("/opt/pgmoat/__main__.py", f"{sys.executable} -m pgmoat"),
    ],
)
def test_how_pgmoat_was_run(monkeypatch: pytest.MonkeyPatch, started: str, program: str) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [started, "demo"])
    assert find_program() == program
