"""
Do what a plan says: people's tables first, each shortly, then all else as one transaction.

In: two connections, a function that makes the plan. Out: the plan that was carried out. I/O: PostgreSQL, the
file of passwords.

The first connection holds the lease, and the main transaction, from beginning to end; the second one reads
and alters people's tables. Neither can be done by one connection: reading a view locks its tables until the
transaction ends, and an ALTER must not wait for that.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from psycopg import Connection, errors

from pgmoat.errors import ApplyBusyError, ApplyError, PlanBlockedError
from pgmoat.model.action import Action, Cause, Plan
from pgmoat.model.finding import Severity
from pgmoat.model.names import name_variable
from pgmoat.model.objects import Kind
from pgmoat.plan import quote
from pgmoat.plan.checks import run_checks
from pgmoat.plan.credentials import (
    CredentialsDraft,
    Server,
    check_credentials_file,
    compose_dsn,
    draft_credentials,
)
from pgmoat.plan.people import Patience, alter_table
from pgmoat.plan.render import MAIN_SETTINGS, group_by_table
from pgmoat.plan.roles import reset_password_sql
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.postgres.sqltext import compose

_SEPARATOR = "\n;\n"  # a statement may end in a comment

_COLLISIONS = (
    errors.DuplicateObject,
    errors.DuplicateSchema,
    errors.DuplicateColumn,
    errors.UniqueViolation,
    errors.LockNotAvailable,
)
"""What a first apply meets when another first apply was faster: there is no lease yet."""


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to apply."""

    credentials: Path | None = None  # None: roles get no password
    server: Server | None = None  # what the credentials say; None: where the connection leads
    patience: Patience = field(default_factory=Patience)
    on_action: Callable[[Action], None] | None = None  # called before each action


def apply_plan(
    connection: Connection[Any],
    side_connection: Connection[Any],
    make_plan: Callable[[Connection[Any]], Plan],
    *,
    shown: Plan | None = None,
    options: ApplyOptions | None = None,
) -> Plan:
    """
    Carry out and return the plan that *make_plan* makes under the lease; it must equal what was *shown*.

    Both connections are in autocommit mode and lead to the same database as the same user.

    Raises:
        ApplyBusyError: another apply or destroy runs.
        PlanBlockedError: the plan has findings that are errors.
        LockTimeoutError: a people's table stayed locked; the main transaction was not begun.
        ApplyError: a statement failed, and all of the main transaction was rolled back; or the database
            is no longer as it was when the plan was shown.
    """
    options = options or ApplyOptions()
    draft: CredentialsDraft | None = None
    is_committed = False
    try:
        with connection.transaction():
            plan = _plan_under_lease(connection, side_connection, make_plan)
            _check(plan, shown, options)
            _alter(side_connection, plan, plan.before, options)
            draft = _run_main(connection, plan, options)
        is_committed = True
    except psycopg.Error as error:
        # Nothing else is left: COMMIT itself, or the connection.
        _fail("COMMIT failed", error)
    finally:
        if draft and not is_committed:
            draft.discard()
    if draft:
        draft.publish()
    _alter(side_connection, plan, plan.after, options)
    return plan


def _plan_under_lease(
    connection: Connection[Any],
    side_connection: Connection[Any],
    make_plan: Callable[[Connection[Any]], Plan],
) -> Plan:
    connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    is_held = _hold_lease(connection)
    plan = make_plan(side_connection)
    if not is_held and not plan.is_first:
        refuse_errors(plan)  # one may be that we may not read the lease
        # Another first apply has just ended: from now on there is a lease.
        if not _hold_lease(connection):
            raise ApplyBusyError("another destroy has just ended", hint="look at the new plan")
        plan = make_plan(side_connection)
    return plan


def _hold_lease(connection: Connection[Any]) -> bool:
    """
    Lock the lease until the transaction ends; return False if there is none yet, or none for this role.

    Not an advisory lock: any role, an agent too, could take that and block every apply.
    """
    if connection.execute(load_sql("pgmoat.plan", "find_lease")).fetchone() is None:
        return False
    try:
        connection.execute("SELECT FROM pgmoat.lease AS l WHERE l.name = 'apply' FOR UPDATE NOWAIT")
    except errors.LockNotAvailable as error:
        raise ApplyBusyError(
            "another apply or destroy is running on this database", hint="wait for it to end"
        ) from error
    return True


def _check(plan: Plan, shown: Plan | None, options: ApplyOptions) -> None:
    """Refuse, before anything is done, what must not be applied."""
    if shown is not None and _without_role_drift(plan) != _without_role_drift(shown):
        raise ApplyError(
            "the database has changed since the plan was shown", hint="look at the new plan, then apply it"
        )
    refuse_errors(plan)
    if options.credentials and any(action.needs_password for action in plan.actions):
        check_credentials_file(options.credentials)


def refuse_errors(plan: Plan) -> None:
    """
    Stop before anything is done when *plan* has findings that are errors.

    Raises:
        PlanBlockedError: it has.
    """
    blocking = [finding for finding in plan.findings if finding.severity is Severity.ERROR]
    if blocking:
        raise PlanBlockedError(
            "the plan cannot be applied",
            detail="\n".join(finding.message for finding in blocking),
            hint=blocking[0].hint,
        )


def _without_role_drift(plan: Plan) -> Plan:
    """
    Return what must be as it was shown: all but repairs of what roles changed about themselves.

    A role may alter itself at any moment. If that counted, an agent could keep every apply from happening.
    """
    kept = tuple(a for a in plan.actions if not (a.kind is Kind.ROLE and a.cause is Cause.DRIFT))
    return replace(plan, actions=kept, bookkeeping=())


def _alter(
    connection: Connection[Any], plan: Plan, actions: tuple[Action, ...], options: ApplyOptions
) -> None:
    for table, part in group_by_table(actions):
        for action in part:
            _announce(action, options)
        try:
            alter_table(connection, table, part, options.patience)
        except psycopg.Error as error:
            _fail(f"{table} could not be altered", error, is_first=plan.is_first)


def _run_main(connection: Connection[Any], plan: Plan, options: ApplyOptions) -> CredentialsDraft | None:
    """Run everything but ALTERs of people's tables; return the passwords to publish after COMMIT."""
    if not plan.main and not plan.bookkeeping:
        return None
    for setting in MAIN_SETTINGS:
        connection.execute(setting.encode())
    for action in plan.main:
        _announce(action, options)
        what = f"{action.change} {action.kind} {action.name} ({action.description})"
        role = [compose("SET LOCAL ROLE {}", quote.name(action.run_as))] if action.run_as else []
        _execute(connection, [*role, *action.sql, *(["RESET ROLE"] if role else [])], what, plan)
    roles = [action.needs_password for action in plan.main if action.needs_password]
    run_checks(connection, plan.checks)
    variables = _set_passwords(connection, roles, options) if options.credentials else {}
    for statement in plan.bookkeeping:
        _execute(connection, [statement], "writing the manifest", plan)
    if options.credentials and variables:
        return draft_credentials(options.credentials, variables)
    return None


def _set_passwords(connection: Connection[Any], roles: list[str], options: ApplyOptions) -> dict[str, str]:
    """
    Give each role a password and return the agents' connection strings by variable.

    PostgreSQL gets verifiers that were made here: a password would turn up in its log.
    """
    info = connection.info
    server = options.server or Server(info.host, info.port, info.dbname)
    variables: dict[str, str] = {}
    for role in roles:
        password = secrets.token_urlsafe(24)
        verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        row = connection.execute(
            "UPDATE pgmoat.agent SET password_verifier = %s WHERE role = %s AND retired_at IS NULL"
            " RETURNING name",
            [verifier.decode(), role],
        ).fetchone()
        if row is None:
            raise ApplyError(f"role {role} belongs to no agent in pgmoat.agent")
        connection.execute(reset_password_sql(role).encode())
        variables[name_variable(row[0])] = compose_dsn(server, role, password)
    return variables


def _announce(action: Action, options: ApplyOptions) -> None:
    if options.on_action:
        options.on_action(action)


def _execute(connection: Connection[Any], statements: Sequence[str], what: str, plan: Plan) -> None:
    """Run one action in one round trip: a policy over a thousand tables has 40,000 statements."""
    try:
        connection.execute(_SEPARATOR.join(statements).encode())
    except psycopg.Error as error:
        statement = _find_statement(statements, error.diag.statement_position)
        _fail(f"{what} failed, nothing of it was kept", error, statement=statement, is_first=plan.is_first)


def _find_statement(statements: Sequence[str], position: str | None) -> str:
    """Return the statement at *position* (characters, from 1), or all of them where PostgreSQL gives none."""
    end = 0
    for statement in statements:
        end += len(statement) + len(_SEPARATOR)
        if position is not None and int(position) <= end:
            return statement
    return _SEPARATOR.join(statements)


def _fail(message: str, error: psycopg.Error, *, statement: str = "", is_first: bool = False) -> NoReturn:
    """Raise what an error of PostgreSQL means to whoever applies; no statement holds a password."""
    if is_first and isinstance(error, _COLLISIONS):
        raise ApplyBusyError(
            "another apply was faster on this database", hint="look at the new plan, then apply it"
        ) from error
    parts = [error.diag.message_primary or str(error), error.diag.message_detail, error.diag.message_hint]
    if statement:
        parts.append("statement: " + " ".join(statement.split())[:300])
    is_passing = isinstance(error, errors.DeadlockDetected | errors.SerializationFailure) or (
        "concurrently" in (error.diag.message_primary or "")
    )
    hint = "others changed the same objects at this moment: run it again" if is_passing else ""
    if isinstance(error, errors.DependentObjectsStillExist):
        hint = (
            "if what depends on it is temporary, an agent's session holds it:"
            " pgmoat freeze AGENT --hard, then apply, then thaw"
        )
    if isinstance(error, errors.LockNotAvailable):
        hint = "somebody holds an object of pgmoat in an open transaction: end it, or run it again later"
    raise ApplyError(message, detail="\n".join(part for part in parts if part), hint=hint) from error
