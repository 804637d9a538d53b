"""
The options of ``pgmoat lint``.

I/O: none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy", "-f", help="Judge what agents see through this policy, and compare it with the tables."
    ),
]
SchemaOption = Annotated[
    list[str] | None,
    typer.Option("--schema", metavar="NAME", help="Only this schema. May be given repeatedly."),
]
TableOption = Annotated[
    list[str] | None,
    typer.Option(
        "--table", metavar="NAME", help="Only this table, schema.table or table; * and ? stand for letters."
    ),
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="CODE", help="Only this rule. May be given repeatedly."),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="CODE", help="Not this rule. May be given repeatedly."),
]
MinScoreOption = Annotated[
    int | None,
    typer.Option(
        "--min-score", metavar="N", min=0, max=100, help="Exit with 2 below this score, and not for findings."
    ),
]
NoDataOption = Annotated[bool, typer.Option("--no-data", help="Read no rows, only the catalog.")]
ViewsOption = Annotated[bool, typer.Option("--views", help="Judge views as well.")]
AllOption = Annotated[bool, typer.Option("--all", help="Show every table and finding.")]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="A file of known findings: only new ones are shown, and exit with 2.",
    ),
]
WriteOption = Annotated[
    bool, typer.Option("--write-baseline", help="Write what is found to the file of --baseline.")
]
ExplainOption = Annotated[
    str | None,
    typer.Option("--explain", metavar="CODE", help="Print a rule's page, or all: of every rule."),
]
SarifOption = Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for code scanning.")]
