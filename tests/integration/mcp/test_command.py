"""
The command line of ``pgmoat mcp``: what it refuses to start with, and what it prints for clients.

I/O: processes, files.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgmoat.mcp_server.clients import CLIENTS
from tests.acceptance.command import Command

VARIABLE = "PGMOAT_DSN_CLERK"
DSN = "postgresql://clerk:word@127.0.0.1/shop"
POLICY = """\
version: 1
entities: {orders: {table: public.orders, columns: {id: {}}}}
agents: {clerk: {tasks: claimed, entities: {orders: {}}}}
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A folder with a policy."""
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "moat.yaml").write_text(POLICY)
    return Command(tmp_path, None)


def test_a_clients_snippet_needs_a_dsn_that_the_client_finds(command: Command) -> None:
    file = command.directory / "own.credentials"
    ask = ("mcp", "--agent", "clerk", "--print-config", "claude")
    for options, words in (
        ((), f"or set {VARIABLE}"),
        (("--credentials", str(file)), f"cannot read {file}"),
    ):
        refused = command(*ask, *options)
        assert (refused.code, refused.out) == (1, "")
        assert words in " ".join(refused.err.split())
    file.write_text("PGMOAT_DSN_OTHER=host=h\n")
    refused = command(*ask, "--credentials", str(file))
    assert (refused.code, refused.out) == (1, "")
    assert f"{file} has no line {VARIABLE}=" in " ".join(refused.err.split())
    for options in ((), ("--credentials", str(file))):
        found = command(*ask, *options, **{VARIABLE: DSN})
        assert found.code == 0
        assert f"The DSN is in {VARIABLE} of this shell only" in found.err
    file.write_text(f"export {VARIABLE}='{DSN}'\n")
    found = command(*ask, "--credentials", str(file))
    assert found.code == 0
    assert "of this shell" not in found.err
    assert DSN not in found.out
    server = json.loads(found.out)["mcpServers"]["pgmoat-clerk"]
    assert server["args"][-2:] == ["--credentials", str(file)]


def test_a_server_has_the_name_that_is_asked_for(command: Command) -> None:
    ask = ("mcp", "--agent", "clerk", "--print-config", "cursor", "--http")
    assert list(json.loads(command.must(*ask).out)["mcpServers"]) == ["pgmoat-clerk"]
    assert list(json.loads(command.must(*ask, "--name", "shop").out)["mcpServers"]) == ["shop"]
    assert "is no name of a server" in command(*ask, "--name", "a b").err


def test_the_help_names_all_clients(command: Command) -> None:
    text = " ".join(command.must("mcp", "--help").out.replace("│", " ").split())
    assert ", ".join(CLIENTS) in text


@pytest.mark.parametrize(
    "options",
    [
        ("--port", "99"),
        ("--host", "127.0.0.1"),
        ("--tokens", "file"),
        ("--allow-host", "moat.example"),
        ("--behind-tls-proxy",),
        ("--tls-cert", "a", "--tls-key", "b"),
    ],
)
def test_what_is_for_http_alone_is_refused_without(command: Command, options: tuple[str, ...]) -> None:
    refused = command("mcp", "--agent", "clerk", *options, **{VARIABLE: DSN})
    assert refused.code == 1
    assert f"{options[0]} is for a server over HTTP" in refused.err


def test_a_new_token_says_when_it_is_taken(command: Command) -> None:
    issued = command.must("mcp", "--issue-token", "clerk", "--tokens", "mcp.tokens")
    assert len(issued.out.strip()) > 32
    assert "when it is started again" in issued.err
