"""
People at work: the queries of reads.sql and writes.sql, always the same, whatever agents do.

In: a connection of people's. Out: Answers. I/O: PostgreSQL.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

from tests.moat_fixtures import Connection, Row

Answers = dict[str, list[Row]]
"""By name of a query, its rows; by name of a write, how many rows it met and what it returned."""

Touched = dict[str, set[Any]]
"""By subject (film, actor, customer), the ids that agents' writes have to do with."""

_HEADER = re.compile(r"^-- (\w+)(?:: (.*))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its header."""

    name: str
    subject: str
    text: bytes


def load_queries(file_name: str) -> list[Query]:
    """Return the queries of a file of this folder; what stands before the first header is a comment."""
    text = (Path(__file__).parent / file_name).read_text(encoding="utf-8").partition("\n\n")[2]
    parts = _HEADER.split(text)[1:]
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [Query(name, subject or "", query.encode()) for name, subject, query in triples]


READS = load_queries("reads.sql")
WRITES = load_queries("writes.sql")


def work(connection: Connection) -> Answers:
    """Run all that people run, and return what they saw."""
    answers: Answers = {}
    for query in WRITES:
        cursor = connection.execute(query.text)
        rows = sorted(cursor.fetchall()) if cursor.description else []
        answers[query.name] = [(cursor.rowcount, *rows)]
    for query in READS:
        answers[query.name] = [_sort_lists(row) for row in connection.execute(query.text)]
    return answers


def _sort_lists(row: Row) -> Row:
    """Return *row* with joined texts in order: the database's own group_concat knows none."""
    return tuple(", ".join(sorted(value.split(", "))) if isinstance(value, str) else value for value in row)


_TOUCHED: LiteralString = """
WITH h AS (SELECT entity, COALESCE(after, before) AS row FROM pgmoat.history)
SELECT 'film', (row ->> 'id')::integer FROM h WHERE entity = 'films'
UNION
SELECT 'film', (row ->> 'film_id')::integer FROM h WHERE entity IN ('film_actors', 'film_categories')
UNION
SELECT 'actor', (row ->> 'id')::integer FROM h WHERE entity = 'actors'
UNION
SELECT 'actor', (row ->> 'actor_id')::integer FROM h WHERE entity = 'film_actors'
UNION
SELECT 'customer', (row ->> 'id')::integer FROM h WHERE entity = 'customers'
UNION
SELECT 'customer', (row ->> 'customer_id')::integer FROM h WHERE entity = 'rentals'
UNION
SELECT 'customer', c.customer_id
  FROM h JOIN public.customer AS c ON c.address_id = (row ->> 'id')::integer WHERE entity = 'addresses'
"""


def read_touched(superuser: Connection) -> Touched:
    """Return what agents' writes have to do with, as the history says."""
    touched: Touched = {"film": set(), "actor": set(), "customer": set(), "total": set()}
    for subject, number in superuser.execute(_TOUCHED):
        touched[subject].add(number)
    return touched


def leave_out(answers: Answers, touched: Touched) -> Answers:
    """Return *answers* without the rows that tell of something touched."""
    subjects = {query.name: touched[query.subject] for query in READS}
    return {
        name: [row for row in rows if row[0] not in subjects.get(name, ())] for name, rows in answers.items()
    }


@dataclass(frozen=True, slots=True)
class Shift:
    """Rounds of people's work while something else goes on."""

    rounds: list[Answers]
    failure: BaseException | None


def work_during(connection: Connection, action: Callable[[], None]) -> Shift:
    """Let people work without a pause while *action* runs, and until the round that saw its end is over."""
    is_over = threading.Event()
    rounds: list[Answers] = []

    def keep_working() -> None:
        while not is_over.is_set():
            rounds.append(work(connection))

    with ThreadPoolExecutor(1) as pool:
        shift = pool.submit(keep_working)
        try:
            action()
        finally:
            is_over.set()
        failure = shift.exception()
    return Shift(rounds, failure)
