"""
What a comment says that codes mean: ``Line. R = Road, M = Mountain.``

In: a comment. Out: Legend. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

_LONGEST_WORD = 40
_ENTRY = re.compile(
    r"(?:^|(?<=[\s,;.:(\[]))['\"]?(?P<code>-?\d{1,9}|[A-Za-z]\w{0,3})['\"]?"
    r"\s*(?:=>|->|=)\s*['\"]?(?P<word>[^\W\d_][^,;.|=\n\[\]()]*?)['\"]?"
    r"(?=\s*(?:[,;.|\n\])]|$|(?:/|\bor\b|\band\b)?\s*['\"]?(?:-?\d{1,9}|[A-Za-z]\w{0,3})['\"]?\s*(?:=>|->|=)))"
)
_COLON_ENTRY = re.compile(
    r"(?:^|(?<=[\s,;.(\[]))(?P<code>-?\d{1,9}):\s*(?P<word>[^\W\d_][^,;.|:\n\[\]()]*?)(?=\s*(?:[,;.|\n\])]|$))"
)
_ASIDE = re.compile(r"\s*\((?![^()]*(?:=|->|:))[^()]*\)")
"""Brackets that hold no entry: ``EM = Employee (non-sales)``."""
_BETWEEN = re.compile(r"[\s,;.|/]*(?:and|or)?\s*['\"]?")
_GOES_ON = re.compile(r",\s*[a-z]")


@dataclass(frozen=True, slots=True)
class Legend:
    """Codes with their words, and what the comment says besides."""

    words: Mapping[str, str] = field(default_factory=dict[str, str])
    rest: str = ""

    def __bool__(self) -> bool:
        """Whether anything is explained."""
        return bool(self.words)


def read_legend(comment: str) -> Legend:
    """
    Return what *comment* says that codes mean; nothing when it is not sure.

    One entry alone is a formula rather than a legend, and a meaning of many words is no word to filter by.
    """
    text = _ASIDE.sub("", comment)
    for pattern in (_ENTRY, _COLON_ENTRY):
        entries = list(pattern.finditer(text))
        words = {entry["code"]: " ".join(entry["word"].split()) for entry in entries}
        if len(words) > 1 and len(words) == len(entries) and _is_list(text, entries):
            kept = {word.lower() for word in words.values() if len(word) <= _LONGEST_WORD}
            return Legend(words, _cut(text, entries)) if len(kept) == len(words) else Legend()
    return Legend()


def _is_list(text: str, entries: list[re.Match[str]]) -> bool:
    """Whether the entries follow on each other, and the last one's meaning does not go on."""
    between = (text[entry.end() : after.start()] for entry, after in pairwise(entries))
    return all(_BETWEEN.fullmatch(gap) for gap in between) and not _GOES_ON.match(text[entries[-1].end() :])


def _cut(text: str, entries: list[re.Match[str]]) -> str:
    """Return *text* without its entries; empty when nothing is left."""
    before = text[: entries[0].start()].strip(" \n:-,;([.")
    after = text[entries[-1].end() :].strip(" \n,;)].")
    return " ".join(f"{part}." for part in (before, after) if part)
