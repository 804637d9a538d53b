"""
Check that ``rows:`` fits the tables, and that no other entity leads round it.

In: an entity, the catalog. Out: Findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.catalog.snapshot import Catalog, Column
from pgmoat.compiler.access import list_accesses
from pgmoat.compiler.checks.access import lacks_value
from pgmoat.compiler.checks.subject import Subject
from pgmoat.compiler.checks.wording import join_words, quote_name, quote_qualified, suggest_name
from pgmoat.compiler.scope import can_point_to, find_element_type
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.rows import ReferenceRule, RowRule

_AT = ("rows",)


def check_rows(subject: Subject, catalog: Catalog) -> list[Finding]:
    """Return what is wrong with the entity's scope, or with there being none."""
    rules = subject.entity.row_rules
    if rules is None or rules.is_all:
        return [*_check_same_table(subject), *_check_reference_out(subject)]
    findings: list[Finding] = []
    for rule in rules.rules:
        name = subject.entity.base_name(rule.column)
        column = subject.table.column(name)
        if column is None:
            known = [*subject.entity.entity_columns.values(), *(c.name for c in subject.table.columns)]
            message = f"{subject.name} has no column {rule.column}, nor has {subject.entity.table}"
            findings.append(
                subject.error("missing-column", message, suggest_name(rule.column, known), at=_AT)
            )
            continue
        findings += _check_column(subject, rule, column, catalog)
        findings += _check_index(subject, column)
        findings += _check_insert(subject, rule, column)
    return findings


def _check_column(subject: Subject, rule: RowRule, column: Column, catalog: Catalog) -> Iterator[Finding]:
    if isinstance(rule, ReferenceRule):
        yield from _check_parent(subject, rule, column, catalog)
    elif column.name in subject.entity.columns and subject.entity.column(column.name).values:
        yield subject.error(
            "rows-decoded",
            f"{rule.column} of {subject.name} has a value map: is the scope its code or its word?",
            "scope by a column without `values:`",
            at=_AT,
        )
    elif find_element_type(column) is None:
        yield subject.error(
            "rows-type",
            f"{rule.column} is {column.type_name}, which cannot be compared with a scope",
            "scope by a column of whole numbers, numeric, text, uuid, boolean or an enum",
            at=_AT,
        )


def _check_parent(
    subject: Subject, rule: ReferenceRule, column: Column, catalog: Catalog
) -> Iterator[Finding]:
    parent = subject.policy.entities[rule.entity]
    table = catalog.tables.get(parent.table)
    if table is None:
        return
    names = tuple(parent.key) or table.primary_key
    key = table.column(names[0]) if len(names) == 1 else None
    if key is None:
        what = f"a key of {len(names)} columns" if names else "no key"
        yield subject.error(
            "rows-key",
            f"`{rule.column} in {rule.entity}`: {rule.entity} has {what}, not one of one column",
            f"give `{rule.entity}` a `key:` of one column, if it has a UNIQUE index on one",
            at=_AT,
        )
    elif not can_point_to(column, key):
        yield subject.error(
            "rows-type",
            f"{rule.column} is {column.type_name}, but the key of {rule.entity} is {key.type_name}",
            "scope by a column of the same type",
            at=_AT,
        )


def _check_index(subject: Subject, column: Column) -> Iterator[Finding]:
    """Each statement of an agent looks for the rows of its scope."""
    if column.name in subject.table.indexed_columns:
        return
    yield subject.warning(
        "rows-no-index",
        f"{subject.entity.table}.{column.name} has no index: each statement reads the whole table",
        f"CREATE INDEX CONCURRENTLY ON {quote_qualified(subject.entity.table)} ({quote_name(column.name)});",
        at=_AT,
    )


def _check_insert(subject: Subject, rule: RowRule, column: Column) -> Iterator[Finding]:
    """A row without the column is outside every scope."""
    has_triggers = bool(subject.table.triggers)
    for access in subject.accesses():
        if not access.allowed.insert or not lacks_value(subject, access, column):
            continue
        yield Finding(
            Severity.WARNING if has_triggers else Severity.ERROR,
            "rows-insert",
            (*access.path, "insert"),
            f"{access.holder} may insert into {subject.name}, but not fill {column.name}, its scope"
            + (": inserts fail unless a trigger fills it" if has_triggers else ": every insert would fail"),
            f"list {rule.column} under `columns:` and `insert:`",
        )


def _check_same_table(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for agents that have another entity on the same table, and that one is scoped."""
    for other_name, other in subject.policy.entities.items():
        if other.table != subject.entity.table or not other.is_scoped:
            continue
        holders = _list_common_holders(subject, other_name)
        if holders:
            yield subject.warning(
                "rows-same-table",
                f"{subject.name} shows {join_words(holders)} every row of {subject.entity.table}, which"
                f" {other_name} scopes",
                "give this entity `rows:` too",
            )


def _check_reference_out(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for agents that have an entity that this one points to, and that one is scoped."""
    for base_name in subject.entity.columns:
        column = subject.entity.column(base_name)
        target = subject.policy.entities.get(column.references or "")
        if column.references is None or target is None or not target.is_scoped:
            continue
        holders = _list_common_holders(subject, column.references)
        if holders and target.table != subject.entity.table:
            name = subject.entity.entity_name(base_name)
            yield subject.warning(
                "rows-reference-open",
                f"{column.references} is scoped, but {join_words(holders)} reads every row of {subject.name},"
                f" which points to it by {name}",
                f"rows: {name} in {column.references}",
            )


def _list_common_holders(subject: Subject, other: str) -> list[str]:
    others = {access.holder for access in list_accesses(subject.policy, other)}
    return [access.holder for access in subject.accesses() if access.holder in others]
