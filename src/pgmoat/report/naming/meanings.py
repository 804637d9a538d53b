"""
What one abbreviation means where it stands.

In: the words of a name, a place among them, hints. Out: Expanded, or None: leave it alone. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pgmoat.report.naming.abbreviations import Abbreviation, Meaning, load_abbreviations, write_out
from pgmoat.report.naming.hints import Hints
from pgmoat.report.naming.inflection import singular
from pgmoat.report.naming.words import is_word, load_ranks

_FREQUENT = 4000  # only such words are guessed without any hint
_STRONG = 3  # what must speak for it where the abbreviation is a frequent word
_CERTAIN = 2  # what must speak for one of several meanings
_VOWELS = re.compile("[aeiou]")


class Sureness(StrEnum):
    """How far an expansion may be relied on."""

    CERTAIN = "certain"  # usual everywhere, or the words around it say so
    GUESS = "guess"  # the likeliest of several, or made from a dictionary: a person should look
    UNKNOWN = "unknown"  # left as it is


@dataclass(frozen=True, slots=True)
class Expanded:
    """An abbreviation of a name, and what it was taken for."""

    abbreviation: str
    words: str  # in snake case; empty for a prefix that says nothing and was left out
    sureness: Sureness
    alternatives: tuple[str, ...] = ()  # what else it could mean, the likeliest first


def find_meaning(words: Sequence[str], place: int, hints: Hints) -> Expanded | None:
    """Return what the word at *place* stands for; None when it is no abbreviation, or means nothing known."""
    word = words[place]
    entry = load_abbreviations().get(word)
    if entry is not None:
        return _weigh(entry, words, place, hints)
    if len(word) < 3 or not word.isalpha() or is_word(word):
        return None
    found = [full for full in hints.full if is_shortened(word, full)]
    if len(found) == 1:
        return Expanded(word, found[0], Sureness.GUESS)
    if not found:
        found = _guess(word)
    return Expanded(word, found[0], Sureness.GUESS, tuple(found[1:4])) if found else None


def find_doubt(word: str) -> Expanded | None:
    """Return *word* left as it is, with what it may be short for; None when it is short for nothing."""
    entry = load_abbreviations().get(word)
    if entry is None:
        return None
    return Expanded(word, word, Sureness.GUESS, tuple(meaning.words for meaning in entry.meanings))


def _weigh(entry: Abbreviation, words: Sequence[str], place: int, hints: Hints) -> Expanded | None:
    """Return the meaning for which most speaks; certain only when nothing speaks for another one."""
    meanings = entry.meanings
    if entry.is_certain:
        return Expanded(entry.text, meanings[0].words, Sureness.CERTAIN)
    beside = [word for at, word in enumerate(words) if at != place]
    others = frozenset(beside) | {part for word in beside for part in write_out(word)}
    is_last = place == len(words) - 1 > 0
    scores = [_score(meaning, others, hints, is_last=is_last) for meaning in meanings]
    best = max(range(len(meanings)), key=lambda at: (scores[at], -at))
    is_english = load_ranks().get(entry.text, _FREQUENT) < _FREQUENT
    if is_english and scores[best] < _STRONG:
        return None  # a word as it stands: act, sub, sum
    is_alone = all(score == 0 for at, score in enumerate(scores) if at != best)
    is_told = (meanings[best].is_meant_last and is_last) or bool(meanings[best].beside & others)
    is_certain = scores[best] >= _CERTAIN and is_alone and (is_told or not is_english)
    sureness = Sureness.CERTAIN if is_certain else Sureness.GUESS
    rest = tuple(meaning.words for at, meaning in enumerate(meanings) if at != best)
    if scores[best] == 0 and len(entry.text) < 3:  # two letters mean anything
        return Expanded(entry.text, entry.text, Sureness.UNKNOWN, (meanings[best].words, *rest))
    return Expanded(entry.text, meanings[best].words, sureness, rest)


def _score(meaning: Meaning, others: frozenset[str], hints: Hints, *, is_last: bool) -> int:
    """Return how much speaks for *meaning*: its own words nearby most, then words that go with it."""
    parts = [singular(part) for part in meaning.words.split("_")]
    is_near = all(part in hints.words for part in parts)
    return (
        4 * is_near
        + (not is_near and all(part in hints.words or part in hints.far for part in parts))
        + 3 * bool(meaning.beside & others)
        + 3 * (meaning.is_meant_last and is_last)
        + 2 * min(2, len(meaning.hints & (hints.words | others)))
        + bool(meaning.hints & hints.far)
    )


def is_shortened(short: str, full: str) -> bool:
    """Return whether *short* is the beginning of *full*, or has all or the first of its consonants."""
    if short[0] != full[0] or len(full) < len(short) + 1:
        return False
    if full.startswith(short):
        return True
    bare = consonants(full)
    return bare.startswith(short) or (consonants(short) == bare and _is_within(short, full))


def _is_within(short: str, full: str) -> bool:
    """Return whether all letters of *short* are in *full*, in their order."""
    letters = iter(full)
    return all(letter in letters for letter in short)


def consonants(word: str) -> str:
    """Return *word* without the vowels behind its first letter, and without doubled letters."""
    bare = word[0] + _VOWELS.sub("", word[1:])
    return "".join(letter for at, letter in enumerate(bare) if at == 0 or letter != bare[at - 1])


def _guess(word: str) -> list[str]:
    """Return frequent words of which *word* is the beginning or the consonants, most frequent first."""
    if len(word) < 4:
        return []
    return list(_index_skeletons().get(word, ())) or list(_index_beginnings().get(word, ()))


@cache
def _index_skeletons() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in _list_frequent():
        skeleton = consonants(word)
        if len(word) >= len(skeleton) + 2:
            found.setdefault(skeleton, []).append(word)
    return found


@cache
def _index_beginnings() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in _list_frequent():
        for end in range(4, len(word) - 1):
            found.setdefault(word[:end], []).append(word)
    return found


def _list_frequent() -> list[str]:
    ranks = load_ranks()
    words = [word for word, rank in ranks.items() if rank < _FREQUENT and len(word) > 5]
    return sorted(words, key=lambda word: (ranks[word], word))
