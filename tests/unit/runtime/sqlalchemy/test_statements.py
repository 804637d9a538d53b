"""A comment goes before a statement and changes nothing in it."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.runtime.sqlalchemy.statements import is_formatted, is_rollback, tag_statement
from pgmoat.runtime.tag import render_comment


class _Context:
    def __init__(self, **options: Any) -> None:
        self.execution_options = options


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_comment_is_whole_after_formatting(task_id: str, step: str) -> None:
    comment = render_comment(agent_id="a-v1", task_id=task_id, step=step)
    formatted = tag_statement("SELECT '%%'", comment, is_formatted=True) % ()
    plain = tag_statement("SELECT '%'", comment, is_formatted=False)
    assert formatted == plain == f"{comment}SELECT '%'"
    body, closing, rest = plain.partition("*/")
    assert (closing, rest) == ("*/", " SELECT '%'")
    values = [unquote(part) for part in body.split("'")[1::2]]
    assert values == [value for value in ("a-v1", step, task_id) if value]


@pytest.mark.parametrize(
    ("parameters", "options", "wanted"),
    [
        ((1,), {}, True),
        ({}, {}, True),
        ((), {"no_parameters": True}, False),
        ({"a": 1}, {"no_parameters": True}, True),
        ([(1,)], {"no_parameters": True}, True),
    ],
)
def test_when_psycopg_looks_for_placeholders(parameters: Any, options: dict[str, Any], wanted: bool) -> None:
    assert is_formatted(parameters, cast("Any", _Context(**options))) is wanted


def test_without_a_context_it_does() -> None:
    assert is_formatted((), None)


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("ROLLBACK TO SAVEPOINT sa_savepoint_1", True),
        ("\n rollback to x", True),
        ("SELECT 'ROLLBACK'", False),
        ("", False),
    ],
)
def test_what_goes_back_to_a_savepoint(statement: str, wanted: bool) -> None:
    assert is_rollback(statement) is wanted
