"""
How many names a second are judged, taken apart and written out.

In: none. Out: Report. I/O: none; the server plays no part.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

from bench.measure import Scale, Spread
from bench.report import Report, Table
from bench.scratch import Scratch
from pgmoat.report.naming.abbreviations import load_abbreviations
from pgmoat.report.naming.expansion import expand
from pgmoat.report.naming.hints import read_hints
from pgmoat.report.naming.naturalness import classify_many
from pgmoat.report.naming.words import load_ranks, split_words

_WORDS = 20_000  # names are made of the most frequent ones
_CONTEXT = ("customers", "orders", "products", "invoices", "The street address of the customer.")


def measure_naming(_scratch: Scratch, scale: Scale) -> Report:
    """Time levels, words and expansions of names that were never seen before, and of the same again."""
    count = scale.pick(10_000, 200)
    rounds = [_make_names(count, seed) for seed in range(scale.rounds)]
    hints = read_hints(_CONTEXT)
    cases: tuple[tuple[str, Callable[[Sequence[str]], object]], ...] = (
        ("level", classify_many),
        ("words", lambda names: [split_words(name) for name in names]),
        ("expansion", lambda names: [expand(name, hints) for name in names]),
    )
    return Report(
        "Names of tables and columns",
        (
            f"{count:,} different names a round, made up of one to four words and abbreviations, written with"
            " underscores, in camel case, or glued; each round has others. CPU time of one process."
            " *again*: the same names once more.",
        ),
        (
            Table(
                "",
                ("what", "new: names a second", "again: names a second"),
                tuple(_measure_case(name, run, rounds) for name, run in cases),
            ),
        ),
    )


def _measure_case(
    name: str, run: Callable[[Sequence[str]], object], rounds: Sequence[Sequence[str]]
) -> tuple[str, Spread, Spread]:
    run(("customer_id", "xqz1"))  # the word lists are loaded
    pairs = [(_count_a_second(run, names), _count_a_second(run, names)) for names in rounds]
    new, again = zip(*pairs, strict=True)
    return name, _spread(new), _spread(again)


def _count_a_second(run: Callable[[Sequence[str]], object], names: Sequence[str]) -> float:
    started = time.process_time()
    run(names)
    return len(names) / max(time.process_time() - started, 1e-9)


def _make_names(count: int, seed: int) -> list[str]:
    """Return different made-up names, the same for the same *seed*."""
    chance = random.Random(seed)  # noqa: S311 - no secret: the same names in each run
    frequent = [word for word, rank in load_ranks().items() if rank < _WORDS]
    pieces = [*frequent, *load_abbreviations()]
    names: dict[str, None] = {}
    while len(names) < count:
        words = chance.choices(pieces, k=chance.randint(1, 4))
        joined = chance.choice(("_".join(words), "".join(map(str.title, words)), "".join(words)))
        name = joined.upper() if chance.random() < 0.2 else joined
        names[name + (str(chance.randint(1, 9)) if chance.random() < 0.2 else "")] = None
    return list(names)


def _spread(figures: Sequence[float]) -> Spread:
    return Spread(statistics.median(figures), min(figures), max(figures))
