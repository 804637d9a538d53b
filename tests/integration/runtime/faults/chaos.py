"""
What is thrown at the callers: killed sessions, cancelled statements, a lost pooler, a lost server.

In: a server, a pooler, how far the callers are. Out: counts. I/O: PostgreSQL, signals.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from tests.durable_server import DurableServer
from tests.moat_fixtures import Connection, Moat
from tests.pooler_fixtures import Pooler

_MOST_PAUSE_S = 0.08
_MOST_SIGNALS = (
    100  # as the callers get on: on a slow machine they would not, if as many came as there is time
)
_CANCEL, _TERMINATE = "statements cancelled", "sessions terminated"
_SIGNALS: dict[str, LiteralString] = {
    _CANCEL: "SELECT pg_cancel_backend(%s)",
    _TERMINATE: "SELECT pg_terminate_backend(%s)",
}
_SESSIONS: LiteralString = "SELECT pid, state FROM pg_stat_activity WHERE usename = ANY (%s) ORDER BY pid"

Blow = tuple[float, str, Callable[[], None]]
"""At which part of the way, what it is called, what it does."""


@dataclass(slots=True)
class Chaos:
    """A thread that does harm: some at random, the worst of it at fixed parts of the way."""

    site: Moat
    durable: DurableServer
    pooler: Pooler | None
    share: Callable[[], float]
    draw: random.Random
    done: Counter[str] = field(default_factory=Counter[str])
    _own: Connection | None = None
    _is_over: threading.Event = field(default_factory=threading.Event)
    _errors: list[BaseException] = field(default_factory=list[BaseException])

    @contextmanager
    def beside(self) -> Generator[None]:
        """Do harm as long as the block takes."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()
            if self._own is not None:
                self._own.close()
            for error in self._errors:
                raise error  # the crew's own errors come of it

    def _run(self) -> None:
        try:
            self._harm()
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
            self._errors.append(error)

    def _harm(self) -> None:
        blows = sorted(self._list_blows(), key=lambda blow: blow[0])
        while not self._is_over.wait(self.draw.random() * _MOST_PAUSE_S):
            if blows and self.share() >= blows[0][0]:
                _, name, strike = blows.pop(0)
                strike()
                self.done[name] += 1
            elif self.done[_CANCEL] + self.done[_TERMINATE] < 10 + _MOST_SIGNALS * self.share():
                self._signal_one(_CANCEL if self.draw.random() < 0.25 else _TERMINATE)

    def _list_blows(self) -> list[Blow]:
        blows: list[Blow] = [
            (0.15, "PostgreSQL stopped -m immediate", lambda: self._restart_server(signal.SIGQUIT)),
            (0.35, "PostgreSQL in crash recovery", self._kill_session),
            (0.55, "PostgreSQL stopped -m immediate", lambda: self._restart_server(signal.SIGQUIT)),
            (0.80, "PostgreSQL killed -9", lambda: self._restart_server(signal.SIGKILL)),
        ]
        if self.pooler is not None:
            restart = self.pooler.restart
            for share in (0.05, 0.45):
                blows.append((share, "PgBouncer restarted", restart))
            for share in (0.25, 0.65):
                blows.append((share, "PgBouncer killed -9", lambda: restart(signal.SIGKILL)))
        return blows

    def _restart_server(self, number: signal.Signals) -> None:
        self.durable.kill(number)
        self.durable.start()

    def _kill_session(self) -> None:
        """Kill a session with -9: PostgreSQL ends all others and recovers."""
        pids = self._find_sessions()
        assert pids
        os.kill(self.draw.choice(pids), signal.SIGKILL)

    def _signal_one(self, kind: str) -> None:
        pids = self._find_sessions()
        if pids and self._ask(_SIGNALS[kind], self.draw.choice(pids)) == [(True,)]:
            self.done[kind] += 1

    def _find_sessions(self) -> list[int]:
        """Return the agents' sessions, those that work if any does."""
        found = self._ask(_SESSIONS, [self.site.role(agent) for agent in self.site.policy.agents])
        return [pid for pid, state in found if state == "active"] or [pid for pid, _ in found]

    def _ask(self, query: LiteralString, parameter: object) -> list[tuple[Any, ...]]:
        """Return an answer; none while the server is away."""
        try:
            if self._own is None:
                self._own = self.site.superuser()
            return self._own.execute(query, [parameter]).fetchall()
        except psycopg.OperationalError:
            if self._own is not None:
                self._own.close()
            self._own = None
            time.sleep(_MOST_PAUSE_S)
            return []
