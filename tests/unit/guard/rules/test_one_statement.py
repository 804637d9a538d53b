"""One statement per text."""

from __future__ import annotations

import pytest

from tests.unit.guard.shop import list_problems, list_rules


@pytest.mark.parametrize("text", ["SELECT 1", "SELECT 1;", "SELECT 1 ; ;;", ";SELECT 1", "SELECT 1 -- ; x"])
def test_one(text: str) -> None:
    assert not list_problems(text)


@pytest.mark.parametrize("text", ["", " ", ";", "--", "/* SELECT 1 */", "\n\n"])
def test_none(text: str) -> None:
    (problem,) = list_problems(text)
    assert problem.rule == "one_statement"
    assert "no statement" in problem.message


@pytest.mark.parametrize("text", ["SELECT 1; SELECT 2", "COMMIT; DROP SCHEMA agent", "SELECT 1;;SELECT 2;"])
def test_two(text: str) -> None:
    (problem,) = list_problems(text)
    assert problem.rule == "one_statement"
    assert problem.message.startswith("2 statements")


def test_the_others_are_not_looked_at() -> None:
    assert list_rules("SELECT pg_sleep(1); SELECT * FROM pg_class") == ["one_statement"]
