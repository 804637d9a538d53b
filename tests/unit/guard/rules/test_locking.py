"""No row locks."""

from __future__ import annotations

import pytest

from tests.unit.guard.shop import list_problems


@pytest.mark.parametrize("strength", ["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"])
@pytest.mark.parametrize(
    "frame",
    [
        "SELECT * FROM orders FOR {}",
        "SELECT * FROM orders AS o JOIN items AS i ON true FOR {} OF o SKIP LOCKED",
        "SELECT * FROM (SELECT * FROM orders FOR {} NOWAIT) AS o",
        "WITH a AS (SELECT * FROM orders FOR {}) SELECT * FROM a",
    ],
)
def test_locks_are_refused_wherever_they_stand(frame: str, strength: str) -> None:
    (problem,) = list_problems(frame.format(strength))
    assert problem.rule == "locking"
    assert problem.message.startswith(f"FOR {strength} ")


def test_each_is_told() -> None:
    assert len(list_problems("SELECT * FROM orders AS o, items AS i FOR UPDATE OF o FOR SHARE OF i")) == 2
