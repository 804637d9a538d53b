"""What a task does: reads, writes once, calls, previews; directly and through PgBouncer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from pgmoat import errors
from pgmoat.runtime import Moat, make_idempotency_key
from tests.integration.runtime.conftest import Opener
from tests.moat_fixtures import Moat as Site
from tests.moat_fixtures import new_task_id


def test_a_read(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        found = task.query("SELECT id, status, amount FROM orders WHERE id = :id", {"id": 6})
    assert list(found) == [{"id": 6, "status": "pending", "amount": Decimal("10.50")}]
    assert (found.columns, found.affected, found.truncated) == (("id", "status", "amount"), 1, False)
    assert (found.replayed, found.warnings, found.statement_id) == (False, (), None)


def test_parameters_in_order(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        assert task.query("SELECT id FROM orders WHERE id = $1", [6])[0] == {"id": 6}
        assert task.query("SELECT '100%' AS share, ':x' AS colon")[0] == {"share": "100%", "colon": ":x"}


def test_rows_are_cut_off_on_the_server(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        found = task.query("SELECT id FROM orders ORDER BY id DESC")
        exactly = task.query("SELECT id FROM orders ORDER BY id DESC LIMIT 100")
    assert [row["id"] for row in found] == list(range(2000, 1900, -1))
    assert found.truncated
    assert "more rows than the 100 shown" in found.warnings[0]
    assert len(exactly) == 100
    assert not exactly.truncated


def test_bytes_are_cut_off_on_the_server(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        found = task.query("SELECT id, repeat('x', 10000) AS pad FROM orders WHERE id < 50 ORDER BY id")
        assert [row["id"] for row in found] == [1, 2, 3, 4, 5, 6]
        assert found.truncated
        with pytest.raises(errors.ResultTooLargeError) as caught:
            task.query("SELECT repeat('x', 1000000) AS pad")
    assert caught.value.sqlstate == "54000"
    assert "1000002 bytes" in caught.value.message


def test_rows_that_a_write_returns_are_cut_off_on_the_server_too(moat: Moat, shop: Site) -> None:
    write = (
        "UPDATE orders SET visits = visits + 1 WHERE id IN (11, 12, 13, 14, 15, 16, 17, 18) RETURNING id, "
    )
    with moat.task("support", "T-1") as task:
        found = task.write(write + "repeat('x', 10000) AS pad")
        assert (len(found), found.affected, found.truncated) == (6, 8, True)
        assert found.columns == ("id", "pad")
        assert "more rows than the 6 shown" in found.warnings[0]
        with pytest.raises(errors.ResultTooLargeError):
            task.write(write + "repeat('x', 1000000) AS pad")
        shown = task.preview(write + "repeat('x', 10000) AS pad")
        assert (len(shown.result), shown.affected, len(shown.changes)) == (6, 8, 8)
    assert shop.value("SELECT sum(n) FROM public.orders") == 8  # what could not be given back was not written


def test_nothing_found_is_an_empty_answer_and_no_column_hides_another(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        found = task.query("SELECT id FROM orders WHERE id = -1")
        assert (list(found), found.columns, found.truncated) == ([], ("id",), False)
        twice = task.query("SELECT a.id, b.id FROM orders AS a JOIN orders AS b ON b.id = a.id + 1 LIMIT 1")
        assert list(twice) == [{"id": twice[0]["id"], "id_2": twice[0]["id"] + 1}]
        assert "several columns are called id" in twice.warnings[0]


def test_a_write_takes_effect_once(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        write = "UPDATE orders SET visits = visits + 1 WHERE id = :id RETURNING id, visits, amount"
        first = task.write(write, {"id": 7})
        again = task.write(write, {"id": 7})
        more = task.write(write, {"id": 7}, occurrence=2)
    assert list(first) == [{"id": 7, "visits": 1, "amount": Decimal("10.50")}]
    assert (first.affected, first.replayed) == (1, False)
    assert (again.rows, again.affected, again.replayed) == (first.rows, 1, True)
    assert again.statement_id == first.statement_id == shop.value("SELECT min(id) FROM pgmoat.statement")
    assert "done before with the same key" in again.warnings[0]
    assert list(more) == [{"id": 7, "visits": 2, "amount": Decimal("10.50")}]
    assert shop.value("SELECT n FROM public.orders WHERE id = 7") == 2


def test_a_replay_gives_values_of_the_same_types(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        insert = "INSERT INTO refunds (order_id, amount) VALUES (7, 9.95) RETURNING id, amount, at"
        first, again = task.write(insert), task.write(insert)
    assert again.replayed
    assert again.rows == first.rows
    assert isinstance(again[0]["at"], datetime)
    assert again[0]["amount"] == Decimal("9.95")


def test_a_key_stands_for_one_write(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        task.write("UPDATE orders SET visits = 5 WHERE id = 7", key="k1")
        with pytest.raises(errors.IdempotencyConflictError) as caught:
            task.write("UPDATE orders SET visits = 6 WHERE id = 7", key="k1")
    assert caught.value.sqlstate == "PM041"
    assert caught.value.hint
    assert shop.value("SELECT n FROM public.orders WHERE id = 7") == 5


def test_another_task_writes_anew(moat: Moat, shop: Site) -> None:
    for task_id in ("T-1", "T-2", "T-1"):
        with moat.task("support", task_id) as task:
            task.write("UPDATE orders SET visits = visits + 1 WHERE id = 7")
    assert shop.value("SELECT n FROM public.orders WHERE id = 7") == 2


def test_a_write_of_nothing_says_so(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        found = task.write("UPDATE orders SET visits = 1 WHERE id = -1")
    assert (found.affected, found.statement_id) == (0, None)
    assert found.warnings == ("nothing was written: no row fits the conditions",)


def test_a_deletion_keeps_its_reason_and_its_step(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        with pytest.raises(errors.ValueRefusedError) as caught:
            task.write("DELETE FROM orders WHERE id = 7")
        assert caught.value.sqlstate == "PM020"
        assert caught.value.hint.startswith("Pass reason=… to write()")
        with task.step("tidy up", reason="duplicate"):
            task.write("DELETE FROM orders WHERE id = 7")
        task.write("DELETE FROM orders WHERE id = 8", reason="asked for")
    assert shop.read("SELECT key ->> 'id', step, reason FROM pgmoat.history ORDER BY key") == [
        ("7", "tidy up", "duplicate"),
        ("8", None, "asked for"),
    ]


def test_an_event_of_a_log_uses_the_writes_key(moat: Moat, shop: Site) -> None:
    event = (
        "INSERT INTO ticket_log (tickets_id, new_status, idempotency_key)"
        " VALUES (:id, 'closed', :idempotency_key)"
    )
    with moat.task("support", new_task_id()) as task:  # events stay: nothing puts a log back
        first, again = task.write(event, {"id": 3}), task.write(event, {"id": 3})
    assert (first.replayed, again.replayed) == (False, True)
    assert shop.value("SELECT count(*) FROM pgmoat.log_ticket_log WHERE idempotency_key = %s", first.key) == 1
    assert shop.value("SELECT state FROM public.tickets WHERE id = 3") == "closed"


def test_a_call_takes_effect_once(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        first = task.call("refund_order", {"order_id": 7, "amount": Decimal("9.95")})
        again = task.call("refund_order", {"order_id": 7, "amount": Decimal("9.95")})
    assert (first.affected, first.replayed, again.replayed) == (2, False, True)
    assert first[0]["amount"] == Decimal("9.95")
    assert again.rows == first.rows
    assert first.statement_id is not None
    assert shop.value("SELECT count(*) FROM public.refunds") == 1
    assert first.key == make_idempotency_key(
        "T-1", "refund_order", {"order_id": 7, "amount": Decimal("9.95")}
    )


def test_a_call_that_is_wrong_is_told_what_is_right(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        with pytest.raises(errors.PermissionDeniedError, match="no operation 'refund'"):
            task.call("refund", {"order_id": 7})
        with pytest.raises(errors.ValueRefusedError, match="no parameter 'order'"):
            task.call("refund_order", {"order": 7})
        with pytest.raises(errors.ValueRefusedError, match="needs amount"):
            task.call("refund_order", {"order_id": 7})
        with pytest.raises(errors.StateConflictError, match="must be positive"):
            task.call("refund_order", {"order_id": 7, "amount": -1})


def test_a_preview_shows_rows_and_leaves_everything(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        shown = task.preview("UPDATE orders SET visits = visits + 1 WHERE id IN (7, 8)")
        deleted = task.preview("DELETE FROM orders WHERE id = 9", reason="to see")
        called = task.preview_call("refund_order", {"order_id": 7, "amount": 5})
    assert shown.affected == 2
    assert [(c.before["visits"], c.after["visits"]) for c in shown.changes if c.before and c.after] == [
        (0, 1),
        (0, 1),
    ]
    assert "margin" not in str(shown)
    assert [(c.operation, c.after) for c in deleted.changes] == [("delete", None)]
    assert [c.entity for c in called.changes] == ["orders", "refunds"]
    assert [c.after["amount"] for c in called.changes if c.after] == [Decimal("10.50"), Decimal(5)]
    assert list(called.result) == [{"id": called.result[0]["id"], "order_id": 7, "amount": 5}]
    assert shop.value("SELECT sum(n) FROM public.orders") == 0
    assert shop.value("SELECT count(*) FROM public.refunds") == 0
    assert shop.value("SELECT count(*) FROM pgmoat.operation_call") == 0
    assert shop.value("SELECT sum(rows_used) FROM pgmoat.ledger") == 0


def test_what_a_preview_shows_is_cut_off_on_the_server(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        shown = task.preview("UPDATE orders SET note = repeat('x', 30000) WHERE id IN (21, 22, 23)")
    assert (shown.affected, shown.result.truncated) == (3, True)
    assert [change.after is None for change in shown.changes] == [False, False, True]


def test_a_child_is_charged_to_its_parent(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1", max_writes=2) as task:
        child = task.open_child("a")
        child.write("UPDATE orders SET visits = 1 WHERE id = 1")
        task.write("UPDATE orders SET visits = 1 WHERE id = 2")
        with pytest.raises(errors.BudgetExceededError):
            child.write("UPDATE orders SET visits = 1 WHERE id = 3")
    assert child.task_id == "T-1/a"
    assert shop.value("SELECT sum(n) FROM public.orders") == 2


def test_a_task_below_another_agents(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as parent, moat.task("second", "S-1", parent=parent) as below:
        below.write("UPDATE orders SET visits = 1 WHERE id = 1")
        assert moat.close_task(parent)
        with pytest.raises(errors.TaskEndedError):
            below.query("SELECT id FROM orders WHERE id = 1")
    assert shop.value("SELECT count(*) FROM pgmoat.task WHERE closed_at IS NOT NULL") == 1


def test_a_claimed_task_needs_no_orchestrator(make_runtime: Opener, route: str, shop: Site) -> None:
    alone = make_runtime(route, orchestrator_dsn=None)
    with alone.task("robot", "R-1") as task:
        task.write("UPDATE orders SET visits = 1 WHERE id = 1")
    with pytest.raises(errors.NoTaskError, match="needs a token"):
        alone.open_task("support", "T-1")
    assert shop.read("SELECT agent, task_id, origin FROM pgmoat.task") == [("robot", "R-1", "claimed")]


def test_a_task_by_token(make_runtime: Opener, route: str, shop: Site) -> None:
    alone = make_runtime(route, orchestrator_dsn=None)
    with alone.task("support", "T-1", token=shop.open_task("support", "T-1")) as task:
        assert task.query("SELECT id FROM orders WHERE id = 1")
    with (
        alone.task("second", "T-1", token=shop.open_task("support", "T-2")) as stolen,
        pytest.raises(errors.NoTaskError),
    ):
        stolen.query("SELECT id FROM orders WHERE id = 1")


def test_scopes(moat: Moat) -> None:
    with moat.task("customer", "C-1", scope={"customer_id": 4}) as task:
        found = task.query("SELECT DISTINCT customer_id FROM own_orders")
        assert list(found) == [{"customer_id": 4}]
        with pytest.raises(errors.NoTaskError):
            moat.open_task("customer", "C-1", scope={"customer_id": 5})
