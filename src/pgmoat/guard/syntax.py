"""
What to write instead of a text that is no SQL of PostgreSQL's.

In: text. Out: hints. I/O: none.
"""

from __future__ import annotations

import re

_DESCRIBES = re.compile(r"\s*(desc(ribe)?|show|\\d\+?|pragma)\b", re.IGNORECASE)


def hint_at_syntax(text: str) -> str:
    """Return how PostgreSQL writes what *text* may be after."""
    begin = text.lstrip()[:12].lower()
    if begin.startswith("\\"):
        return "psql's commands are no SQL"
    if begin.startswith("```"):
        return "send the SQL alone, without Markdown"
    if "`" in text:
        return 'PostgreSQL quotes names as "name", not as `name`'
    return "write one statement in PostgreSQL's SQL"


def asks_for_columns(text: str) -> bool:
    """Return whether *text* is another database's way to ask what a table looks like."""
    return _DESCRIBES.match(text) is not None


def list_words(text: str) -> list[str]:
    """Return the names that stand in *text*."""
    return re.findall(r"\w+", text.lower())
