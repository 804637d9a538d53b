"""
``pgmoat mcp``: agents that speak MCP.

In: which agent, how it connects. Out: MCP on standard output or over HTTP; a token; a client's configuration.
I/O: standard input and output, network, PostgreSQL.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from pgmoat.cli.options import DEFAULT_POLICY, PolicyArgument, find_certificate
from pgmoat.errors import Error
from pgmoat.mcp_server import tokens as bearer
from pgmoat.mcp_server.clients import Reach, render_config
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
    print_config: Annotated[
        str | None,
        typer.Option(metavar="CLIENT", help="Print what a client's file needs: claude, cursor, vscode, …"),
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
    certificate = find_certificate(tls_cert, tls_key)
    if print_config is not None:
        url = _make_url(host, port, allow_host, has_tls=certificate is not None or behind_tls_proxy)
        files = _Files(policy, credentials, address)
        _print_config(found, print_config, agent, url if http else "", files)
        return
    if certificate and behind_tls_proxy:
        raise Error("--behind-tls-proxy says that the proxy has the certificate; --tls-cert gives one")
    serve, over_http = _import_server()
    wanted = serve.Wanted(found, credentials, address)
    if not http:
        if agent is None:
            raise Error("--agent is missing: over standard input and output one agent is served")
        serve.serve_over_stdio(wanted, agent, serve.read_wish(os.environ))
        return
    listening = Address(host, port)
    check_exposure(listening, "--host", has_tls=certificate is not None, is_behind_proxy=behind_tls_proxy)
    known = _read_tokens(found, agent, tokens, os.environ)
    place = over_http.Place(
        listening,
        list_hosts(listening, allow_host or ()),
        over_http.Certificate(*certificate) if certificate else None,
    )

    def say_ready() -> None:
        sys.stderr.write(f"MCP at {place.url} for {', '.join(known.agents)}\n")
        sys.stderr.flush()

    serve.serve_over_http(wanted, known, place, say_ready)


def _import_server() -> tuple[ModuleType, ModuleType]:
    try:
        from pgmoat.mcp_server import http, serve  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise Error(
            f"the MCP server needs {error.name}, which is not installed",
            hint="pip install '.[mcp]', in pgmoat's source directory, installs it.",
        ) from error
    return serve, http


@dataclass(frozen=True, slots=True)
class _Files:
    """What the server is started with."""

    policy: Path
    credentials: Path | None
    address: str | None

    def make_command(self, agent: str) -> tuple[str, ...]:
        """Return the command line of a server over standard input and output, with absolute paths."""
        script = Path(sys.executable).with_name("pgmoat")
        program = (str(script),) if script.is_file() else (sys.executable, "-m", "pgmoat")
        command = [*program, "mcp", str(self.policy.resolve()), "--agent", agent]
        if self.credentials is not None:
            command += ["--credentials", str(self.credentials.resolve())]
        return (*command, "--address", self.address) if self.address is not None else tuple(command)


def _print_config(policy: Policy, client: str, agent: str | None, url: str, files: _Files) -> None:
    if agent is None:
        raise Error("--print-config needs --agent: a client works as one agent")
    profile = resolve_profile(policy, agent)
    command = () if url else files.make_command(agent)
    reach = Reach(command, url, needs_task=not profile.is_claiming)
    snippet = render_config(client, reach)
    sys.stderr.write(f"into {snippet.file}:\n" + (f"{snippet.note}\n" if snippet.note else ""))
    sys.stdout.write(snippet.text + "\n")


def _make_url(host: str, port: int, names: list[str] | None, *, has_tls: bool) -> str:
    place = names[0] if names else f"{Address(host, port).host_in_url}:{port}"
    return f"{'https' if has_tls else 'http'}://{place}/mcp"


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
