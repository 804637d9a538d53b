"""
``pgmoat init --prompt`` and ``--merge``: a person's own model fills docs, names and the meaning of codes.

In: a policy, a survey, an answer. Out: a prompt, the policy with what the answer fills. I/O: files, the
terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from psycopg import Connection
from rich.console import Console

from pgmoat.cli.init_files import Target, write_text
from pgmoat.cli.output import escape, print_json
from pgmoat.errors import Error
from pgmoat.model.count import describe_count
from pgmoat.policy.load import load_policy_text
from pgmoat.report.draft.answer import read_answer
from pgmoat.report.draft.fill import Filled, merge_answer
from pgmoat.report.draft.prompt import make_prompt
from pgmoat.report.survey.read import read_survey

_MOST_BYTES = 4 * 1024**2
_MOST_LINES = 20


def require_text(target: Target) -> str:
    """
    Return the policy's text.

    Raises:
        Error: there is none yet.
    """
    if target.text is None:
        raise Error(f"there is no policy {target.path} yet", hint="pgmoat init drafts it")
    return target.text


def print_prompt(
    connection: Connection[Any], target: Target, takes: Callable[[str], bool], *, as_json: bool
) -> None:
    """Print the prompt for what is missing; what a person should know of its size goes to standard error."""
    text = require_text(target)
    policy = load_policy_text(text, str(target.path)).policy
    survey = read_survey(connection, entity_schema=policy.settings.entity_schema)
    asked = {entity.table for entity in policy.entities.values() if takes(entity.table)}
    prompt = make_prompt(survey, text, asked, str(target.path))
    if as_json:
        found = {"entities": prompt.entities, "gaps": prompt.gaps, "tokens": prompt.tokens}
        print_json({"prompt": prompt.text, **found, "remark": prompt.remark})
        return
    sys.stdout.write(prompt.text)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    number = f"{prompt.entities} {'entity' if prompt.entities == 1 else 'entities'}"
    console.print(f"{describe_count(prompt.gaps, 'gap')} in {number}, about {prompt.tokens:,} tokens")
    console.print("then: pgmoat init --merge ANSWER")
    if prompt.remark:
        console.print(f"[yellow]{escape(prompt.remark)}[/]")


def fill_policy(target: Target, answer: Path) -> Filled:
    """
    Return the policy with what the answer fills.

    Raises:
        Error: there is no policy, or no answer that can be read.
        PolicyError: the policy has problems.
        AnswerRefusedError: the answer says what it may not.
    """
    text = require_text(target)
    policy = load_policy_text(text, str(target.path)).policy
    return merge_answer(text, read_answer(_read(answer), policy, str(answer)), str(target.path))


def print_filled(target: Target, filled: Filled, *, as_json: bool, stderr: bool) -> None:
    """Print what was filled, and what stayed as it was."""
    if as_json:
        kept = [{"path": part.name, "why": part.why} for part in filled.kept]
        paths = [".".join(path) for path in filled.filled]
        print_json({"policy": str(target.path), "filled": paths, "kept": kept})
        return
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(str(target.path))}[/]: {describe_count(len(filled.filled), 'text')} filled")
    for part in filled.kept[:_MOST_LINES]:
        console.print(f"  [dim]kept[/] {escape(part.name)}: {escape(part.why)}")
    if len(filled.kept) > _MOST_LINES:
        console.print(f"  … and {len(filled.kept) - _MOST_LINES} more; --json has all")
    console.print("A model wrote these texts, and agents will read them: read the difference first.")


def write_filled(target: Target, filled: Filled) -> None:
    """Write the policy, if anything was filled."""
    if filled.text != target.text:
        write_text(target, filled.text)


def _read(answer: Path) -> str:
    try:
        content = sys.stdin.buffer.read(_MOST_BYTES + 1) if str(answer) == "-" else answer.read_bytes()
    except OSError as error:
        raise Error(f"cannot read {answer}: {error.strerror or error}") from error
    if len(content) > _MOST_BYTES:
        raise Error(f"{answer} is too large for an answer")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Error(f"{answer} is not UTF-8") from error
