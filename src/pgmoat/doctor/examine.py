"""
Look at everything, group by group.

In: a connection, a policy or none, a pooler's DSN or none. Out: Diagnoses. I/O: reads PostgreSQL and
PgBouncer's console; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import Connection, errors

from pgmoat.doctor import (
    agents,
    clock,
    drift,
    extensions,
    overrides,
    pooler,
    privileges,
    server,
    settings,
    state,
)
from pgmoat.doctor.check import Area, Check, Diagnosis, Remark, Status, run_checks, skip_checks
from pgmoat.doctor.target import Target, read_target
from pgmoat.errors import ConnectionFailedError
from pgmoat.policy.load import LoadedPolicy
from pgmoat.pooler.console import read_pooler
from pgmoat.postgres.dsn import Dsn

Facts = TypeVar("Facts")

READING = "doctor-reading"
_READING_OK = "everything could be asked"

CHECKS: tuple[Check[Any], ...] = (
    Check(Area.SERVER, READING, _READING_OK, lambda _: ()),
    *server.CHECKS,
    *privileges.CHECKS,
    *agents.CHECKS,
    *extensions.CHECKS,
    *settings.CHECKS,
    *overrides.CHECKS,
    *pooler.CHECKS,
    *drift.DRIFT_CHECKS,
    *clock.CHECKS,
    *drift.COLUMN_CHECKS,
    *state.TASK_CHECKS,
    *state.HISTORY_CHECKS,
    *state.CHARGE_CHECKS,
    *state.STORAGE_CHECKS,
)
"""Every check, in the order of the report."""


def examine(
    connection: Connection[Any], loaded: LoadedPolicy | None, pooler_dsn: Dsn | None = None
) -> list[Diagnosis]:
    """
    Return what is in order and what is not, by area.

    What the connecting role may not see is said, and does not keep the rest from being looked at.
    *connection* is in autocommit mode; it is made read only and impatient.

    Raises:
        psycopg.Error: the connection was lost.
    """
    connection.execute("SET default_transaction_read_only = on")
    connection.execute("SET statement_timeout = '30s'")
    connection.execute("SET lock_timeout = '2s'")
    connection.execute("SET search_path = pg_catalog")
    target = read_target(connection, loaded.policy if loaded else None)
    found = list(_examine(connection, loaded, pooler_dsn, target))
    if not any(diagnosis.code == READING for diagnosis in found):
        found.append(Diagnosis(Area.SERVER, READING, Status.OK, _READING_OK))
    areas, codes = list(Area), [check.code for check in CHECKS]
    return sorted(found, key=lambda line: (areas.index(line.area), codes.index(line.code)))


def _examine(
    connection: Connection[Any], loaded: LoadedPolicy | None, pooler_dsn: Dsn | None, target: Target
) -> Iterator[Diagnosis]:
    yield from _run(server.CHECKS, lambda: server.read_server(connection, target))
    yield from _run(privileges.CHECKS, lambda: privileges.read_privileges(connection, target))
    roles = agents.read_agents(connection, target)
    yield from run_checks(agents.CHECKS, roles)
    yield from _run(extensions.CHECKS, lambda: extensions.read_extensions(connection))
    is_pooled = pooler_dsn is not None or pooler.read_is_pooled(connection)
    yield from _run(
        settings.CHECKS, lambda: settings.read_settings(connection, roles.roles, is_pooled=is_pooled)
    )
    yield from _run(overrides.CHECKS, lambda: overrides.read_overrides(connection, target))
    yield from _examine_pooler(pooler_dsn, is_pooled, roles, target)
    yield from _examine_policy(connection, loaded, target)
    yield from _run(clock.CHECKS, lambda: clock.read_clock(connection))
    if target.is_installed:
        yield from _run(state.TASK_CHECKS, lambda: state.read_tasks(connection))
        yield from _run(state.HISTORY_CHECKS, lambda: state.read_history_size(connection))
        yield from _run(state.CHARGE_CHECKS, lambda: state.read_charges(connection))
    yield from _run(state.STORAGE_CHECKS, lambda: state.read_storage(connection, target))


def _run(checks: Sequence[Check[Facts]], read: Callable[[], Facts]) -> Iterator[Diagnosis]:
    """Yield what *checks* say about what *read* returns, or that it could not be read."""
    try:
        facts = read()
    except errors.InsufficientPrivilege as error:
        reason = f"this role may not see it: {error.diag.message_primary}"
        yield from skip_checks(checks, reason, "run doctor as a superuser, or as pgmoat's owner role")
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise  # the connection is gone
        reason = f"could not be asked: {error.diag.message_primary} (SQLSTATE {error.sqlstate})"
        yield from skip_checks(checks, reason)
        yield Diagnosis(
            Area.SERVER,
            READING,
            Status.ERROR,
            f"{checks[0].code}{' and others' if len(checks) > 1 else ''} {reason}",
            "pgmoat apply, if the database has the schema of another version; otherwise read"
            " the server's log",
        )
    else:
        yield from run_checks(checks, facts)


def _examine_pooler(
    dsn: Dsn | None, is_pooled: bool | None, roles: agents.AgentFacts, target: Target
) -> Iterator[Diagnosis]:
    if dsn is None:
        yield _say(Area.POOLER, pooler.CODE, pooler.judge_absence(is_pooled))
        return
    try:
        facts = pooler.PooledAgents(read_pooler(dsn), roles.roles, target)
    except ConnectionFailedError as error:
        remark = Remark(
            Status.ERROR,
            f"the pooler's console did not let this user in: {error.detail or error.message}",
            "add the user to stats_users in pgbouncer.ini, then RELOAD; or give another --pooler",
        )
        yield _say(Area.POOLER, pooler.CODE, remark)
        return
    except psycopg.Error as error:
        message = f"the console at --pooler is no PgBouncer's: {str(error).splitlines()[0]}"
        yield _say(
            Area.POOLER,
            pooler.CODE,
            Remark(Status.ERROR, message, "give a DSN with host and port of PgBouncer"),
        )
        return
    yield from run_checks(pooler.CHECKS, facts)


def _examine_policy(
    connection: Connection[Any], loaded: LoadedPolicy | None, target: Target
) -> Iterator[Diagnosis]:
    if loaded is None:
        reason = "no policy was given, and there is no moat.yaml here"
        yield from skip_checks(
            (*drift.DRIFT_CHECKS, *drift.COLUMN_CHECKS), reason, "pgmoat doctor -f moat.yaml"
        )
        return
    policy = loaded.policy
    yield from _run(drift.DRIFT_CHECKS, lambda: drift.read_drift(connection, loaded))
    yield from _run(drift.COLUMN_CHECKS, lambda: drift.read_new_columns(connection, policy, target))


def _say(area: Area, code: str, remark: Remark) -> Diagnosis:
    return Diagnosis(area, code, remark.status, remark.message, remark.remedy)
