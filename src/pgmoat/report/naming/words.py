"""
Split an identifier into words.

In: a name. Out: lower-case words. I/O: the shipped word list, read at the first use.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from math import inf, log

from pgmoat.report.naming.abbreviations import load_abbreviations

_TOKENS = re.compile(r"[A-Z]{2,}s(?![A-Za-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SHORT_WORDS_TEXT = "id of in is to it as on by or be an at if up so do no we go us my me am ip os io ui pi"
_SHORT_WORDS = frozenset(_SHORT_WORDS_TEXT.split())
_LONGEST = 20  # letters of the longest word that is looked for in glued ones
_PIECE_COST = 6.0  # each further word must be worth it
_GLUE_COST = 4.0  # a letter of a glued name may cost so much
_PIECE_RANK = 4500
_SHORT_RANK = 1500
_USUAL_RANK = 5000  # a more frequent word may stand before a glued suffix
_SUFFIXES = "id", "no", "num", "nbr", "amt", "qty", "cd", "dt", "nm", "ts", "desc"
_DERIVED_RANK = 60000  # of words that no list has, but their base
_ENDINGS = (
    "s",
    "r",
    "er",
    "or",
    "ed",
    "ing",
    "able",
    "ment",
    "ness",
    "ee",
    "ly",
    "ion",
    "ity",
    "ize",
    "ise",
    "ized",
)
_BEGINNINGS = "de", "re", "un", "non", "pre", "mis", "dis", "co"
_KNOWN_RANK = 3000  # of terms and abbreviations, which no count of English text knows


@cache
def load_ranks() -> Mapping[str, int]:
    """Return English words and terms of the trade, with their rank by frequency; 0 is the most frequent."""
    folder = files("pgmoat.report.naming") / "data"
    words = gzip.decompress((folder / "words.txt.gz").read_bytes()).decode().split("\n")
    ranks = {word: rank for rank, word in enumerate(words) if len(word) > 2 or word in _SHORT_WORDS}
    for term in (folder / "terms.txt").read_text("utf-8").split():
        ranks[term] = min(ranks.get(term, _KNOWN_RANK), _KNOWN_RANK)
    return ranks


@cache
def _load_pieces() -> Mapping[str, int]:
    """Return what names are glued from: words, and abbreviations that have one meaning."""
    known = load_abbreviations().values()
    pieces = {entry.text: _PIECE_RANK for entry in known if entry.is_certain and len(entry.text) > 2}
    return {**pieces, **load_ranks()}


@cache
def _load_beginnings() -> frozenset[str]:
    """Return the first four letters of long pieces, so that most places are passed at once."""
    return frozenset(piece[:4] for piece in _load_pieces() if len(piece) > 3)


def is_word(word: str) -> bool:
    """Return whether *word*, in lower case, is English or a term of the trade."""
    return find_rank(word) is not None


def find_rank(word: str) -> int | None:
    """Return the rank of *word* by frequency; a late one for what is derived from a word: ``delisted``."""
    ranks = load_ranks()
    rank = ranks.get(word)
    if rank is not None or len(word) < 7:
        return rank
    return _DERIVED_RANK if any(base in ranks for base in _list_bases(word)) else None


def _list_bases(word: str) -> Iterator[str]:
    """Yield what *word* would be derived from, five letters or more: ``approve`` for ``approver``."""
    for ending in _ENDINGS:
        if word.endswith(ending):
            base = word[: -len(ending)]
            if len(base) > 4:
                yield base
                yield f"{base}e"
    for beginning in _BEGINNINGS:
        if word.startswith(beginning) and len(word) - len(beginning) > 4:
            yield word[len(beginning) :]


def split_words(name: str) -> tuple[str, ...]:
    """
    Return the words of an identifier in lower case: the same for ``OrderDate`` and ``ORDERDATE``.

    Numbers are words of their own. Glued words are taken apart only where every part is known, so an
    unknown abbreviation stays whole.
    """
    words = [word for token in split_tokens(name) for word in split_glued(token.lower())]
    for at in range(len(words) - 1, 0, -1):
        if words[at - 1 : at + 1] == ["e", "mail"]:
            words[at - 1 : at + 1] = ["email"]
    return tuple(words)


def split_tokens(name: str) -> list[str]:
    """Return the parts of *name* that its writing shows: separators, case, digits; no word list needed."""
    return _TOKENS.findall(name if name.isascii() else _to_ascii(name))


def _to_ascii(name: str) -> str:
    """Return *name* without accents; letters of other scripts are spelt by their Unicode names' last word."""
    letters: list[str] = []
    for letter in unicodedata.normalize("NFKD", name.replace("ß", "ss")):
        if letter.isascii():
            letters.append(letter)
        elif not unicodedata.combining(letter):
            letters.append("_")
    return "".join(letters)


@lru_cache(maxsize=65536)
def split_glued(token: str) -> tuple[str, ...]:
    """Return the words that a lower-case *token* is glued from, or the token alone."""
    ranks = _load_pieces()
    if (
        len(token) < 5
        or find_rank(token) is not None
        or token in ranks
        or not token.isalpha()
        or len(token) > 60
    ):
        return (token,)
    for suffix in _SUFFIXES:
        rest = token.removesuffix(suffix)
        if rest != token and len(rest) > 2 and ranks.get(rest, _USUAL_RANK) < _USUAL_RANK:
            return (*split_glued(rest), suffix)
    found = tuple(_find_pieces(token))
    return _split_id(token, found) or found or (token,)


def _split_id(token: str, found: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of ``creditcardid``, which is no ``credit car did``; empty where *found* is right."""
    if not found or len(found[-1]) != 3 or not token.endswith("id"):
        return ()
    words = split_glued(token.removesuffix("id"))
    ranks = load_ranks()
    is_plain = all(len(word) > 2 and ranks.get(word, _USUAL_RANK) < _USUAL_RANK for word in words)
    return (*words, "id") if is_plain and len(words) > 1 else ()


def _find_pieces(token: str) -> list[str]:
    """Return the likeliest pieces of *token*; none when they would be too unlikely, or there are none."""
    pieces, beginnings = _load_pieces(), _load_beginnings()
    costs = [0.0] + [inf] * len(token)  # of the first n letters
    starts = [0] * (len(token) + 1)  # where the last piece of the first n letters starts
    for start in range(len(token) - 1):
        if costs[start] == inf:
            continue
        longest = _LONGEST if token[start : start + 4] in beginnings else 3
        for end in range(start + 2, min(start + longest, len(token)) + 1):
            rank = pieces.get(token[start:end])
            if rank is not None:
                cost = costs[start] + _cost(rank, end - start)
                if cost < costs[end]:
                    costs[end], starts[end] = cost, start
    if costs[-1] > _GLUE_COST * (len(token) + 2):
        return []
    found = _trace(token, starts)
    ranks = load_ranks()
    if any(piece not in ranks for piece in found):  # beside an abbreviation a short word is rarely one
        return found if all(len(piece) > 3 or _is_plain(piece, ranks) for piece in found) else []
    return found


def _is_plain(piece: str, ranks: Mapping[str, int]) -> bool:
    """Return whether a short *piece* is an abbreviation, or as frequent a word as ``day``."""
    return ranks.get(piece, 0) < _SHORT_RANK


def _cost(rank: int, letters: int) -> float:
    """Return how unlikely a word is in a glued name: rare ones, and short ones most of all."""
    return _PIECE_COST + log(rank + 20) + (3.0 if letters < 4 else 0.0)


def _trace(token: str, starts: list[int]) -> list[str]:
    parts: list[str] = []
    end = len(token)
    while end > 0:
        parts.append(token[starts[end] : end])
        end = starts[end]
    return parts[::-1]
