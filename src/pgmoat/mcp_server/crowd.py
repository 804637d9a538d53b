"""
How many calls of an agent are under way at once.

In: agents that call. Out: places, or a refusal. I/O: none.

The pool bounds connections; this bounds those that wait for one, of which a flood would have any number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from pgmoat.errors import PoolExhaustedError

MOST_CALLS = 200
_RETRY_AFTER_S = 1.0


class Crowd:
    """The calls that are under way."""

    def __init__(self, most_calls: int = MOST_CALLS) -> None:
        self._most_calls = most_calls
        self._calls: Counter[str] = Counter()

    @contextmanager
    def enter(self, agent: str) -> Generator[None]:
        """
        Hold a place among the calls of *agent*.

        Raises:
            PoolExhaustedError: all are taken.
        """
        if self._calls[agent] >= self._most_calls:
            raise PoolExhaustedError(
                f"{self._most_calls} calls of agent {agent} are under way",
                hint="It was not run: this is no empty answer. Wait for answers before calling again.",
                retry_after_s=_RETRY_AFTER_S,
            )
        self._calls[agent] += 1
        try:
            yield
        finally:
            self._calls[agent] -= 1
