"""No ON CONFLICT."""

from __future__ import annotations

import pytest

from pgmoat.guard.check import Use
from tests.unit.guard.shop import list_problems


@pytest.mark.parametrize(
    "clause",
    [
        "DO NOTHING",
        "(id) DO NOTHING",
        "(id) WHERE id > 0 DO NOTHING",
        "(lower(name)) DO NOTHING",
        "ON CONSTRAINT orders_pkey DO NOTHING",
        "(id) DO UPDATE SET name = excluded.name",
        "(id) DO UPDATE SET name = excluded.name WHERE orders.name <> excluded.name",
    ],
)
@pytest.mark.parametrize("frame", ["{}", "WITH a AS ({} RETURNING *) INSERT INTO items SELECT * FROM a"])
def test_it_is_refused_with_other_ways(clause: str, frame: str) -> None:
    text = frame.format(f"INSERT INTO orders (id) VALUES (1) ON CONFLICT {clause}")
    (problem,) = list_problems(text, Use.WRITE)
    assert problem.rule == "on_conflict"
    assert "idempotency key" in problem.hint
    assert problem.position == text.index("ON CONFLICT") + 1
