"""The policy is put in force: what stands in the way, what it adds, and that it does so once."""

from __future__ import annotations

from collections import Counter

from pgmoat.model.action import Action
from pgmoat.plan.render import list_lines
from tests.integration.pagila.dump import dump_schema
from tests.store_fixtures import Store

_PEOPLE_VIEWS = ("public.current_film", "public.current_customer")
_SOFT_DELETED = 4  # entities


def test_what_pagila_opens_to_all_is_refused_until_it_is_closed(open_store: Store) -> None:
    """
    Neither way can be accepted: who may CREATE in public plants functions that people's queries call, and
    rewards_report runs as its owner with the caller's search_path, on whatever table `payment` leads to.
    """
    objects = {finding.message.partition(" through ")[0] for finding in open_store.plan().errors}
    assert objects == {
        "every role has CREATE on schema public",
        "every role has EXECUTE on SECURITY DEFINER function public.rewards_report(integer,numeric)",
    }
    open_store.close_ways()
    planned = open_store.plan()
    assert planned.errors == ()
    assert [f.message for f in planned.findings if f.code == "reach-accepted"] == [
        "every role has SELECT on table public.sales_by_film_category through PUBLIC, accepted: "
        + open_store.policy.accept[0].why
    ]


def test_apply_once_and_nothing_is_left_to_do(store: Store) -> None:
    first = store.apply()
    assert len(first.actions) > len(store.policy.entities)
    assert store.plan().plan.is_in_order, list_lines(store.plan().plan)
    passwords = store.site.credentials.read_bytes()
    announced: list[Action] = []
    second = store.apply(announced)
    assert (second.actions, announced) == ((), [])
    assert store.site.credentials.read_bytes() == passwords
    assert store.plan().plan.is_in_order


def test_people_get_soft_delete_columns_and_two_views(store: Store) -> None:
    before = dump_schema(store.site.database)
    store.apply()
    after = dump_schema(store.site.database, without=_PEOPLE_VIEWS)
    assert before - after == Counter()
    added = Counter({line: n for line, n in (after - before).items() if f"{store.site.prefix}m_" not in line})
    comments = [line for line in added if line.startswith("COMMENT ON COLUMN") and "Added by pgmoat" in line]
    assert len(comments) == 3 * _SOFT_DELETED
    assert added - Counter(comments) == {
        "deleted_at timestamp with time zone": _SOFT_DELETED,
        "deleted_by text": _SOFT_DELETED,
        "delete_reason text": _SOFT_DELETED,
    }
    assert store.site.value("SELECT count(*) FROM public.current_film") == 1000
    assert store.site.value("SELECT count(*) FROM public.current_customer") == 599
