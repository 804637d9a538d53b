"""What an agent sets for itself does not help it: the watchdog ends it in time."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import LiteralString

import psycopg
import pytest

from pgmoat.watchdog.loop import Settings
from tests.integration.watchdog.conftest import Post, hire_watcher, wait_for
from tests.moat_fixtures import Moat

BURN = "DO $$ BEGIN LOOP NULL; END LOOP; END $$"
CATCH = "DO $$ BEGIN LOOP BEGIN LOOP NULL; END LOOP; EXCEPTION WHEN query_canceled THEN END; END LOOP; END $$"
COMMITS = "DO $$ BEGIN LOOP PERFORM 1; COMMIT; END LOOP; END $$"


@pytest.mark.parametrize(
    ("statement", "ends"),
    [(BURN, ["cancelled"]), (CATCH, ["cancelled", "terminated"]), (COMMITS, ["cancelled"])],
    ids=["burns", "catches", "commits"],
)
def test_a_lifted_statement_timeout(
    post: Post, moat: Moat, route: str, statement: LiteralString, ends: list[str]
) -> None:
    """At the default interval and grace: within the limit of 1 s, and 2 s more."""
    if route == "pooled" and statement is COMMITS:
        pytest.skip("a COMMIT in a block needs a message of its own, and the pooler resets in between")
    with post.watch(Settings()), moat.connect("clerk", route=route) as clerk:
        if statement is COMMITS:
            clerk.execute("SET statement_timeout = 0")
        else:
            clerk.execute("BEGIN; SET LOCAL statement_timeout = 0")
        began = time.monotonic()
        with pytest.raises(psycopg.Error):
            clerk.execute(statement)
        assert 1 < time.monotonic() - began < 3
    found = post.incidents("agent, kind, action, detail")
    assert [row[:3] for row in found] == [("clerk", "statement-timeout", action) for action in ends]
    detail = found[0][3]
    assert (detail["limit"], statement in detail["query"]) == (1000, True)
    assert detail["found"] >= 1000


def test_idle_in_a_transaction(post: Post, moat: Moat, route: str) -> None:
    with post.watch(Settings()), moat.connect("clerk", route=route) as clerk:
        clerk.execute("BEGIN")
        clerk.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        began = time.monotonic()
        wait_for(post.incidents)
        assert 1 < time.monotonic() - began < 3
        with pytest.raises(psycopg.OperationalError):
            clerk.execute("SELECT 1")
    assert post.incidents() == [("idle-in-transaction", "terminated")]


def test_idle_in_an_aborted_transaction(post: Post, moat: Moat) -> None:
    """PostgreSQL tells no beginning of it."""
    with post.watch(), moat.connect("clerk") as clerk:
        clerk.execute("SET idle_in_transaction_session_timeout = 0")
        clerk.execute("BEGIN")
        with pytest.raises(psycopg.errors.DivisionByZero):
            clerk.execute("SELECT 1/0")
        wait_for(post.incidents)
        with pytest.raises(psycopg.OperationalError):
            clerk.execute("SELECT 1")
    assert post.incidents() == [("idle-in-transaction", "terminated")]


def test_a_timer_that_was_disarmed(post: Post, moat: Moat) -> None:
    """A Flush after the Sync disarms PostgreSQL's own timer."""
    with post.watch(), closing(moat.connect("clerk")) as clerk:
        clerk.execute("BEGIN")
        clerk.execute("SELECT 1")
        clerk.pgconn.send_flush_request()
        clerk.pgconn.flush()
        wait_for(post.incidents)
    assert post.incidents() == [("idle-in-transaction", "terminated")]


def test_a_transaction_that_goes_on_and_on(post: Post, moat: Moat, route: str) -> None:
    with post.watch(), moat.connect("hasty", route=route) as clerk:
        clerk.execute("BEGIN")
        if clerk.info.server_version >= 170_000:
            clerk.execute("SET LOCAL transaction_timeout = 0")
        with pytest.raises(psycopg.Error):
            for _ in range(50):
                clerk.execute("SELECT pg_sleep(0.1)")
    kinds = {kind for kind, _ in post.incidents()}
    assert kinds == {"transaction-timeout"}


def test_another_database_is_no_way_out(post: Post, moat: Moat) -> None:
    role = moat.role("clerk")
    dsn = moat.database.server.dsn_for(role, moat.passwords[role], "postgres")
    with post.watch(), psycopg.connect(dsn, autocommit=True) as clerk:
        clerk.execute("SET statement_timeout = 0")
        with pytest.raises(psycopg.errors.QueryCanceled):
            clerk.execute(BURN)


@pytest.mark.parametrize("why", ["closed", "frozen", "deadline"])
def test_a_task_that_may_not_go_on(post: Post, moat: Moat, why: str) -> None:
    token = moat.open_task("slow", f"T-{why}", duration="700 milliseconds" if why == "deadline" else "1h")
    with post.watch(), moat.connect("slow", application_name="elsewhere") as slow:
        with slow.transaction():
            slow.execute("SELECT pgmoat.enter(%s)", (token,))
            slow.execute("SELECT count(*) FROM notes")
        if why == "closed":
            moat.run("SELECT pgmoat.close_task('slow', 'T-closed')")
        elif why == "frozen":
            moat.run("SELECT pgmoat.freeze_task('slow', 'T-frozen', 'x')")
        with pytest.raises(psycopg.errors.QueryCanceled):
            slow.execute(f"/*agent_id='slow',step='look%20up',task_id='T-{why}'*/ {BURN}".encode())
    found = post.incidents("task_id, step, kind, action")
    assert found == [(f"T-{why}", "look up", f"task-{why}", "cancelled")]


def test_a_frozen_agent_is_stopped_outside_of_entities_too(post: Post, moat: Moat) -> None:
    with (
        post.watch(),
        moat.connect("slow") as idle,
        moat.connect("slow") as waiting,
        moat.connect("slow") as slow,
    ):
        waiting.execute("BEGIN")
        moat.run("SELECT pgmoat.freeze_agent('slow', 'x')")
        with pytest.raises(psycopg.errors.QueryCanceled):
            slow.execute(BURN)
        wait_for(lambda: len(post.incidents()) == 2)
        with pytest.raises(psycopg.OperationalError):
            waiting.execute("SELECT 1")
        idle.execute("SELECT 1")  # idle sessions are nobody's
    assert sorted(post.incidents()) == [("agent-frozen", "cancelled"), ("agent-frozen", "terminated")]


def test_who_may_end_nothing_says_so_once(post: Post, moat: Moat) -> None:
    looker = hire_watcher(moat, signals=False)
    with looker.watch() as running, moat.connect("clerk") as clerk:
        clerk.execute("SET statement_timeout = 0")
        clerk.execute("SELECT pg_sleep(2.5)")
    assert any("pg_signal_backend" in note for note in running.notes)
    ((kind, action, detail),) = post.incidents("kind, action, detail")
    assert (kind, action, detail["wanted"]) == ("statement-timeout", "failed", "cancelled")


def test_agents_reach_nothing_of_it(moat: Moat) -> None:
    statements: list[LiteralString] = [
        "SELECT 1 FROM pgmoat.incident",
        "INSERT INTO pgmoat.incident (agent, kind, action, subject) VALUES ('a', 'b', 'failed', 'd')",
        "DELETE FROM pgmoat.incident",
        "SELECT 1 FROM pgmoat.heartbeat",
        "UPDATE pgmoat.heartbeat SET good_until = 'infinity'",
        "SELECT 1 FROM pgmoat.lease",
        "UPDATE pgmoat.lease SET holder = 'me'",
        "SELECT pgmoat.lead_watch('me', 1000)",
        "SELECT pgmoat.beat('me', 1000)",
        "SELECT pgmoat.record_incident('slow', NULL, NULL, 'x', 'failed', 'x', '{}')",
    ]
    with moat.connect("clerk") as clerk:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                clerk.execute(statement)


@pytest.mark.parametrize(
    "detail",
    [
        {"limit": 1, "found": "\N{SNOWMAN}" * 1_000_000, "statement_ms": 5},
        {"x" * 1000 + str(number): "y" * 900 for number in range(1000)},
        ["z" * 70_000],
    ],
    ids=["a long text", "many keys", "no object"],
)
def test_an_incident_of_any_length_is_recorded(post: Post, moat: Moat, detail: object) -> None:
    """It was done already: a record that is too long is cut, not refused."""
    with post.connect() as watcher:
        watcher.execute(
            "SELECT pgmoat.record_incident('clerk', 'T', 's', 'surge', 'frozen', %s, %s::jsonb)",
            ("s" * 5000, json.dumps(detail)),
        )
    ((subject, kept),) = moat.read("SELECT subject, detail FROM pgmoat.incident")
    assert kept["truncated"] is True
    assert len(json.dumps(kept, ensure_ascii=False).encode()) <= 65536
    assert len(subject) == 1000
    if isinstance(detail, dict) and "limit" in detail:
        assert (kept["limit"], kept["found"]) == (1, "\N{SNOWMAN}" * 200 + "…")
