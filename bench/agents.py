"""
A process of agents that think and call, for "fleet": `python -m bench.agents`.

In: an Order, as a line of JSON on standard input. Out: lines of JSON on standard output. I/O: PostgreSQL.

It says that it is ready, waits for a line, lets its agents work, says what they met, and waits for the end of
its input, so that its connections can be looked at.
"""

from __future__ import annotations

import asyncio
import faulthandler
import itertools
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, LiteralString

from psycopg import AsyncConnection, AsyncRawCursor, Error

from pgmoat.errors import AgentError
from pgmoat.runtime import AsyncMoat, AsyncTask, Backoff
from pgmoat.runtime.asynchronous.pipeline import open_pipeline

SHORT, HOLDING, RUNTIME = "short", "holding", "runtime"
"""Raw psycopg with short transactions; with one that is held while thinking; pgmoat's runtime."""

_MOST_S = 180.0

_ENTER: LiteralString = "SELECT pgmoat.enter($1, 'bench', 'bench')"
_READ: LiteralString = "SELECT id, fulfillment_status, amount, version FROM agent.orders WHERE id = $1"
_WRITE: LiteralString = "UPDATE agent.orders SET version = version + 1 WHERE id = $1"
_BEGIN_WRITE: LiteralString = "SELECT b.call FROM pgmoat.begin_write($1, $2, $3, 'bench', 'bench') AS b"
_FINISH_WRITE: LiteralString = "SELECT pgmoat.finish_write($1)"


@dataclass(frozen=True, slots=True)
class Order:
    """What the agents of one process do."""

    dsn: str
    kind: str
    tokens: list[str]  # of an agent each
    rows: int
    think_s: tuple[float, float]
    warm_up_s: float
    seconds: float
    is_prepared: bool
    seed: int


@dataclass(slots=True)
class Record:
    """What the agents of one process met within the measured time."""

    waits_ms: list[float] = field(default_factory=list[float])  # from asking to the answer
    unanswered_ms: list[float] = field(default_factory=list[float])  # so far, at the end
    errors: Counter[str] = field(default_factory=Counter[str])
    cpu_s: float = 0.0
    connections: int = 0


@dataclass(slots=True)
class Crowd:
    """The agents, their clock and their record."""

    order: Order
    record: Record = field(default_factory=Record)
    asked: dict[int, float] = field(default_factory=dict[int, float])
    starts: float = 0.0

    async def ask(self, number: int, call: Awaitable[None]) -> None:
        """Time one call of an agent."""
        asked = self.asked[number] = time.monotonic()
        try:
            await call
        except (AgentError, Error, OSError) as error:
            if self.is_measured():
                self.record.errors[type(error).__name__] += 1
            await asyncio.sleep(0.1)
        else:
            if self.is_measured():
                self.record.waits_ms.append((time.monotonic() - asked) * 1000)
        del self.asked[number]

    def is_measured(self) -> bool:
        """Whether an answer now counts; when it was asked for plays no part."""
        return self.starts <= time.monotonic() <= self.starts + self.order.seconds


@dataclass(frozen=True, slots=True)
class RawAgent:
    """An agent with a client connection of its own."""

    connection: AsyncConnection[Any]
    token: str
    is_holding: bool

    async def read(self, row: int) -> None:
        """Enter the task and read an order; one that holds its transaction leaves it open."""
        async with open_pipeline(self.connection):
            await self.connection.execute("BEGIN")
            await self.connection.execute(_ENTER, [self.token])
            await self.connection.execute(_READ, [row])
            if not self.is_holding:
                await self.connection.execute("COMMIT")

    async def write(self, row: int, key: str) -> None:
        """Write once and commit."""
        async with open_pipeline(self.connection):
            if not self.is_holding:
                await self.connection.execute("BEGIN")
            begun = await self.connection.execute(_BEGIN_WRITE, [key, "{}", self.token])
        found = await begun.fetchone()
        async with open_pipeline(self.connection):
            await self.connection.execute(_WRITE, [row])
            await self.connection.execute(_FINISH_WRITE, [found[0] if found else None])
            await self.connection.execute("COMMIT")


@dataclass(frozen=True, slots=True)
class RuntimeAgent:
    """An agent that shares the connections of its process."""

    task: AsyncTask

    async def read(self, row: int) -> None:
        """Read an order."""
        sql = "SELECT id, fulfillment_status, amount, version FROM orders WHERE id = :id"
        await self.task.query(sql, {"id": row})

    async def write(self, row: int, key: str) -> None:
        """Write once."""
        await self.task.write("UPDATE orders SET version = version + 1 WHERE id = :id", {"id": row}, key=key)


async def _work(crowd: Crowd, number: int, agent: RawAgent | RuntimeAgent) -> None:
    """Think and call for ever."""
    order = crowd.order
    draw = random.Random(order.seed * 100_000 + number)  # noqa: S311 - no secret
    # Each begins somewhere within a thought.
    await asyncio.sleep(draw.random() * draw.uniform(*order.think_s))
    for count in itertools.count():
        row, key = draw.randint(1, order.rows), f"{order.tokens[number][:16]} {count}"
        if order.kind == HOLDING:
            await crowd.ask(number, agent.read(row))
            await asyncio.sleep(draw.uniform(*order.think_s))
            await crowd.ask(number, agent.write(row, key))
        else:
            await crowd.ask(number, agent.write(row, key) if count % 2 else agent.read(row))
            await asyncio.sleep(draw.uniform(*order.think_s))


async def _prepare(order: Order, opened: AsyncExitStack) -> list[RawAgent] | list[RuntimeAgent]:
    """Return the agents, with whatever connections they need before they begin."""
    if order.kind == RUNTIME:
        policy = Path(__file__).with_name("policies") / "fleet.yaml"
        backoff = Backoff(deadline_s=300)
        moat = await opened.enter_async_context(AsyncMoat(policy, dsns={"fleet": order.dsn}, backoff=backoff))
        return [RuntimeAgent(await moat.open_task("fleet", "bench", token=token)) for token in order.tokens]
    agents: list[RawAgent] = []
    for token in order.tokens:
        connection = await AsyncConnection.connect(
            order.dsn,
            autocommit=True,
            cursor_factory=AsyncRawCursor,
            prepare_threshold=0 if order.is_prepared else None,
        )
        opened.push_async_callback(connection.close)
        agents.append(RawAgent(connection, token, order.kind == HOLDING))
    return agents


async def _measure(crowd: Crowd, agents: Sequence[RawAgent | RuntimeAgent]) -> None:
    order, record = crowd.order, crowd.record
    crowd.starts = time.monotonic() + order.warm_up_s
    running = [asyncio.create_task(_work(crowd, number, agent)) for number, agent in enumerate(agents)]
    await asyncio.sleep(order.warm_up_s)
    cpu = time.process_time()
    print(json.dumps("measuring"), flush=True)
    await asyncio.sleep(crowd.starts + order.seconds - time.monotonic())
    record.cpu_s = time.process_time() - cpu
    ended = time.monotonic()
    for one in running:
        if one.done():  # it never should
            print(f"an agent has ended: {one.exception()!r}", file=sys.stderr, flush=True)
            os._exit(1)
    record.unanswered_ms = [(ended - asked) * 1000 for asked in crowd.asked.values()]
    record.connections = _count_sockets()
    print(json.dumps(asdict(record)), flush=True)
    sys.stdin.readline()
    os._exit(0)  # what is asked and not answered is nobody's any more


def _count_sockets() -> int:
    """Return how many connections this process has: its sockets but for the two that wake the event loop."""
    links = (link for link in Path("/proc/self/fd").glob("*") if link.is_symlink())
    return sum(str(link.readlink()).startswith("socket:") for link in links) - 2


async def _main() -> None:
    crowd = Crowd(Order(**json.loads(sys.stdin.readline())))
    async with AsyncExitStack() as opened:
        agents = await _prepare(crowd.order, opened)
        print(json.dumps("ready"), flush=True)
        sys.stdin.readline()
        await _measure(crowd, agents)


if __name__ == "__main__":
    faulthandler.dump_traceback_later(_MOST_S, exit=True)  # the one that waits for us is told
    asyncio.run(_main())
