"""
Intervals that Python has a value for, and an error for the others.

In: PostgreSQL's text of an interval. Out: timedelta. I/O: none.

psycopg reads PostgreSQL 17's ``infinity`` as no time at all: an answer that is wrong and looks right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import Format
from psycopg.types.datetime import IntervalLoader


class FiniteIntervalLoader(Loader):
    """Reads intervals as psycopg does, and refuses endless ones."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._inner = (psycopg.adapters.get_loader(oid, Format.TEXT) or IntervalLoader)(oid, context)

    def load(self, data: Buffer) -> Any:
        """
        Return an interval.

        Raises:
            psycopg.DataError: it has no end.
        """
        if b"infinity" in bytes(data):
            raise psycopg.DataError("an interval without end has no value in Python")
        return self._inner.load(data)


@dataclass(frozen=True, slots=True)
class Adapters:
    """psycopg's own adapters, with this one, where there is no connection to take them from."""

    adapters: AdaptersMap = field(default_factory=lambda: add_intervals(AdaptersMap(psycopg.adapters)))
    connection: None = None


def add_intervals(adapters: AdaptersMap) -> AdaptersMap:
    """Have *adapters* read intervals so, and return them."""
    adapters.register_loader("interval", FiniteIntervalLoader)
    return adapters
