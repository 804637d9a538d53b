"""
Attributes of roles, and what PostgreSQL's own roles may do.

In: Index, Holders. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgmoat.report.blast.closing import close_attribute
from pgmoat.report.blast.collect import Collection, Headline, make_way
from pgmoat.report.blast.holders import Holder
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Severity, Standing, Step, StepKind, Subject
from pgmoat.report.blast.snapshot import RoleFact


@dataclass(frozen=True, slots=True)
class _Power:
    code: str
    action: str
    text: str
    severity: Severity
    kind: str = "server"


_PREDEFINED = {
    "pg_read_all_data": _Power(
        "predefined-role", "SELECT", "may read every table, view and sequence", Severity.CRITICAL, "database"
    ),
    "pg_write_all_data": _Power(
        "predefined-role",
        "WRITE",
        "may change and delete every row of every table",
        Severity.CRITICAL,
        "database",
    ),
    "pg_read_server_files": _Power(
        "read-files", "READ", "may read every file that the server's user can read", Severity.CRITICAL
    ),
    "pg_write_server_files": _Power(
        "write-files",
        "WRITE",
        "may write every file that the server's user can write: the whole server",
        Severity.CRITICAL,
    ),
    "pg_execute_server_program": _Power(
        "run-programs",
        "EXECUTE",
        "may run programs as the server's user: the whole server",
        Severity.CRITICAL,
    ),
    "pg_monitor": _Power(
        "monitor", "READ", "may read settings, statistics and sizes of everybody", Severity.LOW
    ),
    "pg_read_all_settings": _Power("read-settings", "READ", "may read every setting", Severity.LOW),
    "pg_read_all_stats": _Power(
        "read-statements",
        "READ",
        "may read the query texts of all sessions, values among them",
        Severity.MEDIUM,
    ),
    "pg_stat_scan_tables": _Power(
        "scan-tables", "READ", "may run monitoring functions that lock tables", Severity.LOW
    ),
    "pg_signal_backend": _Power(
        "signal-sessions",
        "TERMINATE",
        "may cancel and end sessions of every role that is no superuser",
        Severity.MEDIUM,
    ),
    "pg_signal_autovacuum_worker": _Power(
        "signal-sessions", "TERMINATE", "may end autovacuum workers", Severity.MEDIUM
    ),
    "pg_checkpoint": _Power(
        "control-server", "CHECKPOINT", "may run CHECKPOINT, again and again", Severity.LOW
    ),
    "pg_maintain": _Power(
        "predefined-role",
        "MAINTAIN",
        "may vacuum, reindex, cluster and lock every table",
        Severity.MEDIUM,
        "database",
    ),
    "pg_create_subscription": _Power(
        "create-subscription",
        "CREATE",
        "may have the server connect elsewhere and copy data in",
        Severity.HIGH,
    ),
    "pg_use_reserved_connections": _Power(
        "reserved-connections", "LOGIN", "may take the connections that are kept for others", Severity.MEDIUM
    ),
}


def collect_powers(index: Index, holders: Sequence[Holder], into: Collection) -> None:
    """Take in attributes, and PostgreSQL's own roles."""
    for holder in holders:
        role = index.roles.get(holder.role)
        if role is None:
            continue
        if holder.is_session:
            _collect_attributes(index, holder, role, into)
        power = _PREDEFINED.get(role.name)
        if power is not None:
            step = Step(
                StepKind.PREDEFINED, role.name, index.role_sql(role.oid), f"{role.name}: {power.text}"
            )
            way = make_way(index, holder, (step,))
            into.add(
                Headline(power.code, _place(index, power.kind), power.action, power.text, power.severity), way
            )
        if holder.steps and power is None:
            _collect_role(index, holder, role, into)


def _place(index: Index, kind: str) -> Subject:
    return index.subjects.database() if kind == "database" else Subject("server", "the server")


def _collect_role(index: Index, holder: Holder, role: RoleFact, into: Collection) -> None:
    """Say that the rights of another role count."""
    is_reachable = role.is_superuser and holder.is_session
    text = f"has the rights of {role.name}" if not holder.is_session else f"may become {role.name}"
    severity = Severity.CRITICAL if is_reachable else Severity.MEDIUM
    into.add(
        Headline(
            "use-role",
            index.subjects.role(role),
            "SET ROLE" if holder.is_session else "INHERIT",
            text,
            severity,
        ),
        make_way(index, holder, ()),
    )


def _collect_attributes(index: Index, holder: Holder, role: RoleFact, into: Collection) -> None:
    for attribute, power in _list_attributes(index, role):
        step = Step(StepKind.ATTRIBUTE, attribute, "", f"{role.name} is {attribute}")
        closure = close_attribute(index, role, attribute)
        way = make_way(index, holder, (step,), closures=(closure,), standing=Standing.BEYOND)
        into.add(
            Headline(power.code, _place(index, power.kind), power.action, power.text, power.severity), way
        )


def _list_attributes(index: Index, role: RoleFact) -> list[tuple[str, _Power]]:
    is_new = index.snapshot.server.server_version >= 160_000
    every = (
        "may make roles, and grant those that it made or has ADMIN OPTION on"
        if is_new
        else "may grant itself every role that is no superuser, pg_execute_server_program among them, and"
        " change the passwords of those roles"
    )
    known = {
        "SUPERUSER": (
            role.is_superuser,
            _Power(
                "superuser",
                "ALL",
                "may do everything: no privilege, policy or limit holds it",
                Severity.CRITICAL,
            ),
        ),
        "BYPASSRLS": (
            role.bypasses_row_security,
            _Power(
                "bypass-row-security", "READ", "no row security policy holds it", Severity.HIGH, "database"
            ),
        ),
        "CREATEROLE": (
            role.creates_roles,
            _Power("create-role", "CREATE", every, Severity.MEDIUM if is_new else Severity.CRITICAL),
        ),
        "CREATEDB": (
            role.creates_databases,
            _Power("create-database", "CREATE", "may make databases, and fill the disk", Severity.MEDIUM),
        ),
        "REPLICATION": (
            role.replicates,
            _Power(
                "replication",
                "READ",
                "may copy the whole server by the replication protocol, and hold WAL back",
                Severity.CRITICAL,
            ),
        ),
    }
    if role.is_superuser:
        return [("SUPERUSER", known["SUPERUSER"][1])]
    return [(name, power) for name, (has_it, power) in known.items() if has_it]
