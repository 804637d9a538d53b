"""The JSON Schema says what the loader reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest

from pgmoat.policy.fields import Model
from pgmoat.policy.json_schema import policy_json_schema
from pgmoat.policy.schema import AgentPolicy, EntityPolicy, Policy

SCHEMA = policy_json_schema()


def definition(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", SCHEMA["$defs"][name]["properties"])


def objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        mapping = cast("dict[str, Any]", part)
        yield mapping
        for value in mapping.values():
            yield from objects(value)
    elif isinstance(part, list):
        for item in cast("list[Any]", part):
            yield from objects(item)


def test_head() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "pgmoat policy"
    assert SCHEMA["required"] == ["version"]
    assert "$id" not in SCHEMA
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_unknown_keys_are_refused_everywhere() -> None:
    with_keys = [each for each in objects(SCHEMA) if isinstance(each.get("properties"), dict)]
    assert len(with_keys) >= 10
    assert all(each["additionalProperties"] is False for each in with_keys)


def test_every_key_is_described() -> None:
    for model in Model.__subclasses__():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


def test_durations_and_sizes_are_text_with_a_unit() -> None:
    statement = definition("Timeouts")["statement"]
    assert (statement["type"], statement["default"]) == ("string", "5s")
    assert re.search(statement["pattern"], "500ms")
    assert not re.search(statement["pattern"], "500")
    size = definition("Limits")["bytes_per_task"]
    assert (size["type"], size["default"]) == ("string", "16MB")
    assert definition("Limits")["task_duration"]["default"] == "15m"


def test_the_defaults_of_the_schema_are_read_by_the_loader() -> None:
    for name in ("Timeouts", "Limits"):
        defaults = {key: value["default"] for key, value in definition(name).items()}
        agent = AgentPolicy.model_validate({name.lower(): defaults})
        assert agent == AgentPolicy.model_validate({})


def test_delete_may_be_one_word() -> None:
    delete = definition("EntityPolicy")["delete"]["anyOf"]
    assert {"enum": ["soft", "forbid"], "type": "string"} in delete
    assert {"$ref": "#/$defs/DeletePolicy"} in delete


def test_a_column_may_be_empty() -> None:
    column = definition("EntityPolicy")["columns"]["additionalProperties"]["anyOf"]
    assert {"type": "null"} in column


def test_a_column_list_is_all_or_a_list() -> None:
    forms = definition("EntityAccess")["update"]["oneOf"]
    assert [form["type"] for form in forms] == ["string", "array"]
    assert forms[0]["const"] == "all"


@pytest.mark.parametrize(
    "entity",
    [
        {"table": "s.t", "columns": {"a": None}, "delete": "soft"},
        {"table": "s.t", "columns": {"a": {}}, "delete": {"mode": "soft"}},
    ],
)
def test_what_the_schema_allows_the_loader_reads(entity: dict[str, Any]) -> None:
    assert EntityPolicy.model_validate(entity).delete.mode == "soft"
    assert set(entity) <= set(definition("EntityPolicy"))
    assert set(Policy.model_fields) == set(SCHEMA["properties"])
