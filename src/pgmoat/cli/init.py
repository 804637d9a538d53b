"""
``pgmoat init``: a first policy from a database, and later what is new in it.

In: a database, perhaps a policy. Out: a policy file, what it remembers, a summary. I/O: reads PostgreSQL,
files, the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from difflib import unified_diff
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import typer

from pgmoat.cli.init_files import Target, read_target, write_target
from pgmoat.cli.init_model import fill_policy, print_filled, print_prompt, require_text, write_filled
from pgmoat.cli.init_output import describe_proposal, print_proposal
from pgmoat.cli.options import DEFAULT_POLICY, DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.errors import Error, NotFoundError
from pgmoat.postgres.connect import connect, resolve_dsn
from pgmoat.report.draft.build import DraftOptions
from pgmoat.report.draft.propose import Existing, Proposal, load_existing, propose_first, propose_more
from pgmoat.report.survey.read import read_survey


class Agents(StrEnum):
    """Which agents a new policy gets."""

    THREE = "three"
    NONE = "none"


OutputOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="POLICY", help="The policy file to write, or to add to.")
]
SchemaOption = Annotated[
    list[str] | None,
    typer.Option("--schema", metavar="NAME", help="Only tables of this schema; * and ? as in a shell."),
]
TableOption = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="NAME", help="Only this table, as name or schema.name; * and ?."),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="NAME", help="Not this table, as name or schema.name; * and ?."),
]
AgentsOption = Annotated[
    Agents, typer.Option("--agents", help="Agents to begin with: reader, support, operator; or none.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Start over; the file as it is stays as .bak beside it.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the file, or what would change in it; write nothing.")
]
PromptOption = Annotated[
    bool, typer.Option("--prompt", help="Print a prompt for your own model: schema and shapes, no data.")
]
MergeOption = Annotated[
    Path | None,
    typer.Option("--merge", metavar="ANSWER", help="Fill the policy from the model's answer; - is stdin."),
]

_PATTERNS = "A table is named as name or schema.name; * and ? stand for letters."


def init(
    output: OutputOption = DEFAULT_POLICY,
    dsn: DsnOption = None,
    schema: SchemaOption = None,
    table: TableOption = None,
    exclude: ExcludeOption = None,
    agents: AgentsOption = Agents.THREE,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    prompt: PromptOption = False,
    merge: MergeOption = None,
    as_json: JsonOption = False,
) -> int:
    """
    Draft moat.yaml from the database. Changes no database.

    Run again, it adds what is new there; what a person wrote, changed or took out stays so.
    """
    if prompt + (merge is not None) + force > 1:
        raise Error("--prompt, --merge and --force exclude each other")
    target = read_target(output)
    takes = _choose(schema or (), table or (), exclude or ())
    if merge is not None:
        return _merge(target, merge, dry_run=dry_run, as_json=as_json)
    address = resolve_dsn(dsn, os.environ)
    if prompt:
        require_text(target)
        with connect(address) as connection:
            print_prompt(connection, target, takes, as_json=as_json)
        return 0
    options = DraftOptions(takes=takes, with_agents=agents is Agents.THREE)
    proposal = _propose(address, target, options, force=force)
    changed = proposal.text != target.text
    if not dry_run:
        write_target(target, proposal.text, proposal.memory, keeps_copy=force)
    elif not as_json:
        sys.stdout.write(_show(target, proposal.text))
    if as_json:
        print_json(describe_proposal(target, proposal, written=changed and not dry_run))
    else:
        print_proposal(target, proposal, stderr=dry_run)
    return 0


def _merge(target: Target, answer: Path, *, dry_run: bool, as_json: bool) -> int:
    filled = fill_policy(target, answer)
    if not dry_run:
        write_filled(target, filled)
    elif not as_json:
        sys.stdout.write(_show(target, filled.text))
    print_filled(target, filled, as_json=as_json, stderr=dry_run)
    return 0


def _propose(dsn: str, target: Target, options: DraftOptions, *, force: bool) -> Proposal:
    """
    Return what to write.

    Raises:
        PolicyError: the file is a policy with problems.
        NotFoundError: no table is asked for.
    """
    is_first = target.text is None or force
    loaded = None if is_first else load_existing(target.text or "", str(target.path))
    entity_schema = "agent" if loaded is None else loaded.policy.settings.entity_schema
    with connect(dsn) as connection:
        survey = read_survey(connection, entity_schema=entity_schema)
        if survey.tables and not any(map(options.takes, survey.tables)):
            raise NotFoundError("--schema, --table and --exclude leave no table", hint=_PATTERNS)
        if loaded is None:
            return propose_first(connection, survey, options)
        return propose_more(connection, survey, options, Existing(loaded, target.text or "", target.memory))


def _choose(schemas: Sequence[str], tables: Sequence[str], excluded: Sequence[str]) -> Callable[[str], bool]:
    """
    Return whether a table (schema.table) is asked for.

    Raises:
        Error: a pattern is empty.
    """
    if not all((*schemas, *tables, *excluded)):
        raise Error("a name of a schema or table is empty")

    def takes(name: str) -> bool:
        own_schema = name.partition(".")[0]
        is_in = not schemas or any(fnmatchcase(own_schema, pattern) for pattern in schemas)
        is_named = not tables or any(_matches(name, pattern) for pattern in tables)
        return is_in and is_named and not any(_matches(name, pattern) for pattern in excluded)

    return takes


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name if "." in pattern else name.partition(".")[2], pattern)


def _show(target: Target, text: str) -> str:
    """Return the new file, or how it differs from the one that is there."""
    if target.text is None:
        return text
    name = str(target.path)
    return "".join(
        unified_diff(
            target.text.splitlines(keepends=True),
            text.splitlines(keepends=True),
            name,
            f"{name} (new)",
        )
    )
