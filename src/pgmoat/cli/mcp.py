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
from pgmoat.mcp_server.clients import CLIENTS, Reach, check_name, render_config
from pgmoat.model.address import Address, check_exposure, list_hosts
from pgmoat.model.names import name_variable
from pgmoat.policy.load import load_policy
from pgmoat.policy.places import find_dsn, read_credentials
from pgmoat.policy.schema import Policy
from pgmoat.runtime.profile import resolve_profile

_HOST = "127.0.0.1"
_PORT = 8765

AgentOption = Annotated[
    str | None, typer.Option(metavar="AGENT", help="Whom to serve; without --http always needed.")
]
CredentialsOption = Annotated[
    Path | None, typer.Option(help="The file of passwords that apply wrote. Else PGMOAT_DSN_<AGENT>.")
]
AddressOption = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="A pooler, in place of the DSN's host and port.")
]
HostOption = Annotated[str | None, typer.Option(help=f"Where to listen. Default: {_HOST}.")]
PortOption = Annotated[
    int | None, typer.Option(min=1, max=65_535, help=f"Where to listen. Default: {_PORT}.")
]
CertOption = Annotated[Path | None, typer.Option(help="The certificate with its chain, in PEM.")]
KeyOption = Annotated[Path | None, typer.Option(help="The certificate's key, in PEM.")]
ProxyOption = Annotated[
    bool,
    typer.Option("--behind-tls-proxy", help="A proxy before it speaks TLS: listen for it without, anywhere."),
]
NameOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A name that clients ask for it by; may be given several times."),
]
TokensOption = Annotated[
    Path | None,
    typer.Option(help="A file of bearer tokens' hashes, mode 0600. Also PGMOAT_MCP_TOKEN_<AGENT>."),
]
IssueOption = Annotated[
    str | None,
    typer.Option(metavar="AGENT", help="Make a bearer token, add its hash to --tokens, print it once."),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(metavar="CLIENT", help=f"Print what a client's file needs: {', '.join(CLIENTS)}."),
]
ServerNameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="The server's name in it. Default: pgmoat-AGENT.")
]


def mcp(
    policy: PolicyArgument = DEFAULT_POLICY,
    agent: AgentOption = None,
    credentials: CredentialsOption = None,
    address: AddressOption = None,
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP, to whom shows a token.")] = False,
    host: HostOption = None,
    port: PortOption = None,
    tls_cert: CertOption = None,
    tls_key: KeyOption = None,
    behind_tls_proxy: ProxyOption = False,
    allow_host: NameOption = None,
    tokens: TokensOption = None,
    issue_token: IssueOption = None,
    print_config: ConfigOption = None,
    name: ServerNameOption = None,
) -> None:
    """
    Serve an agent's entities and operations as tools of MCP.

    Over standard input and output, started by a client, for one agent; its task is that of PGMOAT_TASK_TOKEN.
    Over HTTP for all agents that have a token.
    """
    found = _Found(load_policy(policy).policy, policy, agent, credentials, address)
    if issue_token is not None:
        found.issue(issue_token, tokens)
        return
    if not http:
        _refuse_without_http(
            {
                "--host": host,
                "--port": port,
                "--tls-cert": tls_cert,
                "--tls-key": tls_key,
                "--behind-tls-proxy": behind_tls_proxy,
                "--allow-host": allow_host,
                "--tokens": tokens,
            }
        )
    certificate = find_certificate(tls_cert, tls_key)
    if certificate and behind_tls_proxy:
        raise Error("--behind-tls-proxy says that the proxy has the certificate; --tls-cert gives one")
    place = _Place(
        Address(host or _HOST, port or _PORT), tuple(allow_host or ()), certificate, behind_tls_proxy
    )
    if print_config is not None:
        found.print_config(print_config, place.url if http else "", name)
    elif http:
        _serve_over_http(found, place, tokens)
    else:
        _serve_over_stdio(found)


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom to serve, and what with."""

    policy: Policy
    path: Path
    agent: str | None
    credentials: Path | None
    address: str | None

    def issue(self, agent: str, path: Path | None) -> None:
        """Print a new bearer token."""
        resolve_profile(self.policy, agent)
        if path is None:
            raise Error("--issue-token needs --tokens, the file to add the token's hash to")
        sys.stdout.write(bearer.issue_token(path, agent) + "\n")
        sys.stderr.write("A server that runs already takes it when it is started again.\n")

    def print_config(self, client: str, url: str, name: str | None) -> None:
        """Print what a client's file needs."""
        if self.agent is None:
            raise Error("--print-config needs --agent: a client works as one agent")
        profile = resolve_profile(self.policy, self.agent)
        server = name if name is not None else f"pgmoat-{self.agent}"
        check_name(server)
        command = () if url else self._make_command(self.agent)
        snippet = render_config(client, Reach(server, command, url, needs_task=not profile.is_claiming))
        notes = [note for note in (snippet.note, "" if url else self._check_dsn(self.agent)) if note]
        sys.stderr.write("\n".join((f"into {snippet.file}:", *notes)) + "\n")
        sys.stdout.write(snippet.text + "\n")

    def _check_dsn(self, agent: str) -> str:
        """
        Return what a person has to know of the agent's DSN.

        Raises:
            ConnectionFailedError: the command would find none.
        """
        find_dsn(agent, {}, self.credentials, self.address)
        variable = name_variable(agent)
        if self.credentials is not None and variable in read_credentials(self.credentials):
            return ""
        return (
            f"The DSN is in {variable} of this shell only. A client that is not started from it does not have"
            " it, and some hand on no variable: write the line into a file, and give --credentials."
        )

    def read_tokens(self, path: Path | None, environ: Mapping[str, str]) -> bearer.Tokens:
        """Return the bearer tokens of those who are served."""
        known = bearer.read_tokens(path, environ, tuple(self.policy.agents))
        if self.agent is not None:
            known = known.only(self.agent)
        if not known:
            raise Error(
                "nobody could come in: there is no bearer token",
                hint="pgmoat mcp --issue-token AGENT --tokens FILE makes one. See also PGMOAT_MCP_TOKEN_*.",
            )
        return known

    def _make_command(self, agent: str) -> tuple[str, ...]:
        """Return the command line of a server over standard input and output, with absolute paths."""
        script = Path(sys.executable).with_name("pgmoat")
        program = (str(script),) if script.is_file() else (sys.executable, "-m", "pgmoat")
        command = [*program, "mcp", str(self.path.resolve()), "--agent", agent]
        if self.credentials is not None:
            command += ["--credentials", str(self.credentials.resolve())]
        return (*command, "--address", self.address) if self.address is not None else tuple(command)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to listen."""

    address: Address
    names: tuple[str, ...]
    certificate: tuple[Path, Path] | None
    is_behind_proxy: bool

    @property
    def url(self) -> str:
        """The address for clients; behind a proxy by the first of the names."""
        scheme = "https" if self.certificate or self.is_behind_proxy else "http"
        place = self.names[0] if self.names else f"{self.address.host_in_url}:{self.address.port}"
        return f"{scheme}://{place}/mcp"


def _refuse_without_http(given: Mapping[str, object]) -> None:
    for option, value in given.items():
        if value:
            raise Error(f"{option} is for a server over HTTP", hint="Give --http, or leave it out.")


def _serve_over_stdio(found: _Found) -> None:
    if found.agent is None:
        raise Error("--agent is missing: over standard input and output one agent is served")
    serve, _ = _import_server()
    wanted = serve.Wanted(found.policy, found.credentials, found.address)
    serve.serve_over_stdio(wanted, found.agent, serve.read_wish(os.environ))


def _serve_over_http(found: _Found, place: _Place, path: Path | None) -> None:
    check_exposure(
        place.address,
        "--host",
        has_tls=place.certificate is not None,
        is_behind_proxy=place.is_behind_proxy,
    )
    hosts = list_hosts(place.address, place.names)
    known = found.read_tokens(path, os.environ)
    serve, http = _import_server()
    certificate = http.Certificate(*place.certificate) if place.certificate else None

    def say_ready() -> None:
        sys.stderr.write(f"MCP at {place.url} for {', '.join(known.agents)}\n")
        sys.stderr.flush()

    wanted = serve.Wanted(found.policy, found.credentials, found.address)
    serve.serve_over_http(
        wanted, known, http.Place(place.address, hosts, certificate, place.is_behind_proxy), say_ready
    )


def _import_server() -> tuple[ModuleType, ModuleType]:
    try:
        from pgmoat.mcp_server import http, serve  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise Error(
            f"the MCP server needs {error.name}, which is not installed",
            hint="pip install '.[mcp]', in pgmoat's source directory, installs it.",
        ) from error
    return serve, http
