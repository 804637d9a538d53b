"""
Sixteen callers that do what is planned, as threads and as asyncio tasks.

In: Operations, a runtime. Out: Answers. I/O: PostgreSQL, threads.

A caller goes on as an orchestrator does: what failed for a passing reason, was cancelled, or took too long
for it is asked for again, with the same keys.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pgmoat import errors
from pgmoat.runtime import AsyncMoat, AsyncTask, AsyncTransaction, Backoff, Moat, Result, Task, Transaction
from tests.integration.runtime.faults.plan import Operation, Request, TaskPlace

WORKERS = 16
PATIENCE_S = 45.0
AGAIN = (errors.TransientError, errors.StatementTimeoutError)
"""What a caller takes as a reason to ask again: a cancelled statement looks like one that took too long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one caller of an operation was told: results, or that the budget does not do."""

    operation: Operation
    results: tuple[Result, ...] | None


@dataclass(slots=True)
class Progress:
    """How far the crew is, and what it met."""

    calls: int
    done: int = 0
    met: Counter[str] = field(default_factory=Counter[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def share(self) -> float:
        """What part of the calls has its answer."""
        return self.done / self.calls

    def note(self, what: str) -> None:
        """Count something that was met."""
        with self._lock:
            self.met[what] += 1

    def finish_one(self) -> None:
        """Count a call that has its answer."""
        with self._lock:
            self.done += 1


@dataclass(frozen=True)
class CountingBackoff(Backoff):
    """A backoff that counts the runtime's own retries; its deadline is longer than any outage here."""

    deadline_s: float = 20.0
    first_s: float = 0.02
    most_s: float = 0.5
    progress: Progress | None = None

    def draw_pause(self, attempts: int) -> float:
        """Count, and wait as ever."""
        if self.progress is not None:
            self.progress.note("retries within the runtime")
        return super().draw_pause(attempts)


def shuffle_calls(operations: Sequence[Operation], seed: int) -> list[Operation]:
    """Return each operation as often as it has callers: some of them meet, others come much later."""
    draw = random.Random(seed)  # noqa: S311 - a lot, no secret
    calls: list[tuple[float, Operation]] = []
    for operation in operations:
        at = draw.random()
        for _ in range(operation.callers):
            later = at + (draw.random() * 0.3 if draw.random() < 0.3 else draw.random() * 0.01)
            calls.append((later, operation))
    return [operation for _, operation in sorted(calls, key=lambda call: (call[0], call[1].number))]


def run_threads(moat: Moat, calls: Sequence[Operation], progress: Progress) -> list[Answer]:
    """Return an answer per call, from sixteen threads."""

    def work(operation: Operation) -> Answer:
        return _answer(moat, operation, progress)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, calls))


def _answer(moat: Moat, operation: Operation, progress: Progress) -> Answer:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            found = _do(_open(moat, operation.place), operation)
        except errors.BudgetExceededError:
            found = None
        except AGAIN as error:
            progress.note(f"{error.code}, asked again")
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
            continue
        progress.finish_one()
        return Answer(operation, found)


def _open(moat: Moat, place: TaskPlace) -> Task:
    above = _open(moat, place.parent) if place.parent is not None else None
    if place.is_opened_by_agent and above is not None:
        return above.open_child(place.task_id)
    return moat.open_task(place.agent, place.task_id, parent=above, max_writes=place.max_writes)


def _do(task: Task, operation: Operation) -> tuple[Result, ...]:
    if len(operation.requests) == 1:
        return (_ask(task, operation.requests[0]),)
    with task.transaction() as transaction:
        return tuple(_ask(transaction, request) for request in operation.requests)


def _ask(doer: Task | Transaction, request: Request) -> Result:
    if request.operation:
        return doer.call(request.operation, request.arguments, key=request.key)
    return doer.write(request.sql, request.parameters, key=request.key, reason=request.reason)


async def run_tasks(moat: AsyncMoat, calls: Sequence[Operation], progress: Progress) -> list[Answer]:
    """Return an answer per call, from sixteen asyncio tasks; now and then one loses its patience."""
    draw = random.Random(5)  # noqa: S311 - a lot, no secret
    waiting = iter(calls)
    answers: list[Answer] = []

    async def work() -> None:
        for operation in waiting:
            hurry_s = draw.random() * 0.05 if draw.random() < 0.2 else None
            answers.append(await _answer_async(moat, operation, progress, hurry_s))

    async with asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(work())
    return answers


async def _answer_async(
    moat: AsyncMoat, operation: Operation, progress: Progress, hurry_s: float | None
) -> Answer:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            async with asyncio.timeout(hurry_s):
                task = await _open_async(moat, operation.place)
                found = await _do_async(task, operation)
        except TimeoutError:
            progress.note("calls given up half-way, asked again")
            hurry_s = None
            continue
        except errors.BudgetExceededError:
            found = None
        except AGAIN as error:
            progress.note(f"{error.code}, asked again")
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.02)
            continue
        progress.finish_one()
        return Answer(operation, found)


async def _open_async(moat: AsyncMoat, place: TaskPlace) -> AsyncTask:
    above = await _open_async(moat, place.parent) if place.parent is not None else None
    if place.is_opened_by_agent and above is not None:
        return await above.open_child(place.task_id)
    return await moat.open_task(place.agent, place.task_id, parent=above, max_writes=place.max_writes)


async def _do_async(task: AsyncTask, operation: Operation) -> tuple[Result, ...]:
    if len(operation.requests) == 1:
        return (await _ask_async(task, operation.requests[0]),)
    async with task.transaction() as transaction:
        return tuple([await _ask_async(transaction, request) for request in operation.requests])


async def _ask_async(doer: AsyncTask | AsyncTransaction, request: Request) -> Result:
    if request.operation:
        return await doer.call(request.operation, request.arguments, key=request.key)
    return await doer.write(request.sql, request.parameters, key=request.key, reason=request.reason)
