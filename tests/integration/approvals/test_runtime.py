"""The runtime of an agent whose writes wait for a person's word: direct, and through PgBouncer."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from pgmoat import errors
from pgmoat.runtime import AsyncMoat, Backoff, Jsonb, Moat
from pgmoat.runtime.sqlalchemy import create_agent_engine, write_once
from tests.integration.approvals.people import count_written, decide, hold_once, read_state
from tests.moat_fixtures import Moat as Site

QUICK = Backoff(deadline_s=10.0, first_s=0.01, most_s=0.2)
MANY = "UPDATE counters SET v = v + :by WHERE id <= 30"
BUMP = "UPDATE counters SET v = v + 1 WHERE id = :id"


@pytest.fixture
def moat(shop: Site, route: str) -> Generator[Moat]:
    """The runtime, by each route in turn."""
    dsns = shop.dsns(route)
    with Moat(shop.policy, dsns=dsns, orchestrator_dsn=shop.database.dsn, backoff=QUICK) as opened:
        yield opened


def test_a_write_waits_and_then_runs_once(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1") as task, task.step("bump many"):
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write(MANY, {"by": 2})
        error = caught.value
        number = error.approval_id
        assert number is not None
        assert error.code == "approval-required"
        assert error.why == "it writes 30 rows, more than 20"
        assert error.expires_at is not None
        assert timedelta(minutes=50) < error.expires_at - datetime.now(UTC) <= timedelta(hours=1)
        shown = error.as_dict()
        assert (shown["approval_id"], shown["why"]) == (number, error.why)
        assert shown["expires_at"] == error.expires_at.isoformat()
        assert error.retry_after_s is None
        with pytest.raises(errors.ApprovalRequiredError) as again:
            task.write(MANY, {"by": 2})
        assert again.value.approval_id == number
        assert read_state(shop, number) == ("pending", 1)
        found = task.outcome(number)
        assert (found.id, found.state, found.operation, found.result) == (number, "pending", "write()", None)
        assert count_written(shop) == 0
        decide(shop, number)
        found = task.outcome(number)
        assert (found.state, found.why) == ("done", error.why)
        assert found.result is not None
        assert (found.result.affected, found.result.replayed) == (30, False)
        again_found = task.outcome(number)
        assert again_found.result is not None
        assert (again_found.state, again_found.result.affected) == ("done", 30)
        assert task.write(MANY, {"by": 2}).replayed
    assert count_written(shop) == 60
    assert shop.read("SELECT step, operation, request -> 'parameters' FROM pgmoat.approvals") == [
        ("bump many", "write()", [2])
    ]


def test_repeated_with_the_same_key_it_runs_too(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1") as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write(MANY, {"by": 1}, key="mine")
        assert caught.value.approval_id is not None
        decide(shop, caught.value.approval_id)
        assert task.write(MANY, {"by": 1}, key="mine").affected == 30
        with pytest.raises(errors.IdempotencyConflictError):
            task.write(MANY, {"by": 3}, key="mine")
    assert count_written(shop) == 30


def test_a_call_waits_and_then_runs_once(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1") as task:
        assert task.call("refund", {"counter_id": 1, "amount": 100}).affected == 2
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.call("refund", {"counter_id": 2, "amount": Decimal("100.010")})
        number = caught.value.approval_id
        assert number is not None
        assert caught.value.why == "amount > 100"
        decide(shop, number)
        found = task.outcome(number)
        assert found.state == "done"
        assert found.result is not None
        assert found.result.rows == ({"id": 2, "v": 1},)
        assert task.call("refund", {"counter_id": 2, "amount": Decimal("100.010")}).replayed
    assert shop.read("SELECT counter, amount FROM public.refunds ORDER BY 1") == [
        (1, Decimal(100)),
        (2, Decimal("100.01")),
    ]


def test_a_person_says_no(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1") as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.call("wipe", {"counter_id": 1})
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number, is_approved=False, reason="not this one")
        with pytest.raises(errors.ApprovalRejectedError) as rejected:
            task.call("wipe", {"counter_id": 1})
        assert rejected.value.code == "approval-rejected"
        assert "not this one" in rejected.value.detail
        found = task.outcome(number)
        assert (found.state, found.reason, found.result) == ("rejected", "not this one", None)
        with pytest.raises(errors.NoApprovalError) as unknown:
            task.outcome(number + 1)
        assert unknown.value.code == "no-approval"
        for wrong in (0, -1, True, "1", 2**63, None):
            with pytest.raises(errors.ValueRefusedError):
                task.outcome(wrong)  # pyright: ignore[reportArgumentType] - what a model may give


def test_what_changed_since_is_asked_for_anew(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1") as task:
        for call in (
            lambda: task.write(MANY, {"by": 1}),
            lambda: task.call("bump_many", {"last": 25}),
        ):
            with pytest.raises(errors.ApprovalRequiredError) as caught:
                call()
            number = caught.value.approval_id
            assert number is not None
            decide(shop, number)
            shop.run("UPDATE public.counters SET note = 'a person was here' || v WHERE id = 7")
            found = task.outcome(number)
            assert (found.state, found.result) == ("pending", None)
            assert "would write other rows now" in found.why
            assert read_state(shop, number) == ("pending", 2)
            with pytest.raises(errors.ApprovalRequiredError):
                call()
            decide(shop, number)
            assert task.outcome(number).state == "done"
            assert call().replayed


def test_values_of_all_sorts_are_read_back(moat: Moat, shop: Site) -> None:
    values = {
        "a": 1, "b": "x", "c": None, "d": True, "e": 1.5, "f": Decimal("1.50"), "g": date(2026, 1, 2),
        "h": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "i": timedelta(days=-1, seconds=7, microseconds=5),
        "j": UUID(int=7), "k": b"\0\xff", "l": [1, 2], "m": {"x": [1, {"y": 2.5}]}, "n": Jsonb(["z"]),
    }  # fmt: skip
    types = [
        "int",
        "text",
        "text",
        "boolean",
        "float8",
        "numeric",
        "date",
        "timestamptz",
        "interval",
        "uuid",
        "bytea",
        "int[]",
        "jsonb",
        "jsonb",
    ]
    text = ", ".join(f":{name}::{kind}" for name, kind in zip(values, types, strict=True))
    sql = f"UPDATE counters SET v = v + 1, note = concat_ws('|', {text}) WHERE id <= 21"
    with moat.task("worker", "T-1") as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write(sql, values)
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number)
        found = task.outcome(number)
        assert found.result is not None
        assert (found.state, found.result.affected) == ("done", 21)
    assert count_written(shop) == 21


def test_values_that_cannot_be_read_back_are_repeated(moat: Moat, shop: Site) -> None:
    class Special(float):
        """A type that only its program knows."""

    with moat.task("worker", "T-1") as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write(MANY, {"by": Special(1)}, key="k")
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number)
        with pytest.raises(errors.ValueRefusedError) as refused:
            task.outcome(number)
        assert "with the key" in refused.value.hint
        assert task.write(MANY, {"by": Special(1)}, key="k").affected == 30
    assert count_written(shop) == 30


def test_arguments_of_all_sorts_are_read_back(moat: Moat, shop: Site) -> None:
    arguments = {
        "item_id": 1, "sku": "it's", "tags": ["a", 'b"', None],
        "data": {"x": [1, 2.50, None, "é"]}, "number": Decimal("12345678901234567890.12345"),
    }  # fmt: skip
    with moat.task("worker", "T-1", scope={"customer_id": 42}) as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.call("relabel", arguments)
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number)
        assert task.outcome(number).state == "done"
    assert shop.value("SELECT sku FROM public.items WHERE id = 1") == (
        'it\'s|{"x": [1, 2.5, null, "é"]}|{a,"b\\"",NULL}|12345678901234567890.12345'
    )


def test_deletions_run_with_the_reason_that_was_given(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1") as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write("DELETE FROM counters WHERE id <= :n", {"n": 30}, reason="doubles")
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number)
        assert task.outcome(number).state == "done"
    deleted = shop.read("SELECT delete_reason, count(*) FROM public.counters WHERE id <= 30 GROUP BY 1")
    assert deleted == [("doubles", 30)]
    assert shop.value("SELECT given_reason FROM pgmoat.approvals") == "doubles"


def test_returning_and_a_long_request(moat: Moat, shop: Site) -> None:
    """Above 8 kB the request of a write that is done is not kept; that of one that waits is."""
    sql = "UPDATE counters SET v = v + 1, note = :note WHERE id <= 21 RETURNING id"
    with moat.task("worker", "T-1") as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write(sql, {"note": "x" * 20_000})
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number)
        found = task.outcome(number)
        assert found.result is not None
        assert sorted(row["id"] for row in found.result) == list(range(1, 22))
        with pytest.raises(errors.BudgetExceededError) as caught_large:
            task.write(sql, {"note": "x" * 70_000})
        assert caught_large.value.sqlstate == "PM054"


def test_previews_go_on_working(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1") as task:
        preview = task.preview_call("wipe", {"counter_id": 1})
        assert (preview.affected, preview.changes[0].entity) == (1, "counters")
        assert task.preview(MANY, {"by": 1}).affected == 30
        assert task.preview_call("free", {"last": 3}).affected == 3
    assert shop.value("SELECT count(*) FROM pgmoat.approval") == 0


def test_inside_of_a_transaction_that_goes_on(moat: Moat, shop: Site) -> None:
    """What is held is kept with the rest, where the block catches the error."""
    with moat.task("worker", "T-1") as task:
        with task.transaction() as transaction:
            transaction.write(BUMP, {"id": 1})
            with pytest.raises(errors.ApprovalRequiredError) as caught:
                transaction.call("wipe", {"counter_id": 1})
            transaction.write(BUMP, {"id": 2})
        number = caught.value.approval_id
        assert number is not None
        assert count_written(shop) == 2
        decide(shop, number)
        with task.transaction() as transaction:
            assert transaction.call("wipe", {"counter_id": 1}).affected == 1
        assert task.outcome(number).state == "done"
    assert count_written(shop) == 1


def test_inside_of_a_transaction_that_ends_by_it(moat: Moat, shop: Site) -> None:
    """All of it is rolled back, and the error says that nothing is held."""
    with moat.task("worker", "T-1") as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught, task.transaction() as transaction:
            transaction.write(BUMP, {"id": 1})
            transaction.call("wipe", {"counter_id": 1})
        assert caught.value.approval_id is None
        assert "approval_id" not in caught.value.as_dict()
        assert "nothing is held" in caught.value.detail
        with pytest.raises(errors.ApprovalRequiredError) as caught, task.transaction() as transaction:
            transaction.write(MANY, {"by": 1})
        assert (caught.value.approval_id, caught.value.sqlstate) == (None, "PM050")
        assert "write()" in caught.value.hint
        assert shop.value("SELECT count(*) FROM pgmoat.approval") == 0
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write(MANY, {"by": 1})
        number = caught.value.approval_id
        with pytest.raises(errors.ApprovalRequiredError) as caught, task.transaction() as transaction:
            transaction.write(MANY, {"by": 1})
        assert caught.value.approval_id == number
        assert number is not None
        decide(shop, number)
        with task.transaction() as transaction:
            assert transaction.write(MANY, {"by": 1}).affected == 30
    assert count_written(shop) == 30


def test_another_task_of_the_same_scope_may_run_it(moat: Moat, shop: Site) -> None:
    with moat.task("worker", "T-1", scope={"customer_id": 42}) as task:
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.call("wipe", {"counter_id": 1}, key="k")
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number)
    with moat.task("worker", "T-2", scope={"customer_id": 43}) as other:
        with pytest.raises(errors.NoApprovalError):
            other.outcome(number)
        with pytest.raises(errors.IdempotencyConflictError):
            other.call("wipe", {"counter_id": 1}, key="k")
    with moat.task("twin", "T-1", scope={"customer_id": 42}) as other, pytest.raises(errors.NoApprovalError):
        other.outcome(number)
    with moat.task("worker", "T-3", scope={"customer_id": 42}) as third:
        assert third.outcome(number).state == "done"


def test_write_once_says_what_waits(shop: Site) -> None:
    number = hold_once(shop, "worker", "k1", request={"many": 1}, token=shop.open_task("worker", "T-1"))
    engine = create_agent_engine(agent="worker", policy=shop.policy, dsn=shop.dsns()["worker"])
    request = {"many": 1}

    def work(connection: Connection) -> int:
        return connection.execute(text("UPDATE counters SET v = v + 1 WHERE id <= 30")).rowcount

    try:
        with Moat(shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn) as moat:
            with (
                moat.task("worker", "T-1"),
                pytest.raises(errors.ApprovalRequiredError) as caught,
                engine.begin() as connection,
            ):
                write_once(connection, "k1", request, work)
            assert caught.value.approval_id == number
            with (
                moat.task("worker", "T-1"),
                pytest.raises(errors.ApprovalRequiredError) as caught,
                engine.begin() as connection,
            ):
                write_once(connection, "k2", request, work)
            assert (caught.value.approval_id, caught.value.sqlstate) == (None, "PM050")
            assert caught.value.as_dict()["code"] == "approval-required"
            decide(shop, number)
            with moat.task("worker", "T-1"), engine.begin() as connection:
                assert write_once(connection, "k1", request, work).affected == 30
    finally:
        engine.dispose()
    assert count_written(shop) == 30


async def _run_async(shop: Site) -> None:
    async with (
        AsyncMoat(shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn, backoff=QUICK) as moat,
        moat.task("worker", "T-1") as task,
    ):
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            await task.write(MANY, {"by": 1})
        number = caught.value.approval_id
        assert number is not None
        decide(shop, number)
        found = await task.outcome(number)
        assert found.state == "done"


def test_async(shop: Site) -> None:
    asyncio.run(_run_async(shop))
    assert count_written(shop) == 30
