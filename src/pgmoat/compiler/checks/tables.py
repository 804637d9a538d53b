"""
Check that an entity's table, columns and key are there and can carry an entity.

In: an entity, the catalog. Out: Findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.catalog.snapshot import Catalog
from pgmoat.compiler.checks.subject import Subject
from pgmoat.compiler.checks.wording import (
    join_words,
    quote_name,
    quote_qualified,
    suggest_name,
    suggest_table,
)
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.schema import EntityPolicy

_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}


def check_relation(name: str, entity: EntityPolicy, catalog: Catalog) -> list[Finding]:
    """Return the finding that makes all further checks of the entity pointless, if there is one."""
    path = ("entities", name, "table")
    table = catalog.tables.get(entity.table)
    if table is None:
        hint = suggest_table(entity.table, catalog.tables)
        return [Finding(Severity.ERROR, "missing-table", path, f"there is no table {entity.table}", hint)]
    if table.kind in _KINDS:
        message = f"{entity.table} is {_KINDS[table.kind]}, not a table"
        return [Finding(Severity.ERROR, "not-a-table", path, message, "name the table that holds the rows")]
    return []


def check_table(subject: Subject) -> list[Finding]:
    """Return what is wrong with the table, its columns and its key."""
    return [
        *_check_columns(subject),
        *_check_key(subject),
        *_check_inheritors(subject),
        *_check_triggers(subject),
        *_check_rules(subject),
        *_check_docs(subject),
    ]


def _check_columns(subject: Subject) -> Iterator[Finding]:
    names = [column.name for column in subject.table.columns]
    for base_name in subject.entity.columns:
        if base_name not in names:
            yield subject.error(
                "missing-column",
                f"{subject.entity.table} has no column {base_name}",
                suggest_name(base_name, names),
                at=("columns", base_name),
            )


def _check_key(subject: Subject) -> Iterator[Finding]:
    """A row must be found again by its key: unique, never NULL, and visible in the entity."""
    table = subject.table
    if not subject.key:
        writers = subject.writers()
        yield subject.finding(
            Severity.ERROR if writers else Severity.NOTE,
            "no-key",
            f"{table.qualified_name} has no primary key"
            + (f", and {join_words(writers)} would write it" if writers else ""),
            "give `key:` the columns of a UNIQUE index that are NOT NULL",
        )
        return
    missing = [name for name in subject.key if table.column(name) is None]
    for name in missing:
        hint = suggest_name(name, [column.name for column in table.columns])
        yield subject.error(
            "missing-column", f"{table.qualified_name} has no column {name}", hint, at=("key",)
        )
    if not missing:
        yield from _check_given_key(subject)
        yield from _check_hidden_key(subject)


def _check_given_key(subject: Subject) -> Iterator[Finding]:
    """Check a key that the policy names; a primary key needs no check."""
    table, key = subject.table, subject.key
    if set(key) == set(table.primary_key):
        return
    matching = [index for index in table.unique_indexes if set(index.columns) == set(key)]
    shown = ", ".join(quote_name(name) for name in key)
    if not any(index.predicate is None for index in matching):
        partial = f"; {matching[0].name} is partial, and does not cover every row" if matching else ""
        yield subject.error(
            "key-not-unique",
            f"no unique index of {table.qualified_name} has exactly the columns {join_words(key)}{partial}",
            f"CREATE UNIQUE INDEX CONCURRENTLY ON {quote_qualified(table.qualified_name)} ({shown});",
            at=("key",),
        )
    for name in key:
        column = table.column(name)
        if column is not None and not column.not_null:
            yield subject.error(
                "key-nullable",
                f"key column {name} of {table.qualified_name} may be NULL: such rows cannot be told apart",
                f"ALTER TABLE {quote_qualified(table.qualified_name)}"
                f" ALTER COLUMN {quote_name(name)} SET NOT NULL;",
                at=("key",),
            )


def _check_hidden_key(subject: Subject) -> Iterator[Finding]:
    """An UPDATE or DELETE on a view knows the row by the view's columns only."""
    hidden = [name for name in subject.key if name not in subject.entity.columns]
    changing = [a.holder for a in subject.accesses() if a.allowed.update or a.allowed.delete]
    if hidden and changing:
        yield subject.error(
            "key-hidden",
            f"{join_words(changing)} would change rows, but key column {join_words(hidden)} is not listed",
            "list the key under `columns:`, or give another `key:`",
            at=("columns",),
        )


def _check_triggers(subject: Subject) -> Iterator[Finding]:
    """A trigger's function runs with the rights of who writes, unless it is SECURITY DEFINER."""
    invoked = [trigger for trigger in subject.table.triggers if not trigger.security_definer]
    if not invoked or not subject.writers():
        return
    writer = f"{subject.policy.settings.system_role_prefix}writer"
    shown = join_words(f"{trigger.name} ({trigger.function})" for trigger in invoked)
    touched = [trigger for trigger in invoked if trigger.touches]
    if touched:
        lacking = "; ".join(f"{trigger.name} lacks {join_words(trigger.touches)}" for trigger in touched)
        yield subject.warning(
            "people-trigger-rights",
            f"when an agent writes, triggers of {subject.table.qualified_name} run as {writer},"
            f" which has no rights on other tables: {lacking}; the writes would fail",
            "; ".join(
                f"ALTER FUNCTION {quote_qualified(trigger.function)}() SECURITY DEFINER SET search_path = ..."
                for trigger in touched
            )
            + " lets it run as its owner, for people as well",
            at=("table",),
        )
    yield subject.note(
        "people-trigger",
        f"when an agent writes, triggers of {subject.table.qualified_name} run as {writer}: {shown};"
        " what they change besides the row itself is not in the history",
        f"what they touch besides the row itself, {writer} needs rights on",
        at=("table",),
    )


def _check_inheritors(subject: Subject) -> Iterator[Finding]:
    """A unique index of a parent says nothing about the rows of tables that inherit from it."""
    if subject.table.has_inheritors:
        yield subject.warning(
            "key-not-inherited",
            f"tables inherit from {subject.entity.table}: its key does not keep their rows apart",
            f"make sure that {join_words(subject.key)} is unique over all of them"
            if subject.key
            else "name one of the inheriting tables instead",
            at=("table",),
        )


def _check_rules(subject: Subject) -> Iterator[Finding]:
    """A rewrite rule turns a write into another one, and most refuse RETURNING."""
    if subject.table.rules and subject.writers():
        yield subject.warning(
            "people-rule",
            f"rules of {subject.entity.table} rewrite what agents write: {join_words(subject.table.rules)}",
            "an INSERT that a rule redirects may fail, for it cannot return the new row;"
            " grant none, or replace the rules by triggers or partitions",
            at=("table",),
        )


def _check_docs(subject: Subject) -> Iterator[Finding]:
    undocumented = [
        wanted.name or column.name
        for column, wanted in subject.listed()
        if not wanted.doc and not column.comment
    ]
    if undocumented:
        yield subject.note(
            "column-without-doc",
            f"agents read no explanation of {join_words(undocumented)}",
            "add `doc:`: it becomes the column's comment",
            at=("columns",),
        )
