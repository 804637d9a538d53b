"""Errors are pgmoat's and SQLAlchemy's at once; what cannot work is refused early."""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest
from sqlalchemy import Engine, exc, text
from sqlalchemy.orm import Session

from pgmoat import errors
from pgmoat.runtime import Moat
from tests.integration.runtime.sqlalchemy.conftest import EngineMaker
from tests.moat_fixtures import Moat as Site

READ = text("SELECT visits FROM orders WHERE id = 1")
WRITE = text("UPDATE orders SET visits = visits + 1 WHERE id <= :most")


@contextlib.contextmanager
def _fails(
    expected: type[errors.AgentError], wrapper: type[exc.SQLAlchemyError], state: str | None
) -> Generator[pytest.ExceptionInfo[Any]]:
    """Expect an error that is both, with a hint and without a password or token."""
    with pytest.raises(expected) as caught:
        yield caught
    error = caught.value
    assert isinstance(error, errors.AgentError)
    assert isinstance(error, expected)
    assert wrapper in type(error).__mro__
    assert type(error).__name__.endswith("Error")
    assert error.sqlstate == state
    assert error.hint
    assert error.hint in str(error)
    assert "sqlalche.me" not in str(error)
    assert error.as_dict()["code"] == expected.code


def test_a_statement_over_its_limit(make_engine: EngineMaker, tasks: Moat, route: str, shop: Site) -> None:
    engine = make_engine("narrow", route)
    with tasks.task("narrow", "T-1"), engine.connect() as connection:
        with _fails(errors.BudgetExceededError, exc.DatabaseError, "PM010") as caught:
            connection.execute(WRITE, {"most": 4})
        assert caught.value.orig.sqlstate == "PM010"
        assert caught.value.statement.endswith(str(WRITE.text).replace(":most", "%(most)s"))
        assert caught.value.params == {"most": 4}
        assert not caught.value.connection_invalidated
        connection.rollback()
        assert connection.execute(WRITE, {"most": 3}).rowcount == 3
    assert shop.value("SELECT sum(n) FROM public.orders") == 0


def test_a_budget_that_others_used_up_refuses_the_commit(
    make_engine: EngineMaker, tasks: Moat, route: str, shop: Site
) -> None:
    engine = make_engine("support", route)
    opened = tasks.task("support", "T-1", max_writes=5)
    with opened, engine.connect() as first, engine.connect() as second:
        first.execute(text("UPDATE orders SET visits = 1 WHERE id IN (1, 2, 3)"))
        second.execute(text("UPDATE orders SET visits = 1 WHERE id IN (4, 5, 6)"))
        first.commit()
        with _fails(errors.BudgetExceededError, exc.DatabaseError, "PM011"):
            second.commit()
        second.rollback()  # as SQLAlchemy asks for after a COMMIT that failed
        assert second.execute(READ).scalar() == 1
    assert shop.value("SELECT sum(n) FROM public.orders") == 3


def test_frozen(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1"), engine.connect() as connection:
        connection.execute(READ)
        shop.run("SELECT pgmoat.freeze_task('support', 'T-1', 'look into it')")
        with pytest.raises((errors.TaskFrozenError, errors.ConnectionLostError)):
            connection.execute(READ)
        connection.rollback()
        with _fails(errors.TaskFrozenError, exc.DatabaseError, "PM004"):
            connection.execute(READ)
    with tasks.task("support", "T-2"), engine.connect() as connection:
        shop.run("SELECT pgmoat.freeze_agent('support', 'all of it')")
        with _fails(errors.AgentFrozenError, exc.DatabaseError, "PM005"):
            connection.execute(READ)


def test_a_timeout(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"), engine.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '100ms'"))
        with _fails(errors.StatementTimeoutError, exc.OperationalError, "57014"):
            connection.execute(text("SELECT pg_sleep(5)"))
        connection.rollback()
        assert connection.execute(READ).scalar() == 0


def test_what_the_role_has_no_right_to(engine: Engine, tasks: Moat) -> None:
    query = text("SELECT card_no FROM public.payments")
    with (
        tasks.task("support", "T-1"),
        engine.connect() as connection,
        _fails(errors.PermissionDeniedError, exc.ProgrammingError, "42501"),
    ):
        connection.execute(query)


def test_other_refusals(engine: Engine, tasks: Moat) -> None:
    refused: list[tuple[str, type[errors.AgentError], type[exc.SQLAlchemyError], str]] = [
        (
            "UPDATE orders SET status = 'canceled' WHERE id = 1",
            errors.ValueRefusedError,
            exc.DBAPIError,
            "PM021",
        ),
        ("DELETE FROM orders WHERE id = 1", errors.ValueRefusedError, exc.DBAPIError, "PM020"),
        (
            "INSERT INTO refunds (order_id, amount) VALUES (1, 1000)",
            errors.ConstraintError,
            exc.IntegrityError,
            "23514",
        ),
    ]
    with tasks.task("support", "T-1"), engine.connect() as connection:
        for statement, kind, wrapper, state in refused:
            with _fails(kind, wrapper, state):
                connection.execute(text(statement))
            connection.rollback()
        with pytest.raises(errors.StatementInvalidError) as caught:
            connection.execute(text("SELEC 1"))
        assert isinstance(caught.value, exc.ProgrammingError)


def test_an_error_may_be_pickled(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(errors.NoTaskError) as caught:
        connection.execute(READ)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert type(again) is type(caught.value)
    assert (str(again), again.sqlstate) == (str(caught.value), "PM001")


def test_the_server_kills_a_connection(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1"), engine.connect() as connection:
        connection.execute(READ)
        shop.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%T-1%'")
        with _fails(errors.ConnectionLostError, exc.OperationalError, "57P01") as caught:
            connection.execute(READ)
        assert caught.value.connection_invalidated
        assert connection.invalidated
        assert caught.value.retry_after_s is not None
        connection.rollback()
        assert connection.execute(READ).scalar() == 0  # made anew, and entered


def test_idle_connections_that_were_killed_are_made_anew(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1"):
        with engine.connect() as first, engine.connect() as second:
            first.execute(READ)
            second.execute(READ)
        shop.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", shop.role("support")
        )
        time.sleep(0.05)
        for _ in range(3):
            with engine.connect() as connection:
                assert connection.execute(READ).scalar() == 0


def test_an_exhausted_pool(make_engine: EngineMaker, tasks: Moat, route: str) -> None:
    engine = make_engine("narrow", route)
    with tasks.task("narrow", "T-1"), contextlib.ExitStack() as held:
        for _ in range(engine.pool.size()):  # type: ignore[attr-defined]
            held.enter_context(engine.connect()).execute(READ)
        started = time.monotonic()
        with _fails(errors.PoolExhaustedError, exc.TimeoutError, None) as caught:
            engine.connect()
        assert 0.15 < time.monotonic() - started < 2
        assert caught.value.retry_after_s == 0.2
        assert caught.value.is_retryable
        with Session(engine) as session, pytest.raises(errors.PoolExhaustedError):
            session.execute(READ)


def test_no_server_there(make_engine: EngineMaker) -> None:
    engine = make_engine(dsn="postgresql://agent:secret-word@127.0.0.1:1/shop")
    with _fails(errors.ConnectionLostError, exc.OperationalError, None) as caught:
        engine.connect()
    assert "secret-word" not in f"{caught.value!s}{caught.value!r}{engine!r}{engine.url!s}"


def test_other_isolation_levels_are_refused_early(make_engine: EngineMaker, engine: Engine) -> None:
    for level in ("AUTOCOMMIT", "SERIALIZABLE", "repeatable read"):
        for attempt in (
            lambda level=level: make_engine(isolation_level=level),
            lambda level=level: make_engine(execution_options={"isolation_level": level}),
            lambda level=level: engine.execution_options(isolation_level=level),
        ):
            with pytest.raises(errors.SessionRefusedError):
                attempt()
        with engine.connect() as connection, pytest.raises(exc.InvalidRequestError, match=level):
            connection.execution_options(isolation_level=level)
    with Session(engine) as session, pytest.raises(errors.SessionRefusedError, match="AUTOCOMMIT"):
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})


def test_two_phases_are_refused(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"):
        with engine.connect() as connection, pytest.raises(errors.SessionRefusedError, match="two-phase"):
            connection.begin_twophase()
        with Session(engine, twophase=True) as session, pytest.raises(errors.SessionRefusedError):
            session.execute(READ)
        with engine.connect() as connection:
            assert connection.execute(READ).scalar() == 0


def test_the_current_task_is_lost_in_threads_and_the_error_says_so(engine: Engine, tasks: Moat) -> None:
    found: list[BaseException] = []

    def read() -> None:
        try:
            with engine.connect() as connection:
                connection.execute(READ)
        except errors.NoTaskError as error:
            found.append(error)

    with tasks.task("support", "T-1"):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert "copy_context" in str(found[0])
