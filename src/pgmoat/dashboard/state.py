"""
What one running dashboard has: its settings, its database, who is logged in.

In: Settings, a DSN. Out: Dashboard; the one of a request. I/O: none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from jinja2 import Environment
from starlette.requests import Request

from pgmoat.dashboard.access import Role, Session, Sessions, Throttle
from pgmoat.dashboard.database import Database
from pgmoat.dashboard.exporter import Exporter
from pgmoat.dashboard.feed import Feed
from pgmoat.dashboard.settings import Settings
from pgmoat.dashboard.templating import make_environment


@dataclass(slots=True)
class Dashboard:
    """One dashboard: everything that its requests share."""

    settings: Settings
    database: Database
    feed: Feed = field(init=False)
    sessions: Sessions = field(default_factory=lambda: Sessions(time.monotonic))
    exporter: Exporter = field(default_factory=Exporter)
    throttle: Throttle = field(default_factory=lambda: Throttle(time.monotonic))
    templates: Environment = field(default_factory=make_environment)

    def __post_init__(self) -> None:
        self.feed = Feed(self.database)


def get_dashboard(request: Request) -> Dashboard:
    """Return the dashboard that a request came to."""
    return cast("Dashboard", request.app.state.dashboard)


def get_session(request: Request) -> Session | None:
    """Return who asks, None for somebody who is not logged in."""
    return cast("Session | None", request.scope.get("pgmoat_session"))


def is_operator(session: Session | None) -> bool:
    """Whether somebody may act."""
    return session is not None and session.role is Role.OPERATOR
