"""
Turn claims into what must pass when it is tried, and as whom.

In: Blast, Scene. Out: Expectation. I/O: none.

Only a way of privileges alone can be tried without doing anything: grants, ownership, memberships,
attributes. What a view, a trigger, a function or a setting adds is as its text lets it; that is not run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgmoat.postgres.sqltext import Identifier, compose
from pgmoat.report.blast.model import Blast, Claim, Confidence, StepKind, Way
from pgmoat.report.blast.probe import COLUMN_ACTIONS
from pgmoat.report.blast.probe_things import EVERYBODYS, list_thing_keys
from pgmoat.report.blast.trial import Identity, Key, RelationToTry, Scene

PLAIN_STEPS = frozenset(
    {
        StepKind.PUBLIC,
        StepKind.GRANT,
        StepKind.OWNER,
        StepKind.ATTRIBUTE,
        StepKind.PREDEFINED,
        StepKind.INHERIT,
        StepKind.SET_ROLE,
        StepKind.ADMIN_OPTION,
        StepKind.CREATE_ROLE,
        StepKind.BUILT_IN,
        StepKind.REPLACE,
        StepKind.MAPPING,
    }
)
_SELF_GRANTS = (StepKind.ADMIN_OPTION, StepKind.CREATE_ROLE)
_FUNCTIONS = frozenset({"function", "procedure", "aggregate", "window function", "routine"})
_BY_CODE = {
    "superuser": Key("attribute", "", "SUPERUSER"),
    "create-role": Key("attribute", "", "CREATEROLE"),
    "create-database": Key("attribute", "", "CREATEDB"),
    "replication": Key("attribute", "", "REPLICATION"),
    "read-files": Key("file", "", "read"),
    "write-files": Key("file", "", "write"),
    "run-programs": Key("program", "", "run"),
    "bypass-row-security": Key("attribute", "", "BYPASSRLS"),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the claims say, in terms of what can be tried."""

    claimed: Mapping[Identity, Mapping[Key, Claim]]  # the role itself first
    everybodys: frozenset[Key] = frozenset()  # PUBLIC's: another role has them too, where its schema lets it
    inherited: frozenset[str] = frozenset()  # roles whose rights count without SET ROLE
    roles: frozenset[str] = frozenset()  # roles whose rights count, all of them
    untried: tuple[tuple[Claim, Way], ...] = ()  # claims without a way that can be tried, by their surest way


def expect(blast: Blast, scene: Scene) -> Expectation:
    """Return what the claims of *blast* say of *scene*."""
    claimed: dict[Identity, dict[Key, Claim]] = defaultdict(dict)
    login = Identity(blast.role)
    claimed[login] = {}
    everybodys: set[Key] = set()
    untried: list[tuple[Claim, Way]] = []
    for claim in blast.claims:
        is_tried = False
        for way in claim.ways:
            if not is_plain(way):
                continue
            becomes = claim.code == "use-role" and claim.action != "INHERIT"
            identity = login if becomes else identify(blast.role, way)
            for key in list_keys_of(claim, way, scene):
                claimed[identity].setdefault(key, claim)
                is_tried = True
                if way.acts_as == "PUBLIC":
                    everybodys.add(key)
        if not is_tried:
            untried.append((claim, min(claim.ways, key=lambda way: list(Confidence).index(way.confidence))))
    steps = {step for claim in blast.claims for way in claim.ways for step in way.steps}
    inherited = frozenset(step.name for step in steps if step.kind is StepKind.INHERIT)
    others = frozenset(step.name for step in steps if step.kind in (StepKind.SET_ROLE, *_SELF_GRANTS))
    return Expectation(dict(claimed), frozenset(everybodys), inherited, inherited | others, tuple(untried))


def is_plain(way: Way) -> bool:
    """Whether privileges alone decide about *way*; a stored password is read where they let it."""
    return all(step.kind in PLAIN_STEPS for step in way.steps)


def identify(role: str, way: Way) -> Identity:
    """Return who the session is at the end of *way*, and the statements that make it so."""
    current, statements, has_grant = role, list[str](), False
    for step in way.steps:
        if step.kind is not StepKind.SET_ROLE and step.kind not in _SELF_GRANTS:
            continue
        if step.kind in _SELF_GRANTS:
            has_grant = True
            statements.append(compose("GRANT {} TO {}", Identifier(step.name), Identifier(current)))
        current = step.name
        statements.append(compose("SET LOCAL ROLE {}", Identifier(current)))
    return Identity(current, tuple(statements) if has_grant else (), current == role)


def list_keys_of(claim: Claim, way: Way, scene: Scene) -> Iterator[Key]:
    """Yield what must pass if *claim* is true by *way*; nothing if it cannot be tried."""
    subject = claim.subject
    if subject.database and subject.database != scene.database:
        return
    if claim.code == "dormant-grant":
        return
    if claim.code == "stored-password":
        yield from _list_password(claim, way, scene)
    elif claim.code in _BY_CODE and subject.kind in ("server", "database"):
        yield _BY_CODE[claim.code]
    elif subject.oid in scene.relations and subject.kind not in _FUNCTIONS:
        yield from _list_relation(scene.relations[subject.oid], claim.action, way)
    elif subject.kind in _FUNCTIONS and subject.oid in scene.routines:
        if claim.action in ("EXECUTE", "REPLACE"):
            yield Key("function", subject.oid, "EXECUTE")
    elif claim.code == "use-role":
        yield from _list_role(claim, way)
    elif Key("everybody", "", claim.code) in EVERYBODYS:
        yield Key("everybody", "", claim.code)
    else:
        yield from _list_other(claim, scene)


def _list_role(claim: Claim, way: Way) -> Iterator[Key]:
    """Yield what shows that the role can become another: SET ROLE, or that it may grant it, to itself too."""
    last = way.steps[-1]
    if claim.action == "INHERIT":
        yield Key("role", claim.subject.name, "INHERIT")
        return
    if last.kind is StepKind.SET_ROLE and not any(step.kind in _SELF_GRANTS for step in way.steps):
        yield Key("role", claim.subject.name, "SET ROLE")
    sets = [step.kind for step in way.steps if step.kind in (StepKind.SET_ROLE, *_SELF_GRANTS)]
    if last.kind in _SELF_GRANTS and len(sets) == 1:
        yield Key("role", claim.subject.name, "ADMIN")


def _list_relation(relation: RelationToTry, action: str, way: Way) -> Iterator[Key]:
    if action in COLUMN_ACTIONS and relation.kind != "S":
        chosen = way.columns or relation.columns
        yield from (Key("relation", relation.oid, action, column) for column in chosen)
    else:
        yield Key("relation", relation.oid, action)


def _list_other(claim: Claim, scene: Scene) -> Iterator[Key]:
    """Yield the key of a schema, database, parameter and the like, by the privilege's name in SQL."""
    action = {"TEMP": "TEMPORARY", "READ": "SELECT", "WRITE": "UPDATE"}.get(
        claim.action.upper(), claim.action.upper()
    )
    for thing in scene.things:
        is_it = thing.kind == claim.subject.kind and thing.name == claim.subject.name
        if not is_it or thing.kind == "role":
            continue
        keys = list(list_thing_keys(thing))
        wanted = Key(thing.kind, thing.identity, action)
        yield from (key for key in keys if key == wanted or (action == "OWN" and key.action != "CONNECT"))


def _list_password(claim: Claim, way: Way, scene: Scene) -> Iterator[Key]:
    """Yield the key of a user mapping whose password the role can read, by its server."""
    servers = {step.sql for step in way.steps if step.kind is StepKind.MAPPING}
    for thing in scene.things:
        if (
            thing.kind == "foreign server"
            and Identifier(thing.name).text in servers
            and claim.action == "READ"
        ):
            yield Key("stored password", thing.oid, "read")
