"""
Each kind of way: not there before, found when it is made, true when tried, gone after the closure.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.integration.blast.conftest import Place

DENIED = {"42501", "42P01", "42704", "42883", "22012"}


@dataclass(frozen=True, slots=True)
class Hole:
    """SQL that opens a way, the claim that it makes true, and SQL that only works with it."""

    opens: str
    code: str
    name: str
    action: str
    attempt: str = ""
    since: int = 15


READS = "SELECT count(*) FROM public.orders"
HOLES = {
    "grant": Hole("GRANT SELECT ON public.orders TO {me}", "read-table", "public.orders", "SELECT", READS),
    "column": Hole(
        "GRANT UPDATE (total) ON public.orders TO {me}",
        "write-table",
        "public.orders",
        "UPDATE",
        "UPDATE public.orders SET total = 0",
    ),
    "public": Hole(
        "GRANT DELETE ON public.orders TO PUBLIC",
        "write-table",
        "public.orders",
        "DELETE",
        "DELETE FROM public.orders",
    ),
    "inherited role": Hole(
        "GRANT SELECT ON public.orders TO {boss}; GRANT {boss} TO {staff}; GRANT {staff} TO {me}",
        "read-table",
        "public.orders",
        "SELECT",
        READS,
    ),
    "set role": Hole(
        "GRANT SELECT ON public.orders TO {staff}; GRANT {staff} TO {me}; ALTER ROLE {me} NOINHERIT",
        "use-role",
        "{staff}",
        "INHERIT",
        READS,
    ),
    "set role alone": Hole(
        "GRANT SELECT ON public.orders TO {staff}; GRANT {staff} TO {me} WITH INHERIT FALSE",
        "read-table",
        "public.orders",
        "SELECT",
        "SET ROLE {staff}; " + READS,
        since=16,
    ),
    "admin option": Hole(
        "GRANT SELECT ON public.orders TO {staff};"
        "GRANT {staff} TO {me} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        "read-table",
        "public.orders",
        "SELECT",
        "GRANT {staff} TO {me} WITH INHERIT TRUE; " + READS,
        since=16,
    ),
    "all data": Hole(
        "GRANT pg_read_all_data TO {me}", "read-table", "hr.salaries", "SELECT", "TABLE hr.salaries"
    ),
    "passwords": Hole(
        "GRANT pg_read_all_data TO {me}",
        "read-secrets",
        "pg_catalog.pg_authid",
        "SELECT",
        "SELECT rolpassword FROM pg_catalog.pg_authid",
    ),
    "files": Hole(
        "GRANT pg_read_server_files TO {me}",
        "read-files",
        "the server",
        "READ",
        "CREATE TEMP TABLE f (t text); COPY f FROM '/etc/hostname'",
    ),
    "owner": Hole(
        "ALTER TABLE public.orders OWNER TO {me}",
        "own-relation",
        "public.orders",
        "OWN",
        "DROP TABLE public.orders",
    ),
    "schema owner": Hole(
        "ALTER SCHEMA hr OWNER TO {me}", "own-schema", "hr", "OWN", "DROP TABLE hr.salaries"
    ),
    "view": Hole(
        "CREATE VIEW public.v AS SELECT id, amount FROM hr.salaries; GRANT SELECT ON public.v TO {me}",
        "read-table",
        "hr.salaries",
        "SELECT",
        "TABLE public.v",
    ),
    "updatable view": Hole(
        "CREATE VIEW public.v AS SELECT id, amount FROM hr.salaries; GRANT DELETE ON public.v TO {me}",
        "write-table",
        "hr.salaries",
        "DELETE",
        "DELETE FROM public.v",
    ),
    "definer": Hole(
        "CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT count(*) FROM hr.salaries'",
        "definer-function",
        "public.f()",
        "EXECUTE",
        "SELECT public.f()",
    ),
    "definer's table": Hole(
        "CREATE FUNCTION public.f() RETURNS void LANGUAGE sql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'DELETE FROM hr.salaries'",
        "write-table",
        "hr.salaries",
        "DELETE",
        "SELECT public.f()",
    ),
    "hijack": Hole(
        "GRANT CREATE ON SCHEMA public TO {me};"
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql SECURITY DEFINER"
        " AS 'BEGIN RETURN abs(1); END'",
        "superuser",
        "the server",
        "ALL",
        "CREATE FUNCTION public.abs(int) RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN RETURN (SELECT count(*) FROM hr.salaries); END';"
        "SET search_path = public, pg_catalog; SELECT public.f()",
    ),
    "hijack by a temporary table": Hole(
        "CREATE FUNCTION public.f() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = public AS 'BEGIN RETURN (SELECT count(*) FROM audit); END'",
        "hijack-function",
        "public.f()",
        "EXECUTE",
        "CREATE FUNCTION pg_temp.g() RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN DELETE FROM hr.salaries; RETURN 1; END';"
        "CREATE TEMP VIEW audit AS SELECT pg_temp.g() AS x; GRANT ALL ON audit TO PUBLIC;"
        "SELECT public.f()",
    ),
    "trigger": Hole(
        "CREATE FUNCTION hr.t() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp"
        " AS 'BEGIN DELETE FROM hr.salaries; RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION hr.t();"
        "GRANT INSERT ON public.audit TO {me}",
        "write-table",
        "hr.salaries",
        "DELETE",
        "INSERT INTO public.audit VALUES ('x')",
    ),
    "rule": Hole(
        "CREATE RULE r AS ON INSERT TO public.audit DO ALSO DELETE FROM hr.salaries;"
        "GRANT INSERT ON public.audit TO {me}",
        "write-table",
        "hr.salaries",
        "DELETE",
        "INSERT INTO public.audit VALUES ('x')",
    ),
    "owned trigger function": Hole(
        "CREATE FUNCTION public.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "ALTER FUNCTION public.t() OWNER TO {me};"
        "CREATE TRIGGER t BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION public.t()",
        "replace-function",
        "public.t()",
        "REPLACE",
    ),
    "default privileges": Hole(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {app} GRANT SELECT ON TABLES TO {me}",
        "future-objects",
        "tables of {app}",
        "SELECT",
    ),
    "bypassrls": Hole("ALTER ROLE {me} BYPASSRLS", "bypass-row-security", "{database}", "READ"),
    "superuser": Hole("ALTER ROLE {me} SUPERUSER", "superuser", "the server", "ALL", "TABLE hr.salaries"),
    "forged policy": Hole(
        "CREATE POLICY p ON public.orders USING (id = pg_catalog.current_setting('app.id')::int);"
        "ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY; GRANT SELECT ON public.orders TO {me}",
        "forge-policy",
        "public.orders",
        "SELECT",
        "SET app.id = 7; " + READS,
    ),
    "large object": Hole(
        "SELECT pg_catalog.lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC",
        "read-large-object",
        "4711",
        "SELECT",
        "SELECT pg_catalog.lo_get(4711)",
    ),
    "parameter": Hole(
        "GRANT SET ON PARAMETER session_replication_role TO {me}",
        "set-parameter",
        "session_replication_role",
        "SET",
        "SET session_replication_role = replica",
    ),
    "system function": Hole(
        "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO {me}",
        "read-files",
        "pg_catalog.pg_read_file(text)",
        "EXECUTE",
        "SELECT pg_catalog.pg_read_file('PG_VERSION')",
    ),
    "create in public": Hole(
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "create-in-schema",
        "public",
        "CREATE",
        "CREATE TABLE public.mine ()",
    ),
    "database owner": Hole(
        "ALTER DATABASE {database} OWNER TO {me}",
        "own-database",
        "{database}",
        "OWN",
        "CREATE SCHEMA mine",
    ),
    "stored password": Hole(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR {me} SERVER far OPTIONS (password 'secret');"
        "GRANT USAGE ON FOREIGN SERVER far TO {me}",
        "stored-password",
        "{me} on far",
        "READ",
        "SELECT 1 / count(*) FROM pg_catalog.pg_user_mappings WHERE umoptions::text LIKE '%%secret%%'",
    ),
    "signals": Hole("GRANT pg_signal_backend TO {me}", "signal-sessions", "the server", "TERMINATE"),
    "sequence": Hole(
        "CREATE SEQUENCE public.s; GRANT UPDATE ON SEQUENCE public.s TO {me}",
        "use-sequence",
        "public.s",
        "UPDATE",
        "SELECT pg_catalog.setval('public.s', 1)",
    ),
}


@pytest.mark.parametrize("name", HOLES)
def test_a_way_is_found_true_and_closed(place: Place, name: str) -> None:
    hole = HOLES[name]
    if name == "set role" and place.connection.info.server_version < 160_000:
        place.run(hole.opens)
        assert place.find(hole.code, hole.name, "SET ROLE")
        return
    try_hole(place, hole)


def try_hole(place: Place, hole: Hole) -> None:
    """Not there and not true, made, found and true, closed, not there and not true."""
    if place.connection.info.server_version < hole.since * 10_000:
        pytest.skip(f"this comes with PostgreSQL {hole.since}")
    database = place.database.name
    opens, subject = hole.opens.replace("{database}", database), hole.name.replace("{database}", database)
    assert place.find(hole.code, subject, hole.action) == []
    if hole.attempt:
        assert place.attempt(hole.attempt) in DENIED
    place.run(opens)
    if hole.attempt:
        assert place.attempt(hole.attempt) == ""
    assert place.find(hole.code, subject, hole.action), [claim.key for claim in place.blast().beyond]
    place.close_all()
    assert place.find(hole.code, subject, hole.action) == []
    if hole.attempt:
        assert place.attempt(hole.attempt) in DENIED


def test_createrole_reaches_every_role_before_16_only(place: Place) -> None:
    place.run("ALTER ROLE {me} CREATEROLE; GRANT SELECT ON public.orders TO {app}")
    is_old = place.connection.info.server_version < 160_000
    assert bool(place.find("read-table", "public.orders", "SELECT")) is is_old
    assert (place.attempt("GRANT {app} TO {me}; SET ROLE {app}; " + READS) == "") is is_old


def test_what_was_closed_can_be_opened_again(place: Place) -> None:
    place.run(
        "GRANT SELECT ON public.orders TO PUBLIC; GRANT {staff} TO {me} WITH ADMIN OPTION;"
        "GRANT DELETE ON public.orders TO {staff} WITH GRANT OPTION"
    )
    before = {claim.key for claim in place.blast().claims}
    closures = [
        closure for claim in place.blast().beyond for way in claim.ways for closure in way.closures[:1]
    ]
    closures = list(dict.fromkeys(closures))
    place.close_all()
    assert place.blast().beyond == ()
    for closure in reversed(closures):
        for statement in closure.revert:
            place.run(statement)
    assert {claim.key for claim in place.blast().claims} == before
