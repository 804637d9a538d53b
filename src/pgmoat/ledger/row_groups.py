"""
Rows of a held write in groups that one table can show: what identifies a row, what changes, what stays.

In: HeldRow, the key columns of each entity. Out: RowGroup. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgmoat.ledger.approvals import HeldRow, Values

_MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of one entity that are written in the same way, ordered by their key."""

    entity: str
    operation: str  # insert, update, delete
    key: tuple[str, ...]
    columns: tuple[str, ...]  # what else is to be looked at: of updates what changes in any row, else all
    same: tuple[str, ...]  # what an update leaves as it is in each row
    rows: tuple[HeldRow, ...]

    @property
    def idle(self) -> int:
        """How many rows an update leaves as they are."""
        return sum(changes_nothing(row) for row in self.rows)

    @property
    def size(self) -> str:
        """How many rows there are, and how many of them change nothing, in words."""
        every = len(self.rows)
        words = "1 row" if every == 1 else f"{every} rows"
        if not self.idle:
            return words
        return f"{words}, unchanged" if self.idle == every else f"{words}, {self.idle} of them unchanged"


def changes_nothing(row: HeldRow) -> bool:
    """Return whether it is an update after which the row is what it was."""
    return row.operation == "update" and not row.changed


def read_values(row: HeldRow) -> Values:
    """Return a row's values as a person knows it: before, or of a new row after."""
    return {**(row.after or {}), **(row.before or {})}


def group_rows(rows: Iterable[HeldRow], keys: Mapping[str, Sequence[str]]) -> list[RowGroup]:
    """Return *rows* by entity and operation, in the order in which these come first."""
    groups: dict[tuple[str, str], list[HeldRow]] = {}
    for row in rows:
        groups.setdefault((row.entity, row.operation), []).append(row)
    return [
        _make_group(entity, operation, members, keys.get(entity, ()))
        for (entity, operation), members in groups.items()
    ]


def _make_group(entity: str, operation: str, rows: Sequence[HeldRow], known: Sequence[str]) -> RowGroup:
    every = list(dict.fromkeys(name for row in rows for name in read_values(row)))
    changed = {name for row in rows for name in row.changed} if operation == "update" else set(every)
    key = tuple(name for name in known if name in every) or _guess_key(every, changed, operation)
    others = [name for name in every if name not in key]
    return RowGroup(
        entity,
        operation,
        key,
        tuple(name for name in others if name in changed),
        tuple(name for name in others if name not in changed),
        tuple(sorted(rows, key=lambda row: [_rank(read_values(row).get(name)) for name in key])),
    )


def _guess_key(every: Sequence[str], changed: set[str], operation: str) -> tuple[str, ...]:
    """Return what tells rows apart where the entity is not in the policy any more."""
    stays = [name for name in every if operation != "update" or name not in changed]
    return tuple(["id"] if "id" in stays else stays[:1])


def _rank(value: str | None) -> tuple[int, int, str]:
    """Return what whole numbers come by their size by, then texts, then NULL."""
    if value is None:
        return (2, 0, "")
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS:
        return (0, int(value), "")
    return (1, 0, value)
