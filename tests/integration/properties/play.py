"""
Run a program: every writer at once, each on a connection of its own.

In: Moat, Writers. Out: nothing; the database shows what came of it. I/O: PostgreSQL, threads.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.integration.properties.program import TASKS, Savepoint, Statement, Transaction, Writer
from tests.moat_fixtures import Connection, Moat, enter

# Limits, races that a client repeats, one row twice in a statement, MERGE on a view before 17.
_EXPECTED = {
    *("PM010", "PM011", "PM012", "40001", "40P01", "21000", "0A000", "42809", "55000"),
    *("PM022", "PM023", "PM024", "PM026", "PM028"),  # of logs
    *("PM041", "PM045"),  # of operations
}


class _Abandoned(Exception):
    """Raised to roll a transaction or a savepoint back on purpose."""


def play(moat: Moat, writers: Sequence[Writer], *, route: str) -> None:
    """Let all *writers* write at once; a refusal that no limit and no race explains is raised."""
    tokens = {
        (agent, number): moat.open_task(agent, f"{agent}-{number}")
        for agent in moat.policy.agents
        for number in range(TASKS)
    }
    start = threading.Barrier(len(writers))

    def work(writer: Writer) -> None:
        with moat.connect(writer.agent, route=route) as connection:
            start.wait()
            for transaction in writer.transactions:
                with _tolerated():
                    _run(connection, transaction, tokens[writer.agent, transaction.task])

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(work, writers))


def _run(connection: Connection, transaction: Transaction, token: str) -> None:
    with connection.transaction():
        enter(connection, token, step="play")
        for step in transaction.steps:
            if isinstance(step, Savepoint):
                with _tolerated(), connection.transaction():
                    for statement in step.steps:
                        _send(connection, statement)
                    _end(is_kept=step.is_kept)
            else:
                _send(connection, step)
        _end(is_kept=transaction.is_kept)


def _send(connection: Connection, statement: Statement) -> None:
    connection.execute(statement.sql.encode(), statement.parameters or None)


def _end(*, is_kept: bool) -> None:
    if not is_kept:
        raise _Abandoned


@contextlib.contextmanager
def _tolerated() -> Generator[None]:
    """Swallow what is to be expected of writers that race under limits."""
    try:
        yield
    except _Abandoned:
        pass
    except psycopg.Error as error:
        if error.sqlstate not in _EXPECTED:
            raise
