"""
The whole of a run of init, up to the bytes that would be written.

In: a connection, a survey, the file as it is. Out: Proposal. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection

from pgmoat.errors import PolicyError
from pgmoat.model.finding import Finding
from pgmoat.plan.make import plan_policy
from pgmoat.policy.load import LoadedPolicy, load_policy_text
from pgmoat.report.draft.agents import READER
from pgmoat.report.draft.build import DraftOptions, build_draft
from pgmoat.report.draft.fit import fit_draft
from pgmoat.report.draft.insert import Insertion, insert_all
from pgmoat.report.draft.memory import Memory, join, note_gone, remember
from pgmoat.report.draft.merge import News, find_news, find_vanished
from pgmoat.report.draft.model import Draft
from pgmoat.report.draft.render import render_draft
from pgmoat.report.draft.state import FileState, read_state
from pgmoat.report.survey.snapshot import Survey

_MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Existing:
    """A policy that is there, and what earlier runs proposed for it; None: nobody knows."""

    loaded: LoadedPolicy
    text: str
    memory: Memory | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What init would write, and what a person should hear of it."""

    text: str
    memory: Memory
    draft: Draft
    errors: tuple[Finding, ...] = ()  # plan would still say them: rights that the installer lacks
    warnings: int = 0
    added: tuple[Insertion, ...] = ()  # to a file that was there
    left: tuple[Insertion, ...] = ()  # that could not be added: to be written by hand
    vanished: tuple[str, ...] = ()
    is_first: bool = True


def propose_first(connection: Connection[Any], survey: Survey, options: DraftOptions) -> Proposal:
    """Return a policy where there is none."""
    fitted = fit_draft(connection, build_draft(survey, options), names_roles=True)
    text = render_draft(fitted.draft)
    return Proposal(text, remember(fitted.draft), fitted.draft, fitted.errors, fitted.warnings)


def propose_more(
    connection: Connection[Any], survey: Survey, options: DraftOptions, existing: Existing
) -> Proposal:
    """Return the file with what is new in the database; the same bytes when nothing is."""
    text, memory = existing.text, existing.memory
    state = read_state(existing.loaded, text, READER)
    known = memory or Memory()
    removed = frozenset(known.tables) - frozenset(state.tables)

    def takes(name: str) -> bool:
        return options.takes(name) and name not in removed

    asked = replace(
        options,
        takes=takes,
        with_agents=(options.with_agents and not state.agents) or READER in state.agents,
        named=state.tables,
        taken=state.taken,
    )
    vanished = tuple(line for line in find_vanished(state, survey.tables) if _is_asked(line, state, options))
    draft = build_draft(survey, asked)
    actual = {
        name: frozenset(column.name for column in table.columns) for name, table in survey.tables.items()
    }
    news = find_news(state, memory, draft, actual)
    if not news.insertions:
        remembered = note_gone(join(known, remember(draft)), actual)
        return Proposal(text, remembered, draft, vanished=vanished, is_first=False)
    fitted = fit_draft(connection, draft)
    news = find_news(state, memory, fitted.draft, actual)
    proposal = _insert_news(connection, existing, news)
    return replace(
        proposal,
        memory=note_gone(join(known, remember(fitted.draft)), actual),
        draft=fitted.draft,
        warnings=fitted.warnings,
        vanished=vanished,
        is_first=state.is_blank,
    )


def _is_asked(line: str, state: FileState, options: DraftOptions) -> bool:
    name = line.split(":", 1)[0].split(".")[1]
    return any(entity == name and options.takes(table) for table, entity in state.tables.items())


def _insert_news(connection: Connection[Any], existing: Existing, news: News) -> Proposal:
    """Return the file with those of the news that plan takes beside what a person wrote."""
    text, file = existing.text, existing.loaded.file
    refused: list[Insertion] = []
    for _ in range(_MOST_ROUNDS):
        inserted = insert_all(text, news.insertions, file)
        errors = _find_errors(connection, inserted.text, file)
        wrong = [part for part in news.insertions if any(_is_at(error, part) for error in errors)]
        if not wrong:
            left = (*inserted.left, *refused)
            added = tuple(part for part in news.insertions if part not in left)
            return Proposal(
                inserted.text, Memory(), Draft(""), errors, added=added, left=left, is_first=False
            )
        refused += wrong
        news = news.without(wrong)
    left = (*news.insertions, *refused)
    return Proposal(text, Memory(), Draft(""), left=left, is_first=False)


def _find_errors(connection: Connection[Any], text: str, file: str) -> tuple[Finding, ...]:
    return plan_policy(connection, load_policy_text(text, file).policy).errors


def _is_at(error: Finding, insertion: Insertion) -> bool:
    """Whether the error is about what was inserted."""
    place = (*insertion.path, *([insertion.key] if insertion.key else []))
    return not insertion.is_comment and error.path[: len(place)] == place


def load_existing(text: str, file: str) -> LoadedPolicy:
    """
    Return the policy that init would add to.

    Raises:
        PolicyError: it has problems, which come first.
    """
    try:
        return load_policy_text(text, file)
    except PolicyError as error:
        raise PolicyError(
            f"{error.message}: init adds only to a policy without any",
            findings=error.findings,
            hint="mend them first; or pgmoat init --force, which starts over and keeps a copy",
        ) from error
