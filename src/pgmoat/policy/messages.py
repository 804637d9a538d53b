"""
Pydantic's errors in plain words.

In: a ValidationError and the data it is about. Out: findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.policy.fields import (
    IDENTIFIER_PATTERN,
    ROLE_NAME_PATTERN,
    TABLE_PATTERN,
    VERSION_PATTERN,
)
from pgmoat.policy.positions import Data
from pgmoat.policy.schema import Policy

_PATTERN_MEANINGS = {
    IDENTIFIER_PATTERN: "lower-case letters, digits and underscores, not beginning with a digit",
    ROLE_NAME_PATTERN: "lower-case letters, digits and underscores, beginning with a letter",
    VERSION_PATTERN: "letters, digits, dots and underscores, beginning with a letter or digit",
    TABLE_PATTERN: "schema.table, such as public.orders",
}
_MAPPING = "a mapping (key: value)"
_LONGEST = 64  # letters of what looks like something else; names in PostgreSQL have 63
_EXPECTED_TYPES = {
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
}


def explain_errors(error: ValidationError, data: Data) -> list[Finding]:
    """Return one finding for each of pydantic's errors, with the path as it stands in the file."""
    return [_explain(details, data) for details in error.errors(include_url=False)]


def suggest(word: str, known: Iterable[str], nearness: float = 0.6) -> str:
    """Return ``did you mean `columns`?`` if *word* looks like one of *known*, else an empty text."""
    if len(word) > _LONGEST:  # texts are compared in the square of their length, and clients send some
        return ""
    close = get_close_matches(word, [name for name in known if len(name) <= _LONGEST], n=1, cutoff=nearness)
    return f"did you mean `{close[0]}`?" if close else ""


def describe_value(value: object) -> str:
    """Return what *value* is, as the writer of the file sees it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text '{value}'" if len(value) <= 60 else f"the text '{value[:57]}…'"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _explain(details: ErrorDetails, data: Data) -> Finding:
    path, is_key = _path_in_data(details["loc"], data, details["type"] == "missing")
    kind = details["type"]
    if kind == "missing":
        return _error("missing-key", path, "this key is missing", _field_description(path))
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "literal_error":
        return _wrong_choice(path, details)
    value = str(path[-1]) if is_key else details["input"]
    if kind in _EXPECTED_TYPES:
        return _wrong_type(path, _EXPECTED_TYPES[kind], value)
    explain = _VALUE_MESSAGES.get(kind)
    message = explain(value, details.get("ctx", {})) if explain else details["msg"]
    return _error("bad-value", path, message)


def _path_in_data(loc: tuple[int | str, ...], data: Data, is_missing: bool) -> tuple[PolicyPath, bool]:
    """Return the path without the union tags that pydantic puts in, and whether the key itself is meant."""
    if loc and loc[-1] == "[key]":
        return loc[:-1], True
    path: list[str | int] = []
    here = data
    for part in loc:
        if isinstance(here, dict) and isinstance(part, str) and (part in here or is_missing):
            path.append(part)
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int):
            path.append(part)
            here = here[part]
    return tuple(path), False


def _unknown_key(path: PolicyPath) -> Finding:
    model = _model_at(path[:-1])
    known = list(model.model_fields) if model else []
    hint = suggest(str(path[-1]), known) or f"known keys: {', '.join(known)}"
    return _error("unknown-key", path, "unknown key", hint)


def _wrong_choice(path: PolicyPath, details: ErrorDetails) -> Finding:
    value = details["input"]
    expected = str(details.get("ctx", {}).get("expected", "")).replace("'", "")
    if expected == "all":
        return _error(
            "bad-value",
            path,
            f"expected all, or a list of column names; found {describe_value(value)}",
            f"write [{value}] for one column" if isinstance(value, str) else "",
        )
    hint = suggest(value, expected.split(" or ")) if isinstance(value, str) else ""
    if value == expected:
        hint = "write it without quotes"
    if path[-1] in {"delete", "mode"} and value == "hard":
        hint = "agents never delete for good: soft marks the row"
    return _error("bad-value", path, f"expected {expected}, found {describe_value(value)}", hint)


def _wrong_type(path: PolicyPath, expected: str, value: object) -> Finding:
    hint = ""
    if expected == "text" and isinstance(value, bool | int | float):
        hint = f"put it in quotes: '{str(value).lower()}'"
    elif expected == "true or false" and value in ("yes", "no", "on", "off"):
        hint = f"in YAML 1.2 {value} is a word like any other"
    elif expected == "a list" and isinstance(value, str):
        hint = f"write [{value}]"
    elif expected == _MAPPING and value is None:
        hint = "write {} for a mapping without keys"
    elif expected == _MAPPING and path[-1] == "approval":
        hint = "write {rows_per_statement: 0} to be asked always"
        if path[0] == "operations":
            hint = "write always, or when: and a condition, or rows: and a number"
    return _error("wrong-type", path, f"expected {expected}, found {describe_value(value)}", hint)


_VALUE_MESSAGES: dict[str, Callable[[object, dict[str, Any]], str]] = {
    "string_pattern_mismatch": lambda value, ctx: (
        f"expected {_PATTERN_MEANINGS[ctx['pattern']]}; found {describe_value(value)}"
    ),
    "string_too_long": lambda value, ctx: f"longer than {ctx['max_length']} characters",
    "string_too_short": lambda value, ctx: "empty",
    "too_short": lambda value, ctx: "empty: list at least one",
    "greater_than": lambda value, ctx: f"must be greater than {ctx['gt']}",
    "greater_than_equal": lambda value, ctx: f"must be at least {ctx['ge']}",
    "less_than_equal": lambda value, ctx: f"must be at most {ctx['le']}",
    "value_error": lambda value, ctx: str(ctx["error"]),
}


def _error(code: str, path: PolicyPath, message: str, hint: str = "") -> Finding:
    return Finding(Severity.ERROR, f"policy-{code}", path, message, hint)


def _field_description(path: PolicyPath) -> str:
    model = _model_at(path[:-1])
    field = model.model_fields.get(str(path[-1])) if model else None
    return (field.description or "") if field else ""


def _model_at(path: PolicyPath) -> type[BaseModel] | None:
    """Return the model that describes the mapping at *path*."""
    wanted: Any = Policy
    for part in path:
        model = _as_model(wanted)
        if model:
            field = model.model_fields.get(str(part))
            wanted = field.annotation if field else None
        else:
            arguments = get_args(wanted)
            wanted = arguments[-1] if arguments else None
    return _as_model(wanted)


def _as_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model that *annotation* is, or allows besides None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is Annotated:
        return _as_model(get_args(annotation)[0])
    parts = (get_args(part)[0] if get_origin(part) is Annotated else part for part in get_args(annotation))
    models = (part for part in parts if isinstance(part, type) and issubclass(part, BaseModel))
    first = next(models, None)
    is_optional = type(None) in get_args(annotation)
    return first if is_optional else None
