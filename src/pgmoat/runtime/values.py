"""
A value as psycopg sends it.

In: a Python value, the parameter's name. Out: the value to send, or an error that names both. I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.json import Json, Jsonb

from pgmoat.errors import ValueRefusedError

_PLAIN = frozenset({int, float, bool, type(None), Decimal, datetime, date, time, timedelta, UUID, bytes})
"""What always goes as it is."""

_ONE_TYPE = "Make all of its values of one type, or pass Jsonb(value) for a json list."


def adapt(value: Any, label: str = "a value") -> Any:
    """
    Return *value* as psycopg sends it: a mapping as jsonb, also one in a list; a tuple as a list.

    *label* is how the statement writes the parameter: ``:name``, ``$1``.

    Raises:
        ValueRefusedError: PostgreSQL has no such value, or psycopg does not know it.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, str):
        return _check_text(value, label)
    if isinstance(value, Mapping):
        return make_json(cast("object", value), label)
    if isinstance(value, list | tuple):
        items = cast("list[Any] | tuple[Any, ...]", value)
        return make_json(items, label) if _has_mapping(items) else _check_sent(_make_list(items), label)
    return _check_sent(value, label)


def make_json(value: object, label: str) -> Jsonb:
    """
    Return *value* as jsonb.

    Raises:
        ValueRefusedError: JSON has no such value.
    """
    plain = _make_plain(value)
    try:
        json.dumps(plain, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise ValueRefusedError(
            f"{label} cannot be written as JSON: {error}",
            hint="Leave lone surrogates out; inside of JSON write dates and decimals as text, sets as lists.",
        ) from error
    return Jsonb(plain)


def describe_type(value: object) -> str:
    """Return the name of *value*'s type, with its article."""
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _check_text(value: str, label: str) -> str:
    if "\0" in value:
        raise ValueRefusedError(
            f"{label} has a NUL character, which PostgreSQL's text cannot hold",
            hint="Leave it out; only a bytea holds it.",
        )
    if not value.isascii():
        _check_sent(value, label)
    return value


def _check_sent(value: Any, label: str) -> Any:
    """Return *value* if psycopg can send it."""
    try:
        Transformer().dump_sequence([value], [PyFormat.AUTO])
    except UnicodeError as error:
        raise ValueRefusedError(
            f"{label} cannot be sent as UTF-8", hint="Leave lone surrogates out."
        ) from error
    except (psycopg.Error, TypeError, ValueError, OverflowError) as error:
        raise _explain(value, label, error) from error
    return value


def _explain(value: Any, label: str, error: Exception) -> ValueRefusedError:
    if isinstance(value, list):
        leaves = [leaf for leaf in _list_leaves(cast("list[Any]", value)) if leaf is not None]
        kinds = sorted({type(leaf).__name__ for leaf in leaves})
        unknown = [leaf for leaf in leaves if _is_set(leaf) or not _is_known(leaf)]
        if not unknown and len(kinds) > 1:
            return ValueRefusedError(f"{label} is a list of mixed types: {', '.join(kinds)}", hint=_ONE_TYPE)
        if unknown:
            return ValueRefusedError(
                f"{label} is a list with {describe_type(unknown[0])}, which PostgreSQL has no type for",
                hint="Give numbers, text, dates, lists or mappings.",
            )
        return ValueRefusedError(f"{label} cannot be sent: {error}", hint=_ONE_TYPE)
    if _is_set(value):
        return ValueRefusedError(
            f"{label} is {describe_type(value)}, which PostgreSQL has no type for",
            hint="Give a list: sorted(value), or list(value).",
        )
    if _is_known(value):
        return ValueRefusedError(f"{label} cannot be sent: {error}", hint="Give another value.")
    return ValueRefusedError(
        f"{label} is {describe_type(value)}, which PostgreSQL has no type for",
        hint="Give a number, text, date, list or mapping.",
    )


def _is_set(value: object) -> bool:
    return isinstance(value, set | frozenset)


def _is_known(value: Any) -> bool:
    try:
        Transformer().get_dumper(value, PyFormat.AUTO)
    except psycopg.Error:
        return False
    return True


def _has_mapping(items: list[Any] | tuple[Any, ...]) -> bool:
    return any(isinstance(leaf, Mapping) for leaf in _list_leaves(items))


def _list_leaves(items: list[Any] | tuple[Any, ...]) -> list[Any]:
    leaves: list[Any] = []
    for item in items:
        if isinstance(item, list | tuple):
            leaves.extend(_list_leaves(cast("list[Any]", item)))
        else:
            leaves.append(item)
    return leaves


def _make_list(items: list[Any] | tuple[Any, ...]) -> list[Any]:
    return [_make_list(cast("list[Any]", item)) if isinstance(item, list | tuple) else item for item in items]


def _make_plain(value: object) -> Any:
    """Return JSON data of dicts and lists; what stands in Json or Jsonb comes out of it."""
    if isinstance(value, Json | Jsonb):
        return _make_plain(value.obj)
    if isinstance(value, Mapping):
        return {key: _make_plain(item) for key, item in cast("Mapping[Any, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_make_plain(item) for item in cast("list[object]", value)]
    return value
