"""People end sessions, freeze and thaw: only what they were shown, only what they may, and it is recorded."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgmoat.accounting.sessions import RunningSession, read_running
from pgmoat.ledger.freeze import freeze_agent, freeze_task, thaw_agent
from pgmoat.ledger.sessions import ShownSession, end_session
from tests.acceptance.command import Command
from tests.integration.accounting.conftest import Connection, Record
from tests.integration.watchdog.conftest import wait_for
from tests.postgres_fixtures import PostgresServer, create_database


@dataclass(slots=True)
class Outcome:
    """How a statement in another thread ended."""

    codes: list[str | None] = field(default_factory=list[str | None])


@contextlib.contextmanager
def running(connection: Connection, statement: str) -> Generator[Outcome]:
    """Run *statement* in a thread, and wait for its end at the end of the block."""
    outcome = Outcome()
    connection.execute("SET statement_timeout = 0")  # a cancel must be ours

    def run() -> None:
        try:
            connection.execute(sql.SQL(statement))  # pyright: ignore[reportArgumentType]
        except psycopg.Error as error:
            outcome.codes.append(error.sqlstate)
        else:
            outcome.codes.append("done")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield outcome
    thread.join(30)
    assert not thread.is_alive()


def find(connection: Connection, query: str) -> RunningSession:
    """Return the session that runs *query*, as soon as there is one."""

    def look() -> list[RunningSession]:
        return [each for each in read_running(connection).sessions if query in each.query]

    wait_for(look)
    (session,) = look()
    return session


def show(session: RunningSession) -> ShownSession:
    return ShownSession(
        session.pid,
        session.backend_start,
        session.query_start,
        session.xact_start,
        session.task_id,
        session.step,
        session.fingerprint,
    )


def read_incidents(record: Record) -> list[tuple[object, ...]]:
    return record.moat.read("SELECT kind, action, agent, task_id, step FROM pgmoat.incident ORDER BY id")


def test_a_running_session_is_shown_with_its_task_and_people_are_only_counted(record: Record) -> None:
    with (
        record.moat.connect("clerk", application_name="pgmoat:T-1:wait") as agent,
        record.moat.superuser() as person,
        running(agent, "SELECT pg_sleep(2.1)"),
        running(person, "SELECT pg_sleep(2.2), 'private'"),
        record.connect() as viewer,
    ):
        session = find(viewer, "pg_sleep(2.1)")
        assert (session.agent, session.task_id, session.step) == ("clerk", "T-1", "wait")
        assert (session.wait, session.state, session.is_running) == ("Timeout:PgSleep", "active", True)
        assert session.running_seconds >= 0
        wait_for(lambda: read_running(viewer).others.get("Timeout"))
        assert "private" not in repr(read_running(viewer))


@pytest.mark.parametrize("terminate", [False, True])
def test_an_operator_ends_what_was_shown(record: Record, terminate: bool) -> None:
    with (
        record.moat.connect("clerk", application_name="pgmoat:T-1:wait") as agent,
        record.connect("operator") as operator,
        running(agent, "SELECT pg_sleep(30)") as outcome,
    ):
        shown = show(find(operator, "pg_sleep(30)"))
        assert end_session(operator, shown, terminate=terminate, reason="too long", by="ann")
    assert outcome.codes == ["57P01" if terminate else "57014"]
    action = "terminated" if terminate else "cancelled"
    assert read_incidents(record) == [("by-hand", action, "clerk", "T-1", "wait")]
    detail = record.moat.value("SELECT detail FROM pgmoat.incident")
    assert (detail["pid"], detail["reason"], detail["by"]) == (shown.pid, "too long", "ann")
    assert "pg_sleep(30)" in detail["query"]
    # It is one that did not finish, and its time counts.
    ((how, source, seconds, mark),) = record.moat.read(
        "SELECT how, source, seconds, fingerprint FROM pgmoat.unfinished"
    )
    assert (how, source, mark) == (action, "done", shown.fingerprint)
    assert 0 < seconds < 30


def test_a_statement_in_another_encoding(record: Record, server: PostgresServer) -> None:
    with create_database(server, encoding="LATIN1") as foreign, record.connect("operator") as operator:
        role = record.moat.role("clerk")
        dsn = foreign.dsn_for(role, record.moat.passwords[role])
        with (
            psycopg.connect(dsn, autocommit=True, client_encoding="latin1") as agent,
            running(agent, "SELECT pg_sleep(29), 'café'") as outcome,
        ):
            assert end_session(operator, show(find(operator, "pg_sleep(29)")), terminate=False)
        assert outcome.codes == ["57014"]
    detail = record.moat.value("SELECT detail FROM pgmoat.incident")
    assert (detail["query"], detail["database"]) == ("SELECT pg_sleep(29), 'caf\ufffd'", foreign.name)


def test_each_statement_that_is_cancelled_in_a_session_counts(record: Record) -> None:
    with record.moat.connect("clerk") as agent, record.connect("operator") as operator:
        for _ in range(2):
            with running(agent, "SELECT pg_sleep(31)") as outcome:
                wait_for(lambda: find(operator, "pg_sleep(31)").is_running)
                assert end_session(operator, show(find(operator, "pg_sleep(31)")), terminate=False)
            assert outcome.codes == ["57014"]
    assert record.moat.value("SELECT count(*) FROM pgmoat.unfinished") == 2


def test_what_is_no_longer_what_was_shown_goes_on(record: Record) -> None:
    with (
        record.moat.connect("clerk") as agent,
        record.connect("operator") as operator,
        running(agent, "SELECT pg_sleep(3.3)") as outcome,
    ):
        shown = show(find(operator, "pg_sleep(3.3)"))
        assert shown.query_start is not None
        other_query = replace(shown, query_start=shown.backend_start, xact_start=None)
        other_session = replace(shown, backend_start=shown.query_start)
        unknown = replace(shown, query_start=None, xact_start=None)
        other_transaction = replace(shown, xact_start=shown.backend_start, query_start=None)
        for wrong in (other_query, other_session, unknown, other_transaction):
            for terminate in (False, True):
                assert not end_session(operator, wrong, terminate=terminate)
        # A cancel hits statements: the transaction alone does not tell which.
        assert not end_session(operator, replace(shown, query_start=None), terminate=False)
    assert outcome.codes == ["done"]
    # Idle now, and so nobody's.
    with record.connect("operator") as operator:
        assert not end_session(operator, shown, terminate=True)
    assert read_incidents(record) == []


def test_a_transaction_that_waits_for_its_client_is_ended(record: Record) -> None:
    with record.moat.connect("clerk") as agent, record.connect("operator") as operator:
        agent.execute("BEGIN")
        agent.execute("SELECT 'held'")
        session = find(operator, "'held'")
        assert (session.is_running, session.wait) == (False, "Idle in transaction")
        assert not end_session(operator, show(session), terminate=False)
        assert end_session(operator, show(session), terminate=True)
        with pytest.raises(psycopg.OperationalError):
            agent.execute("SELECT 1")


def test_sessions_of_people_are_never_ended(record: Record) -> None:
    with record.moat.superuser() as person, record.moat.superuser() as operator:
        person.execute("BEGIN")
        (row,) = operator.execute(
            "SELECT pid, backend_start, query_start, xact_start FROM pg_stat_activity WHERE pid = %s",
            (person.info.backend_pid,),
        ).fetchall()
        assert not end_session(operator, ShownSession(*row), terminate=True)
        person.execute("SELECT 1")


def test_who_may_not_signal_ends_nothing_and_records_nothing(record: Record) -> None:
    with (
        record.moat.connect("clerk") as agent,
        record.connect("viewer") as viewer,
        running(agent, "SELECT pg_sleep(2.5)") as outcome,
    ):
        shown = show(find(viewer, "pg_sleep(2.5)"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            end_session(viewer, shown, terminate=False)
    assert outcome.codes == ["done"]
    assert read_incidents(record) == []


def test_an_agent_ends_no_session_of_its_own_role_by_this(record: Record) -> None:
    with record.moat.connect("clerk") as agent, pytest.raises(psycopg.errors.InsufficientPrivilege):
        end_session(agent, ShownSession(1, record.since, None), terminate=False)


def test_a_freeze_and_a_thaw_by_people_are_recorded(record: Record) -> None:
    record.moat.open_task("clerk", "T-7")
    with record.connect() as viewer, record.moat.superuser() as owner:
        assert freeze_agent(viewer, "clerk", "prices", by="ann").changed
        assert not freeze_agent(viewer, "clerk", "prices").changed
        assert freeze_task(viewer, "clerk", "T-7", "look").changed
        assert thaw_agent(owner, "clerk").changed
    assert read_incidents(record) == [
        ("by-hand", "frozen", "clerk", None, None),
        ("by-hand", "frozen", "clerk", "T-7", None),
        ("by-hand", "thawed", "clerk", None, None),
    ]
    first, second, third = (
        row[0] for row in record.moat.read("SELECT detail FROM pgmoat.incident ORDER BY id")
    )
    assert first == {"reason": "prices", "hard": False, "ended": 0, "by": "ann"}
    assert second["by"] == record.name("viewer")
    assert third["by"] == record.moat.value("SELECT session_user::text")


def test_an_orchestrator_freezes_without_the_right_to_record_it(record: Record) -> None:
    role = record.moat.system_role("orchestrator")
    with record.moat.superuser() as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        assert freeze_agent(connection, "clerk", "stop").changed
    assert read_incidents(record) == []
    assert record.moat.value("SELECT frozen_reason FROM pgmoat.agent WHERE name = 'clerk'") == "stop"


def test_a_hard_freeze_without_the_right_to_alter_the_role_is_a_freeze_and_recorded(record: Record) -> None:
    with record.connect("operator") as operator:
        report = freeze_agent(operator, "clerk", "stop", hard=True)
        again = freeze_agent(operator, "clerk", "stop", hard=True)
    assert report.changed
    assert not again.changed
    assert "permission denied" in report.login_kept
    assert "permission denied" in again.login_kept
    query = "SELECT frozen_at IS NOT NULL AND NOT is_hard_frozen FROM pgmoat.agent WHERE name = 'clerk'"
    assert record.moat.value(query)
    ((hard, why),) = record.moat.read("SELECT detail ->> 'hard', detail ->> 'why' FROM pgmoat.incident")
    assert hard == "false"
    assert why.startswith("the login could not be taken: permission denied")


def test_the_command_says_that_the_freeze_holds_and_fails(record: Record, tmp_path: Path) -> None:
    answer = Command(tmp_path, record.dsns["operator"])("freeze", "clerk", "--hard")
    assert answer.code == 1
    assert answer.out.startswith("agent clerk is frozen\n")
    said = " ".join(answer.err.split())
    assert "agent clerk is frozen; its login could not be taken: permission denied" in said
    assert record.moat.value("SELECT frozen_at IS NOT NULL FROM pgmoat.agent WHERE name = 'clerk'")
