"""
What to write instead of a text that is no SQL of PostgreSQL's.

In: text. Out: hints. I/O: none.
"""

from __future__ import annotations

import re

_DESCRIBES = re.compile(r"\s*(desc(ribe)?|show|\\d\+?|pragma)\b", re.IGNORECASE)

_TOP = re.compile(r"\s*select\s+(distinct\s+)?top\b", re.IGNORECASE)
_LIMITED_WRITE = re.compile(r"\s*(update|delete)\b.*\blimit\s+\S+\s*;?\s*$", re.IGNORECASE | re.DOTALL)
_JOINED_UPDATE = re.compile(r"\s*update\s+(?:(?!\bset\b).)*\bjoin\b.*\bset\b", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r'column "([^"]+)" does not exist')
_ELSEWHERE = (
    (_TOP, "PostgreSQL has no TOP: write ORDER BY … LIMIT 5 at the end"),
    (
        _LIMITED_WRITE,
        "UPDATE and DELETE have no LIMIT: write WHERE id IN (SELECT id FROM … ORDER BY … LIMIT …)",
    ),
    (_JOINED_UPDATE, "UPDATE has no JOIN: write UPDATE a SET … FROM b WHERE b.a_id = a.id"),
)


def hint_at_quotes(message: str, text: str) -> str:
    """Return what to do about a column that *message* misses, where *text* has it in double quotes."""
    found = _QUOTED.match(message)
    if found is None or f'"{found.group(1)}"' not in text:
        return ""
    name = found.group(1)
    return f"If it is a text, write it in single quotes, '{name}': \"{name}\" is the name of a column."


def hint_at_syntax(text: str) -> str:
    """Return how PostgreSQL writes what *text* may be after."""
    begin = text.lstrip()[:12].lower()
    if begin.startswith("\\"):
        return "psql's commands are no SQL"
    if begin.startswith("```"):
        return "send the SQL alone, without Markdown"
    if "`" in text:
        return 'PostgreSQL quotes names as "name", not as `name`'
    for mistake, hint in _ELSEWHERE:
        if mistake.match(text):
            return hint
    return "write one statement in PostgreSQL's SQL"


def asks_for_columns(text: str) -> bool:
    """Return whether *text* is another database's way to ask what a table looks like."""
    return _DESCRIBES.match(text) is not None


def list_words(text: str) -> list[str]:
    """Return the names that stand in *text*."""
    return re.findall(r"\w+", text.lower())
