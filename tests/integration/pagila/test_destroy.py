"""After agents have worked, destroy gives the database back as people made it."""

from __future__ import annotations

from tests.integration.pagila.day import edit_catalog, serve_customers
from tests.integration.pagila.dump import dump_schema
from tests.integration.plan.test_destroy import read_fingerprint
from tests.store_fixtures import Store


def test_everything_leaves_the_catalog_as_it_was(store: Store) -> None:
    definitions, fingerprint = dump_schema(store.site.database), read_fingerprint(store.site)
    store.apply()
    with store.open_moat() as moat:
        edit_catalog(moat, 0)
        serve_customers(moat, 0)
    assert read_fingerprint(store.site) != fingerprint
    store.destroy()
    assert read_fingerprint(store.site) == fingerprint
    assert dump_schema(store.site.database) == definitions
    # What agents wrote stays, soft-deleted rows among it.
    assert store.site.value("SELECT count(*) FROM public.film") == 1001
    assert store.site.value("SELECT email FROM public.customer WHERE customer_id = 501") == "new@example.com"


def test_a_second_policy_can_follow(store: Store) -> None:
    store.apply()
    store.destroy()
    assert len(store.apply().actions) > len(store.policy.entities)
    with store.open_moat() as moat:
        assert edit_catalog(moat, 0)
