"""
What a stored code is, for each type that can carry a value map.

In: a column, a code as text. Out: the code as PostgreSQL would store and print it. I/O: none.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from pgmoat.catalog.snapshot import Column

_INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64}
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_SIMPLE_DEFAULT = re.compile(r"""'((?:[^']|'')*)'(?:::[^:]+)?|\(?(-?[0-9.]+)\)?(?:::[^:]+)?|(true|false)""")


class CodeRefusedError(ValueError):
    """The column's type cannot hold the code; the message says why."""


def can_be_mapped(column: Column) -> bool:
    """Whether columns of this type hold codes: integers, numeric, boolean, enums and texts do."""
    return (
        column.base_type_name in _INTEGER_BITS
        or column.base_type_name in {"numeric", "bool", "char"}
        or column.type_category in {"S", "E"}
    )


def normalize_code(column: Column, code: str) -> str:
    """
    Return *code* as PostgreSQL prints it once stored, so that two spellings of one value are equal.

    Raises:
        CodeRefusedError: the type cannot hold it.
    """
    if column.base_type_name in _INTEGER_BITS:
        return _normalize_integer(column, code)
    if column.base_type_name == "numeric":
        return _normalize_numeric(column, code)
    if column.base_type_name == "bool":
        return _normalize_boolean(code)
    if column.type_category == "E":
        if code not in column.enum_labels:
            raise CodeRefusedError(f"not a label of {column.type_name} ({', '.join(column.enum_labels)})")
        return code
    return _normalize_text(column, code)


def read_simple_default(column: Column) -> str | None:
    """Return the constant that *column* defaults to, None without one or where it is an expression."""
    match = _SIMPLE_DEFAULT.fullmatch(column.default or "")
    if match is None:
        return None
    quoted, number, boolean = match.groups()
    return quoted.replace("''", "'") if quoted is not None else number or boolean


def _normalize_integer(column: Column, code: str) -> str:
    if not re.fullmatch(r"[+-]?[0-9]+", code):
        raise CodeRefusedError("not an integer")
    limit = 2 ** (_INTEGER_BITS[column.base_type_name] - 1)
    if not -limit <= int(code) < limit:
        raise CodeRefusedError(f"out of range for {column.type_name}")
    return str(int(code))


def _normalize_numeric(column: Column, code: str) -> str:
    try:
        number = Decimal(code)
    except InvalidOperation:
        raise CodeRefusedError("not a number") from None
    if not number.is_finite():
        raise CodeRefusedError("not a number")
    modifier = re.search(r"\((\d+),(-?\d+)\)", column.type_name)
    if modifier:
        precision, scale = int(modifier[1]), int(modifier[2])
        if abs(number) >= Decimal(10) ** (precision - scale):
            raise CodeRefusedError(f"out of range for {column.type_name}")
        if number != round(number, scale):
            raise CodeRefusedError(f"{column.type_name} would round it")
    # 1 and 1.00 are one value.
    return format(number.normalize() if number else Decimal(0), "f")


def _normalize_boolean(code: str) -> str:
    if code.lower() in _TRUE:
        return "true"
    if code.lower() in _FALSE:
        return "false"
    raise CodeRefusedError("not a boolean")


def _normalize_text(column: Column, code: str) -> str:
    # char(n) pads with blanks, and its text form has none.
    text = code.rstrip(" ") if column.base_type_name == "bpchar" else code
    if column.max_length is not None and len(text) > column.max_length:
        raise CodeRefusedError(f"longer than {column.type_name}")
    if column.base_type_name == "char" and len(text.encode()) > 1:
        raise CodeRefusedError('longer than the one byte of "char"')
    return text
