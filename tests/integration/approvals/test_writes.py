"""An agent's own SQL that needs a person's word: the wall at COMMIT, and the way through it."""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.integration.approvals.people import (
    MANY,
    begin,
    count_written,
    decide,
    hold,
    hold_once,
    read_state,
    run_once,
    sign,
)
from tests.integration.operations.calls import call
from tests.moat_fixtures import Moat, enter, refused

TEN: LiteralString = "UPDATE counters SET v = v + 1 WHERE id <= 10"


@pytest.mark.parametrize("timing", ["DEFERRED", "IMMEDIATE"])
def test_raw_sql_meets_the_wall(shop: Moat, route: str, timing: str) -> None:
    with refused("PM050") as caught, shop.task("worker", route=route) as connection:
        connection.execute(f"SET CONSTRAINTS ALL {timing}".encode())
        connection.execute(MANY)
    assert "30 rows, more than 20" in str(caught.value.diag.message_primary)
    assert "write()" in str(caught.value.diag.message_hint)
    with shop.task("worker", route=route) as connection:
        connection.execute(TEN)
    assert count_written(shop) == 10


def test_a_statement_over_two_entities_is_one(shop: Moat) -> None:
    with refused("PM050"), shop.task("worker") as connection:
        connection.execute(
            "WITH a AS (UPDATE counters SET v = v + 1 WHERE id <= 11 RETURNING id),"
            " b AS (INSERT INTO flags (name, v) SELECT id::text, 1 FROM a RETURNING name)"
            " SELECT count(*) FROM b"
        )
    with refused("PM050"), shop.task("worker") as connection:
        connection.execute(
            "DO $$ BEGIN FOR i IN 1 .. 21 LOOP UPDATE counters SET v = v + 1 WHERE id = i; END LOOP; END $$"
        )
    assert count_written(shop) == 0


@pytest.mark.parametrize("in_one_transaction", [True, False])
def test_many_small_statements(shop: Moat, in_one_transaction: bool) -> None:
    """50 rows of a task need nobody's word, whatever they are cut into."""
    token = shop.open_task("worker", "T-1")
    with refused("PM050") as caught:
        if in_one_transaction:
            with shop.task("worker", token) as connection:
                for _ in range(6):
                    connection.execute(TEN)
        else:
            for _ in range(6):
                with shop.task("worker", token) as connection:
                    connection.execute(TEN)
    assert "task T-1 writes 60 rows" in str(caught.value.diag.message_primary)
    assert count_written(shop) == (0 if in_one_transaction else 50)


def test_children_write_for_their_parent(shop: Moat) -> None:
    parent = shop.open_task("worker", "T-1")
    with refused("PM050") as caught:
        for number in range(6):
            with shop.task("worker", parent) as connection:
                row = connection.execute("SELECT pgmoat.open_child(%s)", [str(number)]).fetchone()
            assert row is not None
            with shop.task("worker", row[0]) as connection:
                connection.execute(TEN)
    assert "task T-1 writes 60 rows" in str(caught.value.diag.message_primary)
    assert count_written(shop) == 50


def test_operations_and_approved_rows_do_not_count(shop: Moat) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token) as connection:
        connection.execute(TEN)
        call(connection, "free", "f1", last=60)
        connection.execute(TEN)
    decide(shop, hold_once(shop, "worker", "k1", token=token))
    assert run_once(shop, "worker", "k1", token=token)["affected"] == 30
    for _ in range(3):
        with shop.task("worker", token) as connection:
            connection.execute(TEN)
    with refused("PM050"), shop.task("worker", token) as connection:
        connection.execute("UPDATE counters SET v = v + 1 WHERE id = 1")
    assert count_written(shop) == 60 + 30 + 50
    assert shop.value("SELECT max(own_rows) FROM pgmoat.ledger") == 50


def test_operations_pass_under_immediate_constraints(shop: Moat) -> None:
    with shop.task("worker") as connection:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert call(connection, "free", "f1", last=60)["affected"] == 60
        assert "approval" in call(connection, "bump_many", "b1", last=30)


def test_held_and_run_once(shop: Moat, route: str) -> None:
    number = hold_once(shop, "worker", "k1", route=route)
    assert count_written(shop) == 0
    result = run_once(shop, "worker", "k1", route=route)
    assert result["approval"]["id"] == number
    assert result["approval"]["state"] == "pending"
    decide(shop, number)
    assert run_once(shop, "worker", "k1", route=route)["affected"] == 30
    assert run_once(shop, "worker", "k1", route=route)["replayed"]
    assert count_written(shop) == 30
    assert read_state(shop, number) == ("done", 1)


def test_rejected(shop: Moat) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number, is_approved=False, reason="no")
    with refused("PM051"):
        run_once(shop, "worker", "k1")
    with refused("PM050"), shop.task("worker") as connection:
        connection.execute(MANY)
    assert count_written(shop) == 0


_OTHERS: tuple[LiteralString, ...] = (
    "UPDATE counters SET v = v + 1 WHERE id <= 31",
    "UPDATE counters SET v = v + 1 WHERE id <= 29",
    "UPDATE counters SET v = v + 2 WHERE id <= 30",
    "UPDATE counters SET v = v + 1 WHERE id BETWEEN 2 AND 31",
    "UPDATE counters SET v = v + 1, note = 'x' WHERE id <= 30",
    "DELETE FROM counters WHERE id <= 30",
    "INSERT INTO counters (id, v) SELECT i + 1000, 1 FROM generate_series(1, 30) AS i",
    "SELECT 1",
)


@pytest.mark.parametrize("statement", _OTHERS)
def test_another_effect_under_the_approved_key(shop: Moat, statement: LiteralString) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    with refused("PM053"), shop.task("worker", reason="r") as connection:
        call_number, _ = begin(connection, "k1")
        connection.execute(statement)
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
    with refused("PM041"):
        run_once(shop, "worker", "k1", request={"many": 2})
    assert count_written(shop) == 0
    assert read_state(shop, number) == ("approved", 1)


def test_a_keyed_write_without_a_word(shop: Moat, route: str) -> None:
    with refused("PM050"):
        run_once(shop, "worker", "k1", route=route)
    assert run_once(shop, "worker", "k2", TEN, route=route)["affected"] == 10
    assert count_written(shop) == 10


def test_an_approved_write_that_is_not_finished(shop: Moat, route: str) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    with refused("PM050"), shop.task("worker", route=route) as connection:
        begin(connection, "k1")
        connection.execute(MANY)
    with refused("PM050"), shop.task("worker", route=route) as connection:
        call_number, _ = begin(connection, "k1")
        connection.execute(MANY)
        connection.execute("SAVEPOINT s")
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("ROLLBACK TO s")
    with refused("PM050"), shop.task("worker", route=route) as connection:
        call_number, _ = begin(connection, "k1")
        connection.execute(MANY)
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
        connection.execute(MANY)
    with refused("PM050"), shop.task("worker", route=route) as connection:
        connection.execute("UPDATE counters SET v = v + 1 WHERE id BETWEEN 100 AND 130")
        call_number, _ = begin(connection, "k1")
        connection.execute(MANY)
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
    assert count_written(shop) == 0
    assert read_state(shop, number) == ("approved", 1)
    assert run_once(shop, "worker", "k1", route=route)["affected"] == 30


def test_more_rows_in_the_statement_that_finishes(shop: Moat) -> None:
    """What a statement writes after it has finished the approved one is not part of that."""
    decide(shop, hold_once(shop, "worker", "k1"))
    with refused("PM050", "PM053"), shop.task("worker") as connection:
        call_number, _ = begin(connection, "k1")
        connection.execute(
            "WITH a AS MATERIALIZED (UPDATE counters SET v = v + 1 WHERE id <= 30 RETURNING id),"
            " f AS MATERIALIZED (SELECT pgmoat.finish_write(%s) AS r FROM (SELECT count(*) FROM a) AS x)"
            " UPDATE counters AS c SET v = v + 1 FROM f WHERE c.id BETWEEN 100 AND 150 AND f.r IS NOT NULL",
            [call_number],
        )
    assert count_written(shop) == 0


def test_two_keys_around_one_effect(shop: Moat) -> None:
    """Both were approved and the rows are written once: fewer than people agreed to, never more."""
    for key in ("k1", "k2"):
        decide(shop, hold_once(shop, "worker", key))
    with shop.task("worker") as connection:
        calls = [begin(connection, key)[0] for key in ("k1", "k2")]
        connection.execute(MANY)
        for call_number in calls:
            connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
    with refused("PM050", "PM051"), shop.task("worker") as connection:
        connection.execute(MANY)
    assert count_written(shop) == 30


def test_changed_by_people_meanwhile(shop: Moat, route: str) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    shop.run("UPDATE public.counters SET note = 'mine' WHERE id = 30")
    with refused("PM053"):
        run_once(shop, "worker", "k1", route=route)
    assert hold_once(shop, "worker", "k1", route=route) == number
    assert read_state(shop, number) == ("pending", 2)
    assert shop.value("SELECT why FROM pgmoat.approvals") == (
        "it writes 30 rows, more than 20; it was approved, and would write other rows now"
    )
    decide(shop, number)
    assert run_once(shop, "worker", "k1", route=route)["affected"] == 30


@pytest.mark.parametrize(
    "setting",
    [
        "TimeZone = 'Pacific/Auckland'",
        "DateStyle = 'SQL, DMY'",
        "extra_float_digits = -15",
        "IntervalStyle = 'iso_8601'",
    ],
)
def test_settings_between_hold_and_run(shop: Moat, setting: str) -> None:
    """Where they change nothing that is written, it is the same effect."""
    statement: LiteralString = (
        "UPDATE counters SET v = v + 1, changed_at = now(), changed_on = '2026-01-02' WHERE id <= 30"
    )
    decide(shop, hold_once(shop, "worker", "k1", statement))
    with shop.task("worker") as connection:
        connection.execute(f"SET LOCAL {setting}".encode())
        call_number, _ = begin(connection, "k1")
        connection.execute(statement)
        row = connection.execute("SELECT pgmoat.finish_write(%s)", [call_number]).fetchone()
        assert row is not None
        assert row[0]["affected"] == 30


def test_now_is_not_what_the_agent_calls_so(shop: Moat) -> None:
    """Today is the same tomorrow; a day in a time zone of the agent's own is not today."""
    statement: LiteralString = "UPDATE counters SET v = v + 1, changed_on = current_date WHERE id <= 30"
    decide(shop, hold_once(shop, "worker", "k1", statement))
    with refused("PM053"), shop.task("worker") as connection:
        connection.execute("SET LOCAL TimeZone = '<far>-167'")
        call_number, _ = begin(connection, "k1")
        connection.execute(statement)
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
    assert run_once(shop, "worker", "k1", statement)["affected"] == 30


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        ("note = to_jsonb(now() AT TIME ZONE 'UTC') #>> '{}'", "note = current_date::text"),
        ("note = current_date::text", "note = to_jsonb((now() AT TIME ZONE 'UTC')::date - 1) #>> '{}'"),
        ("changed_at = now()", "changed_at = current_date"),
    ],
)
def test_now_is_a_moment_and_no_text(shop: Moat, asked: LiteralString, other: LiteralString) -> None:
    """In a text its words count, as everywhere else."""
    decide(shop, hold_once(shop, "worker", "k1", f"UPDATE counters SET {asked} WHERE id <= 30"))
    with refused("PM053"):
        run_once(shop, "worker", "k1", f"UPDATE counters SET {other} WHERE id <= 30")


def test_names_of_its_own_between_hold_and_run(shop: Moat) -> None:
    decide(shop, hold_once(shop, "worker", "k1"))
    with refused("PM053"), shop.task("worker") as connection:
        for statement in (
            "CREATE FUNCTION pg_temp.yes(bytea, bytea) RETURNS boolean LANGUAGE sql RETURN true",
            "CREATE OPERATOR pg_temp.= (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = pg_temp.yes)",
            "CREATE TEMP TABLE approval (id bigint, fingerprint bytea)",
            "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql RETURN '\\x00'::bytea",
            "SET LOCAL search_path = pg_temp, agent, pg_catalog",
        ):
            connection.execute(statement.encode())
        call_number, _ = begin(connection, "k1")
        connection.execute("UPDATE agent.counters SET v = v + 7 WHERE id <= 30")
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
    assert count_written(shop) == 0


def test_a_key_that_the_agent_chose_is_no_drawn_number(shop: Moat) -> None:
    """flags has a key that the agent gives: under the same key another row is another effect."""
    first: LiteralString = "INSERT INTO flags (name, v) SELECT 'a' || i, 1 FROM generate_series(1, 30) AS i"
    decide(shop, hold_once(shop, "worker", "k1", first))
    with refused("PM053"):
        run_once(
            shop,
            "worker",
            "k1",
            "INSERT INTO flags (name, v) SELECT 'b' || i, 1 FROM generate_series(1, 30) AS i",
        )
    assert run_once(shop, "worker", "k1", first)["affected"] == 30


_ASKED_AND_RUN: dict[str, tuple[LiteralString, LiteralString]] = {
    "a key's constant default": (
        "INSERT INTO options (tenant_id, name, v, number) VALUES (1, 'theme', 'on', 5)",
        "INSERT INTO options (tenant_id, name, v, number) VALUES (99, 'is_admin', 'on', 5)",
    ),
    "a serial number": (
        "INSERT INTO options (v, number) VALUES ('on', 5)",
        "INSERT INTO options (v, number) VALUES ('on', 777)",
    ),
    "a key that is a setting": (
        "INSERT INTO marks (v) SELECT 'x' FROM set_config('shop.site', 'north', true)",
        "INSERT INTO marks (v) SELECT 'x' FROM set_config('shop.site', 'south', true)",
    ),
}


@pytest.mark.parametrize("what", _ASKED_AND_RUN)
def test_what_the_agent_may_give_is_not_drawn(shop: Moat, route: str, what: str) -> None:
    """A default does not make it the database's: what an agent can choose is what the person has seen."""
    asked, other = _ASKED_AND_RUN[what]
    decide(shop, hold_once(shop, "worker", "k1", asked, route=route))
    with refused("PM053"):
        run_once(shop, "worker", "k1", other, route=route)
    assert run_once(shop, "worker", "k1", asked, route=route)["affected"] == 1


def test_a_key_that_the_database_draws(shop: Moat) -> None:
    """Nobody may give it, so another one is the same effect."""
    statement: LiteralString = "INSERT INTO labels (v) VALUES ('x')"
    decide(shop, hold_once(shop, "worker", "k1", statement))
    assert run_once(shop, "worker", "k1", statement)["affected"] == 1


def test_two_numbers_that_are_one(shop: Moat) -> None:
    statement: LiteralString = (
        "INSERT INTO refunds (counter, amount) SELECT i, 1.50 FROM generate_series(1, 30) AS i"
    )
    decide(shop, hold_once(shop, "worker", "k1", statement))
    other: LiteralString = (
        "INSERT INTO refunds (counter, amount) SELECT i, 1.5 FROM generate_series(30, 1, -1) AS i"
    )
    assert run_once(shop, "worker", "k1", other)["affected"] == 30


def test_what_the_person_sees_and_the_agent_does_not(shop: Moat) -> None:
    """A column that it writes without reading is in the preview, and not in what the agent carries."""
    statement: LiteralString = "UPDATE counters SET note = 'evil' WHERE id = 1"
    with shop.task("narrow") as connection:
        signed = sign(connection, "k1", statement)
        for text in (signed.preview, bytes.fromhex(signed.preview).decode("latin-1")):
            assert "hidden" not in text
            assert "evil" not in text
        hold(connection, signed)
    ((preview,),) = shop.read("SELECT preview FROM pgmoat.approvals")
    assert (preview[0]["before"]["note"], preview[0]["after"]["note"]) == ("hidden-note", "evil")


def test_an_agent_may_ask_although_no_rule_does(shop: Moat) -> None:
    number = hold_once(shop, "worker", "k1", TEN)
    assert shop.value("SELECT why FROM pgmoat.approvals") == "the agent asks for a person's word"
    decide(shop, number)
    assert run_once(shop, "worker", "k1", TEN)["affected"] == 10


def test_a_task_that_is_entered_late_is_refused(shop: Moat) -> None:
    first, second = shop.open_task("worker"), shop.open_task("worker")
    with shop.task("worker", first) as connection:
        signed = sign(connection, "k1", MANY)
        enter(connection, second)
        with refused("PM048"):
            hold(connection, signed)
