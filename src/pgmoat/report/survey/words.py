"""
Words in names that speak of sensitive data.

In: words. Out: the kind of data that they speak of. I/O: reads ``terms.txt`` of the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files

_SPLIT = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_LONGER = re.compile(r"automobile|microphone|headphone|megaphone|secretar|tokeni[sz]|passwordless|streetcar")
"""Words that a term stands in by chance."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or two in a name that speak of a kind of sensitive data."""

    kind: str
    words: str  # as a person reads it: credit card
    is_ambiguous: bool
    may_be_within: bool = False  # also inside a word
    parts: tuple[str, ...] = ()  # its words one by one
    joined: str = ""


@dataclass(slots=True)
class _Kind:
    """A section of ``terms.txt``."""

    name: str
    terms: list[Term] = field(default_factory=list[Term])
    unless: set[str] = field(default_factory=set[str])
    in_tables: list[tuple[frozenset[str], frozenset[str]]] = field(
        default_factory=list[tuple[frozenset[str], frozenset[str]]]
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A term, where it stands in ``terms.txt``, and the words beside which it says nothing."""

    at: int
    term: Term
    unless: frozenset[str]

    def __hash__(self) -> int:
        return self.at


def split_name(name: str) -> tuple[str, ...]:
    """Return the words of *name* in lower case, by underscores, capitals and digits."""
    return tuple(word.lower() for word in _SPLIT.findall(name))


@lru_cache(maxsize=10_000)
def find_term(words: tuple[str, ...], *, is_prose: bool = False) -> Term | None:
    """
    Return what *words* of a column's name speak of, None if of nothing sensitive.

    The longest term wins, one without other meanings before one that has some. In prose, such as a comment,
    only the former count, and only as words of their own.
    """
    entries = {entry for word in set(words) for entry in _list_beginning(word)}
    found = {entry for entry in entries if _stands_in(words, entry.term.parts)}
    if not is_prose:
        found |= {entry for word in set(words) for entry in _list_within(word)}
    fitting = (
        entry
        for entry in found
        if not (entry.term.is_ambiguous if is_prose else not entry.unless.isdisjoint(words))
    )
    best = max(fitting, key=_rank, default=None)
    return None if best is None else best.term


def find_in_table(table: Sequence[str], column: Sequence[str]) -> Term | None:
    """Return what a column is by the words of its table: the name of a customer is a person's."""
    if len(column) != 1:
        return None
    for kind in _load_kinds():
        for tables, columns in kind.in_tables:
            if column[0] in columns and not tables.isdisjoint(table):
                return Term(kind.name, f"{table[-1]} {column[0]}", is_ambiguous=True)
    return None


def _rank(entry: _Entry) -> tuple[bool, int, int]:
    """Return what makes a term win; the earlier in the file of two that are alike."""
    return (not entry.term.is_ambiguous, len(entry.term.joined), -entry.at)


def _stands_in(words: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    length = len(parts)
    return any(words[start : start + length] == parts for start in range(len(words) - length + 1))


def _list_beginning(word: str) -> tuple[_Entry, ...]:
    """Return the terms whose first word is *word*."""
    return _load_beginnings().get(word, ())


@lru_cache(maxsize=65_536)
def _list_within(word: str) -> tuple[_Entry, ...]:
    """Return the terms that may stand inside a word and stand in *word*: names share most of their words."""
    if _LONGER.search(word):
        return ()
    entries = (entry for entry in _load_entries() if entry.term.may_be_within)
    return tuple(entry for entry in entries if entry.term.joined in word)


@cache
def _load_entries() -> tuple[_Entry, ...]:
    terms = ((kind, term) for kind in _load_kinds() for term in kind.terms)
    return tuple(_Entry(at, term, frozenset(kind.unless)) for at, (kind, term) in enumerate(terms))


@cache
def _load_beginnings() -> Mapping[str, tuple[_Entry, ...]]:
    entries: dict[str, list[_Entry]] = {}
    for entry in _load_entries():
        entries.setdefault(entry.term.parts[0], []).append(entry)
    return {word: tuple(found) for word, found in entries.items()}


@cache
def _load_kinds() -> tuple[_Kind, ...]:
    text = (files("pgmoat.report.survey") / "terms.txt").read_text(encoding="utf-8")
    kinds: list[_Kind] = []
    persons: set[str] = set()
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            kinds.append(_Kind(line.strip("[]")))
        elif line.startswith("persons: "):
            persons |= set(line.removeprefix("persons: ").split())
        elif line.startswith("unless: "):
            kinds[-1].unless |= set(line.removeprefix("unless: ").split())
        elif line.startswith("in "):
            tables, _, columns = line.removeprefix("in ").partition(": ")
            named = persons if tables == "@persons" else tables.split()
            kinds[-1].in_tables.append((frozenset(named), frozenset(columns.split())))
        else:
            kinds[-1].terms.extend(_parse_terms(kinds[-1].name, line))
    return tuple(kinds)


def _parse_terms(kind: str, line: str) -> Iterator[Term]:
    for entry in line.split(","):
        marked = entry.strip()
        if marked:
            words = marked.lstrip("~?")
            parts = tuple(words.split())
            yield Term(kind, words, "?" in marked, "~" in marked, parts, "".join(parts))
