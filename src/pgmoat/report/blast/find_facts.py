"""
Find out what a role may do, by trying, and by asking PostgreSQL where trying would have an effect.

In: a connection that is the role, Scene, the keys that are claimed. Out: Facts. I/O: PostgreSQL, where
nothing stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection
from psycopg import Error as DatabaseError

from pgmoat.report.blast.cage import UNCAGED, Cage
from pgmoat.report.blast.probe import list_relation_keys, probe_relation, probe_routine, split_columns
from pgmoat.report.blast.probe_things import (
    list_thing_keys,
    probe_attributes,
    probe_everybodys,
    probe_stored_password,
    probe_thing,
)
from pgmoat.report.blast.read_scene import ask
from pgmoat.report.blast.run_probes import Answer, Progress, run_probes
from pgmoat.report.blast.trial import Attempt, Fact, Facts, How, Identity, Key, Probe, Scene

_REFUSED = "42501"
_BUSY = frozenset({"55P03", "57014", "40P01"})
_TRIES = 3

NO_STATEMENT = "no statement checks it without doing it"
REMOTE = "planning a query over a foreign table may call its server"
NO_LOGIN = "only a login shows it: PostgreSQL was asked"


def find_facts(  # noqa: PLR0913 - what is tried, by whom, and who hears of it
    connection: Connection[Any],
    scene: Scene,
    identity: Identity,
    claimed: Set[Key],
    *,
    can_set_role: bool = True,
    cage: Cage | None = None,
    on_progress: Progress | None = None,
) -> Facts:
    """
    Return what the connection's current role may do.

    Without *can_set_role* the session is not the role's own: what it could become is not tried. What could
    run people's code is tried in *cage*; None: the session logged in as the role, which no code can leave.
    """
    asked, note = _ask(connection, scene, identity)
    is_complete = not identity.grants
    attempts = list(_list_attempts(scene, claimed, asked, identity, can_set_role=can_set_role))
    if not is_complete:
        attempts = [attempt for attempt in attempts if all(key in claimed for key in attempt.keys)]
    facts = _run(_Session(connection, scene, identity, cage, on_progress), attempts)
    if asked is not None:
        _add_asked(facts, asked, list_keys(scene) if is_complete else claimed, scene)
    _settle_sequences(facts)
    superuser = facts.get(Key("attribute", "", "SUPERUSER"))
    is_superuser = superuser is not None and superuser.is_allowed is True
    return Facts(identity, facts, is_superuser, is_complete, note)


def _ask(connection: Connection[Any], scene: Scene, identity: Identity) -> tuple[Set[Key] | None, str]:
    """Return what PostgreSQL says; None and the reason if it does not, as without has_table_privilege()."""
    try:
        with connection.transaction(force_rollback=True):
            for statement in identity.grants:
                connection.execute(statement.encode())
            return _complete(ask(connection, scene), scene), ""
    except DatabaseError as error:
        return None, f"PostgreSQL could not be asked as {identity.role}: {error.diag.message_primary}"


def list_keys(scene: Scene) -> Iterator[Key]:
    """Yield everything that a role may do or not."""
    for relation in scene.relations.values():
        yield from list_relation_keys(relation, scene.server_version)
    for oid in scene.routines:
        yield Key("function", oid, "EXECUTE")
    for thing in scene.things:
        yield from list_thing_keys(thing)
    yield Key("attribute", "", "BYPASSRLS")


def _complete(asked: Set[Key], scene: Scene) -> frozenset[Key]:
    """Return *asked* without what is in a schema that the role may not use."""
    usable = {key.thing for key in asked if (key.kind, key.action) == ("schema", "USAGE")}

    def is_reached(key: Key) -> bool:
        if key.kind == "relation":
            relation = scene.relations[int(key.thing)]
            is_by_oid = key.action == "OWN" or (relation.kind == "S" and key.action != "SELECT")
            return is_by_oid or relation.schema_oid in usable
        return key.kind != "function" or scene.routines[int(key.thing)].schema_oid in usable

    return frozenset(key for key in asked if is_reached(key))


def _list_attempts(
    scene: Scene, claimed: Set[Key], asked: Set[Key] | None, identity: Identity, *, can_set_role: bool
) -> Iterator[Attempt]:
    expected = claimed | scene.public
    for relation in scene.relations.values():
        yield from probe_relation(relation, expected, each_column=identity.is_login)
    usable = None if asked is None else {key.thing for key in asked if key[::2] == ("schema", "USAGE")}
    for routine in scene.routines.values():
        # A type of a schema that the role may not use cannot be named, though the function can be called.
        if usable is None or usable.issuperset(routine.type_schemas):
            attempt = probe_routine(routine)
            if attempt is not None:
                yield attempt
    # PostgreSQL refuses names that begin with pg_ before it looks at privileges.
    a_role = next(thing.name for thing in scene.things if thing.kind == "role" and not thing.is_system)
    for thing in scene.things:
        if thing.kind == "role" and not can_set_role:
            continue
        yield from probe_thing(thing, scene)
        if thing.kind == "foreign server":
            key = Key("stored password", thing.oid, "read")
            yield Attempt((key,), probe_stored_password(thing.name))
    yield from probe_attributes(a_role)
    yield from probe_everybodys()


@dataclass(frozen=True, slots=True)
class _Session:
    """Where probes are run, and as whom."""

    connection: Connection[Any]
    scene: Scene
    identity: Identity
    cage: Cage | None
    on_progress: Progress | None

    def run(self, probes: Sequence[Probe]) -> list[Answer | None]:
        """Return an answer per probe; None to one that is not safe here."""
        caged = [probe for probe in probes if self.cage is not None and probe.plans]
        plain = [probe for probe in probes if self.cage is None or not probe.plans]
        prefix = self.identity.grants
        answers = iter(run_probes(self.connection, plain, prefix=prefix, on_progress=self.on_progress))
        found = self.cage.run(self.identity, caged, self.on_progress) if self.cage is not None else []
        safe = iter(found if found is not None else [None] * len(caged))
        return [next(safe if self.cage is not None and probe.plans else answers) for probe in probes]


def _run(session: _Session, attempts: Sequence[Attempt]) -> dict[Key, Fact]:
    """Run *attempts*, those that were in somebody's way again, and those that say too little in parts."""
    facts: dict[Key, Fact] = {}
    waiting, tries = list(attempts), 0
    while waiting:
        answers = session.run([attempt.probe for attempt in waiting])
        again: list[Attempt] = []
        tries += 1
        for attempt, answer in zip(waiting, answers, strict=True):
            if answer is None:
                facts |= dict.fromkeys(attempt.keys, Fact(None, How.UNKNOWN, UNCAGED))
            elif answer.sqlstate in _BUSY and tries < _TRIES:
                again.append(attempt)
            elif _is_undecided(attempt, answer):
                again += _split(session.scene, attempt)
            else:
                facts |= dict.fromkeys(attempt.keys, judge_answer(attempt, answer))
        waiting = again
    return facts


def _is_undecided(attempt: Attempt, answer: Answer) -> bool:
    """Whether the answer to several keys at once leaves open which of them it is about."""
    fact = judge_answer(attempt, answer)
    if attempt.is_any:
        return fact.is_allowed is not False
    return len(attempt.keys) > 1 and fact.is_allowed is not True


def _split(scene: Scene, attempt: Attempt) -> Iterator[Attempt]:
    first = attempt.keys[0]
    yield from split_columns(scene.relations[int(first.thing)], first.action, attempt.keys)


def judge_answer(attempt: Attempt, answer: Answer) -> Fact:
    """Return what PostgreSQL's answer to a probe means."""
    probe = attempt.probe
    if answer.sqlstate == _REFUSED:
        return Fact(False, How.TRIED, answer.message)
    if probe.is_question and not answer.sqlstate:
        return Fact(answer.is_true, How.TRIED)
    if not answer.sqlstate or answer.sqlstate in probe.passes:
        return Fact(True, How.TRIED)
    return Fact(None, How.UNKNOWN, f"{answer.message} (SQLSTATE {answer.sqlstate})")


def _add_asked(facts: dict[Key, Fact], asked: Set[Key], keys: Iterable[Key], scene: Scene) -> None:
    """Fill in what was not tried; say beside a refusal if the privilege is held and something else failed."""
    for key in keys:
        fact = facts.get(key)
        if fact is None or fact.is_allowed is None:
            if (key.kind == "role" and key.action != "INHERIT") or key.kind in ("large object", "everybody"):
                continue
            why = fact.why if fact is not None else _why_asked(key, scene)
            facts[key] = Fact(key in asked, How.ASKED, why)
        elif fact.is_allowed is False and key in asked:
            facts[key] = replace(fact, why=HELD + fact.why)


HELD = "the privilege is held, and what stands behind it refuses: "


def _why_asked(key: Key, scene: Scene) -> str:
    relation = scene.relations.get(int(key.thing)) if key.kind == "relation" else None
    if relation is not None and relation.is_remote:
        return REMOTE
    return NO_LOGIN if key.action == "CONNECT" else NO_STATEMENT


def _settle_sequences(facts: dict[Key, Fact]) -> None:
    """Turn what nextval() showed, which takes USAGE or UPDATE, into what is known of USAGE."""
    for key in [key for key in facts if key.action == "nextval"]:
        tried = facts.pop(key)
        usage = key._replace(action="USAGE")
        update = facts.get(key._replace(action="UPDATE"))
        if tried.is_allowed is False or (update is not None and update.is_allowed is False):
            facts[usage] = tried
