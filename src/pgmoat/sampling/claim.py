"""
Which task and step a session says that it works for.

In: the text of a query, an application_name. Out: Claim. I/O: none.

Both are the session's own words. Whose session it is, its role tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

# Agents write what is matched here: possessive, so that no text takes longer than it is long.
_COMMENT = re.compile(r"\s*+/\*(.*?)\*/", re.DOTALL)
_PAIR = re.compile(r"\s*+([a-z_]++)='([^']*+)'\s*+(?:,|\Z)")
_REST = re.compile(r"[^,]*+,")  # of what is no pair
_NAME = re.compile(r"pgmoat:(?:(?P<task>.+):(?P<step>[^:]*)|(?P<only>[^:]+))")
_MOST = 200
_MOST_COMMENT = 4000
_MOST_PAIRS = 50


@dataclass(frozen=True, slots=True)
class Claim:
    """What a session claims; None where it says nothing."""

    task_id: str | None = None
    step: str | None = None


def parse_claim(query: str, application_name: str) -> Claim:
    """
    Return what the leading comment claims, else what *application_name* does.

    The comment goes with the statement; the name may be that of the session's last client. A name that was
    shortened (``~`` and a piece of a hash) names no task.
    """
    return _parse(query[:_MOST_COMMENT], application_name)


@lru_cache(maxsize=2048)
def _parse(query: str, application_name: str) -> Claim:
    comment = _COMMENT.match(query)
    pairs = _read_pairs(comment[1]) if comment else {}
    if pairs.get("task_id"):
        return Claim(_decode(pairs["task_id"]), _decode(pairs.get("step", "")))
    name = _NAME.fullmatch(application_name)
    if name is None:
        return Claim()
    return Claim(_decode_name(name["task"] or name["only"]), _decode_name(name["step"] or ""))


def _read_pairs(comment: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    position = 0
    for _ in range(_MOST_PAIRS):
        if found := _PAIR.match(comment, position):
            pairs[found[1]] = found[2]
        elif not (found := _REST.match(comment, position)):
            break
        position = found.end()
    return pairs


def _decode(text: str) -> str | None:
    return unquote(text)[:_MOST].replace("\0", "") or None


def _decode_name(text: str) -> str | None:
    return None if "~" in text else _decode(text)
