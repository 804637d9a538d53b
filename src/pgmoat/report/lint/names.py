"""
What the names of a schema are made of, in the words of :mod:`pgmoat.report.naming`.

In: names. Out: words, levels, expansions. I/O: none but the shipped dictionaries.
"""

from __future__ import annotations

from functools import lru_cache

from pgmoat.report.lint.keywords import RESERVED
from pgmoat.report.naming import inflection
from pgmoat.report.naming.expansion import Expansion, expand
from pgmoat.report.naming.hints import Hints, read_hints
from pgmoat.report.naming.meanings import Sureness
from pgmoat.report.naming.naturalness import Level, classify
from pgmoat.report.naming.words import is_word, split_words
from pgmoat.report.survey.snapshot import SurveyedTable

_NO_HINTS = read_hints(())
_SHORT_WORDS = frozenset({"no", "tel", "pic", "prod", "spec"})
"""English words that names use for another; lab, rep and info have become words of their own."""

_ACCEPTED = frozenset({"auth", "admin", "config", "uid"})
"""Abbreviations that everybody says; what they are short for would be a guess."""

words_of = split_words
singular = inflection.singular


@lru_cache(maxsize=65536)
def full_words(name: str) -> frozenset[str]:
    """Return the words of *name*, and what its abbreviations stand for wherever they stand."""
    expansion = expand(name)
    return frozenset(split_words(name)) | frozenset(
        word
        for part in expansion.expanded
        if part.sureness is Sureness.CERTAIN
        for word in part.words.split("_")
    )


def make_legible(name: str, hints: Hints, owner: str = "", data_type: str = "") -> str:
    """Return *name* in full words, and in another form where that is a reserved word of SQL."""
    return avoid_reserved(expand(name, hints, data_type).identifier, owner)


def avoid_reserved(name: str, owner: str = "") -> str:
    """Return *name*; where SQL reserves it, its plural, or for a column one that names its *owner*."""
    if name not in RESERVED:
        return name
    stem = singular(owner)
    if not owner:
        return inflection.plural(name)
    return f"{stem}_{name}" if stem != name else "…"


@lru_cache(maxsize=65536)
def level_of(name: str) -> Level:
    """Return how natural *name* is."""
    return classify(name).level


def is_cryptic(name: str, hints: Hints = _NO_HINTS, data_type: str = "") -> bool:
    """Whether nobody can read *name*: one that is sure to be written out is only abbreviated."""
    if level_of(name) is not Level.LEAST:
        return False
    if all(word in _ACCEPTED or (len(word) > 3 and is_word(word)) for word in split_words(name)):
        return False
    expansion = expand(name, hints, data_type)
    return not (expansion.is_changed and expansion.sureness is Sureness.CERTAIN)


def last_words(words: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return the last *count* of *words* that are no numbers."""
    return tuple(word for word in words if not word.isdigit())[-count:]


def to_snake(name: str) -> str:
    """Return *name* in lower case with underscores."""
    return "_".join(split_words(name)) or "…"


def normalize(name: str) -> str:
    """Return *name* as one word, in the singular: ``OrderItems`` and ``order_item`` are the same."""
    return singular("_".join(split_words(name))).replace("_", "")


def hints_of(table: SurveyedTable) -> Hints:
    """Return what stands around the names of *table*: other names and comments of it."""
    comments = [column.comment for column in table.columns] + [table.table.comment]
    names = [table.table.name, *(column.name for column in table.columns)]
    return read_hints([*names, *(comment for comment in comments if comment)])


def suggest_legible(name: str, hints: Hints, data_type: str = "") -> str:
    """Return *name* in full words; ``…`` where a word of it stays unknown."""
    expansion = expand(name, hints, data_type)
    return avoid_reserved(expansion.identifier) if expansion.is_changed and not expansion.unknown else "…"


def list_abbreviations(name: str, hints: Hints, data_type: str = "") -> tuple[tuple[str, str], ...]:
    """
    Return the abbreviations in *name* and what they are short for, with a ? where that is a guess.

    Nothing for a name that reads as full words: lab and rep are words by now.
    """
    if level_of(name) is Level.REGULAR:
        return ()
    expansion: Expansion = expand(name, hints, data_type)
    return tuple(
        (part.abbreviation, _say(part.words, part.sureness))
        for part in expansion.expanded
        if part.words
        and part.abbreviation not in _ACCEPTED
        and part.abbreviation != part.words.replace("_", "")  # itemid for item_id
        and (part.abbreviation in _SHORT_WORDS or not is_word(part.abbreviation))
    )


def say_cryptic(name: str, hints: Hints) -> str:
    """Return that *name* cannot be read, or what may be guessed of it."""
    found = list_abbreviations(name, hints)
    guesses = ", ".join(f"{short} for {full}" for short, full in found)
    return f"{name} can only be guessed ({guesses})" if guesses else f"{name} cannot be read"


def _say(words: str, sureness: Sureness) -> str:
    said = words.replace("_", " ")
    return said if sureness is Sureness.CERTAIN else f"{said}?"
