"""
Run probes as a role, many in one go, each in a transaction of its own that is rolled back.

In: a connection that is the role already, probes. Out: an answer per probe. I/O: PostgreSQL.

libpq's pipeline sends the next statement before the last is answered: ten thousand probes on a server ten
milliseconds away would take five minutes otherwise. Each transaction ends at once, and with it every lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, errors
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from pgmoat.report.blast.trial import Mode, Probe

_AT_A_TIME = 50
"""Probes on the way at once: the answers fit into the socket's buffer, or both sides wait for ever."""

Progress = Callable[[int], None]
"""Is told how many more probes are done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What PostgreSQL said to a probe."""

    sqlstate: str  # empty: it succeeded
    message: str = ""
    is_true: bool = False  # of a question


def run_probes(
    connection: Connection[Any],
    probes: Sequence[Probe],
    *,
    prefix: Sequence[str] = (),
    on_progress: Progress | None = None,
) -> list[Answer]:
    """
    Return an answer per probe; *prefix* is run before each, in the same transaction.

    The connection must be in autocommit mode, and outside of a transaction.
    """
    answers: list[Answer] = []
    for start in range(0, len(probes), _AT_A_TIME):
        batch = probes[start : start + _AT_A_TIME]
        if any(probe.mode is Mode.ALONE for probe in batch):
            answers += [_run_one(connection, probe, prefix) for probe in batch]
        else:
            answers += _run_batch(connection.pgconn, batch, prefix)
        if on_progress is not None:
            on_progress(len(batch))
    return answers


def _run_one(connection: Connection[Any], probe: Probe, prefix: Sequence[str]) -> Answer:
    """Run a probe that cannot be in a pipeline; one that is alone has no prefix either."""
    if probe.mode is not Mode.ALONE:
        return _run_batch(connection.pgconn, [probe], prefix)[0]
    result = connection.pgconn.exec_(probe.sql.encode())
    return _read_answer(result)


def _run_batch(pgconn: PGconn, probes: Sequence[Probe], prefix: Sequence[str]) -> list[Answer]:
    pgconn.enter_pipeline_mode()
    try:
        for probe in probes:
            for statement in _surround(probe, prefix):
                pgconn.send_query_params(statement.encode(), None)
            pgconn.pipeline_sync()
            pgconn.send_query_params(b"ROLLBACK", None)
            pgconn.pipeline_sync()
        answers = [_read_transaction(pgconn, len(_surround(probe, prefix))) for probe in probes]
    finally:
        pgconn.exit_pipeline_mode()
    return answers


def _surround(probe: Probe, prefix: Sequence[str]) -> tuple[str, ...]:
    """Return the statements of a probe's transaction: from the probe on it only reads, if it may."""
    if not prefix:
        return (f"BEGIN TRANSACTION {probe.mode.upper()}", probe.sql)
    only_reads = ("SET TRANSACTION READ ONLY",) if probe.mode is Mode.READ_ONLY else ()
    return ("BEGIN TRANSACTION READ WRITE", *prefix, *only_reads, probe.sql)


def _read_transaction(pgconn: PGconn, count: int) -> Answer:
    """Return what the last of *count* statements got, or the one before it that failed."""
    answer = Answer("")
    for result in _read_results(pgconn, count):
        if result.status != ExecStatus.PIPELINE_ABORTED:
            answer = _read_answer(result)
    _expect_sync(pgconn)
    for _ in _read_results(pgconn, 1):
        pass
    _expect_sync(pgconn)
    return answer


def _read_results(pgconn: PGconn, count: int) -> Iterator[PGresult]:
    """Yield the result of each statement; libpq ends each with an empty one."""
    for _ in range(count):
        while (result := pgconn.get_result()) is not None:
            if result.status == ExecStatus.FATAL_ERROR and not result.error_field(DiagnosticField.SQLSTATE):
                raise errors.OperationalError(result.error_message.decode(errors="replace"))
            yield result


def _expect_sync(pgconn: PGconn) -> None:
    result = pgconn.get_result()
    if result is None or result.status != ExecStatus.PIPELINE_SYNC:
        raise errors.OperationalError("the connection was lost while probes were on the way")


def _read_answer(result: PGresult) -> Answer:
    state = result.error_field(DiagnosticField.SQLSTATE)
    if state is not None:
        message = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b""
        return Answer(state.decode(), message.decode(errors="replace"))
    is_true = result.status == ExecStatus.TUPLES_OK and result.ntuples > 0 and result.get_value(0, 0) == b"t"
    return Answer("", "", is_true)
