"""
The manifest in pgmoat.object: what apply made, with the hash of what PostgreSQL reported right after.

In: Wanted, Actual, what is about to be touched. Out: SQL. I/O: none.

It is SQL, hashes included, so that a printed script keeps the same books as apply.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from pgmoat.catalog.actual import list_outside_views, list_schemas
from pgmoat.catalog.fingerprint import compose_fingerprint, fill_sql
from pgmoat.model.names import MAP_SCHEMA
from pgmoat.model.objects import Actual, Kind, ObjectKey, Wanted
from pgmoat.plan.grants import record_grants
from pgmoat.plan.roles import describe_role
from pgmoat.plan.rows import hash_row, row_key
from pgmoat.postgres.sqlfile import load_sql


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of pgmoat.object without the hash of what PostgreSQL reports."""

    wanted_hash: str | None
    detail: Mapping[str, str]


def list_entries(wanted: Wanted, columns: Sequence[str]) -> dict[ObjectKey, Entry]:
    """Return the manifest as it has to be after apply; *columns* are those that pgmoat added."""
    entries: dict[ObjectKey, Entry] = {
        definition.key: Entry(
            definition.wanted_hash,
            {"depends_on": json.dumps([list(key) for key in definition.depends_on])},
        )
        for definition in wanted.definitions
    }
    entries |= {table.key: Entry(None, {"shape": table.shape}) for table in wanted.data_tables}
    entries |= {(Kind.ROLE, role.name): Entry("", describe_role(role)) for role in wanted.roles}
    entries |= {row_key(row): Entry(hash_row(row), {}) for row in wanted.rows}
    entries |= {(Kind.COLUMN, name): Entry("", {}) for name in columns}
    entries |= {
        (Kind.POLICY, policy.name): Entry("", {"roles": json.dumps(policy.roles)})
        for policy in wanted.row_policies
    }
    entries |= {key: Entry("", detail) for key, detail in record_grants(wanted.grants).items()}
    return entries


def compose_bookkeeping(
    wanted: Wanted, actual: Actual, columns: Sequence[str], touched: Set[ObjectKey], *, has_migrations: bool
) -> tuple[str, ...]:
    """Return the SQL that brings the manifest in line; it reads hashes, so it comes after everything else."""
    entries = list_entries(wanted, columns)
    written = {
        key: entry
        for key, entry in entries.items()
        if key in touched
        or (recorded := actual.recorded.get(key)) is None
        or (recorded.wanted_hash, dict(recorded.detail)) != (entry.wanted_hash, dict(entry.detail))
    }
    gone = [
        key
        for key, recorded in actual.recorded.items()
        if key not in entries and not _is_system(key, recorded.wanted_hash)
    ]
    fingerprint = compose_fingerprint(
        list_schemas(wanted, actual.recorded),
        list_outside_views(wanted, actual.recorded),
        [
            name.removeprefix(f"{MAP_SCHEMA}.")
            for kind, name in entries
            if kind is Kind.TABLE and name.startswith(f"{MAP_SCHEMA}.")
        ],
    ).rstrip()
    statements = [forget_sql(gone)] if gone else []
    if written:
        statements.append(_write_sql(written, fingerprint))
    if has_migrations:
        statements.append(_write_system_sql(entries, actual, fingerprint))
    return tuple(statements)


def forget_sql(keys: Sequence[ObjectKey]) -> str:
    """Return SQL that takes *keys* out of the manifest."""
    rows = [{"kind": kind, "name": name} for kind, name in sorted(keys)]
    return fill_sql(load_sql("pgmoat.plan", "forget_objects"), {"objects": json.dumps(rows)})


def _write_sql(entries: Mapping[ObjectKey, Entry], fingerprint: str) -> str:
    rows = [
        {"kind": kind, "name": name, "wanted_hash": entry.wanted_hash, "detail": dict(entry.detail)}
        for (kind, name), entry in sorted(entries.items())
    ]
    return _fill("record_objects", {"objects": json.dumps(rows, sort_keys=True)}, fingerprint)


def _write_system_sql(entries: Mapping[ObjectKey, Entry], actual: Actual, fingerprint: str) -> str:
    """Return SQL that records what migrations made; what was altered by hand keeps its old hash."""
    known = [key for key in entries if key[0] in (Kind.TABLE, Kind.VIEW)]
    odd = [
        key
        for key, found in actual.objects.items()
        if (recorded := actual.recorded.get(key)) is None or recorded.actual_hash != found.hash
    ]
    left_out = sorted(f"{kind} {name}" for kind, name in {*known, *odd})
    return _fill("record_system_objects", {"left_out": left_out}, fingerprint)


def _is_system(key: ObjectKey, wanted_hash: str | None) -> bool:
    """Whether a migration made it."""
    return wanted_hash is None and key[0] in (Kind.TABLE, Kind.VIEW)


def _fill(name: str, values: Mapping[str, object], fingerprint: str) -> str:
    """Return the named statement; the header comment, which names both kinds of places, is left out."""
    statement = load_sql("pgmoat.plan", name)
    head, tail = statement[statement.index("INSERT") :].split("{fingerprint}")
    return "".join((fill_sql(head, values), fingerprint, fill_sql(tail, values))).rstrip()
