"""Steps: what the database fills in, which it refuses, and what follows."""

from __future__ import annotations

import pytest

from tests.moat_fixtures import Moat, refused

_STEP = (
    "INSERT INTO order_state_log (order_id, new_status, reason, idempotency_key) VALUES (%s, %s, %s, %s)"
    " RETURNING event_id, previous_status, changed_by, task_id, step"
)


def read_status(shop: Moat, order: int) -> int:
    return shop.value("SELECT stat_cd FROM public.orders WHERE id = %s", order)


def test_the_database_fills_in_and_the_state_follows(shop: Moat, route: str) -> None:
    token = shop.open_task("support", "T-1")
    with shop.task("support", token, route=route, step="pick") as agent:
        row = agent.execute(_STEP, (3, "processing", "stock is there", "k1")).fetchone()
    assert row is not None
    assert row[1:] == ("pending", "agent:support-v2", "T-1", "pick")
    assert read_status(shop, 3) == 2
    history = shop.read(
        "SELECT entity, operation, before ->> 'status', after ->> 'new_status' FROM pgmoat.history"
        " ORDER BY change_id"
    )
    assert history == [
        ("orders", "update", "pending", None),
        ("order_state_log", "insert", None, "processing"),
    ]
    assert shop.value("SELECT sum(rows) FROM pgmoat.statement") == 2


def test_a_forbidden_step_names_both_states_and_writes_nothing(shop: Moat) -> None:
    with refused("PM024") as caught, shop.task("support") as agent:
        agent.execute(_STEP, (3, "shipped", None, "k1"))
    assert "from 'pending' to 'shipped'" in str(caught.value)
    assert caught.value.diag.message_hint == "From here: processing, cancelled."
    assert read_status(shop, 3) == 1
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 0


@pytest.mark.parametrize("status", ["nonsense", None, "pending"])
def test_no_step_to_where_nothing_leads(shop: Moat, status: str | None) -> None:
    with refused("PM024"), shop.task("support") as agent:
        agent.execute(_STEP, (3, status, None, "k1"))


def test_a_stale_step_names_both_states(shop: Moat) -> None:
    shop.run("UPDATE public.orders SET stat_cd = 2 WHERE id = 3")
    with refused("PM023") as caught, shop.task("support") as agent:
        agent.execute(
            "INSERT INTO order_state_log (order_id, previous_status, new_status, idempotency_key)"
            " VALUES (3, 'pending', 'processing', 'k1')"
        )
    assert "no longer 'pending', it is 'processing'" in str(caught.value)


@pytest.mark.parametrize(
    "prepare",
    ["DELETE FROM public.orders WHERE id = 3", "UPDATE public.orders SET deleted_at = now() WHERE id = 3"],
)
def test_no_event_about_a_row_that_is_not_there(shop: Moat, prepare: str) -> None:
    with shop.superuser() as people:
        people.execute(prepare.encode())
    with refused("PM022"), shop.task("support") as agent:
        agent.execute(_STEP, (3, "processing", None, "k1"))


@pytest.mark.parametrize("column", ["event_id", "changed_by", "task_id", "step", "changed_at", "undoes"])
def test_what_the_database_fills_in_cannot_be_given(shop: Moat, column: str) -> None:
    with refused("42501"), shop.task("support") as agent:
        agent.execute(
            f"INSERT INTO order_state_log (order_id, new_status, idempotency_key, {column})"
            " VALUES (3, 'processing', 'k1', NULL)".encode()
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE order_state_log SET reason = 'x'",
        "DELETE FROM order_state_log",
        "UPDATE pgmoat.log_order_state_log SET reason = 'x'",
        "DELETE FROM pgmoat.log_order_state_log",
        "TRUNCATE pgmoat.log_order_state_log",
        "INSERT INTO pgmoat.log_order_state_log (order_id) VALUES (1)",
        "SELECT * FROM pgmoat.log_order_state_log",
        "ALTER TABLE pgmoat.log_order_state_log DISABLE TRIGGER keep",
        "UPDATE orders SET status = 'shipped'",
        "WITH d AS (DELETE FROM order_state_log RETURNING 1) SELECT * FROM d",
    ],
)
def test_an_agent_edits_nothing(shop: Moat, statement: str) -> None:
    with shop.task("support") as agent:
        agent.execute(_STEP, (3, "processing", None, "k1"))
    with refused("42501"), shop.task("support") as agent:
        agent.execute(statement.encode())
    assert shop.read("SELECT reason FROM pgmoat.log_order_state_log") == [(None,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pgmoat.log_order_state_log SET reason = 'x'",
        "DELETE FROM pgmoat.log_order_state_log",
        "TRUNCATE pgmoat.log_order_state_log",
        "TRUNCATE pgmoat.log_order_state_log CASCADE",
    ],
)
@pytest.mark.parametrize("role", ["superuser", "replica", "owner"])
def test_nobody_edits_not_even_the_owner(shop: Moat, statement: str, role: str) -> None:
    with shop.task("support") as agent:
        agent.execute(_STEP, (3, "processing", None, "k1"))
    with refused("PM025"), shop.superuser() as people:
        if role == "replica":
            people.execute("SET session_replication_role = replica")
        elif role == "owner":
            people.execute(f"SET ROLE {shop.system_role('owner')}".encode())
        people.execute(statement.encode())
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 1


def test_without_follow_the_log_alone_has_the_state(shop: Moat) -> None:
    number = "00000000-0000-0000-0000-000000000004"
    with shop.task("support") as agent:
        for status in ("sent", "lost"):
            agent.execute(
                "INSERT INTO parcel_log (depot, number, new_status) VALUES ('D4', %s, %s)", (number, status)
            )
        current = agent.execute("SELECT status FROM parcel_log_current WHERE depot = 'D4'").fetchone()
        none_yet = agent.execute(
            "SELECT status, event_id FROM parcel_log_current WHERE depot = 'D5'"
        ).fetchone()
    assert (current, none_yet) == (("lost",), ("packed", None))
    assert shop.value("SELECT st FROM public.parcels WHERE depot = 'D4'") == "packed"
    with refused("PM024"), shop.task("support") as agent:
        agent.execute(
            "INSERT INTO parcel_log (depot, number, new_status) VALUES ('D4', %s, 'sent')", (number,)
        )


def test_a_state_of_an_enum_follows(shop: Moat) -> None:
    with shop.task("support") as agent:
        agent.execute(
            "INSERT INTO machine_log (machines_id, new_status, idempotency_key) VALUES (1, 'running', 'm')"
        )
    assert shop.value("SELECT ph::text FROM public.machines WHERE id = 1") == "running"


def test_copy_goes_through_the_same_checks(shop: Moat) -> None:
    with (
        refused("PM024"),
        shop.task("support") as agent,
        agent.cursor().copy(
            "COPY order_state_log (order_id, new_status, idempotency_key) FROM STDIN"
        ) as copy,
    ):
        copy.write_row((3, "processing", "k1"))
        copy.write_row((6, "shipped", "k2"))
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 0


def test_events_count_in_the_limits(shop: Moat) -> None:
    token = shop.open_task("tight")
    with refused("PM010"), shop.task("tight", token) as agent:
        agent.execute(
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " SELECT i * 3, 'processing', 'k' || i FROM generate_series(1, 3) AS i"
        )
    with refused("PM011"), shop.task("tight", token) as agent:
        for order in (3, 6, 9, 12):
            agent.execute(_STEP, (order, "processing", None, f"k{order}"))
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 0


def test_without_a_task_and_frozen_nothing_is_read_or_written(shop: Moat) -> None:
    with shop.connect("support") as agent:
        for statement in (
            "SELECT * FROM order_state_log",
            "SELECT * FROM order_state_log_current",
            "SELECT * FROM order_state_log_at(now())",
            "SELECT * FROM order_state_log_undo(3)",
            "INSERT INTO order_state_log (order_id, new_status) VALUES (3, 'processing')",
        ):
            with refused("PM001"):
                agent.execute(statement.encode())
    token = shop.open_task("support")
    shop.run("SELECT pgmoat.freeze_agent('support', 'test')")
    with refused("PM005"), shop.task("support", token) as agent:
        agent.execute(_STEP, (3, "processing", None, "k1"))


def test_rights_follow_the_policy(shop: Moat) -> None:
    with shop.task("blind") as agent:
        agent.execute(
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (3, 'processing', 'k1')"
        )
    for agent_name, statement in (
        ("reader", "INSERT INTO order_state_log (order_id, new_status) VALUES (6, 'processing')"),
        ("reader", "SELECT * FROM order_state_log_undo(3)"),
        ("reader", "SELECT * FROM orders"),
        ("blind", "SELECT reason FROM order_state_log"),
        ("blind", "SELECT * FROM order_state_log_current"),
        ("blind", "INSERT INTO order_state_log (order_id, new_status, reason) VALUES (6, 'processing', 'x')"),
    ):
        with refused("42501"), shop.task(agent_name) as agent:
            agent.execute(statement.encode())


def test_an_event_cannot_name_another_task_than_the_one_that_pays(shop: Moat) -> None:
    first, second = shop.open_task("support", "T-1"), shop.open_task("support", "T-2")
    with refused("PM009"), shop.task("support", first) as agent:
        agent.execute(
            "WITH e AS (INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (3, 'processing', 'k1') RETURNING 1)"
            " SELECT set_config('pgmoat.token', %s, true) FROM e",
            (second,),
        )
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 0
