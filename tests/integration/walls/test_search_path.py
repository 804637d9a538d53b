"""
Objects that an agent plants where names are looked up: temp tables, operators, functions, types.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import LiteralString

import pytest

from tests.integration.walls.ways import count_changes, count_dirty
from tests.moat_fixtures import Connection, Moat, enter, open_moat, refused
from tests.postgres_fixtures import PostgresServer


def test_a_temp_table_does_not_hide_an_entity(shop: Moat, route: str) -> None:
    with shop.task("clerk", route=route) as connection:
        connection.execute(
            "CREATE TEMP TABLE orders (id bigint, v integer); INSERT INTO orders (v) VALUES (1)"
        )
        connection.execute("UPDATE orders SET v = 1 WHERE id = 1")
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (201,)
        connection.execute("DROP TABLE pg_temp.orders")
    assert count_dirty(shop) == 2


def test_a_temp_table_left_on_a_pooled_connection_is_gone_for_the_next_client(shop: Moat) -> None:
    with shop.connect_pooled("clerk") as first, first.transaction():
        first.execute("SET search_path = pg_temp, agent")
        first.execute("CREATE TEMP TABLE orders (id bigint, status text)")
        first.execute("INSERT INTO orders VALUES (666, 'planted')")
    for _ in range(3):
        with shop.connect_pooled("clerk") as second, second.transaction():
            enter(second, shop.open_task("clerk"))
            assert second.execute("SELECT count(*) FROM orders WHERE id = 666").fetchone() == (0,)


@pytest.fixture
def open_public(shop: Moat) -> Generator[Moat]:
    """The shop in a database where PUBLIC may still create in schema public, as before PostgreSQL 15."""
    shop.run("GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE public.loot (what text, as_whom text)")
    shop.run("GRANT INSERT ON public.loot TO PUBLIC")
    yield shop
    # DROP OWNED would take the grants of the policy along.
    for drop in _DROP_PLANTED:
        shop.run(drop)
    shop.run("DROP TABLE public.loot; REVOKE CREATE ON SCHEMA public FROM PUBLIC")


_DROP_PLANTED: tuple[LiteralString, ...] = (
    "DROP OPERATOR IF EXISTS public.= (bigint, bigint)",
    "DROP FUNCTION IF EXISTS public.steal(bigint, bigint), public.now(), public.to_jsonb(record),"
    " public.sha256(text), public.left(text, bigint)",
)

# Each is a better match for its types than what pg_catalog has, or has a name that pg_catalog lacks.
_PLANTS: tuple[LiteralString, ...] = (
    "CREATE FUNCTION public.steal(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('=', current_user); RETURN true; END $$",
    "CREATE OPERATOR public.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = public.steal)",
    "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('now', current_user); RETURN '2000-01-01'; END $$",
    "CREATE FUNCTION public.to_jsonb(record) RETURNS jsonb LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('to_jsonb', current_user); RETURN '{}'; END $$",
    "CREATE FUNCTION public.sha256(text) RETURNS bytea LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('sha256', current_user); RETURN ''; END $$",
    "CREATE FUNCTION public.left(text, bigint) RETURNS text LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('left', current_user); RETURN ''; END $$",
)


@pytest.mark.parametrize(
    "path", ["public, pg_catalog", "pg_temp, public, pg_catalog, agent", "agent, public"]
)
def test_what_is_planted_in_public_never_runs_as_another_role(open_public: Moat, path: str) -> None:
    with open_public.connect("clerk") as planter:
        for plant in _PLANTS:
            planter.execute(plant)
    with open_public.task("clerk", reason="gone") as connection:
        connection.execute("SELECT set_config('search_path', %s, true)", (path,))
        connection.execute("UPDATE agent.orders SET v = 1 WHERE orders.v OPERATOR(pg_catalog.=) 0 AND id < 4")
        connection.execute("DELETE FROM agent.orders WHERE id OPERATOR(pg_catalog.=) 5::bigint")
        connection.execute("INSERT INTO agent.orders (note) VALUES ('n')")
        connection.execute("SELECT * FROM pgmoat.my_task()")
    loot = open_public.read(
        "SELECT what, as_whom FROM public.loot WHERE as_whom <> %s", open_public.role("clerk")
    )
    assert loot == []
    assert count_dirty(open_public) == count_changes(open_public) == 5
    assert open_public.value("SELECT deleted_at > '2020-01-01' FROM public.orders WHERE id = 5") is True


def test_what_is_planted_in_pg_temp_is_not_found_by_the_triggers(shop: Moat) -> None:
    with shop.task("clerk", reason="gone") as connection:
        _plant_in_temp(connection)
        connection.execute("SET LOCAL search_path = pg_temp, agent")
        connection.execute("UPDATE agent.counters SET v = 1 WHERE id <= 3")
        connection.execute("DELETE FROM agent.order_items WHERE id = 1")
    assert count_dirty(shop) == count_changes(shop) == 4
    assert shop.value("SELECT sum(rows_used) FROM pgmoat.ledger") == 4


def _plant_in_temp(connection: Connection) -> None:
    for table in ("change", "statement", "ledger", "task", "agent", "session_task", "counters", "secret"):
        connection.execute(f"CREATE TEMP TABLE {table} (id bigint)".encode())
    connection.execute(
        "CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS"
        " $$ SELECT '2000-01-01'::timestamptz $$"
    )
    connection.execute("CREATE TYPE pg_temp.int4 AS ENUM ('x')")
    connection.execute("CREATE DOMAIN pg_temp.jsonb AS text")


def test_a_schema_named_like_pgmoats_cannot_be_made(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        for command in (
            "CREATE SCHEMA pgmoat_extra",
            "ALTER SCHEMA pgmoat RENAME TO away",
            "DROP SCHEMA pgmoat CASCADE",
        ):
            with refused("42501"):
                connection.execute(command.encode())


_TYPED_SCHEMA: LiteralString = """
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN public.label AS text;
CREATE TABLE public.loot (what text, as_whom text);
CREATE TABLE public.typed (
    code varchar(8) PRIMARY KEY, v integer DEFAULT 0, name varchar, feeling public.mood, tags text[],
    tag public.label, state varchar(4) DEFAULT 'A'
);
CREATE TABLE public.numbered (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v integer DEFAULT 0);
INSERT INTO public.typed VALUES ('a', 0, 'n', 'sad', '{x}', 't', 'A'), ('b', 0, 'n', 'sad', '{x}', 't', 'A');
"""
_TYPED_POLICY = """
entities:
  typed:
    table: public.typed
    columns:
      {code: {}, v: {}, name: {}, feeling: {}, tags: {}, tag: {}, state: {values: {A: active, B: bad}}}
    delete: soft
  numbered: {table: public.numbered, columns: {id: {}, v: {}}}
agents:
  clerk:
    entities:
      typed: {insert: all, update: all, delete: true}
      numbered: {insert: [id, v], update: all}
"""
# pg_catalog has = for these types only through another type: what is planted is the better match.
_OPERANDS = ("varchar", "public.mood", "text[]", "public.label", "bpchar")


def test_a_better_match_planted_in_the_tables_schema_never_runs_as_the_writer(server: PostgresServer) -> None:
    """Where PUBLIC may create in the schema of the base table, which is on the writer's search_path."""
    with open_moat(server, _TYPED_SCHEMA, _TYPED_POLICY) as moat:
        # Plan refuses this unless the policy accepts it; it can also be granted later.
        moat.run("GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT INSERT ON public.loot TO PUBLIC")
        with moat.connect("clerk") as planter:
            for number, operand in enumerate(_OPERANDS):
                planter.execute(_plant_operator(number, operand))
            for command in _BETTER_FUNCTIONS:
                planter.execute(command)
        with moat.task("clerk") as connection:
            connection.execute("UPDATE typed SET v = 1 WHERE v = 0")
            connection.execute("UPDATE typed SET state = 'bad', name = 'm' WHERE v = 1")
            connection.execute("INSERT INTO typed (code, feeling) VALUES ('c', 'happy')")
            connection.execute("INSERT INTO numbered (v) VALUES (1)")
            connection.execute("DELETE FROM typed WHERE v = 1")
        loot = moat.read(
            "SELECT DISTINCT what FROM public.loot WHERE as_whom <> %s ORDER BY 1", moat.role("clerk")
        )
        assert loot == []


def _plant_operator(number: int, operand: str) -> bytes:
    return (
        f"CREATE FUNCTION public.steal{number}({operand}, {operand}) RETURNS boolean"
        f" LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.loot VALUES ('{operand}', current_user);"
        f" RETURN true; END $$;"
        f" CREATE OPERATOR public.= (LEFTARG = {operand}, RIGHTARG = {operand},"
        f" FUNCTION = public.steal{number})"
    ).encode()


_BETTER_FUNCTIONS: tuple[LiteralString, ...] = (
    "CREATE FUNCTION public.nextval(text) RETURNS bigint LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('nextval', current_user); RETURN 77; END $$",
    "CREATE FUNCTION public.jsonb_build_object(text, varchar) RETURNS jsonb LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('jsonb_build_object', current_user); RETURN '{}'; END $$",
    "CREATE FUNCTION public.to_jsonb(agent.typed) RETURNS jsonb LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO public.loot VALUES ('to_jsonb', current_user); RETURN '{}'; END $$",
)
