"""
Tables that hold data of their own: made once, never dropped, never changed.

In: Wanted, Actual. Out: Actions, Findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.objects import Actual, Kind, Wanted


def make_data_tables(wanted: Wanted, actual: Actual) -> list[Action]:
    """Return what makes the tables that are missing; one that destroy left behind is used again."""
    return [
        Action(
            Change.ADD,
            Cause.DRIFT if table.key in actual.recorded else Cause.POLICY,
            Kind.TABLE,
            table.name,
            "create: what is written into it stays",
            table.create,
        )
        for table in wanted.data_tables
        if table.key not in actual.objects
    ]


def check_data_tables(wanted: Wanted, actual: Actual) -> Iterator[Finding]:
    """Yield the tables whose columns the policy wants otherwise, and those that it no longer names."""
    for table in wanted.data_tables:
        recorded, found = actual.recorded.get(table.key), actual.objects.get(table.key)
        if found is None:
            continue
        if recorded is None:
            yield Finding(
                Severity.ERROR,
                "name-taken",
                (),
                f"table {table.name} exists, and pgmoat did not make it (owner {found.owner})",
                "rename or drop it, or give the log another name",
            )
        elif recorded.detail.get("shape", table.shape) != table.shape:
            yield Finding(
                Severity.ERROR,
                "log-table-changed",
                (),
                f"the columns of {table.name} would change: {recorded.detail['shape']} -> {table.shape}",
                "give the log another name; the old table keeps its events",
            )
    names = {table.key for table in wanted.data_tables}
    for key, recorded in sorted(actual.recorded.items()):
        if wanted.owner_role and "shape" in recorded.detail and key not in names:
            yield Finding(
                Severity.NOTE,
                "log-kept",
                (),
                f"{key[1]} is no longer in the policy: it stays with its events, and no agent reaches it",
                "whoever owns it may keep, export or drop it",
            )
