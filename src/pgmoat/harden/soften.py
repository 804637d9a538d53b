"""
Give back to PUBLIC what a hardening took, and take back what it gave.

In: RecordedClosures, the objects as they are. Out: Softening. I/O: none.

What people granted in the meantime stays. An object that had no ACL has one afterwards, with the same rights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pgmoat.harden.act import may_run
from pgmoat.harden.rights import PUBLIC, Held, Thing
from pgmoat.harden.statements import grant_sql, revoke_sql
from pgmoat.harden.wording import describe
from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.installer import Installer
from pgmoat.model.objects import Grant, Kind, RecordedClosure

Place = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Softening:
    """What taking a hardening back amounts to."""

    actions: tuple[Action, ...] = ()
    forgotten: tuple[RecordedClosure, ...] = ()  # whose record goes
    left: tuple[Reopening, ...] = ()  # what whoever applies may not
    missing: tuple[RecordedClosure, ...] = ()  # those of *forgotten* that have no object any more

    @property
    def reopened(self) -> tuple[RecordedClosure, ...]:
        """What PUBLIC has again afterwards."""
        gone = set(self.missing)
        return tuple(record for record in self.forgotten if record not in gone)


@dataclass(frozen=True, slots=True)
class Reopening:
    """One record, with the SQL that takes it back: each statement with the role whose right it needs."""

    record: RecordedClosure
    object: str
    owner: str
    owner_is_superuser: bool
    statements: tuple[tuple[str, str], ...]  # role ("" for the owner), SQL

    @property
    def needs(self) -> str:
        """Who may run it."""
        return "superuser" if self.owner_is_superuser else f"owner {self.owner}"


def soften(
    records: Sequence[RecordedClosure],
    things: Iterable[Thing],
    installer: Installer,
    wanted: frozenset[Grant] = frozenset(),
) -> Softening:
    """Return what takes *records* back; what *wanted* has by now stays granted."""
    by_place = {thing.place: thing for thing in things}
    columns = _list_columns(by_place.values())
    given = frozenset(grant for record in records for grant in record.given)
    actions: list[Action] = []
    forgotten: list[RecordedClosure] = []
    left: list[Reopening] = []
    missing: list[RecordedClosure] = []
    for record in records:
        thing = by_place.get(_place(record.taken))
        if thing is None:
            forgotten.append(record)
            missing.append(record)
            continue
        reopening = _reopen(record, thing, columns.get(thing.object, ()), given, wanted)
        if all(may_run(role, thing.owner, installer) for role, _ in reopening.statements):
            actions += _act(reopening, installer)
            forgotten.append(record)
        else:
            left.append(reopening)
    return Softening(tuple(actions), tuple(forgotten), tuple(left), tuple(missing))


def name_objects(records: Iterable[RecordedClosure]) -> set[str]:
    """Return the objects of *records* as reading them takes their names."""
    return {f"{record.taken.object_kind} {record.taken.object}" for record in records}


def is_reopened(record: RecordedClosure, things: dict[Place, Thing]) -> bool:
    """Whether PUBLIC has again what *record* says was taken from it."""
    thing = things.get(_place(record.taken))
    return thing is not None and any(
        held.grantee == PUBLIC and held.privilege == record.taken.privilege for held in thing.held
    )


def _reopen(
    record: RecordedClosure,
    thing: Thing,
    columns: Sequence[Thing],
    given: frozenset[Grant],
    wanted: frozenset[Grant],
) -> Reopening:
    privilege = record.taken.privilege
    statements: list[tuple[str, str]] = []
    if not any(held.grantee == PUBLIC and held.privilege == privilege for held in thing.held):
        statements.append((_find_grantor(record, thing), grant_sql([record.taken])))
    # What somebody gave since WITH GRANT OPTION, or another role gave, is not ours.
    taken_back = [
        grant
        for grant in sorted(record.given - wanted)
        if Held(privilege, grant.grantee, "", is_grantable=False) in thing.held
    ]
    if taken_back:
        statements.append(("", revoke_sql(taken_back)))
        statements += [("", sql) for sql in _give_columns_again(taken_back, columns, given)]
    return Reopening(record, describe(thing), thing.owner, thing.owner_is_superuser, tuple(statements))


def _find_grantor(record: RecordedClosure, thing: Thing) -> str:
    """Return who had given it to PUBLIC, if that role still may; else the owner gives it."""
    may_give = any(
        held.grantee == record.grantor and held.privilege == record.taken.privilege and held.is_grantable
        for held in thing.held
    )
    return record.grantor if may_give else ""


def _give_columns_again(
    taken_back: Sequence[Grant], columns: Sequence[Thing], given: frozenset[Grant]
) -> Iterator[str]:
    """Yield the GRANTs on columns that a REVOKE on the whole table takes along, and that were not ours."""
    whole = {(grant.privilege, grant.grantee) for grant in taken_back if grant.column is None}
    for column in columns:
        for held in column.held:
            grant = Grant(column.object_kind, column.object, column.column, held.privilege, held.grantee)
            if (held.privilege, held.grantee) in whole and not held.grantor and grant not in given:
                yield grant_sql([grant]) + (" WITH GRANT OPTION" if held.is_grantable else "")


def _list_columns(things: Iterable[Thing]) -> dict[str, list[Thing]]:
    columns: dict[str, list[Thing]] = defaultdict(list)
    for thing in things:
        if thing.column is not None:
            columns[thing.object].append(thing)
    return columns


def _act(reopening: Reopening, installer: Installer) -> Iterator[Action]:
    """Yield the statements, with the role that each has to run as."""
    record = reopening.record
    action = Action(
        Change.REMOVE,
        Cause.POLICY,
        Kind.CLOSURE,
        f"{record.area} {reopening.object}",
        f"give {record.taken.privilege} back to PUBLIC",
        (),
    )
    for role, sql in reopening.statements:
        run_as = role or ("" if installer.acts_for(reopening.owner) else reopening.owner)
        yield replace(action, sql=(sql,), run_as=run_as)


def _place(grant: Grant) -> Place:
    return (grant.object_kind, grant.object, grant.column)
