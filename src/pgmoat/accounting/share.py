"""
Who took how much of the database's time, and how well that is known.

In: a connection that may read the record, a window. Out: Accounting. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgmoat.accounting.estimate import find_counting_error, find_sampling_error, find_share
from pgmoat.accounting.series import PACKAGE
from pgmoat.model.count import describe_count
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.sessions import IDLE

_MOST_UNCOUNTED = 2
"""Minutes at the begin and at the end of a window that pg_stat_statements may lack: samples fill in."""


class Source(StrEnum):
    """Where a figure of database time is from."""

    SAMPLES = "samples"
    STATEMENTS = "pg_stat_statements"


@dataclass(frozen=True, slots=True)
class Share:
    """
    What one agent took of the database's time in a window; agent '' is everybody else.

    *error* is half the width of a 95 % interval, as a share, like *share*. Where samples are the *source* see
    :func:`~pgmoat.accounting.estimate.find_sampling_error`. pg_stat_statements counts exactly, but not
    everything. What runs still is not in it: the time seen in the newest minute stands for that. Nor is
    what did not finish: *cut_seconds* are added, and those that were only inferred may be wrong altogether.
    Where the samples say otherwise by more than their own error explains (a statement that has run for an
    hour, or that the extension forgot), the rest of that difference is the error.
    """

    agent: str
    seconds: float
    share: float
    error: float
    source: Source
    waits: Mapping[str, float] = field(default_factory=dict[str, float])  # by wait class, from samples
    idle_seconds: float = 0.0  # idle in transaction, which is no database time
    cut_seconds: float = 0.0  # of statements that did not finish; part of seconds
    connections: int = 0  # at most
    statements: int | None = None  # None: not counted
    rows: int | None = None
    rows_written: int = 0
    sampled_seconds: float = 0.0
    refused: int | None = 0  # None: not counted, for it only reads
    unfinished: int = 0


@dataclass(frozen=True, slots=True)
class Accounting:
    """
    Who took the database's time from *since*, a whole minute, to *until*; the biggest share first.

    *samples* is how often somebody looked, *seen* how many sessions were found in database time then. Of
    *uncounted* agents refusals are not counted: they only read.
    """

    since: datetime
    until: datetime
    covered_seconds: float
    samples: int
    seen: int
    hidden: int
    shares: tuple[Share, ...]
    uncounted: frozenset[str] = frozenset()

    @property
    def source(self) -> Source:
        """Where the figures are from: all from the same."""
        return self.shares[0].source if self.shares else Source.SAMPLES

    @property
    def seconds(self) -> float:
        """Everybody's database time."""
        return sum(share.seconds for share in self.shares)

    def share_of(self, agent: str) -> Share:
        """Return an agent's share; of one that was never seen, none, with the error that this has."""
        for share in self.shares:
            if share.agent == agent:
                return share
        refused = None if agent in self.uncounted else 0
        return Share(agent, 0.0, 0.0, find_sampling_error(0.0, self.seen), self.source, refused=refused)


@dataclass(slots=True)
class _Tally:
    """What the record says of one agent."""

    waits: dict[str, float] = field(default_factory=dict[str, float])
    idle: float = 0.0
    samples: int = 0
    outside: float = 0.0  # sampled, in minutes that were not counted
    edge: float = 0.0  # sampled, in the newest counted minute and later
    counted: float = 0.0
    connections: int = 0
    statements: int | None = None
    rows: int | None = None
    rows_written: int = 0
    refused: int | None = 0
    unfinished: int = 0
    cut: float = 0.0
    inferred: float = 0.0

    @property
    def sampled(self) -> float:
        return sum(self.waits.values())

    def seconds(self, source: Source) -> float:
        return self.sampled if source is Source.SAMPLES else self.counted + self.cut + self.outside


def read_accounting(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> Accounting:
    """
    Return who took the database's time between *since*, down to the minute, and *until*.

    Waits are always from samples. The time is from pg_stat_statements where it was read all the time, but for
    the first and last two minutes, for which samples fill in; otherwise from samples.
    """
    (coverage,) = _read(connection, "read_coverage", {"since": since, "until": until})
    window: dict[str, Any] = {"since": coverage["since"], "until": until}
    (counted,) = _read(connection, "read_counted", window)
    found = _read_tallies(
        connection, {**window, "counted_from": counted["counted_from"], "counted_to": counted["counted_to"]}
    )
    is_counted = (
        counted["counted_to"] is not None
        and not counted["missing"]
        and max(counted["lead"], counted["tail"]) <= _MOST_UNCOUNTED
    )
    uncounted = frozenset(row["agent"] for row in _read(connection, "read_uncounted", {}))
    for agent in uncounted & found.keys():
        found[agent].refused = found[agent].refused or None
    return Accounting(
        coverage["since"],
        until,
        coverage["covered_seconds"],
        coverage["samples"],
        sum(tally.samples for tally in found.values()),
        coverage["hidden"],
        _weigh(found, Source.STATEMENTS if is_counted else Source.SAMPLES),
        uncounted,
    )


def _read_tallies(connection: psycopg.Connection[Any], window: Mapping[str, object]) -> dict[str, _Tally]:
    found: dict[str, _Tally] = {}
    for row in _read(connection, "read_usage", window):
        tally = found.setdefault(row["agent"], _Tally())
        if row["wait_class"] == IDLE:
            tally.idle += row["seconds"]
            continue
        tally.waits[row["wait_class"]] = row["seconds"]
        tally.samples += row["samples"]
        tally.outside += row["outside_seconds"]
        tally.edge += row["edge_seconds"]
    for row in _read(connection, "read_activity", window):
        tally = found.setdefault(row["agent"], _Tally())
        tally.connections, tally.rows_written = row["connections"], row["rows_written"]
        tally.statements, tally.rows = row["statements"], row["rows"]
        tally.counted = row["execution_seconds"]
    for row in _read(connection, "read_cut", window):
        tally = found.setdefault(row["agent"], _Tally())
        tally.refused, tally.unfinished = row["refused"], row["unfinished"]
        tally.cut, tally.inferred = row["cut_seconds"], row["inferred_seconds"]
    return found


def _weigh(found: Mapping[str, _Tally], source: Source) -> tuple[Share, ...]:
    total = sum(tally.seconds(source) for tally in found.values())
    sampled = sum(tally.sampled for tally in found.values())
    samples = sum(tally.samples for tally in found.values())
    unknown = sum(tally.edge + tally.inferred for tally in found.values())
    shares: list[Share] = []
    for agent, tally in found.items():
        part = find_share(tally.seconds(source), total)
        sampled_part = find_share(tally.sampled, sampled)
        sampling_error = find_sampling_error(sampled_part, samples)
        if source is Source.SAMPLES:
            error = sampling_error
        else:
            unexplained = abs(part - sampled_part) - sampling_error
            counting_error = find_counting_error(part, total, tally.edge + tally.inferred, unknown)
            error = max(counting_error, unexplained if samples else 0.0)
        shares.append(_make_share(agent, tally, source, part, error))
    return tuple(sorted(shares, key=lambda share: (-share.seconds, share.agent)))


def _make_share(agent: str, tally: _Tally, source: Source, part: float, error: float) -> Share:
    return Share(
        agent=agent,
        seconds=tally.seconds(source),
        share=part,
        error=error,
        source=source,
        waits=tally.waits,
        idle_seconds=tally.idle,
        cut_seconds=tally.cut,
        connections=tally.connections,
        statements=tally.statements,
        rows=tally.rows,
        rows_written=tally.rows_written,
        sampled_seconds=tally.sampled,
        refused=tally.refused,
        unfinished=tally.unfinished,
    )


def describe_share(accounting: Accounting, agent: str) -> str:
    """Return an agent's share as a sentence, with its error and where it is from."""
    who = f"agent {agent}" if agent else "everybody else"
    window = describe_window(accounting.until - accounting.since)
    if not accounting.covered_seconds:
        return f"nobody looked in the last {window}: what {who} took is not known"
    if not accounting.seconds:
        return f"nobody was seen to take database time in the last {window}"
    share = accounting.share_of(agent)
    source = (
        describe_count(accounting.seen, "sample") if share.source is Source.SAMPLES else share.source.value
    )
    return (
        f"{who} took {share.share:.0%} of database time in the last {window}".replace("%", " %")
        + f" (± {_describe_points(share.error)}, from {source})"
    )


def describe_window(window: timedelta) -> str:
    """Return *window* as people say it: to the hour, to the minute."""
    minutes = max(1, round(window / timedelta(minutes=1)))
    # A window begins at a whole minute: what was asked for an hour is a little longer.
    for name, size in (("day", 1440), ("hour", 60)):
        count, rest = divmod(minutes, size)
        if count and rest <= 1:
            return name if count == 1 else f"{count} {name}s"
    return "minute" if minutes == 1 else f"{minutes} minutes"


def _describe_points(error: float) -> str:
    points = error * 100
    text = f"{points:.0f}" if points >= 1 else f"{points:.1f}" if points >= 0.1 else "less than 0.1"
    return f"{text} {'point' if text == '1' else 'points'}"


def _read(
    connection: psycopg.Connection[Any], name: str, parameters: Mapping[str, object]
) -> Iterable[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(load_sql(PACKAGE, name), parameters).fetchall()
