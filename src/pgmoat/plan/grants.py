"""
Privileges: those to give and those to take back, in as few statements as can be read.

In: wanted, actual and applied grants. Out: Actions. I/O: none.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.objects import Grant, Kind, ObjectKey, Recorded
from pgmoat.plan import quote
from pgmoat.postgres.sqltext import Printed, compose, join

Place = tuple[str, str, str]
"""Object kind, object and grantee: what one statement is about."""


def diff_grants(
    wanted: frozenset[Grant],
    actual: frozenset[Grant],
    applied: frozenset[Grant],
    grant_options: frozenset[Grant] = frozenset(),
    grantors: Mapping[Grant, tuple[str, ...]] | None = None,
) -> list[Action]:
    """
    Return the REVOKEs, then the GRANTs. What *applied* had and *wanted* has differs by hand only: drift.

    REVOKE of a privilege on a table also takes it from every column, so the wanted columns are granted
    again in the same action.
    """
    superfluous = _group(actual - wanted)
    missing = wanted - actual
    actions: list[Action] = []
    kept = _group(
        grant
        for grant in (wanted & actual if superfluous else ())
        if grant.column is not None and _place(grant) in superfluous
    )
    for place, grants in sorted(superfluous.items()):
        again = _list_lost_columns(grants, kept.get(place, []))
        for cause, part in _by_cause(grants, lambda grant: grant in applied):
            actions += _revoke(part, cause, grant_options, grantors or {})
        if again:
            actions[-1] = replace(actions[-1], sql=(*actions[-1].sql, grant_sql(again)))
    for grant in sorted(grant_options & wanted & actual, key=_sort_key):
        sql = compose(
            "REVOKE GRANT OPTION FOR {} ON {} FROM {} CASCADE",
            _list_privileges([grant]),
            _name_object(grant),
            quote.grantee(grant.grantee),
        )
        actions.append(_action(Change.CHANGE, Cause.DRIFT, "no grant option for", [grant], sql))
    for _, grants in sorted(_group(missing).items()):
        for cause, part in _by_cause(grants, lambda grant: grant not in applied):
            actions.append(_action(Change.ADD, cause, "grant", part, grant_sql(part)))
    return actions


def quote_sequences(grants: frozenset[Grant]) -> frozenset[Grant]:
    """Return *grants* with sequences quoted always: compilers name them as regclass does."""
    sequences = {grant for grant in grants if grant.object_kind == "sequence"}
    return (grants - sequences) | {grant._replace(object=_quote_always(grant.object)) for grant in sequences}


def record_grants(grants: Iterable[Grant]) -> dict[ObjectKey, dict[str, str]]:
    """Return the manifest's entries of *grants*: one per object and grantee, columns by privilege as JSON."""
    entries: dict[ObjectKey, dict[str, str]] = {}
    for place, members in _group(grants).items():
        columns: dict[str, list[str | None]] = defaultdict(list)
        for grant in sorted(members, key=_sort_key):
            columns[grant.privilege].append(grant.column)
        object_kind, name, grantee = place
        entries[_manifest_key(place)] = {
            "object_kind": object_kind,
            "object": name,
            "grantee": grantee,
            "privileges": json.dumps(columns, sort_keys=True),
        }
    return entries


def read_recorded_grants(
    recorded: Mapping[ObjectKey, Recorded], differing: Iterable[Grant]
) -> frozenset[Grant]:
    """Return what the manifest says of the objects and grantees that *differing* is about."""
    grants: set[Grant] = set()
    for place in {_place(grant) for grant in differing}:
        entry = recorded.get(_manifest_key(place))
        if entry is None:
            continue
        detail = entry.detail
        privileges: dict[str, list[str | None]] = json.loads(detail["privileges"])
        for privilege, columns in privileges.items():
            for column in columns:
                grants.add(
                    Grant(detail["object_kind"], detail["object"], column, privilege, detail["grantee"])
                )
    return frozenset(grants)


def _revoke(
    grants: list[Grant],
    cause: Cause,
    grant_options: frozenset[Grant],
    grantors: Mapping[Grant, tuple[str, ...]],
) -> list[Action]:
    """Return one REVOKE per grantor: PostgreSQL takes back only what the revoking role gave."""
    by_grantor: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants:
        for grantor in grantors.get(grant, ("",)):
            by_grantor[grantor].append(grant)
    return [
        replace(
            _action(Change.REMOVE, cause, "revoke", part, _revoke_sql(part, grant_options)), run_as=grantor
        )
        for grantor, part in sorted(by_grantor.items(), reverse=True)
    ]


def _list_lost_columns(revoked: list[Grant], kept: list[Grant]) -> list[Grant]:
    """Return the column grants among *kept* that a REVOKE on the whole table takes along."""
    whole = {grant.privilege for grant in revoked if grant.column is None}
    return [grant for grant in kept if grant.privilege in whole]


def _revoke_sql(grants: list[Grant], grant_options: frozenset[Grant]) -> str:
    first = grants[0]
    parts = {"privileges": _list_privileges(grants), "grantee": quote.grantee(first.grantee)}
    # Privileges that the grantee passed on hang on its own.
    cascade = Printed(" CASCADE" if any(grant in grant_options for grant in grants) else "")
    if first.object_kind.startswith("default "):
        return compose(
            "ALTER DEFAULT PRIVILEGES {scope} REVOKE {privileges} ON {kind} FROM {grantee}{cascade}",
            scope=Printed(first.object),
            kind=Printed(first.object_kind.removeprefix("default ").upper()),
            cascade=cascade,
            **parts,
        )
    return compose(
        "REVOKE {privileges} ON {object} FROM {grantee}{cascade}",
        object=_name_object(first),
        cascade=cascade,
        **parts,
    )


def grant_sql(grants: list[Grant]) -> str:
    """Return the GRANT of privileges that one grantee gets on one object."""
    first = grants[0]
    return compose(
        "GRANT {} ON {} TO {}", _list_privileges(grants), _name_object(first), quote.grantee(first.grantee)
    )


def _list_privileges(grants: Iterable[Grant]) -> Printed:
    """Return ``SELECT ("a", "b"), USAGE``."""
    columns: dict[str, list[str]] = defaultdict(list)
    whole: set[str] = set()
    for grant in sorted(grants, key=_sort_key):
        if grant.column is None:
            whole.add(grant.privilege)
        else:
            columns[grant.privilege].append(grant.column)
    parts = [
        compose("{} ({})", Printed(privilege), join(map(quote.name, names)))
        for privilege, names in columns.items()
    ]
    return Printed(", ".join(sorted([*whole, *parts])))


def _name_object(grant: Grant) -> Printed:
    return Printed(f"{grant.object_kind.upper()} {grant.object}")


def _action(change: Change, cause: Cause, verb: str, grants: list[Grant], statement: str) -> Action:
    first = grants[0]
    privileges = _list_privileges(grants).text.replace('"', "")
    description = f"{verb} {privileges} {'to' if change is Change.ADD else 'from'} {first.grantee}"
    return Action(change, cause, Kind.GRANT, f"{first.object_kind} {first.object}", description, (statement,))


def _group(grants: Iterable[Grant]) -> dict[Place, list[Grant]]:
    groups: dict[Place, list[Grant]] = defaultdict(list)
    for grant in grants:
        groups[_place(grant)].append(grant)
    return groups


def _by_cause(grants: list[Grant], is_policy: Callable[[Grant], bool]) -> Iterator[tuple[Cause, list[Grant]]]:
    ordered = sorted(grants, key=_sort_key)
    for cause, is_wanted in ((Cause.POLICY, True), (Cause.DRIFT, False)):
        part = [grant for grant in ordered if is_policy(grant) == is_wanted]
        if part:
            yield cause, part


def _quote_always(qualified: str) -> str:
    parts = re.findall(r'"(?:[^"]|"")*"|[^".]+', qualified)
    return ".".join(part if part.startswith('"') else compose("{}", quote.name(part)) for part in parts)


def _place(grant: Grant) -> Place:
    return (grant.object_kind, grant.object, grant.grantee)


def _manifest_key(place: Place) -> ObjectKey:
    object_kind, name, grantee = place
    return (Kind.GRANT, f"{object_kind} {name} to {grantee}")


def _sort_key(grant: Grant) -> tuple[str, str, str, str, str]:
    return (grant.object_kind, grant.object, grant.grantee, grant.privilege, grant.column or "")
