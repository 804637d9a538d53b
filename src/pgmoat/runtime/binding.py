"""
SQL with parameters, ready to be sent.

In: SQL with ``:name`` or ``$1``, values. Out: Bound. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from pgmoat.errors import StatementInvalidError, ValueRefusedError
from pgmoat.policy.statement import Statement, parse_statement
from pgmoat.runtime.arguments import check_mapping, check_text
from pgmoat.runtime.placeholders import check_places, check_quotes, check_style
from pgmoat.runtime.values import adapt, describe_type

Parameters = Mapping[str, Any] | Sequence[Any] | None
"""Values by name, for ``:name``, or in order, for ``$1``."""

_WITHOUT_PARAMETERS = re.compile(r"(?!.*--)[\w \t\r\n,.*=<>()+-]+", re.ASCII | re.DOTALL)
"""Text that surely has no parameter, nor anything that looks like one, no comment, and no open string."""

KEY_PARAMETER = "idempotency_key"
"""What a write may use without giving it: its own key."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with ``$n``, the values for them, and how their writer calls them."""

    text: str
    values: tuple[Any, ...]
    labels: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Given:
    """SQL and the values of a program, each as it can be sent."""

    source: str
    names: Mapping[str, Any]
    values: tuple[Any, ...] | None = None  # in order; None: by name


def bind(source: str, parameters: Parameters = None, *, key: str | None = None) -> Bound:
    """
    Return *source* with its parameters in order; a mapping among the values becomes jsonb.

    Raises:
        ValueRefusedError: a value that cannot be sent.
        StatementInvalidError: see :func:`bind_given`.
    """
    return bind_given(accept_parameters(source, parameters), key=key)


def accept_parameters(source: object, parameters: object) -> Given:
    """
    Return SQL and values as they can be sent.

    Raises:
        ValueRefusedError: SQL that is no text, parameters that are neither by name nor in order, a value
            that PostgreSQL has no type for.
    """
    text = check_text(source, "SQL")
    if parameters is None or isinstance(parameters, Mapping):
        pairs = check_mapping(cast("object", parameters), "parameters", '{"name": value}, for :name')
        return Given(text, {name: adapt(value, f":{name}") for name, value in pairs.items()})
    if not isinstance(parameters, Sequence) or isinstance(parameters, str | bytes | bytearray | memoryview):
        raise ValueRefusedError(
            f"parameters are a mapping or a list, not {describe_type(cast('object', parameters))}",
            hint='Give {"name": value}, for :name; or [value], for $1.',
        )
    values = enumerate(cast("Sequence[Any]", parameters), start=1)
    return Given(text, {}, tuple(adapt(value, f"${number}") for number, value in values))


def bind_given(given: Given, *, key: str | None = None) -> Bound:
    """
    Return the SQL with its parameters in order; whether it is one statement, the guard says.

    Names are numbered by the alphabet: a retry that gives them in another order sends the same statement.

    Raises:
        StatementInvalidError: it has a parameter that is not given, is given one that it does not have, has
            one where none can stand, or ends within a string.
    """
    if given.values is None and not given.names and _WITHOUT_PARAMETERS.fullmatch(given.source):
        return Bound(given.source.strip(), ())
    bound = _bind_names(given, key) if given.values is None else _bind_numbers(given.source, given.values)
    pairs = zip(bound.labels, bound.values, strict=True)
    check_places(given.source, [label for label, value in pairs if isinstance(value, list)])
    return bound


def _bind_names(given: Given, key: str | None) -> Bound:
    source, values = given.source, dict(given.names)
    unused = set(values)
    if key is not None:
        values.setdefault(KEY_PARAMETER, key)
    names = tuple(sorted(values))
    used = _parse(source, names, has_values=bool(given.names)).names
    unused -= used
    if unused:
        labels = [f":{name}" for name in sorted(unused)]
        check_quotes(source, labels)
        check_style(source, is_named=True)
        listed = ", ".join(labels)
        raise StatementInvalidError(
            f"the statement does not use {listed}", hint="Write each parameter as :name, or leave it out."
        )
    ordered = tuple(name for name in names if name in used)
    return Bound(
        _parse(source, ordered).text,
        tuple(values[name] for name in ordered),
        tuple(f":{name}" for name in ordered),
    )


def _bind_numbers(source: str, values: tuple[Any, ...]) -> Bound:
    found = _read(source, ())
    for problem in found.problems:
        if problem.kind == "parameter" and problem.name:
            raise StatementInvalidError(
                f"at character {problem.offset + 1}: the statement has :{problem.name}, and its values are"
                " given in order",
                hint=f'Give them by name: {{"{problem.name}": value}}; or write $1, $2, …',
            )
    _check_readable(found)
    unused = [f"${number}" for number in range(1, len(values) + 1) if number not in found.numbers]
    most = max(found.numbers, default=0)
    if most > len(values) or 0 in found.numbers:
        raise StatementInvalidError(
            f"the statement has ${most}, and {_count(len(values))} given",
            hint="Parameters count from $1. Give a value for each, in order.",
        )
    if unused:
        check_quotes(source, unused)
        check_style(source, is_named=False)
        raise StatementInvalidError(
            f"{_count(len(values))} given, and the statement does not use {', '.join(unused)}",
            hint="Write each parameter as $1, $2, … in order, or leave the value out.",
        )
    return Bound(
        source.rstrip("; \t\r\n"), values, tuple(f"${number}" for number in range(1, len(values) + 1))
    )


def _count(values: int) -> str:
    return f"{values} value was" if values == 1 else f"{values or 'no'} values were"


def _parse(source: str, names: tuple[str, ...], *, has_values: bool = True) -> Statement:
    found = _read(source, names)
    if found.numbers:
        number = min(found.numbers)
        given = "values are given by name" if has_values else "no values are given"
        raise StatementInvalidError(
            f"the statement has ${number}, and {given}",
            hint=f'Write :name for ${number}, and give {{"name": value}}.',
        )
    _check_readable(found, "parameter")
    return found


def _check_readable(found: Statement, *kinds: str) -> None:
    """Refuse what has a problem, but for its structure, which is the guard's to judge."""
    for problem in found.problems:
        if problem.kind in {"unreadable", *kinds}:
            message = f"at character {problem.offset + 1}: {problem.message}"
            raise StatementInvalidError(message, hint=_describe_hint(problem.hint))


@lru_cache(maxsize=1024)
def _read(source: str, names: tuple[str, ...]) -> Statement:
    return parse_statement(source, names)


def _describe_hint(hint: str) -> str:
    if not hint:
        return "End it; a quote within a string is written twice, and a value is better given as a parameter."
    return f"{hint[0].upper()}{hint[1:]}{'' if hint.endswith('?') else '.'}"
