"""
Which task and step a session says that it works for.

In: the text of a query, an application_name. Out: Claim. I/O: none.

Both are the session's own words. Whose session it is, its role tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_COMMENT = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
_PAIR = re.compile(r"\s*([a-z_]+)='([^']*)'\s*(?:,|$)")
_NAME = re.compile(r"pgmoat:(?:(?P<task>.+):(?P<step>[^:]*)|(?P<only>[^:]+))")
_MOST = 200


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
    comment = _COMMENT.match(query)
    pairs = dict(_PAIR.findall(comment[1])) if comment else {}
    if pairs.get("task_id"):
        return Claim(_decode(pairs["task_id"]), _decode(pairs.get("step", "")))
    name = _NAME.fullmatch(application_name)
    if name is None:
        return Claim()
    return Claim(_decode_name(name["task"] or name["only"]), _decode_name(name["step"] or ""))


def _decode(text: str) -> str | None:
    return unquote(text)[:_MOST].replace("\0", "") or None


def _decode_name(text: str) -> str | None:
    return None if "~" in text else _decode(text)
