"""An agent tries to do without a person's word, to forge it, or to use it for something else."""

from __future__ import annotations

from typing import LiteralString

import pytest
from psycopg import sql

from tests.integration.approvals.people import (
    MANY,
    Signed,
    begin,
    count_written,
    decide,
    hold,
    hold_once,
    read_state,
    run_once,
    sign,
)
from tests.integration.operations.calls import call_once
from tests.moat_fixtures import Moat, enter, refused

_INNER: tuple[LiteralString, ...] = (
    "SELECT pgmoat.decide(1, '\\x00', true, 'me', NULL)",
    "SELECT pgmoat.hold(1, '{}', '{}', 1000)",
    "SELECT pgmoat.hold_operation(1, '{}', '{}', 1000)",
    "SELECT pgmoat.weigh_operation(1, 0, NULL, NULL)",
    "SELECT pgmoat.sign_call(1, 'x')",
    "SELECT pgmoat.cipher('\\x00', '\\x00')",
    "SELECT * FROM pgmoat.look_at_changes(0)",
    "SELECT pgmoat.find_call(1)",
    "SELECT pgmoat.check_held(1, 'x', '\\x00')",
    "SELECT pgmoat.describe_held(1)",
    "SELECT * FROM pgmoat.count_own_rows()",
    "SELECT pgmoat.ask_tasks('{1}', 1)",
    "SELECT pgmoat.refuse_approval('PM050', 'x', 'x')",
    "SELECT pgmoat.record_incident('worker', 't', 's', 'approval', 'approved', 'approval:1', '{}')",
    "SELECT * FROM pgmoat.approval",
    "SELECT * FROM pgmoat.approvals",
    "UPDATE pgmoat.approval SET decision = 'approved', decided_at = now()",
    "DELETE FROM pgmoat.approval",
    "INSERT INTO pgmoat.approval DEFAULT VALUES",
    "UPDATE pgmoat.agent SET approval_statement_rows = NULL",
    "ALTER TABLE pgmoat.statement DISABLE TRIGGER charge",
    "CREATE OR REPLACE FUNCTION pgmoat.charge() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
)


@pytest.mark.parametrize("statement", _INNER)
def test_what_only_the_functions_may_do(shop: Moat, statement: LiteralString) -> None:
    with shop.task("worker") as connection, refused("42501"), connection.transaction():
        connection.execute(statement)


def test_who_decides(shop: Moat) -> None:
    """Whoever has the approver's role, and nothing else comes with it."""
    number = hold_once(shop, "worker", "k1")
    with shop.superuser() as connection:
        for role in ("orchestrator", "monitor", "views", "writer", "op_wipe"):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(shop.system_role(role))))
            with refused("42501"):
                connection.execute("SELECT pgmoat.decide(%s, '\\x00', true, 'me', NULL)", [number])
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(shop.system_role("approver"))))
        assert connection.execute("SELECT id, state FROM pgmoat.approvals").fetchall() == [
            (number, "pending")
        ]
        for statement in (
            "SELECT * FROM pgmoat.approval",
            "UPDATE pgmoat.approval SET decision = NULL",
            "SELECT pgmoat.freeze_agent('worker', 'x')",
            "SELECT * FROM pgmoat.history",
            "SELECT * FROM agent.counters",
        ):
            with refused("42501"):
                connection.execute(statement.encode())


def test_a_decision_is_about_what_was_shown(shop: Moat) -> None:
    number = hold_once(shop, "worker", "k1")
    shown = shop.value("SELECT fingerprint FROM pgmoat.approvals")
    for fingerprint, is_approved in ((b"", True), (None, True), (b"x" * 32, False), (shown, None)):
        with refused("PM056"), shop.superuser() as connection:
            connection.execute(
                "SELECT pgmoat.decide(%s, %s, %s, 'a', NULL)", [number, fingerprint, is_approved]
            )
    with refused("PM055"):
        shop.run("SELECT pgmoat.decide(%s, %s, true, 'a', NULL)", number + 1, shown)
    decide(shop, number)
    for is_approved in (True, False):
        with refused("PM056"):
            decide(shop, number, is_approved=is_approved)
    shop.run("UPDATE public.counters SET note = 'x' WHERE id = 1")
    assert hold_once(shop, "worker", "k1") == number
    with refused("PM056"):  # the person still sees what was shown first
        shop.run("SELECT pgmoat.decide(%s, %s, true, 'a', NULL)", number, shown)
    assert read_state(shop, number) == ("pending", 2)


def test_a_forged_preview(shop: Moat, route: str) -> None:
    """What a person sees is what was written under this very call, in this transaction."""
    with shop.task("worker", route=route) as connection:
        mild = sign(connection, "mild", "UPDATE counters SET v = v + 1 WHERE id = 1", {"mild": 1})
        wild = sign(connection, "wild", MANY, {"wild": 1})
        broken = ("0" if wild.preview[0] != "0" else "1") + wild.preview[1:]
        for forged in (
            Signed(wild.call, mild.preview, mild.signature),
            Signed(wild.call, mild.preview, wild.signature),
            Signed(wild.call, wild.preview, mild.signature),
            Signed(mild.call, wild.preview, wild.signature),
            Signed(wild.call, broken, wild.signature),
            Signed(wild.call, wild.preview.upper(), wild.signature),
            Signed(wild.call, wild.preview + "00", wild.signature),
            Signed(wild.call, "", ""),
            Signed(wild.call, "{}", "0" * 64),
        ):
            with refused("PM048"), connection.transaction():
                hold(connection, forged)
        with refused("PM048"), connection.transaction():
            connection.execute("SELECT pgmoat.hold_write(%s, NULL, NULL)", [wild.call])
        hold(connection, wild)
        with refused("PM048"), connection.transaction():
            hold(connection, wild)
    assert shop.read("SELECT key, affected FROM pgmoat.approvals") == [("wild", 30)]


def test_the_length_of_what_it_carries_tells_nothing(shop: Moat, route: str) -> None:
    """Hidden columns: a word, another word, none, and one that is longer than what a person is shown."""
    shop.run("UPDATE public.counters SET note = 'true' WHERE id = 1")
    shop.run("UPDATE public.counters SET note = 'false' WHERE id = 2")
    shop.run("UPDATE public.counters SET note = NULL WHERE id = 3")
    shop.run("UPDATE public.counters SET note = repeat('ä\t', 40000) WHERE id = 4")
    shop.run("UPDATE public.counters SET note = repeat(E'\\x01', 10900) WHERE id = 5")
    lengths: set[int] = set()
    for number in range(1, 6):
        with shop.connect("narrow", route=route) as connection, connection.transaction():
            enter(connection, shop.open_task("narrow"))
            call_number, _ = begin(connection, "k1")
            connection.execute("UPDATE counters SET v = 7 WHERE id = %s", [number])
            row = connection.execute(
                "SELECT length(preview) FROM pgmoat.sign_preview(%s)", [call_number]
            ).fetchone()
            assert row is not None
            lengths.add(row[0])
            connection.execute("ROLLBACK")
    assert len(lengths) == 1


def test_a_signature_of_another_transaction(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route) as connection:
        old = sign(connection, "k1", "UPDATE counters SET v = v + 1 WHERE id = 1")
        hold(connection, old)
    shop.run("DELETE FROM pgmoat.approval")
    with shop.task("worker", token, route=route) as connection:
        call_number, _ = begin(connection, "k1")
        assert call_number is not None
        for forged in (Signed(call_number, old.preview, old.signature), old):
            with refused("PM048"), connection.transaction():
                hold(connection, forged)
    assert shop.value("SELECT count(*) FROM pgmoat.approval") == 0


def test_a_harmless_write_under_a_wild_request(shop: Moat) -> None:
    """The request is what the agent says; what binds is what was written, and the person sees both."""
    with shop.task("worker") as connection:
        hold(connection, sign(connection, "k1", "UPDATE counters SET v = 1 WHERE id = 1", {"sql": MANY}))
    ((number, request, preview),) = shop.read("SELECT id, request, preview FROM pgmoat.approvals")
    assert (request, len(preview)) == ({"sql": MANY}, 1)
    decide(shop, number)
    with refused("PM053"):
        run_once(shop, "worker", "k1", request={"sql": MANY})
    assert count_written(shop) == 0


def test_another_agents_hold(shop: Moat, route: str) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    with shop.task("twin", route=route) as connection, refused("PM055"), connection.transaction():
        connection.execute("SELECT * FROM pgmoat.outcome(%s)", [number])
    with refused("PM050"):
        run_once(shop, "twin", "k1", route=route)
    token = shop.open_task("worker")
    with refused("PM001"):
        run_once(shop, "twin", "k1", token=token)
    assert hold_once(shop, "twin", "k1") != number
    assert read_state(shop, number) == ("approved", 1)
    assert count_written(shop) == 0


def test_another_scope(shop: Moat) -> None:
    narrow = '{"customer_id": 42}'
    number = hold_once(shop, "worker", "k1", token=shop.open_task("worker", scope=narrow))
    decide(shop, number)
    with refused("PM055"), shop.task("worker") as connection:
        connection.execute("SELECT * FROM pgmoat.outcome(%s)", [number])
    with refused("PM041"):
        run_once(shop, "worker", "k1")
    result = run_once(shop, "worker", "k1", token=shop.open_task("worker", scope=narrow))
    assert result["affected"] == 30


def test_without_a_task(shop: Moat) -> None:
    for statement in ("SELECT * FROM pgmoat.outcome(1)", "SELECT * FROM pgmoat.sign_preview(1)",
                      "SELECT pgmoat.hold_write(1, 'x', 'x')"):  # fmt: skip
        with shop.connect("worker") as connection, refused("PM001"):
            connection.execute(statement.encode())


def test_at_another_isolation_level(shop: Moat) -> None:
    with shop.connect("worker") as connection, refused("PM006"), connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT pgmoat.enter(%s)", [shop.open_task("worker")])
        call_number, _ = begin(connection, "k1")
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])


@pytest.mark.parametrize("ending", ["ROLLBACK TO s", "COMMIT"])
def test_a_hold_and_the_write_in_one_transaction(shop: Moat, ending: str) -> None:
    """Held, and written all the same: that write has nobody's word."""
    with shop.connect("worker") as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT pgmoat.enter(%s)", [shop.open_task("worker")])
        connection.execute("SAVEPOINT s")
        hold(connection, sign(connection, "k1", MANY))
        if ending == "ROLLBACK TO s":
            connection.execute("ROLLBACK TO s")
        connection.execute(MANY)
        with refused("PM050"):
            connection.execute("COMMIT")
    assert count_written(shop) == 0
    assert shop.value("SELECT count(*) FROM pgmoat.approval") == 0


def test_the_undone_run_is_no_run(shop: Moat) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    with shop.task("worker") as connection:
        for _ in range(2):
            connection.execute("SAVEPOINT s")
            call_number, _ = begin(connection, "k1")
            connection.execute(MANY)
            connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
            connection.execute("ROLLBACK TO s")
    assert read_state(shop, number) == ("approved", 1)
    assert count_written(shop) == 0
    run_once(shop, "worker", "k1")
    assert run_once(shop, "worker", "k1")["replayed"]
    assert count_written(shop) == 30


def test_a_hundred_wait_and_no_more(shop: Moat) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token) as connection:
        for number in range(99):
            connection.execute("SELECT wipe(%s, %s)", [number + 1, f"k{number}"])
    assert "approval" in call_once(shop, "worker", "wipe", "k99", counter_id=5)
    with refused("PM054"):
        call_once(shop, "worker", "wipe", "more", counter_id=5)
    with refused("PM054"):
        hold_once(shop, "worker", "more")
    assert "approval" in call_once(shop, "worker", "wipe", "k5", token=token, counter_id=6)
    assert "approval" in call_once(shop, "twin", "wipe", "k1", counter_id=5)
    decide(shop, shop.value("SELECT id FROM pgmoat.approvals WHERE key = 'k7'"), is_approved=False)
    assert "approval" in call_once(shop, "worker", "wipe", "more", counter_id=5)


def test_what_is_held_takes_bytes(shop: Moat) -> None:
    """Whoever holds, is refused and holds again fills the task's budget, and not the disk."""
    token = shop.open_task("small")
    with refused("PM013"):
        for number in range(40):
            call_once(shop, "small", "wipe", f"k{number}", token=token, counter_id=5)
            shop.run("UPDATE pgmoat.approval SET decision = 'rejected', decided_at = now()")
    kept = shop.value("SELECT count(*) FROM pgmoat.approval")
    assert 2 < kept < 16
    assert shop.value("SELECT count(*) FROM pgmoat.incident") == kept


def test_a_request_that_is_too_large(shop: Moat) -> None:
    token = shop.open_task("worker", scope='{"customer_id": 42}')
    assert "approval" in call_once(shop, "worker", "relabel", "k1", token=token, item_id=1, sku="x" * 60_000)
    assert shop.value("SELECT length(request ->> 'sku') FROM pgmoat.approvals") == 60_000
    with refused("PM054"):
        call_once(shop, "worker", "relabel", "k2", token=token, item_id=1, sku="x" * 66_000)


def test_a_long_request_is_given_once_more_and_is_the_same(shop: Moat) -> None:
    request = {"sql": "x" * 10_000}
    with shop.task("worker") as connection:
        signed = sign(connection, "k1", MANY, request)
        with refused("PM046"), connection.transaction():
            hold(connection, signed)
        statement = "SELECT pgmoat.hold_write(%s, %s, %s, jsonb_build_object('sql', repeat(%s, 10000)))"
        given = [signed.call, signed.preview, signed.signature]
        with refused("PM041"), connection.transaction():
            connection.execute(statement, [*given, "y"])
        connection.execute(statement, [*given, "x"])
    assert shop.value("SELECT length(request ->> 'sql') FROM pgmoat.approvals") == 10_000
