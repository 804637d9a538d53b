"""
SQL with parameters, ready to be sent.

In: SQL with ``:name`` or ``$1``, values. Out: Bound. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from psycopg.types.json import Jsonb

from pgmoat.errors import StatementInvalidError
from pgmoat.policy.statement import Statement, parse_statement

Parameters = Mapping[str, Any] | Sequence[Any] | None
"""Values by name, for ``:name``, or in order, for ``$1``."""

KEY_PARAMETER = "idempotency_key"
"""What a write may use without giving it: its own key."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with ``$n`` and the values for them."""

    text: str
    values: tuple[Any, ...]


def bind(source: str, parameters: Parameters = None, *, key: str | None = None) -> Bound:
    """
    Return *source* with its parameters in order; a mapping among the values becomes jsonb.

    Names are numbered by the alphabet: a retry that gives them in another order sends the same statement.

    Raises:
        StatementInvalidError: it names a parameter that is not given, is given one that it does not name, or
            ends within a string.
    """
    if parameters is not None and not isinstance(parameters, Mapping):
        return Bound(source, tuple(adapt(value) for value in parameters))
    given = dict(parameters or {})
    unused = set(given)
    if key is not None:
        given.setdefault(KEY_PARAMETER, key)
    names = tuple(sorted(given))
    used = _parse(source, names).names
    unused -= used
    if unused:
        listed = ", ".join(f":{name}" for name in sorted(unused))
        raise StatementInvalidError(
            f"the statement does not use {listed}", hint="Write each parameter as :name, or leave it out."
        )
    ordered = tuple(name for name in names if name in used)
    return Bound(_parse(source, ordered).text, tuple(adapt(given[name]) for name in ordered))


def adapt(value: Any) -> Any:
    """Return *value* as psycopg sends it: a mapping as jsonb."""
    return Jsonb(dict(cast("Mapping[str, Any]", value))) if isinstance(value, Mapping) else value


@lru_cache(maxsize=1024)
def _parse(source: str, names: tuple[str, ...]) -> Statement:
    found = parse_statement(source, names)
    for problem in found.problems:
        raise StatementInvalidError(
            f"at character {problem.offset + 1}: {problem.message}", hint=_describe_hint(problem.hint)
        )
    return found


def _describe_hint(hint: str) -> str:
    if not hint:
        return "Give each :name a value of that name."
    return f"{hint[0].upper()}{hint[1:]}{'' if hint.endswith('?') else '.'}"
