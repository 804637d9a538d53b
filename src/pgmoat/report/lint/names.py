"""
What the names of a schema are made of, in the words of :mod:`pgmoat.report.naming`.

In: names. Out: words, levels, expansions. I/O: none.
"""

from __future__ import annotations

from functools import lru_cache

from pgmoat.report.naming.inflection import singular as _singular
from pgmoat.report.naming.naturalness import Level, classify
from pgmoat.report.naming.words import split_words

__all__ = ["Level", "level_of", "words_of"]


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of *name* in lower case."""
    return split_words(name)


@lru_cache(maxsize=65536)
def level_of(name: str) -> Level:
    """Return how natural *name* is."""
    return classify(name).level


def is_cryptic(name: str) -> bool:
    """Whether nobody can read *name*."""
    return level_of(name) is Level.LEAST


def last_words(words: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return the last *count* of *words* that are no numbers."""
    return tuple(word for word in words if not word.isdigit())[-count:]


def to_snake(name: str) -> str:
    """Return *name* in lower case with underscores."""
    return "_".join(words_of(name)) or "…"


def singular(name: str) -> str:
    """Return *name* with its last word in the singular."""
    return _singular(name)


def normalize(name: str) -> str:
    """Return *name* as one word, in the singular: ``OrderItems``, ``order_item`` and ``orderitems`` are one."""
    return "".join(words_of(singular("_".join(words_of(name)))))
