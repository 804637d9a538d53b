"""
Many callers of one logical operation, whose connections do not last.

In: a shop, a task's token. Out: every answer that arrived. I/O: PostgreSQL, threads.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.integration.operations.calls import Result, call
from tests.moat_fixtures import Connection, Moat, enter

CALLERS = 8
RETRIES = 200


class Storm:
    """Callers that go on through lost connections and a lost server until each has tried often enough."""

    def __init__(self, shop: Moat, token: str, key: str) -> None:
        self.shop = shop
        self.is_up = threading.Event()
        self.is_up.set()
        self._token = token
        self._key = key

    def run(self, meanwhile: Callable[[], None]) -> tuple[list[Result], int]:
        """Return all answers, and how many calls got none; *meanwhile* runs beside the callers."""
        with ThreadPoolExecutor(CALLERS) as pool:
            callers = [pool.submit(self._repeat) for _ in range(CALLERS)]
            try:
                meanwhile()
                self.kill_until(lambda: all(caller.done() for caller in callers))
            finally:
                self.is_up.set()
            found = [caller.result() for caller in callers]
        return [result for results, _ in found for result in results], sum(lost for _, lost in found)

    def kill_until(self, is_over: Callable[[], bool]) -> None:
        """End a connection of the agent, drawn by lot, again and again."""
        draw = random.Random(7)  # noqa: S311 - a lot, no secret
        with self.shop.superuser() as connection:
            while not is_over():
                pids = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE usename = %s", [self.shop.role("support")]
                ).fetchall()
                if pids:
                    connection.execute("SELECT pg_terminate_backend(%s)", draw.choice(pids))
                connection.execute("SELECT pg_sleep(0.004)")

    def _repeat(self) -> tuple[list[Result], int]:
        results: list[Result] = []
        connection: Connection | None = None
        lost = 0
        while len(results) + lost < RETRIES:
            try:
                if connection is None:
                    assert self.is_up.wait(60)
                    connection = self.shop.connect("support")
                with connection.transaction():
                    enter(connection, self._token)
                    result = call(connection, "refund_order", self._key, order_id=5, amount=20)
                results.append(result)
            except psycopg.OperationalError:
                lost += 1
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            with contextlib.suppress(psycopg.OperationalError):
                connection.close()
        return results, lost
