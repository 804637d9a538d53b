"""
The columns of an event log, as agents see them.

In: LogPolicy, its entity. Out: names. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.policy.schema import LogPolicy

GIVEN = ("new_status", "previous_status", "reason", "idempotency_key")
"""What an agent may give beside the key; previous_status is what it takes the state to be."""

FILLED = ("event_id", "changed_by", "task_id", "step", "changed_at", "undoes")
"""What the database fills in."""


def name_key_columns(log: LogPolicy, entity_name: str, key: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the entity's *key* columns in the log."""
    if log.key:
        return tuple(log.key)
    return tuple(f"{entity_name}_id" if name == "id" else name for name in key)
