"""
One thing that an agent tries, and how to find out whether it was held.

In: a Stage. Out: ScenarioResult. I/O: PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from pgmoat.demo.stage import REASON, Answer, Stage, describe_error
from pgmoat.errors import ConnectionFailedError

Statements = tuple[LiteralString, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """PostgreSQL's answer to the agent, and whether the database is as it must be: two separate findings."""

    answer: str
    held: bool


Play = Callable[[Stage, Statements], Outcome]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is tried, in plain words and in SQL, and the function that tries and judges it."""

    name: str
    words: str
    statements: Statements
    play: Play

    @property
    def shown_statements(self) -> tuple[str, ...]:
        """The SQL with its parameters as PostgreSQL writes them: ``$1``."""
        return tuple(_show(statement) for statement in self.statements)

    @property
    def tried(self) -> str:
        """One line: the words and the SQL."""
        return f"{self.words}: {'; '.join(self.shown_statements)}"


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What came of a scenario."""

    scenario: Scenario
    answer: str
    held: bool

    def to_json(self) -> dict[str, str | bool]:
        """Return name, tried, answer and held."""
        return {
            "name": self.scenario.name,
            "tried": self.scenario.tried,
            "answer": self.answer,
            "held": self.held,
        }


def _show(statement: str) -> str:
    numbers = iter(range(1, 100))
    return re.sub(r"%(\(\w+\))?s", lambda _: f"${next(numbers)}", statement)


def play_scenario(stage: Stage, scenario: Scenario) -> ScenarioResult:
    """Return the result; what cannot be judged, because a login or a check failed, counts as not held."""
    try:
        outcome = scenario.play(stage, scenario.statements)
    except psycopg.Error as error:
        outcome = Outcome(f"could not be judged: {describe_error(error)}", held=False)
    except ConnectionFailedError as error:
        outcome = Outcome(f"could not be judged: {error.message}: {error.detail}", held=False)
    return ScenarioResult(scenario, outcome.answer, outcome.held)


def try_each(agent: str, held: LiteralString, *, in_task: bool = True, reason: str | None = REASON) -> Play:
    """
    Return the usual play: *agent* sends each statement in a transaction of its own, within a task.

    *held* is a question of people's: a query that answers true when the database is as it must be.
    """

    def play(stage: Stage, statements: Statements) -> Outcome:
        answers = [
            stage.try_once(
                agent, (statement,), token=stage.open_task(agent) if in_task else None, reason=reason
            )
            for statement in statements
        ]
        return Outcome(join_answers(answers), stage.ask(held) is True)

    return play


def join_answers(answers: Iterable[Answer]) -> str:
    """Return the answers in order, each once."""
    return "; ".join(dict.fromkeys(answer.text for answer in answers))
