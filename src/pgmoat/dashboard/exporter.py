"""
The record and how things stand, as figures for Prometheus.

In: a Database. Out: Figures. I/O: PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any

import psycopg

from pgmoat.accounting.metrics import (
    Budgets,
    Deadline,
    Source,
    Standing,
    read_budgets,
    read_standing,
    read_sums,
)
from pgmoat.accounting.window import read_clock
from pgmoat.dashboard.database import Database
from pgmoat.dashboard.exposition import Figures
from pgmoat.dashboard.totals import Totals
from pgmoat.errors import Error
from pgmoat.postgres.failures import explain_failure

_LOG = logging.getLogger("pgmoat.dashboard")
_LONGEST_S = 4.0
_BUDGETS_PART = 50  # reading budgets is to take no more than a fiftieth of the time
_EVERYBODY_ELSE = ""
_ENDS = ("refused", "timed out", "cancelled", "terminated", "failed")
_COUNTERS = {
    "pgmoat_database_seconds_total": Source.DATABASE,
    "pgmoat_idle_in_transaction_seconds_total": Source.IDLE,
    "pgmoat_sampled_seconds_total": Source.SAMPLED,
    "pgmoat_statements_total": Source.STATEMENTS,
    "pgmoat_statement_seconds_total": Source.EXECUTION,
    "pgmoat_rows_written_total": Source.WRITTEN,
    "pgmoat_unfinished_statements_total": Source.UNFINISHED,
    "pgmoat_refusals_total": Source.REFUSALS,
    "pgmoat_incidents_total": Source.INCIDENTS,
}


@dataclass(slots=True)
class Exporter:
    """What has been counted, and who reads it: one at a time, so that many scrapes take one connection."""

    _totals: Totals = field(default_factory=Totals)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _problem: str = ""
    _budgets: Budgets | None = None
    _budgets_due_at: float = 0.0

    async def read(self, database: Database) -> Figures:
        """Return the figures; where the database is not there in time, that it is not up, and little else."""
        begun = time.monotonic()
        figures: dict[str, Mapping[tuple[str, ...], float]]
        async with self._lock:
            try:
                figures = {**await database.run(self._read)}
            except (psycopg.Error, Error) as error:
                self._tell(error)
                figures = {"pgmoat_up": {(): 0.0}}
            else:
                self._problem = ""
        figures["pgmoat_build_info"] = {(version("pgmoat"),): 1.0}
        figures["pgmoat_scrape_duration_seconds"] = {(): time.monotonic() - begun}
        return figures

    def _read(self, connection: psycopg.Connection[Any]) -> Figures:
        deadline = Deadline(_LONGEST_S)
        with connection.transaction():
            deadline.hold(connection)
            now = read_clock(connection)
            since, later = self._totals.choose_bounds(now)
            sums = read_sums(connection, since, later, deadline)
            standing = read_standing(connection, deadline)
        self._totals.add(sums, later, now)
        self._refresh_budgets(connection, deadline)
        return {
            **make_counters(self._totals, standing, now),
            **make_gauges(standing),
            **({} if self._budgets is None else show_budgets(standing, self._budgets)),
        }

    def _refresh_budgets(self, connection: psycopg.Connection[Any], deadline: Deadline) -> None:
        """Read budgets again, unless that took long not long ago; what takes too long is left out."""
        begun = time.monotonic()
        if begun < self._budgets_due_at:
            return
        try:
            with connection.transaction():
                self._budgets = read_budgets(connection, deadline)
        except psycopg.errors.QueryCanceled:
            self._budgets = None
        self._budgets_due_at = begun + _BUDGETS_PART * (time.monotonic() - begun)

    def _tell(self, error: psycopg.Error | Error) -> None:
        """Log what is wrong: once, and not at each scrape."""
        known = error if isinstance(error, Error) else explain_failure(error)
        if known.message != self._problem:
            _LOG.log(logging.WARNING, "no metrics: %s", known.message)
        self._problem = known.message


def make_counters(totals: Totals, standing: Standing, now: datetime) -> Figures:
    """Return the counters; of agents that did nothing yet at 0, so that their first act is an increase."""
    names = [*(state.agent for state in standing.agents), _EVERYBODY_ELSE]
    begin: dict[Source, list[tuple[str, ...]]] = {
        Source.DATABASE: [(name, "CPU") for name in names],
        Source.IDLE: [(name,) for name in names],
        Source.WRITTEN: [(name,) for name in names[:-1]],
        Source.UNFINISHED: [(name, how) for name in names for how in _ENDS],
    }
    found: dict[str, Mapping[tuple[str, ...], float]] = {
        name: {**dict.fromkeys(begin.get(source, ()), 0.0), **totals.read(source, now)}
        for name, source in _COUNTERS.items()
    }
    webhooks = standing.webhooks
    found["pgmoat_webhook_delivered_incidents_total"] = {(hook.name,): hook.delivered for hook in webhooks}
    found["pgmoat_webhook_dropped_incidents_total"] = {(hook.name,): hook.dropped for hook in webhooks}
    return found


def make_gauges(standing: Standing) -> Figures:
    """Return how things stand."""
    agents, watchdog = standing.agents, standing.watchdog
    limits = {(a.agent,): float(a.max_connections) for a in agents if a.max_connections is not None}
    age_s = watchdog.age_seconds
    return {
        "pgmoat_up": {(): 1.0},
        "pgmoat_connections": {
            **{(a.agent,): float(a.connections) for a in agents},
            (_EVERYBODY_ELSE,): float(standing.others),
        },
        "pgmoat_connections_max": limits,
        "pgmoat_agent_frozen": {(a.agent,): float(a.is_frozen) for a in agents},
        "pgmoat_hour_writes_limit": {(a.agent,): a.max_rows for a in agents},
        "pgmoat_watchdog_up": {(): float(watchdog.is_good)},
        "pgmoat_watchdog_heartbeat_age_seconds": {} if age_s is None else {(): max(0.0, age_s)},
        "pgmoat_sampling_coverage_ratio": {(): standing.coverage.ratio},
        "pgmoat_hidden_sessions": {(): standing.coverage.hidden},
        "pgmoat_webhook_pending_incidents": {(hook.name,): hook.pending for hook in standing.webhooks},
        "pgmoat_webhook_failing": {(hook.name,): float(hook.is_failing) for hook in standing.webhooks},
    }


def show_budgets(standing: Standing, budgets: Budgets) -> Figures:
    """Return how full the budgets of the agents are, and what of theirs waits for a person's word."""
    names = [state.agent for state in standing.agents]
    tasks = [(name, budgets.tasks.get(name)) for name in names]
    return {
        "pgmoat_open_tasks": {(name,): count.open if count else 0 for name, count in tasks},
        "pgmoat_frozen_tasks": {(name,): count.frozen if count else 0 for name, count in tasks},
        "pgmoat_hour_writes_used": {(name,): budgets.hour_writes.get(name, 0) for name in names},
        "pgmoat_approvals_pending": {
            (name,): budgets.waiting[name].waiting if name in budgets.waiting else 0 for name in names
        },
        "pgmoat_approvals_oldest_age_seconds": {
            (name,): budgets.waiting[name].oldest_seconds for name in names if name in budgets.waiting
        },
    }
