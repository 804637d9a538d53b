"""
Check what soft deletes mean for an entity's table and for the people who use it.

In: an entity, the catalog. Out: Findings. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.catalog.snapshot import Catalog, Column, Table, UniqueIndex
from pgmoat.compiler.checks.subject import Subject
from pgmoat.compiler.checks.wording import join_words, quote_name, quote_qualified
from pgmoat.model.finding import Finding

_MARKERS = re.compile(
    r"(is_?|was_?)?(deleted|removed|archived)(_?(at|on|ts|time|date|flag|flg))?"
    r"|(date|time|ts)_(deleted|removed|archived)|(deletion|removal|archival)_(date|time|ts|at)"
    r"|del_(flag|flg|ind|at|ts|date)|delete_(flag|flg|ind|date|time|ts)",
    re.IGNORECASE,
)
_TIMES = frozenset({"timestamptz", "timestamp"})
_TEXTS = frozenset({"text", "varchar"})


def check_deletes(subject: Subject, catalog: Catalog) -> list[Finding]:
    """Return what soft deletes would meet; nothing where the entity has none."""
    people_view = _check_people_view(subject, catalog)
    if not subject.is_soft:
        return list(people_view)
    return [
        *_check_columns(subject),
        *_check_other_markers(subject),
        *_check_unique_indexes(subject),
        *_check_children(subject),
        *_check_people_queries(subject),
        *people_view,
    ]


def _check_columns(subject: Subject) -> Iterator[Finding]:
    """Say which columns are reused, which are added, and which have the wrong type."""
    wanted = subject.entity.delete
    fields = {
        "deleted_at": (wanted.deleted_at, _TIMES, "timestamptz"),
        "deleted_by": (wanted.deleted_by, _TEXTS, "text"),
        "delete_reason": (wanted.delete_reason, _TEXTS, "text"),
    }
    reused: list[str] = []
    added: list[str] = []
    for field, (name, types, type_name) in fields.items():
        column = subject.table.column(name)
        if column is None:
            added.append(name)
            continue
        wrong = _find_fault(subject, field, column, types, type_name)
        if wrong is None:
            reused.append(name)
        else:
            yield wrong
    if reused:
        yield subject.note(
            "delete-column-reused",
            f"soft deletes use {join_words(reused)} of {subject.entity.table} as they are",
            at=("delete",),
        )
    if added:
        yield subject.note(
            "delete-column-added",
            f"{join_words(added)} will be added to {subject.entity.table}: people's SELECT * and INSERT"
            " without a column list will meet the new columns",
            "they are NULL and come last",
            at=("delete",),
        )


def _find_fault(
    subject: Subject, field: str, column: Column, types: frozenset[str], type_name: str
) -> Finding | None:
    """Return why an existing *column* cannot serve as the soft-delete *field*."""
    at = ("delete", field)
    other = f"set delete.{field} to another name"
    if column.base_type_name not in types:
        message = f"{column.name} is {column.type_name}; {field} needs {type_name}"
        return subject.error("delete-column-type", message, other, at=at)
    if column.generated or column.identity:
        return subject.error("delete-column-type", f"{column.name} is computed by PostgreSQL", other, at=at)
    if field == "deleted_at" and (column.not_null or column.default is not None):
        message = f"{column.name} is set in every new row, which would count as deleted"
        return subject.error("delete-column-type", message, other, at=at)
    longest = _longest_identity(subject)
    if field == "deleted_by" and column.max_length is not None and column.max_length < longest:
        message = f"{column.name} is {column.type_name}, too short for an agent's identity ({longest})"
        return subject.error("delete-column-type", message, other, at=at)
    return None


def _longest_identity(subject: Subject) -> int:
    identities = [f"agent:{name}-{agent.version}" for name, agent in subject.policy.agents.items()]
    return max(map(len, identities), default=0)


def _check_other_markers(subject: Subject) -> Iterator[Finding]:
    """A table that marks deleted rows its own way must not get a second mark beside it."""
    wanted = subject.entity.delete
    if subject.table.column(wanted.deleted_at) is not None:
        return
    ours = {wanted.deleted_by, wanted.delete_reason}
    for column in subject.table.columns:
        if column.name in ours or not _MARKERS.fullmatch(column.name):
            continue
        is_time = column.base_type_name in _TIMES
        yield subject.warning(
            "delete-column-exists",
            f"{subject.entity.table}.{column.name} ({column.type_name}) looks like a soft-delete column"
            f" already, and {wanted.deleted_at} would be added beside it",
            f"set delete.deleted_at: {column.name}"
            if is_time
            else "only a timestamp can be reused: people's queries must then heed both columns",
            at=("delete", "deleted_at"),
        )


def _check_unique_indexes(subject: Subject) -> Iterator[Finding]:
    """A deleted row keeps its values: a plain UNIQUE refuses them to the next row."""
    deleted_at = subject.entity.delete.deleted_at
    for index in subject.table.unique_indexes:
        is_key = index.is_primary or set(index.columns) == set(subject.key)
        if is_key and _may_insert(subject, index.columns):
            yield subject.warning(
                "unique-keeps-deleted",
                f"{index.name} keeps the keys of soft-deleted rows: an agent that deletes a row and inserts"
                f" {join_words(index.columns)} again is refused, by a row that it cannot see",
                "give the table a generated key and a UNIQUE index WHERE "
                f"{quote_name(deleted_at)} IS NULL, or do not grant INSERT and DELETE together",
                at=("delete",),
            )
        if is_key or re.search(rf'\b{re.escape(deleted_at)}"? IS NULL', index.predicate or ""):
            continue
        yield subject.warning(
            "unique-keeps-deleted",
            f"{index.name} keeps the values of soft-deleted rows: {join_words(index.columns)}"
            " cannot be used again",
            _unique_remedy(subject.table, index, deleted_at),
            at=("delete",),
        )


def _may_insert(subject: Subject, columns: tuple[str, ...]) -> bool:
    """Whether some agent may insert rows with keys of its own choice."""
    generated = {c.name for c in subject.table.columns if c.identity or c.sequence or c.default is not None}
    return any(
        access.allowed.insert
        and set(columns) - generated
        and set(columns) <= set(subject.base_names(access.allowed.insert))
        for access in subject.accesses()
    )


def _unique_remedy(table: Table, index: UniqueIndex, deleted_at: str) -> str:
    on = quote_qualified(table.qualified_name)
    columns = ", ".join(quote_name(name) if table.column(name) else f"({name})" for name in index.columns)
    also = f" AND ({index.predicate})" if index.predicate else ""
    drop = (
        f"ALTER TABLE {on} DROP CONSTRAINT {quote_name(index.name)};"
        if index.is_constraint
        else f"DROP INDEX CONCURRENTLY {quote_name(table.schema)}.{quote_name(index.name)};"
    )
    return (
        f"CREATE UNIQUE INDEX CONCURRENTLY {quote_name(index.name[:56] + '_active')} ON {on} ({columns})"
        f" WHERE {quote_name(deleted_at)} IS NULL{also}; {drop}"
    )


def _check_children(subject: Subject) -> Iterator[Finding]:
    cascading = [child for child in subject.table.children if child.on_delete == "c"]
    if cascading:
        shown = join_words(f"{child.table} ({child.constraint})" for child in cascading)
        yield subject.warning(
            "cascade-not-followed",
            f"ON DELETE CASCADE does not fire for a soft delete: rows of {shown} stay active",
            "make each an entity with `delete: soft` and delete the children first,"
            " or hide them by a join to the parent",
            at=("delete",),
        )


def _check_people_queries(subject: Subject) -> Iterator[Finding]:
    """People who mark deleted rows themselves filter them already; a column of ours nobody filters."""
    marker = subject.table.column(subject.entity.delete.deleted_at)
    is_ours = marker is None or "pgmoat" in (marker.comment or "")
    # One view does for all entities that mark their rows in the same column.
    has_view = any(
        entity.people_view is not None
        and (entity.table, entity.delete.deleted_at)
        == (subject.entity.table, subject.entity.delete.deleted_at)
        for entity in subject.policy.entities.values()
    )
    if is_ours and not has_view:
        yield subject.warning(
            "people-see-deleted",
            f"people's queries on {subject.entity.table} will still see soft-deleted rows",
            f"set `people_view: {subject.table.schema}.active_{subject.table.name}` to have a view made"
            f" that hides them, or add {subject.entity.delete.deleted_at} IS NULL to the queries",
            at=("delete",),
        )


def _check_people_view(subject: Subject, catalog: Catalog) -> Iterator[Finding]:
    name = subject.entity.people_view
    existing = catalog.tables.get(name) if name else None
    if existing is None:
        return
    # Ours from an earlier apply: owned by a role of ours, or marked by its comment.
    is_ours = existing.kind == "v" and (
        existing.owner.startswith(subject.policy.settings.system_role_prefix)
        or "pgmoat" in (existing.comment or "")
    )
    if not is_ours:
        yield subject.error(
            "people-view-taken",
            f"{name} exists already and was not made by pgmoat",
            "give people_view another name",
            at=("people_view",),
        )
