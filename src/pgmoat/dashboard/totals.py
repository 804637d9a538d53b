"""
Sums of a record that forgets old days to counters that only grow.

In: RecordedSums, one reading after the other. Out: totals since the first reading. I/O: none.

Each reading sums the record from a base on, five to ten minutes back: late enough to be cheap, early enough
So a total begins at 0 with the process, and Prometheus takes a restart for what it is.
So a total begins at 0 with the process, and Prometheus takes a restart for what it is, a reset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pgmoat.accounting.metrics import RecordedSum, Source
from pgmoat.sampling.tally import floor_minute

OVERLAP = timedelta(minutes=5)
"""What is stored later than this is not counted."""

_LONGEST_GAP = timedelta(days=1)
_HELD_FOR = timedelta(minutes=1)
_HELD = frozenset({Source.REFUSALS, Source.INCIDENTS})

Key = tuple[Source, tuple[str, ...]]


@dataclass(slots=True)
class Totals:
    """What has been counted."""

    _base: datetime | None = None
    _before_base: dict[Key, float] = field(default_factory=dict[Key, float])
    _totals: dict[Key, float] = field(default_factory=dict[Key, float])
    _new_at: dict[Key, datetime] = field(default_factory=dict[Key, datetime])
    _has_begun: bool = False

    def choose_bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """
        Return from when on to sum, and from when on the next time.

        After a day without a reading the rest of the gap is given up: it would be a long reading.
        """
        recent = floor_minute(now) - OVERLAP
        if self._base is None:
            self._base = recent
        elif now - self._base > _LONGEST_GAP:
            self._base = floor_minute(now) - _LONGEST_GAP
            self._before_base = dict(self._totals)
        return self._base, (recent if recent - self._base >= OVERLAP else self._base)

    def add(self, sums: Iterable[RecordedSum], later: datetime, now: datetime) -> None:
        """Count what is new in *sums*, which were read with what :meth:`choose_bounds` returned."""
        found = {(row.source, row.labels): row for row in sums}
        for key in found.keys() | self._totals.keys():
            row = found.get(key)
            total, later_total = (row.total, row.later_total) if row else (0.0, 0.0)
            if not self._has_begun:
                self._before_base[key] = -total
            elif key not in self._totals:
                self._new_at[key] = now
            before = self._before_base.get(key, 0.0)
            # Less than before: days were dropped, or floats summed in another order. It goes on from there.
            grown = max(before + total, self._totals.get(key, 0.0))
            self._totals[key] = grown
            self._before_base[key] = grown - later_total
        self._base, self._has_begun = later, True

    def read(self, source: Source, now: datetime) -> Mapping[tuple[str, ...], float]:
        """
        Return the totals of *source* by label.

        A refusal or an incident of a kind that is new stands at 0 for a minute: PromQL's increase() does not
        see with which value a series begins, and would miss the first.
        """
        return {
            labels: 0.0 if self._is_held((kind, labels), now) else total
            for (kind, labels), total in sorted(self._totals.items())
            if kind is source
        }

    def _is_held(self, key: Key, now: datetime) -> bool:
        new_at = self._new_at.get(key)
        return key[0] in _HELD and new_at is not None and now - new_at < _HELD_FOR
