"""
Rows as tables of other libraries: pandas, Arrow.

In: columns, rows. Out: a DataFrame, an Arrow table. I/O: loads the library.

No value changes on the way. Left to themselves pandas makes floats of whole numbers beside NULL, and Arrow
drops a time's zone. What Arrow has no type for goes as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import time
from importlib import import_module
from typing import Any, cast
from uuid import UUID

_JSON_SCALARS = frozenset({str, int, float, bool})


def make_frame(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Any:
    """
    Return a pandas DataFrame.

    Raises:
        ImportError: pandas is not installed.
    """
    pandas = _load("pandas", "pandas")
    if not rows:
        return pandas.DataFrame(columns=list(columns))
    return pandas.DataFrame({name: _make_series(pandas, [row[name] for row in rows]) for name in columns})


def make_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Any:
    """
    Return an Arrow table.

    Raises:
        ImportError: pyarrow is not installed.
    """
    pyarrow = _load("pyarrow", "arrow")
    return pyarrow.table({name: _make_array(pyarrow, [row[name] for row in rows]) for name in columns})


def _load(library: str, extra: str) -> Any:
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:
            raise
        message = f"{library} is not installed: pip install 'pgmoat[{extra}]'"
        raise ModuleNotFoundError(message, name=library) from error


def _make_series(pandas: Any, values: list[Any]) -> Any:
    is_whole = _find_kinds(values) == {int} and None in values
    if is_whole and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pandas.Series(values, dtype="Int64")
    return pandas.Series(values, dtype=object) if is_whole else pandas.Series(values)


def _make_array(pyarrow: Any, values: list[Any]) -> Any:
    kinds = _find_kinds(values)
    if dict in kinds:
        return pyarrow.array(_write(values, is_json=True))
    if kinds == {list}:
        values = [_plain(value) for value in values]
    if not any(isinstance(value, time) and value.tzinfo is not None for value in values):
        try:
            return pyarrow.array(values)
        except (pyarrow.ArrowException, OverflowError):
            pass  # no type for these, or none for all of them
    is_json = list in kinds or (len(kinds) > 1 and kinds <= _JSON_SCALARS)
    return pyarrow.array(_write(values, is_json=is_json))


def _find_kinds(values: Sequence[Any]) -> set[type]:
    return {type(value) for value in values if value is not None}


def _plain(value: Any) -> Any:
    """Return a list with its UUIDs as text: Arrow has a type for one, and none for a list of them."""
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return str(value) if isinstance(value, UUID) else value


def _write(values: Sequence[Any], *, is_json: bool) -> list[str | None]:
    """Return values as text; JSON's in its own form."""
    if not is_json:
        return [None if value is None else str(value) for value in values]
    return [None if value is None else json.dumps(value, default=str, ensure_ascii=False) for value in values]
