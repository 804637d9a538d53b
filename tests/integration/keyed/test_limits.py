"""What a keyed write leaves behind is counted: its record, its request, its result."""

from __future__ import annotations

import json

import pytest

from tests.integration.keyed.writes import begin_new, bump, count_effects, finish, write, write_once
from tests.moat_fixtures import Connection, Moat, enter, refused


def _random_text(connection: Connection, kilobytes: int) -> str:
    """Return a text that does not compress well."""
    row = connection.execute(
        "SELECT string_agg(md5(random()::text), '') FROM generate_series(1, %s)", [kilobytes * 32]
    ).fetchone()
    assert row is not None
    return str(row[0])


def _stored_bytes(shop: Moat) -> int:
    return shop.value("SELECT COALESCE(sum(pg_column_size(c.*)), 0)::bigint FROM pgmoat.operation_call AS c")


def _charged_bytes(shop: Moat) -> int:
    return shop.value("SELECT COALESCE(max(bytes_used), 0)::bigint FROM pgmoat.ledger")


@pytest.mark.parametrize("is_finished", [True, False])
def test_writes_of_nothing_are_limited(shop: Moat, route: str, is_finished: bool) -> None:
    token = shop.open_task("hasty")
    for number in range(12):
        with shop.task("hasty", token, route=route) as connection:
            call = begin_new(connection, f"k{number}")
            if is_finished:
                finish(connection, call)
    with shop.task("hasty", token, route=route) as connection, refused("PM047"):
        begin_new(connection, "k12")
    assert count_effects(shop) == (0, 0, 12)


def test_an_unfinished_write_counts_whatever_it_wrote(shop: Moat) -> None:
    token = shop.open_task("hasty")
    for number in range(12):
        with shop.task("hasty", token) as connection:
            begin_new(connection, f"k{number}")
            if number < 5:
                bump(connection)
    with refused("PM047"):
        write_once(shop, "hasty", "k12", token=token)
    assert count_effects(shop) == (5, 5, 12)


def test_requests_of_unfinished_writes_take_bytes(shop: Moat) -> None:
    token = shop.open_task("hasty")
    with refused("PM013"), shop.task("hasty", token) as connection:
        for number in range(12):
            begin_new(connection, f"k{number}", {"text": _random_text(connection, 7)})
    with refused("PM013"):
        for number in range(12):
            with shop.task("hasty", token) as connection:
                begin_new(connection, f"k{number}", {"text": _random_text(connection, 7)})
    assert 50_000 < _stored_bytes(shop) < 70_000


def test_results_of_writes_of_nothing_take_bytes(shop: Moat) -> None:
    token = shop.open_task("hasty")
    with refused("PM013"):
        for number in range(5):
            with shop.task("hasty", token) as connection:
                call = begin_new(connection, f"k{number}")
                finish(connection, call, [_random_text(connection, 30)])
    assert _stored_bytes(shop) < 70_000


@pytest.mark.parametrize("timing", ["DEFERRED", "IMMEDIATE"])
@pytest.mark.parametrize("in_one_statement", [False, True])
def test_results_of_writes_take_bytes(shop: Moat, timing: str, in_one_statement: bool) -> None:
    """One row of eight bytes is no licence to store 64 kB."""
    token = shop.open_task("hasty")
    with refused("PM013"):
        for number in range(5):
            with shop.task("hasty", token) as connection:
                connection.execute(f"SET CONSTRAINTS ALL {timing}".encode())
                call = begin_new(connection, f"k{number}", {"text": _random_text(connection, 2)})
                rows = [_random_text(connection, 30)]
                if in_one_statement:
                    connection.execute(
                        "WITH w AS (UPDATE counters SET v = v + 1 WHERE id = 1 RETURNING id)"
                        " SELECT pgmoat.finish_write(%s, %s::jsonb || to_jsonb(max(id))) FROM w",
                        [call, json.dumps(rows)],
                    )
                else:
                    bump(connection)
                    finish(connection, call, rows)
    assert _stored_bytes(shop) < 70_000
    total, changes, calls = count_effects(shop)
    assert total == changes == calls > 0
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") == changes
    assert _stored_bytes(shop) - 500 * calls < _charged_bytes(shop) < 64 * 1024


def test_many_keys_around_one_row(shop: Moat) -> None:
    """Each of them wrote that row; all that they store is charged."""
    token = shop.open_task("hasty")
    with refused("PM013"), shop.task("hasty", token) as connection:
        calls = [begin_new(connection, f"k{number}") for number in range(12)]
        bump(connection)
        for call in calls:
            assert finish(connection, call, [_random_text(connection, 10)])["affected"] == 1
    assert count_effects(shop) == (0, 0, 0)
    with refused("PM011", "PM013"):
        for start in range(1000):
            with shop.task("hasty", token) as connection:
                calls = [begin_new(connection, f"k{start}-{number}") for number in range(12)]
                bump(connection)
                for call in calls:
                    finish(connection, call)
    assert count_effects(shop)[2] <= 12 * 12


@pytest.mark.parametrize("rows_written", [1, 0])
def test_a_child_charges_results_to_all_above_it(shop: Moat, rows_written: int) -> None:
    with shop.task("worker") as connection:
        row = connection.execute("SELECT pgmoat.open_child('c')").fetchone()
    assert row is not None
    with shop.task("worker", row[0]) as connection:
        call = begin_new(connection, "k1")
        if rows_written:
            bump(connection)
        finish(connection, call, [_random_text(connection, 20)])
    used = shop.read("SELECT task, max(rows_used), max(bytes_used) FROM pgmoat.ledger GROUP BY 1")
    assert [rows for _, rows, _ in used] == [rows_written] * 2
    assert all(size > 20_000 for _, _, size in used)


def test_huge_requests_and_rows_are_not_stored(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route) as connection:
        text = _random_text(connection, 1024)
        call = begin_new(connection, "k1", {"text": text})
        bump(connection)
        result = finish(connection, call, [text] * 10)
        assert (result["rows"], result["truncated"], result["affected"]) == ([], True, 1)
    assert shop.read("SELECT request FROM pgmoat.operation_call") == [(None,)]
    assert _stored_bytes(shop) < 1000
    with shop.task("worker", token, route=route) as connection:
        row = connection.execute(
            "SELECT result FROM pgmoat.begin_write('k1', %s)", [json.dumps({"text": text})]
        ).fetchone()
        assert row == ({**result, "replayed": True},)
        with refused("PM041"):
            begin_new(connection, "k1", {"text": text + "x"})


def test_numbers_that_are_longer_than_they_look(shop: Moat) -> None:
    """1e100000 takes 12 bytes, and 100 kB for whoever reads it."""
    bomb = "[" + ",".join(["1e100000"] * 100) + "]"
    with shop.task("worker") as connection:
        row = connection.execute(
            "SELECT call FROM pgmoat.begin_write('k1', %s)", [f'{{"a": {bomb}}}']
        ).fetchone()
        assert row is not None
        connection.execute("SELECT pgmoat.finish_write(%s, %s)", [row[0], bomb])
    assert shop.read(
        "SELECT request, result -> 'rows', result -> 'truncated' FROM pgmoat.operation_call"
    ) == [(None, [], True)]


def test_a_million_begins_in_one_block(shop: Moat) -> None:
    with shop.task("hasty") as connection:
        with refused("PM047"), connection.transaction():
            connection.execute(
                "DO $$ BEGIN FOR i IN 1 .. 1000000 LOOP"
                "   PERFORM pgmoat.begin_write('k' || i, '{}'); END LOOP; END $$"
            )
        # Whoever catches the refusals gets no further.
        connection.execute(
            "DO $$ BEGIN FOR i IN 1 .. 300 LOOP"
            "   BEGIN PERFORM pgmoat.begin_write('k' || i, '{}'); EXCEPTION WHEN OTHERS THEN NULL; END;"
            " END LOOP; END $$"
        )
    assert count_effects(shop) == (0, 0, 12)


def test_many_replays_leave_nothing(shop: Moat) -> None:
    token = shop.open_task("hasty")
    write_once(shop, "hasty", "k1", token=token)
    with shop.task("hasty", token) as connection:
        connection.execute(
            "DO $$ BEGIN FOR i IN 1 .. 2000 LOOP"
            "   PERFORM pgmoat.begin_write('k1', '{\"bump\": 1}'); END LOOP; END $$"
        )
    assert count_effects(shop) == (1, 1, 1)


def test_rows_per_statement_holds_across_a_finish(shop: Moat) -> None:
    """A finish within the statement begins no new count."""
    with shop.task("hasty") as connection, refused("PM010"), connection.transaction():
        connection.execute(
            "DO $$ DECLARE c bigint; BEGIN"
            "   PERFORM set_config('pgmoat.stop_at', '9999999999', true);"
            "   SELECT call INTO c FROM pgmoat.begin_write('k1', '{}');"
            "   UPDATE counters SET v = v + 1 WHERE id <= 6; PERFORM pgmoat.finish_write(c);"
            "   UPDATE counters SET v = v + 1 WHERE id <= 6; END $$"
        )
    with shop.connect("hasty") as connection, connection.transaction():
        enter(connection, shop.open_task("hasty"))
        write(connection, "k1", 1)
        connection.execute("UPDATE counters SET v = v + 1 WHERE id <= 10")
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") == 11
