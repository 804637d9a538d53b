"""
Try every claim of a blast radius, and everything that is not claimed, as the role itself.

In: Blast, a connection of a superuser's, of the role's, or of a member's of the role. Out: Proof. I/O:
PostgreSQL; every statement is rolled back, and has no effect before that (:mod:`pgmoat.report.blast.probe`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, sql
from psycopg import Error as DatabaseError

from pgmoat.errors import ConnectionFailedError
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.blast.cage import Cage, Standing
from pgmoat.report.blast.compare import Proof, compare
from pgmoat.report.blast.expect import expect
from pgmoat.report.blast.find_facts import find_facts
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.read_scene import read_scene
from pgmoat.report.blast.run_probes import Progress
from pgmoat.report.blast.trial import Facts, Identity, Scene

_PACKAGE = "pgmoat.report.blast"
_SETTINGS = (
    ("statement_timeout", "5s"),
    ("lock_timeout", "50ms"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("search_path", "pg_catalog"),
    ("client_min_messages", "error"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("row_security", "on"),
    ("default_transaction_isolation", "read committed"),
)
# A thousand refusals are what was asked for: they need no place in the log, nor in pg_stat_statements.
_SUPERUSER_SETTINGS = (("log_min_messages", "fatal"), ("pg_stat_statements.track", "none"))
_MOST_IDENTITIES = 20


def prove(
    blast: Blast,
    reader: Connection[Any],
    actor: Connection[Any],
    *,
    on_progress: Progress | None = None,
) -> Proof:
    """
    Return what came of trying everything in the database as the role of *blast*.

    *reader* sees what there is; *actor* becomes the role, and goes back. Both are connections in autocommit
    mode to the same database. *on_progress* is told how many more statements were tried.

    Raises:
        ConnectionFailedError: *actor* is in another database, or cannot become the role.
    """
    scene = read_scene(reader)
    _check_database(actor, scene.database)
    expectation = expect(blast, scene)
    notes: list[str] = []
    found: list[Facts] = []
    with become(actor, blast.role) as standing:
        if standing is Standing.MEMBER:
            notes.append(
                f"the session is a member's that did SET ROLE {blast.role}, not its own: what that role could"
                " become by SET ROLE was not tried"
            )
        cage = _make_cage(actor, blast.role, standing, scene)
        identities = list(expectation.claimed)
        for identity in _choose(identities, standing, notes):
            with _be(actor, identity, notes) as is_possible:
                if is_possible:
                    claimed = frozenset(expectation.claimed[identity])
                    can_set = standing is not Standing.MEMBER and identity.is_login
                    found.append(
                        find_facts(
                            actor,
                            scene,
                            identity,
                            claimed,
                            can_set_role=can_set,
                            cage=cage,
                            on_progress=on_progress,
                        )
                    )
    notes += [facts.note for facts in found if facts.note]
    return compare(blast.role, scene, expectation, found, notes)


def _make_cage(actor: Connection[Any], role: str, standing: Standing, scene: Scene) -> Cage | None:
    """Return where to try what may run people's code; None where the session is the role and nothing else."""
    if standing is Standing.LOGIN:
        return None
    is_off = standing is Standing.SESSION and (scene.server_version >= 170_000 or not scene.watches_always)
    is_watched = scene.watches_always or scene.watches_ddl
    return Cage(actor, role, standing, is_watched=is_watched and not is_off)


def _choose(identities: Iterable[Identity], standing: Standing, notes: list[str]) -> list[Identity]:
    """Return whom to be in turn: the role itself, then the roles that it can become."""
    chosen = list(identities)
    if standing is Standing.MEMBER:
        return chosen[:1]
    if len(chosen) > _MOST_IDENTITIES:
        notes.append(f"{len(chosen)} ways to other roles: the first {_MOST_IDENTITIES} were tried")
    return chosen[:_MOST_IDENTITIES]


def _check_database(actor: Connection[Any], database: str) -> None:
    if actor.info.dbname != database:
        raise ConnectionFailedError(
            f"the connection of the role is to database {actor.info.dbname}, the report is of {database}",
            hint="give --as a DSN of the same database.",
        )


@contextmanager
def become(actor: Connection[Any], role: str) -> Generator[Standing]:
    """
    Make *actor* the role until the end of the block.

    Raises:
        ConnectionFailedError: it may not.
    """
    # Before anything else: the database's owner may have put operators of his own first.
    actor.execute("SET search_path = pg_catalog")
    login, is_superuser = actor.execute(load_sql(_PACKAGE, "who_am_i")).fetchall()[0]
    settings = (*_SETTINGS, *(_SUPERUSER_SETTINGS if is_superuser else ()))
    for name, value in settings:
        actor.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
    try:
        yield _take_on(actor, role, login, is_superuser=is_superuser)
    finally:
        if not actor.closed and not actor.broken:
            actor.execute("RESET ROLE")
            actor.execute("RESET SESSION AUTHORIZATION")
            for name, _ in settings:
                actor.execute(
                    sql.SQL("RESET {}").format(sql.SQL(".").join(map(sql.Identifier, name.split("."))))
                )


def _take_on(actor: Connection[Any], role: str, login: str, *, is_superuser: bool) -> Standing:
    if login == role:
        return Standing.LOGIN
    statement = sql.SQL("SET SESSION AUTHORIZATION {}" if is_superuser else "SET ROLE {}")
    try:
        actor.execute(statement.format(sql.Identifier(role)))
    except DatabaseError as error:
        raise ConnectionFailedError(
            f"{login} cannot become {role}: {error.diag.message_primary}",
            hint=f"run --prove as a superuser, as a member of {role}, or pass --as with a DSN of {role}.",
        ) from error
    return Standing.SESSION if is_superuser else Standing.MEMBER


@contextmanager
def _be(actor: Connection[Any], identity: Identity, notes: list[str]) -> Generator[bool]:
    """Do SET ROLE for a block; yield False if PostgreSQL does not let the role do it."""
    if identity.is_login or identity.grants:
        yield True
        return
    try:
        actor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(identity.role)))
    except DatabaseError as error:
        notes.append(f"SET ROLE {identity.role} was refused: {error.diag.message_primary}")
        yield False
        return
    try:
        yield True
    finally:
        actor.execute("RESET ROLE")
