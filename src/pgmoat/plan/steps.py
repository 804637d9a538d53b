"""
What only a superuser may do, and what is lost without it: named steps that apply leaves out, and goes on.

In: Wanted, Actual, Installer. Out: what is left to want, Steps, Findings, SQL for a superuser. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pgmoat.model.finding import Finding, Severity
from pgmoat.model.installer import Installer
from pgmoat.model.objects import Actual, ActualRole, Role, Wanted
from pgmoat.plan.roles import grant_membership_sql, reset_database_setting_sql, set_role_sql

_SETTING_STEPS = {
    "temp_file_limit": ("temp-files", "one agent's sorts can fill the disk with temporary files"),
    "log_min_duration_statement": (
        "slow-statements",
        "the server's log does not show the agents' slow statements as the policy says",
    ),
}
_FOREIGN_SETTING = ("foreign-settings", "what somebody set by hand stays in force")
_READ_ALL_STATS = (
    "read-all-stats",
    "the monitor sees that sessions are there, but not what they run, wait for, or since when",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One statement for a superuser."""

    name: str  # temp-files, slow-statements, read-all-stats, foreign-settings
    about: str  # "temp_file_limit of agent_clerk: unset -> 1048576kB"
    loss: str
    sql: str


def hold_back(
    wanted: Wanted, actual: Actual, installer: Installer
) -> tuple[Wanted, Actual, tuple[Step, ...]]:
    """
    Return *wanted* and *actual* without what *installer* may not change, and the steps that this leaves.

    What is as wanted already leaves no step.
    """
    if installer.is_superuser:
        return wanted, actual, ()
    steps: list[Step] = []
    found = dict(actual.roles)
    roles: list[Role] = []
    for role in wanted.roles:
        before = found.get(role.name)
        left, own_steps = _hold_back_role(role, before, installer)
        roles.append(left)
        steps += own_steps
        if before is not None:
            found[role.name], own_steps = _hide_database_settings(before, actual.database, installer)
            steps += own_steps
    return replace(wanted, roles=tuple(roles)), replace(actual, roles=found), _sort(steps)


def list_step_findings(steps: Sequence[Step]) -> list[Finding]:
    """Return one note for each step by name: what differs, and what is lost."""
    return [
        Finding(
            Severity.NOTE,
            "superuser-step",
            ("agents",),
            f"optional step {name}: {'; '.join(step.about for step in part)}. Without it {part[0].loss}",
            "a superuser runs, once, after apply, what pgmoat plan --superuser-sql prints",
        )
        for name, part in _group(steps)
    ]


def render_steps(steps: Sequence[Step]) -> str:
    """Return a script for a superuser."""
    if not steps:
        return "-- pgmoat: nothing is left to a superuser\n"
    lines = ["-- pgmoat: optional steps for a superuser, once, after apply"]
    for name, part in _group(steps):
        lines += ["", f"-- {name}: without it {part[0].loss}", *(f"{step.sql};" for step in part)]
    return "\n".join(lines) + "\n"


def _group(steps: Sequence[Step]) -> list[tuple[str, list[Step]]]:
    return [(name, list(part)) for name, part in groupby(steps, lambda step: step.name)]


def _sort(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.name, step.about)))


def _hold_back_role(role: Role, found: ActualRole | None, installer: Installer) -> tuple[Role, list[Step]]:
    """Return *role* as the installer can make it: what it may not set stays as it is."""
    before = dict(found.role.settings) if found else {}
    after = dict(role.settings)
    present = {membership.role for membership in found.member_of} if found else set[str]()
    held = {key for key in before.keys() | after.keys() if not installer.may_put(key)}
    steps = [
        _describe_setting(role.name, key, before.get(key), after.get(key))
        for key in held
        if before.get(key) != after.get(key)
    ]
    settings = {key: value for key, value in after.items() if key not in held}
    settings |= {key: value for key, value in before.items() if key in held}
    kept = tuple(other for other in role.memberships if other in present or installer.may_grant(other))
    for other in role.memberships:
        if other not in kept:
            name, loss = _READ_ALL_STATS
            about = f"{role.name} is no member of {other}"
            steps.append(Step(name, about, loss, grant_membership_sql(other, role.name)))
    return replace(role, settings=tuple(sorted(settings.items())), memberships=kept), steps


def _describe_setting(role: str, key: str, before: str | None, after: str | None) -> Step:
    name, loss = _SETTING_STEPS.get(key, _FOREIGN_SETTING)
    about = f"{key} of {role}: {before or 'unset'} -> {after or 'unset'}"
    return Step(name, about, loss, set_role_sql(role, key, after))


def _hide_database_settings(
    found: ActualRole, database: str, installer: Installer
) -> tuple[ActualRole, Iterator[Step]]:
    """Return *found* without the settings in this database that the installer may not take away."""
    kept = tuple((key, value) for key, value in found.database_settings if installer.may_put(key))
    name, loss = _FOREIGN_SETTING
    role = found.role.name
    steps = (
        Step(
            name,
            f"{key} of {role} in this database: {value} -> unset",
            loss,
            reset_database_setting_sql(role, database, key),
        )
        for key, value in found.database_settings
        if not installer.may_put(key)
    )
    return replace(found, database_settings=kept), steps
