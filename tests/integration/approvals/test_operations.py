"""Calls of operations that need a person's word: held, decided, run once as they were shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.approvals.people import count_written, decide, read_state
from tests.integration.operations.calls import call, call_once
from tests.moat_fixtures import Moat, refused


def test_held_without_an_error(shop: Moat, route: str) -> None:
    token = shop.open_task("worker", "T-1")
    with shop.task("worker", token, route=route, step="clean", reason="asked") as connection:
        result = call(connection, "wipe", "k1", counter_id=5)
    approval = result.pop("approval")
    assert result == {
        "operation": "wipe", "key": "k1", "replayed": False, "affected": 0, "rows": [], "truncated": False,
        "statement_id": None,
    }  # fmt: skip
    number = approval["id"]
    assert (approval["state"], approval["affected"]) == ("pending", 1)
    assert approval["why"] == "the policy asks for a person's word on every call"
    image = {"id": 5, "v": 0, "note": "hidden-note", "changed_at": None, "changed_on": None}
    ((preview, is_cut, request, step, reason, task_id),) = shop.read(
        "SELECT preview, is_cut, request, step, given_reason, task_id FROM pgmoat.approvals WHERE id = %s",
        number,
    )
    assert preview == [{"entity": "counters", "operation": "update", "before": image, "after": image}]
    assert (is_cut, request, step, reason, task_id) == (False, {"counter_id": 5}, "clean", "asked", "T-1")
    assert shop.value("SELECT count(*) FROM pgmoat.operation_call") == 0
    assert shop.value("SELECT count(*) FROM pgmoat.change") == 0
    assert shop.read("SELECT kind, action, subject, step FROM pgmoat.incident") == [
        ("approval", "held", f"approval:{number}", "clean")
    ]
    again = call_once(shop, "worker", "wipe", "k1", token=token, route=route, counter_id=5)
    assert again["approval"]["id"] == number
    assert shop.value("SELECT count(*) FROM pgmoat.incident") == 1
    decide(shop, number)
    with shop.task("worker", token, route=route, reason="asked") as connection:
        assert call(connection, "wipe", "k1", counter_id=5)["affected"] == 1
    assert call_once(shop, "worker", "wipe", "k1", token=token, route=route, counter_id=5)["replayed"]
    assert shop.read("SELECT state, xid IS NOT NULL FROM pgmoat.approvals") == [("done", True)]
    assert shop.read("SELECT called, step FROM pgmoat.history") == [("wipe", None)]
    assert [row[0] for row in shop.read("SELECT action FROM pgmoat.incident ORDER BY id")] == [
        "held",
        "approved",
    ]


@pytest.mark.parametrize(
    ("operation", "arguments", "why"),
    [
        ("refund", {"counter_id": 1, "amount": 100}, None),
        ("refund", {"counter_id": 1, "amount": 101}, "amount > 100"),
        ("bump_many", {"last": 20}, None),
        ("bump_many", {"last": 21}, "it writes 21 rows, more than 20"),
        ("free", {"last": 60}, None),
    ],
)
def test_which_calls_ask(shop: Moat, operation: str, arguments: dict[str, Any], why: str | None) -> None:
    result = call_once(shop, "worker", operation, "k1", **arguments)
    assert result.get("approval", {}).get("why") == why
    assert (result["affected"] > 0) is (why is None)


def test_a_condition_that_is_null_asks(shop: Moat) -> None:
    """Anything but false: NaN is larger than any number, and NULL is no answer."""
    assert "approval" in call_once(shop, "worker", "refund", "k1", counter_id=1, amount="NaN")


def test_rejected(shop: Moat, route: str) -> None:
    number = call_once(shop, "worker", "wipe", "k1", counter_id=5)["approval"]["id"]
    decide(shop, number, is_approved=False, reason="leave it")
    with refused("PM051") as caught:
        call_once(shop, "worker", "wipe", "k1", route=route, counter_id=5)
    assert str(number) in str(caught.value.diag.message_primary)
    assert "leave it" in str(caught.value.diag.message_detail)
    assert "approval" in call_once(shop, "worker", "wipe", "k2", counter_id=5)


@pytest.mark.parametrize("decision", [None, True, False])
def test_the_key_stands_for_one_request(shop: Moat, decision: bool | None) -> None:
    number = call_once(shop, "worker", "wipe", "k1", counter_id=5)["approval"]["id"]
    if decision is not None:
        decide(shop, number, is_approved=decision)
    others: list[tuple[str, dict[str, Any]]] = [
        ("wipe", {"counter_id": 6}),
        ("free", {"last": 5}),
        ("bump_many", {"last": 5}),
    ]
    for operation, arguments in others:
        with refused("PM041"):
            call_once(shop, "worker", operation, "k1", **arguments)
    with refused("PM041"):  # in a task of another scope
        token = shop.open_task("worker", scope='{"customer_id": 42}')
        call_once(shop, "worker", "wipe", "k1", token=token, counter_id=5)
    assert count_written(shop) == 0


def test_approved_and_changed_since(shop: Moat, route: str) -> None:
    number = call_once(shop, "worker", "bump_many", "k1", last=21)["approval"]["id"]
    decide(shop, number)
    shop.run("UPDATE public.counters SET note = 'changed' WHERE id = 21")
    held = call_once(shop, "worker", "bump_many", "k1", route=route, last=21)["approval"]
    assert held["id"] == number
    assert held["why"].endswith("it was approved, and would write other rows now")
    assert read_state(shop, number) == ("pending", 2)
    assert shop.read("SELECT decided_at, decided_by, decided_as FROM pgmoat.approvals") == [
        (None, None, None)
    ]
    assert count_written(shop) == 0
    decide(shop, number)
    assert call_once(shop, "worker", "bump_many", "k1", route=route, last=21)["affected"] == 21


def test_what_no_longer_asks_stands(shop: Moat) -> None:
    """It was approved, has changed, and no rule asks now: 20 rows need nobody's word."""
    number = call_once(shop, "worker", "bump_many", "k1", last=21)["approval"]["id"]
    decide(shop, number)
    shop.run("UPDATE public.counters SET deleted_at = now() WHERE id = 21")
    assert call_once(shop, "worker", "bump_many", "k1", last=21)["affected"] == 20
    assert read_state(shop, number) == ("done", 1)


def test_another_effect_each_time_is_never_the_same(shop: Moat) -> None:
    number = call_once(shop, "worker", "drift", "k1", counter_id=1)["approval"]["id"]
    for revision in (1, 2):
        assert read_state(shop, number) == ("pending", revision)
        decide(shop, number)
        assert "approval" in call_once(shop, "worker", "drift", "k1", counter_id=1)


def test_a_precondition_that_no_longer_holds(shop: Moat) -> None:
    with refused("PM044"):
        call_once(shop, "worker", "refund", "k1", counter_id=1, amount=-1)
    with refused("PM045"):
        call_once(shop, "worker", "refund", "k1", counter_id=0, amount=101)
    assert shop.value("SELECT count(*) FROM pgmoat.approval") == 0
    number = call_once(shop, "worker", "refund", "k1", counter_id=1, amount=101)["approval"]["id"]
    decide(shop, number)
    shop.run("DELETE FROM public.counters WHERE id = 1")
    with refused("PM045"):
        call_once(shop, "worker", "refund", "k1", counter_id=1, amount=101)
    assert read_state(shop, number) == ("approved", 1)


@pytest.mark.parametrize("decision", [None, True])
def test_expired_it_is_held_anew(shop: Moat, decision: bool | None) -> None:
    number = call_once(shop, "worker", "wipe", "k1", counter_id=5)["approval"]["id"]
    if decision:
        decide(shop, number)
    shop.run("UPDATE pgmoat.approval SET expires_at = now()")
    assert read_state(shop, number)[0] == "expired"
    with refused("PM056"):
        decide(shop, number)
    assert call_once(shop, "worker", "wipe", "k1", counter_id=5)["approval"]["id"] == number
    assert read_state(shop, number) == ("pending", 2)


def test_its_task_must_live(shop: Moat) -> None:
    token = shop.open_task("worker", "T-1")
    number = call_once(shop, "worker", "wipe", "k1", token=token, counter_id=5)["approval"]["id"]
    decide(shop, number)
    shop.run("SELECT pgmoat.freeze_task('worker', 'T-1', 'x')")
    with refused("PM004"):
        call_once(shop, "worker", "wipe", "k1", token=token, counter_id=5)
    shop.run("SELECT pgmoat.thaw_task('worker', 'T-1')")
    shop.run("SELECT pgmoat.close_task('worker', 'T-1')")
    with refused("PM002"):
        call_once(shop, "worker", "wipe", "k1", token=token, counter_id=5)
    shop.run("SELECT pgmoat.freeze_agent('worker', 'x')")
    with refused("PM005"):
        call_once(shop, "worker", "wipe", "k1", counter_id=5)
    shop.run("SELECT pgmoat.thaw_agent('worker')")
    assert call_once(shop, "worker", "wipe", "k1", counter_id=5)["affected"] == 1


def test_limits_hold_for_the_run(shop: Moat) -> None:
    number = call_once(shop, "worker", "bump_many", "k1", last=30)["approval"]["id"]
    decide(shop, number)
    token = shop.open_task("worker", max_writes=29)
    with refused("PM011"):
        call_once(shop, "worker", "bump_many", "k1", token=token, last=30)
    assert read_state(shop, number)[0] == "approved"


def test_a_preview_is_cut_and_the_fingerprint_is_not(shop: Moat) -> None:
    number = call_once(shop, "worker", "bump_many", "k1", last=150)["approval"]["id"]
    assert shop.read("SELECT affected, jsonb_array_length(preview), is_cut FROM pgmoat.approvals") == [
        (150, 100, True)
    ]
    decide(shop, number)
    shop.run("UPDATE public.counters SET note = 'x' WHERE id = 150")
    assert "approval" in call_once(shop, "worker", "bump_many", "k1", last=150)
    shop.run("UPDATE public.counters SET note = repeat('é', 10000)")
    call_once(shop, "worker", "bump_many", "k2", last=150)
    ((shown, size),) = shop.read(
        "SELECT jsonb_array_length(preview), octet_length(preview::text) FROM pgmoat.approval"
        "  WHERE key = 'k2'"
    )
    assert shown == 100
    assert size <= 66_000


def test_a_row_of_its_own_is_known_by_what_is_in_it(shop: Moat) -> None:
    """The number that the database draws is another one each time, and so is now()."""
    number = call_once(shop, "worker", "refund", "k1", counter_id=1, amount=101, why="x")["approval"]["id"]
    shop.run("SELECT nextval('public.refunds_id_seq') FROM generate_series(1, 5)")
    decide(shop, number)
    assert call_once(shop, "worker", "refund", "k1", counter_id=1, amount=101, why="x")["affected"] == 2


def test_an_event_is_known_by_what_it_says(shop: Moat) -> None:
    """Its number, the task, the step and the time are another each time."""
    ticket = shop.value("INSERT INTO public.tickets DEFAULT VALUES RETURNING id")
    with shop.task("worker", step="first") as connection:
        number = call(connection, "close_ticket", "k1" + str(ticket), ticket_id=ticket)["approval"]["id"]
    assert shop.value("SELECT st FROM public.tickets WHERE id = %s", ticket) == "open"
    found = shop.read(
        "SELECT e ->> 'entity' FROM pgmoat.approvals, jsonb_array_elements(preview) AS e ORDER BY 1"
    )
    assert found == [("ticket_log",), ("tickets",)]
    decide(shop, number)
    with shop.task("worker", step="second") as connection:
        assert call(connection, "close_ticket", "k1" + str(ticket), ticket_id=ticket)["affected"] == 2
    assert shop.value("SELECT st FROM public.tickets WHERE id = %s", ticket) == "closed"


def test_named_tasks_wait_too(shop: Moat) -> None:
    with shop.connect("claimer", application_name="pgmoat:N-1:s") as connection:
        with connection.transaction():
            number = call(connection, "wipe", "k1", counter_id=5)["approval"]["id"]
        decide(shop, number)
        with connection.transaction():
            row = connection.execute("SELECT state FROM pgmoat.outcome(%s)", [number]).fetchone()
            assert row == ("approved",)
            assert call(connection, "wipe", "k1", counter_id=5)["affected"] == 1


def test_what_is_forgotten(shop: Moat) -> None:
    numbers = [call_once(shop, "worker", "wipe", f"k{i}", counter_id=5)["approval"]["id"] for i in range(3)]
    decide(shop, numbers[0])
    call_once(shop, "worker", "wipe", "k0", counter_id=5)
    decide(shop, numbers[1], is_approved=False)
    shop.run("SELECT pgmoat.prune_operations('0 s')")
    assert shop.value("SELECT count(*) FROM pgmoat.approval") == 3
    shop.run(
        "UPDATE pgmoat.approval SET expires_at = now(); UPDATE pgmoat.operation_call SET expires_at = now()"
    )
    shop.run("SELECT pgmoat.prune_operations('1 h')")
    assert shop.value("SELECT count(*) FROM pgmoat.approval") == 3
    shop.run("SELECT pgmoat.prune_operations('0 s')")
    assert shop.read("SELECT id, state FROM pgmoat.approvals") == [(numbers[1], "rejected")]
    assert "approval" in call_once(shop, "worker", "wipe", "k0", counter_id=5)
    with refused("PM051"):
        call_once(shop, "worker", "wipe", "k1", counter_id=5)


def test_a_call_that_is_forgotten_is_held_anew(shop: Moat) -> None:
    number = call_once(shop, "worker", "wipe", "k1", counter_id=5)["approval"]["id"]
    decide(shop, number)
    call_once(shop, "worker", "wipe", "k1", counter_id=5)
    shop.run("DELETE FROM pgmoat.operation_call")
    assert call_once(shop, "worker", "wipe", "k1", counter_id=5)["approval"]["id"] == number
    assert read_state(shop, number) == ("pending", 2)
