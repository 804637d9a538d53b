"""
Every hole is found, open, closed by the SQL that is printed, and opened again by what takes it back.

One story, told in order: each step needs what the one before left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from pgmoat.model.closure import Closure
from pgmoat.report.blast.measure import measure_blast
from pgmoat.report.blast.model import Blast, Claim
from pgmoat.report.blast.script import choose_closures, render_script
from tests.holes.world import HOLES, Hole, World, open_world, run_script
from tests.integration.blast.proving import STATE, prove_it
from tests.postgres_fixtures import PostgresServer, create_database, draw_role_prefix

IRREVERSIBLE = frozenset({"stored-password"})
"""Nobody keeps a password that was dropped."""


@dataclass(slots=True)
class Story:
    """The shop with all holes, and what was seen of it before anything was closed."""

    world: World
    blast: Blast
    state: list[Any]
    closures: list[Closure]

    def measure(self) -> Blast:
        """Return the blast radius as it is now."""
        return measure(self.world)

    def claims_of(self, hole: Hole, blast: Blast) -> list[Claim]:
        """Return the claims that show a hole."""
        wanted = self.world.fill(hole.claim).decode()
        return [
            claim for claim in blast.claims if f"{claim.code} {claim.action} {claim.subject.name}" == wanted
        ]


def measure(world: World) -> Blast:
    """Return the blast radius of the role, as the command line computes it."""
    with psycopg.connect(world.database.dsn, autocommit=True) as connection:
        return measure_blast(connection, world.role, any_role=True)


def look(world: World) -> list[Any]:
    """Return all privileges of the database, and the roles of the server."""
    with psycopg.connect(world.database.dsn) as connection:
        return [connection.execute(query.encode()).fetchall() for query in STATE]


@contextlib.contextmanager
def copied(world: World) -> Generator[World]:
    """Yield a copy of both databases, for what cannot be taken back."""
    server = world.database.server
    with (
        create_database(server, world.database.name) as database,
        create_database(server, world.other.name) as other,
    ):
        # Privileges on a database are not copied with it.
        for original, place in ((world.database, database), (world.other, other)):
            run_script(place.dsn, f"REVOKE ALL ON DATABASE {place.name} FROM PUBLIC".encode())
            for grantee, privilege in _read_grants(original.dsn):
                run_script(place.dsn, f"GRANT {privilege} ON DATABASE {place.name} TO {grantee}".encode())
        yield replace(world, database=database, other=other)


def _read_grants(dsn: str) -> list[tuple[str, str]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.privilege_type"
            " FROM pg_database, aclexplode(COALESCE(datacl, acldefault('d', datdba))) AS a"
            " WHERE datname = current_database()"
        ).fetchall()


@pytest.fixture(scope="module")
def story(server: PostgresServer) -> Generator[Story]:
    """The shop, before."""
    with draw_role_prefix(server) as prefix, open_world(server, prefix) as world:
        blast = measure(world)
        everyones = [
            claim
            for claim in blast.claims
            if claim.code == "temporary-tables"
            or (claim.code, claim.subject.name) == ("connect-database", world.other.name)
        ]
        chosen = choose_closures(blast.beyond)
        chosen += [closure for claim in everyones for closure in claim.closures if closure not in chosen]
        yield Story(world, blast, look(world), chosen)


def every_hole_is_found(story: Story) -> None:
    assert len(story.world.holes) >= 29
    missed = [hole.name for hole in story.world.holes if not story.claims_of(hole, story.blast)]
    assert missed == []


def every_hole_is_open_and_people_work_there(story: Story) -> None:
    with copied(story.world) as copy:
        for hole in story.world.holes:
            copy.work(hole)
        shut = [hole.name for hole in story.world.holes if not hole.is_committed and not copy.exploit(hole)]
    for hole in story.world.holes:
        if hole.is_committed:
            with copied(story.world) as copy:
                shut += [] if copy.exploit(hole) else [hole.name]
    assert shut == []


def the_script_closes_all(story: Story) -> None:
    script = render_script(story.blast)
    run_script(story.world.database.dsn, script.encode())
    rest = [closure for closure in story.closures if any(f"{one};" not in script for one in closure.sql)]
    assert len(rest) == 2, rest  # of what every role has from PostgreSQL itself
    for closure in rest:
        statements = (*closure.grants, *closure.sql)
        run_script(story.world.database.dsn, "".join(f"{one};\n" for one in statements).encode())


def none_is_found_again(story: Story) -> None:
    after = story.measure()
    assert [(claim.code, claim.action, claim.subject.name) for claim in after.beyond] == []
    assert [hole.name for hole in story.world.holes if story.claims_of(hole, after)] == []


def none_is_open(story: Story) -> None:
    with copied(story.world) as copy:
        assert [hole.name for hole in story.world.holes if copy.exploit(hole)] == []


def people_work_as_before(story: Story) -> None:
    failed: dict[str, str] = {}
    for hole in story.world.holes:
        try:
            story.world.work(hole)
        except psycopg.Error as error:
            failed[hole.name] = str(error)
    assert failed == {}


def claims_and_facts_agree_after_the_closures(story: Story) -> None:
    assert prove_it(story.world.database.dsn, story.measure()).differences == ()


def what_takes_it_back_restores_every_privilege(story: Story) -> None:
    for closure in reversed(story.closures):
        statements = "".join(f"{one};\n" for one in closure.revert)
        run_script(story.world.database.dsn, f"BEGIN; {statements} COMMIT".encode())
    for query, before, after in zip(STATE, story.state, look(story.world), strict=True):
        if "pg_user_mappings" not in query:
            assert after == before, query
    found = story.measure()
    gone = [hole.name for hole in story.world.holes if not story.claims_of(hole, found)]
    assert set(gone) <= IRREVERSIBLE


def test_the_story(story: Story) -> None:
    """In one test: another process may run what stands beside it."""
    every_hole_is_found(story)
    every_hole_is_open_and_people_work_there(story)
    the_script_closes_all(story)
    none_is_found_again(story)
    none_is_open(story)
    people_work_as_before(story)
    claims_and_facts_agree_after_the_closures(story)
    what_takes_it_back_restores_every_privilege(story)


def test_the_seeds_say_what_they_are() -> None:
    assert len({hole.name for hole in HOLES}) == len(HOLES)
    assert all(hole.about and hole.claim for hole in HOLES)
