"""
Of queries broken one way each the cause is named for nine in ten, and none is called certain and wrong.

I/O: PostgreSQL, the folder of shared schemas.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from pgmoat.errors import AgentError
from pgmoat.runtime import Reason, Result, Task
from tests.integration.diagnose.cases import BREAKAGES, JOINS, Case, Query, draw_case, repeat_chance
from tests.integration.diagnose.twists import TWISTS, draw_twist
from tests.integration.diagnose.worlds import SOURCES, World, open_world
from tests.postgres_fixtures import PostgresServer

PER_WORLD, TWISTED = 8, 3  # of each breakage and twist: 5 databases, 5 ways of each, 200 cases and 75
_DRAWN = 400
SEED = os.environ.get("PGMOAT_CASES_SEED", "")  # other queries than every day's


@pytest.fixture(scope="module")
def worlds(server: PostgresServer) -> Generator[list[World]]:
    """All databases by others."""
    with ExitStack() as opened:
        yield [opened.enter_context(open_world(server, source)) for source in SOURCES]


def test_the_cause_is_named(worlds: list[World], capsys: pytest.CaptureFixture[str]) -> None:
    right, total = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    wrong, missed = list[str](), list[str]()
    for world in worlds:
        for case, result in find_cases(world):
            cell = (case.world, case.breakage)
            total[cell] += 1
            is_right = bool(result.reasons) and names_cause(result.reasons[0], case)
            right[cell] += is_right
            if not is_right:
                missed.append(describe(case, result))
            if any(is_wrong(reason, case) for reason in result.reasons):
                wrong.append(describe(case, result))
    with capsys.disabled():
        print_table(right, total, missed)
    assert total.total() == len(SOURCES) * (PER_WORLD * len(BREAKAGES) + TWISTED * len(TWISTS))
    assert not wrong, "\n".join(wrong)
    assert right.total() >= 0.9 * total.total(), "\n".join(missed)


def find_cases(world: World) -> Generator[tuple[Case, Result]]:
    """Yield as many cases of each breakage as are wanted, with the answer of the broken query."""
    task = world.open_task()
    for breakage in (*BREAKAGES, *TWISTS):
        draw, wanted = (draw_case, PER_WORLD) if breakage in BREAKAGES else (draw_twist, TWISTED)
        rng, found = repeat_chance(f"{SEED}{world.source.name} {breakage}"), 0
        seen = set[str]()
        for _ in range(_DRAWN):
            case = draw(world, breakage, rng)
            if case is None or case.broken.text in seen or not has_rows(task, case.working):
                continue
            seen.add(case.broken.text)
            result = ask(task, case.broken)
            if result is not None and is_empty(result):
                yield case, result
                found += 1
            if found == wanted:
                break


def ask(task: Task, query: Query) -> Result | None:
    try:
        return task.query(query.text, query.parameters)
    except AgentError:  # two types that cannot be compared: PostgreSQL says so itself
        return None


def has_rows(task: Task, query: Query) -> bool:
    result = ask(task, query)
    return result is not None and not is_empty(result)


def is_empty(result: Result) -> bool:
    return not result.rows or result.rows == ({"count": 0},)


def names_cause(reason: Reason, case: Case) -> bool:
    """Return whether a reason is of the right kind and names the broken condition."""
    if case.kinds == JOINS:
        text = reason.condition.replace('"', "")
        return reason.kind in JOINS and f".{case.column} " in text and text.endswith(f".{case.other}")
    return reason.kind in case.kinds and reason.column == case.column


def is_wrong(reason: Reason, case: Case) -> bool:
    """Return whether a reason is called certain, and is not the cause or cannot be known."""
    return reason.certainty == "certain" and (case.is_guess or not names_cause(reason, case))


def describe(case: Case, result: Result) -> str:
    reasons = "; ".join(f"{r.kind} ({r.certainty}) {r.column}: {r.message}" for r in result.reasons)
    return f"{case.world} {case.breakage}: {case.broken} -> {reasons or result.warnings}"


def print_table(right: Counter[tuple[str, str]], total: Counter[tuple[str, str]], missed: list[str]) -> None:
    """Show how many causes were named, by database and breakage."""
    lines = [f"{'':15}" + "".join(f"{breakage:>9}" for breakage in (*BREAKAGES, *TWISTS))]
    for source in SOURCES:
        cells = (f"{right[source.name, b]}/{total[source.name, b]}" for b in (*BREAKAGES, *TWISTS))
        lines.append(f"{source.name:15}" + "".join(f"{cell:>9}" for cell in cells))
    lines += [f"named: {right.total()} of {total.total()}", *missed]
    print("\n" + "\n".join(lines))  # noqa: T201 - the table is what a reader of the run looks for
