"""
From a snapshot to the blast radius of one role.

In: Snapshot, a role's name. Out: Blast. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable

from pgmoat.model.closure import Closure
from pgmoat.report.blast.collect import Collection, Judge
from pgmoat.report.blast.counting import count, list_uncounted, make_budget, temper
from pgmoat.report.blast.everyone import collect_given
from pgmoat.report.blast.forging import collect_forging
from pgmoat.report.blast.functions import collect_functions
from pgmoat.report.blast.hijacking import collect_event_triggers, follow_hijacks
from pgmoat.report.blast.holders import list_holders
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.login import describe_login
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.objects import collect_defaults, collect_mappings, collect_objects
from pgmoat.report.blast.passing import collect_passing
from pgmoat.report.blast.powers import collect_powers
from pgmoat.report.blast.relations import collect_relations
from pgmoat.report.blast.snapshot import Snapshot

_MAX_ROUNDS = 4
"""How often the owner of a hijacked function is followed to the next one."""


def compute_blast(
    snapshot: Snapshot,
    role: str,
    *,
    public_closures: Iterable[Closure] = (),
    judge: Judge = lambda _table, _column: False,
) -> Blast:
    """
    Return all that *role* can do, with every way to it; the role must exist.

    *public_closures* are those of a hardening: what PUBLIC has is closed as that closes it.
    """
    index = Index(snapshot, public_closures)
    me = index.roles_by_name[role]
    notes = list(snapshot.notes)
    into = Collection(index)
    index.me = me.oid
    _gather(index, into, notes)
    collect_forging(index, into)
    collect_given(index, me.oid, into)
    agent = next((one for one in snapshot.agents or () if one.role == role), None)
    budget = make_budget(agent) if agent is not None else None
    claims = temper(into.finish(judge), budget)
    uncounted = list_uncounted(claims)
    if uncounted:
        tables = "table" if len(uncounted) == 1 else "tables"
        notes.append(
            f"rows of {len(uncounted):,} never analyzed {tables} are not counted, {uncounted[0]} first"
        )
    return Blast(
        role=role,
        agent=agent.name if agent is not None else None,
        database=snapshot.server.database,
        server_version=snapshot.server.server_version,
        is_installed=snapshot.server.is_installed,
        claims=claims,
        counts=count(claims, budget),
        login=describe_login(index, me, budget),
        budget=budget,
        notes=tuple(notes),
    )


def _gather(index: Index, into: Collection, notes: list[str]) -> None:
    """Take in what the role reaches, then the owners of functions that it hijacks, and so on."""
    index.asked = index.rights.inherited(index.me)
    holders = list_holders(index, index.me, notes)
    known = {holder.role for holder in holders if holder.is_session}
    for _ in range(_MAX_ROUNDS + 1):
        hijacked = collect_functions(index, holders, into)
        hijacked += collect_event_triggers(index, holders, into)
        collect_powers(index, holders, into)
        collect_relations(index, holders, into)
        collect_objects(index, holders, into)
        collect_mappings(index, holders, into)
        collect_defaults(index, holders, into)
        collect_passing(index, into)
        holders = tuple(follow_hijacks(index, [*hijacked, *into.hijacked], known))
        into.hijacked.clear()
        if not holders:
            return
        known |= {holder.role for holder in holders}
