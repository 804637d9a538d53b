"""
Quoted parts of SQL: names, values, settings.

In: text. Out: Composables. I/O: none.
"""

from __future__ import annotations

import re

from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, join

_LIST_SETTINGS = frozenset(
    {
        "search_path",
        "temp_tablespaces",
        "session_preload_libraries",
        "shared_preload_libraries",
        "local_preload_libraries",
        "unix_socket_directories",
    }
)
"""Settings whose value is a list of identifiers: one literal would become one quoted identifier."""


def name(*parts: str) -> sql.Identifier:
    """Return ``"schema"."name"``."""
    return sql.Identifier(*parts)


def value(content: object) -> sql.Literal:
    """Return *content* as a literal."""
    return sql.Literal(content)


def grantee(role: str) -> sql.Composable:
    """Return a role, or the keyword PUBLIC."""
    return Printed("PUBLIC") if role == "PUBLIC" else name(role)


def parameter(setting: str) -> sql.Identifier:
    """Return the name of a setting: ``"pgmoat"."token"`` for one with a dot."""
    return name(*setting.split("."))


def parameter_value(setting: str, content: str) -> sql.Composable:
    """Return *content*, as PostgreSQL stores it, in the form that ``SET setting = …`` takes."""
    if setting not in _LIST_SETTINGS:
        return value(content)
    items = re.findall(r'"(?:[^"]|"")*"|[^,\s]+', content) or [""]
    return join(value(item[1:-1].replace('""', '"') if item.startswith('"') else item) for item in items)
