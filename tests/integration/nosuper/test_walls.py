"""What the installer is a member of gives agents nothing."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from pgmoat.errors import ApplyError
from tests.integration.nosuper.conftest import Site
from tests.moat_fixtures import new_task_id, refused

AGENTS = ("clerk", "reader")


def test_an_agent_reads_and_writes_through_entities(kept: Site) -> None:
    with kept.task("clerk", new_task_id()) as clerk:
        assert clerk.execute("SELECT status FROM orders WHERE id = 4").fetchone() == ("pending",)
        assert clerk.execute("UPDATE orders SET status = 'shipped' WHERE id = 4").rowcount == 1
        assert clerk.execute("INSERT INTO orders (customer_id, status) VALUES (9, 'pending')").rowcount == 1
        assert clerk.execute("DELETE FROM orders WHERE id = 5").rowcount == 1
    assert kept.value("SELECT stat_cd FROM app.orders WHERE id = 4") == 2
    assert kept.value("SELECT deleted_by FROM app.orders WHERE id = 5") == "agent:clerk-v1"


def test_without_a_task_nothing_is_read(kept: Site) -> None:
    with kept.agent("clerk") as clerk, refused("PM001"):
        clerk.execute("SELECT * FROM orders")


def test_limits_hold(kept: Site) -> None:
    task_id = new_task_id()
    with refused("PM010"), kept.task("clerk", task_id) as clerk:
        clerk.execute("UPDATE orders SET customer_id = 2")
    with kept.task("clerk", task_id) as clerk:
        clerk.execute("UPDATE orders SET customer_id = 2 WHERE id IN (11, 12, 13, 14, 15)")
    with refused("PM011"), kept.task("clerk", task_id) as clerk:
        clerk.execute("UPDATE orders SET customer_id = 2 WHERE id IN (16, 17, 18, 19)")
    assert kept.value("SELECT count(*) FROM app.orders WHERE usr_id = 2") == 5


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT margin FROM app.orders",
        "SELECT 1 FROM crm.customers",
        "DELETE FROM app.orders",
        "TRUNCATE app.orders",
        "ALTER TABLE app.orders DISABLE TRIGGER ALL",
        "LOCK TABLE agent.orders",
        "SELECT * FROM app.active_orders",
        "SELECT * FROM pgmoat.agent",
        "SELECT * FROM pgmoat.secret",
        "UPDATE pgmoat.agent SET writes_per_task = 1000000",
        "SELECT pgmoat.open_task('clerk', 'mine')",
        "SELECT pgmoat.thaw_agent('clerk')",
        "CREATE VIEW agent.trap AS SELECT 1",
        "CREATE FUNCTION agent.trap() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE SCHEMA trap",
        "CREATE ROLE trap",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "ALTER ROLE CURRENT_USER CONNECTION LIMIT -1",
        "ALTER ROLE CURRENT_USER SET temp_file_limit = -1",
        "SET temp_file_limit = -1",
        "SET SESSION AUTHORIZATION PREFIXinstaller",
    ],
)
def test_what_is_not_granted_is_refused(kept: Site, statement: str) -> None:
    with kept.agent("clerk") as clerk, refused("42501", "42P01"), clerk.transaction():
        clerk.execute(statement.replace("PREFIX", kept.prefix).encode())


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_is_a_member_of_nothing_and_becomes_nobody(kept: Site, agent: str) -> None:
    with kept.agent(agent) as session:
        session.execute("SET default_transaction_read_only = off")
        rows = session.execute("SELECT rolname FROM pg_roles WHERE rolname <> CURRENT_USER").fetchall()
        assert kept.installer in {name for (name,) in rows}
        for (name,) in rows:
            with refused("42501"):
                session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(name)))
            with refused("42501", "0LP01", "0A000", "XX000"):  # XX000: pg_database_owner takes no members
                session.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))
        member_of = (
            "SELECT count(*) FROM pg_roles WHERE rolname <> CURRENT_USER AND pg_has_role(oid, 'MEMBER')"
        )
        assert session.execute(member_of).fetchone() == (0,)


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_holds_nothing_on_tables(kept: Site, agent: str) -> None:
    with kept.agent(agent) as session:
        held = session.execute(
            """
            SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname IN ('app', 'crm', 'pgmoat', 'pgmoat_map')
               AND has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
            """
        ).fetchall()
    assert held == []


def test_an_agent_ends_no_session_of_the_installer(kept: Site) -> None:
    with kept.connect() as person, kept.agent("clerk") as clerk:
        with refused("42501"):
            clerk.execute("SELECT pg_terminate_backend(%s)", [person.info.backend_pid])
        assert person.execute("SELECT 1").fetchone() == (1,)


def test_the_installers_rights_are_not_an_agents(kept: Site) -> None:
    """It is a member of the agents' roles to end their sessions; the gate still knows it from them."""
    with kept.connect() as person, refused("PM001"):
        person.execute("SELECT * FROM agent.orders")


def test_the_views_owner_may_not_delete(kept: Site) -> None:
    for role in ("views", "writer"):
        for table in ("app.orders", "crm.customers"):
            held = (
                f"SELECT has_table_privilege('PREFIXm_{role}', '{table}', 'DELETE, TRUNCATE, SELECT, UPDATE')"
            )
            assert kept.value(held) is False


def test_an_agents_object_is_not_run_by_the_installer(plain: Site) -> None:
    """A role that owns something is not dropped: the object would become the installer's."""
    plain.apply()
    plain.run("GRANT CREATE ON SCHEMA app TO PREFIXa_reader; GRANT USAGE ON SCHEMA app TO PREFIXa_reader")
    with plain.agent("reader") as reader:
        reader.execute("SET default_transaction_read_only = off")
        reader.execute("CREATE FUNCTION app.trap() RETURNS int LANGUAGE sql RETURN 1")
    with pytest.raises(ApplyError) as caught:
        plain.destroy()
    assert "owns function app.trap()" in caught.value.detail
    assert plain.value("SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE proname = 'trap'").endswith(
        "reader"
    )


def test_agents_connect_with_their_passwords_only(kept: Site) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(kept.database.dsn_for(f"{kept.prefix}a_clerk", kept.password))
