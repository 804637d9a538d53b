"""
Rights: what whoever applies needs, and what PUBLIC gives to agents.

In: a connection. Out: PrivilegeFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.compiler.checks.wording import join_words, quote_name, quote_qualified
from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE, Target
from pgmoat.postgres.sqlfile import load_sql

_USUALLY_EMPTY = frozenset({"postgres", "template1"})


@dataclass(frozen=True, slots=True)
class OwnRights:
    """The row of ``read_role.sql``: what the connecting role may do."""

    role: str
    is_superuser: bool
    can_create_roles: bool
    can_create_schemas: bool
    owns_database: bool
    reads_all_sessions: bool
    signals_sessions: bool


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """One row of ``read_foreign_tables.sql``."""

    name: str
    owner: str
    owner_is_superuser: bool


@dataclass(frozen=True, slots=True)
class PublicRight:
    """One row of ``read_public_rights.sql``."""

    privilege: str
    object: str


@dataclass(frozen=True, slots=True)
class PrivilegeFacts:
    """Who asks, and what everybody may do."""

    own: OwnRights
    foreign_tables: Sequence[ForeignTable]
    public: Sequence[PublicRight]
    target: Target

    def list_public(self, privilege: str) -> list[str]:
        """Return the objects that PUBLIC has *privilege* on, without those that the policy accepts."""
        return [
            right.object
            for right in self.public
            if right.privilege == privilege and right.object not in self.target.accepted
        ]


def read_privileges(connection: Connection[Any], target: Target) -> PrivilegeFacts:
    """Return the rights of the connecting role and of PUBLIC."""
    with connection.cursor(row_factory=class_row(OwnRights)) as cursor:
        own = cursor.execute(load_sql(PACKAGE, "read_role")).fetchall()[0]
    with connection.cursor(row_factory=class_row(ForeignTable)) as cursor:
        tables = cursor.execute(
            load_sql(PACKAGE, "read_foreign_tables"), {"tables": list(target.tables)}
        ).fetchall()
    with connection.cursor(row_factory=class_row(PublicRight)) as cursor:
        public = cursor.execute(load_sql(PACKAGE, "read_public_rights")).fetchall()
    return PrivilegeFacts(own, tables, public, target)


def _judge_connecting_role(facts: PrivilegeFacts) -> Iterator[Remark]:
    own, database = facts.own, facts.target.database
    if own.is_superuser:
        return
    lacking = [
        what
        for what, has in (
            ("CREATEROLE", own.can_create_roles),
            (f"CREATE on database {database}", own.can_create_schemas),
            (f"membership in the owner of {database}", own.owns_database),
        )
        if not has
    ]
    if lacking:
        yield Remark(
            Status.NOTE,
            f"{own.role} cannot apply a policy: it is no superuser, and lacks {join_words(lacking)}",
            f"ALTER ROLE {quote_name(own.role)} CREATEROLE;"
            f" ALTER DATABASE {quote_name(database)} OWNER TO {quote_name(own.role)}; -- or"
            " apply as another role",
        )


def _judge_sessions(facts: PrivilegeFacts) -> Iterator[Remark]:
    own = facts.own
    lacking = [
        role
        for role, has in (
            ("pg_read_all_stats", own.reads_all_sessions),
            ("pg_signal_backend", own.signals_sessions),
        )
        if not has and not own.is_superuser
    ]
    if lacking:
        yield Remark(
            Status.NOTE,
            f"{own.role} is no member of {join_words(lacking)}: it does not see, or cannot"
            " end, agents' sessions",
            f"GRANT {', '.join(lacking)} TO {quote_name(own.role)}; -- as a superuser",
        )


def _judge_table_owners(facts: PrivilegeFacts) -> Iterator[Remark]:
    role = quote_name(facts.own.role)
    owners: dict[str, list[ForeignTable]] = {}
    for table in facts.foreign_tables:
        owners.setdefault(table.owner, []).append(table)
    for owner, tables in owners.items():
        # A membership in a superuser would be far more than what is lacking.
        remedy = (
            " ".join(f"ALTER TABLE {quote_qualified(table.name)} OWNER TO {role};" for table in tables)
            + f" -- or apply as {owner}"
            if tables[0].owner_is_superuser
            else f"GRANT {quote_name(owner)} TO {role};"
        )
        yield Remark(
            Status.NOTE,
            f"{facts.own.role} cannot alter or grant {join_words(table.name for table in tables)},"
            f" owned by {owner}: apply needs that",
            remedy,
        )


def _judge_temporary(facts: PrivilegeFacts) -> Iterator[Remark]:
    for database in facts.list_public("TEMPORARY"):
        name = quote_name(database)
        yield Remark(
            Status.NOTE,
            "every role may make temporary tables, agents too: a full disk, and objects that"
            " outlive a task on"
            " a pooled connection",
            f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC;"
            f" -- first GRANT TEMPORARY ON DATABASE {name} TO those of people's roles that"
            " make temporary tables",
        )


def _judge_schemas(facts: PrivilegeFacts) -> Iterator[Remark]:
    for schema in facts.list_public("CREATE"):
        yield Remark(
            Status.WARNING,
            f"every role may create objects in schema {schema}, agents too",
            f"REVOKE CREATE ON SCHEMA {quote_name(schema)} FROM PUBLIC;"
            " -- first GRANT it to those of people's roles that create tables there",
        )


def _judge_databases(facts: PrivilegeFacts) -> Iterator[Remark]:
    if not facts.target.agent_roles:
        return
    for database in facts.list_public("CONNECT"):
        yield Remark(
            Status.NOTE if database in _USUALLY_EMPTY else Status.WARNING,
            f"agents may connect to database {database} unless pg_hba.conf refuses it, and reach there what"
            " PUBLIC may",
            f"REVOKE CONNECT ON DATABASE {quote_name(database)} FROM PUBLIC;"
            " -- first GRANT it to people's roles",
        )


def _judge_terminate(facts: PrivilegeFacts) -> Iterator[Remark]:
    functions = facts.list_public("EXECUTE")
    if functions:
        listed = ", ".join(f"pg_catalog.{name.removeprefix('pg_catalog.')}" for name in functions)
        yield Remark(
            Status.NOTE,
            "sessions of one agent's role can end each other: everybody may call "
            + join_words(name.partition("(")[0] for name in functions),
            f"REVOKE EXECUTE ON FUNCTION {listed} FROM PUBLIC;"
            " -- first GRANT it to the roles of people that cancel queries, and to those"
            " that run pgmoat freeze",
        )


CHECKS: tuple[Check[PrivilegeFacts], ...] = (
    Check(Area.PRIVILEGES, "doctor-apply-rights", "this role can apply a policy", _judge_connecting_role),
    Check(
        Area.PRIVILEGES,
        "doctor-table-owners",
        "this role can alter the entities' tables",
        _judge_table_owners,
    ),
    Check(
        Area.PRIVILEGES, "doctor-session-rights", "this role sees and ends agents' sessions", _judge_sessions
    ),
    Check(Area.PRIVILEGES, "doctor-temporary", "only named roles make temporary tables", _judge_temporary),
    Check(Area.PRIVILEGES, "doctor-create", "PUBLIC may create nothing in a schema", _judge_schemas),
    Check(Area.PRIVILEGES, "doctor-databases", "agents connect to no other database", _judge_databases),
    Check(Area.PRIVILEGES, "doctor-terminate", "PUBLIC cannot end sessions", _judge_terminate),
)
