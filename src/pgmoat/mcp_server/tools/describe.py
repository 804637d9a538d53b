"""
``describe``: entities in full.

In: names. Out: columns with types, docs, words and rights; an example. I/O: PostgreSQL, for the types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pgmoat.errors import ValueRefusedError
from pgmoat.mcp_server.answers import Payload
from pgmoat.mcp_server.schemas import OBJECTS, STEP, TEXTS, make_input, make_object, say
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.view import AgentView
from pgmoat.model.names import LOG_TABLE_PREFIX, SYSTEM_SCHEMA
from pgmoat.policy.access import Access, Columns
from pgmoat.policy.log_columns import FILLED
from pgmoat.policy.messages import suggest
from pgmoat.policy.schema import EntityPolicy
from pgmoat.runtime.result import EntityColumn

MOST_ENTITIES = 10
_SHOWN_COLUMNS = 4
_DOC = (
    "Describe entities: columns with type, meaning and allowed words, what references what, what you may"
    " write, about how many rows there are, an example query. Do it before you query or write one."
)


def make(view: AgentView) -> Tool | None:
    """Return the tool, for agents that have entities."""
    if not view.entities:
        return None
    listed = {**TEXTS, "minItems": 1, "maxItems": MOST_ENTITIES}
    names = say(listed, f"Names of entities, at most {MOST_ENTITIES}.")
    return Tool(
        "describe",
        _DOC,
        make_input({"entities": names, "step": STEP}, ("entities",)),
        make_object({"entities": OBJECTS}, ("entities",)),
        _run,
    )


async def _run(call: Call) -> Payload:
    view = call.view
    names = _check_names(view, call.arguments["entities"])
    columns = await call.moat.read_columns(view.agent, names, [_find_table(view, name) for name in names])
    return {
        "entities": [
            describe_entity(view, name, [column for column in columns if column.entity == name])
            for name in names
        ]
    }


def describe_entity(view: AgentView, name: str, columns: Sequence[EntityColumn]) -> Payload:
    """Return all that helps a model to write SQL about an entity or event log."""
    entity, access = view.find_entity(name), view.entities[name]
    readable = [column for column in columns if _has(access.select, column.name)]
    found: dict[str, Any] = {
        "name": name,
        "doc": view.find_doc(name),
        "about_rows": columns[0].estimate if columns else None,
        "columns": [_describe_column(entity, access, column) for column in columns],
    }
    if access.delete:
        required = entity is not None and entity.delete.reason == "required"
        found["delete"] = "soft, with a reason" if required else "soft"
    if entity is not None and entity.is_scoped:
        found["scope"] = "only rows that belong to your task are there"
    if entity is None:
        found |= _describe_log(view, name)
    if readable:
        found["example"] = make_example(entity, name, readable)
    return {key: value for key, value in found.items() if value not in (None, "")}


def make_example(entity: EntityPolicy | None, name: str, readable: Sequence[EntityColumn]) -> str:
    """Return a query that runs as it is."""
    parts = ["SELECT", ", ".join(_quote(column.name) for column in readable[:_SHOWN_COLUMNS])]
    parts += ["FROM", _quote(name)]
    for column in readable:
        words = _list_words(entity, column.name)
        if words:
            word = words[0].replace("'", "''")
            parts += ["WHERE", _quote(column.name), "=", f"'{word}'"]
            break
    return " ".join([*parts, "ORDER BY", _quote(readable[0].name), "LIMIT 5"])


def _describe_column(entity: EntityPolicy | None, access: Access, column: EntityColumn) -> Payload:
    base = entity.base_name(column.name) if entity is not None else column.name
    policy = entity.column(base) if entity is not None and base in entity.columns else None
    found: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "doc": policy.doc if policy is not None else column.doc,
        "words": list(policy.values.values()) if policy is not None else [],
        "references": policy.references if policy is not None else None,
        "write": _list_writes(access, column.name, is_log=entity is None),
    }
    if not _has(access.select, column.name):
        found["read"] = False
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def _list_writes(access: Access, column: str, *, is_log: bool) -> list[str]:
    if is_log and column in FILLED:
        return []
    pairs: tuple[tuple[str, Columns], ...] = (("insert", access.insert), ("update", access.update))
    return [verb for verb, columns in pairs if _has(columns, column)]


def _describe_log(view: AgentView, name: str) -> Payload:
    entity = view.find_logged(name)
    if entity is None or entity.log is None:
        return {}
    found: Payload = {
        "log_of": f"{view.policy.logs[name]}.{entity.log.state}",
        "transitions": entity.log.transitions,
        "note": "Append only: INSERT a row to take a step; the database fills in who and when. Give"
        " :idempotency_key as idempotency_key: write has it.",
    }
    if name in view.projections:
        found["states"] = (
            f"{view.projections[name]}: the present state of each row, with its newest event;"
            f" {name}_at('2026-01-31'): the same at a time. Both to SELECT from."
        )
    return found


def _check_names(view: AgentView, given: Any) -> list[str]:
    names = list(dict.fromkeys(cast("list[object]", given)))
    if not 1 <= len(names) <= MOST_ENTITIES:
        raise ValueRefusedError(f"describe takes 1 to {MOST_ENTITIES} entities, not {len(names)}")
    for name in names:
        if name not in view.entities:
            raise ValueRefusedError(
                f"there is no entity {name!r}",
                hint=suggest(str(name), view.entities) or f"Entities: {', '.join(view.entities)}.",
            )
    return cast("list[str]", names)


def _find_table(view: AgentView, name: str) -> tuple[str, str]:
    """Return the table whose size may be told: not that of rows which a task reaches only some of."""
    entity = view.find_entity(name)
    if entity is None:
        logged = view.find_logged(name)
        is_open = logged is not None and not logged.is_scoped
        return (SYSTEM_SCHEMA, LOG_TABLE_PREFIX + name) if is_open else ("", "")
    if entity.is_scoped:
        return "", ""
    schema, _, table = entity.table.partition(".")
    return schema, table


def _list_words(entity: EntityPolicy | None, column: str) -> list[str]:
    if entity is None:
        return []
    base = entity.base_name(column)
    return list(entity.column(base).values.values()) if base in entity.columns else []


def _has(columns: Columns, name: str) -> bool:
    return columns == "all" or name in columns


def _quote(name: str) -> str:
    """Return a name as SQL has it; entity names need quotes only where they are unusual."""
    is_plain = name.isascii() and name.replace("_", "a").isalnum() and name == name.lower()
    escaped = name.replace('"', '""')
    return name if is_plain and not name[0].isdigit() else f'"{escaped}"'
