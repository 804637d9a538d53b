"""
The order of DROPs.

In: objects and what they depend on. Out: the objects, dependents first. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from graphlib import TopologicalSorter
from heapq import heappop, heappush

from pgmoat.model.objects import Kind, ObjectKey

_RANKS = {Kind.TRIGGER: 0, Kind.VIEW: 1, Kind.FUNCTION: 2, Kind.TABLE: 3, Kind.SCHEMA: 5}


def order_drops(keys: Set[ObjectKey], dependencies: Mapping[ObjectKey, Set[ObjectKey]]) -> list[ObjectKey]:
    """Return *keys* so that each comes before what it depends on; otherwise triggers first, schemas last."""
    sorter: TopologicalSorter[ObjectKey] = TopologicalSorter()
    for key in sorted(keys, key=_rank):
        sorter.add(key)
        for needed in sorted(dependencies.get(key, frozenset()) & keys, key=_rank):
            sorter.add(needed, key)
    ordered: list[ObjectKey] = []
    sorter.prepare()
    ready: list[tuple[tuple[int, str], ObjectKey]] = []
    while sorter.is_active():
        # One at a time: a view that another one held up comes before the functions that its triggers call.
        for key in sorter.get_ready():
            heappush(ready, (_rank(key), key))
        _, first = heappop(ready)
        ordered.append(first)
        sorter.done(first)
    return sorted(ordered, key=lambda key: key[0] is Kind.SCHEMA)


def _rank(key: ObjectKey) -> tuple[int, str]:
    return (_RANKS.get(key[0], 4), key[1])
