"""
The policy's plan together with what is to be closed, or given back to PUBLIC.

In: Policy, a connection, Areas. Out: HardenedPlan. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import Connection

from pgmoat.catalog.closures import read_recorded_closures
from pgmoat.catalog.installer import read_installer
from pgmoat.catalog.snapshot import Reach
from pgmoat.harden.act import list_actions, may_close
from pgmoat.harden.areas import OTHER_DATABASES, Areas
from pgmoat.harden.close import compile_closures, complete_closures
from pgmoat.harden.findings import (
    find_reopened,
    list_surroundings,
    note_missing,
    refuse_left,
    warn_unaccepted,
)
from pgmoat.harden.read import Request, Rights, read_made_roles, read_rights
from pgmoat.harden.record import forget_sql, list_records, record_sql, renew_records
from pgmoat.harden.soften import Reopening, Softening, name_objects, soften
from pgmoat.harden.statements import name_reach
from pgmoat.model.action import Plan
from pgmoat.model.closure import Closure
from pgmoat.model.finding import Finding
from pgmoat.model.installer import Installer
from pgmoat.model.objects import RecordedClosure
from pgmoat.plan import quote
from pgmoat.plan.destroy import plan_destroy
from pgmoat.plan.make import PolicyPlan, plan_policy
from pgmoat.policy.schema import Policy
from pgmoat.postgres.sqltext import compose

NOTHING = Areas()


@dataclass(frozen=True, slots=True)
class Hardening:
    """What the areas that were asked for amount to."""

    closures: tuple[Closure, ...] = ()  # that apply carries out
    left: tuple[Closure, ...] = ()  # that whoever applies may not
    softening: Softening = field(default_factory=Softening)
    findings: tuple[Finding, ...] = ()  # what somebody opened again
    notes: tuple[Finding, ...] = ()  # what cannot be closed from here
    lacking: tuple[Closure, ...] = ()  # what people's roles lack that are newer than a closure
    records: tuple[RecordedClosure, ...] = ()  # what earlier ones closed

    @property
    def left_open(self) -> tuple[Reopening, ...]:
        """What cannot be given back by whoever applies."""
        return self.softening.left


@dataclass(frozen=True, slots=True)
class HardenedPlan:
    """The plan with the closures among its actions, the same without them, and the closures."""

    planned: PolicyPlan
    ordinary: Plan
    hardening: Hardening

    @property
    def shown(self) -> Plan:
        """The plan without the closures, which are shown by themselves; their findings are in it."""
        return replace(self.ordinary, findings=self.planned.plan.findings)


def plan_hardened(
    connection: Connection[Any], policy: Policy, close: Areas = NOTHING, reopen: Areas = NOTHING
) -> HardenedPlan:
    """
    Return what apply would do about *policy*, and to *close* or to *reopen* areas.

    Without areas only what an earlier hardening closed is looked at: whether it still is.
    """
    installer = read_installer(connection)
    request = make_request(policy, read_made_roles(connection), close)
    is_closed = _nothing
    if close:
        rights = read_rights(connection, request)
        is_closed = _recognize(compile_closures(rights.things, rights.sharing(), close), installer)
    planned = plan_policy(connection, policy, is_closed)
    records = planned.actual.closures
    if planned.errors or not (close or records):
        return HardenedPlan(planned, planned.plan, Hardening())
    rights = read_rights(connection, request, name_objects(records))
    hardening = think(rights, records, planned, close, reopen)
    told = warn_unaccepted(policy, hardening.softening.reopened)
    hardening = replace(hardening, notes=(*hardening.notes, *told))
    return HardenedPlan(_join(planned, hardening), planned.plan, hardening)


def make_request(policy: Policy, made_roles: frozenset[str], areas: Areas) -> Request:
    """Return for whom PUBLIC's ways are closed: agents; not people, nor what runs people's code."""
    settings = policy.settings
    operations = {settings.operation_role(name) for name in policy.operations}
    own = {*settings.system_roles, *operations}
    return Request(
        # A role that the policy names no more is about to go, and not one of people's.
        agents=frozenset({settings.agent_role(name) for name in policy.agents} | (made_roles - own)),
        own=frozenset(own),
        runners=frozenset({settings.system_roles.views, settings.system_roles.writer, *operations}),
        base_tables=frozenset(
            compose("{}", quote.name(*entity.table.split(".", 1))) for entity in policy.entities.values()
        ),
        views_role=settings.system_roles.views,
        entity_schema=settings.entity_schema,
        areas=areas,
    )


def think(
    rights: Rights, records: Sequence[RecordedClosure], planned: PolicyPlan, close: Areas, reopen: Areas
) -> Hardening:
    """Return what to close, complete and give back, and what differs from the record."""
    installer, wanted = planned.installer, planned.wanted.grants
    sharing = rights.sharing(wanted)
    closures = (
        *compile_closures(rights.things, sharing, close),
        *complete_closures(rights.things, sharing, close, [r for r in records if not reopen.has(r.area)]),
    )
    again = {grant for closure in closures for grant in closure.taken}
    standing = [r for r in records if not reopen.has(r.area) and r.taken not in again]
    softening = soften([r for r in records if reopen.has(r.area)], rights.things, installer, wanted)
    return Hardening(
        records=tuple(records),
        closures=tuple(closure for closure in closures if may_close(closure, installer)),
        left=tuple(closure for closure in closures if not may_close(closure, installer)),
        softening=softening,
        findings=tuple(find_reopened(standing, rights.things)),
        notes=(*(list_surroundings(rights, close) if close else ()), *map(note_missing, softening.missing)),
        lacking=complete_closures(rights.things, sharing, _list_areas(standing), standing),
    )


def _list_areas(records: Sequence[RecordedClosure]) -> Areas:
    areas = {record.area for record in records}
    others = {area for area in areas if area.startswith(OTHER_DATABASES)}
    names = frozenset(area.removeprefix(OTHER_DATABASES) for area in others)
    return Areas(frozenset(areas - others), names)


def plan_destroyed(connection: Connection[Any], *, everything: bool = False) -> Plan:
    """Return the plan that takes pgmoat out of the database, and gives back first what PUBLIC had."""
    plan = plan_destroy(connection, everything=everything)
    records = read_recorded_closures(connection) if plan.actions else ()
    if not records:
        return plan
    rights = read_rights(connection, Request(entity_schema=""), name_objects(records))
    softening = soften(records, rights.things, read_installer(connection))
    # Without the record nobody could take it back any more.
    plan = replace(
        plan,
        findings=(*map(refuse_left, softening.left), *map(note_missing, softening.missing), *plan.findings),
    )
    return join_softening(plan, softening, forgets=not everything)


def join_softening(plan: Plan, softening: Softening, *, forgets: bool = True) -> Plan:
    """Return *plan* with what gives back to PUBLIC first: it is the last moment for rights of what goes."""
    return replace(
        plan,
        actions=(*softening.actions, *plan.actions),
        bookkeeping=(*plan.bookkeeping, *(forget_sql(softening.forgotten) if forgets else ())),
    )


def _join(planned: PolicyPlan, hardening: Hardening) -> PolicyPlan:
    installer, plan = planned.installer, planned.plan
    actions = [action for closure in hardening.closures for action in list_actions(closure, installer)]
    written = (record for closure in hardening.closures for record in list_records(closure))
    records, replaced = renew_records(written, hardening.records)
    plan = replace(
        plan,
        actions=(*plan.actions, *actions),
        findings=(*plan.findings, *hardening.findings),
        bookkeeping=(*plan.bookkeeping, *forget_sql(replaced), *record_sql(records)),
        # What operations use must be there still.
        checks=planned.wanted.checks if actions else plan.checks,
    )
    return replace(
        planned,
        findings=(*planned.findings, *hardening.notes),
        plan=join_softening(plan, hardening.softening),
    )


def _nothing(_: Reach) -> bool:
    return False


def _recognize(closures: Iterable[Closure], installer: Installer) -> Callable[[Reach], bool]:
    """Return what says whether *closures* close a way that the checks know."""
    closed = {
        name_reach(grant) for closure in closures if may_close(closure, installer) for grant in closure.taken
    }
    return lambda reach: (reach.kind, reach.object, reach.privilege) in closed
