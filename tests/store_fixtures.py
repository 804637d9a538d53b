"""
A real database by others, from the folder of shared schemas beside the project, and a policy for it.

Out: Store, templates to copy. I/O: PostgreSQL, that folder; without it tests are skipped, in CI they fail.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from pgmoat.model.action import Action, Plan
from pgmoat.model.names import name_variable
from pgmoat.plan.apply import ApplyOptions, apply_plan
from pgmoat.plan.destroy import plan_destroy
from pgmoat.plan.make import PolicyPlan, plan_policy
from pgmoat.plan.people import Patience
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy, Settings
from tests.integration.plan.conftest import Site
from tests.moat_fixtures import Connection, Moat
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix, load_file

_FOLDER = Path(__file__).parents[1].parent / "shared" / "schemas"
GIVE_AWAY = """
CREATE ROLE PREFIXapp;
CREATE ROLE PREFIXinstaller LOGIN CREATEROLE PASSWORD 'PREFIXinstaller';
GRANT PREFIXapp TO PREFIXinstaller;
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER DATABASE %I OWNER TO PREFIXinstaller', current_database())
        UNION ALL
        SELECT format('ALTER SCHEMA %I OWNER TO PREFIXapp', nspname)
          FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        UNION ALL
        SELECT format('ALTER TABLE %s OWNER TO PREFIXapp', c.oid::regclass)
          FROM pg_class AS c
         WHERE c.oid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace
           AND (c.relkind IN ('r', 'p', 'v', 'm') OR c.relkind = 'S' AND NOT EXISTS (
                SELECT FROM pg_depend AS d
                 WHERE d.objid = c.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')))
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
"""
_PATIENCE = Patience(lock_timeout_ms=100, tries=50, pause_s=0.005)


@dataclass(frozen=True, slots=True)
class Store:
    """A copy of the database with its policy; *site* is what the tests of plans use, as superuser."""

    site: Site
    policy: Policy
    installer: tuple[Connection, Connection] | None = None  # none: the site's superuser applies

    @property
    def _connections(self) -> tuple[Connection, Connection]:
        return self.installer or (self.site.connection, self.site.side)

    def plan(self) -> PolicyPlan:
        """Return the plan, with what the checks found."""
        return plan_policy(self._connections[0], self.policy)

    def close_ways(self) -> None:
        """Take from PUBLIC what the findings say, with the statements that they show."""
        for finding in self.plan().errors:
            assert finding.code == "reach-public", finding
            assert finding.hint
            self.site.run(finding.hint)

    def _make_plan(self, connection: Connection) -> Plan:
        planned = plan_policy(connection, self.policy)
        assert not planned.errors, planned.errors
        return planned.plan

    def apply(self, announced: list[Action] | None = None) -> Plan:
        """Apply the policy as the command line does."""
        on_action = None if announced is None else announced.append
        options = ApplyOptions(self.site.credentials, patience=_PATIENCE, on_action=on_action)
        return apply_plan(*self._connections, self._make_plan, options=options)

    def destroy(self) -> None:
        """Take everything away, history and columns too."""

        def make(connection: Connection) -> Plan:
            return plan_destroy(connection, everything=True)

        apply_plan(*self._connections, make, options=ApplyOptions(patience=_PATIENCE))

    def open_moat(self) -> Moat:
        """Return agents' connections, with the passwords of the credentials file; to be entered."""
        lines = dict(line.split("=", 1) for line in self.site.credentials.read_text().splitlines())
        dsns = {agent: lines[name_variable(agent)] for agent in self.policy.agents}
        roles = {self.policy.settings.agent_role(agent): dsn for agent, dsn in dsns.items()}
        passwords = {role: str(conninfo_to_dict(dsn)["password"]) for role, dsn in roles.items()}
        return Moat(self.site.database, self.policy, passwords)

    def connect_person(self) -> Connection:
        """Return a connection of people's programs, which wait half a second for a lock and no longer."""
        role = f"{self.site.prefix}people"
        return psycopg.connect(
            self.site.database.dsn_for(role, role),
            autocommit=True,
            options="-c lock_timeout=500ms -c statement_timeout=20s",
        )


@contextlib.contextmanager
def open_template(
    server: PostgresServer, file: str, before: LiteralString = "", after: LiteralString = ""
) -> Generator[Database]:
    """Yield the database that *file* makes, analyzed, with nobody connected; tests get copies."""
    path = _FOLDER / file
    if not path.exists():
        message = f"no shared schemas beside the project: {path} is missing"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with create_database(server) as database:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            if before:
                connection.execute(before)
        # They create languages and extensions that are there already, or are not needed.
        load_file(database, path, stops_at_errors=False)
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            if after:
                connection.execute(after)
            connection.execute("ANALYZE")
        yield database


@contextlib.contextmanager
def open_store(
    server: PostgresServer,
    template: Database,
    policy_file: Path,
    folder: Path,
    people_sql: LiteralString,
    *,
    superuser: bool = True,
) -> Generator[Store]:
    """
    Yield a copy of *template*; *people_sql* makes its programs' role, {people}, with {password}.

    Without *superuser* the tables belong to a role of people's, and a member of it applies.
    """
    with (
        contextlib.ExitStack() as sessions,
        draw_role_prefix(server) as prefix,
        create_database(server, template.name) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
        psycopg.connect(database.dsn, autocommit=True) as side,
    ):
        people = f"{prefix}people"
        connection.execute(
            sql.SQL(people_sql).format(people=sql.Identifier(people), password=sql.Literal(people))
        )
        site = Site(database, prefix, "", connection, side, folder / "agents.env")
        policy = _load_policy(policy_file, prefix)
        yield Store(site, policy, None if superuser else _connect_installer(site, sessions))


def _connect_installer(site: Site, sessions: contextlib.ExitStack) -> tuple[Connection, Connection]:
    """Give the database to a role without superuser, and return two connections of it."""
    site.run(GIVE_AWAY)
    role = f"{site.prefix}installer"
    dsn = site.database.dsn_for(role, role)
    connection, side = (sessions.enter_context(psycopg.connect(dsn, autocommit=True)) for _ in range(2))
    return connection, side


def _load_policy(file: Path, prefix: str) -> Policy:
    """Return the policy with names of roles that others on the server do not use."""
    policy = load_policy_text(file.read_text(), file.name).policy
    names = {"agent_role_prefix": f"{prefix}a_", "system_role_prefix": f"{prefix}m_"}
    settings = Settings.model_validate(names)
    return policy.model_copy(update={"settings": settings})
