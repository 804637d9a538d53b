"""
Claimed mode: the agent names its task, by a call or by application_name. Inventing names gains nothing.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import psycopg
import pytest

from tests.integration.tasks.steps import count_used, count_written, open_child, work_at_once, write
from tests.moat_fixtures import Connection, Moat, enter, refused


def _claim(connection: Connection, task_id: str | None, step: str | None = None) -> None:
    connection.execute("SELECT pgmoat.claim(%s, %s)", (task_id, step))


@contextlib.contextmanager
def _claimed(moat: Moat, agent: str, task_id: str, route: str = "direct") -> Generator[Connection]:
    with moat.connect(agent, route=route) as connection, connection.transaction():
        _claim(connection, task_id, "look")
        yield connection


@contextlib.contextmanager
def _named(moat: Moat, agent: str, name: str, route: str = "direct") -> Generator[Connection]:
    """Yield a connection that only application_name tells the task of."""
    with moat.connect(agent, route=route) as connection:
        connection.execute("SELECT set_config('application_name', %s, false)", (name,))
        with connection.transaction():
            yield connection


def test_a_claimed_task_reads_and_writes_under_its_name(desk: Moat, route: str) -> None:
    with _claimed(desk, "namer", "inbox", route) as connection:
        assert connection.execute("SELECT count(*) FROM counters").fetchone() == (200,)
        write(connection, 1, 3)
        shown = connection.execute("SELECT task_id, step, rows_left FROM pgmoat.my_task()").fetchone()
        assert shown == ("inbox", "look", 10)
    assert desk.read("SELECT DISTINCT agent, task_id, step FROM pgmoat.history") == [
        ("namer", "inbox", "look")
    ]
    assert desk.read("SELECT origin, scope FROM pgmoat.task") == [("claimed", {})]
    with refused("PM011"), _claimed(desk, "namer", "inbox", route) as connection:
        write(connection, 1, 8)
    assert count_used(desk, "inbox") == count_written(desk) == 3


def test_a_claim_ends_with_its_transaction(desk: Moat, route: str) -> None:
    with desk.connect("namer", route=route) as connection:
        with connection.transaction():
            _claim(connection, "inbox")
        with refused("PM001") as caught:
            connection.execute("SELECT * FROM counters")
    assert "pgmoat.claim" in str(caught.value.diag.message_hint)


def test_an_agent_of_issued_tasks_claims_none(desk: Moat) -> None:
    desk.open_task("boss", "root")
    for task_id in ("root", "mine"):
        with desk.connect("boss") as connection, refused("PM019"):
            _claim(connection, task_id)
        for name in (f"pgmoat:{task_id}", f"pgmoat:{task_id}:step"):
            for query in ("SELECT * FROM counters", "INSERT INTO counters VALUES (1000, 1)"):
                with refused("PM001"), _named(desk, "boss", name) as connection:
                    connection.execute(query.encode())
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 1
    assert count_written(desk) == 0


def test_a_person_claims_nothing(desk: Moat) -> None:
    with desk.superuser() as person, refused("PM019"):
        _claim(person, "mine")


def test_an_issued_task_is_not_entered_by_its_name(desk: Moat, route: str) -> None:
    token = desk.open_task("namer", "issued")
    child = open_child(desk, "namer", token, "child")
    for task_id in ("issued", "issued/child"):
        with refused("PM019"), _claimed(desk, "namer", task_id, route):
            pass
        for query in (
            "SELECT * FROM counters",
            "UPDATE counters SET v = 9",
            "INSERT INTO counters VALUES (0)",
        ):
            with refused("PM019"), _named(desk, "namer", f"pgmoat:{task_id}:s", route) as connection:
                connection.execute(query.encode())
    for good in (token, child):
        with desk.task("namer", good, route=route) as connection:
            write(connection, 1)
    assert count_written(desk) == 2


def test_the_orchestrator_gets_no_token_of_a_claimed_task(desk: Moat) -> None:
    """Any session of the role could enter that task."""
    with _claimed(desk, "namer", "inbox"):
        pass
    with refused("PM031"):
        desk.open_task("namer", "inbox")


def test_the_token_that_a_claim_leaves_is_worth_no_more_than_the_name(desk: Moat) -> None:
    desk.open_task("namer", "issued")
    with _claimed(desk, "namer", "inbox") as connection:
        row = connection.execute("SELECT current_setting('pgmoat.token')").fetchone()
    assert row is not None
    with desk.connect("flooder") as connection, refused("PM001"), connection.transaction():
        enter(connection, row[0])


@pytest.mark.parametrize("carrier", ["claim", "application_name"])
def test_stopped_tasks_are_refused_under_every_carrier(desk: Moat, route: str, carrier: str) -> None:
    def come_in(task_id: str) -> contextlib.AbstractContextManager[Connection]:
        if carrier == "claim":
            return _claimed(desk, "namer", task_id, route)
        return _named(desk, "namer", f"pgmoat:{task_id}:s", route)

    for task_id in ("frozen", "closed", "expired"):
        with come_in(task_id) as connection:
            write(connection, 1)
    desk.run("SELECT pgmoat.freeze_task('namer', 'frozen', 'stop'), pgmoat.close_task('namer', 'closed')")
    desk.run("UPDATE pgmoat.task SET deadline = clock_timestamp() WHERE task_id = 'expired'")
    for task_id, code in (("frozen", "PM004"), ("closed", "PM002"), ("expired", "PM003")):
        for query in (
            "SELECT * FROM counters",
            "UPDATE counters SET v = 9",
            "INSERT INTO counters VALUES (0)",
        ):
            with refused(code), come_in(task_id) as connection:
                connection.execute(query.encode())
    assert count_written(desk) == 3
    desk.run("SELECT pgmoat.freeze_agent('namer', 'stop')")
    for task_id in ("frozen", "never named before"):
        with refused("PM005"), come_in(task_id) as connection:
            connection.execute("SELECT * FROM counters")


def test_a_freeze_between_write_and_commit_undoes_the_write(desk: Moat, route: str) -> None:
    with _named(desk, "namer", "pgmoat:inbox:s", route) as connection:
        write(connection, 1)
    with refused("PM004"), _named(desk, "namer", "pgmoat:inbox:s", route) as connection:
        write(connection, 2)
        desk.run("SELECT pgmoat.freeze_task('namer', 'inbox', 'stop')")
    assert count_written(desk) == 1


@pytest.mark.parametrize(
    ("name", "task_id", "step"),
    [
        ("pgmoat:inbox:look", "inbox", "look"),
        ("pgmoat:inbox", "inbox", None),
        ("pgmoat:inbox:", "inbox", None),
        ("pgmoat:order:7:look", "order:7", "look"),
        ("pgmoat:order:7:", "order:7", None),
        ("pgmoat:::s", ":", "s"),
        ("pgmoat: ", " ", None),
    ],
)
def test_application_name_is_split_at_its_last_colon(
    desk: Moat, route: str, name: str, task_id: str, step: str | None
) -> None:
    with _named(desk, "namer", name, route) as connection:
        connection.execute("SELECT * FROM counters")
        assert desk.value("SELECT count(*) FROM pgmoat.task") == 0  # a read opens nothing
        assert connection.execute("SELECT task_id, step, rows_left FROM pgmoat.my_task()").fetchone() == (
            task_id,
            step,
            10,
        )
        write(connection, 1)
        connection.execute("INSERT INTO counters VALUES (1000, 1)")
    assert desk.read("SELECT DISTINCT task_id, step FROM pgmoat.history") == [(task_id, step)]
    assert count_used(desk, task_id) == 2


@pytest.mark.parametrize(
    "name", ["pgmoat", "pgmoat:", "pgmoat::", "pgmoat::step", "Pgmoat:inbox", " pgmoat:inbox", ""]
)
def test_other_application_names_are_no_task(desk: Moat, name: str) -> None:
    for query in ("SELECT * FROM counters", "UPDATE counters SET v = 9", "INSERT INTO counters VALUES (0)"):
        with refused("PM001"), _named(desk, "namer", name) as connection:
            connection.execute(query.encode())


def test_a_name_that_may_have_been_cut_is_refused(desk: Moat) -> None:
    whole = "pgmoat:" + "x" * 50 + ":step"  # 62 bytes
    with _named(desk, "namer", whole) as connection:
        write(connection, 1)
    for name in (whole + "s", whole + "s" * 100, "pgmoat:" + "y" * 80):
        for query in ("SELECT * FROM counters", "UPDATE counters SET v = 9"):
            with refused("PM017"), _named(desk, "namer", name) as connection:
                connection.execute(query.encode())
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 1


def test_a_token_goes_before_application_name(desk: Moat) -> None:
    token = desk.open_task("namer", "issued")
    with _named(desk, "namer", "pgmoat:other:s") as connection:
        enter(connection, token, "mine")
        write(connection, 1)
    assert desk.read("SELECT task_id, step FROM pgmoat.history") == [("issued", "mine")]


def test_a_false_token_is_not_made_good_by_application_name(desk: Moat) -> None:
    for query in ("SELECT * FROM counters", "UPDATE counters SET v = 9"):
        with refused("PM001"), _named(desk, "namer", "pgmoat:inbox:s") as connection:
            connection.execute("SELECT set_config('pgmoat.token', 'forged', true)")
            connection.execute(query.encode())


def test_one_transaction_writes_for_one_name(desk: Moat) -> None:
    with refused("PM009"), _named(desk, "namer", "pgmoat:one:s") as connection:
        write(connection, 1)
        connection.execute("SET LOCAL application_name = 'pgmoat:two:s'")
        write(connection, 2)
    with _named(desk, "namer", "pgmoat:one:s") as connection:
        write(connection, 1)
        connection.execute("SET LOCAL application_name = 'pgmoat:one:t'")
        write(connection, 2)
    assert desk.read("SELECT step FROM pgmoat.history ORDER BY change_id") == [("s",), ("t",)]


def test_a_lifted_timeout_is_noticed_under_a_name_as_well(desk: Moat) -> None:
    with refused("PM007"), _named(desk, "namer", "pgmoat:inbox:s") as connection:
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SELECT * FROM counters")


@pytest.mark.parametrize("carrier", ["claim", "application_name"])
def test_inventing_tasks_does_not_dodge_the_hour(desk: Moat, route: str, carrier: str) -> None:
    def work(number: int) -> int:
        committed = 0
        for attempt in range(8):
            try:
                name = f"t-{number}-{attempt}"
                come_in = (
                    _claimed(desk, "namer", name, route)
                    if carrier == "claim"
                    else _named(desk, "namer", f"pgmoat:{name}:s", route)
                )
                with come_in as connection:
                    write(connection, 1 + number * 8 + attempt)
            except psycopg.Error as error:
                if error.sqlstate not in {"PM012", "40P01"}:
                    raise
            else:
                committed += 1
        return committed

    committed = work_at_once([work] * 8)
    assert committed == count_written(desk) <= 40
    # A task that is just committing keeps its lease: under contention a little may be refused too early.
    for number in range(40 - committed):
        with _claimed(desk, "namer", f"rest-{number}") as connection:
            write(connection, 1)
    with refused("PM012"), _claimed(desk, "namer", "one-more") as connection:
        write(connection, 1)
    assert count_written(desk) == 40


def test_eight_at_once_open_no_more_tasks_than_the_hour_allows(desk: Moat, route: str) -> None:
    def work(number: int) -> int:
        opened = 0
        for attempt in range(4):
            try:
                with _claimed(desk, "flooder", f"t-{number}-{attempt}", route):
                    pass
            except psycopg.Error as error:
                assert error.sqlstate == "PM016", error
            else:
                opened += 1
        return opened

    assert work_at_once([work] * 8) == 12
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 12
    with refused("PM016"), _named(desk, "flooder", "pgmoat:more:s") as connection:
        write(connection, 1)
    name = desk.value("SELECT min(task_id) FROM pgmoat.task")
    with _claimed(desk, "flooder", name) as connection:  # what is open goes on
        write(connection, 1)
        with refused("PM016"), connection.transaction():
            connection.execute("SELECT pgmoat.open_child('child')")
    desk.open_task("flooder", "issued")  # the orchestrator is not counted


def test_a_flood_in_one_transaction_is_stopped_on_the_way(desk: Moat) -> None:
    with refused("PM016"), desk.connect("flooder") as connection:
        connection.execute("SELECT pgmoat.claim('t-' || i) FROM generate_series(1, 100000) AS i")
    with desk.connect("flooder") as connection:
        for _ in range(3):
            with connection.transaction():
                connection.execute("SELECT pgmoat.claim('t-' || i) FROM generate_series(1, 12) AS i")
                connection.execute("ROLLBACK; BEGIN")
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 0


def test_a_task_that_is_claimed_by_two_at_once_is_one(desk: Moat) -> None:
    def work(number: int) -> int:
        with _claimed(desk, "namer", "same") as connection:
            write(connection, number + 1)
        return 1

    assert work_at_once([work] * 8) == 8
    assert desk.read("SELECT task_id FROM pgmoat.task") == [("same",)]
    assert count_used(desk, "same") == 8
