"""
Roles: those to make, what to set right, those to take away.

In: Wanted, Actual. Out: Actions, Findings. I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.objects import Actual, ActualRole, Kind, Membership, Role, Wanted
from pgmoat.plan import quote
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.postgres.sqltext import Printed, compose


def diff_roles(wanted: Wanted, actual: Actual) -> list[Action]:
    """Return what makes every wanted role, and sets right what differs, attribute by attribute."""
    actions: list[Action] = []
    for role in wanted.roles:
        found = actual.roles.get(role.name)
        if found is None:
            actions.append(_create(role, actual))
        else:
            actions += _alter(role, found, actual)
    return actions


def find_foreign_roles(wanted: Wanted, actual: Actual) -> list[Finding]:
    """Return wanted roles that exist, but were not made by pgmoat in this database."""
    return [
        Finding(
            Severity.ERROR,
            "role-taken",
            (),
            f"role {role.name} exists, and pgmoat did not make it for this database",
            "choose other prefixes in settings, or drop the role; two databases cannot share pgmoat's roles",
        )
        for role in wanted.roles
        if role.name in actual.roles and (Kind.ROLE, role.name) not in actual.recorded
    ]


def list_removed_roles(wanted: Wanted, actual: Actual) -> list[str]:
    """Return recorded roles that nobody wants any more, agents first."""
    names = {role.name for role in wanted.roles}
    removed = [name for kind, name in actual.recorded if kind is Kind.ROLE and name not in names]
    return sorted(removed, key=lambda name: (not is_agent(actual, name), name))


def is_agent(actual: Actual, name: str) -> bool:
    """Whether the manifest knows the role as an agent's."""
    recorded = actual.recorded.get((Kind.ROLE, name))
    return recorded is not None and recorded.detail.get("is_agent") == "true"


def remove_roles(names: Sequence[str], actual: Actual, cause: Cause = Cause.POLICY) -> list[Action]:
    """
    Return what ends the sessions of *names*, takes their privileges and drops them.

    What one of pgmoat's own roles owns goes to whoever applies. An agent's role that owns something is not
    dropped: a function of its making must not become a superuser's.
    """
    return [
        Action(
            Change.REMOVE,
            cause,
            Kind.ROLE,
            name,
            "end its sessions, drop role",
            (
                *end_agent_sql(name),
                compose(load_sql("pgmoat.plan", "refuse_owner"), role=quote.value(name))
                if is_agent(actual, name)
                else compose("REASSIGN OWNED BY {} TO CURRENT_USER", quote.name(name)),
                compose("DROP OWNED BY {}", quote.name(name)),
                compose("DROP ROLE {}", quote.name(name)),
            ),
        )
        for name in names
        if name in actual.roles
    ]


def describe_role(role: Role) -> dict[str, str]:
    """Return what the manifest keeps of a role, to tell drift from a change of the policy."""
    return {
        "is_agent": str(role.is_agent).lower(),
        "login": str(role.login),
        "connection_limit": str(role.connection_limit),
        "comment": role.comment,
        "settings": json.dumps(dict(role.settings), sort_keys=True),
        "memberships": json.dumps(role.memberships),
    }


def reset_password_sql(role: str) -> str:
    """
    Return SQL that gives *role* its recorded password.

    The verifier stands neither in the text nor in the server's log of statements.
    """
    return compose(
        "DO $do$ BEGIN EXECUTE (SELECT pg_catalog.format('ALTER ROLE %I PASSWORD %L', a.role,"
        " a.password_verifier) FROM pgmoat.agent AS a WHERE a.role = {}"
        " AND a.password_verifier IS NOT NULL); END $do$",
        quote.value(role),
    )


def end_agent_sql(role: str) -> tuple[str, ...]:
    """
    Return SQL that takes a role's LOGIN and ends all its sessions.

    They are ended before as well: one with an uncommitted ALTER ROLE of its own would hold up ours.
    """
    end_sessions = compose(load_sql("pgmoat.plan", "end_sessions"), role=quote.value(role))
    return (end_sessions, compose("ALTER ROLE {} NOLOGIN", quote.name(role)), end_sessions)


def _create(role: Role, actual: Actual) -> Action:
    name = quote.name(role.name)
    login = role.login and role.name not in actual.hard_frozen
    # NOINHERIT is not set: membership is refused as drift, not defused.
    statements = [
        compose(
            "CREATE ROLE {} {} CONNECTION LIMIT {}",
            name,
            _login_word(is_login=login),
            quote.value(role.connection_limit),
        ),
        *(set_role_sql(role.name, key, value) for key, value in role.settings),
        *((_comment(role),) if role.comment else ()),
        *(grant_membership_sql(other, role.name) for other in role.memberships),
    ]
    is_recorded = (Kind.ROLE, role.name) in actual.recorded
    settings = ", ".join(f"{key} {value}" for key, value in role.settings)
    return Action(
        Change.ADD,
        Cause.DRIFT if is_recorded else Cause.POLICY,
        Kind.ROLE,
        role.name,
        (f"login role, at most {role.connection_limit} connections" if role.login else "role without login")
        + (f"; {settings}" if settings else ""),
        tuple(statements),
        needs_password=role.name if role.is_agent and role.login else "",
    )


def _alter(role: Role, found: ActualRole, actual: Actual) -> Iterator[Action]:
    name = quote.name(role.name)
    recorded = actual.recorded.get((Kind.ROLE, role.name))
    detail: Mapping[str, str] = recorded.detail if recorded else {}
    before, after = found.role, role

    def change(key: str, description: str, *statements: str) -> Action:
        is_drift = bool(detail) and detail.get(key) == describe_role(role)[key]
        cause = Cause.DRIFT if is_drift else Cause.POLICY
        return Action(Change.CHANGE, cause, Kind.ROLE, role.name, description, statements)

    if before.login != after.login and role.name not in actual.hard_frozen:
        words = ["NOLOGIN", "LOGIN"]
        yield change(
            "login",
            f"{words[before.login]} -> {words[after.login]}",
            compose("ALTER ROLE {} {}", name, _login_word(is_login=after.login)),
        )
    if before.connection_limit != after.connection_limit:
        yield change(
            "connection_limit",
            f"connection limit {before.connection_limit} -> {after.connection_limit}",
            set_connection_limit_sql(role.name, after.connection_limit),
        )
    if before.comment != after.comment:
        yield change("comment", "comment", _comment(after))
    yield from _alter_settings(role, found, detail)
    yield from _add_memberships(role, found, detail)
    yield from _take_back(role, found, actual)


def _alter_settings(role: Role, found: ActualRole, detail: Mapping[str, str]) -> Iterator[Action]:
    before, after = dict(found.role.settings), dict(role.settings)
    applied: dict[str, str] = json.loads(detail.get("settings", "{}"))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) == after.get(key):
            continue
        yield Action(
            Change.CHANGE,
            Cause.DRIFT if bool(detail) and applied.get(key) == after.get(key) else Cause.POLICY,
            Kind.ROLE,
            role.name,
            f"{key} {before.get(key, 'unset')} -> {after.get(key, 'unset')}",
            (set_role_sql(role.name, key, after.get(key)),),
        )


def grant_membership_sql(role: str, member: str) -> str:
    """Return SQL that makes *member* a member of *role*."""
    return compose("GRANT {} TO {}", quote.name(role), quote.name(member))


def _add_memberships(role: Role, found: ActualRole, detail: Mapping[str, str]) -> Iterator[Action]:
    applied: list[str] = json.loads(detail.get("memberships", "[]"))
    present = {membership.role for membership in found.member_of}
    for other in role.memberships:
        if other not in present:
            yield Action(
                Change.ADD,
                Cause.DRIFT if other in applied else Cause.POLICY,
                Kind.MEMBERSHIP,
                role.name,
                f"member of {other}",
                (grant_membership_sql(other, role.name),),
            )


def _take_back(role: Role, found: ActualRole, actual: Actual) -> Iterator[Action]:
    """Yield what pgmoat never gives, and so somebody gave by hand."""
    name = quote.name(role.name)
    if found.powers:
        yield _drift(
            role.name,
            f"take away {', '.join(found.powers)}",
            compose("ALTER ROLE {} {}", name, Printed(" ".join(f"NO{power}" for power in found.powers))),
        )
    for key, value in found.database_settings:
        yield _drift(
            role.name,
            f"{key} {value} in this database -> unset",
            reset_database_setting_sql(role.name, actual.database, key),
        )
    verifier = actual.password_verifiers.get(role.name)
    if verifier and found.is_password_visible and found.password_verifier != verifier:
        yield _drift(role.name, "password changed by hand -> as recorded", reset_password_sql(role.name))
    for membership in found.member_of:
        if membership.role in (*role.accepted_memberships, *role.memberships):
            continue
        by = compose(" GRANTED BY {}", quote.name(membership.grantor)) if membership.grantor else ""
        yield _drift(
            role.name,
            f"no longer a member of {membership.role}",
            compose("REVOKE {} FROM {}{} CASCADE", quote.name(membership.role), name, Printed(by)),
            membership=membership,
        )


def _drift(name: str, description: str, statement: str, *, membership: Membership | None = None) -> Action:
    change, kind = (Change.REMOVE, Kind.MEMBERSHIP) if membership else (Change.CHANGE, Kind.ROLE)
    return Action(change, Cause.DRIFT, kind, name, description, (statement,), takes_membership=membership)


def reset_database_setting_sql(role: str, database: str, key: str) -> str:
    """Return SQL that takes a setting away that a role has in one database."""
    return compose(
        "ALTER ROLE {} IN DATABASE {} RESET {}", quote.name(role), quote.name(database), quote.parameter(key)
    )


def set_connection_limit_sql(role: str, limit: int) -> str:
    """Return SQL that says how many sessions a role may have."""
    return compose("ALTER ROLE {} CONNECTION LIMIT {}", quote.name(role), quote.value(limit))


def set_role_sql(role: str, key: str, value: str | None) -> str:
    """Return SQL that gives a role a setting, or with None takes it away."""
    if value is None:
        return compose("ALTER ROLE {} RESET {}", quote.name(role), quote.parameter(key))
    return compose(
        "ALTER ROLE {} SET {} = {}",
        quote.name(role),
        quote.parameter(key),
        quote.parameter_value(key, value),
    )


def _comment(role: Role) -> str:
    return compose("COMMENT ON ROLE {} IS {}", quote.name(role.name), quote.value(role.comment))


def _login_word(*, is_login: bool) -> Printed:
    return Printed("LOGIN" if is_login else "NOLOGIN")
