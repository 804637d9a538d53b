"""
Where the scenarios play: connections of the agents' own roles, and one of people's that sees the truth.

In: DSNs, the policy. Out: Answers of PostgreSQL to agents, values that people read. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from pgmoat.ledger.tasks import open_task
from pgmoat.policy.schema import Limits, Policy
from pgmoat.postgres.connect import Dsn, connect

REASON = "the demo tries it"
_PEOPLE_WAIT = "300ms"
_ENTER = "SELECT pgmoat.enter(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What PostgreSQL said to one statement: a command tag or an error, and the rows that came back."""

    text: str
    sqlstate: str | None = None
    rows: tuple[tuple[Any, ...], ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether the statement was refused."""
        return self.sqlstate is not None


def answer_from(error: psycopg.Error) -> Answer:
    """Return the answer that *error* is."""
    return Answer(describe_error(error), error.sqlstate or "-----")


def describe_error(error: psycopg.Error) -> str:
    """Return SQLSTATE and first line: ``42501 permission denied for table orders``."""
    first_line = (error.diag.message_primary or str(error)).strip().split("\n")[0]
    return f"{error.sqlstate} {first_line}" if error.sqlstate else first_line


@dataclass(frozen=True, slots=True)
class Session:
    """One connection of an agent's role, and the task it works for."""

    connection: psycopg.Connection[Any]
    token: str | None
    reason: str | None = REASON

    @property
    def pid(self) -> int:
        """The backend behind it."""
        return self.connection.info.backend_pid

    def enter(self) -> None:
        """
        Show the token, if there is one, at the start of a transaction.

        Raises:
            psycopg.Error: refused: then a scenario proves nothing.
        """
        if self.token is not None:
            self.connection.execute(_ENTER, self._task)

    def try_enter(self) -> Answer:
        """Show a token that may well be refused."""
        return self.say(_ENTER, self._task)

    @property
    def _task(self) -> tuple[str | None, str, str | None]:
        return (self.token, "demo", self.reason)

    def say(
        self, statement: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> Answer:
        """Run one statement in the open transaction; an error is an answer, and aborts the transaction."""
        try:
            cursor = self.connection.execute(statement, parameters)
            rows = tuple(cursor.fetchall()) if cursor.description else ()
        except psycopg.Error as error:
            return answer_from(error)
        return Answer(cursor.statusmessage or "", None, rows)

    def say_in_savepoint(self, statement: LiteralString) -> Answer:
        """Run one statement so that the transaction stays open even if it is refused."""
        try:
            with self.connection.transaction():
                cursor = self.connection.execute(statement)
        except psycopg.Error as error:
            return answer_from(error)
        return Answer(cursor.statusmessage or "")

    def copy_in(self, statement: LiteralString, text: str) -> Answer:
        """Run a COPY FROM STDIN with *text* as its data."""
        cursor = self.connection.cursor()
        try:
            with cursor.copy(statement) as copy:
                copy.write(text)
        except psycopg.Error as error:
            return answer_from(error)
        return Answer(cursor.statusmessage or "")

    def commit(self) -> Answer:
        """End the transaction; budgets are charged here, so it may be refused."""
        try:
            self.connection.commit()
        except psycopg.Error as error:
            return answer_from(error)
        return Answer("COMMIT")


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario has at hand."""

    people: psycopg.Connection[Any]  # a superuser's, in autocommit mode: it judges, and opens tasks
    logins: Mapping[str, Dsn]  # agent to DSN, each with the agent's own role and password
    policy: Policy

    def ask(self, question: LiteralString, parameters: Sequence[Any] = ()) -> Any:
        """Return the first value that people read."""
        row = self.people.execute(question, parameters).fetchone()
        return row[0] if row else None

    def limits(self, agent: str) -> Limits:
        """Return what the policy file allows, whatever the database says."""
        return self.policy.agents[agent].limits

    def open_task(
        self,
        agent: str,
        *,
        scope: dict[str, Any] | None = None,
        duration_ms: int | None = None,
        max_writes: int | None = None,
    ) -> str:
        """Open a new task, as the orchestrator does, and return its token."""
        return open_task(
            self.people,
            agent,
            f"demo-{secrets.token_hex(4)}",
            scope=scope,
            duration_ms=duration_ms,
            max_writes=max_writes,
        )

    @contextlib.contextmanager
    def log_in(
        self, agent: str, *, token: str | None = None, reason: str | None = REASON
    ) -> Generator[Session]:
        """
        Log in as *agent*; what was not committed is rolled back at the end.

        Raises:
            ConnectionFailedError: no such login: then a scenario proves nothing.
        """
        connection = connect(self.logins[agent], autocommit=False, pins_search_path=False)
        try:
            yield Session(connection, token, reason)
        finally:
            connection.close()

    def try_once(
        self,
        agent: str,
        statements: Sequence[LiteralString],
        *,
        token: str | None,
        reason: str | None = REASON,
    ) -> Answer:
        """Run *statements* in one transaction; return the first refusal, else the last answer."""
        with self.log_in(agent, token=token, reason=reason) as session:
            session.enter()
            answer = Answer("")
            for statement in statements:
                answer = session.say(statement)
                if answer.is_error:
                    return answer
            committed = session.commit()
            return committed if committed.is_error else answer

    def can_people_write(self, statement: LiteralString) -> bool:
        """Whether people's application runs *statement* without waiting for a lock."""
        try:
            with self.people.transaction():
                self.people.execute("SELECT pg_catalog.set_config('lock_timeout', %s, true)", (_PEOPLE_WAIT,))
                self.people.execute("SET LOCAL ROLE shop_app")
                return self.people.execute(statement).rowcount == 1
        except psycopg.errors.LockNotAvailable:
            return False

    def has_strong_lock(self, pid: int, table: str) -> bool:
        """Whether backend *pid* holds more than a reader's lock on *table*."""
        return bool(
            self.ask(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.pid = %s"
                " AND l.relation = %s::regclass AND l.granted AND l.mode <> 'AccessShareLock')",
                (pid, table),
            )
        )
