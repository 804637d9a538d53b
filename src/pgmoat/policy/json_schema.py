"""
The policy's JSON Schema, with which editors complete and check ``moat.yaml``.

In: the models. Out: plain data. I/O: none.
"""

from __future__ import annotations

from typing import Any, cast

from pgmoat.policy.schema import Policy
from pgmoat.policy.units import DURATION_PATTERN, SIZE_PATTERN, render_bytes, render_milliseconds

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_RENDERERS = {DURATION_PATTERN: render_milliseconds, SIZE_PATTERN: render_bytes}


def policy_json_schema() -> dict[str, Any]:
    """Return the schema of what the loader reads: the same keys, and durations and sizes as text."""
    schema = Policy.model_json_schema(mode="validation")
    _write_units(schema)
    return {
        "$schema": DIALECT,
        **schema,
        "title": "pgmoat policy",
        "description": "What each AI agent may do in a PostgreSQL database: moat.yaml.",
    }


def _write_units(part: Any) -> None:
    """Write each default as the file would: ``5s``, where the model holds 5000."""
    if isinstance(part, list):
        for item in cast("list[Any]", part):
            _write_units(item)
    if not isinstance(part, dict):
        return
    mapping = cast("dict[str, Any]", part)
    renderer = _RENDERERS.get(str(mapping.get("pattern")))
    if renderer and "default" in mapping:
        mapping["default"] = renderer(mapping["default"])
    for value in mapping.values():
        _write_units(value)
