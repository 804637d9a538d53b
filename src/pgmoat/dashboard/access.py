"""
Who may come in: tokens, sessions, and how often somebody may try.

In: tokens, cookies, a clock. Out: Role, Session. I/O: none; sessions are in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from pgmoat.dashboard.settings import Tokens

LONGEST_S = 12 * 3600
IDLE_S = 3600
_TRIES = 10
_TRIES_WITHIN_S = 60.0
_MOST_ADDRESSES = 10_000


class Role(StrEnum):
    """Viewers read; operators also act."""

    VIEWER = "viewer"
    OPERATOR = "operator"


_MOST_SESSIONS = {Role.VIEWER: 1_000, Role.OPERATOR: 1_000}
"""By role: however many viewers log in, no operator is thrown out for them."""


@dataclass(slots=True)
class Session:
    """Somebody who is logged in; *name* is what they called themselves."""

    role: Role
    name: str
    begun_at: float
    used_at: float
    csrf_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    notices: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])  # level, text

    @property
    def who(self) -> str:
        """How the record names them."""
        return f"{self.name} (dashboard)" if self.name else "dashboard"

    def take_notices(self) -> list[tuple[str, str]]:
        """Return what they are to be told, once."""
        taken, self.notices = self.notices, []
        return taken


def match_token(tokens: Tokens, text: str) -> Role | None:
    """Return the role that *text* opens; each comparison takes the same time whatever it holds."""
    is_operator = is_same(tokens.operator, text)
    is_viewer = is_same(tokens.viewer, text)
    return Role.OPERATOR if is_operator else Role.VIEWER if is_viewer else None


def is_same(secret: str, text: str) -> bool:
    """Whether *text* is *secret*."""
    return hmac.compare_digest(_digest(secret), _digest(text))


@dataclass(slots=True)
class Sessions:
    """Who is logged in. A session's id is known to its browser alone: here stands its hash."""

    clock: Callable[[], float]
    _open: dict[bytes, Session] = field(default_factory=dict[bytes, Session])

    def begin(self, role: Role, name: str) -> tuple[str, Session]:
        """Return a new session and its id; beyond the most of a role, its least recently used one ends."""
        now = self.clock()
        self._open = {key: found for key, found in self._open.items() if not _is_over(found, now)}
        alike = [key for key, found in self._open.items() if found.role is role]
        if len(alike) >= _MOST_SESSIONS[role]:
            del self._open[min(alike, key=lambda key: self._open[key].used_at)]
        session_id = secrets.token_urlsafe(32)
        session = self._open[_digest(session_id)] = Session(role, name, now, now)
        return session_id, session

    def find(self, session_id: str, *, is_use: bool = True) -> Session | None:
        """Return the session, unless it is over; what a page asks for by itself is no use of it."""
        now, key = self.clock(), _digest(session_id)
        session = self._open.get(key)
        if session is None:
            return None
        if _is_over(session, now):
            del self._open[key]
            return None
        if is_use:
            session.used_at = now
        return session

    def end(self, session_id: str) -> None:
        """Log out."""
        self._open.pop(_digest(session_id), None)


@dataclass(slots=True)
class Throttle:
    """How often each address may give a wrong token."""

    clock: Callable[[], float]
    _failures: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def wait_s(self, address: str) -> int:
        """Return for how many seconds *address* may not try, 0 where it may."""
        recent = self._read(address)
        return 0 if len(recent) < _TRIES else max(1, round(recent[0] + _TRIES_WITHIN_S - self.clock()))

    def fail(self, address: str) -> None:
        """Count a wrong token."""
        if len(self._failures) >= _MOST_ADDRESSES:
            self._failures.clear()
        self._failures[address] = [*self._read(address), self.clock()][-_TRIES:]

    def _read(self, address: str) -> list[float]:
        since = self.clock() - _TRIES_WITHIN_S
        return [at for at in self._failures.get(address, []) if at > since]


def _is_over(session: Session, now: float) -> bool:
    return now - session.begun_at > LONGEST_S or now - session.used_at > IDLE_S


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
