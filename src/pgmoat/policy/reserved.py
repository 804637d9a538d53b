"""
Names that PostgreSQL keeps for itself.

I/O: none.
"""

from __future__ import annotations

SYSTEM_COLUMNS = frozenset({"tableoid", "oid", "ctid", "xmin", "xmax", "cmin", "cmax"})
"""Columns that every table has, or once had: a view's column of that name would be taken for one."""

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast", "pgmoat"})

RESERVED_WORDS = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
    collation column concurrently constraint create cross current_catalog current_date current_role
    current_schema current_time current_timestamp current_user default deferrable desc distinct do else end
    except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into
    is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on
    only or order outer overlaps placing primary references returning right select session_user similar some
    symmetric system_user table tablesample then to trailing true union unique user using variadic verbose
    when where window with
    """.split()  # noqa: SIM905  a list literal has a line for each of 90 words
)
"""Words that need quotes as a name (PostgreSQL 14 to 18, appendix C: reserved, or reserved as a table)."""
