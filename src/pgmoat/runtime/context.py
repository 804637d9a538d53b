"""
In which task and step this code runs.

In: tasks, labels. Out: the current ones. I/O: none.

Kept in a context variable: right in asyncio tasks and ``asyncio.to_thread``, lost in ``run_in_executor``,
where it must be passed on (``contextvars.copy_context().run``). A generator that is suspended inside of a
block leaves task and step to whoever asks it for values. A step belongs to one task: another task
that is used inside does not get its label.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TypeVar

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, eq=False)
class TaskIdentity:
    """A task as it is shown to PostgreSQL; *token* is a secret."""

    agent: str
    task_id: str
    token: str

    def __repr__(self) -> str:
        return f"TaskIdentity({self.agent}/{self.task_id})"


@dataclass(frozen=True, slots=True)
class _Step:
    identity: TaskIdentity
    name: str
    reason: str
    outer: _Step | None


_TASK: ContextVar[TaskIdentity | None] = ContextVar("pgmoat_task", default=None)
_STEP: ContextVar[_Step | None] = ContextVar("pgmoat_step", default=None)


@contextmanager
def use_task(identity: TaskIdentity) -> Generator[None]:
    """Make *identity* the current task inside of the block."""
    previous = _TASK.set(identity)
    try:
        yield
    finally:
        _reset(_TASK, previous)


@contextmanager
def use_step(identity: TaskIdentity, name: str, reason: str = "") -> Generator[None]:
    """Label what *identity* does inside of the block; *reason* goes with its deletions."""
    previous = _STEP.set(_Step(identity, name, reason, _STEP.get()))
    try:
        yield
    finally:
        _reset(_STEP, previous)


def current_task() -> TaskIdentity | None:
    """Return the task of this block, None outside of any."""
    return _TASK.get()


def current_step(identity: TaskIdentity) -> tuple[str, str]:
    """Return label and reason of *identity*'s step; empty outside of one."""
    step = _STEP.get()
    while step is not None and step.identity is not identity:
        step = step.outer
    return (step.name, step.reason) if step is not None else ("", "")


def _reset(variable: ContextVar[_Value], previous: Token[_Value]) -> None:
    """Take back what was set; a block that is left in another context has set nothing there."""
    with suppress(ValueError):
        variable.reset(previous)
