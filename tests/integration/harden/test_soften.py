"""A hardening is taken back: who holds what is afterwards as it was."""

from __future__ import annotations

import pytest

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
