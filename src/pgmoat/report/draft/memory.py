"""
What init has proposed so far, so that it proposes nothing twice: a small file beside the policy.

In: text, Draft. Out: Memory, text. I/O: none.

It is for version control: lines in a fixed order, one for each table, no dates. Without it nothing breaks:
what init cannot tell from what a person took out, it then adds as a comment only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from pgmoat.report.draft.model import Draft

_ABOUT = "What pgmoat init has proposed so far. Keep it beside the policy, in version control."
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything that was proposed by any run."""

    tables: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])  # to base columns
    agents: frozenset[str] = frozenset()
    accept: frozenset[str] = frozenset()
    gone: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Those columns of *tables* that were not in the database any more when a run last looked."""


def memory_path(policy: Path) -> Path:
    """Return where the memory of a policy is: ``moat.yaml`` has ``moat.init.json``."""
    return policy.with_name(f"{policy.stem}.init.json")


def remember(draft: Draft) -> Memory:
    """Return what *draft* proposes."""
    return Memory(
        {entity.table: frozenset(column.base for column in entity.columns) for entity in draft.entities},
        frozenset(agent.name for agent in draft.agents),
        frozenset(entry.object for entry in draft.accept),
    )


def join(first: Memory, second: Memory) -> Memory:
    """Return what either holds."""
    tables = dict(first.tables)
    for table, columns in second.tables.items():
        tables[table] = tables.get(table, frozenset()) | columns
    return Memory(tables, first.agents | second.agents, first.accept | second.accept)


def note_gone(memory: Memory, actual: Mapping[str, frozenset[str]]) -> Memory:
    """Return *memory* with what of it is not among *actual*, the columns of each table."""
    gone = {table: columns - actual.get(table, frozenset()) for table, columns in memory.tables.items()}
    return replace(memory, gone={table: columns for table, columns in gone.items() if columns})


def render_memory(memory: Memory) -> str:
    """Return the file's text: a line for each table, so that version control can merge it."""
    gone = f'  "gone": {_render_lists(memory.gone)},\n' if memory.gone else ""
    return (
        "{\n"
        f'  "about": {json.dumps(_ABOUT)},\n'
        f'  "version": {_VERSION},\n'
        f'  "agents": {json.dumps(sorted(memory.agents))},\n'
        f'  "accept": {json.dumps(sorted(memory.accept))},\n'
        f'{gone}  "tables": {_render_lists(memory.tables)}\n}}\n'
    )


def _render_lists(lists: Mapping[str, frozenset[str]]) -> str:
    rows = [f"    {json.dumps(table)}: {json.dumps(sorted(lists[table]))}" for table in sorted(lists)]
    return "{" + ("\n" + ",\n".join(rows) + "\n  " if rows else "") + "}"


def load_memory(text: str) -> Memory | None:
    """Return the memory in *text*; None when it cannot be read, as after a merge with conflicts."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    found = cast("dict[str, Any]", data)
    tables = found.get("tables")
    gone = found.get("gone", {})
    if found.get("version") != _VERSION or not isinstance(tables, dict) or not isinstance(gone, dict):
        return None
    named, missing = cast("dict[str, Any]", tables), cast("dict[str, Any]", gone)
    lists = [*named.values(), *missing.values(), found.get("agents"), found.get("accept")]
    if not all(_is_list_of_text(part) for part in lists):
        return None
    return Memory(
        {table: frozenset(columns) for table, columns in named.items()},
        frozenset(found["agents"]),
        frozenset(found["accept"]),
        {table: frozenset(columns) for table, columns in missing.items()},
    )


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in cast("list[Any]", value))
