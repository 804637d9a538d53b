"""
Operations over scoped entities and logs, in tasks of several scopes and in trees of tasks.

I/O: PostgreSQL.
"""

from __future__ import annotations

import secrets
from typing import Any

from psycopg.types.json import Jsonb

from tests.integration.operations.calls import call, call_once
from tests.integration.walls.combined import open_scoped
from tests.moat_fixtures import Moat, enter, refused


def test_an_operation_reaches_rows_of_the_callers_scope_only(mix: Moat) -> None:
    token = open_scoped(mix, 42)
    result = call_once(mix, "clerk", "annotate", "reach", token=token, first=18, last=23, note="reached")
    assert [row["id"] for row in result["rows"]] == [18, 19, 20]
    assert mix.read("SELECT id FROM public.orders WHERE note = 'reached' ORDER BY id") == [
        (18,),
        (19,),
        (20,),
    ]


def test_a_result_is_not_replayed_in_another_scope(mix: Moat) -> None:
    parent = open_scoped(mix, 43)
    arguments: dict[str, Any] = {"first": 24, "last": 25, "note": "seen by 43"}
    first = call_once(mix, "clerk", "annotate", "replay", token=parent, **arguments)
    assert first["affected"] == 2
    with refused("PM041") as caught:
        call_once(mix, "clerk", "annotate", "replay", token=open_scoped(mix, 42), **arguments)
    assert "seen by 43" not in str(caught.value)
    again = call_once(mix, "clerk", "annotate", "replay", token=open_scoped(mix, 43), **arguments)
    assert again["replayed"]


def test_an_operation_writes_an_event_under_its_key(mix: Moat) -> None:
    result = call_once(mix, "clerk", "pay", "pay 26", token=open_scoped(mix, 43), order_id=26)
    assert (result["affected"], result["rows"]) == (2, [{"id": 26, "status": "paid"}])
    history = mix.read(
        "SELECT entity, called FROM pgmoat.history"
        " WHERE entity IN ('orders', 'order_log') AND (after ->> 'id' = '26' OR after ->> 'orders_id' = '26')"
        " ORDER BY change_id"
    )
    assert history == [("orders", "pay"), ("order_log", "pay")]
    with refused("PM022"):
        call_once(mix, "clerk", "pay", "pay 27", token=open_scoped(mix, 42), order_id=27)
    assert mix.value("SELECT count(*) FROM pgmoat.log_order_log WHERE orders_id IN (26, 27)") == 1


def test_operations_of_children_are_charged_at_every_level(mix: Moat) -> None:
    root = open_scoped(mix, 42, "root")
    with mix.task("clerk", root) as connection:
        (child,) = connection.execute("SELECT pgmoat.open_child('c', max_writes => 12)").fetchone() or ("",)
    with mix.task("clerk", child) as connection:
        (grandchild,) = connection.execute("SELECT pgmoat.open_child('g')").fetchone() or ("",)
        call(connection, "bump", "level 1", first=1, last=5)
    call_once(mix, "clerk", "bump", "level 2", token=grandchild, first=1, last=5)
    with refused("PM011"):
        call_once(mix, "clerk", "bump", "level 3", token=grandchild, first=1, last=3)
    call_once(mix, "clerk", "bump", "level 4", token=grandchild, first=1, last=2)
    call_once(mix, "clerk", "bump", "level 5", token=root, first=1, last=3)
    used = mix.read(
        "SELECT task_id, rows_used FROM pgmoat.task_budgets WHERE task_id LIKE 'root%' ORDER BY 1"
    )
    assert used == [("root", 15), ("root/c", 12), ("root/c/g", 7)]


def test_a_call_in_flight_ends_with_the_freeze_of_its_root(mix: Moat) -> None:
    root = open_scoped(mix, 42, "frozen root")
    with mix.task("clerk", root) as connection:
        (child,) = connection.execute("SELECT pgmoat.open_child('c')").fetchone() or ("",)
    with refused("PM004"), mix.task("clerk", child) as connection:
        call(connection, "bump", "in flight", first=90, last=91)
        mix.run("SELECT pgmoat.freeze_task('clerk', 'frozen root', 'test')")
    assert mix.value("SELECT sum(v) FROM public.tickets WHERE id IN (90, 91)") == 0
    assert mix.value("SELECT count(*) FROM pgmoat.operation_call WHERE key = 'in flight'") == 0


def test_calls_within_one_statement_are_one_statement(mix: Moat) -> None:
    calls = "SELECT count(bump(i, i, 'many ' || i)) FROM generate_series(60, %s) AS i"
    with mix.connect("clerk") as connection:
        with refused("PM010"), connection.transaction():
            enter(connection, mix.open_task("clerk"))
            connection.execute(calls, (70,))
        with connection.transaction():
            enter(connection, mix.open_task("clerk"))
            connection.execute(calls, (69,))
            connection.execute(
                "UPDATE tickets SET v = length(bump(t.id + 10, t.id + 10, 'in ' || t.id)::text)"
                " FROM generate_series(70, 72) AS t (id) WHERE tickets.id = t.id"
            )
    assert mix.value("SELECT sum(v) FROM public.tickets WHERE id BETWEEN 60 AND 69") == 10
    assert mix.read("SELECT called, count(*) FROM pgmoat.history WHERE (key ->> 'id')::int BETWEEN 70 AND 82"
                    " AND entity = 'tickets' GROUP BY 1 ORDER BY 1") == [("bump", 3), (None, 3)]  # fmt: skip


def test_a_child_of_a_narrower_scope_replays_nothing_of_its_parent(mix: Moat) -> None:
    wide = mix.open_task("clerk", scope=Jsonb({"customer_id": [42, 43]}))
    arguments: dict[str, Any] = {"first": 20, "last": 21, "note": "wide"}
    with mix.task("clerk", wide) as connection:
        assert call(connection, "annotate", "wide", **arguments)["affected"] == 2
        (child,) = connection.execute(
            "SELECT pgmoat.open_child('narrow', '{\"customer_id\": 42}')"
        ).fetchone() or ("",)
    with refused("PM041"):
        call_once(mix, "clerk", "annotate", "wide", token=child, **arguments)


def test_calls_that_write_nothing_keep_no_more_bytes_than_the_task_may_write(mix: Moat) -> None:
    token = mix.open_task("thrifty", scope=Jsonb({"customer_id": 42}))
    for number in range(4):
        note = secrets.token_urlsafe(3000)
        call_once(mix, "thrifty", "annotate", f"idle {number}", token=token, first=999, last=999, note=note)
    with refused("PM013"):
        for number in range(4, 8):
            note = secrets.token_urlsafe(3000)
            call_once(
                mix, "thrifty", "annotate", f"idle {number}", token=token, first=999, last=999, note=note
            )
    kept = "SELECT sum(pg_column_size(request) + pg_column_size(result)) FROM pgmoat.operation_call"
    assert mix.value(kept + " WHERE agent = 'thrifty'") <= 20 * 1024
