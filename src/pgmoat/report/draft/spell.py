"""
The words of every name, abbreviations written out in the light of what stands around them.

In: chosen tables. Out: Spelling. I/O: the dictionaries of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgmoat.report.naming.expansion import Expansion, expand
from pgmoat.report.naming.hints import read_hints
from pgmoat.report.naming.meanings import Sureness
from pgmoat.report.survey.snapshot import SurveyedTable

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spelling:
    """Words of names, and which of them are guesses."""

    tables: Mapping[str, Words]  # by schema.table
    columns: Mapping[str, Mapping[str, Words]]  # by table, then base column
    guesses: Mapping[tuple[str, str], str]  # table and column to what was guessed


def spell_tables(tables: Mapping[str, SurveyedTable]) -> Spelling:
    """Return the words of the names of *tables* and of their columns."""
    all_names = [table.table.name for table in tables.values()]
    table_words: dict[str, Words] = {}
    column_words: dict[str, dict[str, Words]] = {}
    guesses: dict[tuple[str, str], str] = {}
    for name, surveyed in tables.items():
        table = surveyed.table
        comments = [column.comment for column in table.columns if column.comment]
        beside = [table.name, table.comment or "", *(column.name for column in table.columns), *comments]
        hints = read_hints(beside, all_names)
        table_words[name] = _read_words(expand(table.name, hints))
        own = column_words[name] = {}
        for column in table.columns:
            found = expand(column.name, hints, column.type_name)
            own[column.name] = _read_words(found)
            guess = _describe_guess(found)
            if guess:
                guesses[name, column.name] = guess
    return Spelling(table_words, column_words, guesses)


def _read_words(found: Expansion) -> Words:
    return tuple(word for word in found.identifier.lower().split("_") if word)


def _describe_guess(found: Expansion) -> str:
    """Return ``st is taken for status, not state``; empty where nothing was guessed."""
    parts = [
        part
        for part in found.expanded
        # A part that is left as it is, or left out, is no guess that anybody could read in the name.
        if part.sureness is Sureness.GUESS and part.words and part.words != part.abbreviation
    ]
    return "; ".join(
        f"{part.abbreviation} is taken for {part.words.replace('_', ' ')}"
        + (
            f", not {' or '.join(other.replace('_', ' ') for other in part.alternatives[:2])}"
            if part.alternatives
            else ""
        )
        for part in parts
    )
