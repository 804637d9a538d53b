"""
Who takes the database's time now, told to all who listen.

In: the record, read about once a second while somebody listens. Out: server-sent events. I/O: PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

import psycopg

from pgmoat.accounting.series import Delta, Live, diff_live, read_live
from pgmoat.dashboard.access import Role, Session
from pgmoat.dashboard.database import Database
from pgmoat.errors import Error
from pgmoat.sampling.sessions import IDLE

MOST_SEATS = 50
MOST_SEATS_OF_VIEWERS = 40  # the rest is kept for operators
MOST_SEATS_OF_ONE = 5
_EVERY_S = 1.0
_MOST_WAITING = 10
_KEPT = 600
_BEAT_S = 10.0
_LEAST_SEEN_S = 0.2
_AWAY = "event: away\ndata: {}\n\n"

Messages = asyncio.Queue[str | None]


@dataclass(eq=False, slots=True)
class Seat:
    """A place to listen from; a session has a few."""

    session: Session
    messages: Messages = field(default_factory=lambda: Messages(_MOST_WAITING))


@dataclass(slots=True)
class Feed:
    """
    One poller for all listeners; whoever is too slow is let go, and connects again by itself.

    A seat is taken until its response has ended: one who does not read what was sent keeps it for so long.
    """

    database: Database
    is_stopping: bool = False
    _seats: set[Seat] = field(default_factory=set[Seat])
    _listeners: set[Seat] = field(default_factory=set[Seat])
    _kept: deque[str] = field(default_factory=lambda: deque[str](maxlen=_KEPT))
    _poller: asyncio.Task[None] | None = None
    _is_away: bool = False

    def take_seat(self, session: Session) -> Seat | None:
        """Return a seat to leave again, None where this session has enough, or all are taken."""
        own = sum(seat.session is session for seat in self._seats)
        viewers = sum(seat.session.role is Role.VIEWER for seat in self._seats)
        is_full = len(self._seats) >= MOST_SEATS
        if session.role is Role.VIEWER:
            is_full = is_full or viewers >= MOST_SEATS_OF_VIEWERS
        if is_full or own >= MOST_SEATS_OF_ONE:
            return None
        seat = Seat(session)
        self._seats.add(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat back."""
        self._seats.discard(seat)

    def stop(self) -> None:
        """Let everybody go: the server ends."""
        self.is_stopping = True
        for seat in self._listeners:
            _put(seat.messages, None)

    async def listen(self, seat: Seat, may_go_on: Callable[[], bool]) -> AsyncGenerator[str]:
        """Yield what has been, then what comes, as events, as long as *may_go_on* says so."""
        self._listeners.add(seat)
        if self._poller is None or self._poller.done():
            self._kept.clear()
            self._is_away = False
            self._poller = asyncio.create_task(self._poll())
        try:
            yield f"retry: 2000\nevent: past\ndata: [{','.join(self._kept)}]\n\n"
            if self._is_away:
                yield _AWAY
            while may_go_on() and not self.is_stopping:
                try:
                    message = await asyncio.wait_for(seat.messages.get(), _BEAT_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if message is None:
                    return
                yield message
        finally:
            self._listeners.discard(seat)

    async def _poll(self) -> None:
        before: Live | None = None
        while self._listeners and not self.is_stopping:
            try:
                after = await self.database.run(read_live)
            except (psycopg.Error, Error):
                before = None
                if not self._is_away:  # said once; the next figures say that it is back
                    self._is_away = True
                    self._tell(_AWAY)
            else:
                self._is_away = False
                step = None if before is None else diff_live(before, after)
                if before is None:
                    before = after
                elif step is not None and step.seen_seconds >= _LEAST_SEEN_S:
                    message = render_step(after, step)
                    self._kept.append(message)
                    self._tell(f"data: {message}\n\n")
                    before = after
            await asyncio.sleep(_EVERY_S)

    def _tell(self, event: str) -> None:
        for seat in tuple(self._listeners):
            if not _put(seat.messages, event):
                self._listeners.discard(seat)


def render_step(after: Live, step: Delta) -> str:
    """
    Return how many sessions each agent had at work, on average between two readings, as JSON.

    Divided by the time that somebody looked, and not by the time between the readings: the watchdog and
    this poller do not march in step.
    """
    load: dict[str, float] = {}
    for (agent, wait_class), seconds in step.seconds.items():
        if wait_class != IDLE:
            load[agent] = load.get(agent, 0) + seconds / step.seen_seconds
    return json.dumps(
        {
            "at": round(after.at.timestamp(), 2),
            "load": {agent: round(value, 4) for agent, value in load.items() if math.isfinite(value)},
        }
    )


def _put(messages: Messages, message: str | None) -> bool:
    """Give *message* to one who listens; a full one is emptied and told to go."""
    if messages.full() or message is None:
        while not messages.empty():
            messages.get_nowait()
        messages.put_nowait(None)
        return False
    messages.put_nowait(message)
    return True
