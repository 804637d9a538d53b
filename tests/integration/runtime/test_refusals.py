"""What PostgreSQL, the pool and the guard refuse is an error of its own kind, never an empty answer."""

from __future__ import annotations

import threading
import time

import pytest

from pgmoat import errors
from pgmoat.runtime import Backoff, Moat
from tests.integration.runtime.conftest import Opener
from tests.moat_fixtures import Moat as Site

BUMP = "UPDATE orders SET visits = visits + 1 WHERE id = :id"


def test_rows_per_statement(moat: Moat, shop: Site) -> None:
    with moat.task("narrow", "T-1") as task, pytest.raises(errors.BudgetExceededError) as caught:
        task.write("UPDATE orders SET visits = 1 WHERE id < 5")
    assert (caught.value.sqlstate, caught.value.retry_after_s) == ("PM010", None)
    assert "smaller statements" in caught.value.hint
    assert shop.value("SELECT sum(n) FROM public.orders") == 0


def test_writes_per_task_and_a_retry_of_the_task_keeps_its_budget(moat: Moat, shop: Site) -> None:
    with moat.task("narrow", "T-1") as task:
        for number in range(1, 4):
            task.write(BUMP, {"id": number})
    with moat.task("narrow", "T-1") as again:
        for number in range(1, 6):  # the first three are replays, and cost nothing
            again.write(BUMP, {"id": number})
        with pytest.raises(errors.BudgetExceededError) as caught:
            again.write(BUMP, {"id": 6})
    assert caught.value.sqlstate == "PM011"
    assert shop.value("SELECT sum(n) FROM public.orders") == 5
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") == 5


def test_frozen_task_and_agent(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task, moat.task("support", "T-2") as other:
        task.write(BUMP, {"id": 1})
        shop.run("SELECT pgmoat.freeze_task('support', 'T-1', 'looks wrong')")
        for attempt in (lambda: task.write(BUMP, {"id": 1}), lambda: task.query("SELECT id FROM orders")):
            with pytest.raises(errors.TaskFrozenError) as caught:
                attempt()
            assert caught.value.as_dict() == {
                "code": "task-frozen",
                "message": caught.value.message,
                "detail": "Reason: looks wrong",
                "hint": "Stop. Do not retry: a person or a breaker froze this task.",
                "sqlstate": "PM004",
            }
        other.write(BUMP, {"id": 2})
        shop.run("SELECT pgmoat.freeze_agent('support', 'all of them')")
        with pytest.raises(errors.AgentFrozenError):
            other.call("bump", {"order_id": 1})
        with pytest.raises(errors.FrozenError):
            other.preview("UPDATE orders SET visits = 1 WHERE id = 1")
    assert shop.value("SELECT sum(n) FROM public.orders") == 2


def test_what_the_agent_may_not_do(moat: Moat, shop: Site) -> None:
    """The guard tells before, and PostgreSQL stands behind it: tried past the guard in the walls' tests."""
    with moat.task("support", "T-1") as task:
        for statement, rule in (
            ("SELECT card_no FROM public.payments", "relations"),
            ("SELECT pg_sleep(1)", "functions"),
            ("SELECT set_config('statement_timeout', '0', false)", "functions"),
            ("COMMIT; DROP TABLE orders", "one_statement"),
            ("SELECT id FROM orders FOR UPDATE", "locking"),
            ("SET statement_timeout = 0", "statement_class"),
            ("DELETE FROM orders WHERE id = 1", "statement_class"),
        ):
            with pytest.raises(errors.AgentError) as caught:
                task.query(statement)
            assert isinstance(caught.value, errors.GuardRefusedError | errors.StatementInvalidError), (
                statement
            )
            assert getattr(caught.value, "rule", rule) == rule, caught.value
        for statement in (
            "DELETE FROM orders",
            "UPDATE orders SET visits = 1 WHERE true",
            "SELECT 1",
            "TRUNCATE orders",
        ):
            with pytest.raises(errors.GuardRefusedError):
                task.write(statement)
        with pytest.raises(errors.PermissionDeniedError):
            task.write("UPDATE orders SET customer_id = 1 WHERE id = 1")
        with pytest.raises(errors.PermissionDeniedError) as ungranted:
            task.write("UPDATE refunds SET amount = 1 WHERE id = 1")
        with pytest.raises(errors.StatementInvalidError) as missing:
            task.query("SELECT custmer_id FROM orders")
    message = "this agent may not update refunds; it may insert order_id, amount"
    assert ungranted.value.message == message
    assert missing.value.sqlstate == "42703"
    assert "customer_id" in missing.value.hint
    assert shop.value("SELECT count(*) FROM pgmoat.change") == 0


def test_a_refusal_is_logged_by_nobody(moat: Moat, caplog: pytest.LogCaptureFixture) -> None:
    """Each is an exception already; psycopg would add a line about its pipeline now and then."""
    with moat.task("support", "T-1") as task:
        for number in range(60):
            with pytest.raises(errors.AgentError):
                task.query(f"SELECT missing_{number} FROM orders")
            with pytest.raises(errors.AgentError):
                task.call("refund_order", {"order_id": number + 1, "amount": -1})
    assert [record for record in caplog.records if record.name.startswith("psycopg")] == []


def test_a_text_in_double_quotes_is_told(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        with pytest.raises(errors.StatementInvalidError) as caught:
            task.query('SELECT id FROM orders WHERE note = "p1"')
        assert "'p1'" in caught.value.hint
        with pytest.raises(errors.StatementInvalidError) as inside, task.transaction() as transaction:
            transaction.query('SELECT id FROM orders WHERE note = "p1"')
    assert "'p1'" in inside.value.hint


def test_a_constraint_speaks_of_entities(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        with pytest.raises(errors.ConstraintError) as empty:
            task.write("INSERT INTO refunds (order_id, amount) VALUES (NULL, 1)")
        with pytest.raises(errors.ConstraintError) as checked:
            task.write("INSERT INTO refunds (order_id, amount) VALUES (1, 1000)")
        with pytest.raises(errors.ConstraintError) as called:
            task.call("refund_order", {"order_id": 1, "amount": 1000})
    assert empty.value.message.startswith('null value in column "order_id" of refunds violates')
    for caught in (checked, called):
        assert caught.value.message == 'new row for refunds violates check constraint "refunds_amt_check"'
    for caught in (empty, checked, called):
        assert "Failing row" not in str(caught.value.as_dict())


def test_a_hidden_column_is_told_apart(moat: Moat) -> None:
    """PostgreSQL names the view alone."""
    with moat.task("picky", "T-1") as task, pytest.raises(errors.PermissionDeniedError) as caught:
        task.query("SELECT * FROM orders WHERE id = 1")
    assert caught.value.message == "permission denied for orders: this agent may only read id, visits"
    assert "Name the columns" in caught.value.hint
    with (
        pytest.raises(errors.PermissionDeniedError, match="only read id, visits"),
        task.transaction() as inside,
    ):
        inside.query("SELECT * FROM orders WHERE id = 1")


def test_a_plan_that_costs_too_much_is_not_run(make_runtime: Opener, route: str, shop: Site) -> None:
    shop.run("ANALYZE public.orders")
    with make_runtime(route).task("thrifty", "T-1") as task:
        assert task.query("SELECT id FROM orders WHERE id = 1")
        with pytest.raises(errors.GuardRefusedError) as caught:
            task.query("SELECT count(*) FROM orders")
        assert caught.value.rule in {"cost", "plan_rows"}
        assert "Seq Scan on orders" in caught.value.message
        with pytest.raises(errors.GuardRefusedError):
            task.write("UPDATE orders SET visits = 1 WHERE customer_id + 0 = 3")


def test_a_statement_that_takes_too_long(moat: Moat) -> None:
    with moat.task("support", "T-1") as task, pytest.raises(errors.StatementTimeoutError) as caught:
        task.query(
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 100000000)"
            " SELECT count(*) FROM r"
        )
    assert (caught.value.sqlstate, caught.value.retry_after_s) == ("57014", None)


def test_an_exhausted_pool_is_never_an_empty_answer(make_runtime: Opener, route: str) -> None:
    moat = make_runtime(route, backoff=Backoff(deadline_s=0))
    with (
        moat.task("narrow", "T-1") as task,
        task.transaction(),
        pytest.raises(errors.PoolExhaustedError) as caught,
    ):
        task.query("SELECT id FROM orders WHERE id = 1")
    assert caught.value.retry_after_s == 0.2
    assert "no empty answer" in caught.value.hint


def test_an_exhausted_pool_is_waited_for(make_runtime: Opener, route: str) -> None:
    moat = make_runtime(route)
    with moat.task("narrow", "T-1") as task:
        holding, done = threading.Event(), threading.Event()

        def hold() -> None:
            with task.transaction():
                holding.set()
                done.wait(10)

        thread = threading.Thread(target=hold)
        thread.start()
        holding.wait(10)
        threading.Timer(0.5, done.set).start()
        assert task.query("SELECT id FROM orders WHERE id = 1")[0]["id"] == 1
        thread.join()


def test_nobody_answers(make_runtime: Opener, shop: Site) -> None:
    moat = make_runtime("direct", address="127.0.0.1:1", backoff=Backoff(deadline_s=0), orchestrator_dsn=None)
    with pytest.raises(errors.ConnectionLostError) as caught:
        moat.open_task("robot", "T-1")
    assert "127.0.0.1" in caught.value.message
    assert shop.passwords[shop.role("robot")] not in str(caught.value)


def test_a_login_that_is_refused_is_not_tried_again(make_runtime: Opener, shop: Site, route: str) -> None:
    password = shop.passwords[shop.role("robot")]
    wrong = {"robot": shop.dsns(route)["robot"].replace(password, "no-such-password")}
    moat = make_runtime(route, dsns=wrong, orchestrator_dsn=None)
    with pytest.raises(errors.PermissionDeniedError, match="refuses the login") as caught:
        moat.open_task("robot", "T-1")
    assert not hasattr(caught.value, "__notes__")  # which would say how often it was tried
    assert "no-such-password" not in str(caught.value)


def test_a_row_that_others_write_is_tried_again(moat: Moat, shop: Site) -> None:
    """Eight writers of one row: none is lost, whatever moved in between."""
    with moat.task("support", "T-1") as task:

        def bump(number: int) -> None:
            task.write(BUMP, {"id": 1}, key=f"writer {number}")

        threads = [threading.Thread(target=bump, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert shop.value("SELECT n FROM public.orders WHERE id = 1") == 8


def test_a_killed_session_is_replaced_without_a_word(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        for number in range(1, 6):
            task.write(BUMP, {"id": number})
            shop.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s",
                shop.role("support"),
            )
            time.sleep(0.02)
    assert shop.value("SELECT sum(n) FROM public.orders") == 5
