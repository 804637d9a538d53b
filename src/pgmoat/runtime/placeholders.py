"""
Parameters in SQL that PostgreSQL would not take for such, or not where they stand.

In: SQL. Out: what is said about it. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from pgmoat.errors import StatementInvalidError
from pgmoat.policy.statement import Problem, Token, scan

_NAMED_STYLE = re.compile(r"%\(([A-Za-z_]\w*)\)s")
_PLAIN_STYLE = re.compile(r"%s\b|\?")
_QUOTED = re.compile(r"(?<![:\w]):[A-Za-z_]\w*|\$\d+")
_TYPE_WORDS = frozenset({"interval", "date", "time", "timestamp", "timestamptz", "timetz"})
_PARAMETERS = frozenset({"name", "number"})


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What stands in a text besides the parameters that can be bound."""

    foreign_names: tuple[str, ...]  # of %(name)s
    foreign: str  # %s or ?, as it is written; empty without one
    quoted: frozenset[str]  # what would be parameters, as they are written, within quotes
    lists: frozenset[str]  # parameters that stand alone in IN (…), as they are written
    typed: tuple[str, str] | None  # the word before a parameter that takes a constant only, and the parameter


@lru_cache(maxsize=1024)
def find_placeholders(source: str) -> Placeholders:
    """Return what stands in *source*; what cannot be read to its end has its beginning looked at."""
    problems: list[Problem] = []
    tokens = list(scan(source, problems))
    code = "".join("''" if token.kind == "string" else token.text for token in tokens)
    plain = _PLAIN_STYLE.search(code)
    strings = "\n".join(token.text for token in tokens if token.kind == "string")
    return Placeholders(
        foreign_names=tuple(_NAMED_STYLE.findall(code)),
        foreign=plain[0] if plain is not None else "",
        quoted=frozenset(_QUOTED.findall(strings)),
        lists=frozenset(_find_lists([token for token in tokens if token.kind != "blank"])),
        typed=_find_typed([token for token in tokens if token.kind != "blank"]),
    )


def check_style(source: str, *, is_named: bool) -> None:
    """
    Look for parameters in the style of another library; where values were given that fit nothing else.

    Raises:
        StatementInvalidError: there is one.
    """
    found = find_placeholders(source)
    if found.foreign_names:
        name = found.foreign_names[0]
        raise StatementInvalidError(
            f"the statement writes a parameter as %({name})s",
            hint=f'Write :{name}, and give {{"{name}": value}}.',
        )
    if found.foreign:
        hint = "Write :name for each, by its name." if is_named else "Write $1, $2, … in order."
        raise StatementInvalidError(f"the statement writes a parameter as {found.foreign}", hint=hint)


def check_quotes(source: str, labels: Sequence[str]) -> None:
    """
    Look for *labels* within quotes, where they are no parameters.

    Raises:
        StatementInvalidError: there is one.
    """
    quoted = find_placeholders(source).quoted
    for label in labels:
        if label in quoted:
            raise StatementInvalidError(
                f"the statement has {label} within quotes, where it is text and no parameter",
                hint=f"Write {label}, not inside quotes: put % into the value, as in LIKE {label}.",
            )


def check_places(source: str, lists: Sequence[str]) -> None:
    """
    Look for parameters where PostgreSQL takes none; *lists* are those whose values are lists.

    Raises:
        StatementInvalidError: there is one.
    """
    found = find_placeholders(source)
    if found.typed is not None:
        word, label = found.typed
        raise StatementInvalidError(
            f"behind the word {word} stands a constant, not a parameter: {word} {label}",
            hint=f"Write {label}::{word}.",
        )
    for label in lists:
        if label in found.lists:
            raise StatementInvalidError(
                f"IN ({label}) compares with one value, and {label} is a list",
                hint=f"Write = ANY({label}), or <> ALL({label}) for NOT IN.",
            )


def _find_lists(tokens: Sequence[Token]) -> list[str]:
    """Return the parameters that stand as IN (:ids)."""
    return [
        parameter.text
        for word, opening, parameter, closing in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False)
        if word.text.lower() == "in"
        and (opening.text, closing.text) == ("(", ")")
        and parameter.kind in _PARAMETERS
    ]


def _find_typed(tokens: Sequence[Token]) -> tuple[str, str] | None:
    for word, parameter in pairwise(tokens):
        if word.kind == "word" and word.text.lower() in _TYPE_WORDS and parameter.kind in _PARAMETERS:
            return word.text.lower(), parameter.text
    return None
