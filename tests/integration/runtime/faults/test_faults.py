"""800 operations by 16 callers while sessions, PgBouncer and PostgreSQL die: each is done once, none lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from pgmoat.runtime import AsyncMoat, Moat
from tests.durable_server import DurableServer, run_durable_server
from tests.integration.runtime.faults.chaos import Chaos
from tests.integration.runtime.faults.crew import (
    Answer,
    CountingBackoff,
    Progress,
    run_tasks,
    run_threads,
    shuffle_calls,
)
from tests.integration.runtime.faults.judge import judge
from tests.integration.runtime.faults.plan import Operation, plan_operations
from tests.integration.runtime.faults.site import POLICY, RESET, SCHEMA
from tests.moat_fixtures import Moat as Site
from tests.moat_fixtures import install_moat

OPERATIONS = {
    ("direct", "threads"): 100,
    ("direct", "tasks"): 100,
    ("pooled", "threads"): 100,
    ("pooled", "tasks"): 500,
}
SEEDS = {("direct", "threads"): 1, ("direct", "tasks"): 2, ("pooled", "threads"): 3, ("pooled", "tasks"): 4}


@pytest.fixture(scope="module")
def durable() -> Generator[DurableServer]:
    """A server that may be killed."""
    with run_durable_server() as own:
        yield own


@pytest.fixture(scope="module")
def installed_site(durable: DurableServer) -> Generator[Site]:
    """The site on that server."""
    with install_moat(durable.database, "faults_", SCHEMA, POLICY) as site:
        yield site


@pytest.mark.parametrize("crew", ["threads", "tasks"])
def test_every_operation_exactly_once(
    installed_site: Site, durable: DurableServer, route: str, crew: str
) -> None:
    site, seed = installed_site, SEEDS[route, crew]
    site.judge_again()
    site.run(RESET)
    first_ticket = seed * 500
    operations = plan_operations(seed, OPERATIONS[route, crew], first_ticket)
    calls = shuffle_calls(operations, seed)
    progress = Progress(len(calls))
    chaos = Chaos(
        site,
        durable,
        site.start_pooler() if route == "pooled" else None,
        lambda: progress.share,
        random.Random(seed),  # noqa: S311 - a lot, no secret
    )
    started = time.monotonic()
    with chaos.beside():
        answers = _run(site, route, crew, calls, progress)
    took = time.monotonic() - started
    site.judge_again()
    lost = judge(site, operations, answers, first_ticket)
    _show(
        f"{crew}, {route}: {len(operations)} operations, {len(calls)} callers, {took:.1f} s",
        chaos,
        progress,
        lost,
    )
    assert chaos.done["PostgreSQL stopped -m immediate"] == 2
    assert chaos.done["sessions terminated"] > 0


def _run(site: Site, route: str, crew: str, calls: list[Operation], progress: Progress) -> list[Answer]:
    dsns, orchestrator = site.dsns(route), site.database.dsn
    backoff = CountingBackoff(progress=progress)
    if crew == "threads":
        with ExitStack() as opened:
            moat = opened.enter_context(
                Moat(site.policy, dsns=dsns, orchestrator_dsn=orchestrator, backoff=backoff)
            )
            return run_threads(moat, calls, progress)

    async def run() -> list[Answer]:
        async with AsyncMoat(site.policy, dsns=dsns, orchestrator_dsn=orchestrator, backoff=backoff) as moat:
            return await run_tasks(moat, calls, progress)

    return asyncio.run(run())


def _show(title: str, chaos: Chaos, progress: Progress, lost: int) -> None:
    print(f"\n{title}")  # noqa: T201 - shown by pytest -s
    for name, count in sorted({**chaos.done, **progress.met, "first answers lost": lost}.items()):
        print(f"  {count:>5}  {name}")  # noqa: T201
