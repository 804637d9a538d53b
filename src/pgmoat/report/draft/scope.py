"""
Which rows a task could be held to, where the tables say so plainly.

In: chosen tables. Out: suggestions for ``rows:``, and what row security makes of a table. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pgmoat.compiler.scope import find_element_type
from pgmoat.model.names import SystemRoles
from pgmoat.report.draft.references import singular_words
from pgmoat.report.survey.snapshot import SurveyedTable

_TENANTS = (
    "tenant", "organization", "organisation", "org", "workspace", "account", "company", "team", "customer",
    "client", "merchant", "shop", "store", "site", "user",
)  # fmt: skip
_AT_LEAST = 2  # tables that hold the key, besides the one that it identifies


@dataclass(frozen=True, slots=True)
class TenantKey:
    """What rows of many tables belong to."""

    key: str  # of a task's scope: customer_id
    noun: str  # customer
    columns: Mapping[str, str]  # table to its base column
    root: str | None = None  # the table of the tenants themselves


def find_tenant_key(
    tables: Mapping[str, SurveyedTable], words: Mapping[str, Mapping[str, Sequence[str]]]
) -> TenantKey | None:
    """
    Return the key by which most of the data belongs to somebody; None when nothing is plain.

    *words* are those of each column's name, by table.
    """
    best: TenantKey | None = None
    for noun in _TENANTS:
        columns = {
            name: found
            for name, table in tables.items()
            if (found := _find_column(noun, table, words[name])) is not None
        }
        root = _find_root(tables, columns)
        holders = len([name for name in columns if name != root])
        if holders < _AT_LEAST or (best is not None and holders <= 2 * len(best.columns)):
            continue
        if root is not None:
            columns[root] = tables[root].table.primary_key[0]
        best = TenantKey(f"{noun}_id", noun, columns, root)
    return best


def find_forged(table: SurveyedTable, prefix: str = "pgmoat_") -> str:
    """Return why agents cannot be left to the table's own row security; empty when they can."""
    if not table.table.row_security:
        return ""
    views = SystemRoles.with_prefix(prefix).views
    applying = [policy for policy in table.table.row_policies if policy.applies_to(views, "r")]
    if any(policy.reads_settings for policy in applying):
        return "its row security goes by settings, which an agent could forge"
    if not any(policy.is_permissive for policy in applying):
        return "it is under row security, and no policy lets PUBLIC see a row"
    return ""


def find_own_scope(table: SurveyedTable, words: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Return a column that plainly says to whom a row belongs, and the key of a task's scope for it."""
    for noun in _TENANTS:
        column = _find_column(noun, table, words)
        if column is not None:
            return column, f"{noun}_id"
    return None


def _find_column(noun: str, table: SurveyedTable, words: Mapping[str, Sequence[str]]) -> str | None:
    for column in table.columns:
        found = words.get(column.name, ())
        named = len(found) == 2 and singular_words(found[:1]) == (noun,) and found[1] in {"id", "uuid", "key"}
        if named and find_element_type(column) is not None:
            return column.name
    return None


def _find_root(tables: Mapping[str, SurveyedTable], columns: Mapping[str, str]) -> str | None:
    """Return the one table that the columns point to by constraints, if its key is one column."""
    found = {
        key.references
        for name, column in columns.items()
        if (key := tables[name].foreign_key_of(column)) is not None
    }
    root = found.pop() if len(found) == 1 else ""
    return root if root in tables and len(tables[root].table.primary_key) == 1 else None
