"""What a value may have been meant to be is looked for among few letters. I/O: none."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pgmoat.guard.diagnose import values
from pgmoat.guard.diagnose.values import find_near


@pytest.mark.parametrize(
    ("text", "known", "near"),
    [
        ("canceled", ("pending", "cancelled"), "cancelled"),
        ("GERMNY", ("Germany", "France"), "Germany"),
        ("Narnia", ("Argentina", "Brazil"), None),
        ("inactive", ("active", "blocked"), None),
        ("active", ("inactive", "blocked"), None),
        ("unpaid", ("paid", "unpayd"), "unpayd"),
        ("same", ("same",), None),
        ("x" * 51, ("x" * 50,), None),
        ("x" * 40, ("x" * 41, "x" * 8000), "x" * 41),
    ],
)
def test_what_is_near(text: str, known: tuple[str, ...], near: str | None) -> None:
    assert find_near(text, known) == near


@pytest.mark.parametrize("length", [50, 51, 8_000])
def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """Texts are compared in the square of their length, in a thread that others wait for."""
    work: list[int] = []

    def count(word: str, known: Iterable[str], **_: object) -> list[str]:
        work.extend(len(word) * len(other) for other in known)
        return []

    monkeypatch.setattr(values, "get_close_matches", count)
    known = tuple("y" * (length + number % 7) + str(number) for number in range(2_000))
    find_near("y" * length, known)
    assert sum(work) <= 250_000
    assert bool(work) == (length <= 50)
