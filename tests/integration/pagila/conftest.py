"""
The video rental, open as it comes or with its ways closed, before and under the policy.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from pgmoat.model.action import Action, Plan
from pgmoat.plan.apply import ApplyOptions, apply_plan
from pgmoat.plan.credentials import name_variable
from pgmoat.plan.destroy import plan_destroy
from pgmoat.plan.make import PolicyPlan, plan_policy
from pgmoat.plan.people import Patience
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy, Settings
from tests.integration.plan.conftest import Site
from tests.moat_fixtures import Connection, Moat
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

_PATIENCE = Patience(lock_timeout_ms=100, tries=50, pause_s=0.005)

_PEOPLE: LiteralString = """
CREATE ROLE {people} LOGIN PASSWORD {password};
GRANT ALL ON ALL TABLES IN SCHEMA public TO {people};
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {people};
GRANT EXECUTE ON FUNCTION public.rewards_report TO {people};
GRANT SELECT ON public.sales_by_film_category TO PUBLIC;
"""
"""What any shop has: a role of its programs; and one thing that it shows to all on purpose."""


@dataclass(frozen=True, slots=True)
class VideoStore:
    """A copy of the database with its policy; *site* is what the tests of plans use."""

    site: Site
    policy: Policy

    def plan(self) -> PolicyPlan:
        """Return the plan, with what the checks found."""
        return plan_policy(self.site.connection, self.policy)

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
        return apply_plan(self.site.connection, self.site.side, self._make_plan, options=options)

    def destroy(self) -> None:
        """Take everything away, history and columns too."""

        def make(connection: Connection) -> Plan:
            return plan_destroy(connection, everything=True)

        apply_plan(self.site.connection, self.site.side, make, options=ApplyOptions(patience=_PATIENCE))

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


def _load_policy(prefix: str) -> Policy:
    """Return policy.yaml with names of roles that others on the server do not use."""
    policy = load_policy_text(Path(__file__).with_name("policy.yaml").read_text(), "policy.yaml").policy
    names = {"agent_role_prefix": f"{prefix}a_", "system_role_prefix": f"{prefix}m_"}
    settings = Settings.model_validate(names)
    return policy.model_copy(update={"settings": settings})


@contextlib.contextmanager
def _open_store(server: PostgresServer, template: Database, folder: Path) -> Generator[VideoStore]:
    with (
        draw_role_prefix(server) as prefix,
        create_database(server, template.name) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
        psycopg.connect(database.dsn, autocommit=True) as side,
    ):
        people = f"{prefix}people"
        connection.execute(
            sql.SQL(_PEOPLE).format(people=sql.Identifier(people), password=sql.Literal(people))
        )
        site = Site(database, prefix, "", connection, side, folder / "agents.env")
        yield VideoStore(site, _load_policy(prefix))


@pytest.fixture
def open_store(server: PostgresServer, pagila_template: Database, tmp_path: Path) -> Generator[VideoStore]:
    """The video rental with what it comes with open to PUBLIC."""
    with _open_store(server, pagila_template, tmp_path) as store:
        yield store


@pytest.fixture
def store(open_store: VideoStore) -> VideoStore:
    """The video rental with its ways closed, before the first apply."""
    open_store.close_ways()
    return open_store


@pytest.fixture(scope="module")
def moat(
    server: PostgresServer, pagila_template: Database, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Moat]:
    """The video rental under its policy, for all tests of a file: each writes rows of its own."""
    with _open_store(server, pagila_template, tmp_path_factory.mktemp("store")) as store:
        store.close_ways()
        store.apply()
        with store.open_moat() as opened:
            yield opened
