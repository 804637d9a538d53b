"""Mapped classes over entity views: units of work as an agent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    FetchedValue,
    ForeignKey,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
)

from pgmoat import errors
from pgmoat.runtime import Moat, make_idempotency_key
from pgmoat.runtime.sqlalchemy import Written, write_once
from tests.moat_fixtures import Moat as Site


class Entity(DeclarativeBase):
    """What the agent sees."""


class Order(Entity):
    """An order."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    status: Mapped[str]
    amount: Mapped[Decimal]
    visits: Mapped[int]
    note: Mapped[str | None]
    refunds: Mapped[list[Refund]] = relationship(back_populates="order")


class Refund(Entity):
    """A refund; PostgreSQL fills in its number and time."""

    __tablename__ = "refunds"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    amount: Mapped[Decimal]
    at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    order: Mapped[Order] = relationship(back_populates="refunds")


def test_a_unit_of_work(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1") as task, Session(engine) as session:
        with task.step("refund"):
            order = session.get_one(Order, 7)
            order.status = "refunded"
            order.refunds.append(Refund(amount=Decimal("9.95")))
            session.add_all([Refund(order_id=8, amount=Decimal(number)) for number in (1, 2, 3)])
            session.flush()
            refund = order.refunds[0]
            assert refund.id > 0
            assert refund.at.tzinfo is not None
        with task.step("tidy", reason="duplicate"):
            session.delete(session.get_one(Order, 9))
            session.commit()
        assert session.get(Order, 9) is None
        loaded = session.scalars(
            select(Order).where(Order.id.in_([7, 8])).options(selectinload(Order.refunds)).order_by(Order.id)
        ).all()
        assert [len(order.refunds) for order in loaded] == [1, 3]
        session.commit()
    assert shop.read("SELECT id, delete_reason FROM public.orders WHERE deleted_at IS NOT NULL") == [
        (9, "duplicate")
    ]
    assert shop.read("SELECT step, count(*) FROM pgmoat.history GROUP BY step ORDER BY step") == [
        ("refund", 5),
        ("tidy", 1),
    ]


def count_rows(session: Session | Connection, statement: Executable, parameters: Any = None) -> int:
    """Return how many rows a statement wrote."""
    found: Any = session.execute(statement, parameters)
    return int(found.rowcount)


def test_bulk_statements_of_the_orm(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1") as task, Session(engine) as session, session.begin():
        assert count_rows(session, update(Order).where(Order.id <= 5).values(visits=Order.visits + 1)) == 5
        session.execute(update(Order), [{"id": 1, "visits": 7}, {"id": 2, "visits": 8}])
        with task.step("tidy", reason="asked for"):
            assert count_rows(session, delete(Order).where(Order.id.in_([3, 4]))) == 2
        assert session.scalar(select(func.sum(Order.visits))) == 16


def test_a_rollback_undoes_and_the_session_goes_on(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1"), Session(engine) as session:
        session.get_one(Order, 1).status = "canceled"
        with pytest.raises(errors.ValueRefusedError):
            session.commit()
        session.rollback()
        session.get_one(Order, 1).status = "shipped"
        with session.begin_nested():
            session.add(Refund(order_id=1, amount=Decimal(1)))
        with pytest.raises(errors.ConstraintError) as caught, session.begin_nested():
            session.add(Refund(order_id=1, amount=Decimal(5000)))
        assert isinstance(caught.value, SQLAlchemyError)
        session.commit()
    assert shop.value("SELECT stat_cd FROM public.orders WHERE id = 1") == 2
    assert shop.value("SELECT count(*) FROM public.refunds") == 1


def test_an_error_of_an_autoflush(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"), Session(engine) as session:
        session.add(Refund(order_id=1, amount=Decimal(5000)))
        with pytest.raises(errors.ConstraintError) as caught:
            session.scalars(select(Order).limit(1)).all()
    assert "autoflush" in str(caught.value)
    assert "autoflush" in caught.value.detail


def test_a_session_that_outlives_its_task(engine: Engine, tasks: Moat) -> None:
    with sessionmaker(engine)() as session:
        with tasks.task("support", "T-1"):
            assert session.get_one(Order, 1).visits == 0
            session.commit()
        with pytest.raises(errors.NoTaskError):
            session.get_one(Order, 1)


def test_a_concurrent_change_is_not_lost(engine: Engine, tasks: Moat, shop: Site) -> None:
    with tasks.task("support", "T-1"), Session(engine) as first, Session(engine) as second:
        first.execute(update(Order).where(Order.id == 1).values(visits=Order.visits + 1))
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(errors.BusyError) as caught:
            second.execute(update(Order).where(Order.id == 1).values(visits=Order.visits + 1))
        assert caught.value.is_retryable
        assert "whole transaction" in caught.value.hint
        first.commit()
    assert shop.value("SELECT n FROM public.orders WHERE id = 1") == 1


def _refund(session: Session) -> list[int]:
    session.get_one(Order, 7).status = "refunded"
    refunds = [Refund(order_id=7, amount=Decimal(number)) for number in (1, 2)]
    session.add_all(refunds)
    session.flush()
    return [refund.id for refund in refunds]


def test_a_unit_of_work_takes_effect_once(engine: Engine, tasks: Moat, shop: Site) -> None:
    key = make_idempotency_key("T-1", "refund", 7)
    request = {"order": 7, "amount": Decimal("3.00")}
    done: list[Written] = []
    with tasks.task("support", "T-1"):
        for _ in range(3):
            with Session(engine) as session, session.begin():
                done.append(write_once(session, key, request, _refund))
        with Session(engine) as session, pytest.raises(errors.IdempotencyConflictError):
            write_once(session, key, {"order": 7, "amount": Decimal(4)}, _refund)
    first, *others = done
    assert (first.affected, first.replayed, first.truncated) == (3, False, False)
    assert [(again.value, again.affected, again.replayed) for again in others] == [(first.value, 3, True)] * 2
    assert first.value == [number for (number,) in shop.read("SELECT id FROM public.refunds ORDER BY id")]
    assert {again.statement_id for again in done} == {first.statement_id}


def test_a_unit_of_work_that_fails_may_be_repeated(engine: Engine, tasks: Moat, shop: Site) -> None:
    def fail(session: Session) -> None:
        _refund(session)
        raise RuntimeError("no")

    with tasks.task("support", "T-1"):
        with pytest.raises(RuntimeError), Session(engine) as session, session.begin():
            write_once(session, "k", {}, fail)
        with engine.begin() as connection:
            write = text("UPDATE orders SET visits = 1 WHERE id = 1")
            assert write_once(connection, "k", {}, lambda target: count_rows(target, write)).value == 1
    assert shop.value("SELECT count(*) FROM public.refunds") == 0


def test_a_unit_of_work_whose_error_is_swallowed_leaves_nothing(
    engine: Engine, tasks: Moat, shop: Site
) -> None:
    """Neither its effect nor its key: what was done half is not committed by what goes on."""

    def return_no_json(session: Session) -> Decimal:
        _refund(session)
        return Decimal(1)

    with tasks.task("support", "T-1"):
        with Session(engine) as session, session.begin():
            with pytest.raises(errors.ValueRefusedError, match="cannot be kept as JSON"):
                write_once(session, "k", {}, return_no_json)
            session.execute(text("UPDATE orders SET visits = 1 WHERE id = 1"))
        with Session(engine) as session, session.begin():
            done = write_once(session, "k", {}, _refund)
    assert not done.replayed
    assert shop.read("SELECT id FROM public.refunds ORDER BY id") == [(number,) for number in done.value]


def test_a_result_that_is_too_large_to_keep(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "T-1"):
        for is_again in (False, True):
            with Session(engine) as session, session.begin():
                found = write_once(session, "k", {}, lambda _: "x" * 100_000)
                assert (found.replayed, found.truncated, found.value) == (is_again, True, None)
