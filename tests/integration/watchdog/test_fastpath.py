"""Functions called by a message of their own, as libpq does for large objects: limits hold for them too."""

from __future__ import annotations

import os
import select
import struct

from pgmoat.accounting.sessions import RunningSession, read_running
from pgmoat.ledger.sessions import ShownSession, end_session
from pgmoat.sampling.sessions import NO_QUERY
from tests.integration.watchdog.conftest import Connection, Post, wait_for
from tests.moat_fixtures import Moat

PG_SLEEP = 2626
_NO_LIMITS = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"


def call_sleep(connection: Connection, seconds: float) -> None:
    """Send a FunctionCall of pg_sleep with a binary argument; psycopg has no such call."""
    body = struct.pack("!IHHHIdH", PG_SLEEP, 1, 1, 1, 8, seconds, 1)
    os.write(connection.fileno(), b"F" + struct.pack("!I", len(body) + 4) + body)


def read_answer(connection: Connection, seconds: float = 15) -> bytes:
    """Return the answer: E for an error, V for a result."""
    assert select.select([connection.fileno()], [], [], seconds)[0], "no answer"
    return os.read(connection.fileno(), 2000)


def test_a_call_has_the_statement_limit(post: Post, moat: Moat) -> None:
    with post.watch(), moat.connect("clerk", options=_NO_LIMITS) as clerk:
        call_sleep(clerk, 30)
        answer = read_answer(clerk)
        clerk.close()
    assert b"57014" in answer
    ((kind, action, detail),) = post.incidents("kind, action, detail")
    assert (kind, action, detail["query"]) == ("statement-timeout", "cancelled", NO_QUERY)
    assert 1000 <= detail["statement_ms"] < 10_000


def test_a_call_of_a_frozen_agent(post: Post, moat: Moat) -> None:
    with post.watch(), moat.connect("slow", options=_NO_LIMITS) as slow:
        call_sleep(slow, 30)
        moat.run("UPDATE pgmoat.agent SET frozen_at = now() WHERE name = 'slow'")
        answer = read_answer(slow)
        slow.close()
    assert b"57014" in answer
    assert post.incidents() == [("agent-frozen", "cancelled")]


def test_a_short_call_long_after_a_statement_goes_on(post: Post, moat: Moat) -> None:
    with post.watch(), moat.connect("clerk", options=_NO_LIMITS) as clerk:
        clerk.execute("SELECT pg_sleep(0.1)")
        moat.run("SELECT pg_sleep(2.5)")
        call_sleep(clerk, 0.6)
        assert read_answer(clerk)[:1] == b"V"
        clerk.close()
    assert post.incidents() == []


def test_people_end_a_call(post: Post, moat: Moat) -> None:
    def find() -> list[RunningSession]:
        return [each for each in read_running(watcher).sessions if each.state.startswith("fastpath")]

    with post.connect() as watcher, moat.connect("slow", options=_NO_LIMITS) as slow:
        slow.execute("SELECT 1")
        call_sleep(slow, 30)
        wait_for(find)
        (shown,) = find()
        marks = ShownSession(shown.pid, shown.backend_start, shown.query_start)
        assert shown.running_seconds < 10
        assert end_session(watcher, marks, terminate=False)
        answer = read_answer(slow)
        slow.close()
    assert b"57014" in answer
    ((kind, action, detail),) = post.incidents("kind, action, detail")
    assert (kind, action) == ("by-hand", "cancelled")
    assert 0 <= detail["statement_ms"] < 10_000
