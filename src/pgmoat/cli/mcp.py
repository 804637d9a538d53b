"""
``pgmoat mcp``: agents that speak MCP.

In: which agent, how it connects. Out: MCP on standard output or over HTTP; a token; a client's configuration.
I/O: standard input and output, network, PostgreSQL.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pgmoat.cli.options import DEFAULT_POLICY, PolicyArgument
from pgmoat.errors import Error
from pgmoat.policy.load import load_policy


def mcp(
    policy: PolicyArgument = DEFAULT_POLICY,
    agent: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Whom to serve; over stdio always needed.")
    ] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="The file of passwords that apply wrote. Else PGMOAT_DSN_<AGENT>.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A pooler, in place of the DSN's host and port.")
    ] = None,
) -> None:
    """
    Serve an agent's entities and operations as tools of MCP.

    Over standard input and output: a client starts it. Tasks are those of an orchestrator: PGMOAT_TASK_TOKEN.
    """
    try:
        from pgmoat.mcp_server import serve  # noqa: PLC0415 - an extra
        from pgmoat.mcp_server.sessions import Wish  # noqa: PLC0415 - only where it is installed
    except ModuleNotFoundError as error:
        raise Error(
            f"the MCP server needs {error.name}, which is not installed",
            hint="pip install '.[mcp]', in pgmoat's source directory, installs it.",
        ) from error
    wanted = serve.Wanted(load_policy(policy).policy, credentials, address)
    if agent is None:
        raise Error("--agent is missing: over standard input and output one agent is served")
    wish = Wish(os.environ.get("PGMOAT_TASK") or None, os.environ.get("PGMOAT_TASK_TOKEN") or None)
    serve.serve_over_stdio(wanted, agent, wish)
