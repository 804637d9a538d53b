"""
Values of every type go in, come out and are recorded as they are, whatever the agent's session is set to.

I/O: PostgreSQL.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from typing import Any, LiteralString

import pytest
from psycopg import sql

from tests.moat_fixtures import Moat, open_moat, refused
from tests.postgres_fixtures import PostgresServer

_SCHEMA: LiteralString = """
CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE public.pair AS (a integer, b text);
CREATE DOMAIN public.percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN public.label AS text DEFAULT 'unlabelled';
CREATE TABLE public.things (
    id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0,
    t_json json, t_jsonb jsonb, t_point point, t_ints integer[], t_texts text[], t_enum public.mood,
    t_enums public.mood[], t_domain public.percent, t_label public.label, t_pair public.pair,
    t_numeric numeric(10, 2),
    t_char char(5), t_varchar varchar(8), t_bytea bytea, t_interval interval, t_float8 float8, t_float4 real,
    t_timestamptz timestamptz, t_timestamp timestamp, t_date date, t_time time, t_timetz timetz,
    t_bool boolean,
    t_uuid uuid, t_inet inet, t_bit varbit, t_range tstzrange, t_stamps timestamptz[],
    t_floats float8[], t_box box,
    t_tsvector tsvector, t_regclass regclass, t_money money, t_xid xid8, t_big text,
    dropped integer,
    generated integer GENERATED ALWAYS AS (n * 2) STORED
);
ALTER TABLE public.things DROP COLUMN dropped;
INSERT INTO public.things VALUES (
    1, 0, '{"a" : 1,  "a": 2}', '{"b": [1, 2.50]}', '(0.1,1e-7)', '{1,NULL,3}', '{"a b",NULL,"c\\"d"}', 'ok',
    '{sad,happy}', 12.5, 'l', '(7,"x y")', 1234.5, 'ab', 'v', '\\xdeadbeef',
    '1 mon -2 days 03:04:05.6', 0.1::float8 + 0.2,
    0.1, '2024-02-29 12:34:56.789+00', '2024-02-29 12:34:56', '2024-02-29', '12:34:56', '12:34:56+02', true,
    '6f1c1b1e-8f4b-4a51-9f6e-0a4d1f0c0b0a', '10.0.0.0/8', B'1011',
    '[2024-01-01 00:00+00,2024-02-01 00:00+00)',
    '{"2024-02-29 12:34:56+00"}', '{0.1,0.30000000000000004}', '(1,1),(0.1,0.2)', 'a:1 b:2',
    'public.things', 12.5,
    '12345', string_agg_big()
);
"""
_BIG: LiteralString = """
CREATE FUNCTION string_agg_big() RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2000) AS i $$;
"""

_COLUMNS = (
    "n", "t_json", "t_jsonb", "t_point", "t_ints", "t_texts", "t_enum", "t_enums", "t_domain", "t_label",
    "t_pair",
    "t_numeric", "t_char", "t_varchar", "t_bytea", "t_interval", "t_float8", "t_float4", "t_timestamptz",
    "t_timestamp",
    "t_date", "t_time", "t_timetz", "t_bool", "t_uuid", "t_inet", "t_bit", "t_range", "t_stamps", "t_floats",
    "t_box",
    "t_tsvector", "t_regclass", "t_money", "t_xid", "t_big",
)  # fmt: skip

_POLICY = f"""
entities:
  things:
    table: public.things
    columns: {{id: {{}}, {", ".join(f"{column}: {{}}" for column in _COLUMNS)}, generated: {{name: doubled}}}}
    delete: soft
  codes:
    table: public.codes
    columns:
      id: {{}}
      n: {{}}
      c_int: {{name: as_int, values: {{1: one, 2: two}}, unmapped: allow}}
      c_text: {{name: as_text, values: {{A: active, "B'": "b's"}}, unmapped: allow}}
      c_bool: {{name: as_bool, values: {{true: yes_please, false: no_thanks}}}}
agents:
  clerk:
    entities:
      things: {{insert: all, update: all, delete: true}}
      codes: {{insert: all, update: all}}
    limits: {{rows_per_statement: 1000, bytes_per_task: 100MB}}
"""

_CODES: LiteralString = """
CREATE TABLE public.codes (
    id integer PRIMARY KEY, n integer DEFAULT 0, c_int smallint, c_text char(2), c_bool boolean
);
INSERT INTO public.codes VALUES (1, 0, 1, 'A', true), (2, 0, 42, 'Z', false), (3, 0, NULL, NULL, NULL);
"""

HOSTILE: dict[str, LiteralString] = {
    "extra_float_digits": "SET LOCAL extra_float_digits = -15",
    "DateStyle": "SET LOCAL DateStyle = 'SQL, DMY'",
    "TimeZone": "SET LOCAL TimeZone = 'Asia/Kathmandu'",
    "IntervalStyle": "SET LOCAL IntervalStyle = 'sql_standard'",
    "bytea_output": "SET LOCAL bytea_output = 'escape'",
    "xmlbinary": "SET LOCAL xmlbinary = 'hex'",
    "search_path": "SET LOCAL search_path = pg_temp, agent",
    "empty-search_path": "SET LOCAL search_path = ''",
    "lc_monetary": "SET LOCAL lc_monetary = 'C'",
    "quote_all_identifiers": "SET LOCAL quote_all_identifiers = on",
    "plpgsql": "SET LOCAL plpgsql.extra_errors = 'all'",
    "transform_null_equals": "SET LOCAL transform_null_equals = on",
    "row_security": "SET LOCAL row_security = off",
    "enable_scans": "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off",
}


@pytest.fixture(scope="module")
def installed(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, f"{_BIG}{_CODES}{_SCHEMA}", _POLICY) as moat:
        yield moat


@pytest.fixture
def things(installed: Moat) -> Moat:
    installed.run(
        """
        TRUNCATE pgmoat.task, pgmoat.ledger, pgmoat.hour, pgmoat.statement, pgmoat.change;
        UPDATE public.things SET n = 0, deleted_at = NULL, deleted_by = NULL, delete_reason = NULL
         WHERE id = 1;
        DELETE FROM public.things WHERE id <> 1;
        """
    )
    return installed


def _read_whole(moat: Moat, number: int = 1) -> dict[str, Any]:
    row: dict[str, Any] = moat.value("SELECT to_jsonb(t) FROM public.things AS t WHERE id = %s", number)
    return row


def _expected(moat: Moat) -> Any:
    """Return the row as history must hold it: JSON under the settings that its triggers pin."""
    with moat.superuser() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET search_path = pg_catalog, public")
        row = connection.execute(
            "SELECT to_jsonb(t) - ARRAY['deleted_at', 'deleted_by', 'delete_reason', 'generated']"
            " || jsonb_build_object('doubled', generated) FROM public.things AS t WHERE id = 1"
        ).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("name", HOSTILE)
def test_settings_of_the_session_do_not_change_what_is_recorded(things: Moat, name: str) -> None:
    before = _expected(things)
    stored = _read_whole(things)
    with things.task("clerk") as connection:
        connection.execute(HOSTILE[name])
        connection.execute("UPDATE agent.things SET n = 1 WHERE id = 1")
    assert things.read("SELECT before, after FROM pgmoat.change") == [
        (before, before | {"n": 1, "doubled": 2})
    ]
    assert _read_whole(things) == stored | {"n": 1, "generated": 2}


def test_all_hostile_settings_at_once_and_a_delete(things: Moat) -> None:
    before = _expected(things)
    with things.task("clerk") as connection:
        for command in HOSTILE.values():
            connection.execute(command)
        connection.execute("DELETE FROM agent.things WHERE id = 1")
    assert things.read("SELECT before, after FROM pgmoat.change") == [(before, None)]


@pytest.mark.parametrize("column", _COLUMNS)
def test_a_value_of_every_type_goes_in_and_comes_out(things: Moat, column: str) -> None:
    name = sql.Identifier(column)
    with things.task("clerk") as connection:
        connection.execute(
            sql.SQL("INSERT INTO things (id, {}) SELECT 2, {} FROM things WHERE id = 1").format(name, name)
        )
        same = connection.execute(
            sql.SQL("SELECT count(DISTINCT {}::text), count(*) FROM things").format(name)
        ).fetchone()
        if column != "n":
            connection.execute(sql.SQL("UPDATE things SET {} = NULL WHERE id = 2").format(name))
    assert same == (1, 2)
    assert column == "n" or _read_whole(things, 2)[column] is None


def test_a_generated_column_is_given_back_and_cannot_be_written(things: Moat) -> None:
    with things.task("clerk") as connection:
        row = connection.execute("UPDATE things SET n = 21 WHERE id = 1 RETURNING doubled").fetchone()
        assert row == (42,)
        for command in ("UPDATE things SET doubled = 1", "INSERT INTO things (id, doubled) VALUES (3, 1)"):
            with refused("42501"), connection.transaction():
                connection.execute(command.encode())
    assert things.value("SELECT after -> 'doubled' FROM pgmoat.change") == 42


def test_modifiers_of_a_type_hold(things: Moat) -> None:
    with things.task("clerk") as connection:
        row = connection.execute(
            "UPDATE things SET t_numeric = 1.239, t_char = 'x' WHERE id = 1 RETURNING t_numeric::text, t_char"
        ).fetchone()
        assert row == ("1.24", "x    ")
        for command in (
            "UPDATE things SET t_varchar = '123456789' WHERE id = 1",
            "UPDATE things SET t_numeric = 123456789.1 WHERE id = 1",
            "UPDATE things SET t_domain = 101 WHERE id = 1",
            "UPDATE things SET t_enum = 'none' WHERE id = 1",
        ):
            with refused("22001", "22003", "23514", "22P02"), connection.transaction():
                connection.execute(command.encode())
        connection.execute("UPDATE things SET t_numeric = 1234.5, t_char = 'ab' WHERE id = 1")


def test_a_domains_default_holds(things: Moat) -> None:
    with things.task("clerk") as connection:
        connection.execute("INSERT INTO things (id) VALUES (4)")
        connection.execute("INSERT INTO things (id, t_label) VALUES (5, NULL)")
    assert things.read("SELECT t_label FROM public.things WHERE id IN (4, 5) ORDER BY id") == [
        ("unlabelled",),
        (None,),
    ]


def test_a_toasted_value_survives_an_update_of_another_column(things: Moat) -> None:
    before = things.value("SELECT md5(t_big) FROM public.things WHERE id = 1")
    with things.task("clerk") as connection:
        connection.execute("UPDATE things SET n = n + 1 WHERE id = 1")
    assert things.value("SELECT md5(t_big) FROM public.things WHERE id = 1") == before
    assert things.value("SELECT md5(after ->> 't_big') FROM pgmoat.change") == before


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE public.things SET t_json = '{\"a\": 1}' WHERE id = 1",
        "UPDATE public.things SET t_point = '(0.1,2e-7)' WHERE id = 1",
        "UPDATE public.things SET t_float8 = 0.3 WHERE id = 1",
        "UPDATE public.things SET t_enums = '{sad}' WHERE id = 1",
        "UPDATE public.things SET t_pair = '(7,z)' WHERE id = 1",
        "UPDATE public.things SET t_big = t_big || '.' WHERE id = 1",
        "UPDATE public.things SET t_bytea = NULL WHERE id = 1",
    ],
)
def test_a_concurrent_change_of_any_type_is_noticed(things: Moat, command: LiteralString) -> None:
    with things.superuser() as keeper:
        keeper.execute("CREATE TEMP TABLE saved AS SELECT * FROM public.things WHERE id = 1")
        error = _race(things, command)
        things.run("DELETE FROM public.things WHERE id = 1")
        names = sql.SQL(", ").join(map(sql.Identifier, ("id", *_COLUMNS)))
        keeper.execute(sql.SQL("INSERT INTO public.things ({}) SELECT {} FROM saved").format(names, names))
    assert getattr(error, "sqlstate", None) == "40001"


def test_a_concurrent_change_to_an_equal_but_other_value_is_not_undone(things: Moat) -> None:
    """24 hours equal 1 day: a person's change of one to the other must outlive the agent's."""
    things.run("UPDATE public.things SET t_interval = '24:00:00' WHERE id = 1")
    try:
        _race(things, "UPDATE public.things SET t_interval = '1 day' WHERE id = 1")
        assert things.value("SELECT t_interval::text FROM public.things WHERE id = 1") == "1 day"
    finally:
        things.run("UPDATE public.things SET t_interval = '1 mon -2 days 03:04:05.6' WHERE id = 1")


def _race(moat: Moat, command: LiteralString) -> Exception | None:
    """Return what an agent's update of another column meets when a person's *command* came between."""
    met: list[Exception] = []

    def update() -> None:
        try:
            with moat.task("clerk") as connection:
                connection.execute("UPDATE things SET n = n + 1 WHERE id = 1")
        except Exception as error:  # noqa: BLE001  handed to the test
            met.append(error)

    with moat.superuser() as person:
        person.execute("BEGIN")
        person.execute(command)
        agent = threading.Thread(target=update)
        agent.start()
        for _ in range(200):
            if moat.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                break
            time.sleep(0.01)
        person.execute("COMMIT")
        agent.join()
    return met[0] if met else None


def test_a_code_without_a_word_reads_null_and_survives(things: Moat) -> None:
    with things.task("clerk") as connection:
        assert connection.execute("SELECT as_int, as_text, as_bool FROM codes WHERE id = 2").fetchone() == (
            None, None, "no_thanks",
        )  # fmt: skip
        row = connection.execute("UPDATE codes SET n = 1 WHERE id = 2 RETURNING as_int, as_text").fetchone()
        assert row == (None, None)
        connection.execute("UPDATE codes SET as_text = 'b''s', as_bool = 'yes_please' WHERE id = 3")
    assert things.read("SELECT id, n, c_int, c_text::text, c_bool FROM public.codes ORDER BY id") == [
        (1, 0, 1, "A", True),
        (2, 1, 42, "Z", False),
        (3, 0, None, "B'", True),
    ]


def test_a_type_of_an_extension_is_compared_and_recorded(server: PostgresServer) -> None:
    """Where the server has no citext a domain over text stands for it: its operators are elsewhere too."""
    with open_moat(server, _EXTENSION, _EXTENSION_POLICY) as moat:
        with moat.task("clerk") as connection:
            connection.execute("UPDATE words SET n = n + 1 WHERE id = 1")
            connection.execute("UPDATE words SET word = 'MOAT' WHERE id = 1")
            connection.execute("DELETE FROM words WHERE id = 1")
        assert moat.read("SELECT word::text, n, deleted_by FROM public.words") == [
            ("MOAT", 1, "agent:clerk-v1")
        ]
        assert moat.read("SELECT before ->> 'word', after ->> 'word' FROM pgmoat.change ORDER BY id") == [
            ("Moat", "Moat"), ("Moat", "MOAT"), ("MOAT", None),
        ]  # fmt: skip


_EXTENSION: LiteralString = """
CREATE SCHEMA kinds;
DO $$ BEGIN
    CREATE EXTENSION citext SCHEMA kinds;
    CREATE EXTENSION hstore SCHEMA kinds;
EXCEPTION WHEN OTHERS THEN
    CREATE DOMAIN kinds.citext AS text;
    CREATE DOMAIN kinds.hstore AS text;
END $$;
CREATE TABLE public.words (id integer PRIMARY KEY, n integer DEFAULT 0, word kinds.citext, bag kinds.hstore);
INSERT INTO public.words VALUES (1, 0, 'Moat', 'a=>1');
"""
_EXTENSION_POLICY = """
entities:
  words: {table: public.words, columns: {id: {}, n: {}, word: {}, bag: {}}, delete: soft}
agents:
  clerk: {entities: {words: {update: all, delete: true}}}
"""


def test_xml_where_the_server_has_it(server: PostgresServer) -> None:
    with open_moat(server, _XML, _XML_POLICY) as moat:
        with moat.task("clerk") as connection:
            connection.execute("SET LOCAL xmlbinary = 'hex'; SET LOCAL xmloption = 'document'")
            connection.execute("UPDATE papers SET n = 1 WHERE id = 1")
        assert moat.read("SELECT n, body::text FROM public.papers") == [(1, "<a>b</a><c/>")]
        assert moat.value("SELECT after ->> 'body' FROM pgmoat.change") == "<a>b</a><c/>"


_XML: LiteralString = """
DO $$ BEGIN
    PERFORM '<a/>'::xml;
    CREATE DOMAIN public.paper AS xml;
EXCEPTION WHEN feature_not_supported THEN
    CREATE DOMAIN public.paper AS text;
END $$;
CREATE TABLE public.papers (id integer PRIMARY KEY, n integer DEFAULT 0, body public.paper);
INSERT INTO public.papers VALUES (1, 0, '<a>b</a><c/>');
"""
_XML_POLICY = """
entities:
  papers: {table: public.papers, columns: {id: {}, n: {}, body: {}}}
agents:
  clerk: {entities: {papers: {update: all}}}
"""
