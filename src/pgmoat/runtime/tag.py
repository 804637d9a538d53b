"""
Whose statement it is, written into the statement and the session's name.

In: agent, task, step. Out: a comment, an application_name. I/O: none.

The comment has the form of sqlcommenter (https://google.github.io/sqlcommenter/spec/): keys sorted, values
percent-encoded, so that no value ends the comment. It stands first: pg_stat_activity cuts texts at
track_activity_query_size.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote

MAX_NAME_BYTES = 62
"""PostgreSQL cuts application_name at 63 bytes; a name of 63 may have been cut, so ours are shorter."""

_PREFIX = "pgmoat:"
_MAX_STEP_BYTES = 24


def render_comment(*, agent_id: str, task_id: str, step: str, traceparent: str = "") -> str:
    """Return ``/*agent_id='…',step='…',task_id='…'*/ `` with a space behind; empty values are left out."""
    values = {"agent_id": agent_id, "step": step, "task_id": task_id, "traceparent": traceparent}
    pairs = [f"{key}='{_quote(value)}'" for key, value in values.items() if value]
    return f"/*{','.join(pairs)}*/ "


def render_application_name(*, task_id: str, step: str) -> str:
    """
    Return ``pgmoat:<task>:<step>`` in at most 62 bytes of ASCII.

    What is too long is cut and gets ``~`` and a piece of its hash, so that two tasks are never shown as one;
    a ``~`` of its own is encoded, so that no short id looks like a long one.
    """
    shown_step = _shorten(_quote_name(step, " /+=@"), _MAX_STEP_BYTES)
    room = MAX_NAME_BYTES - len(_PREFIX) - 1 - len(shown_step)
    return f"{_PREFIX}{_shorten(_quote_name(task_id, ' /+=@:'), room)}:{shown_step}"


def _quote(text: str, safe: str = "") -> str:
    # Lone surrogates are refused where the text itself is sent; a tag is no place to fail.
    return quote(text, safe=safe, errors="replace")


def _quote_name(text: str, safe: str) -> str:
    return _quote(text, safe).replace("~", "%7E")


def _shorten(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return f"{text[: room - 9]}~{hashlib.sha256(text.encode()).hexdigest()[:8]}"
