"""What a write returned comes back from its stored text: equal values of equal types."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from pgmoat import errors
from pgmoat.runtime import Moat
from pgmoat.runtime.stored import pack_rows, unpack_rows
from tests.integration.runtime.conftest import Opener
from tests.moat_fixtures import Moat as Site
from tests.postgres_fixtures import Database

VALUES: dict[str, LiteralString] = {
    "int2": "7::int2",
    "int8": "9223372036854775807",
    "negative": "-9223372036854775808",
    "float8": "0.1::float8",
    "float infinity": "'-Infinity'::float8",
    "float nan": "'NaN'::float8",
    "numeric": "12345678901234567890.0100",
    "numeric nan": "'NaN'::numeric",
    "bool": "false",
    "text": '$$it\'s "quoted", {a,b} \\ 100% \u2603 \U0001f600$$',
    "lines": "E'a\\n\\tb'",
    "empty": "''::text",
    "varchar": "'ab'::varchar(5)",
    "char": "'ab'::char(5)",
    "name": "'ab'::name",
    "bytea": "'\\x00ff5c27'::bytea",
    "empty bytea": "''::bytea",
    "timestamptz": "'2026-01-02 03:04:05.000006+02'::timestamptz",
    "timestamp": "'2026-01-02 03:04:05.6'::timestamp",
    "date": "'0044-03-15'::date",
    "time": "'23:59:59.999999'::time",
    "timetz": "'23:59:59+05:30'::timetz",
    "interval": "'-3 days 04:05:06.7'::interval",
    "uuid": "'00000000-0000-0000-0000-00000000000a'::uuid",
    "jsonb": '\'{"a": [1, 2.50, null, "\u2603"]}\'::jsonb',
    "json": "'[1]'::json",
    "json null": "'null'::jsonb",
    "int array": "ARRAY[[1, NULL], [3, 4]]",
    "empty array": "'{}'::int[]",
    "text array": "ARRAY['a,b', '\"', NULL, 'NULL', '']",
    "numeric array": "ARRAY[1.50, NULL]",
    "timestamptz array": "ARRAY['2026-01-02 03:04:05+00'::timestamptz]",
    "jsonb array": "ARRAY['{\"a\": 1}'::jsonb]",
    "range": "'[1,5)'::int4range",
    "multirange": "'{[1,5),[7,9)}'::int4multirange",
    "inet": "'10.0.0.1'::inet",
    "cidr": "'10.0.0.0/8'::cidr",
    "composite": "ROW(1, 'a')",
    "enum": "'in transit'::mood",
    "enum array": "ARRAY['in transit', 'lost']::mood[]",
    "domain": "5::positive",
    "null": "NULL::int",
    "null text": "NULL",
}


@pytest.fixture
def connection(database: Database) -> Generator[psycopg.Connection[Any]]:
    with psycopg.connect(database.dsn, autocommit=True, cursor_factory=psycopg.RawCursor) as opened:
        opened.execute("CREATE TYPE mood AS ENUM ('in transit', 'lost')")
        opened.execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
        opened.execute("SET TimeZone = 'Asia/Kolkata'")
        yield opened


def show(value: object) -> object:
    """Return what two values that are equal have in common: NaN is not equal to itself."""
    return str(value) if value != value else value  # noqa: PLR0124


def test_every_type_comes_back(connection: psycopg.Connection[Any]) -> None:
    values = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(sql.SQL(value), sql.Identifier(name)) for name, value in VALUES.items()
    )
    cursor = connection.execute(sql.SQL("SELECT {}").format(values))
    assert cursor.pgresult is not None
    stored = json.loads(json.dumps(pack_rows(cursor.pgresult)[0]))
    names, (row,) = unpack_rows(stored)
    (read,) = cursor.fetchall()
    assert names == tuple(VALUES)
    for name, value in zip(names, read, strict=True):
        assert type(row[name]) is type(value), name
        assert show(row[name]) == show(value), name


@pytest.mark.parametrize("output", ["hex", "escape"])
def test_bytes_come_back_however_they_are_printed(
    connection: psycopg.Connection[Any], output: LiteralString
) -> None:
    connection.execute(sql.SQL("SET bytea_output = {}").format(sql.Literal(output)))
    cursor = connection.execute("SELECT '\\x00ff5c27'::bytea AS b")
    assert cursor.pgresult is not None
    assert unpack_rows(pack_rows(cursor.pgresult)[0]) == (("b",), ({"b": b"\x00\xff\\'"},))


def test_no_columns_and_no_rows(connection: psycopg.Connection[Any]) -> None:
    cases: list[tuple[LiteralString, tuple[str, ...]]] = [
        ("SELECT 1 AS a WHERE false", ("a",)),
        ("CREATE TABLE t ()", ()),
    ]
    for statement, names in cases:
        cursor = connection.execute(statement)
        assert cursor.pgresult is not None
        assert unpack_rows(pack_rows(cursor.pgresult)[0]) == (names, ())


@pytest.fixture
def count_visits(shop: Site) -> Callable[[int], int]:
    def count(order_id: int) -> int:
        return shop.value("SELECT n FROM public.orders WHERE id = %s", order_id)

    return count


WRITE = "UPDATE orders SET visits = visits + 1 WHERE id = 7 RETURNING "


def test_a_replay_gives_what_the_write_gave(moat: Moat) -> None:
    returning = (
        "id, amount, note, status, '\\x00ff'::bytea AS raw, now() AS at, current_date AS day,"
        " '1 day 02:03'::interval AS pause, ARRAY[1.5, NULL] AS numbers, '{\"a\": 1}'::jsonb AS data,"
        " 'NaN'::numeric AS nan, '\u2603 '' \"'::text AS words"
    )
    with moat.task("support", "T-1") as task:
        first, again = task.write(WRITE + returning), task.write(WRITE + returning)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.columns == again.columns
    for name in first.columns:
        one, other = first[0][name], again[0][name]
        assert type(one) is type(other), name
        assert show(one) == show(other), name
    assert first[0]["numbers"] == [Decimal("1.5"), None]


@pytest.mark.parametrize(
    ("returning", "message"),
    [
        ("repeat('9', 5000)::jsonb AS big", "the answer cannot be read: Exceeds the limit"),
        ("'infinity'::date AS day", "the answer cannot be read: date too large"),
    ],
)
def test_what_cannot_be_given_back_is_not_written(
    moat: Moat, count_visits: Callable[[int], int], returning: str, message: str
) -> None:
    with moat.task("support", "T-1") as task:
        with pytest.raises(errors.StatementInvalidError, match=message):
            task.write(WRITE + returning)
        assert count_visits(7) == 0
        assert task.write(WRITE + "id").affected == 1
    assert count_visits(7) == 1


def test_an_answer_that_python_has_no_value_for(moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        with pytest.raises(errors.StatementInvalidError, match="the answer cannot be read") as caught:
            task.query("SELECT 'infinity'::timestamptz AS at")
        assert "::text" in caught.value.hint
        assert task.query("SELECT 'infinity'::timestamptz::text AS at")[0] == {"at": "infinity"}


def test_an_answer_in_another_datestyle_is_an_error_of_ours(make_runtime: Opener, shop: Site) -> None:
    role = sql.Identifier(shop.role("support"))
    shop.run(sql.SQL("ALTER ROLE {} SET datestyle = 'German'").format(role))
    try:
        with make_runtime().task("support", "T-1") as task, pytest.raises(errors.StatementInvalidError):
            task.query("SELECT now() AS at")
    finally:
        shop.run(sql.SQL("ALTER ROLE {} RESET datestyle").format(role))
