"""
A made-up policy over many tables, always the same for the same numbers.

In: how many tables and agents. Out: a policy's text; ``sql/create_estate.sql`` makes its tables. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estate:
    """How many tables, how many agents, and to how many entities each agent has access."""

    tables: int
    agents: int
    entities_per_agent: int


def render_policy(estate: Estate, *, doc: str = "") -> str:
    """
    Return the policy. Every third entity is soft-deleted, every fourth access writes.

    *doc* goes into the docstring of the first entity: a policy that differs in one line.
    """
    lines = [
        "version: 1",
        "settings: {agent_role_prefix: pgmoatbench_agent_, system_role_prefix: pgmoatbench_moat_}",
        "entities:",
    ]
    for number in range(1, estate.tables + 1):
        lines += _render_entity(number, doc if number == 1 else "")
    lines.append("agents:")
    for number in range(estate.agents):
        lines += _render_agent(number, estate)
    return "\n".join(lines) + "\n"


def _is_soft(number: int) -> bool:
    return number % 3 == 0


def _render_entity(number: int, doc: str) -> Iterator[str]:
    parent = f"thing_{(number + 1) // 2}"
    yield f"  thing_{number}:"
    yield f"    table: public.tbl_{number}"
    yield f"    doc: {doc or f'One row per thing of sort {number}.'}"
    yield "    columns:"
    yield "      id: {doc: The number of the thing.}"
    yield f"      prnt_id: {{name: parent_id, doc: The thing that it belongs to., references: {parent}}}"
    yield "      nm: {name: name, doc: What people call it.}"
    yield "      stat_cd:"
    yield "        name: status"
    yield "        doc: Where it stands."
    yield "        values: {1: pending, 2: processing, 5: shipped, 7: delivered, 9: cancelled}"
    yield "      amt: {name: amount, doc: In euros.}"
    yield "      flg_1: {name: requires_signature, doc: True if an adult must sign.}"
    yield "      note: {doc: What people wrote about it.}"
    yield "      upd_ts: {name: last_modified_at, doc: When it was last changed.}"
    if _is_soft(number):
        yield "    delete: soft"


def _render_agent(number: int, estate: Estate) -> Iterator[str]:
    yield f"  worker_{number}:"
    yield f"    doc: Does the work of sort {number}."
    yield "    connections: 1"
    yield "    entities:"
    step = max(1, estate.tables // estate.agents)
    for index in range(estate.entities_per_agent):
        entity = (number * step + index) % estate.tables + 1
        if (number + index) % 4:
            access = "select: all" if index % 2 else "select: [id, name, status, amount]"
        else:
            access = "insert: all, update: [name, status, amount, note]"
            access += ", delete: true" if _is_soft(entity) else ""
        yield f"      thing_{entity}: {{{access}}}"
