"""
``pgmoat mcp``: agents that speak MCP.

In: which agent, how it connects. Out: MCP on standard output or over HTTP; a token; a client's configuration.
I/O: standard input and output, network, PostgreSQL.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from pgmoat.cli.options import DEFAULT_POLICY, PolicyArgument, find_certificate
from pgmoat.errors import Error
from pgmoat.mcp_server import tokens as bearer
from pgmoat.model.address import Address, check_exposure, list_hosts
from pgmoat.policy.load import load_policy
from pgmoat.policy.schema import Policy
from pgmoat.runtime.profile import resolve_profile


def mcp(
    policy: PolicyArgument = DEFAULT_POLICY,
    agent: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Whom to serve; without --http always needed.")
    ] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="The file of passwords that apply wrote. Else PGMOAT_DSN_<AGENT>.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A pooler, in place of the DSN's host and port.")
    ] = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve over streamable HTTP, to whom shows a token.")
    ] = False,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where to listen.")] = 8765,
    tls_cert: Annotated[
        Path | None, typer.Option(help="The certificate with its chain, in PEM; with --tls-key.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key, in PEM.")] = None,
    behind_tls_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-tls-proxy", help="A proxy before it speaks TLS: listen for it without, anywhere."
        ),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name that clients ask for it by; may be given several times."),
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option(help="A file of bearer tokens' hashes, mode 0600. Also PGMOAT_MCP_TOKEN_<AGENT>."),
    ] = None,
    issue_token: Annotated[
        str | None,
        typer.Option(metavar="AGENT", help="Make a bearer token, add its hash to --tokens, print it once."),
    ] = None,
) -> None:
    """
    Serve an agent's entities and operations as tools of MCP.

    Over standard input and output, started by a client, for one agent; its task is that of PGMOAT_TASK_TOKEN.
    Over HTTP for all agents that have a token.
    """
    found = load_policy(policy).policy
    if issue_token is not None:
        _issue(found, issue_token, tokens)
        return
    try:
        from pgmoat.mcp_server import http as over_http  # noqa: PLC0415 - an extra
        from pgmoat.mcp_server import serve  # noqa: PLC0415 - only where it is installed
        from pgmoat.mcp_server.sessions import Wish  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        raise Error(
            f"the MCP server needs {error.name}, which is not installed",
            hint="pip install '.[mcp]', in pgmoat's source directory, installs it.",
        ) from error
    wanted = serve.Wanted(found, credentials, address)
    if not http:
        if agent is None:
            raise Error("--agent is missing: over standard input and output one agent is served")
        wish = Wish(os.environ.get("PGMOAT_TASK") or None, os.environ.get("PGMOAT_TASK_TOKEN") or None)
        serve.serve_over_stdio(wanted, agent, wish)
        return
    certificate = find_certificate(tls_cert, tls_key)
    if certificate and behind_tls_proxy:
        raise Error("--behind-tls-proxy says that the proxy has the certificate; --tls-cert gives one")
    listening = Address(host, port)
    check_exposure(listening, "--host", has_tls=certificate is not None, is_behind_proxy=behind_tls_proxy)
    place = over_http.Place(
        listening,
        list_hosts(listening, allow_host or ()),
        over_http.Certificate(*certificate) if certificate else None,
    )
    known = _read_tokens(found, agent, tokens, os.environ)

    def say_ready() -> None:
        sys.stderr.write(f"MCP at {place.url} for {', '.join(known.agents)}\n")
        sys.stderr.flush()

    serve.serve_over_http(wanted, known, place, say_ready)


def _read_tokens(
    policy: Policy, agent: str | None, path: Path | None, environ: Mapping[str, str]
) -> bearer.Tokens:
    known = bearer.read_tokens(path, environ, tuple(policy.agents))
    if agent is not None:
        known = known.only(agent)
    if not known:
        raise Error(
            "nobody could come in: there is no bearer token" + (f" of agent {agent}" if agent else ""),
            hint="pgmoat mcp --issue-token AGENT --tokens FILE makes one; or set PGMOAT_MCP_TOKEN_<AGENT>.",
        )
    return known


def _issue(policy: Policy, agent: str, path: Path | None) -> None:
    resolve_profile(policy, agent)
    if path is None:
        raise Error("--issue-token needs --tokens, the file to add the token's hash to")
    sys.stdout.write(bearer.issue_token(path, agent) + "\n")
