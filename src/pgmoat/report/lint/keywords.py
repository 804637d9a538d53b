"""
Words that PostgreSQL reserves: as names they need quotes.

Those of pg_get_keywords() with catcode R or T, PostgreSQL 15 to 18. I/O: none.
"""

from __future__ import annotations

import re

from pgmoat.report.lint.vocabulary import word_set

RESERVED = word_set(
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check"
    " collate collation column concurrently constraint create cross current_catalog current_date"
    " current_role current_schema current_time current_timestamp current_user default deferrable desc"
    " distinct do else end except false fetch for foreign freeze from full grant group having ilike in"
    " initially inner intersect into is isnull join lateral leading left like limit localtime"
    " localtimestamp natural not notnull null offset on only or order outer overlaps placing primary"
    " references returning right select session_user similar some symmetric system_user table tablesample"
    " then to trailing true union unique user using variadic verbose when where window with"
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def is_plain(name: str) -> bool:
    """Whether *name* can be written without quotes, reserved words aside."""
    return _PLAIN.fullmatch(name) is not None


def quote(name: str) -> str:
    """Return *name* as SQL needs it: with quotes only where they are needed. For people to read and paste."""
    return name if is_plain(name) and name not in RESERVED else '"' + name.replace('"', '""') + '"'


def quote_qualified(qualified_name: str) -> str:
    """Return ``schema.name`` as SQL needs it."""
    schema, _, name = qualified_name.partition(".")
    return f"{quote(schema)}.{quote(name)}"
