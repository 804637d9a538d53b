"""
What a program passes to a task's methods, looked at before it is used.

In: arguments. Out: the same, or an error that says what goes there. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pgmoat.errors import ValueRefusedError
from pgmoat.runtime.values import describe_type

MOST_KEY = 200
"""Characters of an idempotency key."""


def check_text(value: object, what: str) -> str:
    """
    Return *value*, which is text.

    Raises:
        ValueRefusedError: it is something else.
    """
    if not isinstance(value, str):
        raise ValueRefusedError(f"{what} is text, not {describe_type(value)}", hint="Give text.")
    return value


def check_key(key: object) -> str | None:
    """
    Return an idempotency key as it was given; None stands for one that is made.

    Raises:
        ValueRefusedError: it is no key.
    """
    if key is None:
        return None
    hint = "Give the same text for each retry, say the id of the message it answers; or no key: one is made."
    if not isinstance(key, str):
        raise ValueRefusedError(f"a key is text, not {describe_type(key)}", hint=hint)
    if not 1 <= len(key) <= MOST_KEY:
        raise ValueRefusedError(f"a key has 1 to {MOST_KEY} characters, this one {len(key)}", hint=hint)
    return key


def check_mapping(value: object, what: str, example: str) -> dict[str, Any]:
    """
    Return a mapping with names as its keys; nothing for None.

    Raises:
        ValueRefusedError: it is no mapping, or has other keys.
    """
    if value is None:
        return {}
    hint = f"Give a dict: {example}."
    if not isinstance(value, Mapping):
        raise ValueRefusedError(
            f"{what} are a mapping of names to values, not {describe_type(value)}", hint=hint
        )
    pairs = cast("Mapping[object, Any]", value)
    for name in pairs:
        if not isinstance(name, str):
            raise ValueRefusedError(
                f"{what} have names for keys, not {describe_type(name)}: {name!r}", hint=hint
            )
    return cast("dict[str, Any]", dict(pairs))


def check_number(value: object, what: str) -> int:
    """
    Return the number of something that PostgreSQL keeps.

    Raises:
        ValueRefusedError: it is no such number.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise ValueRefusedError(
            f"{what} is a whole number from 1, not {value!r}", hint="Give it as it was said."
        )
    return value


def check_count(value: object, what: str) -> int | None:
    """
    Return a whole number; None stays.

    Raises:
        ValueRefusedError: it is something else.
    """
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueRefusedError(
            f"{what} is a whole number, not {describe_type(value)}", hint="Give a whole number."
        )
    return value
