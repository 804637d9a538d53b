"""
How much of a held write a page shows: all of it, or the beginning, and then it says so.

In: HeldWrite, Remarks. Out: Excerpt. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgmoat.ledger.approvals import HeldRow, HeldWrite
from pgmoat.ledger.remarks import Remarks
from pgmoat.ledger.row_groups import RowGroup, changes_nothing, group_rows

_MOST_ROWS = 5
_MOST_ARGUMENTS = 12
_MOST_CHARACTERS = 400
_MOST_OF_STATEMENT = 2_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A held write and what is shown of it; None: every character."""

    held: HeldWrite
    remarks: Remarks
    rows: tuple[HeldRow, ...]
    arguments: tuple[tuple[str, str | None], ...]
    most_characters: int | None
    most_of_statement: int | None
    is_whole: bool  # a page of its own would show no more
    is_long: bool  # whoever has read to its end is far from its beginning

    @property
    def groups(self) -> list[RowGroup]:
        """What is shown of the rows, a table each."""
        return group_rows(self.rows, self.remarks.keys)

    @property
    def kinds(self) -> list[RowGroup]:
        """All that is kept of the rows, by entity and operation."""
        return group_rows(self.held.rows, self.remarks.keys)

    @property
    def changes_nothing(self) -> bool:
        """Whether it leaves each row as it is."""
        rows = self.held.rows
        return bool(rows) and not self.held.is_cut and all(map(changes_nothing, rows))


def show_whole(held: HeldWrite, remarks: Remarks) -> Excerpt:
    """Return all that is kept of *held*."""
    is_long = held.is_cut or not _is_short(held)
    return Excerpt(held, remarks, held.rows, held.arguments, None, None, is_whole=True, is_long=is_long)


def shorten(held: HeldWrite, remarks: Remarks) -> Excerpt:
    """Return what of *held* has room beside others."""
    return Excerpt(
        held,
        remarks,
        held.rows[:_MOST_ROWS],
        held.arguments[:_MOST_ARGUMENTS],
        _MOST_CHARACTERS,
        _MOST_OF_STATEMENT,
        is_whole=not held.is_cut and _is_short(held),
        is_long=False,
    )


def _is_short(held: HeldWrite) -> bool:
    return (
        len(held.rows) <= _MOST_ROWS
        and len(held.arguments) <= _MOST_ARGUMENTS
        and len(held.statement or "") <= _MOST_OF_STATEMENT
        and all(len(text) <= _MOST_CHARACTERS for text in _list_texts(held))
    )


def _list_texts(held: HeldWrite) -> Iterator[str]:
    for name, value in held.arguments:
        yield from (name, value or "")
    for row in held.rows:
        for values in (row.before, row.after):
            yield from (value or "" for value in (values or {}).values())
