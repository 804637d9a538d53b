"""
Policies on people's tables under row security, for pgmoat's own roles: to create, to set right, to drop.

In: Wanted, Actual. Out: Actions, Findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.names import ROW_POLICY, ROW_POLICY_COMMENT
from pgmoat.model.objects import Actual, ActualRowPolicy, Grant, Kind, RowPolicy, Wanted
from pgmoat.plan import quote
from pgmoat.plan.grants import grant_sql
from pgmoat.postgres.sqltext import Printed, compose, join


def diff_row_policies(wanted: Wanted, actual: Actual) -> list[Action]:
    """
    Return what drops policies that nobody wants, then what makes the wanted ones.

    A new one brings the privileges on its table along: until it is there PostgreSQL would show the table as
    empty, and an error is better.
    """
    found = {existing.policy.table: existing for existing in actual.row_policies}
    wanted_tables = {policy.table for policy in wanted.row_policies}
    granted = {grant.object for grant in wanted.grants}
    actions = [
        drop_row_policy(existing.policy, has_grants=existing.policy.table_sql in granted)
        for existing in actual.row_policies
        if existing.is_ours and existing.policy.table not in wanted_tables
    ]
    for policy in wanted.row_policies:
        existing = found.get(policy.table)
        if existing is None or (existing.is_ours and not _is_right(policy, existing)):
            actions.append(_create(policy, existing, wanted, actual))
    return actions


def list_deferred_grants(wanted: Wanted, actual: Actual) -> frozenset[Grant]:
    """Return the privileges that come with a new policy, and not with the others."""
    present = {existing.policy.table for existing in actual.row_policies}
    return frozenset(
        grant
        for policy in wanted.row_policies
        if policy.table not in present
        for grant in _list_grants(policy, wanted, actual)
    )


def find_foreign_policies(wanted: Wanted, actual: Actual) -> Iterator[Finding]:
    """Yield policies of people's that have the name of one that is wanted."""
    wanted_tables = {policy.table for policy in wanted.row_policies}
    for existing in actual.row_policies:
        if existing.policy.table in wanted_tables and not existing.is_ours:
            yield Finding(
                Severity.ERROR,
                "name-taken",
                (),
                f"policy {existing.policy.name} exists, and pgmoat did not make it",
                "rename it: ALTER POLICY … RENAME TO …",
            )


def drop_row_policy(policy: RowPolicy, *, has_grants: bool) -> Action:
    """
    Return what drops a policy of pgmoat's.

    Where no entity is left on the table its roles lose it at the same moment: they would see an empty one.
    """
    drop = compose("DROP POLICY {} ON {}", quote.name(ROW_POLICY), Printed(policy.table_sql))
    revoke = compose(
        "REVOKE ALL ON TABLE {} FROM {}", Printed(policy.table_sql), join(map(quote.grantee, policy.roles))
    )
    return Action(
        Change.REMOVE,
        Cause.POLICY,
        Kind.POLICY,
        policy.name,
        "drop policy",
        (drop,) if has_grants else (revoke, drop),
        on_people_table=policy.table,
    )


def _is_right(policy: RowPolicy, existing: ActualRowPolicy) -> bool:
    return existing.is_intact and existing.policy.roles == policy.roles


def _create(policy: RowPolicy, existing: ActualRowPolicy | None, wanted: Wanted, actual: Actual) -> Action:
    name, table = quote.name(ROW_POLICY), Printed(policy.table_sql)
    is_drift = (Kind.POLICY, policy.name) in actual.recorded
    grants = _list_grants(policy, wanted, actual) if existing is None else []
    # IF EXISTS: where the main transaction dropped its roles, it went with them.
    return Action(
        Change.ADD if existing is None else Change.CHANGE,
        Cause.DRIFT if is_drift else Cause.POLICY,
        Kind.POLICY,
        policy.name,
        f"let {' and '.join(policy.roles)} through its row security: the entities scope the rows"
        + (": changed by hand" if is_drift and existing is not None else ""),
        (
            *(() if existing is None else (compose("DROP POLICY IF EXISTS {} ON {}", name, table),)),
            compose(
                "CREATE POLICY {} ON {} AS PERMISSIVE FOR ALL TO {} USING (true) WITH CHECK (true)",
                name,
                table,
                join(map(quote.name, policy.roles)),
            ),
            compose("COMMENT ON POLICY {} ON {} IS {}", name, table, quote.value(ROW_POLICY_COMMENT)),
            *(grant_sql(part) for part in _by_grantee(grants)),
        ),
        on_people_table=policy.table,
    )


def _list_grants(policy: RowPolicy, wanted: Wanted, actual: Actual) -> list[Grant]:
    return [
        grant
        for grant in wanted.grants - actual.grants
        if grant.object_kind == "table" and grant.object == policy.table_sql and grant.grantee in policy.roles
    ]


def _by_grantee(grants: Iterable[Grant]) -> Iterator[list[Grant]]:
    parts: dict[str, list[Grant]] = {}
    for grant in grants:
        parts.setdefault(grant.grantee, []).append(grant)
    for _, part in sorted(parts.items()):
        yield part
