"""
The rows that a write returned, as they are kept for its retries.

In: a cursor's answer. Out: JSON; and back. I/O: none.

The first entry names columns and types, the others hold values as PostgreSQL prints them: a replay gives
the same Python values as the write did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import Format
from psycopg.pq.abc import PGresult

from pgmoat.runtime.failures import explain_answer
from pgmoat.runtime.intervals import Adapters
from pgmoat.runtime.result import Row, name_columns

Unpacked = tuple[tuple[str, ...], tuple[Row, ...]]
"""Names of columns, and rows."""


def pack_rows(answer: PGresult | None, counters: int = 0) -> tuple[list[list[Any]], bool]:
    """
    Return columns and rows of an answer in text format, and whether PostgreSQL has cut some off.

    Without the last *counters* columns, of which the very last counts all rows. Nothing for an answer
    without columns.
    """
    if answer is None or answer.nfields == 0:
        return [], False
    counted = answer.get_value(0, answer.nfields - 1) if counters and answer.ntuples else None
    is_cut = counted is not None and int(counted) > answer.ntuples
    fields = range(answer.nfields - counters)
    header = [[_decode(answer.fname(field)), answer.ftype(field)] for field in fields]
    rows = [[_decode(answer.get_value(row, field)) for field in fields] for row in range(answer.ntuples)]
    return [header, *rows], is_cut


def unpack_rows(kept: Sequence[Sequence[Any]]) -> Unpacked:
    """
    Return the names and rows of what :func:`pack_rows` made.

    Raises:
        StatementInvalidError: a value that Python has none for.
    """
    if not kept:
        return (), ()
    header, *rows = kept
    names = name_columns([str(name) for name, _ in header])
    transformer = Transformer(Adapters())
    loaders = [transformer.get_loader(int(oid), Format.TEXT).load for _, oid in header]
    try:
        return names, tuple(
            {
                name: None if text is None else load(str(text).encode())
                for name, load, text in zip(names, loaders, row, strict=True)
            }
            for row in rows
        )
    except (psycopg.Error, NotImplementedError, ValueError, OverflowError, RecursionError) as error:
        raise explain_answer(error) from error


def _decode(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
