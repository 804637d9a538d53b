"""
How much of an answer goes to a model.

In: an agent's view, rows. Out: rows as JSON, cut off. I/O: none.

A client of MCP puts the whole answer into the context of its model, or cuts the text off where it likes. So
the server cuts it itself, and says so, below what the runtime gives a program; a policy that says how much
is meant for both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pgmoat.mcp_server.values import make_json_value
from pgmoat.mcp_server.view import AgentView
from pgmoat.runtime.result import Row

MOST_ROWS, MOST_BYTES = 200, 40_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """Rows of one answer, and their size as JSON; None: as much as the runtime gives."""

    rows: int | None = MOST_ROWS
    size: int | None = MOST_BYTES


def find_bounds(view: AgentView) -> Bounds:
    """Return what an agent's answers are cut at: what the policy says itself is cut by the runtime."""
    said = view.profile.guard.model_fields_set
    return Bounds(
        None if "result_rows" in said else MOST_ROWS, None if "result_bytes" in said else MOST_BYTES
    )


def cut_rows(columns: Iterable[str], rows: Iterable[Row], bounds: Bounds) -> list[list[Any]]:
    """Return the first rows as arrays, in the order of *columns*; one at least where there is any."""
    names, found, size = tuple(columns), list[list[Any]](), 0
    for row in rows:
        values = [make_json_value(row[name]) for name in names]
        size += len(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
        is_full = bounds.rows is not None and len(found) >= bounds.rows
        if found and (is_full or (bounds.size is not None and size > bounds.size)):
            break
        found.append(values)
    return found
