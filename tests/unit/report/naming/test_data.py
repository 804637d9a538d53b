"""The shipped lists are well formed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.naming.abbreviations import Abbreviation, load_abbreviations
from pgmoat.report.naming.words import is_word, load_ranks

_ENTRIES = load_abbreviations()


def test_there_are_many() -> None:
    assert len(_ENTRIES) > 800
    assert len(load_ranks()) > 75_000


def test_every_entry_is_sound() -> None:
    assert [problem for entry in _ENTRIES.values() for problem in _list_problems(entry)] == []


def _list_problems(entry: Abbreviation) -> Iterator[str]:
    meanings = [meaning.words for meaning in entry.meanings]
    if len(meanings) != len(set(meanings)) or entry.text in meanings:
        yield f"{entry.text} says nothing new"
    if entry.is_certain and len(meanings) > 1:
        yield f"{entry.text} cannot be certain with several meanings"
    for words in meanings:
        if not re.fullmatch("[a-z]+(_[a-z]+)*", words) or not all(map(is_word, words.split("_"))):
            yield f"{entry.text}: {words} is not English"
