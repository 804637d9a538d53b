"""Behind a pooler a pid is another client's the next moment: nobody innocent is hit."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from datetime import timedelta

import psycopg

from pgmoat.watchdog.act import carry_out
from pgmoat.watchdog.judge import Action, judge
from pgmoat.watchdog.loop import Settings
from pgmoat.watchdog.sample import Sample, read_sample
from tests.integration.watchdog.conftest import Connection, Post, set_limits, wait_for
from tests.moat_fixtures import Moat

KILLS = 200
INNOCENTS = 20
LATE = 60
LIMIT_MS = 250


def test_200_kills_among_20_innocent_clients(post: Post, moat: Moat) -> None:
    set_limits(moat, LIMIT_MS)
    over, hit, worked = threading.Event(), list[str](), list[int]()
    settings = Settings(interval_s=0.05, grace=timedelta(milliseconds=50))

    def offend(how: str) -> None:
        while not over.is_set():
            with contextlib.suppress(psycopg.Error), moat.connect("slow", route="pooled") as offender:
                offender.execute("BEGIN")
                if how == "runs":
                    offender.execute("SELECT pg_sleep(30)")
                else:
                    over.wait(1)
                    offender.execute("SELECT 1")

    threads = [threading.Thread(target=_work, args=(moat, over, hit, worked)) for _ in range(INNOCENTS)]
    threads += [threading.Thread(target=offend, args=(how,)) for how in ["runs"] * 10 + ["waits"] * 4]
    try:
        with post.watch(settings) as running:
            for thread in threads:
                thread.start()
            wait_for(lambda: len(running.incidents) >= KILLS or hit, 40)
            over.set()
            for thread in threads:
                thread.join(20)
    finally:
        over.set()
    assert hit == []
    assert len(worked) == INNOCENTS
    assert min(worked) > 20
    killed = post.incidents("action, subject")
    assert len(killed) == len(set(killed)) >= KILLS


def _work(moat: Moat, over: threading.Event, hit: list[str], worked: list[int]) -> None:
    count, began = 0, 0.0
    while not over.is_set():
        try:
            with moat.connect("slow", route="pooled") as innocent:
                while not over.wait(0.01):
                    began = time.monotonic()
                    with innocent.transaction():
                        innocent.execute("SELECT 1")
                    count += 1
        except psycopg.Error as error:
            # On a busy machine this very client may be too slow, and is then ended rightly.
            if time.monotonic() - began < LIMIT_MS / 1000:
                hit.append(str(error))
    worked.append(count)


def test_a_late_verdict_hits_nobody(post: Post, moat: Moat) -> None:
    """One server session for all: what was judged has ended, and the next client's statement runs there."""
    set_limits(moat, 0)
    with post.connect() as watcher:
        watcher.execute("SELECT pgmoat.lead_watch('me', 60000)")
        clients = [moat.connect_pooled("slow", resets=False) for _ in range(2)]
        for number in range(LATE):
            _be_late(watcher, *clients, waits=number % 2 == 0)
        for client in clients:
            client.close()
    assert post.incidents() == []


def _be_late(watcher: Connection, culprit: Connection, innocent: Connection, *, waits: bool) -> None:
    culprit.execute("BEGIN")
    pid = culprit.execute("SELECT pg_backend_pid()").fetchone()
    if waits:
        sample = read_sample(watcher)
    else:
        runner = threading.Thread(target=culprit.execute, args=("SELECT pg_sleep(0.05)",))
        runner.start()
        sample = _sample_running(watcher)
        runner.join()
    culprit.execute("COMMIT")
    (verdict,) = [v for v in judge(sample, {}, timedelta(0)) if v.session and pid == (v.session.pid,)]
    if not waits:
        # What is a statement's is tried as a cancel and as the end of the session.
        verdict = replace(verdict, action=Action.TERMINATE)
    innocent.execute("BEGIN")
    assert innocent.execute("SELECT pg_backend_pid()").fetchone() == pid
    runner = threading.Thread(target=innocent.execute, args=("SELECT pg_sleep(0.02)",))
    runner.start()
    assert carry_out(watcher, verdict, "me", sample.now) is None
    runner.join()
    innocent.execute("COMMIT")


def _sample_running(watcher: Connection) -> Sample:
    samples = list[Sample]()

    def has_come() -> bool:
        samples.append(read_sample(watcher))
        return any(session.is_running for session in samples[-1].sessions)

    wait_for(has_come)
    return samples[-1]
