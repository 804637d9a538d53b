"""What roles can do before and after, tried as those roles over connections of their own."""

from __future__ import annotations

import psycopg
import pytest

from pgmoat.runtime import Moat
from tests.integration.harden.conftest import Site
from tests.moat_fixtures import new_task_id
from tests.postgres_fixtures import create_database

PEOPLE = ["web", 'Odd "name', "ann", "bob", "owner"]
WAYS = {
    "temporary": "CREATE TEMPORARY TABLE scratch (id int)",
    "functions": "SELECT public.total()",
    "procedures": 'CALL public."Odd proc"(1)',
    "plain functions": "SELECT public.plain(1)",
    "schema": "CREATE TABLE public.mine (id int)",
    "tables": "SELECT count(*) FROM public.audit",
    "columns": "SELECT id, price FROM public.prices",
    "sequences": "SELECT nextval('public.tickets')",
    "large objects": "SELECT lo_get(4711)",
    "making large objects": "SELECT lo_create(0)",
    "signals": "SELECT pg_cancel_backend(0)",
    "advisory locks": "SELECT pg_advisory_lock(1)",
    "languages": "DO $$ BEGIN PERFORM 1; END $$",
}
AGENTS = ["a_clerk", "a_reader"]


def try_as(site: Site, role: str, statement: str) -> str | None:
    """Return the SQLSTATE with which PostgreSQL refuses *statement* of *role*, None if it does it."""
    with site.connect(role) as connection:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute("SET LOCAL transaction_read_only = off")
                connection.execute(statement.encode())
        except psycopg.Error as error:
            return error.sqlstate
    return None


def test_agents_lose_every_way_and_people_none(kept: Site) -> None:
    for statement in WAYS.values():
        for role in [*PEOPLE, *AGENTS]:
            assert try_as(kept, role, statement) is None, f"{role}: {statement}"
    kept.apply(harden="all")
    for statement in WAYS.values():
        for role in PEOPLE:
            assert try_as(kept, role, statement) is None, f"{role}: {statement}"
        for role in AGENTS:
            assert try_as(kept, role, statement) == "42501", f"{role}: {statement}"
    kept.apply(soften="all")
    for statement in WAYS.values():
        for role in [*PEOPLE, *AGENTS]:
            assert try_as(kept, role, statement) is None, f"{role}: {statement}"


def test_new_functions_are_closed_to_agents_alone(site: Site) -> None:
    site.apply(harden="defaults")
    for owner in ("PREFIXowner", "postgres"):
        function = f"public.new_{owner}() RETURNS int LANGUAGE sql AS 'SELECT 1'"
        site.run(f"SET ROLE {owner}; CREATE FUNCTION {function}; RESET ROLE")
    # The superuser owns no function of people's: what it makes is nobody's default.
    call = f"SELECT public.new_{site.prefix}owner()"
    assert try_as(site, "web", call) is None
    assert try_as(site, "a_clerk", call) == "42501"
    assert try_as(site, "a_clerk", "SELECT public.new_postgres()") is None


def test_another_database_is_closed_when_it_is_named(kept: Site, other_database: str) -> None:
    for role in ("web", "a_clerk"):
        kept.connect(role, other_database).close()
    before = kept.acls()
    kept.apply(harden=f"connect:{other_database}")
    kept.connect("web", other_database).close()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        kept.connect("a_clerk", other_database)
    kept.connect("a_clerk").close()
    assert not kept.plan(harden="usual").hardening.left
    kept.apply(soften=f"connect:{other_database}")
    kept.connect("a_clerk", other_database).close()
    assert kept.acls() == before


def test_agents_keep_this_database_and_others_do(site: Site) -> None:
    site.apply(harden="connect")
    site.run("CREATE ROLE PREFIXlate LOGIN PASSWORD 'secret'")
    site.connect("a_clerk").close()
    site.connect("web").close()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        site.connect("late")


def test_agents_of_another_policy_lose_it_as_well(site: Site) -> None:
    # As apply makes an agent's role: told from people's by its settings.
    site.run(
        "CREATE ROLE PREFIXforeign LOGIN PASSWORD 'secret';"
        " ALTER ROLE PREFIXforeign SET application_name = 'PREFIXforeign';"
        " ALTER ROLE PREFIXforeign SET search_path = agent, pg_temp"
    )
    assert try_as(site, "foreign", WAYS["temporary"]) is None
    site.apply(harden="temporary")
    assert try_as(site, "foreign", WAYS["temporary"]) == "42501"


def test_an_agent_of_another_database_cannot_pass_for_people(site: Site) -> None:
    """It may reset its own settings: its comment tells what it is."""
    policy = """
version: 1
settings: {agent_role_prefix: PREFIXb_, system_role_prefix: PREFIXt_}
entities: {things: {table: public.things, columns: {id: {}}}}
agents: {clerk: {doc: Sorts things., entities: {things: {select: all}}}}
""".replace("PREFIX", site.prefix)
    with create_database(site.database.server) as other, psycopg.connect(other.dsn, autocommit=True) as judge:
        foreign = Site(other, site.prefix, policy, judge, other.dsn)
        foreign.run("CREATE TABLE public.things (id integer PRIMARY KEY)")
        foreign.apply()
        foreign.set_passwords()
        with foreign.connect("b_clerk") as agent:
            agent.execute("SET default_transaction_read_only = off")
            agent.execute("ALTER ROLE CURRENT_USER RESET ALL")
        assert try_as(site, "b_clerk", WAYS["temporary"]) is None
        site.apply(harden="temporary")
        assert try_as(site, "b_clerk", WAYS["temporary"]) == "42501"


def test_what_a_role_shares_with_an_agent_is_not_given_to_it(site: Site) -> None:
    text = site.policy_text + f"  - {{object: {site.role('staff')}, why: known}}\n"
    shared = Site(site.database, site.prefix, text, site.judge, site.dsn)
    site.run("GRANT PREFIXstaff TO PREFIXa_reader")
    (closure,) = shared.plan(harden="temporary").hardening.closures
    assert site.role("staff") in closure.hurts
    assert site.role("staff") not in closure.keeps
    shared.apply(harden="temporary")
    assert try_as(site, "a_reader", WAYS["temporary"]) == "42501"
    assert try_as(site, "ann", WAYS["temporary"]) is None


def test_group_roles_spare_their_members_a_grant(kept: Site) -> None:
    kept.apply(harden="temporary")
    grantees = kept.value("SELECT grantees FROM pgmoat.closure")
    assert {kept.role("staff"), kept.role("bob"), kept.role("web"), kept.role('Odd "name')} <= set(grantees)
    assert kept.role("ann") not in grantees
    kept.apply(soften="temporary")


def test_agents_work_as_before(kept: Site) -> None:
    kept.apply(harden="all")
    work(kept)
    kept.apply(soften="all")
    work(kept)


def work(site: Site) -> None:
    """Read, write with people's trigger behind it, call an operation, step a log: through the runtime."""
    server, name = site.database.server, site.database.name
    dsns = {agent: server.dsn_for(site.role(f"a_{agent}"), "secret", name) for agent in ("clerk", "reader")}
    site.run("UPDATE public.parcels SET st = 1")
    with Moat(site.policy, dsns=dsns, orchestrator_dsn=site.database.dsn) as moat:
        with moat.task("clerk", new_task_id()) as task:
            number = task.write("INSERT INTO orders (status) VALUES ('pending') RETURNING id")[0]["id"]
            again = task.write("UPDATE orders SET status = 'pending' WHERE id = :id", {"id": number})
            assert again.affected == 1
            task.call("ship", {"order_id": number})
            found = task.query("SELECT status FROM orders WHERE id = :id", {"id": number})
            assert list(found) == [{"status": "shipped"}]
            assert task.write("DELETE FROM orders WHERE id = :id", {"id": number}).affected == 1
            task.write("INSERT INTO parcel_log (parcel_id, new_status) VALUES (1, 'sent')")
        with moat.task("reader", new_task_id()) as task:
            assert task.query("SELECT count(*) AS rows FROM orders")[0]["rows"] == 2
    assert site.value("SELECT st FROM public.parcels") == 2
