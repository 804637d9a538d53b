"""
Options that several verbs share.

I/O: none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
