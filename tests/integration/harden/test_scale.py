"""A thousand functions and twenty roles: quick enough to ask every day."""

from __future__ import annotations

import time

from tests.integration.harden.conftest import Site

FUNCTIONS, ROLES = 1000, 20


def test_many_functions_and_roles(site: Site) -> None:
    for number in range(ROLES):
        site.run(f"CREATE ROLE PREFIXmany{number} LOGIN")
    definition = "FUNCTION public.f%s() RETURNS int LANGUAGE sql SECURITY DEFINER AS ''SELECT 1''"
    site.run(
        f"DO $$ BEGIN FOR i IN 1..{FUNCTIONS} LOOP EXECUTE format('CREATE {definition}', i); END LOOP; END $$"
    )
    site.policy_text = site.policy_text.partition("accept:")[0]
    before = site.acls()
    start = time.monotonic()
    closures = site.plan(harden="functions,tables,schema,large-objects").hardening.closures
    planned = time.monotonic() - start
    assert len(closures) > FUNCTIONS
    assert planned < 10, planned
    start = time.monotonic()
    site.apply(harden="functions,tables,schema,large-objects")
    applied = time.monotonic() - start
    assert applied < 60, applied
    assert site.plan().planned.plan.is_in_order
    site.apply(soften="schema")
    start = time.monotonic()
    site.destroy()
    assert time.monotonic() - start < 60
    assert site.value("SELECT count(*) FROM pgmoat.closure") == 0
    after = site.acls()
    functions = {name for name in before if name.startswith("function f")}
    assert len(functions) >= FUNCTIONS
    assert all(after[name] == before[name] for name in functions)
    print(f"\nplan {planned:.1f} s, apply {applied:.1f} s")  # noqa: T201 - figures for whoever runs it with -s
