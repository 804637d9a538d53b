"""
What abbreviations usually stand for.

In: an abbreviation. Out: its meanings, the usual one first. I/O: the shipped list, read once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ENTRY = re.compile(r"(\w+)(!?): (.+)")
_MEANING = re.compile(r"(\w+)(?: \[([^]]+)\])?")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that an abbreviation may stand for, and the words near it that speak for it."""

    words: str  # in snake case
    hints: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()  # the same, in the same name only
    is_meant_last: bool = False  # as the last of several words it means this: order_no


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """An abbreviation with its meanings, the usual one first."""

    text: str
    meanings: tuple[Meaning, ...]
    is_certain: bool  # no other meaning is usual


@cache
def load_abbreviations() -> Mapping[str, Abbreviation]:
    """Return the shipped dictionary, by abbreviation."""
    text = (files("pgmoat.report.naming") / "data" / "abbreviations.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {entry.text: entry for entry in map(_load_entry, lines)}


def write_out(word: str) -> tuple[str, ...]:
    """Return the words that *word* certainly stands for; none where it is no abbreviation, or not certain."""
    entry = load_abbreviations().get(word)
    return tuple(entry.meanings[0].words.split("_")) if entry and entry.is_certain else ()


def _load_entry(line: str) -> Abbreviation:
    found = _ENTRY.fullmatch(line)
    if found is None:
        raise ValueError(line)  # a mistake in the shipped file, which a test would have met
    text, certain, meanings = found.groups()
    return Abbreviation(text, tuple(_load_meaning(part) for part in meanings.split("; ")), bool(certain))


def _load_meaning(text: str) -> Meaning:
    found = _MEANING.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hints = (found[2] or "").split()
    beside = frozenset(hint[1:] for hint in hints if hint.startswith("+"))
    return Meaning(found[1], frozenset(hint for hint in hints if hint.isalnum()), beside, "$" in hints)
