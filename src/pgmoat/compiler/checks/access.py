"""
Check that what agents may write can be written.

In: an entity. Out: Findings at the agents' grants. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.catalog.snapshot import Column
from pgmoat.compiler.access import Access
from pgmoat.compiler.checks.subject import Subject
from pgmoat.compiler.checks.wording import join_words
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.schema import ColumnList


def check_access(subject: Subject) -> list[Finding]:
    """Return what is wrong with the agents' grants on the entity."""
    findings: list[Finding] = []
    for access in subject.accesses():
        findings += _check_required(subject, access)
        findings += _check_computed(subject, access, "insert", access.allowed.insert)
        findings += _check_computed(subject, access, "update", access.allowed.update)
        findings += _check_key(subject, access)
    return findings


def _check_required(subject: Subject, access: Access) -> Iterator[Finding]:
    """A column that the agent cannot fill, that is NOT NULL and has no default, fails every INSERT."""
    if not access.allowed.insert:
        return
    filled = subject.base_names(access.allowed.insert)
    required = [
        column.name
        for column in subject.table.columns
        if _must_be_given(column) and column.name not in filled
    ]
    if not required:
        return
    # Not every BEFORE trigger fills columns: only people know.
    has_triggers = bool(subject.table.triggers)
    yield Finding(
        Severity.WARNING if has_triggers else Severity.ERROR,
        "insert-lacks-column",
        (*access.path, "insert"),
        f"{access.holder} may insert into {subject.name}, but not fill {join_words(required)}:"
        " NOT NULL without default"
        + (", so inserts fail unless a trigger fills it" if has_triggers else ", so every insert would fail"),
        "list the column under `columns:` and `insert:`, or give it a default",
    )


def lacks_value(subject: Subject, access: Access, column: Column) -> bool:
    """Whether a nullable *column* stays NULL in every row that the holder inserts."""
    is_filled = bool(column.default) or column.generated or bool(column.identity) or column.not_null
    return not is_filled and column.name not in subject.base_names(access.allowed.insert)


def _must_be_given(column: Column) -> bool:
    return column.not_null and column.default is None and not column.generated and not column.identity


def _check_computed(subject: Subject, access: Access, verb: str, granted: ColumnList) -> Iterator[Finding]:
    """Columns that PostgreSQL computes: ``all`` leaves them out, naming one is a mistake."""
    if granted == "all":
        return
    for name in subject.base_names(granted):
        column = subject.table.column(name)
        if column is not None and (column.generated or column.identity == "a"):
            what = "generated" if column.generated else "GENERATED ALWAYS AS IDENTITY"
            yield Finding(
                Severity.ERROR,
                "column-computed",
                (*access.path, verb),
                f"{access.holder} cannot {verb} {name} of {subject.entity.table}: it is {what}",
                f"take it out of `{verb}:`",
            )


def _check_key(subject: Subject, access: Access) -> Iterator[Finding]:
    """The history and undo find a row by its key, so the key never changes; ``all`` leaves it out."""
    if access.allowed.update == "all":
        return
    changed = [name for name in subject.base_names(access.allowed.update) if name in subject.key]
    if changed:
        yield Finding(
            Severity.ERROR,
            "update-of-key",
            (*access.path, "update"),
            f"{access.holder} may update {join_words(changed)}, the key of {subject.name}",
            "take it out of `update:`",
        )
