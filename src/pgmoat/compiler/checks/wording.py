"""
Words for findings: quoted names, lists, suggestions.

The SQL that hints show is for people to read and paste; nothing here is executed. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def quote_name(name: str) -> str:
    """Return *name* as a quoted SQL identifier; quotes even where PostgreSQL would not need them."""
    return '"' + name.replace('"', '""') + '"'


def quote_qualified(qualified_name: str) -> str:
    """Return ``schema.name`` with both parts quoted."""
    schema, _, name = qualified_name.partition(".")
    return f"{quote_name(schema)}.{quote_name(name)}"


def join_words(words: Iterable[str]) -> str:
    """Return ``a, b and c``."""
    *head, last = list(words)
    return f"{', '.join(head)} and {last}" if head else last


def suggest_name(wrong: str, names: Iterable[str]) -> str:
    """Return ``did you mean …?`` with the nearest of *names*, empty when none is near."""
    by_lower = {name.lower(): name for name in names}
    near = get_close_matches(wrong.lower(), list(by_lower), n=1, cutoff=0.6)
    return f"did you mean {by_lower[near[0]]}?" if near else ""


def suggest_table(wrong: str, names: Iterable[str]) -> str:
    """Return a suggestion for ``schema.table``: first the same table elsewhere, then the nearest name."""
    known = list(names)
    bare = wrong.partition(".")[2].lower()
    elsewhere = [name for name in known if name.partition(".")[2].lower() == bare]
    return f"did you mean {elsewhere[0]}?" if elsewhere else suggest_name(wrong, known)
