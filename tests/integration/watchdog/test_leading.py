"""One leads, whoever dies; and the server may go away and come back."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import closing

import psycopg
import pytest

from pgmoat.cli.main import run
from pgmoat.watchdog.loop import Settings
from tests.durable_server import run_durable_server
from tests.integration.watchdog.conftest import POLICY, QUICK, SCHEMA, Post, hire_watcher, wait_for
from tests.integration.watchdog.test_limits import BURN, CATCH
from tests.moat_fixtures import Moat, install_moat


def start_process(post: Post) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pgmoat", "watch", "--json"],
        env={**os.environ, "PGMOAT_DSN": post.dsn},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def find_leader(post: Post) -> str | None:
    return post.moat.value(
        "SELECT holder FROM pgmoat.lease WHERE name = 'watch' AND leased_until > clock_timestamp()"
        " UNION ALL SELECT NULL LIMIT 1"
    )


def test_two_run_and_one_acts(post: Post, moat: Moat) -> None:
    with post.watch() as first, post.watch() as second, moat.connect("clerk") as clerk:
        clerk.execute("SET statement_timeout = 0")
        with pytest.raises(psycopg.errors.QueryCanceled):
            clerk.execute(BURN)
        assert (first.notes, second.notes) == (["leading"], ["another watchdog leads; standing by"])
    assert [len(first.incidents), len(second.incidents)] == [1, 0]
    assert post.incidents() == [("statement-timeout", "cancelled")]


def test_who_ends_in_order_hands_over_at_once(post: Post) -> None:
    with post.watch(Settings(interval_s=0.1)) as second_first:
        with post.watch(Settings(interval_s=0.1)) as second:
            assert second.notes == ["another watchdog leads; standing by"]
        assert second_first.notes == ["leading"]
    assert find_leader(post) is None


def test_killed_in_the_act(post: Post, moat: Moat) -> None:
    """The leader is killed right after it cancelled: another one goes on, and does nothing twice."""
    process = start_process(post)
    try:
        wait_for(lambda: find_leader(post))
        with post.watch(Settings()) as standby, closing(moat.connect("clerk")) as clerk:
            clerk.execute("SET statement_timeout = 0")
            clerk.pgconn.send_query(CATCH.encode())
            wait_for(post.incidents)
            process.send_signal(signal.SIGKILL)
            died = time.monotonic()
            wait_for(lambda: "leading" in standby.notes)
            assert time.monotonic() - died < 5
            wait_for(lambda: len(post.incidents()) == 2)
    finally:
        process.kill()
        process.communicate()
    found = post.incidents("action, subject")
    assert len(found) == len(set(found))
    assert {action for action, _ in found} == {"cancelled", "terminated"}
    assert len({subject for _, subject in found}) == 1


def test_the_process_ends_on_sigterm(post: Post) -> None:
    process = start_process(post)
    wait_for(lambda: find_leader(post))
    process.terminate()
    _, stderr = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "leading" in stderr
    assert find_leader(post) is None


def test_a_dry_run_touches_nothing(post: Post, moat: Moat) -> None:
    settings = Settings(interval_s=QUICK.interval_s, grace=QUICK.grace, is_dry_run=True)
    with post.watch(settings) as running, moat.connect("clerk") as clerk:
        clerk.execute("SET statement_timeout = 0")
        clerk.execute("SELECT pg_sleep(2)")
    (incident,) = running.incidents
    assert (incident.action, incident.detail["wanted"]) == ("dry-run", "cancelled")
    assert post.incidents() == []
    assert find_leader(post) is None
    assert moat.value("SELECT at = '-infinity' FROM pgmoat.heartbeat")


def test_one_round(post: Post, moat: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["watch", "--once", "--grace", "1ms", "--dsn", post.dsn]
    assert run(arguments) == 0
    with closing(moat.connect("clerk")) as clerk:
        clerk.execute("SET statement_timeout = 0")
        clerk.pgconn.send_query(b"SELECT '\x1b[31m', pg_sleep(20)")
        time.sleep(1.2)
        assert run([*arguments, "--dry-run"]) == 2
        assert post.incidents() == []
        assert run(arguments) == 2
    assert find_leader(post) is None
    shown = capsys.readouterr().out.splitlines()
    assert "would be cancelled statement-timeout clerk limit=1000" in shown[0]
    assert " cancelled statement-timeout clerk limit=1000" in shown[1]
    assert "\x1b" not in "".join(shown)
    assert run(["incidents", "--agent", "clerk", "--since", "1h", "--json", "--dsn", post.dsn]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["kind"], entry["action"], entry["detail"]["limit"]) == (
        "statement-timeout",
        "cancelled",
        1000,
    )
    assert run(["incidents", "--agent", "slow", "--dsn", post.dsn]) == 0
    assert "clerk" not in capsys.readouterr().out
    assert run(["incidents", "--dsn", post.dsn]) == 0
    assert "clerk" in capsys.readouterr().out


def test_not_through_a_pooler(post: Post, moat: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "--dsn", moat.dsns("pooled")["clerk"]]) == 1
    assert "pooler" in capsys.readouterr().err


def leave_prepared(moat: Moat) -> None:
    """Prepare a transaction whose name is no UTF-8, in a database where it need not be."""
    with moat.superuser() as people:
        people.execute("CREATE DATABASE latin TEMPLATE template0 LOCALE 'C' ENCODING 'LATIN1'")
    role = moat.role("hasty")
    dsn = moat.database.server.dsn_for(role, moat.passwords[role], "latin")
    with psycopg.connect(dsn, autocommit=True, client_encoding="latin1") as hasty:
        hasty.execute("BEGIN READ WRITE; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'café'")


def test_the_server_restarts() -> None:
    with run_durable_server({"max_prepared_transactions": "2"}) as durable:
        moat = install_moat(durable.database, f"t{secrets.token_hex(3)}_", SCHEMA, POLICY)
        with moat:
            post = hire_watcher(moat)
            superuser = Post(moat, durable.database.dsn)
            with superuser.watch() as running:
                with moat.connect("hasty") as hasty:
                    hasty.execute("BEGIN READ WRITE; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'left'")
                wait_for(post.incidents)
                assert post.incidents() == [("prepared-transaction", "rolled back")]
                assert moat.read("SELECT gid FROM pg_prepared_xacts") == []
                leave_prepared(moat)
                wait_for(lambda: len(post.incidents()) > 1)
                assert post.incidents()[1] == ("prepared-transaction", "failed")
                durable.kill(signal.SIGKILL)
                wait_for(lambda: any("trying again" in note for note in running.notes))
                durable.start()
                moat.judge_again()
                with moat.connect("clerk") as clerk:
                    clerk.execute("SET statement_timeout = 0")
                    with pytest.raises(psycopg.errors.QueryCanceled):
                        clerk.execute(BURN)
                wait_for(lambda: running.notes.count("connected again") == 1)


def test_the_leaders_secret_is_nobody_elses(post: Post) -> None:
    """Another login of the monitor's may neither read it nor speak for the leader."""
    with post.watch() as running, post.connect() as other:
        assert running.notes == ["leading"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("SELECT holder FROM pgmoat.lease")
        for call in (
            "pgmoat.leads('a guess')",
            "pgmoat.lead_watch('a guess', 60000)",
            "pgmoat.beat('a guess', 60000)",
            "pgmoat.record_samples('a guess', '{}')",
            "pgmoat.mark_webhook('a guess', 'hook', 9000000000000000000, true, NULL)",
        ):
            assert other.execute(f"SELECT {call}".encode()).fetchone() == (False,), call


@pytest.mark.parametrize("seconds", ['"NaN"', '"Infinity"', "-1"])
def test_no_nonsense_is_recorded(post: Post, seconds: str) -> None:
    with post.connect() as watcher:
        watcher.execute("SELECT pgmoat.lead_watch('mine', 5000)")
        row = f'"agent": "clerk", "wait_class": "CPU", "samples": 1, "seconds": {seconds}'
        with pytest.raises(psycopg.errors.CheckViolation):
            watcher.execute(
                "SELECT pgmoat.record_samples('mine', jsonb_build_object('usage',"
                " jsonb_build_array(%s::jsonb || jsonb_build_object('minute', now()))))",
                ("{" + row + "}",),
            )
