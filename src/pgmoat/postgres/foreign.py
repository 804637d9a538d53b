"""
Read text that another database wrote, in an encoding that nobody knows.

In: bytes as PostgreSQL keeps them. Out: text. I/O: none.

What all databases of a server share (queries, roles' settings, prepared transactions) PostgreSQL hands out
as it was written. A client that asks for text gets an error, from the server or from its own decoding, for as
long as the bytes are there. So SQL asks for bytes (``textsend``), which nobody checks.
"""

from __future__ import annotations

from collections.abc import Iterable

UNREADABLE = "\ufffd"


def decode(raw: bytes) -> str:
    """Return *raw* as text; bytes that are no UTF-8 become U+FFFD."""
    return raw.decode(errors="replace")


def split_settings(settings: Iterable[bytes]) -> dict[str, str]:
    """
    Return the values of ``name=value`` by name.

    A name that is no UTF-8 is left out: it can be none of PostgreSQL's own settings, does nothing, and no
    statement sent from here could name it.
    """
    pairs = (decode(setting).partition("=") for setting in settings)
    return {name: value for name, _, value in pairs if UNREADABLE not in name}
