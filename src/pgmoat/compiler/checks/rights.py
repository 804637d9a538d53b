"""
Check that whoever plans may also apply: what a superuser never lacks.

In: Policy, Catalog. Out: Findings, each with the statement that helps. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.catalog.snapshot import Catalog, Table
from pgmoat.compiler.checks.wording import quote_name
from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.model.installer import MEMBERSHIPS_HAVE_OPTIONS_SINCE, Installer
from pgmoat.model.names import OWN_SCHEMAS, SYSTEM_SCHEMA
from pgmoat.policy.schema import EntityPolicy, Policy

_DATABASE_OWNER = "pg_database_owner"


def check_rights(policy: Policy, catalog: Catalog) -> list[Finding]:
    """Return what the installer lacks; an error blocks before anything is done."""
    installer = catalog.installer
    if installer.is_superuser:
        return []
    findings = [*_check_installer(policy, catalog), *check_installed(installer)]
    for name, entity in policy.entities.items():
        table = catalog.tables.get(entity.table)
        if table is not None:
            path: PolicyPath = ("entities", name)
            findings += _check_table(table, catalog, (*path, "table"))
            findings += _check_people_view(entity, table, installer, (*path, "people_view"))
    if policy.agents and not installer.sees_passwords:
        findings.append(
            Finding(
                Severity.NOTE,
                "passwords-unseen",
                ("agents",),
                f"{installer.name} cannot read pg_authid: whether somebody changed an agent's password is not"
                " seen",
                "a superuser's plan shows it, and a superuser's apply sets it right",
            )
        )
    return findings


def _check_installer(policy: Policy, catalog: Catalog) -> Iterator[Finding]:
    installer = catalog.installer
    name = quote_name(installer.name)
    if "CREATEROLE" not in installer.powers:
        yield Finding(
            Severity.ERROR,
            "cannot-create-roles",
            (),
            f"{installer.name} may not create roles",
            f"ALTER ROLE {name} CREATEROLE;",
        )
    if not installer.inherits and installer.server_version < MEMBERSHIPS_HAVE_OPTIONS_SINCE:
        yield Finding(
            Severity.ERROR,
            "not-inheriting",
            (),
            f"{installer.name} is NOINHERIT: before PostgreSQL 16 it has no rights of pgmoat's roles then",
            f"ALTER ROLE {name} INHERIT; -- or apply as another role",
        )
    missing = {*OWN_SCHEMAS, policy.settings.entity_schema} - installer.schemas.keys()
    if missing and not installer.may_create_schemas:
        database = quote_name(catalog.database)
        yield Finding(
            Severity.ERROR,
            "cannot-create-schemas",
            (),
            f"{installer.name} may not create schemas in database {catalog.database}",
            f"ALTER DATABASE {database} OWNER TO {name};"
            f" -- or GRANT CREATE ON DATABASE {database} TO {name};",
        )


def check_installed(installer: Installer) -> Iterator[Finding]:
    """Yield what keeps the installer from reading pgmoat's own tables: the rights of their owner."""
    own = installer.schemas.get(SYSTEM_SCHEMA)
    if own is None or installer.acts_for(own.owner):
        return
    yield Finding(
        Severity.ERROR,
        "cannot-read-pgmoat",
        (),
        f"schema {SYSTEM_SCHEMA} is there, and {installer.name} has no rights of its owner {own.owner}",
        # Without ADMIN it could read, but not alter or drop the role.
        _advise_membership(own.owner, installer, " WITH ADMIN OPTION"),
    )


def _check_table(table: Table, catalog: Catalog, path: PolicyPath) -> Iterator[Finding]:
    installer = catalog.installer
    name = quote_name(installer.name)
    if not (installer.acts_for(table.owner) or installer.may_become(table.owner)):
        yield Finding(
            Severity.ERROR,
            "not-member-of-owner",
            path,
            f"{table.qualified_name} belongs to {table.owner}, and {installer.name} is no member of it,"
            " so it may not grant rights on the table",
            f"ALTER TABLE {quote_name(table.schema)}.{quote_name(table.name)} OWNER TO …;"
            f" -- not a superuser: whoever is a member of {table.owner} can become one"
            if table.owner in installer.superusers
            else _advise_membership(table.owner, installer),
        )
    schema = installer.schemas.get(table.schema)
    if schema is None:
        return
    if not (installer.acts_for(schema.owner) or installer.may_become(schema.owner)):
        if schema.owner != table.owner:
            yield Finding(
                Severity.ERROR,
                "not-member-of-owner",
                path,
                f"schema {table.schema} belongs to {schema.owner}, and {installer.name} is no member of it,"
                " so it may not grant its use",
                f"ALTER DATABASE {quote_name(catalog.database)} OWNER TO {name};"
                if schema.owner == _DATABASE_OWNER
                else _advise_membership(schema.owner, installer),
            )
    elif not schema.is_usable:
        yield Finding(
            Severity.ERROR,
            "cannot-use-schema",
            path,
            f"{installer.name} may not use schema {table.schema}, so it cannot make a view of its tables",
            f"GRANT USAGE ON SCHEMA {quote_name(table.schema)} TO {name};",
        )


def _check_people_view(
    entity: EntityPolicy, table: Table, installer: Installer, path: PolicyPath
) -> Iterator[Finding]:
    if entity.people_view is None:
        return
    name = entity.people_view.partition(".")[0]
    schema = installer.schemas.get(name)
    if schema is not None and table.owner not in schema.creators:
        yield Finding(
            Severity.ERROR,
            "people-view-schema",
            path,
            f"{table.owner}, who owns {table.qualified_name} and would own the view, may not create it in"
            f" schema {name}",
            f"GRANT CREATE ON SCHEMA {quote_name(name)} TO {quote_name(table.owner)};",
        )


def _advise_membership(owner: str, installer: Installer, options: str = "") -> str:
    if owner in installer.superusers:
        return f"run it as {owner}: whoever is a member of a superuser can become one"
    return f"GRANT {quote_name(owner)} TO {quote_name(installer.name)}{options};"
