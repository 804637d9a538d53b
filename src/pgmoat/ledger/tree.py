"""
Tasks as trees: children below their parents.

In: TaskStatus. Out: Branches. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgmoat.ledger.tasks import TaskStatus


@dataclass(frozen=True, slots=True)
class Branch:
    """A task with the tasks right below it."""

    status: TaskStatus
    children: tuple[Branch, ...]


def grow_trees(found: Sequence[TaskStatus]) -> tuple[Branch, ...]:
    """Return the trees of *found*, each level in its order; a child whose parent was not found is a root."""
    names = {status.name for status in found}
    below: dict[str | None, list[TaskStatus]] = {}
    for status in found:
        below.setdefault(status.parent if status.parent in names else None, []).append(status)

    def grow(name: str | None) -> tuple[Branch, ...]:
        return tuple(Branch(status, grow(status.name)) for status in below.get(name, ()))

    return grow(None)


def walk(branches: Sequence[Branch], level: int = 0) -> Iterator[tuple[int, TaskStatus]]:
    """Yield every task with its level, each right after its parent."""
    for branch in branches:
        yield level, branch.status
        yield from walk(branch.children, level + 1)
