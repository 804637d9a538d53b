"""What must hold whatever agents do: exact counts, limits that nobody passes, a history that replays."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.integration.properties.judge import check_history, check_keys, check_limits, read_rows
from tests.integration.properties.play import play
from tests.integration.properties.program import WRITERS, Writer
from tests.integration.properties.store import POLICY, RESET, SCHEMA
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer

# The same examples each time; PGMOAT_FUZZ=1000 looks for new ones.
_FUZZ = int(os.environ.get("PGMOAT_FUZZ", "0"))
_HARD = settings(
    max_examples=_FUZZ or 12,
    derandomize=not _FUZZ,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)


@pytest.fixture(scope="module")
def store(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield moat


@pytest.mark.parametrize("route", ["direct", "pooled"])
@_HARD
@given(writers=WRITERS)
def test_history_replays_and_limits_hold(store: Moat, route: str, writers: list[Writer]) -> None:
    store.run(RESET)
    before = read_rows(store)
    play(store, writers, route=route)
    check_limits(store)
    check_history(store, before)
    check_keys(store)
