"""
Rows of pgmoat.agent and pgmoat.entity that mirror the policy.

In: Wanted, Actual. Out: Actions. I/O: none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.names import SYSTEM_SCHEMA
from pgmoat.model.objects import Actual, Kind, ObjectKey, Row
from pgmoat.plan import quote
from pgmoat.postgres.sqltext import Printed, compose, join


def diff_rows(wanted: Sequence[Row], actual: Actual) -> list[Action]:
    """Return what retires, deletes, adds and changes rows, removal first."""
    found = {_key(row): row for row in actual.rows}
    names = {_key(row) for row in wanted}
    actions = [remove_row(row) for key, row in sorted(found.items()) if key not in names]
    for row in wanted:
        before = found.get(_key(row))
        if before is not None and dict(before.values) == dict(row.values):
            continue
        recorded = actual.recorded.get(row_key(row))
        is_drift = recorded is not None and recorded.wanted_hash == hash_row(row)
        actions.append(
            Action(
                Change.ADD if before is None else Change.CHANGE,
                Cause.DRIFT if is_drift else Cause.POLICY,
                *row_key(row),
                _describe(before.values if before else {}, row),
                (_upsert_sql(row),),
            )
        )
    return actions


def remove_row(row: Row) -> Action:
    """Return what retires an agent (its history stays), or deletes an entity's row."""
    if row.table == "agent":
        text = "retire: its history stays"
        statement = compose(
            "UPDATE pgmoat.agent SET retired_at = pg_catalog.now(), password_verifier = NULL WHERE name = {}",
            quote.value(row.name),
        )
    else:
        text = "delete"
        statement = compose("DELETE FROM pgmoat.entity WHERE name = {}", quote.value(row.name))
    return Action(Change.REMOVE, Cause.POLICY, *row_key(row), text, (statement,))


def row_key(row: Row) -> ObjectKey:
    """Return the row's key in the manifest."""
    return (Kind.ROW, f"{row.table} {row.name}")


def hash_row(row: Row) -> str:
    """Return a hash of the wanted values."""
    return hashlib.sha256(json.dumps(dict(row.values), sort_keys=True).encode()).hexdigest()


def _key(row: Row) -> tuple[str, str]:
    return (row.table, row.name)


def _describe(before: Mapping[str, object], row: Row) -> str:
    if not before:
        return "add"
    changed = (key for key in row.values if before.get(key) != row.values[key])
    return ", ".join(f"{key} {_show(before.get(key))} -> {_show(row.values[key])}" for key in changed)


def _show(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - a tuple of str
    return text if len(text) <= 60 else text[:59] + "…"


def _upsert_sql(row: Row) -> str:
    columns = ["name", *row.values]
    contents = [row.name, *(list(v) if isinstance(v, tuple) else v for v in row.values.values())]
    updates = [compose("{0} = EXCLUDED.{0}", quote.name(column)) for column in row.values]
    if row.table == "agent":
        updates.append("retired_at = NULL")
    return compose(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (name) DO UPDATE SET {}",
        quote.name(SYSTEM_SCHEMA, row.table),
        join(map(quote.name, columns)),
        join(map(quote.value, contents)),
        join(map(Printed, updates)),
    )
