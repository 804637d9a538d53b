"""
What a task must see before it reads a replica.

In: marks of the primary. Out: the mark that a replica must have reached. I/O: none but the clock.

A mark says where the primary's WAL ended: whatever was committed before it was asked for lies before it. A
task needs one that was asked for after its last write, and not long ago: a replica that has come that far
shows the task's own writes, and everybody else's up to that moment, a freeze among them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from weakref import WeakValueDictionary

FRESH_S = 2.0
"""How old a mark may be: so long at the most a replica that lags keeps back what others committed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the primary's WAL ended, and before what moment of this process's clock it was asked for."""

    timeline: int
    position: int
    asked_at: float


class Horizon:
    """
    What a task, and the tasks below it that share this, must see.

    Several threads may use it. Positions of two timelines do not compare: the later timeline goes first.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._mark: Mark | None = None
        self._since = monotonic()

    @property
    def is_followed(self) -> bool:
        """Whether it has a mark: something reads a replica, and the primary tells where it stands."""
        return self._mark is not None

    def advance(self, mark: Mark) -> None:
        """Have *mark* be seen as well."""
        with self._lock:
            self._mark = _find_later(self._mark, mark)

    def forget(self, now: float) -> None:
        """Let no mark be enough that was asked for before *now*: something may have been written."""
        with self._lock:
            self._since = max(self._since, now)

    def find_needed(self, latest: Mark | None, now: float) -> Mark | None:
        """Return what must be seen; *latest* is another task's mark. None: the primary has to be asked."""
        with self._lock:
            own, since = self._mark, max(self._since, now - FRESH_S)
        for mark in (own, latest):
            if mark is not None and mark.asked_at >= since:
                return replace(_find_later(own, mark), asked_at=mark.asked_at)
        return None


class Horizons:
    """The horizons of tasks at work: one for all objects of one task."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: WeakValueDictionary[str, Horizon] = WeakValueDictionary()

    def find(self, task_id: str, parent: Horizon | None) -> Horizon:
        """Return a task's horizon, its parent's if given, for an object that sees all there is by now."""
        with self._lock:
            found = parent or self._known.get(task_id) or Horizon()
            self._known[task_id] = found
        found.forget(monotonic())
        return found


@dataclass(slots=True)
class Trail:
    """What one write leaves behind: a mark, where one is worth a question behind COMMIT."""

    is_followed: bool
    mark: Mark | None = None


def _find_later(one: Mark | None, other: Mark) -> Mark:
    if one is None or (other.timeline, other.position) >= (one.timeline, one.position):
        return other
    return one
