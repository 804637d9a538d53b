"""
Ways that no privilege on the thing itself shows: through what PostgreSQL does on its own, and chains.
"""

from __future__ import annotations

import pytest

from tests.integration.blast.conftest import Place
from tests.integration.blast.test_ways import Hole, try_hole

_SAFE = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
_PASSWORDS = "SELECT rolname, rolpassword FROM pg_catalog.pg_authid"
HOLES = {
    "passwords through a view": Hole(
        f"CREATE VIEW public.v AS {_PASSWORDS}; GRANT SELECT ON public.v TO {{me}}",
        "read-secrets",
        "pg_catalog.pg_authid",
        "SELECT",
        "SELECT rolpassword FROM public.v",
    ),
    "passwords for a pooler": Hole(
        "CREATE FUNCTION public.user_lookup(who text) RETURNS SETOF record LANGUAGE sql"
        f" {_SAFE} AS 'SELECT usename, passwd FROM pg_shadow WHERE usename = who'",
        "read-secrets",
        "pg_catalog.pg_shadow",
        "SELECT",
        "SELECT * FROM public.user_lookup('x') AS t(a name, b text)",
    ),
    "materialized view": Hole(
        "CREATE MATERIALIZED VIEW public.v AS SELECT * FROM hr.salaries; GRANT SELECT ON public.v TO {me}",
        "read-table",
        "hr.salaries",
        "SELECT",
        "SELECT amount FROM public.v",
    ),
    "definer calls definer": Hole(
        f"CREATE FUNCTION hr.purge() RETURNS void LANGUAGE sql {_SAFE} AS 'DELETE FROM hr.salaries';"
        "REVOKE EXECUTE ON FUNCTION hr.purge() FROM PUBLIC; GRANT EXECUTE ON FUNCTION hr.purge() TO {app};"
        "GRANT USAGE ON SCHEMA hr TO {app};"
        f"CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql {_SAFE}"
        " AS 'BEGIN PERFORM hr.purge(); END'; ALTER FUNCTION public.f() OWNER TO {app}",
        "write-table",
        "hr.salaries",
        "DELETE",
        "SELECT public.f()",
    ),
    "standard body": Hole(
        f"CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql {_SAFE}"
        " BEGIN ATOMIC SELECT count(*) FROM hr.salaries; END",
        "read-table",
        "hr.salaries",
        "SELECT",
        "SELECT public.f()",
    ),
    "view calls a function of a closed schema": Hole(
        f"CREATE FUNCTION hr.purge() RETURNS int LANGUAGE sql {_SAFE}"
        " AS 'DELETE FROM hr.salaries RETURNING 1';"
        "CREATE VIEW public.v AS SELECT hr.purge() AS x; GRANT SELECT ON public.v TO {me}",
        "definer-function",
        "hr.purge()",
        "EXECUTE",
        "TABLE public.v",
    ),
    "default calls a function of a closed schema": Hole(
        f"CREATE FUNCTION hr.purge() RETURNS text LANGUAGE sql {_SAFE}"
        " AS 'DELETE FROM hr.salaries RETURNING ''x''';"
        "ALTER TABLE public.audit ADD y text DEFAULT hr.purge();"
        "GRANT INSERT ON public.audit TO {me}",
        "write-table",
        "hr.salaries",
        "DELETE",
        "INSERT INTO public.audit (x) VALUES ('x')",
    ),
    "cascade": Hole(
        "ALTER TABLE public.orders ADD PRIMARY KEY (id);"
        "ALTER TABLE hr.salaries ADD FOREIGN KEY (id) REFERENCES public.orders ON DELETE CASCADE;"
        "GRANT DELETE ON public.orders TO {me}",
        "write-table",
        "hr.salaries",
        "DELETE",
        "DELETE FROM public.orders",
    ),
    "set null": Hole(
        "ALTER TABLE public.orders ADD PRIMARY KEY (id);"
        "ALTER TABLE hr.salaries ADD FOREIGN KEY (id) REFERENCES public.orders ON DELETE SET NULL;"
        "GRANT DELETE ON public.orders TO {me}",
        "write-table",
        "hr.salaries",
        "UPDATE",
        "DELETE FROM public.orders",
    ),
    "inheritance child": Hole(
        "CREATE TABLE hr.old_orders (secret text) INHERITS (public.orders);"
        "GRANT SELECT ON public.orders TO {me}",
        "read-table",
        "hr.old_orders",
        "SELECT",
        "SELECT id, email FROM public.orders",
    ),
    "large objects are everybody's": Hole(
        "SELECT pg_catalog.lo_create(4712); ALTER DATABASE {database} SET lo_compat_privileges = on",
        "all-large-objects",
        "the server",
        "READ",
        "SELECT pg_catalog.lo_get(4712)",
    ),
    "built-in under another name": Hole(
        "CREATE FUNCTION public.look(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'",
        "untrusted-function",
        "public.look(text)",
        "EXECUTE",
        "SELECT public.look('PG_VERSION')",
    ),
    "trigger that is hijacked": Hole(
        "CREATE TABLE public.log (x text);"
        "CREATE FUNCTION hr.t() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " AS 'BEGIN PERFORM count(*) FROM log; RETURN NEW; END';"
        "REVOKE EXECUTE ON FUNCTION hr.t() FROM PUBLIC;"
        "CREATE TRIGGER t BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION hr.t();"
        "GRANT INSERT ON public.audit TO {me}",
        "superuser",
        "the server",
        "ALL",
        "CREATE FUNCTION pg_temp.g() RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN DELETE FROM hr.salaries; RETURN 1; END';"
        "CREATE TEMP VIEW log AS SELECT pg_temp.g() AS x; GRANT ALL ON log TO PUBLIC;"
        "INSERT INTO public.audit VALUES ('x')",
    ),
    "event trigger that is hijacked": Hole(
        "CREATE TABLE public.log (x text); GRANT CREATE ON SCHEMA public TO {me};"
        "CREATE FUNCTION hr.t() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER"
        " AS 'BEGIN IF pg_catalog.current_setting(''a.b'', true) IS NOT NULL THEN"
        " PERFORM count(*) FROM log; END IF; END';"
        "REVOKE EXECUTE ON FUNCTION hr.t() FROM PUBLIC;"
        "CREATE EVENT TRIGGER {me} ON ddl_command_end EXECUTE FUNCTION hr.t()",
        "superuser",
        "the server",
        "ALL",
        "CREATE FUNCTION pg_temp.g() RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN DELETE FROM hr.salaries; RETURN 1; END';"
        "CREATE TEMP VIEW log AS SELECT pg_temp.g() AS x; GRANT ALL ON log TO PUBLIC;"
        "SET a.b = 1; CREATE TABLE public.mine ()",
    ),
    "inherits, may not set, may grant": Hole(
        "GRANT SELECT ON public.orders TO {boss}; GRANT {boss} TO {staff} WITH INHERIT FALSE, SET TRUE;"
        "GRANT {staff} TO {me} WITH INHERIT TRUE, SET FALSE, ADMIN TRUE",
        "read-table",
        "public.orders",
        "SELECT",
        "GRANT {staff} TO {me} WITH SET TRUE; SET ROLE {boss}; SELECT count(*) FROM public.orders",
        since=16,
    ),
    "sequence of a closed schema": Hole(
        "CREATE SEQUENCE hr.s; GRANT UPDATE ON SEQUENCE hr.s TO {me}",
        "use-sequence",
        "hr.s",
        "UPDATE",
        "SELECT 1 / pg_catalog.count(pg_catalog.setval(oid::pg_catalog.regclass, 1))"
        " FROM pg_catalog.pg_class WHERE relname = 's'",
    ),
    "definer calls what the role may replace": Hole(
        "GRANT CREATE ON SCHEMA public TO {me};"
        "CREATE FUNCTION public.g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';"
        "ALTER FUNCTION public.g() OWNER TO {me};"
        f"CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql {_SAFE} AS 'BEGIN RETURN public.g(); END'",
        "superuser",
        "the server",
        "ALL",
        "CREATE OR REPLACE FUNCTION public.g() RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN DELETE FROM hr.salaries; RETURN 1; END'; SELECT public.f()",
    ),
    "definer writes where the role has TRIGGER": Hole(
        "GRANT TRIGGER ON public.audit TO {me};"
        f"CREATE FUNCTION public.f() RETURNS void LANGUAGE sql {_SAFE}"
        " AS 'INSERT INTO public.audit VALUES (1)'",
        "superuser",
        "the server",
        "ALL",
        "CREATE FUNCTION pg_temp.t() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN DELETE FROM hr.salaries; RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION pg_temp.t();"
        "SELECT public.f()",
    ),
    "definer reads a view of the role's": Hole(
        "GRANT CREATE ON SCHEMA public TO {me}; CREATE VIEW public.v AS SELECT 1 AS one;"
        "ALTER VIEW public.v OWNER TO {me};"
        f"CREATE FUNCTION public.f() RETURNS int LANGUAGE sql {_SAFE} AS 'SELECT one FROM public.v'",
        "superuser",
        "the server",
        "ALL",
        "DROP VIEW public.v; CREATE FUNCTION public.h() RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN DELETE FROM hr.salaries; RETURN 1; END';"
        "CREATE VIEW public.v AS SELECT public.h() AS one; GRANT SELECT ON public.v TO PUBLIC;"
        "SELECT public.f()",
    ),
    "all data, and a trigger that is hijacked": Hole(
        "CREATE TABLE public.log (x text);"
        "CREATE FUNCTION hr.t() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " AS 'BEGIN PERFORM count(*) FROM log; RETURN NEW; END';"
        "REVOKE EXECUTE ON FUNCTION hr.t() FROM PUBLIC;"
        "CREATE TRIGGER t BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION hr.t();"
        "GRANT pg_write_all_data TO {me}",
        "superuser",
        "the server",
        "ALL",
        "CREATE FUNCTION pg_temp.g() RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_catalog.pg_read_file(''PG_VERSION''); RETURN 1; END';"
        "CREATE TEMP VIEW log AS SELECT pg_temp.g() AS x; GRANT ALL ON log TO PUBLIC;"
        "INSERT INTO public.audit VALUES ('x')",
    ),
}


@pytest.mark.parametrize("name", HOLES)
def test_a_hidden_way_is_found_true_and_closed(place: Place, name: str) -> None:
    try_hole(place, HOLES[name])


def test_an_owner_without_create_on_the_schema_replaces_nothing(place: Place) -> None:
    body = "FUNCTION public.g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'"
    place.run(f"CREATE {body}; ALTER FUNCTION public.g() OWNER TO {{me}}")
    assert place.attempt(f"CREATE OR REPLACE {body}") == "42501"
    (claim,) = place.find("replace-function", "public.g()", "REPLACE")
    assert "other code" not in claim.message
    place.run("GRANT CREATE ON SCHEMA public TO {me}")
    assert place.attempt(f"CREATE OR REPLACE {body}") == ""
    (claim,) = place.find("replace-function", "public.g()", "REPLACE")
    assert "other code" in claim.message
