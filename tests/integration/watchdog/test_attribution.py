"""Known shares of the database's time, direct and pooled: the record is within 3 points of them."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from pgmoat.accounting.share import Accounting, Source, read_accounting
from pgmoat.watchdog.loop import Settings
from tests.integration.watchdog.conftest import Post, hire_watcher
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import PostgresServer

SECONDS = 60
POINTS = 0.03
SCHEMA = "CREATE TABLE notes (id int PRIMARY KEY, body text); INSERT INTO notes VALUES (1, 'n');"
POLICY = """\
entities:
  notes: {table: public.notes, columns: {id: {}, body: {}}}
agents:
  steady: {entities: {notes: {}}}
  thinking: {entities: {notes: {}}}
  working: {entities: {notes: {}}}
  late: {entities: {notes: {}}, timeouts: {statement: 2s}}
  idle: {entities: {notes: {}}}
"""
COUNT = "SELECT count(*) FROM generate_series(1, 3000000)"
"""Real work: some 300 ms of a processor."""


@dataclass(slots=True)
class Clock:
    """What the clients themselves measured."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict[str, float](float))
    cut: Counter[str] = field(default_factory=Counter[str])
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    faults: list[BaseException] = field(default_factory=list[BaseException])

    def run(self, name: str, connection: psycopg.Connection[Any], statement: str) -> None:
        """Run *statement* and count its time; what is cancelled counts too."""
        began = time.monotonic()
        try:
            connection.execute(statement.encode())
        except psycopg.errors.QueryCanceled:
            self.cut[name] += 1
        with self.lock:
            self.seconds[name] += time.monotonic() - began


def work(
    clock: Clock, name: str, connection: psycopg.Connection[Any], statement: str, think_s: float
) -> None:
    try:
        while not clock.stop.is_set():
            clock.run(name, connection, statement)
            clock.stop.wait(think_s)
    except BaseException as error:
        clock.faults.append(error)
        raise
    finally:
        connection.close()


@pytest.fixture(scope="module")
def mixed(server: PostgresServer) -> Generator[Post]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield hire_watcher(moat)


def test_shares_are_within_three_points(mixed: Post) -> None:
    moat = mixed.moat
    clock = Clock()
    workers = [
        ("steady", "direct", "SELECT pg_sleep(3.1)", 0.0),
        ("steady", "direct", "SELECT pg_sleep(1.9)", 0.0),
        ("steady", "pooled", "SELECT pg_sleep(2.3)", 0.0),
        ("steady", "pooled", "SELECT pg_sleep(4.1)", 0.0),
        ("thinking", "direct", "SELECT pg_sleep(1.7)", 1.1),
        ("thinking", "pooled", "SELECT pg_sleep(0.9)", 0.6),
        ("working", "direct", COUNT, 0.5),
        ("late", "direct", "SELECT pg_sleep(60)", 0.7),
        ("late", "pooled", "SELECT pg_sleep(60)", 1.3),
        ("", "", "SELECT pg_sleep(1.3)", 0.0),
    ]
    threads: list[threading.Thread] = []
    with mixed.watch(Settings()), closing(moat.connect("idle")) as idle:
        idle.execute("BEGIN")
        began = moat.value("SELECT clock_timestamp()")
        for name, route, statement, think_s in workers:
            connection = moat.connect(name, route=route) if name else moat.superuser()
            threads.append(
                threading.Thread(target=work, args=(clock, name, connection, statement, think_s), daemon=True)
            )
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        clock.stop.set()
        for thread in threads:
            thread.join(10)
        ended = moat.value("SELECT clock_timestamp()")
    assert not clock.faults
    assert clock.cut["late"] >= 20
    compare(account(mixed, began, ended), clock)


def account(post: Post, began: datetime, ended: datetime) -> Accounting:
    with post.connect() as watcher:
        return read_accounting(watcher, began, ended + timedelta(minutes=1))


def compare(found: Accounting, clock: Clock) -> None:
    total = sum(clock.seconds.values())
    for name, seconds in clock.seconds.items():
        share = found.share_of(name)
        assert share.share == pytest.approx(seconds / total, abs=POINTS), (name, found, clock.seconds)
        assert share.source is Source.SAMPLES
    waiting = found.share_of("idle")
    assert waiting.seconds == 0
    assert waiting.idle_seconds > 0
    assert found.share_of("late").unfinished == pytest.approx(clock.cut["late"], abs=3)
