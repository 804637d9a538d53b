"""What is stored adds up to shares, and says where it is from and how sure it is."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from pgmoat.accounting.series import diff_live, read_live, read_seen, read_series, read_wait_series
from pgmoat.accounting.share import Accounting, Source, describe_share, read_accounting
from tests.integration.accounting.conftest import MINUTE, Record


def read(record: Record) -> Accounting:
    with record.connect() as connection:
        return read_accounting(connection, record.since, record.until)


def test_samples_make_shares_with_a_binomial_error(record: Record) -> None:
    for ago in (1, 2, 3):
        record.see(ago, clerk=20, reader=10, _=20)
    record.use(1, "clerk", "Lock", 10)
    record.use(1, "clerk", "Idle in transaction", 500)
    found = read(record)
    assert (found.covered_seconds, found.samples, found.seen) == (180, 180, 160)
    clerk, everybody_else, reader = found.shares
    assert [share.agent for share in found.shares] == ["clerk", "", "reader"]
    assert (clerk.seconds, clerk.share, clerk.source) == (70, pytest.approx(7 / 16), Source.SAMPLES)
    assert (clerk.waits, clerk.idle_seconds) == ({"CPU": 60, "Lock": 10}, 500)
    assert clerk.error == pytest.approx(1.96 * (7 / 16 * 9 / 16 / 160) ** 0.5, abs=0.003)
    assert everybody_else.share + reader.share + clerk.share == pytest.approx(1)
    assert clerk.statements is None
    assert describe_share(found, "clerk") == (
        "agent clerk took 44 % of database time in the last hour (± 8 points, from 160 samples)"
    )


def test_who_was_never_seen_may_have_been_missed(record: Record) -> None:
    record.see(1, clerk=30)
    nobody = read(record).share_of("reader")
    assert (nobody.share, nobody.error) == (0, pytest.approx(3.8 / 30, abs=0.02))


def test_a_window_in_which_nobody_looked_claims_nothing(record: Record) -> None:
    found = read(record)
    assert (found.shares, found.covered_seconds) == ((), 0)
    assert "is not known" in describe_share(found, "clerk")
    record.see(1)
    assert describe_share(read(record), "clerk").startswith("nobody was seen to take database time")


def test_pg_stat_statements_counts_where_it_was_read_all_the_time(record: Record) -> None:
    for ago in (2, 3, 4):
        record.see(ago, clerk=20, _=20)
        record.count(ago, "clerk", 9.0, 1.0)
        record.count(ago, "", 20.0)
    record.see(1, clerk=20, _=20)  # the next reading is not there yet
    found = read(record)
    clerk = found.share_of("clerk")
    assert (clerk.source, clerk.seconds) == (Source.STATEMENTS, 3 * 10 + 20)
    assert (clerk.statements, clerk.rows, clerk.rows_written, clerk.connections) == (30, 30, 15, 3)
    # What may still run: what was seen since the last reading, and in the minute before.
    p, total, unknown = 50 / 130, 130, 40
    assert clerk.error == pytest.approx((unknown * (1 - p) + unknown * p) / total)
    assert "from pg_stat_statements)" in describe_share(found, "clerk")


@pytest.mark.parametrize("hole", [5, 1], ids=["in the middle", "not read for long"])
def test_a_hole_in_the_readings_makes_samples_the_source(record: Record, hole: int) -> None:
    for ago in range(1, 9):
        record.see(ago, clerk=20, _=20)
        if ago != hole and not (hole == 1 and ago <= 3):
            record.count(ago, "clerk", 9.0)
            record.count(ago, "", 20.0)
        elif hole == 5:
            record.count(ago, "clerk", None)
            record.count(ago, "", None)
    assert read(record).share_of("clerk").source is Source.SAMPLES


def test_an_agent_that_is_new_leaves_the_source_as_it_is(record: Record) -> None:
    for ago in (1, 2, 3):
        record.see(ago, clerk=20, _=20)
        record.count(ago, "", 20.0)
        record.count(ago, "clerk", None if ago == 2 else 20.0)
    clerk = read(record).share_of("clerk")
    assert (clerk.source, clerk.seconds) == (Source.STATEMENTS, 40)


def test_cancelled_work_counts_although_pg_stat_statements_has_none_of_it(record: Record) -> None:
    for ago in (1, 2):
        record.see(ago, clerk=30, _=30)
        record.count(ago, "clerk", 0.0)
        record.count(ago, "", 30.0)
    for how, seconds in (("timed out", 40.0), ("cancelled", 20.0), ("refused", None)):
        record.insert(
            "unfinished",
            at=record.minute(1),
            agent="clerk",
            how=how,
            source="seen",
            statements=2,
            seconds=seconds,
        )
    clerk = read(record).share_of("clerk")
    assert (clerk.seconds, clerk.cut_seconds, clerk.share) == (60, 60, 0.5)
    assert (clerk.refused, clerk.unfinished) == (2, 4)


def test_of_an_agent_that_only_reads_refusals_are_not_known(record: Record) -> None:
    assert read(record).share_of("clerk").refused == 0
    assert read(record).share_of("reader").refused is None
    record.see(1, reader=30, clerk=30)
    found = read(record)
    assert [found.share_of(agent).refused for agent in ("reader", "clerk", "")] == [None, 0, 0]
    # It may make a transaction of its own read-write: what is counted is shown.
    record.insert(
        "unfinished", at=record.minute(1), agent="reader", how="refused", source="counted", statements=2
    )
    assert read(record).share_of("reader").refused == 2


def test_what_the_samples_cannot_explain_is_part_of_the_error(record: Record) -> None:
    for ago in range(1, 21):
        # A statement has run all the time, and is not in pg_stat_statements.
        record.see(ago, clerk=60, _=60)
        record.count(ago, "clerk", 0.0)
        record.count(ago, "", 60.0)
    clerk = read(record).share_of("clerk")
    assert (clerk.share, clerk.source) == (0, Source.STATEMENTS)
    assert 0.45 < clerk.error < 0.5


def test_series_by_agent_and_by_wait(record: Record) -> None:
    for ago in (1, 2, 3):
        record.see(ago, clerk=ago, _=10)
    record.use(3, "clerk", "Idle in transaction", 50)
    record.use(3, "clerk", "Lock", 4)
    window = (record.since, record.until)
    with record.connect() as connection:
        points = read_series(connection, *window, MINUTE)
        assert [(p.at, p.seconds) for p in points if p.agent == "clerk"] == [
            (record.minute(3), 7),
            (record.minute(2), 2),
            (record.minute(1), 1),
        ]
        by_hour = read_series(connection, *window, timedelta(hours=24))
        assert sum(point.seconds for point in by_hour if point.agent == "") == 30
        waits = read_wait_series(connection, "clerk", *window, MINUTE)
        assert {(p.wait_class, p.seconds) for p in waits if p.at == record.minute(3)} == {
            ("CPU", 3),
            ("Lock", 4),
            ("Idle in transaction", 50),
        }
        assert [point.seconds for point in read_seen(connection, *window, MINUTE)] == [60, 60, 60]
        with pytest.raises(ValueError, match="whole minutes"):
            read_series(connection, *window, timedelta(seconds=90))


def test_two_live_readings_make_what_was_added_between_them(record: Record) -> None:
    with record.connect() as connection:
        empty = read_live(connection)
        assert (empty.usage, empty.seen) == ({}, {})
        now = record.moat.value("SELECT date_trunc('minute', now(), 'UTC')")
        record.insert("sampling", minute=now, seconds=1, samples=1, hidden=0)
        record.insert("usage", minute=now, agent="clerk", wait_class="CPU", seconds=2, samples=2)
        before = read_live(connection)
        record.moat.run("UPDATE pgmoat.usage SET seconds = 3.5")
        record.moat.run("UPDATE pgmoat.sampling SET seconds = 2")
        added = diff_live(before, read_live(connection))
        assert (added.seconds, added.seen_seconds) == ({("clerk", "CPU"): 1.5}, 1)


def test_agents_cannot_read_the_record(record: Record) -> None:
    with record.moat.connect("clerk") as agent, pytest.raises(psycopg.errors.InsufficientPrivilege):
        read_accounting(agent, record.since, record.until)
