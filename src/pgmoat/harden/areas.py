"""
Areas of a hardening: what each closes, and how a person names them.

In: words. Out: Areas. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgmoat.errors import Error


@dataclass(frozen=True, slots=True)
class Area:
    """One area: its name, what it closes, and whether ``usual`` has it."""

    name: str
    about: str
    is_usual: bool

    def answers_to(self, word: str) -> bool:
        """Whether *word* means it, alone or among others."""
        return word in (self.name, "all") or (word == "usual" and self.is_usual)


AREAS = (
    Area("temporary", "TEMPORARY on this database", is_usual=True),
    Area("connect", "CONNECT on this database; connect:NAME on another one", is_usual=True),
    Area("schema", "CREATE and USAGE on schemas", is_usual=True),
    Area("tables", "what PUBLIC holds on tables, views, columns and sequences", is_usual=True),
    Area("functions", "SECURITY DEFINER functions and procedures", is_usual=True),
    Area("large-objects", "large objects that PUBLIC reaches, and making them", is_usual=True),
    Area("signals", "pg_cancel_backend and pg_terminate_backend", is_usual=True),
    Area("defaults", "what PUBLIC will get on objects that are made later", is_usual=True),
    Area("all-functions", "all other functions and procedures, but extensions' own", is_usual=False),
    Area("advisory-locks", "the functions that take advisory locks", is_usual=False),
    Area("languages", "USAGE on procedural languages: DO blocks, new functions", is_usual=False),
)
"""Every area, in the order in which they are shown."""

OTHER_DATABASES = "connect:"


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas that somebody named, and databases besides this one."""

    names: frozenset[str] = frozenset()
    databases: frozenset[str] = frozenset()  # connect:NAME

    def __bool__(self) -> bool:
        """Whether anything was named."""
        return bool(self.names or self.databases)

    def has(self, area: str) -> bool:
        """Whether *area*, as a closure names it, is among them."""
        if area.startswith(OTHER_DATABASES):
            return area.removeprefix(OTHER_DATABASES) in self.databases
        return area in self.names


ALL_AREAS = Areas(frozenset(area.name for area in AREAS))


def parse_areas(words: Iterable[str], option: str) -> Areas:
    """
    Return what *words* name: areas with commas between, ``usual``, ``all``, ``connect:NAME``.

    Raises:
        Error: a word is no area.
    """
    names: set[str] = set()
    databases: set[str] = set()
    for word in _split(words):
        if word.startswith(OTHER_DATABASES) and word != OTHER_DATABASES:
            databases.add(word.removeprefix(OTHER_DATABASES))
            continue
        if word.startswith("-"):
            raise Error(f"{option} names no area, and {word} is an option", hint=f"{option} usual")
        found = {
            area.name for area in AREAS if word in (area.name, "all") or (word == "usual" and area.is_usual)
        }
        if not found:
            known = ", ".join(area.name for area in AREAS)
            raise Error(
                f"{option} {word}: there is no such area", hint=f"usual, all, {known}, connect:DATABASE"
            )
        names |= found
    return Areas(frozenset(names), frozenset(databases))


def sort_key(area: str) -> tuple[int, str]:
    """Return where *area* stands among the others; another database comes after this one."""
    order = [known.name for known in AREAS]
    name = area.partition(":")[0]
    return (order.index(name) if name in order else len(order), area)


def _split(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        # A database's name may hold a comma.
        yield from [word.strip()] if word.startswith(OTHER_DATABASES) else map(str.strip, word.split(","))
