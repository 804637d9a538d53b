"""A hardening is taken back: who holds what is afterwards as it was."""

from __future__ import annotations

import subprocess

import pytest

from pgmoat.devpg.install import find_wheel_binaries
from pgmoat.harden.areas import AREAS
from tests.integration.harden.conftest import Site


@pytest.mark.parametrize("areas", [*(area.name for area in AREAS), "usual", "all"])
def test_what_roles_hold_is_as_before(kept: Site, areas: str) -> None:
    before = kept.acls()
    kept.apply(harden=areas)
    assert kept.acls() != before
    assert not kept.plan(harden=areas).hardening.closures
    assert kept.plan().planned.plan.is_in_order
    kept.apply(soften=areas)
    assert kept.acls() == before
    assert kept.value("SELECT count(*) FROM pgmoat.closure") == 0
    assert kept.plan().planned.plan.is_in_order


def test_a_dump_is_as_before(kept: Site) -> None:
    """An ACL that was NULL is written out afterwards: pg_dump writes the same statements."""
    before = dump(kept)
    kept.apply(harden="all")
    assert dump(kept) != before
    kept.apply(soften="all")
    assert dump(kept) == before


def dump(site: Site) -> list[str]:
    program = find_wheel_binaries(18) / "pg_dump"
    command = [program, "--create", "--schema-only", "--exclude-schema=pgmoat*", "-d", site.database.dsn]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # The restrict and unrestrict lines come with a key that is drawn anew.
    # What PUBLIC lost and got back comes last in an ACL.
    return sorted(line for line in text.splitlines() if "restrict " not in line)
