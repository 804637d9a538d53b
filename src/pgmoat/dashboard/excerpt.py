"""
How much of a held write a page shows: all of it, or the beginning, and then it says so.

In: HeldWrite. Out: Excerpt. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgmoat.ledger.approvals import HeldRow, HeldWrite

_MOST_ROWS = 5
_MOST_ARGUMENTS = 12
_MOST_CHARACTERS = 400
_MOST_OF_STATEMENT = 2_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A held write and what is shown of it; None: every character."""

    held: HeldWrite
    rows: tuple[HeldRow, ...]
    arguments: tuple[tuple[str, str | None], ...]
    most_characters: int | None
    most_of_statement: int | None
    is_whole: bool  # a page of its own would show no more


def show_whole(held: HeldWrite) -> Excerpt:
    """Return all that is kept of *held*."""
    return Excerpt(held, held.rows, held.arguments, None, None, is_whole=True)


def shorten(held: HeldWrite) -> Excerpt:
    """Return what of *held* has room beside others."""
    is_whole = (
        not held.is_cut
        and len(held.rows) <= _MOST_ROWS
        and len(held.arguments) <= _MOST_ARGUMENTS
        and len(held.statement or "") <= _MOST_OF_STATEMENT
        and all(len(text) <= _MOST_CHARACTERS for text in _list_texts(held))
    )
    return Excerpt(
        held,
        held.rows[:_MOST_ROWS],
        held.arguments[:_MOST_ARGUMENTS],
        _MOST_CHARACTERS,
        _MOST_OF_STATEMENT,
        is_whole,
    )


def _list_texts(held: HeldWrite) -> Iterator[str]:
    for name, value in held.arguments:
        yield from (name, value or "")
    for row in held.rows:
        for values in (row.before, row.after):
            yield from (value or "" for value in (values or {}).values())
