"""
Options that several verbs share.

I/O: looks whether files are there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgmoat.errors import Error

DsnOption = Annotated[
    str | None,
    typer.Option(
        "--dsn", metavar="DSN", help="Database, as a URL or key=value. Else PGMOAT_DSN, else DATABASE_URL."
    ),
]
PolicyArgument = Annotated[
    Path, typer.Argument(metavar="[POLICY]", help="The policy file.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

DEFAULT_POLICY = Path("moat.yaml")


def find_certificate(chain: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """
    Return the files of a certificate, if they are given.

    Raises:
        Error: one of them is missing.
    """
    if (chain is None) != (key is None):
        raise Error("--tls-cert and --tls-key belong together")
    if chain is None or key is None:
        return None
    for path in (chain, key):
        if not path.is_file():
            raise Error(f"{path} is no file")
    return chain, key
