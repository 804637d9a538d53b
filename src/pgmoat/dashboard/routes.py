"""
Every address of the dashboard: the pages, in the order of the navigation, and the rest.

In: nothing. Out: PAGES, ROUTES. I/O: none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from pgmoat.dashboard.api import follow_live, show_series
from pgmoat.dashboard.carry_out import carry_out
from pgmoat.dashboard.gate import LIVE_PATH
from pgmoat.dashboard.health import show_health, show_readiness
from pgmoat.dashboard.login import log_in, log_out, show_login
from pgmoat.dashboard.metrics import show_metrics
from pgmoat.dashboard.page import Page
from pgmoat.dashboard.pages import (
    agent,
    agents,
    approval,
    approvals,
    budgets,
    incidents,
    overview,
    sessions,
    step,
    task,
    unfinished,
    writes,
)

Endpoint = Callable[[Request], Awaitable[Response]]


class Access(StrEnum):
    """Who may: anybody, whoever is logged in, operators."""

    OPEN = "open"
    READ = "read"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Entry:
    """An address that is no page."""

    path: str
    methods: tuple[str, ...]
    access: Access
    endpoint: Endpoint


PAGES: tuple[Page, ...] = (
    overview.PAGE,
    approvals.PAGE,
    agents.PAGE,
    sessions.PAGE,
    budgets.PAGE,
    incidents.PAGE,
    writes.PAGE,
    unfinished.PAGE,
    agent.PAGE,
    task.PAGE,
    step.PAGE,
    approval.PAGE,
)

ROUTES: tuple[Entry, ...] = (
    Entry("/login", ("GET",), Access.OPEN, show_login),
    Entry("/login", ("POST",), Access.OPEN, log_in),
    Entry("/logout", ("POST",), Access.OPEN, log_out),
    Entry("/healthz", ("GET",), Access.OPEN, show_health),
    Entry("/readyz", ("GET",), Access.OPEN, show_readiness),
    Entry("/metrics", ("GET",), Access.OPEN, show_metrics),  # it has a token of its own
    Entry("/api/series", ("GET",), Access.READ, show_series),
    Entry(LIVE_PATH, ("GET",), Access.READ, follow_live),
    Entry("/acts/{act}", ("POST",), Access.ACT, carry_out),
)
