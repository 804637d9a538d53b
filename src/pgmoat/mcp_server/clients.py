"""
What the usual clients want written into their configuration.

In: how to reach the server. Out: text for a file. I/O: none.

No snippet has a secret in it: passwords stay in the file that apply wrote, tokens in the environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pgmoat.errors import Error
from pgmoat.policy.messages import suggest

TOKEN_VARIABLE = "PGMOAT_MCP_TOKEN"  # noqa: S105 - the name of one
TASK_VARIABLE = "PGMOAT_TASK_TOKEN"


@dataclass(frozen=True, slots=True)
class Reach:
    """A server's name, its command or address; whether its tasks are those of an orchestrator."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    needs_task: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """One client: where its configuration is, and how it refers to a variable of its environment."""

    file: str
    key: str = "mcpServers"
    reference: str | None = "${%s}"  # None: it refers to none, and a secret would have to stand in its file
    http_type: str | None = "http"  # None: it needs no word for it
    url_key: str = "url"
    has_http: bool = True


CLIENTS: Mapping[str, Client] = {
    "claude": Client(
        "claude_desktop_config.json (Settings, Developer, Edit Config)", reference=None, has_http=False
    ),
    "claude-code": Client(".mcp.json in the project"),
    "cursor": Client("~/.cursor/mcp.json", reference="${env:%s}", http_type=None),
    "vscode": Client(".vscode/mcp.json", key="servers", reference="${input:%s}"),
    "windsurf": Client(
        "~/.codeium/windsurf/mcp_config.json", reference="${env:%s}", http_type=None, url_key="serverUrl"
    ),
    "gemini": Client("~/.gemini/settings.json", reference="$%s", http_type=None, url_key="httpUrl"),
    "codex": Client("~/.codex/config.toml"),
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """What to write into which file, and what a person has to know."""

    file: str
    text: str
    note: str = ""


def check_name(name: str) -> None:
    """
    Refuse a server's name that a client may not take.

    Raises:
        Error: it is one.
    """
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) is None:
        raise Error(
            f"--name: {name!r} is no name of a server", hint="Letters, digits, _ and - may stand in it."
        )


def render_config(name: str, reach: Reach) -> Snippet:
    """
    Return what to write into the file that a client reads.

    Raises:
        Error: no such client, or one that starts its servers and reaches none over HTTP.
    """
    client = CLIENTS.get(name)
    if client is None:
        raise Error(
            f"--print-config: no client {name!r}",
            hint=suggest(name, CLIENTS) or f"Clients: {', '.join(CLIENTS)}.",
        )
    if reach.url and not client.has_http:
        raise Error(
            f"--print-config: {name} starts its servers itself and reads no address from its file",
            hint="Leave --http out. Its Settings, Connectors, want OAuth, which this server has not.",
        )
    write = _SPECIAL.get(name, _render_json)
    note = ""
    if reach.needs_task and client.reference is None:
        note = (
            f"{name} hands on no variable: {TASK_VARIABLE} would have to stand in the file. An agent with"
            " `tasks: claimed` needs none."
        )
    return Snippet(client.file, write(client, reach), note)


def _render_json(client: Client, reach: Reach) -> str:
    server = _make_http(client, reach) if reach.url else _make_stdio(client, reach)
    return json.dumps({client.key: {reach.name: server}}, indent=2)


def _render_vscode(client: Client, reach: Reach) -> str:
    server = _make_http(client, reach) if reach.url else {"type": "stdio", **_make_stdio(client, reach)}
    wanted = ([TOKEN_VARIABLE] if reach.url else []) + ([TASK_VARIABLE] if reach.needs_task else [])
    inputs = [
        {"type": "promptString", "id": variable, "description": _DESCRIPTIONS[variable], "password": True}
        for variable in wanted
    ]
    found: dict[str, Any] = {client.key: {reach.name: server}}
    return json.dumps(({"inputs": inputs} if inputs else {}) | found, indent=2)


def _render_toml(_client: Client, reach: Reach) -> str:
    # A JSON string, and an array of them, is one of TOML too.
    lines = [f"[mcp_servers.{reach.name}]"]
    if reach.url:
        lines += [f"url = {json.dumps(reach.url)}", f'bearer_token_env_var = "{TOKEN_VARIABLE}"']
        if reach.needs_task:
            lines.append(f'env_http_headers = {{ "Pgmoat-Task-Token" = "{TASK_VARIABLE}" }}')
    else:
        program, *arguments = reach.command
        lines += [f"command = {json.dumps(program)}", f"args = {json.dumps(arguments)}"]
        if reach.needs_task:
            lines.append(f'env_vars = ["{TASK_VARIABLE}"]')
    return "\n".join(lines)


def _make_stdio(client: Client, reach: Reach) -> dict[str, Any]:
    program, *arguments = reach.command
    server: dict[str, Any] = {"command": program, "args": arguments}
    if reach.needs_task and client.reference is not None:
        server["env"] = {TASK_VARIABLE: client.reference % TASK_VARIABLE}
    return server


def _make_http(client: Client, reach: Reach) -> dict[str, Any]:
    reference = client.reference or "%s"
    headers = {"Authorization": f"Bearer {reference % TOKEN_VARIABLE}"}
    if reach.needs_task:
        headers["Pgmoat-Task-Token"] = reference % TASK_VARIABLE
    kind = {"type": client.http_type} if client.http_type else {}
    return {**kind, client.url_key: reach.url, "headers": headers}


_DESCRIPTIONS = {
    TOKEN_VARIABLE: "Bearer token: pgmoat mcp --issue-token",
    TASK_VARIABLE: "Token of the task: pgmoat task open",
}
_SPECIAL: Mapping[str, Callable[[Client, Reach], str]] = {"vscode": _render_vscode, "codex": _render_toml}
