"""
Child tasks: what they write is charged to all above them, and nothing of theirs is wider or later.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
import pytest

from tests.integration.tasks.steps import (
    count_used,
    count_written,
    make_writer,
    open_child,
    work_at_once,
    write,
)
from tests.moat_fixtures import Moat, enter, refused

LIMIT = 30


def _open_below(desk: Moat, agent: str, task_id: str, parent: str, **arguments: object) -> str:
    return desk.open_task(agent, task_id, parent_agent="boss", parent_task_id=parent, **arguments)


@pytest.mark.parametrize("agent", ["boss", "worker"])
def test_a_child_of_any_agent_ends_at_the_parents_budget(desk: Moat, route: str, agent: str) -> None:
    root = desk.open_task("boss", "root")
    child = _open_below(desk, agent, "child", "root")
    with desk.task("boss", root, route=route) as connection:
        write(connection, 1, 10)
    with desk.task(agent, child, route=route) as connection:
        write(connection, 11, 15)
    with refused("PM011") as caught, desk.task(agent, child, route=route) as connection:
        write(connection, 26, 6)
    assert "root" in str(caught.value)
    with desk.task(agent, child, route=route) as connection:
        write(connection, 26, 5)
    with refused("PM011"), desk.task("boss", root, route=route) as connection:
        write(connection, 31)
    assert count_written(desk) == count_used(desk, "root") == LIMIT
    assert count_used(desk, "child") == 20


def test_the_early_check_refuses_before_commit(desk: Moat) -> None:
    desk.open_task("boss", "root")
    with desk.task("worker", _open_below(desk, "worker", "child", "root")) as connection:
        write(connection, 1, 20)
        with refused("PM011"), connection.transaction():
            write(connection, 21, 11)
        write(connection, 21, 10)
    assert count_written(desk) == count_used(desk, "root") == LIMIT


def test_constraints_checked_early_charge_each_row_once_at_every_level(desk: Moat) -> None:
    desk.open_task("boss", "root")
    with desk.task("worker", _open_below(desk, "worker", "child", "root")) as connection:
        write(connection, 1, 10)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        write(connection, 11, 5)
        connection.execute("SAVEPOINT a")
        write(connection, 16, 5)
        connection.execute("ROLLBACK TO a; SET CONSTRAINTS ALL DEFERRED")
        write(connection, 21, 2)
    assert count_written(desk) == count_used(desk, "root") == count_used(desk, "child") == 17


def test_a_grandchild_is_charged_to_every_level(desk: Moat) -> None:
    desk.open_task("boss", "root")
    desk.open_task("worker", "middle", parent_agent="boss", parent_task_id="root", max_writes=12)
    leaf = desk.open_task("worker", "leaf", parent_agent="worker", parent_task_id="middle")
    with refused("PM011") as caught, desk.task("worker", leaf) as connection:
        write(connection, 1, 13)
    assert "middle" in str(caught.value)
    with desk.task("worker", leaf) as connection:
        write(connection, 1, 12)
        shown = connection.execute("SELECT rows_used, rows_left, parent FROM pgmoat.my_task()").fetchone()
    assert shown == (0, 12, "middle")
    assert [count_used(desk, task) for task in ("root", "middle", "leaf")] == [12, 12, 12]


def test_bytes_are_shared_as_well(desk: Moat) -> None:
    desk.open_task("thin", "root")
    tokens = [
        desk.open_task("worker", f"c-{i}", parent_agent="thin", parent_task_id="root") for i in range(2)
    ]
    blob = "SELECT string_agg(md5(i::text || %s), '') FROM generate_series(1, 300) AS i"
    with desk.task("worker", tokens[0]) as connection:
        connection.execute(f"UPDATE counters SET blob = ({blob}) WHERE id = 1".encode(), ("a",))
    for number in (2, 3):
        with refused("PM013"), desk.task("worker", tokens[1]) as connection:
            connection.execute(
                f"UPDATE counters SET blob = ({blob}) WHERE id BETWEEN %s AND 9".encode(), ("b", number)
            )
    assert desk.value("SELECT count(*) FROM public.counters WHERE blob IS NOT NULL") == 1


@pytest.mark.parametrize("is_immediate", [False, True])
def test_siblings_at_once_use_exactly_the_parents_budget(desk: Moat, route: str, is_immediate: bool) -> None:
    root = desk.open_task("boss", "root")
    workers = [("worker", _open_below(desk, "worker", f"c-{i}", "root")) for i in range(4)]
    below = desk.open_task("worker", "deep", parent_agent="worker", parent_task_id="c-0")
    team = [*workers, ("worker", below), ("worker", below), ("boss", root), ("boss", root)]
    writers = [
        make_writer(desk, agent, token, tries=8, is_immediate=is_immediate, route=route)
        for agent, token in team
    ]
    committed = work_at_once(writers)
    assert committed == count_written(desk) == count_used(desk, "root") == LIMIT


def test_the_hour_is_that_of_the_one_who_writes(desk: Moat) -> None:
    root = desk.open_task("hourly", "root")
    child = desk.open_task("worker", "child", parent_agent="hourly", parent_task_id="root")
    for _ in range(2):  # the second time the task gets a larger lease than it needs
        with desk.task("hourly", root) as connection:
            write(connection, 1, 5)
    with desk.task("hourly", root) as connection:
        write(connection, 1)
    with desk.task("worker", child) as connection:
        write(connection, 1, 100)
    granted = desk.value("SELECT granted FROM pgmoat.hour WHERE agent = 'hourly'")
    assert granted > 11  # some of the lease is unused, and the child's charge has not touched it
    with desk.task("hourly", desk.open_task("hourly")) as connection:
        write(connection, 1, 29)  # takes it back
    for token in (root, desk.open_task("hourly")):
        with refused("PM012"), desk.task("hourly", token) as connection:
            write(connection, 1)
    assert desk.value("SELECT granted FROM pgmoat.hour WHERE agent = 'hourly'") == 40
    assert count_used(desk, "root") == 111


def test_a_lease_of_the_parent_goes_to_its_child(desk: Moat) -> None:
    """The child's charge takes the parent's lease back: two ledger rows of the parent in one transaction."""
    root = desk.open_task("hourly", "root")
    for _ in range(2):
        with desk.task("hourly", root) as connection:
            write(connection, 1, 10)
    with desk.task("hourly", root) as connection:
        write(connection, 1)
    child = desk.open_task("hourly", "child", parent_agent="hourly", parent_task_id="root")
    with desk.task("hourly", child) as connection:
        write(connection, 1, 10)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        write(connection, 11, 9)
    assert count_used(desk, "root") == 40
    assert count_used(desk, "child") == 19
    assert desk.value("SELECT granted FROM pgmoat.hour WHERE agent = 'hourly'") == 40
    for token in (root, child):
        with refused("PM012"), desk.task("hourly", token) as connection:
            write(connection, 1)


def test_a_child_ends_no_later_than_its_parent(desk: Moat) -> None:
    desk.open_task("boss", "root", duration="5 minutes")
    _open_below(desk, "worker", "long", "root", duration="1 hour")
    _open_below(desk, "worker", "short", "root", duration="1 minute")
    ends = dict(
        desk.read(
            "SELECT k.task_id, k.deadline <= p.deadline - interval '3 minutes' FROM pgmoat.task AS k"
            " JOIN pgmoat.task AS p ON p.id = k.parent"
        )
    )
    assert ends == {"long": False, "short": True}
    assert desk.value(
        "SELECT k.deadline = p.deadline FROM pgmoat.task AS k JOIN pgmoat.task AS p ON p.id = k.parent"
        " WHERE k.task_id = 'long'"
    )


_SCOPE = '{"customer_id": [1, 2, 3], "region": "eu", "deep": [[1, 2]], "none": null}'


@pytest.mark.parametrize(
    "given",
    [
        '{"customer_id": 4}',
        '{"customer_id": "1"}',
        '{"customer_id": [1, 4]}',
        '{"customer_id": [1, 1, 1, 1]}',
        '{"customer_id": null}',
        '{"customer_id": {"1": 1}}',
        '{"region": "us"}',
        '{"region": ["eu", "us"]}',
        '{"region": ""}',
        '{"deep": [[1]]}',
        '{"deep": [1, 2]}',  # a list is always a list of values
        '{"none": 0}',
        '{"Region": "eu"}',
        '{"shop": 1}',
        '["region"]',
        '"eu"',
        "7",
    ],
)
def test_an_agent_cannot_widen_a_scope(desk: Moat, given: str) -> None:
    root = desk.open_task("boss", "root", scope=_SCOPE)
    with refused("PM018") as caught:
        open_child(desk, "boss", root, "child", given)
    assert "[1, 2, 3]" not in str(caught.value)
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 1


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, {}),
        ('{"customer_id": 2}', {"customer_id": 2}),
        ('{"customer_id": [3, 1]}', {"customer_id": [3, 1]}),
        ('{"customer_id": []}', {"customer_id": []}),
        ('{"region": ["eu"], "none": null}', {"region": ["eu"]}),
    ],
)
def test_a_narrower_scope_is_stored_whole(desk: Moat, given: str | None, stored: dict[str, object]) -> None:
    root = desk.open_task("boss", "root", scope=_SCOPE)
    open_child(desk, "boss", root, "child", given)
    whole = {"customer_id": [1, 2, 3], "region": "eu", "deep": [[1, 2]], "none": None}
    assert desk.value("SELECT scope FROM pgmoat.task WHERE parent IS NOT NULL") == whole | stored


def test_a_grandchild_cannot_go_back_to_the_roots_scope(desk: Moat) -> None:
    root = desk.open_task("boss", "root", scope=_SCOPE)
    child = open_child(desk, "boss", root, "child", '{"customer_id": 2}')
    with refused("PM018"):
        open_child(desk, "boss", child, "grandchild", '{"customer_id": [1, 2]}')


def test_only_the_orchestrator_adds_keys(desk: Moat) -> None:
    desk.open_task("boss", "root", scope='{"region": "eu"}')
    _open_below(desk, "worker", "child", "root", scope='{"customer_id": 4}')
    assert desk.value("SELECT scope FROM pgmoat.task WHERE task_id = 'child'") == {
        "region": "eu",
        "customer_id": 4,
    }
    with refused("PM018"):
        _open_below(desk, "worker", "other", "root", scope='{"region": "us"}')


def test_the_same_id_is_the_same_child(desk: Moat) -> None:
    root, other = desk.open_task("boss", "root"), desk.open_task("boss", "other")
    child = open_child(desk, "boss", root, "child")
    assert open_child(desk, "boss", root, "child") == child
    assert open_child(desk, "boss", other, "child") != child
    assert desk.read("SELECT task_id, origin FROM pgmoat.task WHERE parent IS NOT NULL ORDER BY 1") == [
        ("other/child", "child"),
        ("root/child", "child"),
    ]
    _open_below(desk, "worker", "one", "root")
    for arguments in ({}, {"parent_agent": "boss", "parent_task_id": "other"}):
        with refused("PM031"):
            desk.open_task("worker", "one", **arguments)
    with refused("PM031"):
        _open_below(desk, "worker", "one", "root", scope='{"a": 1}')
    with refused("PM032"):
        _open_below(desk, "worker", "two", "nowhere")
    with refused("PM032"):
        desk.open_task("worker", "two", parent_agent="boss")


def test_an_agent_gets_no_token_of_an_issued_child(desk: Moat) -> None:
    root = desk.open_task("boss", "root")
    _open_below(desk, "boss", "root/secret", "root")
    with refused("PM031"):
        open_child(desk, "boss", root, "secret")


def test_children_are_opened_below_the_sessions_own_task_only(desk: Moat) -> None:
    with desk.connect("boss") as connection:
        with refused("PM001"):
            connection.execute("SELECT pgmoat.open_child('x')")
        with refused("PM001"), connection.transaction():
            connection.execute(
                "SELECT set_config('pgmoat.token', %s, true)", (desk.open_task("worker", "theirs"),)
            )
            connection.execute("SELECT pgmoat.open_child('x')")
    root = desk.open_task("boss", "root")
    for bad in ("", "a/b", "a\nb", "x" * 200, None):
        with refused("PM017"):
            open_child(desk, "boss", root, bad)  # pyright: ignore[reportArgumentType] - None is one of the tries
    tries: tuple[dict[str, Any], ...] = ({"max_writes": 0}, {"max_writes": -1}, {"duration": "-1 s"})
    for limits in tries:
        with refused("PM017"):
            open_child(desk, "boss", root, "x", **limits)
    assert desk.value("SELECT count(*) FROM pgmoat.task WHERE parent IS NOT NULL") == 0


def test_a_child_may_have_less_but_not_more(desk: Moat) -> None:
    root = desk.open_task("boss", "root")
    small = open_child(desk, "boss", root, "small", max_writes=7)
    large = open_child(desk, "boss", root, "large", max_writes=1_000_000, duration="1 year")
    with refused("PM011"), desk.task("boss", small) as connection:
        write(connection, 1, 8)
    with refused("PM011"), desk.task("boss", large) as connection:
        write(connection, 1, LIMIT + 1)
    assert desk.value("SELECT count(DISTINCT deadline) FROM pgmoat.task") <= 2


def test_a_tree_has_five_levels(desk: Moat) -> None:
    token = desk.open_task("worker", "root")
    for level in range(2, 6):
        token = open_child(desk, "worker", token, f"l{level}")
    with refused("PM018"):
        open_child(desk, "worker", token, "l6")
    with desk.task("worker", token) as connection:
        write(connection, 1, 3)
    assert count_used(desk, "root") == 3


def test_a_task_has_a_hundred_children_of_its_own(desk: Moat) -> None:
    root = desk.open_task("worker", "root")
    with desk.task("worker", root) as connection:
        connection.execute("SELECT count(pgmoat.open_child('c-' || i)) FROM generate_series(1, 100) AS i")
    with refused("PM018"):
        open_child(desk, "worker", root, "c-101")
    with refused("PM018"), desk.task("worker", root) as connection:
        connection.execute("SELECT pgmoat.open_child('d-' || i) FROM generate_series(1, 300) AS i")
    open_child(desk, "worker", root, "c-7")  # re-entered
    desk.run("SELECT pgmoat.close_task('worker', 'root/c-7')")
    open_child(desk, "worker", root, "c-101")


def test_openers_at_once_do_not_pass_a_hundred(desk: Moat) -> None:
    root = desk.open_task("worker", "root")

    def work(number: int) -> int:
        opened = 0
        for batch in range(4):
            with contextlib.suppress(psycopg.Error):
                with desk.task("worker", root) as connection:
                    connection.execute(
                        "SELECT pgmoat.open_child(concat_ws('-', %s, %s, i)) FROM generate_series(1, 5) AS i",
                        (number, batch),
                    )
                opened += 5
        return opened

    assert work_at_once([work] * 8) == 100
    assert desk.value("SELECT count(*) FROM pgmoat.task WHERE parent IS NOT NULL") == 100


def test_one_transaction_does_not_mix_parent_and_child(desk: Moat, route: str) -> None:
    root = desk.open_task("boss", "root")
    child = open_child(desk, "boss", root, "child")
    for first, second in ((root, child), (child, root)):
        with refused("PM009"), desk.task("boss", first, route=route) as connection:
            write(connection, 1)
            enter(connection, second)
            write(connection, 2)
    assert count_written(desk) == 0


def test_a_child_of_another_agent_is_not_for_the_parents_role(desk: Moat) -> None:
    desk.open_task("boss", "root")
    child = _open_below(desk, "worker", "child", "root")
    with desk.connect("boss") as connection, refused("PM001"), connection.transaction():
        enter(connection, child)
