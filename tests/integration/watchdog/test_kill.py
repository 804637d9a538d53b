"""The watchdog is killed at any moment: nothing is done twice, and another one leads soon."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from datetime import timedelta
from typing import IO

import psycopg
import pytest

from tests.durable_server import run_durable_server
from tests.integration.watchdog.conftest import POLICY, SCHEMA, Post, hire_watcher, set_limits, wait_for
from tests.moat_fixtures import Moat, install_moat

KILLS = 9
LIMIT_MS = 300
SOON = timedelta(seconds=10)  # 5 s where nobody else uses the machine
CATCH = """
DO $$ BEGIN
  FOR n IN 1 .. 20 LOOP
    BEGIN PERFORM pg_sleep(30); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(1); END;
  END LOOP;
END $$"""


class Pack:
    """Watchdogs as processes; it is known which of them leads, for each says so."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._leads: dict[subprocess.Popen[str], bool] = {}

    def start(self) -> None:
        """Start one more."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pgmoat", "watch", "--json", "--interval", "200ms", "--grace", "100ms"],
            env={**os.environ, "PGMOAT_DSN": self._post.dsn},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._leads[process] = False
        assert process.stderr is not None
        threading.Thread(target=self._listen, args=(process, process.stderr), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str], said: IO[str]) -> None:
        with said:
            for line in said:
                if line.endswith(("leading\n", "standing by\n")):
                    self._leads[process] = line.endswith("leading\n")

    @property
    def leader(self) -> subprocess.Popen[str] | None:
        """Return the one that leads, as far as it said."""
        return next((process for process, leads in self._leads.items() if leads), None)

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill one with SIGKILL."""
        process.kill()
        process.wait()
        self._leads.pop(process, None)

    def stop(self) -> None:
        """Kill all that are left."""
        for process in tuple(self._leads):
            self.kill(process)


@pytest.fixture
def pack(post: Post) -> Generator[Pack]:
    pack = Pack(post)
    yield pack
    pack.stop()


def offend(moat: Moat, over: threading.Event) -> None:
    """Run too long again and again: what gives in to a cancel, what does not, what waits in a transaction."""
    while not over.is_set():
        for statement in ("SELECT pg_sleep(30)", CATCH, "BEGIN"):
            with contextlib.suppress(psycopg.Error), moat.connect("slow") as agent:
                agent.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
                agent.execute(statement.encode())
                while statement == "BEGIN" and not over.wait(0.2):
                    agent.pgconn.consume_input()
                    if agent.pgconn.status != psycopg.pq.ConnStatus.OK:
                        break


def test_killed_at_any_moment(post: Post, moat: Moat, pack: Pack) -> None:
    set_limits(moat, LIMIT_MS)
    over, gaps = threading.Event(), list[timedelta]()
    offenders = [threading.Thread(target=offend, args=(moat, over)) for _ in range(5)]
    pack.start()
    wait_for(lambda: pack.leader, 30)
    pack.start()
    try:
        for thread in offenders:
            thread.start()
        for _ in range(KILLS):
            time.sleep(random.uniform(0.3, 1.5))  # noqa: S311 - no secret
            wait_for(lambda: pack.leader, 30)
            before, leader = len(post.incidents()), pack.leader
            assert leader is not None
            died = moat.value("SELECT clock_timestamp()")
            pack.kill(leader)
            wait_for(lambda: pack.leader, 30)
            gaps.append(moat.value("SELECT clock_timestamp()") - died)
            pack.start()
            wait_for(lambda known=before: len(post.incidents()) > known, 30)
    finally:
        over.set()
        moat.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", moat.role("slow")
        )
        for thread in offenders:
            thread.join(30)
    assert max(gaps) < SOON, gaps
    acts = post.incidents("subject, action")
    assert len(acts) == len(set(acts)) > KILLS  # each subject cancelled once at most, ended once at most
    assert {action for _, action in acts} == {"cancelled", "terminated"}
    for subject in {subject for subject, _ in acts}:
        assert [action for other, action in acts if other == subject] in (
            ["cancelled"], ["terminated"], ["cancelled", "terminated"],
        )  # fmt: skip


def test_the_record_goes_on_after_a_restart_of_the_server() -> None:
    with run_durable_server() as durable:
        moat = install_moat(durable.database, f"t{secrets.token_hex(3)}_", SCHEMA, POLICY)
        with moat:
            post = hire_watcher(moat)
            count = "SELECT COALESCE(sum(samples), 0), COALESCE(sum(seconds), 0) FROM pgmoat.sampling"
            with post.watch() as running:
                wait_for(lambda: moat.read(count)[0][0] >= 3)
                durable.kill(signal.SIGKILL)
                wait_for(lambda: any("trying again" in note for note in running.notes))
                durable.start()
                moat.judge_again()
                ((samples, seconds),) = moat.read(count)
                assert samples >= 3  # what was stored is there
                wait_for(lambda: moat.read(count)[0][0] >= samples + 3, 30)
                began = moat.value("SELECT pg_postmaster_start_time()")
                ((_, more),) = moat.read(count)
                # The time without a server is nobody's.
                assert more - seconds <= moat.value(
                    "SELECT extract(epoch FROM clock_timestamp() - %s)::float8 + 1", began
                )
