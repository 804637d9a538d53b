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


def _list(policy: Policy, agent: str) -> list[types.Tool]:
    return [tool.render() for tool in make_tools(make_view(policy, agent)).values()]


@pytest.mark.parametrize("agent", DEMO.agents)
def test_the_list_of_the_demos_agents_is_short(agent: str) -> None:
    listed = types.ListToolsResult(tools=_list(DEMO, agent))
    size = len(listed.model_dump_json(by_alias=True, exclude_none=True).encode())
    assert size < MOST_BYTES
