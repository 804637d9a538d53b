"""Totals grow by what is new in the record, whatever of it is dropped, stored late, or read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.accounting.metrics import RecordedSum, Source
from pgmoat.dashboard.totals import OVERLAP, Totals

START = datetime(2026, 11, 27, 12, 0, 30, tzinfo=UTC)
Entry = tuple[datetime, Source, tuple[str, ...], float]
DATABASE = (Source.DATABASE, ("clerk", "CPU"))


def read(totals: Totals, record: list[Entry], now: datetime) -> None:
    """Do what the exporter does, with a record that is a list."""
    since, later = totals.choose_bounds(now)
    sums: dict[tuple[Source, tuple[str, ...]], list[float]] = {}
    for at, source, labels, amount in record:
        if at >= since:
            pair = sums.setdefault((source, labels), [0.0, 0.0])
            pair[0] += amount
            pair[1] += amount if at >= later else 0.0
    found = [RecordedSum(source, labels, *pair) for (source, labels), pair in sums.items()]
    totals.add(found, later, now)


def get(totals: Totals, now: datetime) -> float:
    return totals.read(Source.DATABASE, now).get(("clerk", "CPU"), 0.0)


def test_what_was_there_before_the_first_reading_is_not_counted() -> None:
    totals = Totals()
    record: list[Entry] = [(START - timedelta(minutes=2), *DATABASE, 40.0)]
    read(totals, record, START)
    assert get(totals, START) == 0
    record.append((START, *DATABASE, 3.0))
    read(totals, record, START + timedelta(seconds=5))
    assert get(totals, START) == 3


def test_a_reading_never_reaches_further_back_than_it_has_to() -> None:
    totals, now = Totals(), START
    for _ in range(200):
        now += timedelta(seconds=30)
        since, later = totals.choose_bounds(now)
        totals.add([], later, now)
        assert OVERLAP <= now - since <= 2 * OVERLAP + timedelta(minutes=2)


def test_hours_of_readings_count_everything_once() -> None:
    totals, now = Totals(), START
    record: list[Entry] = []
    read(totals, record, now)
    for second in range(0, 3 * 3600, 15):
        now = START + timedelta(seconds=second)
        record.append((now, *DATABASE, 0.5))
        read(totals, record, now)
    assert get(totals, now) == pytest.approx(0.5 * 3 * 240)


def test_what_is_stored_late_is_counted() -> None:
    totals = Totals()
    read(totals, [], START)
    now = START + timedelta(minutes=30)
    read(totals, [], now)
    read(totals, [(now - timedelta(minutes=4), *DATABASE, 2.0)], now + timedelta(seconds=15))
    assert get(totals, now) == 2


def test_a_record_that_was_thrown_away_resets_nothing() -> None:
    totals = Totals()
    read(totals, [], START)
    read(totals, [(START, *DATABASE, 7.0)], START + timedelta(seconds=15))
    read(totals, [], START + timedelta(seconds=30))
    assert get(totals, START) == 7
    read(totals, [(START, *DATABASE, 1.0)], START + timedelta(seconds=45))
    assert get(totals, START) == 8


def test_an_hour_without_a_reading_is_made_up_for() -> None:
    totals = Totals()
    read(totals, [], START)
    now = START + timedelta(hours=1)
    read(totals, [(START + timedelta(minutes=20), *DATABASE, 9.0)], now)
    assert get(totals, now) == 9


def test_after_days_without_a_reading_one_day_is_made_up_for() -> None:
    totals = Totals()
    read(totals, [], START)
    read(totals, [(START, *DATABASE, 7.0)], START + timedelta(seconds=15))
    now = START + timedelta(days=30)
    since, _ = totals.choose_bounds(now)
    assert now - since <= timedelta(days=1, minutes=1)
    record: list[Entry] = [
        (START, *DATABASE, 7.0),
        (now - timedelta(days=2), *DATABASE, 100.0),
        (now - timedelta(hours=2), *DATABASE, 5.0),
    ]
    read(totals, record, now)
    assert get(totals, now) == 12
    read(totals, record, now + timedelta(seconds=15))
    assert get(totals, now) == 12


@given(
    st.lists(
        st.tuples(st.floats(0, 1300), st.floats(0, 290), st.floats(0, 60)),  # pause, how late, amount
        max_size=60,
    )
)
def test_totals_only_grow_and_equal_what_came(steps: list[tuple[float, float, float]]) -> None:
    totals, now, came = Totals(), START, 0.0
    record: list[Entry] = []
    read(totals, record, now)
    before = 0.0
    for pause_s, late_s, amount in steps:
        now += timedelta(seconds=pause_s)
        at = max(now - timedelta(seconds=late_s), START)
        record.append((at, *DATABASE, amount))
        came += amount
        read(totals, record, now)
        assert get(totals, now) >= before
        before = get(totals, now)
    assert before == pytest.approx(came)


@pytest.mark.parametrize("source", [Source.REFUSALS, Source.INCIDENTS])
def test_an_event_of_a_new_kind_is_seen_as_an_increase(source: Source) -> None:
    totals = Totals()
    key = (source, ("clerk", "PM005"))
    record: list[Entry] = [(START, *key, 4.0)]
    read(totals, [], START)
    seen: list[float] = []
    for second in (15, 30, 60, 76, 90):
        now = START + timedelta(seconds=second)
        read(totals, record, now)
        seen.append(totals.read(source, now)["clerk", "PM005"])
    assert seen == [0, 0, 0, 4, 4]
