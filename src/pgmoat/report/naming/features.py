"""
What a name shows of how natural it is, as keys that a linear model weighs.

Most keys come from one word of a name at a time, so that their sum can be kept for each word.

In: a name. Out: keys. I/O: the shipped word lists, read at the first use.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from math import log

from pgmoat.report.naming.abbreviations import load_abbreviations
from pgmoat.report.naming.meanings import consonants
from pgmoat.report.naming.words import find_rank, load_ranks, split_glued, split_tokens

_BANDS = 1000, 4000, 12000  # ranks up to which words are looked through for what a part could be short for
_USUAL = 4000  # a more frequent word is a word, although it may be an abbreviation as well
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz]+")
_UPPER, _LOWER, _DIGITS = re.compile("[A-Z]+"), re.compile("[a-z]+"), re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class Word:
    """
    A word of a name.

    Kinds: w word, c certain abbreviation, a abbreviation, b both word and abbreviation, p beginning of a
    word, s consonants of a word, u unknown, 1 single letter, n number.
    """

    text: str
    kind: str
    rarity: int  # 0 for the most frequent words to 12, more for what is no word
    vowels: int


def read_words(part: str) -> tuple[Word, ...]:
    """Return the words of a part of a name, as split_tokens() gives it."""
    return tuple(map(read_word, split_glued(part.lower())))


@lru_cache(maxsize=65536)
def read_word(text: str) -> Word:
    """Return what is known of a word in lower case."""
    kind, rarity = _judge(text)
    return Word(text, kind, rarity, sum(text.count(vowel) for vowel in "aeiouy"))


def _judge(text: str) -> tuple[str, int]:
    if text.isdigit():
        return "n", 0
    if len(text) == 1:
        return "1", 12
    rank = find_rank(text)
    abbreviation = load_abbreviations().get(text)
    if abbreviation is not None:
        kind = "c" if abbreviation.is_certain else "b" if rank is not None and rank < _USUAL else "a"
        return kind, 13 if rank is None else int(log(rank + 2))
    if rank is not None:
        return "w", int(log(rank + 2))
    for kind, texts in (("p", _list_words()), ("s", _list_consonants())):
        for band, shortened in enumerate(texts):
            at = bisect_left(shortened, text)
            if at < len(shortened) and shortened[at].startswith(text):
                return kind, band
    return "u", 13


@cache
def _list_words() -> tuple[list[str], ...]:
    """Return frequent words in order of the alphabet, for each band."""
    ranks = load_ranks()
    return tuple(sorted(word for word, rank in ranks.items() if rank < last) for last in _BANDS)


@cache
def _list_consonants() -> tuple[list[str], ...]:
    return tuple(sorted({consonants(word) for word in words}) for words in _list_words())


def list_keys(name: str) -> Iterator[str]:
    """Return all keys of *name*: those of each of its words, and those of the whole."""
    words = [word for part in split_tokens(name) for word in read_words(part)]
    for word in words:
        yield from set(list_word_keys(word))
    yield from set(list_name_keys(name, words))


def list_word_keys(word: Word) -> Iterator[str]:
    """Return the keys of a word by itself."""
    yield f"t{word.text}"
    if word.kind != "n":
        length = len(word.text)
        yield f"k{word.kind}{min(length, 9)}"
        yield f"r{word.kind}{word.rarity}"
        yield f"v{word.kind}{word.vowels * 5 // length}"
        yield from _list_grams(f"^{word.text}$", range(2, 6), "_")


def _list_grams(text: str, lengths: Iterable[int], prefix: str) -> Iterator[str]:
    for length in lengths:
        for start in range(len(text) - length + 1):
            yield prefix + text[start : start + length]


def list_name_keys(name: str, words: Sequence[Word]) -> Iterator[str]:
    """Return the keys of a name as a whole: how its words follow each other, and how much of it is known."""
    kinds = f"^{''.join(word.kind for word in words)}$"
    yield f"K{kinds}"
    yield from _list_grams(kinds, (2, 3), "b")
    if words:
        yield f"f{words[0].text}"
        yield f"l{words[-1].text}"
    for before, after in pairwise(words):
        yield f"2{before.text} {after.text}"
    yield f"S{_draw_shape(name)[:12]}"
    yield f"L{min(len(name), 25)}"
    yield f"d{max((len(run) for run in _CONSONANTS.findall(name.lower())), default=0)}"
    spoken = [word for word in words if word.kind != "n"]
    if spoken:
        yield from _list_sums(spoken)


def _list_sums(words: Sequence[Word]) -> Iterator[str]:
    """Return keys for how much of a name is of which kind, and for its least natural words."""
    letters = vowels = rarity = rarest = 0
    odd: list[int] = []  # the lengths of what is no plain word
    shares: dict[str, int] = {}
    for word in words:
        length = len(word.text)
        letters += length
        vowels += word.vowels
        rarity += word.rarity
        rarest = max(rarest, word.rarity)
        shares[word.kind] = shares.get(word.kind, 0) + length
        if word.kind != "w":
            odd.append(length)
    for kind, share in shares.items():
        yield f"F{kind}{share * 8 // letters}"
    few = min(len(odd), 4)
    yield f"Q{rarest}"
    yield f"q{rarity * 2 // len(words)}"
    yield f"x{few}.{min(max(odd, default=0), 9)}"
    yield f"y{few}.{min(min(odd, default=0), 9)}"
    yield f"z{few}.{min(len(words), 5)}"
    yield f"V{vowels * 12 // letters}"
    yield f"G{letters * 2 // len(words)}"


def _draw_shape(name: str) -> str:
    """Return how *name* is written: ``OrderID_2`` as ``AaB_9``."""
    shape = _UPPER.sub(lambda run: "A" if len(run[0]) == 1 else "B", name)
    return _DIGITS.sub("9", _LOWER.sub("a", shape))
