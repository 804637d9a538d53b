"""
The shop on a server of its own, a streaming standby of it, and the runtime that reads there.

Out: fixtures. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any

import pytest

from pgmoat.policy.schema import Policy, ReplicaPolicy
from pgmoat.runtime import Backoff, Moat, horizon, standing
from tests.integration.runtime.shop import POLICY, RESET, SCHEMA
from tests.moat_fixtures import Moat as Site
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import start_chosen_server
from tests.standby_fixtures import Standby, open_standby

QUICK = Backoff(deadline_s=5.0, first_s=0.01, most_s=0.2)
REST_S = 0.2
FRESH_S = 0.4
NOTICED_S = 0.2
_TEXT = POLICY.replace("  support: &agent\n", "  support: &agent\n    reads: replica\n").replace(
    "statement: 2s", "statement: 8s"
)


@pytest.fixture(scope="session")
def installed_primary() -> Generator[Site]:
    """The shop on a server whose commits are flushed at once, as replication wants them."""
    settings = {"synchronous_commit": "on", "log_statement": "all", "autovacuum": "off"}
    replica = "replica: {host: 127.0.0.1}\n"
    with start_chosen_server(settings) as server, open_moat(server, SCHEMA, _TEXT + replica) as site:
        yield site


@pytest.fixture
def primary(installed_primary: Site, standby: Standby) -> Site:
    """The shop as it was loaded, and as the standby knows it."""
    installed_primary.run(RESET)
    with installed_primary.superuser() as judge:
        standby.wait_for(judge)
    return installed_primary


@pytest.fixture(scope="module")
def standby(installed_primary: Site) -> Generator[Standby]:
    """A standby of the module's own."""
    with open_standby(installed_primary.database.server, {"log_statement": "all"}) as opened:
        yield opened


Opener = Callable[..., Moat]


@pytest.fixture
def make_reader(primary: Site, standby: Standby, monkeypatch: pytest.MonkeyPatch) -> Generator[Opener]:
    """A function that opens the runtime by a route; it waits for less long than in earnest."""
    monkeypatch.setattr(standing, "REST_S", REST_S)
    monkeypatch.setattr(standing, "NOTICED_S", NOTICED_S)
    monkeypatch.setattr(horizon, "FRESH_S", FRESH_S)
    with ExitStack() as opened:

        def make(
            route: str = "direct", *, port: int = standby.port, max_wait: str = "500ms", **arguments: Any
        ) -> Moat:
            given: dict[str, Any] = {
                "orchestrator_dsn": primary.database.dsn,
                "dsns": primary.dsns(route),
                "backoff": QUICK,
                **arguments,
            }
            return opened.enter_context(Moat(point(primary.policy, port, max_wait), **given))

        yield make


@pytest.fixture
def reader(make_reader: Opener) -> Moat:
    """The runtime, directly."""
    return make_reader()


def point(policy: Policy, port: int, max_wait: str) -> Policy:
    """Return *policy* with the replica on *port*."""
    replica = ReplicaPolicy.model_validate({"host": "127.0.0.1", "port": port, "max_wait": max_wait})
    return policy.model_copy(update={"replica": replica})
