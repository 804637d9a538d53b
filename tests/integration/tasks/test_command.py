"""
``pgmoat task`` over trees.

I/O: PostgreSQL.
"""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pgmoat.cli.main import build_app
from pgmoat.errors import Error
from tests.integration.tasks.steps import write
from tests.moat_fixtures import Moat


def _run(desk: Moat, *arguments: str) -> str:
    wide = {"COLUMNS": "200"}
    arguments = (*arguments, "--dsn", desk.database.dsn)
    result = CliRunner(env=wide).invoke(build_app(), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_tree_is_opened_listed_and_stopped(desk: Moat) -> None:
    _run(desk, "task", "open", "boss", "T-1", "--scope", '{"customer_id": [41, 42]}')
    token = _run(
        desk, "task", "open", "worker", "T-1a", "--parent", "boss/T-1", "--scope", '{"customer_id": 42}'
    )
    with desk.task("worker", token.strip()) as connection:
        write(connection, 1, 4)
    _run(desk, "freeze", "boss", "--task", "T-1", "--reason", "odd")
    lines = _run(desk, "task", "list", "--tree").splitlines()
    assert [line.split()[:2] for line in lines[-2:]] == [["boss", "T-1"], ["worker", "T-1a"]]
    assert "  T-1a" in lines[-1]
    assert "frozen with boss/T-1" in lines[-1]
    (tree,) = json.loads(_run(desk, "task", "list", "--tree", "--json"))
    (child,) = tree["children"]
    assert (tree["task_id"], child["task_id"], child["parent"]) == ("T-1", "T-1a", "boss/T-1")
    assert (child["state"], child["stopped_by"], child["frozen_reason"]) == ("frozen", "boss/T-1", "odd")
    assert (tree["rows_used"], child["rows_left"], child["children"]) == (4, 26, [])
    _run(desk, "thaw", "boss", "--task", "T-1")
    shown = json.loads(_run(desk, "task", "show", "worker", "T-1a", "--json"))
    assert (shown["state"], shown["scope"]) == ("open", {"customer_id": 42})
    _run(desk, "task", "close", "boss", "T-1")
    assert json.loads(_run(desk, "task", "list", "--open", "--json")) == []


@pytest.mark.parametrize("parent", ["T-1", "/T-1", "boss/", ""])
def test_a_parent_that_cannot_be_read_is_said(desk: Moat, parent: str) -> None:
    with pytest.raises(Error, match="AGENT/TASK_ID"):
        _run(desk, "task", "open", "worker", "T-1a", "--parent", parent)
