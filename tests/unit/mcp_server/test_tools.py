"""Which tools an agent has, and what they say of themselves."""

from __future__ import annotations

from importlib.resources import files

import pytest
from mcp import types

from pgmoat.mcp_server.service import make_tools
from pgmoat.mcp_server.view import make_view
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy

DEMO = load_policy_text((files("pgmoat.demo") / "moat.yaml").read_text(), "moat.yaml").policy
MOST_BYTES = 8_000

UNSAID = {("add_note", "txt"), ("call_query", "key")}  # parameters without a doc in the policy

SHOP = load_policy_text(
    """
version: 1
entities:
  orders:
    table: public.orders
    key: [id]
    columns: {id: {}, st: {name: state}}
    log: {name: order_log, state: state, transitions: {a: [b]}}
  notes: {table: public.notes, key: [id], columns: {id: {}, txt: {}}}
operations:
  add_note:
    doc: Add a note.
    parameters: {txt: text}
    entities: {notes: {insert: [txt]}}
    sql: INSERT INTO notes (txt) VALUES (:txt)
  query:
    parameters: {key: integer}
    entities: {notes: {update: [txt]}}
    sql: UPDATE notes SET txt = '' WHERE id = :key
agents:
  adder: {entities: {notes: {insert: all}}, operations: [add_note, query]}
  mover: {entities: {order_log: {insert: all}}, approval: {rows_per_task: 5}}
  reader: {entities: {orders: {}}, approval: {rows_per_task: 5}}
  idle: {}
""",
    "moat.yaml",
).policy  # fmt: skip


def _list(policy: Policy, agent: str) -> dict[str, types.Tool]:
    return {name: tool.render() for name, tool in make_tools(make_view(policy, agent)).items()}


@pytest.mark.parametrize("agent", DEMO.agents)
def test_the_list_of_the_demos_agents_is_short(agent: str) -> None:
    listed = types.ListToolsResult(tools=list(_list(DEMO, agent).values()))
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) < MOST_BYTES


def test_an_agent_has_the_tools_that_it_can_use() -> None:
    assert list(_list(SHOP, "idle")) == ["entities"]
    assert list(_list(SHOP, "reader")) == ["entities", "describe", "query"]
    assert [*_list(SHOP, "mover")] == [
        "entities", "describe", "query", "write", "preview", "history", "outcome",
    ]  # fmt: skip


def test_an_operation_named_as_a_tool_gets_another_name() -> None:
    tools = _list(SHOP, "adder")
    assert list(tools)[-2:] == ["add_note", "call_query"]
    assert tools["call_query"].input_schema["properties"]["key"] == {"type": "integer"}
    assert tools["add_note"].input_schema["properties"]["key"]["type"] == "string"


def test_annotations_are_true() -> None:
    def annotations(agent: str, name: str) -> tuple[bool | None, bool | None, bool | None]:
        found = _list(SHOP, agent)[name].annotations
        assert found is not None
        assert found.open_world_hint is False
        return found.read_only_hint, found.destructive_hint, found.idempotent_hint

    for name in ("entities", "describe", "query", "preview", "history"):
        assert annotations("adder", name) == (True, None, None)
    assert annotations("adder", "write") == (False, False, True)  # it only adds rows
    assert annotations("adder", "add_note") == (False, False, True)
    assert annotations("adder", "call_query") == (False, True, True)
    assert annotations("mover", "write") == (False, True, True)  # the order's state follows the log


@pytest.mark.parametrize("agent", SHOP.agents)
def test_every_tool_has_docs_and_schemas(agent: str) -> None:
    for tool in _list(SHOP, agent).values():
        assert tool.description
        assert tool.input_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description") or (tool.name, name) in UNSAID, f"{tool.name}.{name}"
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"


def test_preview_needs_the_one_thing_that_there_is() -> None:
    required = {
        agent: _list(SHOP, agent)["preview"].input_schema.get("required") for agent in ("adder", "mover")
    }
    assert required == {"adder": None, "mover": ["sql"]}
    policy = SHOP.model_copy(
        update={"agents": {"caller": SHOP.agents["adder"].model_copy(update={"entities": {}})}}
    )
    assert _list(policy, "caller")["preview"].input_schema["required"] == ["operation"]
