# Made from asynchronous/exchange.py by scripts/generate_sync.py: change that one.
"""
Messages to PostgreSQL, all that belong together in one round trip.

In: a connection, Messages. Out: cursors, rows. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from pgmoat.runtime.failures import explain_answer, explain_failure, explain_value
from pgmoat.runtime.messages import Message, list_parameters
from pgmoat.runtime.synchronous.pipeline import open_pipeline


def send(connection: Connection[Any], *messages: Message) -> list[Cursor[Any]]:
    """
    Send *messages* and return a cursor for each, with its answer.

    Raises:
        AgentError: one of them failed; those behind it were not run.
    """
    try:
        if len(messages) == 1:
            (only,) = messages
            return [connection.execute(only.text, only.values, prepare=only.prepare)]
        return _send_together(connection, messages)
    except psycopg.Error as error:
        raise explain_failure(error, parameters=list_parameters(messages)) from error
    except (TypeError, ValueError, RecursionError) as error:  # json's and the codecs' own
        raise explain_value(error) from error


def _send_together(connection: Connection[Any], messages: Sequence[Message]) -> list[Cursor[Any]]:
    """
    Send *messages* in one pipeline.

    An error that arrives while the others are being sent does not leave the block: psycopg would log a
    warning about the rest of the pipeline for each statement that is refused.
    """
    cursors: list[Cursor[Any]] = []
    first: Exception | None = None
    try:
        with open_pipeline(connection):
            for message in messages:
                cursor = connection.cursor()
                try:
                    cursor.execute(message.text, message.values, prepare=message.prepare)
                except (psycopg.Error, TypeError, ValueError, RecursionError) as error:
                    first = error
                    break
                cursors.append(cursor)
    except psycopg.Error as error:
        raise first or error from None
    if first is not None:
        raise first
    return cursors


def read_rows(cursor: Cursor[Any]) -> list[TupleRow]:
    """
    Return the rows of an answer.

    Raises:
        AgentError: Python has no value for one of theirs: a date of infinity, say.
    """
    try:
        return cursor.fetchall()
    except (psycopg.Error, NotImplementedError, ValueError, OverflowError, RecursionError) as error:
        raise explain_answer(error) from error
