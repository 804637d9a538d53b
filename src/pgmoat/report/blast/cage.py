"""
Try what the planner may run people's code for, where that code cannot become the session's own role.

In: a connection that took the role on, Identity, probes. Out: answers. I/O: PostgreSQL; all is rolled back.

A session that took on a role by SET SESSION AUTHORIZATION or SET ROLE goes back by RESET, and so does any
code that runs in it. Planning is enough: PostgreSQL computes an IMMUTABLE function in a view, a default, a
policy, an index or the text of an SQL function while it plans. Within a SECURITY DEFINER function PostgreSQL
refuses to set either, so such statements are tried in one that belongs to the role:
https://www.postgresql.org/docs/current/sql-set-role.html. A session that logged in as the role has nothing
to go back to, and needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection, sql
from psycopg import Error as DatabaseError
from psycopg.errors import QueryCanceled

from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.blast.run_probes import Answer, Progress
from pgmoat.report.blast.trial import Identity, Probe

_PACKAGE = "pgmoat.report.blast"
_AT_A_TIME = 200
_TRIED = "PM000"

UNCAGED = "people's code might have run with more rights than the role's: pass --as with a DSN of the role"


class Standing(StrEnum):
    """How a session comes to be the role."""

    LOGIN = "login"  # it logged in as the role
    SESSION = "session"  # a superuser's session took the role on: SET SESSION AUTHORIZATION
    MEMBER = "member"  # a member's session: SET ROLE


@dataclass(frozen=True, slots=True)
class Cage:
    """A connection whose session is more than *role*."""

    connection: Connection[Any]
    role: str
    standing: Standing
    is_watched: bool  # an event trigger that nothing turns off would run people's code when it is made

    def run(
        self, identity: Identity, probes: Sequence[Probe], on_progress: Progress | None = None
    ) -> list[Answer] | None:
        """Return an answer per probe, tried as *identity*; None if the role's own login has to try them."""
        answers: list[Answer] = []
        if self.is_watched:
            return None
        for start in range(0, len(probes), _AT_A_TIME):
            batch = probes[start : start + _AT_A_TIME]
            try:
                answers += self._run_batch(identity, batch, "60s")
            except QueryCanceled:
                # The time of all together was up: each has its own then.
                answers += [self._run_alone(identity, probe) for probe in batch]
            except DatabaseError:
                if self.connection.broken:
                    raise
                return None
            if on_progress is not None:
                on_progress(len(batch))
        return answers

    def _run_alone(self, identity: Identity, probe: Probe) -> Answer:
        try:
            return self._run_batch(identity, [probe], "5s")[0]
        except QueryCanceled as error:
            return Answer("57014", error.diag.message_primary or "")

    def _run_batch(self, identity: Identity, probes: Sequence[Probe], timeout: str) -> list[Answer]:
        connection = self.connection
        try:
            with connection.transaction(force_rollback=True):
                for statement in identity.grants:
                    connection.execute(statement.encode())
                self._build(identity)
                connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, true)", (timeout,))
                connection.execute("SET TRANSACTION READ ONLY")
                texts = [probe.sql for probe in probes]
                ((found,),) = connection.execute("SELECT pg_temp.pgmoat_try(%s)", (texts,), prepare=False)
        finally:
            self._go_back(identity)
        return [
            Answer("" if state == _TRIED else state, message)
            for state, message in zip(found[::2], found[1::2], strict=True)
        ]

    def _build(self, identity: Identity) -> None:
        """Make the function, as the superuser, who gives it to the role; or as the role itself."""
        connection = self.connection
        is_superuser = self.standing is Standing.SESSION
        if is_superuser:
            connection.execute("SET LOCAL SESSION AUTHORIZATION DEFAULT")
            connection.execute("SET LOCAL session_replication_role = replica")
            if connection.info.server_version >= 170_000:
                connection.execute("SET LOCAL event_triggers = off")
        connection.execute(load_sql(_PACKAGE, "create_cage"))
        if is_superuser:
            owner = sql.Identifier(identity.role)
            connection.execute(
                sql.SQL("ALTER FUNCTION pg_temp.pgmoat_try(pg_catalog.text[]) OWNER TO {}").format(owner)
            )
            # Rules may be for one of both only.
            connection.execute("SET LOCAL session_replication_role = origin")

    def _go_back(self, identity: Identity) -> None:
        """Be the role again: a rollback of SET SESSION AUTHORIZATION forgets SET ROLE."""
        if self.connection.closed or self.connection.broken:
            return
        if self.standing is Standing.SESSION:
            self.connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(self.role)))
        if self.standing is Standing.MEMBER or not (identity.is_login or identity.grants):
            self.connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(identity.role)))
