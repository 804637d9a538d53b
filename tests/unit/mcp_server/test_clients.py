"""What is printed for the usual clients."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from pgmoat.errors import Error
from pgmoat.mcp_server.clients import CLIENTS, Reach, check_name, render_config

COMMAND = ("/opt/pgmoat", "mcp", '/srv/a "b"/moat.yaml', "--agent", "clerk")
URL = "https://moat.example/mcp"


def _load(client: str, reach: Reach) -> dict[str, Any]:
    text = render_config(client, reach).text
    return tomllib.loads(text) if client == "codex" else json.loads(text)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("needs_task", [True, False])
def test_a_command_has_absolute_paths(client: str, needs_task: bool) -> None:
    found = _load(client, Reach("pgmoat-clerk", COMMAND, needs_task=needs_task))
    key = {"vscode": "servers", "codex": "mcp_servers"}.get(client, "mcpServers")
    server = found[key]["pgmoat-clerk"]
    assert [server["command"], *server["args"]] == list(COMMAND)
    assert ("PGMOAT_TASK_TOKEN" in json.dumps(found)) == (needs_task and client != "claude")


@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "claude"])
def test_an_address_goes_with_a_reference_to_the_token(client: str) -> None:
    found = _load(client, Reach("pgmoat-clerk", url=URL, needs_task=True))
    text = json.dumps(found)
    assert URL in text
    assert "PGMOAT_MCP_TOKEN" in text
    assert "Pgmoat-Task-Token" in text


def test_what_a_client_cannot_do_is_said() -> None:
    with pytest.raises(Error, match="starts its servers itself"):
        render_config("claude", Reach("pgmoat-clerk", url=URL))
    assert (
        "hands on no variable"
        in render_config("claude", Reach("pgmoat-clerk", COMMAND, needs_task=True)).note
    )
    with pytest.raises(Error, match="no client 'curser'") as caught:
        render_config("curser", Reach("pgmoat-clerk", COMMAND))
    assert caught.value.hint == "did you mean `cursor`?"


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ä", "x" * 65])
def test_a_name_that_a_client_may_not_take_is_refused(name: str) -> None:
    check_name("pgmoat-clerk_2")
    with pytest.raises(Error, match="is no name of a server"):
        check_name(name)
