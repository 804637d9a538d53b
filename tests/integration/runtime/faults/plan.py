"""
What is to be done: operations, each by one to three callers.

In: a seed. Out: Operations. I/O: none.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from pgmoat.runtime.binding import Parameters

HOT = 0
"""The counter that many operations count up: its value after each is told to nobody else."""

PURSE, PURSE_ROWS = "purse", 6
"""A task whose budget is less than what is asked of it and of its child."""


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a task stands: its agent, its id, and the one above it."""

    agent: str
    task_id: str
    parent: TaskPlace | None = None
    max_writes: int | None = None
    is_opened_by_agent: bool = False  # as a child, from within the parent

    @property
    def full_id(self) -> str:
        """The id as the database has it."""
        if self.is_opened_by_agent and self.parent is not None:
            return f"{self.parent.full_id}/{self.task_id}"
        return self.task_id


_BOSS = TaskPlace("worker", "boss")
_PURSE = TaskPlace("worker", PURSE, max_writes=PURSE_ROWS)
PLACES = (
    TaskPlace("worker", "alone"),
    TaskPlace("second", "alone too"),
    _BOSS,
    TaskPlace("worker", "child", _BOSS, is_opened_by_agent=True),
    TaskPlace("second", "other agent's", _BOSS),
)
POOR_PLACES = (_PURSE, TaskPlace("worker", "child", _PURSE, is_opened_by_agent=True))


@dataclass(frozen=True, slots=True)
class Request:
    """One write, or with *operation* one call."""

    sql: str = ""
    operation: str = ""
    parameters: Parameters = None
    key: str | None = None
    reason: str = ""

    @property
    def arguments(self) -> dict[str, object]:
        """The parameters of a call."""
        return dict(self.parameters) if isinstance(self.parameters, dict) else {}


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """Something to be done once; several requests are one transaction."""

    number: int
    kind: str
    place: TaskPlace
    requests: tuple[Request, ...]
    callers: int
    rows: int  # that it changes
    is_poor: bool = field(default=False)


def _bump(number: int) -> tuple[Request, ...]:
    return (Request("UPDATE counters SET v = v + 1 WHERE id = :id", parameters={"id": number}),)


def _bump_hot(number: int) -> tuple[Request, ...]:
    sql = "UPDATE counters SET v = v + 1 WHERE id = :id RETURNING id, v"
    return (Request(sql, parameters={"id": HOT}, key=f"hot {number}"),)


def _insert(number: int) -> tuple[Request, ...]:
    return (Request("INSERT INTO notes (op) VALUES (:op)", parameters={"op": number}),)


def _insert_returning(number: int) -> tuple[Request, ...]:
    return (Request("INSERT INTO notes (op) VALUES ($1) RETURNING id, op", parameters=[number]),)


def _pay(number: int) -> tuple[Request, ...]:
    return (Request(operation="pay", parameters={"op": number, "amount": number}),)


def _close_ticket(number: int) -> tuple[Request, ...]:
    sql = (
        "INSERT INTO ticket_log (tickets_id, new_status, idempotency_key)"
        " VALUES (:id, 'closed', :idempotency_key)"
    )
    return (Request(sql, parameters={"id": number}),)


def _delete(number: int) -> tuple[Request, ...]:
    return (Request("DELETE FROM orders WHERE id = :id", parameters={"id": number}, reason="asked for"),)


def _block(number: int) -> tuple[Request, ...]:
    note = Request("INSERT INTO notes (op) VALUES (:op) RETURNING id", parameters={"op": number})
    return (*_bump(number), note, *_pay(number))


KINDS: dict[str, tuple[Callable[[int], tuple[Request, ...]], int]] = {
    "update": (_bump, 1),
    "update returning": (_bump_hot, 1),
    "insert": (_insert, 1),
    "insert returning": (_insert_returning, 1),
    "call": (_pay, 2),
    "event": (_close_ticket, 2),
    "delete": (_delete, 1),
    "transaction": (_block, 4),
}
"""How each is asked for, and how many rows it changes."""


def plan_operations(seed: int, count: int, first_ticket: int) -> list[Operation]:
    """Return *count* operations of all kinds, a tenth of them on a budget that does not do for all."""
    draw = random.Random(seed)  # noqa: S311 - a lot, no secret
    found: list[Operation] = []
    for number in range(1, count + 1):
        is_poor = number % 10 == 0
        kind = "update" if is_poor else draw.choice(list(KINDS))
        make, rows = KINDS[kind]
        place = draw.choice(POOR_PLACES if is_poor else PLACES)
        target = first_ticket + number if kind == "event" else number  # events stay: a log is not put back
        found.append(Operation(number, kind, place, make(target), draw.randint(1, 3), rows, is_poor))
    return found
