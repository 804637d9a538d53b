"""What agents meet behind the pooler as it is written: their own role, a pool of their own, loud errors."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from collections import Counter

import psycopg
import pytest
from psycopg import sql

from pgmoat.pooler.setup import PREPARED_SINCE, USER_POOL_SINCE
from tests.moat_fixtures import Connection, Moat, enter, refused
from tests.pooler_fixtures import Pooler, write_again

WAIT_S = 1.0


def connect(desk: Moat, agent: str) -> Connection:
    return desk.connect(agent, route="pooled")


def test_an_agent_logs_in_with_its_own_password_and_works_on_a_task(desk: Moat, pooler: Pooler) -> None:
    with desk.task("clerk", route="pooled") as connection:
        assert connection.execute("SELECT session_user").fetchone() == (desk.role("clerk"),)
        assert connection.execute("UPDATE notes SET body = 'x' WHERE id = 1").rowcount == 1
    assert desk.read("SELECT agent FROM pgmoat.history WHERE key ->> 'id' = '1'") == [("clerk",)]
    assert "auth_file" in pooler.setup.ini_files[0].read_text()


def test_no_password_stands_in_the_files(desk: Moat, pooler: Pooler) -> None:
    texts = [path.read_text() for path in (*pooler.setup.ini_files, pooler.setup.auth_file)]
    for password in (*desk.passwords.values(), *pooler.passwords.values()):
        assert not any(password in text for text in texts)
    for path in (*pooler.setup.ini_files, pooler.setup.auth_file, pooler.setup.credentials_file):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_wrong_password_is_refused(desk: Moat, pooler: Pooler) -> None:
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(pooler.dsn(desk.role("clerk"), "wrong", desk.database.name))
    other = desk.passwords[desk.role("reader")]
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(pooler.dsn(desk.role("clerk"), other, desk.database.name))


def test_people_do_not_come_in(desk: Moat, pooler: Pooler) -> None:
    person = f"{desk.policy.settings.agent_role_prefix}person"
    desk.run(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(sql.Identifier(person)))
    with psycopg.connect(desk.database.dsn_for(person, "secret")) as direct:
        assert direct.execute("SELECT 1").fetchone() == (1,)
    for user, password in ((person, "secret"), (desk.database.server.user, desk.database.server.password)):
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(pooler.dsn(user, password, desk.database.name))


def test_other_databases_are_not_reached(desk: Moat, pooler: Pooler) -> None:
    role = desk.role("clerk")
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="no such database"):
            psycopg.connect(pooler.dsn(role, desk.passwords[role], database))


def test_an_agent_is_not_let_on_the_console(desk: Moat, pooler: Pooler) -> None:
    role = desk.role("clerk")
    with pytest.raises(psycopg.OperationalError, match="not allowed"):
        psycopg.connect(pooler.dsn(role, desk.passwords[role], "pgbouncer"))


def test_who_may_look_may_do_nothing(pooler: Pooler) -> None:
    with psycopg.connect(pooler.console(), autocommit=True) as console:
        for statement in ("RELOAD", "PAUSE", "SHUTDOWN", "SET query_timeout = 5"):
            with pytest.raises(psycopg.Error, match="admin access"):
                console.execute(statement.encode())
    with psycopg.connect(pooler.console(is_admin=True), autocommit=True) as console:
        console.execute("RELOAD")


def test_settings_in_options_are_refused_and_not_dropped(desk: Moat, pooler: Pooler) -> None:
    role = desk.role("clerk")
    dsn = pooler.dsn(role, desk.passwords[role], desk.database.name)
    for options in ("-c statement_timeout=0", "-c pgmoat.token=x", "-c search_path=public"):
        with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
            psycopg.connect(dsn, options=options)


def test_one_client_leaves_nothing_for_the_next(desk: Moat) -> None:
    with connect(desk, "clerk") as first:
        first.execute("SET statement_timeout = 0")
        first.execute("SET search_path = pg_temp, public")
        first.execute("CREATE TEMP TABLE notes (id int)")
        first.execute("SELECT pg_advisory_lock(4711)")
    with connect(desk, "clerk") as second:
        (state,) = second.execute(
            "SELECT current_setting('statement_timeout'), current_setting('search_path'),"
            " to_regclass('pg_temp.notes')::text, current_setting('application_name'),"
            " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
        ).fetchall()
    assert state == ("5s", "agent, pg_temp", None, desk.role("clerk"), 0)


def test_prepared_statements(desk: Moat, pooler: Pooler) -> None:
    """Two clients with their own statements of the same name: right since 1.22, before that loud at once."""
    role = desk.role("clerk")
    dsn = pooler.dsn(role, desk.passwords[role], desk.database.name)
    with (
        psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as first,
        psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as second,
    ):
        if not pooler.setup.has(PREPARED_SINCE):
            with refused("26000"):
                for _ in range(3):
                    first.execute("SELECT %s::int", (1,))
            return
        for number in range(20):
            assert first.execute("SELECT %s::int", (number,)).fetchone() == (number,)
            assert second.execute("SELECT %s::text", (str(number),)).fetchone() == (str(number),)


def hold(desk: Moat, agent: str, seconds: float, outcomes: list[str]) -> None:
    try:
        with connect(desk, agent) as connection, connection.transaction():
            connection.execute("SELECT 1")
            outcomes.append("held")
            time.sleep(seconds)
    except psycopg.Error as error:
        outcomes.append(str(error).strip())


def count_sessions(desk: Moat, agent: str) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
    return int(desk.value(query, desk.role(agent)))


def test_an_agent_has_no_more_than_its_pool_and_who_waits_too_long_gets_an_error(desk: Moat) -> None:
    """The reader has ceil(4 * 1 * 0.5) = 2, and 1 for bursts; the clerk's pool goes on meanwhile."""
    outcomes: list[str] = []
    threads = [threading.Thread(target=hold, args=(desk, "reader", 4.0, outcomes)) for _ in range(6)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    most = 0
    with connect(desk, "clerk") as clerk:
        while time.monotonic() - started < 2.5:
            most = max(most, count_sessions(desk, "reader"))
            assert clerk.execute("SELECT 1").fetchone() == (1,)
            time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert most == 3, outcomes
    counts = Counter(outcomes)
    assert counts["held"] == 3
    assert sum(count for outcome, count in counts.items() if "query_wait_timeout" in outcome) == 3


def test_the_limit_of_one_agent_is_not_that_of_another(desk: Moat, pooler: Pooler) -> None:
    """On versions without pool_size per user too."""
    outcomes: list[str] = []
    threads = [threading.Thread(target=hold, args=(desk, "clerk", 1.5, outcomes)) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.8)
    assert 8 <= count_sessions(desk, "clerk") <= 15
    for thread in threads:
        thread.join()
    assert outcomes == ["held"] * 8
    assert pooler.setup.has(USER_POOL_SINCE) or "pool_size=" not in pooler.setup.ini_files[0].read_text()


def test_the_pooler_ends_a_transaction_that_idles_although_the_client_lifted_the_timeout(desk: Moat) -> None:
    """For the reader after 6 s since 1.24; before, for all agents by the longest, here the clerk's 7 s."""
    with connect(desk, "reader") as connection:
        connection.execute("BEGIN")
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        began = time.monotonic()
        assert select.select([connection], [], [], 20)[0]  # the end of it arrives
        assert time.monotonic() - began > 4
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        assert connection.closed


def test_entering_a_task_holds_for_the_transaction(desk: Moat) -> None:
    with connect(desk, "clerk") as connection:
        with connection.transaction():
            enter(connection, desk.open_task("clerk"))
            assert connection.execute("SELECT id FROM notes WHERE id = 2").fetchone() == (2,)
        with refused("PM001"):
            connection.execute("SELECT id FROM notes")


def test_a_changed_password_needs_the_files_written_again(desk: Moat, pooler: Pooler) -> None:
    role = desk.role("reader")
    old = desk.passwords[role]
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    try:
        desk.run(statement.format(sql.Identifier(role), sql.Literal("another-one")))
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(pooler.dsn(role, "another-one", desk.database.name))
        write_again(desk.database, pooler)
        with psycopg.connect(pooler.dsn(role, "another-one", desk.database.name)) as connection:
            assert connection.execute("SELECT session_user").fetchone() == (role,)
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(pooler.dsn(role, old, desk.database.name))
    finally:
        desk.run(statement.format(sql.Identifier(role), sql.Literal(old)))
        write_again(desk.database, pooler)


def test_when_the_server_is_gone_a_client_gets_an_error_soon(desk: Moat, pooler: Pooler) -> None:
    """As PgBouncer sees it: the role may not log in."""
    role = sql.Identifier(desk.role("reader"))
    name = sql.Identifier(desk.database.name)
    with contextlib.ExitStack() as undo:
        desk.run(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
        undo.callback(desk.run, sql.SQL("ALTER ROLE {} LOGIN").format(role))
        with psycopg.connect(pooler.console(is_admin=True), autocommit=True) as console:
            console.execute(sql.SQL("RECONNECT {}").format(name).as_string().encode())
        started = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            connect(desk, "reader").execute("SELECT 1")
        assert time.monotonic() - started < WAIT_S + 3
    deadline = time.monotonic() + 10
    while True:  # server_login_retry
        try:
            with connect(desk, "reader") as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            break
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.3)
