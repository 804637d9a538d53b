"""
Write a name out: the identifier that a careful data modeller would have chosen.

In: a name, and the texts around it. Out: Expansion. I/O: the shipped dictionaries, read at the first use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pgmoat.policy.fields import IDENTIFIER_PATTERN
from pgmoat.report.naming.hints import Hints, read_hints
from pgmoat.report.naming.meanings import Expanded, Sureness, find_doubt, find_meaning
from pgmoat.report.naming.phrasing import Part, phrase
from pgmoat.report.naming.words import is_word, split_tokens, split_words

_IDENTIFIER = re.compile(IDENTIFIER_PATTERN)
_NUMBERED = re.compile(r"(?:icd|md|sha|utf|oauth|ipv|mp|base)[0-9]+")
_MAX_LENGTH = 63  # of an identifier of PostgreSQL


@dataclass(frozen=True, slots=True)
class Expansion:
    """A name, and the legible identifier for it."""

    name: str
    identifier: str  # what a policy takes: snake case, at most 63 characters
    expanded: tuple[Expanded, ...]
    unknown: tuple[str, ...]  # words of it that are neither English nor a known abbreviation
    sureness: Sureness  # the least of all parts'

    @property
    def is_changed(self) -> bool:
        """Whether the identifier differs from the name."""
        return self.identifier != self.name


def expand(name: str, context: Sequence[str] | Hints = (), data_type: str = "") -> Expansion:
    """
    Return *name* written out.

    *context* are the texts around it: the table's name, its comments, the columns beside it, other tables.
    For many names with the same context pass ``read_hints(context)``. *data_type* is as format_type() has it;
    it tells a date from a moment and a flag from an indicator. What is not known is left as it is.
    """
    hints = context if isinstance(context, Hints) else _read_hints(tuple(context))
    words = split_words(name)
    parts = [_read_part(words, place, hints) for place in range(len(words))]
    parts = phrase(_doubt(parts), data_type)
    expanded = tuple(part.expanded for part in parts if part.expanded)
    unknown = tuple(_list_unknown(parts))
    identifier = _write(name, [part.text for part in parts if part.text], is_changed=bool(expanded))
    sureness = _least(expanded, is_unknown=bool(unknown or not words))
    return Expansion(name, identifier, expanded, unknown, sureness)


@lru_cache(maxsize=64)
def _read_hints(context: tuple[str, ...]) -> Hints:
    return read_hints(context)


def _read_part(words: Sequence[str], place: int, hints: Hints) -> Part:
    word = words[place]
    expanded = find_meaning(words, place, hints)
    return Part(word, expanded.words if expanded else word, expanded)


def _doubt(parts: Sequence[Part]) -> list[Part]:
    """Doubt words that abbreviate others, too, in a name that abbreviates: ``act`` in ``ctrl_act``."""
    if all(part.expanded is None for part in parts):
        return list(parts)
    return [part if part.expanded else replace(part, expanded=find_doubt(part.word)) for part in parts]


def _list_unknown(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        is_left = part.expanded is None or part.expanded.sureness is Sureness.UNKNOWN
        if is_left and not is_word(part.word) and not part.word.isdigit():
            yield part.word
    texts = [part.text for part in parts if part.text]
    if len(texts) == 2 and texts[0] == "flag" and texts[1].isdigit():
        yield texts[1]  # flag_1: every word is known, and nobody knows what it says


def _least(expanded: Sequence[Expanded], *, is_unknown: bool) -> Sureness:
    if is_unknown:
        return Sureness.UNKNOWN
    is_certain = all(part.sureness is Sureness.CERTAIN for part in expanded)
    return Sureness.CERTAIN if is_certain else Sureness.GUESS


def _write(name: str, texts: Sequence[str], *, is_changed: bool) -> str:
    """Return an identifier of *texts*; *name* in lower case, where nothing else is to be changed."""
    plain = snake_case(name)
    is_glued = len(list(filter(str.isalpha, texts))) > len(list(filter(str.isalpha, split_tokens(name))))
    if not is_changed and not is_glued and plain == name.lower():
        return plain
    written = "_".join(texts)
    for kept in _NUMBERED.findall(plain):  # icd9, md5
        written = written.replace("_".join(split_tokens(kept)), kept)
    if not written or len(written) > _MAX_LENGTH:
        return plain
    return written if _IDENTIFIER.match(written) else f"_{written}"


def snake_case(name: str) -> str:
    """Return *name* as an identifier without changing its words: ``OrderDate`` becomes ``order_date``."""
    if len(name) <= _MAX_LENGTH and _IDENTIFIER.match(name.lower()) and not _is_mixed(name):
        return name.lower()
    written = "_".join(token.lower() for token in split_tokens(name))
    if not written:  # nothing that ASCII can write: its code points, so that two names stay two
        written = "_".join(f"u{ord(letter):x}" for letter in name) or "unnamed"
    return (written if _IDENTIFIER.match(written) else f"_{written}")[:_MAX_LENGTH]


def _is_mixed(name: str) -> bool:
    """Return whether upper and lower case separate words in *name*."""
    return any(len(split_tokens(part)) > len(split_tokens(part.lower())) for part in name.split("_"))
