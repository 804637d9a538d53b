"""
Several connections of one agent that write at once.

In: Moat, tokens. Out: how many rows the writers were told are committed. I/O: PostgreSQL, threads.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.moat_fixtures import Moat, enter


def write_at_once(
    moat: Moat, agent: str, tokens: Sequence[str], *, tries: int, route: str, is_immediate: bool = False
) -> int:
    """
    Return the rows committed by one writer for each token, each of which tries *tries* rows one by one.

    Every refusal must be one of a budget; anything else is raised.
    """
    start = threading.Barrier(len(tokens))

    def work(number: int) -> int:
        committed = 0
        with moat.connect(agent, route=route) as connection:
            start.wait()
            for attempt in range(tries):
                row = (1000 + number * tries + attempt,)
                try:
                    with connection.transaction():
                        enter(connection, tokens[number])
                        if is_immediate:
                            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                        connection.execute("INSERT INTO counters (id, v) VALUES (%s, 1)", row)
                except psycopg.Error as error:
                    if error.sqlstate not in {"PM011", "PM012", "40001"}:
                        raise
                else:
                    committed += 1
        return committed

    with ThreadPoolExecutor(len(tokens)) as pool:
        return sum(pool.map(work, range(len(tokens))))
