"""Nothing of a task is left on the connection for who gets it next."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, exc, text

from pgmoat import errors
from pgmoat.runtime import Moat
from pgmoat.runtime.sqlalchemy import create_agent_engine
from tests.integration.runtime.sqlalchemy.conftest import EngineMaker, change_pool
from tests.moat_fixtures import Moat as Site

READ = text("SELECT visits FROM orders WHERE id = 1")
WRITE = text("UPDATE orders SET visits = visits + 1 WHERE id = :id")
WHO = text("SELECT current_setting('pgmoat.token', true), current_setting('application_name')")


@pytest.fixture
def single(shop: Site, make_engine: EngineMaker, route: str) -> Engine:
    """An engine whose pool has one connection."""
    policy = change_pool(shop.policy, "support", workers=1, steps=1, overflow=0, timeout=300)
    return make_engine(route=route, policy=policy)


def test_two_tasks_take_turns_on_one_connection(single: Engine, tasks: Moat, shop: Site) -> None:
    for number in range(1, 21):
        task_id = f"T-{number % 2 + 1}"
        with tasks.task("support", task_id) as task, task.step(f"s{number}"), single.begin() as connection:
            connection.execute(WRITE, {"id": number})
    found = shop.read("SELECT (key ->> 'id')::int, task_id, step FROM pgmoat.history ORDER BY 1")
    assert found == [(number, f"T-{number % 2 + 1}", f"s{number}") for number in range(1, 21)]


@pytest.mark.parametrize("ending", ["commit", "rollback", "close", "fail", "kill"])
def test_the_next_without_a_task_is_refused(single: Engine, tasks: Moat, shop: Site, ending: str) -> None:
    with tasks.task("support", "T-1") as task, task.step("s"):
        connection = single.connect()
        connection.execute(READ)
        if ending == "fail":
            with pytest.raises(exc.DBAPIError):
                connection.execute(text("SELECT 1 / 0"))
        elif ending == "kill":
            shop.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%T-1%'"
            )
            with pytest.raises(errors.ConnectionLostError):
                connection.execute(READ)
        elif ending != "close":
            getattr(connection, ending)()
        connection.close()
    with single.connect() as connection:
        assert tuple(connection.execute(WHO).one()) == ("", "pgmoat")
        for statement, parameters in ((READ, {}), (WRITE, {"id": 1})):
            connection.rollback()
            with pytest.raises(errors.NoTaskError) as caught:
                connection.execute(statement, parameters)
            assert caught.value.sqlstate == "PM001"
            assert "with moat.task" in caught.value.hint
            assert "asyncio.to_thread" in str(caught.value)


def test_what_hostile_sql_leaves_on_a_session_is_gone(single: Engine, tasks: Moat) -> None:
    leave = (
        "SELECT set_config('pgmoat.token', current_setting('pgmoat.token'), false)",
        "SET application_name = 'pgmoat:T-9:x'",
        "SET search_path = pg_temp, agent",
        "SET statement_timeout = 0",
        "SELECT pg_advisory_lock(7)",
        "LISTEN x",
        "DECLARE kept CURSOR WITH HOLD FOR SELECT 1",
    )
    with tasks.task("support", "T-1"), single.connect() as connection:
        for statement in leave:
            connection.execute(text(statement))
        connection.commit()
    with single.connect() as connection:
        assert tuple(connection.execute(WHO).one()) == ("", "pgmoat")
        assert connection.scalar(text("SHOW search_path")) == "agent, pg_temp"
        assert connection.scalar(text("SHOW statement_timeout")) == "2s"
        assert connection.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0
        with pytest.raises(errors.NoTaskError):
            connection.execute(READ)


def test_statements_of_sql_do_not_pass_for_the_drivers(
    make_engine: EngineMaker, tasks: Moat, shop: Site
) -> None:
    engine = make_engine("narrow")  # no comment: psycopg prepares its statements
    with tasks.task("narrow", "T-1"):
        for _ in range(12):
            with engine.begin() as connection:
                connection.execute(READ).scalar()
        prepared = text("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%visits%'")
        with engine.begin() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            name = connection.scalar(prepared)
            connection.execute(text(f'DEALLOCATE "{name}"'))
            connection.execute(text(f'PREPARE "{name}" AS SELECT 99 AS visits'))
            assert connection.execute(READ).scalar() == 99  # its own forgery
        with engine.begin() as connection:
            assert connection.execute(READ).scalar() == 0
            assert connection.scalar(text("SELECT pg_backend_pid()")) != pid
        for _ in range(3):
            for _ in range(12):
                with engine.begin() as connection:
                    connection.execute(READ).scalar()
            with engine.begin() as connection:
                connection.execute(text("DEALLOCATE ALL"))
            with engine.begin() as connection:
                try:
                    connection.execute(READ)
                except errors.StatementInvalidError:
                    assert connection.invalidated
            with engine.begin() as connection:
                assert connection.execute(READ).scalar() == 0


def test_a_pooler_that_hands_sessions_on_as_they_are(shop: Site, tasks: Moat) -> None:
    dsn = shop.dsns("pooled")["support"]
    with shop.connect_pooled("support", resets=False) as connection:
        leaky = f"127.0.0.1:{connection.info.port}"
    first = create_agent_engine(shop.policy, "support", dsn=dsn, address=leaky)
    second = create_agent_engine(shop.policy, "support", dsn=dsn, address=leaky)
    try:
        with tasks.task("support", "T-1"), first.begin() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            connection.execute(
                text("SELECT set_config('pgmoat.token', current_setting('pgmoat.token'), false)")
            )
        with second.connect() as connection:
            assert connection.scalar(text("SELECT pg_backend_pid()")) == pid
            with pytest.raises(errors.NoTaskError):
                connection.execute(READ)
    finally:
        first.dispose()
        second.dispose()


def test_a_transaction_belongs_to_one_task(engine: Engine, tasks: Moat, shop: Site) -> None:
    with engine.connect() as connection:
        with tasks.task("support", "T-1"):
            connection.execute(WRITE, {"id": 1})
        connection.execute(WRITE, {"id": 2})  # still the same transaction
        with tasks.task("support", "T-2"):
            with pytest.raises(errors.SessionRefusedError, match="begun in task T-1"):
                connection.execute(WRITE, {"id": 3})
            connection.rollback()
            connection.execute(WRITE, {"id": 4})
            connection.commit()
    assert shop.read("SELECT key ->> 'id', task_id FROM pgmoat.history") == [("4", "T-2")]


def test_a_savepoint_does_not_free_a_transaction_from_its_task(
    engine: Engine, tasks: Moat, shop: Site
) -> None:
    with engine.begin() as connection:
        with tasks.task("support", "T-1"):
            connection.execute(WRITE, {"id": 1})
            connection.begin_nested().rollback()
        connection.execute(WRITE, {"id": 2})
        connection.begin_nested().rollback()
        with tasks.task("support", "T-2"), pytest.raises(errors.SessionRefusedError):
            connection.execute(READ)
    assert shop.read("SELECT key ->> 'id', task_id FROM pgmoat.history ORDER BY 1") == [
        ("1", "T-1"),
        ("2", "T-1"),
    ]


def test_another_agents_task_is_not_used(engine: Engine, tasks: Moat) -> None:
    with tasks.task("second", "S-1"), engine.connect() as connection:
        with pytest.raises(errors.NoTaskError, match="belongs to agent second") as caught:
            connection.execute(READ)
        assert isinstance(caught.value, exc.SQLAlchemyError)


def test_a_task_may_come_after_begin(engine: Engine, tasks: Moat, shop: Site) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        with tasks.task("support", "T-1"):
            connection.execute(WRITE, {"id": 1})
    assert shop.value("SELECT task_id FROM pgmoat.history") == "T-1"


def test_what_an_engine_does_outlives_dispose(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"):
        for _ in range(2):
            with engine.begin() as connection:
                connection.execute(READ)
                connection.execute(text("SET search_path = pg_temp, agent"))
            with engine.begin() as connection:
                assert connection.scalar(text("SHOW search_path")) == "agent, pg_temp"
            engine.dispose()


def test_every_transaction_is_read_committed(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"), engine.connect() as connection:
        connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        connection.commit()
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert connection.execute(READ).scalar() == 0


def test_the_driver_below_gets_no_task(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"):
        raw = engine.raw_connection()
        try:
            with pytest.raises(Exception, match="no open task"):
                raw.cursor().execute("SELECT visits FROM orders WHERE id = 1")
        finally:
            raw.close()
        with engine.connect() as connection:
            assert connection.execute(READ).scalar() == 0
