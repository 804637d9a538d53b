"""What the watchdog saw stands in the record: whose time, on what, and what did not finish."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.watchdog.loop import Settings
from pgmoat.watchdog.record import Recorder
from pgmoat.watchdog.sample import read_sample
from tests.integration.watchdog.conftest import Post, wait_for
from tests.moat_fixtures import Moat

QUICKLY = Settings(interval_s=0.2, grace=timedelta(milliseconds=200))


def read(post: Post, query: str) -> list[tuple[Any, ...]]:
    with post.moat.superuser() as judge:
        return judge.execute(query.encode()).fetchall()


def forget(post: Post) -> None:
    for table in ("sampling", "usage", "usage_detail", "activity", "statement_text", "unfinished", "reading"):
        post.moat.run(f"TRUNCATE pgmoat.{table}")


@pytest.fixture(autouse=True)
def empty(post: Post) -> None:
    forget(post)


def test_who_took_how_much(post: Post, moat: Moat, route: str) -> None:
    token = moat.open_task("slow", f"T-usage-{route}")
    with post.watch(QUICKLY), closing(moat.connect("slow", route=route)) as slow:
        slow.execute("BEGIN")
        slow.execute("SELECT pgmoat.enter(%s, 'count')", (token,))
        tag = f"/*agent_id='slow-v1',step='count',task_id='T-usage-{route}'*/ "
        slow.execute(f"{tag}SELECT pg_sleep(2.5) FROM notes WHERE id = 7".encode())
        slow.execute("COMMIT")
        with moat.superuser() as person:
            person.execute("SELECT pg_sleep(1.2)")
    found = {
        (agent, kind): seconds
        for agent, kind, seconds in read(
            post, "SELECT agent, wait_class, sum(seconds) FROM pgmoat.usage GROUP BY 1, 2"
        )
    }
    assert found["slow", "Timeout"] == pytest.approx(2.5, abs=0.5)
    assert found["", "Timeout"] == pytest.approx(1.2, abs=0.5)
    ((agent, task, step, text, seconds),) = read(
        post,
        "SELECT d.agent, d.task_id, d.step, t.text, sum(d.seconds) FROM pgmoat.usage_detail d"
        " JOIN pgmoat.statement_text t USING (fingerprint)"
        " WHERE t.text LIKE '%pg_sleep%' GROUP BY 1, 2, 3, 4",
    )
    assert (agent, task, step) == ("slow", f"T-usage-{route}", "count")
    assert text == "SELECT pg_sleep(?) FROM notes WHERE id = ?"
    assert seconds == pytest.approx(2.5, abs=0.5)
    ((sampled, samples),) = read(post, "SELECT sum(seconds), sum(samples) FROM pgmoat.sampling")
    assert sampled >= 3.5
    assert samples >= 10


def test_connections_and_rows_are_counted(post: Post, moat: Moat) -> None:
    token = moat.open_task("slow", "T-counted")
    with (
        post.watch(QUICKLY) as running,
        closing(moat.connect("slow")) as one,
        closing(moat.connect("slow")),
    ):
        with one.transaction():
            one.execute("SELECT pgmoat.enter(%s)", (token,))
            one.execute("UPDATE notes SET body = 'counted' WHERE id <= 7")
        # A pooler may still have one of an earlier test's.
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        open_ones = moat.value(query, moat.role("slow"))
        assert open_ones >= 2
        time.sleep(1)
    found = read(post, "SELECT agent, max(connections), sum(rows_written) FROM pgmoat.activity GROUP BY 1")
    assert ("slow", open_ones, 7) in found, (found, running.notes)


def test_refusals_are_in_the_ledger_once(post: Post, moat: Moat) -> None:
    with post.watch(QUICKLY):
        wait_for(lambda: read(post, "SELECT FROM pgmoat.sampling"))
    forget(post)  # what earlier tests left
    with closing(moat.connect("slow")) as slow:
        for _ in range(3):
            with pytest.raises(psycopg.Error):
                slow.execute("SELECT * FROM notes")
    for _ in range(2):
        with post.watch(QUICKLY):
            wait_for(lambda: read(post, "SELECT FROM pgmoat.unfinished"))
    assert read(post, "SELECT agent, how, source, code, statements FROM pgmoat.unfinished") == [
        ("slow", "refused", "counted", "PM001", 3)
    ]


@pytest.mark.parametrize("then", ["", "SELECT 1", "COMMIT"], ids=["nothing", "another statement", "COMMIT"])
def test_what_timed_out_is_in_the_ledger(post: Post, moat: Moat, then: str) -> None:
    """The role's own statement_timeout ends it; nobody but the sampler saw it."""
    with post.watch(QUICKLY), closing(moat.connect("clerk")) as clerk:
        moat.run("UPDATE pgmoat.agent SET statement_timeout_ms = 1000 WHERE name = 'clerk'")
        if then == "COMMIT":
            clerk.execute("BEGIN")
        with pytest.raises(psycopg.errors.QueryCanceled):
            clerk.execute("/*agent_id='clerk-v1',step='s',task_id='T-late'*/ SELECT pg_sleep(8)")
        if then:
            clerk.execute(then.encode())
        wait_for(lambda: read(post, "SELECT FROM pgmoat.unfinished"))
        time.sleep(1)  # it is there once
    ((agent, task, how, source, seconds),) = read(
        post, "SELECT agent, task_id, how, source, seconds FROM pgmoat.unfinished"
    )
    assert (agent, task, how) == ("clerk", "T-late", "timed out")
    assert source in ({"seen"} if not then else {"seen", "inferred"})
    assert seconds == pytest.approx(1, abs=0.3)


def test_what_the_watchdog_ended_is_in_the_ledger_once(post: Post, moat: Moat) -> None:
    with post.watch(QUICKLY), closing(moat.connect("clerk")) as clerk:
        clerk.execute("SET statement_timeout = 0")
        with pytest.raises(psycopg.errors.QueryCanceled):
            clerk.execute("SELECT pg_sleep(8)")
        wait_for(lambda: read(post, "SELECT FROM pgmoat.unfinished"))
        time.sleep(1)  # it is there once
    ((how, source, seconds),) = read(post, "SELECT how, source, seconds FROM pgmoat.unfinished")
    assert (how, source) == ("cancelled", "done")
    assert seconds >= 1


def test_two_watchdogs_count_once(post: Post, moat: Moat) -> None:
    def sleep() -> None:
        with closing(moat.connect("slow")) as slow:
            slow.execute("SELECT pg_sleep(3)")

    with post.watch(QUICKLY), post.watch(QUICKLY):
        thread = threading.Thread(target=sleep)
        thread.start()
        thread.join()
    ((seconds,),) = read(post, "SELECT sum(seconds) FROM pgmoat.usage WHERE agent = 'slow'")
    assert seconds == pytest.approx(3, abs=0.6)


def test_a_stranger_records_nothing(post: Post, moat: Moat) -> None:
    """Only who leads records; an agent may not even ask."""
    with post.connect() as watcher:
        use = '"minute": "2026-01-01", "agent": "slow", "wait_class": "CPU", "seconds": 1, "samples": 1'
        batch = f'{{"usage": [{{{use}}}]}}'
        row: Sequence[Any] | None = watcher.execute(
            "SELECT pgmoat.record_samples('nobody', %s)", (batch,)
        ).fetchone()
        assert row == (False,)
    with closing(moat.connect("slow")) as slow:
        for statement in (
            "SELECT pgmoat.record_samples('nobody', '{}')",
            "SELECT pgmoat.record_refusals('nobody')",
            "SELECT * FROM pgmoat.usage",
            "SELECT * FROM pgmoat.usage_detail",
            "SELECT * FROM pgmoat.statement_text",
            "SELECT * FROM pgmoat.unfinished",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                slow.execute(statement.encode())
    assert read(post, "SELECT * FROM pgmoat.usage") == []


def test_days_are_made_by_several_at_once(post: Post, moat: Moat) -> None:
    """At midnight the watchdog and people's acts may all find tomorrow missing."""
    days = moat.read(
        "SELECT c.oid::regclass::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'pgmoat.unfinished'::regclass OR i.inhparent = 'pgmoat.usage'::regclass"
    )
    for (name,) in days:
        moat.run(sql.SQL("DROP TABLE {}").format(sql.SQL(name)))
    faults: list[BaseException] = []

    def make() -> None:
        with moat.superuser() as person:
            try:
                person.execute("SELECT pgmoat.make_days()")
            except psycopg.Error as error:
                faults.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert moat.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'pgmoat.unfinished'::regclass") == 3


def test_what_the_lease_did_not_outlast_is_kept(post: Post, moat: Moat) -> None:
    recorder = Recorder(timedelta(seconds=9))
    with post.connect() as watcher:
        for _ in range(2):
            recorder.look(read_sample(watcher))
        recorder.store(watcher, "me", datetime.now(UTC), all_of_it=True)
        assert read(post, "SELECT FROM pgmoat.sampling") == []
        moat.run("UPDATE pgmoat.lease SET holder = 'me', leased_until = now() + interval '1 minute'")
        recorder.store(watcher, "me", datetime.now(UTC), all_of_it=True)
    ((samples,),) = read(post, "SELECT sum(samples) FROM pgmoat.sampling")
    assert samples == 1


def test_a_day_that_is_no_longer_kept_stops_nobody(post: Post, moat: Moat) -> None:
    """After an outage of days: there is no partition for what was seen before it, and none is made."""
    recorder = Recorder(timedelta(seconds=9))
    moat.run("UPDATE pgmoat.lease SET holder = 'me', leased_until = now() + interval '1 minute'")
    with post.connect() as watcher:
        sample = read_sample(watcher)
        for days in (3, 3, 0, 0):
            activity = replace(sample.activity, now=sample.now - timedelta(days=days))
            recorder.look(replace(sample, activity=activity))
            sample = read_sample(watcher)
            if days == 3:
                recorder.store(watcher, "nobody", sample.now, all_of_it=False)
        assert recorder.store(watcher, "me", sample.now, all_of_it=True) > 0
        assert recorder.store(watcher, "me", sample.now, all_of_it=True) == 0
    ((days,),) = read(post, "SELECT array_agg(DISTINCT minute::date = now()::date) FROM pgmoat.sampling")
    assert days == [True]
