"""
``pgmoat blast``: the worst that a role can do.

In: a role, a database. Out: a report, JSON, SQL, an HTML page. I/O: reads PostgreSQL; a file, the terminal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pgmoat.cli.blast_elsewhere import look_elsewhere
from pgmoat.cli.blast_output import print_blast
from pgmoat.cli.blast_proof import (
    AsOption,
    ProveOption,
    check_proof_options,
    print_proof,
    run_proof,
)
from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.errors import Error
from pgmoat.postgres.connect import connect, resolve_dsn
from pgmoat.report.blast.describe import describe_blast
from pgmoat.report.blast.measure import measure_blast
from pgmoat.report.blast.page import render_page
from pgmoat.report.blast.proof_text import describe_proof
from pgmoat.report.blast.script import render_script

EXIT_BEYOND = 2


def blast(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The agent; with --any-role a role's name.")],
    dsn: DsnOption = None,
    any_role: Annotated[
        bool,
        typer.Option("--any-role", help="AGENT is a role, whoever made it. pgmoat need not be installed."),
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Show every claim and way, what every role may do among them.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 2 when anything is reached beyond the policy.")
    ] = False,
    databases: Annotated[
        bool, typer.Option("--databases", help="Look into the server's other databases, too.")
    ] = False,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL that closes it instead: a script for psql.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page that stands by itself, too.")
    ] = None,
    prove: ProveOption = False,
    as_role: AsOption = None,
    as_json: JsonOption = False,
) -> int:
    """
    Show the worst that an agent can do, from the catalog as it is, with what closes it. Changes nothing.

    Every object that its role reaches, with every way there, in rows; what is beyond its policy first.
    In CI: [bold]pgmoat blast AGENT --check[/].
    """
    if sql and as_json:
        raise Error("--sql and --json exclude each other")
    check_proof_options(sql=sql, prove=prove, as_role=as_role)
    owner_dsn = resolve_dsn(dsn, os.environ)
    with connect(owner_dsn) as connection:
        found = measure_blast(connection, agent, any_role=any_role)
    if databases:
        found = look_elsewhere(found, owner_dsn)
    if html is not None:
        html.write_text(render_page(found), encoding="utf-8")
    proof = run_proof(found, owner_dsn, as_role, quiet=as_json) if prove else None
    if as_json:
        print_json(describe_blast(found) | ({} if proof is None else {"proof": describe_proof(proof)}))
    elif sql:
        sys.stdout.write(render_script(found))
    else:
        print_blast(found, show_all=show_all)
        if proof is not None:
            print_proof(proof)
    has_differences = proof is not None and bool(proof.differences)
    return EXIT_BEYOND if has_differences or (check and found.beyond) else 0
