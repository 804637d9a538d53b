"""
``pgmoat serve``: the dashboard.

In: where to listen, whom to let in. Out: pages over HTTP. I/O: network, PostgreSQL, the terminal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pgmoat.cli.options import DsnOption, find_certificate
from pgmoat.errors import Error
from pgmoat.model.address import check_exposure, list_hosts
from pgmoat.postgres.connect import redact, resolve_dsn


def serve(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen.")] = "127.0.0.1:8642",
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
        typer.Option(metavar="NAME", help="A name that browsers ask for it by; may be given several times."),
    ] = None,
    dsn: DsnOption = None,
) -> None:
    """
    Serve the dashboard: who uses the database, what agents did, and buttons that stop them.

    Without PGMOAT_DASHBOARD_OPERATOR_TOKEN it draws a token and prints the address to log in with.
    """
    try:
        from pgmoat.dashboard import serve as server  # noqa: PLC0415 - an extra
        from pgmoat.dashboard import settings as wanted  # noqa: PLC0415 - only where it is installed
    except ModuleNotFoundError as error:
        raise Error(
            f"the dashboard needs {error.name}, which is not installed",
            hint="pip install '.[dashboard]', in pgmoat's source directory, installs it.",
        ) from error
    certificate = find_certificate(tls_cert, tls_key)
    if certificate and behind_tls_proxy:
        raise Error("--behind-tls-proxy says that the proxy has the certificate; --tls-cert gives one")
    address = wanted.parse_address(listen)
    check_exposure(address, "--listen", has_tls=certificate is not None, is_behind_proxy=behind_tls_proxy)
    settings = wanted.Settings(
        address=address,
        tokens=wanted.read_tokens(os.environ),
        allowed_hosts=list_hosts(address, allow_host or ()),
        is_secure=certificate is not None or behind_tls_proxy,
    )
    database = resolve_dsn(dsn, os.environ)
    tokens = settings.tokens
    lines = _describe(
        database,
        wanted.find_url(settings, certificate is not None, allow_host or ()),
        tokens.operator,
        tokens.viewer,
    )

    def say_ready() -> None:
        sys.stdout.write("\n".join(lines if tokens.is_drawn else lines[:1]) + "\n")
        sys.stdout.flush()

    server.serve(database, settings, server.Certificate(*certificate) if certificate else None, say_ready)
    sys.stdout.write("stopped\n")


def _describe(database: str, url: str, operator: str, viewer: str) -> list[str]:
    return [
        f"dashboard of {redact(database)} at {url}",
        f"log in as operator: {url}/login#{operator}",
        f"log in as viewer:   {url}/login#{viewer}",
        "(until it stops; PGMOAT_DASHBOARD_OPERATOR_TOKEN and PGMOAT_DASHBOARD_VIEWER_TOKEN set others)",
    ]
