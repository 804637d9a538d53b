"""
Whether each entity makes sense by itself and beside the others.

In: Policy. Out: findings. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.policy.fields import IDENTIFIER_PATTERN
from pgmoat.policy.messages import suggest
from pgmoat.policy.reserved import RESERVED_WORDS, SYSTEM_COLUMNS, SYSTEM_SCHEMAS
from pgmoat.policy.schema import EntityPolicy, Policy


def check_entities(policy: Policy, known: frozenset[str]) -> Iterator[Finding]:
    """Yield what is wrong with the entities; *known* are the names that ``references`` may give."""
    tables: dict[str, str] = {}
    for name, entity in policy.entities.items():
        path = ("entities", name)
        yield from _check_reserved_word(name, path)
        yield from _check_columns(entity, path)
        yield from _check_values(entity, path)
        yield from _check_references(entity, path, known)
        yield from _check_key(entity, path)
        yield from _check_delete(entity, path)
        yield from _check_table(entity, path, policy.settings.entity_schema)
        first = tables.setdefault(entity.table, name)
        if first != name:
            yield Finding(
                Severity.NOTE,
                "same-table",
                (*path, "table"),
                f"{entity.table} is the table of `{first}` too: a row can be reached through both",
                also=("entities", first, "table"),
            )
    yield from _check_deleted_rows(policy)
    yield from _check_people_views(policy)


def error(
    code: str, path: PolicyPath, message: str, hint: str = "", also: PolicyPath | None = None
) -> Finding:
    """Return a finding that blocks the policy."""
    return Finding(Severity.ERROR, f"policy-{code}", path, message, hint, also)


def find_repeats(names: list[str], path: PolicyPath) -> Iterator[Finding]:
    """Yield a finding for every name of a list that stands there already."""
    for index, name in enumerate(names):
        if name in names[:index]:
            first = (*path, names.index(name))
            yield error("repeated", (*path, index), f"`{name}` is listed twice", also=first)


def _check_columns(entity: EntityPolicy, path: PolicyPath) -> Iterator[Finding]:
    base_names: dict[str, str] = {}
    for base_name, name in entity.entity_columns.items():
        here = (*path, "columns", base_name)
        if not re.fullmatch(IDENTIFIER_PATTERN, name):
            hint = "give it one of lower-case letters, digits and underscores with `name:`"
            yield error("column-name", here, f"`{name}` needs quotes in SQL", hint)
        if name in SYSTEM_COLUMNS:
            hint = "give it another with `name:`"
            yield error("system-column", here, f"`{name}` is the name of a system column", hint)
        yield from _check_reserved_word(name, here)
        first = base_names.setdefault(name, base_name)
        if first != base_name:
            yield error(
                "same-column-name",
                here,
                f"`{name}` is the entity name of `{first}` too",
                "give one of them another with `name:`",
                also=(*path, "columns", first),
            )


def _check_reserved_word(name: str, path: PolicyPath) -> Iterator[Finding]:
    if name in RESERVED_WORDS:
        message = f"`{name}` is a reserved word: agents must write it in quotes"
        yield Finding(Severity.WARNING, "reserved-word", path, message, "choose another name")


def _check_values(entity: EntityPolicy, path: PolicyPath) -> Iterator[Finding]:
    for base_name in entity.columns:
        here = (*path, "columns", base_name, "values")
        codes: dict[str, str] = {}
        for code, label in entity.column(base_name).values.items():
            if not label.strip():
                yield error(
                    "empty-label", (*here, code), "the label is empty", "write a word that agents read"
                )
                continue
            first = codes.setdefault(label, code)
            if first != code:
                yield error(
                    "same-label",
                    (*here, code),
                    f"'{label}' is the label of {first} too: which code would a write store?",
                    also=(*here, first),
                )


def _check_references(entity: EntityPolicy, path: PolicyPath, known: frozenset[str]) -> Iterator[Finding]:
    for base_name in entity.columns:
        wanted = entity.column(base_name).references
        if wanted is not None and wanted not in known:
            here = (*path, "columns", base_name, "references")
            yield error("unknown-entity", here, f"there is no entity `{wanted}`", suggest(wanted, known))


def _check_key(entity: EntityPolicy, path: PolicyPath) -> Iterator[Finding]:
    yield from find_repeats(entity.key, (*path, "key"))
    base_names = {name: base_name for base_name, name in entity.entity_columns.items()}
    for index, column in enumerate(entity.key):
        if column in entity.columns:
            continue
        if column in base_names:
            hint = f"write the base column, `{base_names[column]}`"
        else:
            hint = suggest(column, entity.columns) or "list it, so that agents can say which row they mean"
        yield error("key-not-listed", (*path, "key", index), f"`{column}` is not among the columns", hint)


def _check_delete(entity: EntityPolicy, path: PolicyPath) -> Iterator[Finding]:
    here = (*path, "delete")
    if entity.delete.mode == "forbid":
        if entity.people_view is not None:
            message = "there are no soft-deleted rows to hide: delete is not soft"
            yield error("people-view", (*path, "people_view"), message, "write delete: soft", also=here)
        for key in sorted(entity.delete.model_fields_set - {"mode"}):
            message = f"`{key}` has no effect: delete is not soft"
            yield Finding(Severity.WARNING, "no-effect", (*here, key), message, "write mode: soft")
        return
    for column in sorted(set(entity.managed_columns)):
        if entity.managed_columns.count(column) > 1:
            message = f"`{column}` stands for more than one of deleted_at, deleted_by and delete_reason"
            yield error("same-delete-column", here, message)
        if column in entity.columns:
            message = f"`{column}` is written by pgmoat when a row is deleted: it cannot be listed"
            yield error("managed-column", (*path, "columns", column), message, "remove it", also=here)


def _check_table(entity: EntityPolicy, path: PolicyPath, entity_schema: str) -> Iterator[Finding]:
    schema = entity.table.partition(".")[0]
    here = (*path, "table")
    if schema in SYSTEM_SCHEMAS:
        yield error("system-table", here, f"{entity.table} is a system table")
    elif schema == entity_schema:
        yield error(
            "entity-schema",
            here,
            f"{entity.table} is in `{entity_schema}`, the schema of the entities",
            "give the entities a schema of their own with settings.entity_schema",
            also=("settings", "entity_schema"),
        )


def _check_deleted_rows(policy: Policy) -> Iterator[Finding]:
    """A row that is deleted through one entity stays in another on the same table without soft deletes."""
    soft = {entity.table: name for name, entity in policy.entities.items() if entity.delete.mode == "soft"}
    for name, entity in policy.entities.items():
        if entity.delete.mode != "soft" and entity.table in soft:
            first = soft[entity.table]
            yield Finding(
                Severity.WARNING,
                "deleted-still-seen",
                ("entities", name, "delete"),
                f"rows that are deleted through `{first}` are still seen and written here",
                "write delete: soft here too",
                also=("entities", first, "delete"),
            )


def _check_people_views(policy: Policy) -> Iterator[Finding]:
    taken = {entity.table: ("entities", name, "table") for name, entity in policy.entities.items()}
    for name, entity in policy.entities.items():
        if entity.people_view is None:
            continue
        here = ("entities", name, "people_view")
        if entity.people_view in taken:
            message = f"the name {entity.people_view} is taken"
            yield error("people-view", here, message, also=taken[entity.people_view])
        taken[entity.people_view] = here
        if entity.people_view.partition(".")[0] in {policy.settings.entity_schema, *SYSTEM_SCHEMAS}:
            yield error(
                "people-view", here, "a view for people cannot be in a schema of agents or the system"
            )
