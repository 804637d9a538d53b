"""
What the guard takes to judge a statement, against the parser alone.

In: none. Out: Report. I/O: none; the server plays no part.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import postgast

from bench.measure import Scale, Spread
from bench.report import Report, Table
from bench.scratch import Scratch
from pgmoat.guard.allowed import Allowed
from pgmoat.guard.check import Use, check_statement

_ALLOWED = Allowed(
    schema="agent",
    relations=frozenset({"orders", "customers", "items", "payments"}),
    functions=frozenset({"pgmoat.my_task", "pgmoat.scope"}),
    operations=frozenset({"refund_order"}),
)

_JOINED = """
SELECT o.id, c.name, sum(i.price * i.quantity) AS total
  FROM orders AS o
  JOIN customers AS c ON c.id = o.customer_id
  JOIN items AS i ON i.order_id = o.id
 WHERE o.status = 'pending' AND c.country = $1
 GROUP BY o.id, c.name
 ORDER BY total DESC
 LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class _Read:
    name: str
    text: str


def measure_guard(_scratch: Scratch, scale: Scale) -> Report:
    """Time verdicts on three reads: never seen before, and seen before."""
    return Report(
        "The guard's verdict on a statement",
        (
            "Client time in this process. *parser alone*: `postgast.parse`. *uncached*: each text is another"
            " one, by a comment. *cached*: the same text again.",
        ),
        (
            Table(
                "",
                (
                    "statement",
                    "characters",
                    "parser alone µs",
                    "uncached µs",
                    "cached µs",
                    "uncached : parser",
                ),
                tuple(_measure_read(read, scale) for read in _list_reads()),
            ),
        ),
    )


def _list_reads() -> Iterator[_Read]:
    yield _Read("short read", "SELECT id, status FROM orders WHERE id = $1")
    yield _Read("read with 3 joined entities", _JOINED.strip())
    parts = ",\n".join(f"part_{n} AS ({_JOINED.strip()})" for n in range(4))
    lines = "\n   AND ".join(f"(p.total > {n} OR q.status IN ('a', 'b'))" for n in range(13))
    yield _Read(
        "read of 50 lines",
        f"WITH {parts}\nSELECT p.id, coalesce(q.total, 0), round(avg(r.total) OVER (ORDER BY p.id), 2)\n"
        f"  FROM part_0 AS p\n  JOIN part_1 AS q USING (id)\n  JOIN part_2 AS r USING (id)\n WHERE {lines}",
    )


def _measure_read(read: _Read, scale: Scale) -> tuple[str, int, Spread, Spread, Spread, Spread]:
    repeats = scale.pick(300, 3)
    numbers = iter(range(10**9))
    parsed: list[float] = []
    uncached: list[float] = []
    cached: list[float] = []
    _ = check_statement(read.text, Use.READ, _ALLOWED)
    for _round in range(scale.rounds):
        parsed.append(_time(lambda: postgast.parse(read.text), repeats))
        uncached.append(
            _time(lambda: check_statement(f"{read.text} -- {next(numbers)}", Use.READ, _ALLOWED), repeats)
        )
        cached.append(_time(lambda: check_statement(read.text, Use.READ, _ALLOWED), repeats * 10))
        _ = check_statement(read.text, Use.READ, _ALLOWED)
    ratios = [one / other for one, other in zip(uncached, parsed, strict=True)]
    return (
        read.name,
        len(read.text),
        _spread(parsed),
        _spread(uncached),
        _spread(cached),
        _spread(ratios),
    )


def _time(run: Callable[[], object], repeats: int) -> float:
    """Return what one call takes, in microseconds."""
    started = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - started) / repeats * 1e6


def _spread(figures: list[float]) -> Spread:
    return Spread(statistics.median(figures), min(figures), max(figures))
