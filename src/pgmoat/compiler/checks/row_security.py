"""
Check entities over tables under row security.

In: an entity. Out: Findings. I/O: none.

A table under row security shows pgmoat's roles nothing unless a policy lets them in. One of pgmoat's own lets
them reach every row, so it is made only where the policy file says which of them agents reach.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.catalog.snapshot import TablePolicy
from pgmoat.compiler.checks.subject import Subject
from pgmoat.compiler.checks.wording import join_words
from pgmoat.model.finding import Finding

_REMEDY = "scope the entity, e.g. `rows: tenant_id = task.tenant_id`"


def check_row_security(subject: Subject) -> list[Finding]:
    """Return what row security of the entity's table means for agents, or why it cannot be an entity."""
    rules = subject.entity.row_rules
    if not subject.table.row_security:
        if rules is not None and rules.is_all:
            message = f"`rows: all` changes nothing: {subject.entity.table} is not under row security"
            return [subject.warning("rows-no-effect", message, "take it out", at=("rows",))]
        return []
    if rules is None:
        return list(_check_left_to_people(subject))
    return list(_check_open(subject) if rules.is_all else _check_scoped(subject))


def _check_scoped(subject: Subject) -> Iterator[Finding]:
    yield subject.note(
        "row-security-policy",
        f"{subject.entity.table} is under row security: a policy lets pgmoat's own roles reach all its rows,"
        " and agents those in the task's scope",
        at=("rows",),
    )
    yield from _check_restrictive(subject)


def _check_open(subject: Subject) -> Iterator[Finding]:
    """Opening a table whose policies keep tenants apart by a setting would mix the tenants."""
    reading = [policy for policy in subject.table.row_policies if policy.reads_settings]
    if reading:
        yield subject.error(
            "row-security",
            f"`rows: all` would open {subject.entity.table}, which policies keep apart by settings:"
            f" {_name(reading)}",
            _REMEDY,
            at=("rows",),
        )
        return
    yield subject.warning(
        "row-security-open",
        f"agents reach every row of {subject.entity.table}, whatever its row security says for people",
        f"{_REMEDY}, if they should not",
        at=("rows",),
    )
    yield from _check_restrictive(subject)


def _check_left_to_people(subject: Subject) -> Iterator[Finding]:
    """Without ``rows:`` people's own policies decide, unless agents could forge the answer."""
    table = subject.table
    scoped = [
        name
        for name, other in subject.policy.entities.items()
        if other.table == subject.entity.table and other.rows is not None
    ]
    if scoped:
        yield subject.error(
            "row-security",
            f"the policy that {join_words(scoped)} needs on {table.qualified_name} would open it here",
            "give this entity `rows:` too",
            at=("table",),
        )
        return
    views = subject.policy.settings.system_roles.views
    applying = [policy for policy in table.row_policies if policy.applies_to(views, "r")]
    forged = [policy for policy in applying if policy.reads_settings]
    if forged:
        yield subject.error(
            "row-security",
            f"{table.qualified_name} is under row security by settings, which any agent can forge with SET:"
            f" {_name(forged)}",
            _REMEDY,
            at=("table",),
        )
    elif not any(policy.is_permissive for policy in applying):
        yield subject.error(
            "row-security",
            f"{table.qualified_name} is under row security, and no policy of its lets {views} see a row",
            f"{_REMEDY}; or `rows: all`, to let agents reach every row",
            at=("table",),
        )
    else:
        yield subject.note(
            "row-security-people",
            f"agents see those rows of {table.qualified_name} that its own policies show to everybody:"
            f" {_name(applying)}",
            _describe_writes(subject),
            at=("table",),
        )


def _describe_writes(subject: Subject) -> str:
    writer = subject.policy.settings.system_roles.writer
    return f"their writes need policies that {writer} passes" if subject.writers() else ""


def _check_restrictive(subject: Subject) -> Iterator[Finding]:
    """A restrictive policy holds beside pgmoat's: a setting that it reads can be forged, or missing."""
    views = subject.policy.settings.system_roles.views
    reading = [
        policy
        for policy in subject.table.row_policies
        if not policy.is_permissive and policy.reads_settings and policy.applies_to(views, "r")
    ]
    if reading:
        yield subject.warning(
            "row-security-restrictive",
            f"restrictive policies of {subject.entity.table} read settings, and hold for agents too:"
            f" {_name(reading)}",
            "without the setting agents may see an empty table; let them hold for people's roles only",
            at=("rows",),
        )


def _name(policies: list[TablePolicy]) -> str:
    return join_words(policy.name for policy in policies)
