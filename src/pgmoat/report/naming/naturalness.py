"""
How natural a name is: full words, recognisable abbreviations, or cryptic.

The levels are those of SNAILS (SIGMOD 2025): N1 regular, N2 low, N3 least. A linear model judges, which
scripts/train_naturalness.py trained on the names that were labelled there.

In: names. Out: Naturalness. I/O: the shipped model, read at the first use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pgmoat.report.naming.features import Word, list_name_keys, list_word_keys, read_word, read_words
from pgmoat.report.naming.model import Model, load_model
from pgmoat.report.naming.words import split_tokens


class Level(StrEnum):
    """How natural a name is."""

    REGULAR = "regular"  # N1: full words
    LOW = "low"  # N2: abbreviations that one recognises
    LEAST = "least"  # N3: cryptic


@dataclass(frozen=True, slots=True)
class Naturalness:
    """The level of a name, and how probable each level is; the three add up to 1."""

    level: Level
    regular: float
    low: float
    least: float


def classify(name: str) -> Naturalness:
    """Return how natural *name* is."""
    return _classify(name, load_model())


def classify_many(names: Iterable[str]) -> list[Naturalness]:
    """Return how natural each of *names* is, in their order."""
    model = load_model()
    return [_classify(name, model) for name in names]


def _classify(name: str, model: Model) -> Naturalness:
    regular, low, least = rate(name, model)
    best = max(regular, low, least)
    level = Level.REGULAR if best == regular else Level.LOW if best == low else Level.LEAST
    return Naturalness(level, regular, low, least)


def rate(name: str, model: Model) -> tuple[float, float, float]:
    """Return how probable each level is for *name*, the most natural first."""
    one = three = 0
    words: list[Word] = []
    for part in split_tokens(name):
        first, third, found = _read_part(part, model)
        one += first
        three += third
        words += found
    first, third = model.add_up(set(list_name_keys(name, words)))
    return model.rate(one + first, three + third)


@lru_cache(maxsize=65536)
def _read_part(part: str, model: Model) -> tuple[int, int, tuple[Word, ...]]:
    """Return the sums of a part's words, and the words; databases use the same parts again and again."""
    words = read_words(part)
    sums = [_add_up_word(word.text, model) for word in words]
    return sum(one for one, _ in sums), sum(three for _, three in sums), words


@lru_cache(maxsize=65536)
def _add_up_word(text: str, model: Model) -> tuple[int, int]:
    return model.add_up(set(list_word_keys(read_word(text))))
