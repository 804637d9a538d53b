"""A hardening is taken back: who holds what is afterwards as it was."""

from __future__ import annotations

import pytest

from tests.integration.harden.conftest import Site

AREAS = ["temporary", "connect", "schema", "tables", "functions", "large-objects", "signals", "defaults"]
AREAS += ["all-functions", "advisory-locks", "languages"]


@pytest.mark.parametrize("areas", [*AREAS, "usual", "all"])
def test_what_roles_hold_is_as_before(site: Site, areas: str) -> None:
    before = site.acls()
    site.apply(harden=areas)
    assert site.acls() != before
    assert not site.plan(harden=areas).hardening.closures
    assert site.plan().planned.plan.is_in_order
    site.apply(soften=areas)
    assert site.acls() == before
    assert site.value("SELECT count(*) FROM pgmoat.closure") == 0
    assert site.plan().planned.plan.is_in_order
