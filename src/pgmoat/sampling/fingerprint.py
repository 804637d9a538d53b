"""
Tell statements apart by their shape: comments and spacing do not count, nor do literals.

In: the text of a query, cut off or not. Out: its shape, a number for it. I/O: none.

Not by a parser: pg_stat_activity cuts texts off (``track_activity_query_size``), and what is cut off does not
parse. pg_stat_statements' own query_id is not there on every server.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

MOST_TEXT = 2000
"""Characters of a shape that are kept."""

_TOKEN = re.compile(
    r"""
      (?P<space> (?: \s+ | --[^\n]*(?:\n|$) | /\*.*?(?:\*/|$) )+ )
    | (?P<text> \b[eE]'(?:[^'\\]|''|\\.)*(?:'|$)
              | (?:\b[bBxXnN]|\b[uU]&)?'(?:[^']|'')*(?:'|$)
              | \$(?P<tag>(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*+)?+)\$.*?(?:\$(?P=tag)\$|$) )
    | (?P<name> "(?:[^"]|"")*(?:"|$) | [A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]* )
    | (?P<value> \$\d+ | (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
_ROWS = re.compile(r"\(\s*\?\s*\)(?:\s*,\s*\(\s*\?\s*\))+")


@lru_cache(maxsize=2048)
def normalise(query: str) -> str:
    """Return the shape of *query*: ``?`` for each literal and parameter, one for a list of them."""
    parts: list[str] = []
    for token in _TOKEN.finditer(query):
        kind = token.lastgroup
        if kind == "space":
            parts.append(" ")
        elif kind in {"text", "tag", "value"}:
            parts.append("?")
        else:
            parts.append(token[0])
    text = _ROWS.sub("(?)", _LIST.sub("(?)", "".join(parts))).strip().rstrip(";").rstrip()
    return re.sub(r" {2,}", " ", text).replace("\0", "")[:MOST_TEXT]


def fingerprint(text: str) -> int:
    """Return 64 bits of a hash of a shape, signed as PostgreSQL's bigint is."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
