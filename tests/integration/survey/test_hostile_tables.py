"""
Tables of somebody who waits for a superuser to look at them: reading them runs nothing of theirs.

A superuser's survey, catalog and codes are read; the functions of the table's owner would tell that they ran.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from pgmoat.catalog.codes import read_codes
from pgmoat.catalog.read import read_catalog
from pgmoat.policy.schema import Policy
from pgmoat.report.survey.read import read_survey
from tests.postgres_fixtures import Database, PostgresServer, create_database

HOSTILE = """
CREATE ROLE PREFIXmallory;
CREATE SCHEMA trap AUTHORIZATION PREFIXmallory;
GRANT CREATE ON SCHEMA public TO PREFIXmallory;
SET ROLE PREFIXmallory;
CREATE FUNCTION trap.tell(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.set_config('role', 'none', true);
    RAISE NOTICE 'ran as %', current_user;
    RETURN $1;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN $1;  -- while CREATE INDEX and INSERT hold it back
END $$;
CREATE TYPE trap.mood AS ENUM ('a', 'b');
CREATE TYPE trap.pair AS (x integer);
CREATE FUNCTION trap.show_mood(trap.mood) RETURNS text LANGUAGE sql AS $$ SELECT trap.tell(1)::text $$;
CREATE FUNCTION trap.show_pair(trap.pair) RETURNS text LANGUAGE sql AS $$ SELECT trap.tell(1)::text $$;
CREATE FUNCTION trap.show_moods(trap.mood[]) RETURNS text LANGUAGE sql AS $$ SELECT trap.tell(1)::text $$;
CREATE CAST (trap.mood AS text) WITH FUNCTION trap.show_mood(trap.mood);
CREATE CAST (trap.pair AS text) WITH FUNCTION trap.show_pair(trap.pair);
CREATE CAST (trap.mood[] AS text) WITH FUNCTION trap.show_moods(trap.mood[]);
CREATE DOMAIN trap.feeling AS trap.mood;
CREATE TABLE trap.enums (id integer PRIMARY KEY, status trap.mood, feeling trap.feeling);
CREATE TABLE trap.others (id integer PRIMARY KEY, status trap.pair, moods trap.mood[]);
CREATE TABLE trap.indexed (id integer PRIMARY KEY, status integer);
CREATE INDEX ON trap.indexed ((id + trap.tell(1)));
CREATE TABLE trap.partial (id integer PRIMARY KEY, status integer);
CREATE INDEX ON trap.partial (id) WHERE trap.tell(5) > 3;
CREATE TABLE trap.counted (id integer PRIMARY KEY, status integer);
CREATE STATISTICS trap.kept ON (id + trap.tell(2)), status FROM trap.counted;
CREATE TABLE trap.checked (id integer PRIMARY KEY, status integer CHECK (status < trap.tell(9)));
CREATE TABLE trap.parent (id integer, status integer);
CREATE TABLE trap.child (extra integer) INHERITS (trap.parent);
CREATE INDEX ON trap.child ((id + trap.tell(1)));
CREATE TABLE trap.parts (id integer, status integer) PARTITION BY RANGE ((id + trap.tell(3)));
CREATE TABLE trap.part PARTITION OF trap.parts FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
CREATE TABLE trap.honest (id integer PRIMARY KEY, status varchar(2));
CREATE INDEX honest_status ON trap.honest (status);
CREATE MATERIALIZED VIEW trap.harmless AS SELECT 1 AS id, 'a'::trap.mood AS status;
CREATE MATERIALIZED VIEW trap.shown AS SELECT 1 AS id;
CREATE INDEX ON trap.shown ((id + trap.tell(1)));
CREATE FUNCTION public.tell_more(varchar, varchar) RETURNS boolean IMMUTABLE LANGUAGE plpgsql
    AS $$ BEGIN RETURN trap.tell(1) > 0 AND $1::text > $2::text; END $$;
CREATE OPERATOR public.> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.tell_more);
INSERT INTO trap.enums SELECT n, CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END::trap.mood, 'a'
    FROM generate_series(1, 100) AS n;
INSERT INTO trap.others SELECT n, ROW(n)::trap.pair, ARRAY['a']::trap.mood[]
    FROM generate_series(1, 100) AS n;
INSERT INTO trap.honest SELECT n, chr(65 + n % 3) FROM generate_series(1, 200000) AS n;
RESET ROLE;
ANALYZE trap.honest;
"""
TRAPS = ("indexed", "partial", "counted", "checked", "parent", "parts", "shown")
Heard = list[str]


@pytest.fixture
def hostile(server: PostgresServer, role_prefix: str) -> Generator[Database]:
    """A database with the traps."""
    with create_database(server) as database:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(HOSTILE.replace("PREFIX", role_prefix).encode())
        yield database


@pytest.fixture
def heard() -> Heard:
    """What the functions told."""
    return []


@pytest.fixture
def superuser(hostile: Database, heard: Heard) -> Generator[psycopg.Connection[Any]]:
    """A superuser, and what it hears."""
    with psycopg.connect(hostile.dsn, autocommit=True) as connection:
        connection.add_notice_handler(lambda message: heard.append(message.message_primary or ""))
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT status::text FROM trap.enums LIMIT 1",
        "SELECT status::text FROM trap.others LIMIT 1",
        "SELECT moods::text FROM trap.others LIMIT 1",
        "SELECT 'a'::varchar > 'b'::varchar",
        *(f"SELECT id FROM trap.{name} LIMIT 1" for name in TRAPS if name != "checked"),
    ],
)
def test_the_traps_work(superuser: psycopg.Connection[Any], heard: Heard, statement: str) -> None:
    superuser.execute(f"BEGIN READ ONLY; {statement}; ROLLBACK".encode())
    assert heard
    assert set(heard) == {f"ran as {superuser.info.user}"}


def test_a_survey_runs_nothing_of_theirs(superuser: psycopg.Connection[Any], heard: Heard) -> None:
    survey = read_survey(superuser)
    assert heard == []
    for name in TRAPS:
        assert "trap.tell(integer) of " in survey.tables[f"trap.{name}"].unread, name
    samples = survey.tables["trap.enums"].samples
    assert {value.value for value in samples["status"].values} == {"a", "b"}
    assert {value.value for value in samples["feeling"].values} == {"a"}
    assert survey.tables["trap.others"].samples["status"].nulls == 0
    assert survey.tables["trap.harmless"].unread == ""
    assert {value.value for value in survey.tables["trap.honest"].samples["status"].values} == {"A", "B", "C"}


def test_codes_are_counted_without_their_casts(superuser: psycopg.Connection[Any], heard: Heard) -> None:
    columns = {"status": {"values": {"a": "fine"}}}
    names = ("enums", "honest", *(name for name in TRAPS if name != "shown"))
    entities = {name: {"table": f"trap.{name}", "columns": columns} for name in names}
    policy = Policy.model_validate({"version": 1, "entities": entities})
    catalog = read_catalog(superuser, policy)
    with superuser.transaction():
        read_codes(superuser, policy, catalog.tables, large_table_rows=1)
    assert heard == []
    assert catalog.codes["trap.enums", "status"].counts == {"a": 50, "b": 50}
    assert set(catalog.codes["trap.honest", "status"].counts) == {"A", "B", "C"}
    assert catalog.codes["trap.indexed", "status"].estimated


def test_a_role_reads_what_runs_its_own_code(
    hostile: Database, superuser: psycopg.Connection[Any], role_prefix: str
) -> None:
    superuser.execute(f"ALTER ROLE {role_prefix}mallory LOGIN PASSWORD 'secret'".encode())
    with psycopg.connect(hostile.dsn_for(f"{role_prefix}mallory", "secret"), autocommit=True) as own:
        assert read_survey(own).tables["trap.indexed"].unread == ""
