"""What people read of held writes, and that a decision is about what was shown and nothing else."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from pgmoat.errors import NotFoundError
from pgmoat.ledger.approvals import (
    Settled,
    Waiting,
    decide,
    read_approver,
    read_held_write,
    read_held_writes,
    read_settled,
    read_waiting,
)
from tests.approval_fixtures import clear, finish, hold, state_of
from tests.dashboard_fixtures import hire
from tests.moat_fixtures import Moat, refused

Connection = psycopg.Connection[Any]
BIG = "12345678901234567890.1234567890123456789"


@pytest.fixture(autouse=True)
def cleared(desk: Moat) -> Generator[None]:
    clear(desk)
    yield
    clear(desk)


@pytest.fixture(scope="module")
def approver(desk: Moat) -> Generator[Connection]:
    """A login that is a member of the approver role and of nothing else."""
    with psycopg.connect(hire(desk, "approver", "approver"), autocommit=True) as connection:
        yield connection


def say(connection: Connection, desk: Moat, number: int, is_approved: bool, reason: str = "") -> None:
    shown = bytes(desk.value("SELECT fingerprint FROM pgmoat.approval WHERE id = %s", number))
    decide(connection, number, shown, is_approved=is_approved, who="Ada (dashboard)", reason=reason)


def test_what_waits_and_what_became_of_the_rest(desk: Moat, approver: Connection) -> None:
    waits, approved, rejected, done, expired, reader = (
        hold(desk, agent) for agent in ("clerk", "clerk", "clerk", "clerk", "clerk", "reader")
    )
    say(approver, desk, approved, True)
    say(approver, desk, rejected, False, "too many")
    say(approver, desk, done, True, "go on")
    finish(desk, done)
    desk.run("UPDATE pgmoat.approval SET expires_at = now() - interval '1 s' WHERE id = %s", expired)
    assert [entry.id for entry in read_waiting(approver, Waiting())] == [waits, reader]
    assert [entry.id for entry in read_waiting(approver, Waiting(agent="reader"))] == [reader]
    assert [entry.id for entry in read_waiting(approver, Waiting(limit=1))] == [waits]
    assert [entry.id for entry in read_waiting(approver, Waiting(after=waits))] == [reader]
    settled = read_settled(approver, Settled())
    assert [(entry.id, entry.state) for entry in settled] == [
        (expired, "expired"),
        (done, "done"),
        (rejected, "rejected"),
        (approved, "approved"),
    ]
    assert settled[2].decision_reason == "too many"
    assert settled[2].decided_as == "Ada (dashboard)"
    assert settled[2].decided_by == approver.info.user
    assert settled[1].done_at is not None
    assert [entry.id for entry in read_settled(approver, Settled(state="approved"))] == [approved]
    assert [entry.id for entry in read_settled(approver, Settled(before=done, limit=1))] == [rejected]
    assert read_settled(approver, Settled(agent="reader")) == []


def test_an_approved_one_that_expires_is_no_longer_approved(desk: Moat, approver: Connection) -> None:
    number = hold(desk, "clerk")
    say(approver, desk, number, True)
    desk.run("UPDATE pgmoat.approval SET expires_at = now() - interval '1 s' WHERE id = %s", number)
    assert [entry.state for entry in read_settled(approver, Settled())] == ["expired"]


def test_an_operation_with_its_arguments_and_rows(desk: Moat, approver: Connection) -> None:
    number = hold(
        desk,
        "clerk",
        step="tidy",
        reason="ordered twice",
        request={"amount": 1, "note": None, "tags": ["a", "b"], "sql": "a name like another"},
        preview=[
            {"entity": "notes", "operation": "insert", "before": None, "after": {"id": 3, "body": "new"}},
            {"entity": "notes", "operation": "delete", "before": {"id": 4, "body": None}, "after": None},
            {
                "entity": "notes",
                "operation": "update",
                "before": {"id": 5, "body": "a"},
                "after": {"id": 5, "body": "b"},
            },
        ],
        affected=300,
        is_cut=True,
    )
    held = read_held_write(approver, number)
    assert dict(held.arguments) == {
        "amount": "1",
        "note": None,
        "tags": '["a", "b"]',
        "sql": "a name like another",
    }
    assert held.statement is None
    assert held.given_reason == "ordered twice"
    assert (held.step, held.affected, held.is_cut, held.is_own_sql) == ("tidy", 300, True, False)
    inserted, deleted, updated = held.rows
    assert (inserted.before, inserted.after) == (None, {"id": "3", "body": "new"})
    assert (deleted.before, deleted.after) == ({"id": "4", "body": None}, None)
    assert updated.changed == {"body": ("a", "b")}


def test_sql_of_the_agents_own_with_its_parameters_in_order(desk: Moat, approver: Connection) -> None:
    number = hold(
        desk,
        "clerk",
        operation="write()",
        request={"sql": "UPDATE notes SET body = $1\nWHERE id > $2", "parameters": [None, *range(2, 12)]},
    )
    held = read_held_write(approver, number)
    assert held.is_own_sql
    assert held.statement == "UPDATE notes SET body = $1\nWHERE id > $2"
    assert held.arguments == (("$1", None), *((f"${n}", str(n)) for n in range(2, 12)))


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        ({}, ()),
        ({"what": "anything"}, (("what", "anything"),)),
        ({"sql": {"a": 1}, "parameters": {"b": 2}}, (("parameters", '{"b": 2}'),)),
        ({"parameters": [1]}, (("parameters", "[1]"),)),
        ([1, 2], ()),
    ],
)
def test_a_request_of_any_form(
    desk: Moat, approver: Connection, request_: Any, arguments: tuple[tuple[str, str], ...]
) -> None:
    number = hold(desk, "clerk", operation="write()", request=request_, preview=[])
    assert read_held_write(approver, number).arguments == arguments


def test_values_that_no_parser_takes_are_shown_to_the_digit(desk: Moat, approver: Connection) -> None:
    number = hold(desk, "clerk")
    depth = 3_000
    desk.run(
        "UPDATE pgmoat.approval"
        " SET request = jsonb_build_object('deep', (repeat('[', %s) || repeat(']', %s))::jsonb),"
        " preview = jsonb_build_array(jsonb_build_object("
        " 'entity', 'notes', 'operation', 'insert', 'before', NULL, 'after',"
        " jsonb_build_object('amount', %s::numeric, 'digits', (repeat('9', 6000))::numeric)))"
        " WHERE id = %s",
        depth,
        depth,
        BIG,
        number,
    )
    held = read_held_write(approver, number)
    assert held.arguments == (("deep", "[" * depth + "]" * depth),)
    assert held.rows[0].after == {"amount": BIG, "digits": "9" * 6000}


def test_numbers_that_there_are_not(desk: Moat, approver: Connection) -> None:
    number = hold(desk, "clerk")
    assert [held.id for held in read_held_writes(approver, [number, number + 1, 0, -1, 2**80])] == [number]
    for unknown in (number + 1, 0, 2**80):
        with pytest.raises(NotFoundError):
            read_held_write(approver, unknown)


def test_a_decision_is_about_what_was_shown(desk: Moat, approver: Connection) -> None:
    number = hold(desk, "clerk")
    shown = read_held_write(approver, number).fingerprint
    desk.run("UPDATE pgmoat.approval SET fingerprint = '\\x01', revision = 2 WHERE id = %s", number)
    for is_approved in (True, False):
        with refused("PM056"):
            decide(approver, number, shown, is_approved=is_approved, who="Ada", reason="")
    assert state_of(desk, number) == "pending"
    decide(approver, number, b"\x01", is_approved=True, who="Ada", reason="")
    with refused("PM056"):  # once is enough, and nobody takes it back
        decide(approver, number, b"\x01", is_approved=False, who="Bob", reason="no")
    assert state_of(desk, number) == "approved"
    with refused("PM055"):
        decide(approver, number + 1, b"\x01", is_approved=True, who="Ada", reason="")


def test_a_decision_is_an_incident(desk: Moat, approver: Connection) -> None:
    number = hold(desk, "clerk", task="A-1", step="tidy")
    say(approver, desk, number, False, "not on a friday")
    assert desk.read(
        "SELECT agent, task_id, step, kind, action, subject, detail ->> 'who', detail ->> 'reason'"
        " FROM pgmoat.incident ORDER BY id DESC LIMIT 1"
    ) == [
        (
            *("clerk", "A-1", "tidy", "approval", "rejected", f"approval:{number}"),
            *("Ada (dashboard)", "not on a friday"),
        )
    ]


def test_who_may_decide(desk: Moat, approver: Connection) -> None:
    role = desk.system_role("approver")
    found = read_approver(approver)
    assert (found.may_decide, found.role) == (True, role)
    number = hold(desk, "clerk")
    shown = read_held_write(approver, number).fingerprint
    with psycopg.connect(hire(desk, "looker", "monitor"), autocommit=True) as monitor:
        found = read_approver(monitor)
        assert (found.may_decide, found.role) == (False, role)
        assert [entry.id for entry in read_waiting(monitor, Waiting())] == [number]
        with refused("42501"):
            decide(monitor, number, shown, is_approved=True, who="", reason="")
    for agent in ("clerk", "reader"):
        with desk.connect(agent) as connection:
            found = read_approver(connection)
            assert (found.may_decide, found.role) == (False, role)
            with refused("42501"):
                decide(connection, number, shown, is_approved=True, who="", reason="")
            with refused("42501"):
                read_waiting(connection, Waiting())
            with refused("42501"):
                read_held_write(connection, number)
    assert state_of(desk, number) == "pending"
