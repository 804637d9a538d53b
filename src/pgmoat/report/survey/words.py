"""
Words in names that speak of sensitive data.

In: words. Out: the kind of data that they speak of. I/O: reads ``terms.txt`` of the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
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

    @property
    def parts(self) -> tuple[str, ...]:
        """Its words one by one."""
        return tuple(self.words.split())


@dataclass(slots=True)
class _Kind:
    """A section of ``terms.txt``."""

    name: str
    terms: list[Term] = field(default_factory=list[Term])
    unless: set[str] = field(default_factory=set[str])
    in_tables: list[tuple[frozenset[str], frozenset[str]]] = field(
        default_factory=list[tuple[frozenset[str], frozenset[str]]]
    )


def split_name(name: str) -> tuple[str, ...]:
    """Return the words of *name* in lower case, by underscores, capitals and digits."""
    return tuple(word.lower() for word in _SPLIT.findall(name))


def find_term(words: Sequence[str], *, is_prose: bool = False) -> Term | None:
    """
    Return what *words* of a column's name speak of, None if of nothing sensitive.

    The longest term wins, one without other meanings before one that has some. In prose, such as a comment,
    only the former count, and only as words of their own.
    """
    found = (
        term
        for kind in _load_kinds()
        if is_prose or kind.unless.isdisjoint(words)
        for term in kind.terms
        if not (is_prose and term.is_ambiguous) and _speaks(words, term, is_prose)
    )
    return max(found, key=lambda term: (not term.is_ambiguous, len("".join(term.parts))), default=None)


def find_in_table(table: Sequence[str], column: Sequence[str]) -> Term | None:
    """Return what a column is by the words of its table: the name of a customer is a person's."""
    if len(column) != 1:
        return None
    for kind in _load_kinds():
        for tables, columns in kind.in_tables:
            if column[0] in columns and not tables.isdisjoint(table):
                return Term(kind.name, f"{table[-1]} {column[0]}", is_ambiguous=True)
    return None


def _speaks(words: Sequence[str], term: Term, is_prose: bool) -> bool:
    parts = term.parts
    starts = range(len(words) - len(parts) + 1)
    if any(tuple(words[start : start + len(parts)]) == parts for start in starts):
        return True
    if is_prose or not term.may_be_within:
        return False
    joined = "".join(parts)
    return any(joined in word and not _LONGER.search(word) for word in words)


@cache
def _load_kinds() -> tuple[_Kind, ...]:
    text = (files("pgmoat.report.survey") / "terms.txt").read_text(encoding="utf-8")
    kinds: list[_Kind] = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            kinds.append(_Kind(line.strip("[]")))
        elif line.startswith("unless: "):
            kinds[-1].unless |= set(line.removeprefix("unless: ").split())
        elif line.startswith("in "):
            tables, _, columns = line.removeprefix("in ").partition(": ")
            kinds[-1].in_tables.append((frozenset(tables.split()), frozenset(columns.split())))
        else:
            kinds[-1].terms.extend(_parse_terms(kinds[-1].name, line))
    return tuple(kinds)


def _parse_terms(kind: str, line: str) -> Iterator[Term]:
    for entry in line.split(","):
        marked = entry.strip()
        if marked:
            words = marked.lstrip("~?")
            yield Term(kind, words, "?" in marked, "~" in marked)
