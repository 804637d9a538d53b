"""
The roles whose rights a role can use, and every path of memberships to each.

In: Index, a role. Out: Holders. I/O: none.

PostgreSQL's rules: privileges of a membership that inherits apply by themselves; SET ROLE asks for a chain of
memberships that all allow it, and begins at the login; attributes (SUPERUSER, BYPASSRLS…) count only for a
session that *is* the role; an ADMIN option is enough to give oneself the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pgmoat.model.closure import Closure
from pgmoat.report.blast.closing import close_attribute, close_membership
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence, Step, StepKind
from pgmoat.report.blast.snapshot import PUBLIC, MembershipFact

MAX_PATHS = 200
"""Paths of memberships that are followed; more are as good as none to a person who reads."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A role whose privileges count, and how the session comes to have them."""

    role: int
    session: int  # the role that the session is then
    steps: tuple[Step, ...] = ()
    closures: tuple[Closure, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    is_session: bool = False  # the session is the role itself, so its attributes count
    is_repeated: bool = False  # another holder has the same privileges by less; attributes alone are new

    @property
    def is_direct(self) -> bool:
        """Whether it is the role that is asked about, or PUBLIC."""
        return not self.steps or self.role == PUBLIC


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk along memberships stands."""

    role: int
    session: int
    steps: tuple[Step, ...]
    closures: tuple[Closure, ...]
    may_set: bool  # every membership since the login allows SET ROLE
    seen: frozenset[int]


def list_holders(index: Index, role: int, notes: list[str] | None = None) -> tuple[Holder, ...]:
    """Return *role* itself, PUBLIC, and every path to a role whose rights *role* can use."""
    me = Holder(role, role, is_session=True)
    public = Holder(PUBLIC, role, (Step(StepKind.PUBLIC, "PUBLIC", "PUBLIC", "PUBLIC"),))
    return (me, public, *list_paths(index, me, notes))


def superusers(index: Index, holders: Iterable[Holder]) -> frozenset[int]:
    """Return the superusers that the session may be: what they own besides needs no words."""
    return frozenset(
        holder.role
        for holder in holders
        if holder.is_session and holder.role in index.roles and index.roles[holder.role].is_superuser
    )


def list_paths(index: Index, start: Holder, notes: list[str] | None = None) -> list[Holder]:
    """Return a holder per path of memberships that begins at *start*."""
    found = list(_follow(index, start, can_set=start.is_session))
    if len(found) > MAX_PATHS and notes is not None:
        notes.append(f"more than {MAX_PATHS} paths of memberships: only the first {MAX_PATHS} are shown")
    found = found[:MAX_PATHS]
    found += _grant_themselves(index, start, found)
    return found


def _follow(index: Index, start: Holder, *, can_set: bool) -> Iterator[Holder]:
    first = _Place(
        start.role, start.session, start.steps, start.closures, can_set, frozenset({start.role, PUBLIC})
    )
    waiting = [first]
    count = 0
    while waiting and count <= MAX_PATHS:
        place = waiting.pop()
        for target, facts in sorted(index.rights.edges.get(place.role, {}).items(), reverse=True):
            if target in place.seen or target not in index.roles:
                continue
            step = _step(index, place, target, facts)
            if step is not None:
                next_place, is_session = step
                waiting.append(next_place)
                count += 1
                yield Holder(
                    target,
                    next_place.session,
                    next_place.steps,
                    next_place.closures,
                    start.confidence,
                    is_session,
                )
                further = _grant_set(index, place, next_place, target, facts)
                if further is not None:
                    waiting.append(further)
                be = _become(index, next_place, place, target) if not is_session else None
                if be is not None:
                    yield replace(be, confidence=start.confidence)


def _step(
    index: Index, place: _Place, target: int, facts: Sequence[MembershipFact]
) -> tuple[_Place, bool] | None:
    """Return where a membership leads, and whether the session is the role then; None: nowhere."""
    inherits = any(fact.inherits for fact in facts)
    may_set = any(fact.may_set for fact in facts) and place.may_set
    is_admin = any(fact.is_admin for fact in facts)
    name, sql = index.role_name(target), index.role_sql(target)
    member = index.role_name(place.role)
    session, is_session, chain = place.session, False, may_set
    if inherits:
        step = Step(StepKind.INHERIT, name, sql, f"{member} is a member of {name}")
    elif may_set:
        session, is_session = target, True
        step = Step(StepKind.SET_ROLE, name, sql, f"SET ROLE {name}")
    elif is_admin:
        session, is_session, chain = target, True, True
        step = Step(StepKind.ADMIN_OPTION, name, sql, f"ADMIN OPTION: {member} grants {name} to itself")
    else:
        return None
    closures = (*place.closures, *_close(index, facts, name))
    return (
        _Place(target, session, (*place.steps, step), closures, chain, place.seen | {target}),
        is_session,
    )


def _grant_set(
    index: Index, before: _Place, place: _Place, target: int, facts: Sequence[MembershipFact]
) -> _Place | None:
    """Return where SET ROLE leads if the member, who inherits only, first grants itself that option."""
    is_admin = any(fact.is_admin for fact in facts)
    if place.may_set or place.session == target or not is_admin:
        return None
    name = index.role_name(target)
    text = f"ADMIN OPTION: {index.role_name(before.role)} grants SET of {name} to itself"
    step = Step(StepKind.ADMIN_OPTION, name, index.role_sql(target), text)
    return replace(place, session=target, steps=(*before.steps, step), may_set=True)


def _close(index: Index, facts: Sequence[MembershipFact], name: str) -> tuple[Closure, ...]:
    """Return the closure of a membership; none of that which PostgreSQL implies."""
    return () if name == "pg_database_owner" else (close_membership(index, facts, name),)


def _become(index: Index, place: _Place, before: _Place, target: int) -> Holder | None:
    """Return the same role by SET ROLE, where inheriting is not enough: for its attributes."""
    role = index.roles[target]
    matters = role.is_superuser or role.bypasses_row_security or role.creates_roles
    matters = matters or role.creates_databases or role.replicates
    facts = index.rights.edges[before.role][target]
    is_admin = any(fact.is_admin for fact in facts)
    if not matters or not (place.may_set or is_admin):
        return None
    kind = StepKind.SET_ROLE if place.may_set else StepKind.ADMIN_OPTION
    step = Step(kind, role.name, index.role_sql(target), f"SET ROLE {role.name}")
    return Holder(
        target,
        target,
        (*before.steps, step),
        place.closures,
        is_session=True,
        is_repeated=not role.bypasses_row_security,
    )


def _grant_themselves(index: Index, start: Holder, found: Sequence[Holder]) -> list[Holder]:
    """Return every other role that is no superuser: before PostgreSQL 16 CREATEROLE grants itself those."""
    if index.snapshot.server.server_version >= 160_000:
        return []
    makers = [one for one in (start, *found) if one.is_session and index.roles[one.session].creates_roles]
    if not makers:
        return []
    maker = makers[0]
    creator = index.roles[maker.session]
    closure = close_attribute(index, creator, "CREATEROLE")
    reached = {one.role for one in found} | {start.role}
    made: list[Holder] = []
    for oid, role in index.roles.items():
        # PostgreSQL keeps the members of pg_database_owner itself.
        if oid in reached or role.is_superuser or role.name == "pg_database_owner":
            continue
        step = Step(
            StepKind.CREATE_ROLE,
            role.name,
            index.role_sql(oid),
            f"CREATEROLE: {creator.name} grants itself {role.name}",
        )
        made.append(
            Holder(
                oid, oid, (*maker.steps, step), (*maker.closures, closure), start.confidence, is_session=True
            )
        )
        chain = replace(made[-1])
        made += [one for one in _follow(index, chain, can_set=True) if one.role not in reached]
    return made[:MAX_PATHS]
