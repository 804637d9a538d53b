"""
A constraint's error in the names of entities, without the row.

In: message, detail, tables. Out: the same in other names. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pgmoat.policy.access import Access

_COLUMN = re.compile(r'\bcolumn "([^"]+)"')
_TABLE = re.compile(r'\b(?:relation|table) "([^"]+)"')
_KEY = re.compile(r"^Key \(([^()]+)\)=")
_ROW = "Failing row contains"


def find_entity(tables: Mapping[str, Access], schema: str | None, table: str | None) -> Access | None:
    """Return what a base table is to the agent; None where that is not certain."""
    if schema is not None and table is not None:
        return tables.get(f"{schema}.{table}")
    found = [access for name, access in tables.items() if name.partition(".")[2] == table]
    return found[0] if len(found) == 1 else None


def name_table(message: str) -> str | None:
    """Return the first table that *message* names."""
    found = _TABLE.search(message)
    return found.group(1) if found is not None else None


def rename(message: str, access: Access | None, tables: Mapping[str, Access]) -> str:
    """Return *message* with the entities' names for the tables, and *access*'s for the columns."""
    shown = dict(access.base_names) if access is not None else {}

    def rename_table(found: re.Match[str]) -> str:
        entity = find_entity(tables, None, found.group(1))
        return entity.name if entity is not None else found.group()

    def rename_column(found: re.Match[str]) -> str:
        return f'column "{shown.get(found.group(1), found.group(1))}"'

    return _TABLE.sub(rename_table, _COLUMN.sub(rename_column, message))


def rename_detail(detail: str, access: Access | None, tables: Mapping[str, Access]) -> str:
    """Return *detail* without the row, in the entities' names."""
    if detail.startswith(_ROW):
        return ""
    shown = dict(access.base_names) if access is not None else {}
    renamed = _KEY.sub(
        lambda found: f"Key ({', '.join(shown.get(name, name) for name in found.group(1).split(', '))})=",
        detail,
    )
    return rename(renamed, None, tables)
