"""
What stands around a name and may say what its abbreviations mean.

In: texts: names and comments. Out: Hints. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pgmoat.report.naming.abbreviations import write_out
from pgmoat.report.naming.inflection import singular
from pgmoat.report.naming.words import is_word, split_words


@dataclass(frozen=True, slots=True)
class Hints:
    """The words around a name, in the singular."""

    words: frozenset[str]  # of the same table
    far: frozenset[str]  # of other tables: they make a meaning likelier, but not certain
    full: tuple[str, ...]  # the English ones of all, for abbreviations that no dictionary has


def read_hints(texts: Iterable[str], far: Iterable[str] = ()) -> Hints:
    """Return the words of *texts*: a table's name, comments, columns; and of *far*: other tables."""
    words = frozenset(word for text in texts for word in _read_words(text))
    others = frozenset(word for text in far for word in _read_words(text)) - words
    full = sorted(word for word in words | others if len(word) > 3 and is_word(word))
    return Hints(words, others, tuple(full))


@lru_cache(maxsize=16384)
def _read_words(text: str) -> frozenset[str]:
    words = [word for word in split_words(text) if not word.isdigit()]
    full = [part for word in words for part in write_out(word)]
    return frozenset(map(singular, words + full))
