"""
How natural a name is: full words, recognisable abbreviations, or cryptic.

The levels are those of SNAILS (SIGMOD 2025): N1 regular, N2 low, N3 least.

In: names. Out: Naturalness. I/O: the shipped model, read at the first use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pgmoat.report.naming.abbreviations import load_abbreviations
from pgmoat.report.naming.words import is_word, split_words


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
    words = [word for word in split_words(name) if not word.isdigit()]
    known = sum(map(is_word, words))
    recognised = sum(word in load_abbreviations() for word in words if not is_word(word))
    if words and known == len(words):
        return Naturalness(Level.REGULAR, 0.85, 0.1, 0.05)
    if known + recognised > len(words) / 2:
        return Naturalness(Level.LOW, 0.1, 0.7, 0.2)
    return Naturalness(Level.LEAST, 0.05, 0.25, 0.7)


def classify_many(names: Iterable[str]) -> list[Naturalness]:
    """Return how natural each of *names* is, in their order."""
    return [classify(name) for name in names]
