# Made from asynchronous/pipeline.py by scripts/generate_sync.py: change that one.
"""
A pipeline that ends with Sync, and nothing behind it.

In: a connection. Out: its pipeline. I/O: PostgreSQL.

psycopg's own (3.3) ends with Sync and then, mostly in a packet of its own, a Flush that asks for nothing any
more. To one that comes behind the answer to the Sync PgBouncer gives a server connection, and it stays with
that client until its next message, however long it idles; and PostgreSQL (15 to 18) forgets its
idle_in_transaction_session_timeout. No issue of psycopg's or PgBouncer's was found that tells of it. What is
private to psycopg is used here alone.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, Pipeline, generators
from psycopg.abc import PQGen

_METHODS = ("_exit_gen", "_enqueue_sync", "_communicate_gen", "_fetch_gen")


class QuietPipeline(Pipeline):
    """psycopg's pipeline without the Flush: the Sync makes the server answer everything."""

    def _exit_gen(self) -> PQGen[None]:
        try:
            self._enqueue_sync()
            yield from self._communicate_gen()
        finally:
            if self.command_queue:
                # An error came before the Sync was sent, and without either no answer would come.
                yield from self._fetch_gen(flush=True)
            elif self.result_queue:
                # First the rest of what the socket did not take at once: psycopg leaves it to the Flush.
                yield from generators.send(self.pgconn)
                yield from self._fetch_gen(flush=False)


def can_be_quiet(connection: Connection[Any]) -> bool:
    """Whether this psycopg has the private names; a test fails on one that has not."""
    has_methods = all(hasattr(Pipeline, name) for name in _METHODS)
    return has_methods and hasattr(generators, "send") and hasattr(connection, "_pipeline")


@contextmanager
def open_pipeline(connection: Connection[Any]) -> Generator[Pipeline]:
    """
    Yield a pipeline of *connection*: ``connection.pipeline()``, which takes the one that it finds there.

    A psycopg without those names has its own: a Flush too many is better than no statement.
    """
    holder: Any = connection  # of _pipeline
    quiet = QuietPipeline(connection) if can_be_quiet(connection) else None
    with connection.lock:
        if quiet is not None and holder._pipeline is None:
            holder._pipeline = quiet
    try:
        with connection.pipeline() as pipeline:
            yield pipeline
    finally:
        if quiet is not None and quiet.level == 0 and holder._pipeline is quiet:
            holder._pipeline = None  # it was never entered: psycopg forgets those that were
