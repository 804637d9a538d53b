"""Plan, apply, drift and destroy on databases by others, as superuser and without."""

from __future__ import annotations

from pgmoat.model.action import Cause
from pgmoat.plan.render import list_lines
from tests.integration.pagila.dump import dump_schema
from tests.integration.plan.test_destroy import read_fingerprint
from tests.integration.schemas.examples import Example
from tests.store_fixtures import Store


def test_apply_then_drift_then_destroy(fresh: Store, example: Example) -> None:
    fresh.close_ways()
    assert fresh.plan().errors == ()
    site = fresh.site
    definitions, fingerprint = dump_schema(site.database, schema="*"), read_fingerprint(site)
    assert fresh.apply().actions
    assert fresh.plan().plan.is_in_order, list_lines(fresh.plan().plan)
    assert fresh.apply().actions == ()

    agent = fresh.policy.settings.agent_role(example.scope.agent)
    log = f"pgmoat.log_{example.log.name}"
    for statement, name in (
        (f"GRANT SELECT ON {example.base} TO {agent}", example.base),
        (f"ALTER TABLE {log} DISABLE TRIGGER keep", f"{log}.keep"),
        (f"DROP VIEW {example.view} CASCADE", example.view),
    ):
        site.run(statement)
        actions = fresh.plan().plan.actions
        assert {action.cause for action in actions} == {Cause.DRIFT}, statement
        assert any(name in f"{action.name} {action.sql}".replace('"', "") for action in actions), (
            name,
            actions,
        )
        fresh.apply()
        assert fresh.plan().plan.is_in_order, list_lines(fresh.plan().plan)

    fresh.destroy()
    assert read_fingerprint(site) == fingerprint
    assert dump_schema(site.database, schema="*") == definitions
