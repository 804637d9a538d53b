"""
What a model passes to a tool, looked at before it is used.

In: arguments, a tool's input schema. Out: the same, or an error that says what goes there. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pgmoat.errors import ValueRefusedError
from pgmoat.policy.messages import suggest
from pgmoat.runtime.values import describe_type

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


def check_arguments(tool: str, given: Mapping[str, Any] | None, schema: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the arguments that are given; null is as good as left out.

    Raises:
        ValueRefusedError: one that the tool does not have, one that is missing or of another type.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    found = {name: value for name, value in (given or {}).items() if value is not None}
    for name, value in found.items():
        if name not in properties:
            raise ValueRefusedError(
                f"{tool} has no argument {name!r}",
                hint=suggest(name, properties) or f"Arguments: {', '.join(properties) or 'none'}.",
            )
        _check_type(tool, name, value, properties[name])
    missing = [name for name in schema.get("required", ()) if name not in found]
    if missing:
        raise ValueRefusedError(f"{tool} needs {', '.join(missing)}", hint="Give each of them a value.")
    return found


def _check_type(tool: str, name: str, value: Any, schema: Mapping[str, Any]) -> None:
    wanted = schema.get("type")
    if wanted is None:
        return
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    if any(_is_kind(value, kind) for kind in kinds):
        if isinstance(value, list) and "items" in schema:
            for item in cast("list[Any]", value):
                _check_type(tool, f"each of {name.removeprefix('each of ')}", item, schema["items"])
        return
    words = " or ".join(_WORDS[kind] for kind in kinds)
    raise ValueRefusedError(
        f"{name} of {tool} is {words}, not {_describe(value)}", hint=f"Give {words} for {name}."
    )


def _is_kind(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()  # JSON has one kind of numbers
    return isinstance(value, _KINDS[kind])


def _describe(value: Any) -> str:
    for kind, types in _KINDS.items():
        if isinstance(value, types) and not (isinstance(value, bool) and kind != "boolean"):
            return _WORDS[kind]
    return describe_type(value)
