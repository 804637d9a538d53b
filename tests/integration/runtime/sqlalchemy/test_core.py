"""Statements of SQLAlchemy Core as an agent: parameters, percent signs, cursors, savepoints, steps."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    bindparam,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection

from pgmoat import errors
from pgmoat.runtime import Moat, Task
from tests.integration.runtime.sqlalchemy.conftest import EngineMaker
from tests.moat_fixtures import Moat as Site

METADATA = MetaData()
ORDERS = Table(
    "orders",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("status", String),
    Column("visits", Integer),
    Column("note", String),
)
REFUNDS = Table(
    "refunds",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("order_id", Integer),
    Column("amount", Numeric),
)
AWKWARD = "50% of T/1?"
COMMENT = "/*agent_id='support-v1',step='s%20%25s%20%25%28x%29s',task_id='50%25%20of%20T%2F1%3F'*/ "


def _read_query(connection: Connection, sql: str, **arguments: Any) -> Any:
    return connection.exec_driver_sql(sql, **arguments).one()


def test_the_comment_is_one_whatever_way_a_statement_is_sent(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", AWKWARD) as task, task.step("s %s %(x)s"), engine.connect() as connection:
        found = [
            connection.execute(text("SELECT current_query(), '%'")).one(),
            connection.execute(text("SELECT current_query(), CAST(:p AS text)"), {"p": "%"}).one(),
            _read_query(connection, "SELECT current_query(), '%%'"),
            _read_query(connection, "SELECT current_query(), %s::text", parameters=("%",)),
            _read_query(connection, "SELECT current_query(), %(p)s::text", parameters={"p": "%"}),
            _read_query(connection, "SELECT current_query(), '%'", execution_options={"no_parameters": True}),
            connection.execute(
                text("SELECT current_query(), '%'").execution_options(stream_results=True)
            ).one(),
        ]
    *sent, (declared, percent) = found
    assert [query[: len(COMMENT)] for query, _ in sent] == [COMMENT] * 6
    assert [value for _, value in sent] == ["%"] * 6
    assert percent == "%"
    assert COMMENT in declared or declared.startswith("FETCH")


def test_rows_are_written_one_by_one_and_many_at_once(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", AWKWARD) as task, task.step("50%"), engine.begin() as connection:
        one = connection.execute(insert(REFUNDS).values(order_id=1, amount=5).returning(REFUNDS.c.id))
        assert one.scalar_one() > 0
        several = connection.execute(
            insert(REFUNDS).returning(REFUNDS.c.id, REFUNDS.c.order_id, sort_by_parameter_order=True),
            [{"order_id": number, "amount": 1} for number in range(10, 40)],
        ).all()
        assert [order for _, order in several] == list(range(10, 40))
        assert [number for number, _ in several] == sorted(number for number, _ in several)
        connection.execute(insert(REFUNDS), [{"order_id": 50, "amount": 1}, {"order_id": 51, "amount": 1}])
        changed = connection.execute(
            update(ORDERS).where(ORDERS.c.id == bindparam("key")).values(visits=bindparam("n")),
            [{"key": 1, "n": 5}, {"key": 2, "n": 6}, {"key": -1, "n": 7}],
        )
        assert changed.rowcount == 2
        deleted = connection.execute(update(ORDERS).where(ORDERS.c.id < 4).values(note="50% off"))
        assert deleted.rowcount == 3
    assert shop.value("SELECT count(*) FROM public.refunds") == 33
    assert shop.read("SELECT n, note FROM public.orders WHERE id < 4 ORDER BY id") == [
        (5, "50% off"),
        (6, "50% off"),
        (0, "50% off"),
    ]
    assert shop.read("SELECT DISTINCT task_id, step FROM pgmoat.history") == [(AWKWARD, "50%")]


def test_a_large_insert_goes_in_batches(
    make_engine: EngineMaker, route: str, tasks: Moat, shop: Site
) -> None:
    engine = make_engine(route=route, insertmanyvalues_page_size=20)
    with tasks.task("support", AWKWARD), engine.begin() as connection:
        rows = connection.execute(
            insert(REFUNDS).returning(REFUNDS.c.id),
            [{"order_id": number, "amount": 1} for number in range(50)],
        ).all()
    assert len(rows) == 50
    assert shop.value("SELECT count(*) FROM pgmoat.statement") == 3


def test_rows_are_streamed(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", AWKWARD) as task, engine.connect() as connection:
        query = select(ORDERS.c.id).where(ORDERS.c.status != "50%").order_by(ORDERS.c.id)
        streamed = connection.execute(query, execution_options={"yield_per": 500})
        found: list[int] = []
        for partition in streamed.partitions():
            with task.step(f"part {len(found)}"):  # entered while the cursor is open
                connection.execute(text("SELECT 1"))
            found += [number for (number,) in partition]
    assert found == list(range(1, 2001))


def _steps(shop: Site) -> list[tuple[Any, ...]]:
    return shop.read("SELECT key ->> 'id', step FROM pgmoat.history ORDER BY (key ->> 'id')::int")


def _touch(connection: Connection, number: int) -> None:
    connection.execute(text("UPDATE orders SET visits = visits + 1 WHERE id = :id"), {"id": number})


def test_a_step_may_change_within_a_transaction(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1") as task, engine.begin() as connection:
        _touch(connection, 1)
        with task.step("first"):
            _touch(connection, 2)
            with task.step("inner"):
                _touch(connection, 3)
            _touch(connection, 4)
        _touch(connection, 5)
    assert _steps(shop) == [("1", None), ("2", "first"), ("3", "inner"), ("4", "first"), ("5", None)]


def test_a_savepoint_takes_back_what_was_entered_behind_it(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1") as task, engine.begin() as connection:
        with task.step("outer"):
            _touch(connection, 1)
        with task.step("inner"):
            savepoint = connection.begin_nested()
            with task.step("deep"):
                _touch(connection, 2)
            savepoint.rollback()
            _touch(connection, 3)
            savepoint = connection.begin_nested()
            with task.step("deep"):
                savepoint.rollback()  # in another step than the last statement's
                _touch(connection, 4)
            with connection.begin_nested():
                _touch(connection, 5)
    assert _steps(shop) == [("1", "outer"), ("3", "inner"), ("4", "deep"), ("5", "inner")]


def test_a_savepoint_mends_a_failed_statement(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1") as task, engine.begin() as connection:
        savepoint = connection.begin_nested()
        with task.step("try"):
            _touch(connection, 1)
            with pytest.raises(errors.ValueRefusedError, match="division by zero"):
                connection.execute(text("SELECT 1 / 0"))
        savepoint.rollback()
        with task.step("go on"):
            _touch(connection, 2)
    assert _steps(shop) == [("2", "go on")]


def test_transactions_that_sql_itself_ends_are_entered_anew(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1") as task, task.step("s"), engine.connect() as connection:
        _touch(connection, 1)
        connection.execute(text("COMMIT"))
        _touch(connection, 2)
        connection.execute(text("ROLLBACK"))
        _touch(connection, 3)
        connection.commit()
    assert _steps(shop) == [("1", "s"), ("3", "s")]


def test_deletions_are_soft_and_keep_their_reason(engine: Engine, tasks: Moat, shop: Site) -> None:
    with (
        tasks.task("support", "T-1") as task,
        task.step("tidy", reason="duplicate"),
        engine.begin() as connection,
    ):
        assert connection.execute(ORDERS.delete().where(ORDERS.c.id < 3)).rowcount == 2
    assert shop.read("SELECT id, delete_reason FROM public.orders WHERE deleted_at IS NOT NULL") == [
        (1, "duplicate"),
        (2, "duplicate"),
    ]


def test_a_setting_with_parameters(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"), engine.connect() as connection:
        connection.exec_driver_sql("SET application_name TO %s", ("it's 50%",))
        assert connection.scalar(text("SHOW application_name")) == "it's 50%"


def test_reflection_needs_no_task(engine: Engine) -> None:
    inspector = inspect(engine)
    assert inspector.default_schema_name == "agent"
    assert "orders" in inspector.get_view_names()
    columns = {column["name"] for column in inspector.get_columns("orders")}
    assert columns == {"id", "customer_id", "status", "amount", "visits", "note"}
    metadata = MetaData()
    metadata.reflect(engine, views=True, only=["refunds"])
    assert set(metadata.tables["refunds"].columns.keys()) == {"id", "order_id", "amount", "at"}


def test_a_fixed_task_needs_no_context(make_engine: EngineMaker, tasks: Moat, shop: Site, route: str) -> None:
    task: Task = tasks.open_task("support", "T-fixed")
    for given in (task, task.identity):
        engine = make_engine(route=route, task=given)
        with engine.begin() as connection, task.step("s"):
            _touch(connection, 1)
    assert shop.read("SELECT DISTINCT task_id, step FROM pgmoat.history") == [("T-fixed", "s")]


def test_options_of_an_engine_keep_the_task(engine: Engine, tasks: Moat, shop: Site) -> None:
    other = engine.execution_options(isolation_level="READ COMMITTED")
    with tasks.task("support", "T-1"), other.begin() as connection:
        _touch(connection, 1)
    assert shop.value("SELECT task_id FROM pgmoat.history") == "T-1"


def test_a_claimed_task(make_engine: EngineMaker, tasks: Moat, shop: Site, route: str) -> None:
    with tasks.task("robot", "R-1"), make_engine("robot", route).begin() as connection:
        _touch(connection, 1)
    assert shop.read("SELECT agent, task_id FROM pgmoat.history") == [("robot", "R-1")]
