"""
Schemas, functions, views, value maps and triggers: what to make, make again and take away.

In: Wanted, Actual. Out: Actions and Findings. I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import LiteralString

from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.names import SYSTEM_SCHEMA
from pgmoat.model.objects import Actual, ActualObject, Definition, Kind, ObjectKey, Wanted
from pgmoat.plan import quote
from pgmoat.plan.order import order_drops
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, compose

_DEFINED = (Kind.SCHEMA, Kind.TABLE, Kind.FUNCTION, Kind.VIEW, Kind.TRIGGER)


@dataclass(frozen=True, slots=True)
class DefinitionDiff:
    """What to do about definitions, in the order of the fields; migrations come after *schemas*."""

    schemas: tuple[Action, ...]
    drops: tuple[Action, ...]
    creates: tuple[Action, ...]
    schema_drops: tuple[Action, ...]
    dropped: frozenset[ObjectKey]  # these lose their grants
    touched: frozenset[ObjectKey]  # these get a new hash in the manifest


def diff_definitions(wanted: Wanted, actual: Actual) -> DefinitionDiff:
    """Return what brings the definitions in order; a dropped one takes its dependents along, and back."""
    definitions = {
        definition.key: definition
        for definition in wanted.definitions
        if definition.kind is not Kind.SCHEMA and _is_ours(actual, definition.key)
    }
    causes = {key: cause for key, d in definitions.items() if (cause := _find_cause(d, actual)) is not None}
    removed = {key for key in list_removed(wanted, actual) if key[0] is not Kind.SCHEMA}
    seeds = {key for key, cause in causes.items() if _needs_drop(definitions[key], actual, cause)} | removed
    dropped = {
        key
        for key in (close_over_dependents(seeds, list_dependencies(wanted, actual)) if seeds else ())
        if key in actual.objects and key in actual.recorded
    }
    is_drift = all(causes.get(key) is Cause.DRIFT for key in seeds)
    for key in dropped - removed:
        causes.setdefault(key, Cause.DRIFT if is_drift else Cause.POLICY)
    creates = [
        action
        for key, definition in definitions.items()
        if key in causes
        for action in _create(
            definition, actual, causes[key], is_new=key in dropped or key not in actual.objects
        )
    ]
    schemas = list(_diff_schemas(wanted, actual))
    schema_drops = drop_objects(
        {key for key in list_removed(wanted, actual) if key[0] is Kind.SCHEMA}, wanted, actual
    )
    return DefinitionDiff(
        schemas=(*schemas, *_hand_over(wanted, actual)),
        drops=tuple(
            replace(action, cause=causes.get((action.kind, action.name), Cause.POLICY))
            for action in drop_objects(dropped, wanted, actual)
        ),
        creates=tuple(creates),
        schema_drops=tuple(schema_drops),
        dropped=frozenset(dropped) | {(a.kind, a.name) for a in schema_drops},
        touched=frozenset(causes) | {(a.kind, a.name) for a in schemas},
    )


def list_removed(wanted: Wanted, actual: Actual) -> list[ObjectKey]:
    """Return what the manifest says that apply made by a definition, and nobody wants any more."""
    keys = {definition.key for definition in wanted.definitions}
    return [
        key
        for key, recorded in actual.recorded.items()
        if key[0] in _DEFINED and recorded.wanted_hash is not None and key not in keys
    ]


def list_dependencies(wanted: Wanted, actual: Actual) -> dict[ObjectKey, set[ObjectKey]]:
    """Return what each object depends on, as it was applied and as it is wanted."""
    found: dict[ObjectKey, set[ObjectKey]] = {}
    for key, recorded in actual.recorded.items():
        written = recorded.detail.get("depends_on", "[]")
        pairs: list[tuple[str, str]] = json.loads(written) if written != "[]" else []
        found[key] = {(Kind(kind), name) for kind, name in pairs}
    for definition in wanted.definitions:
        found.setdefault(definition.key, set()).update(definition.depends_on)
    return found


def close_over_dependents(
    seeds: Set[ObjectKey], dependencies: Mapping[ObjectKey, Set[ObjectKey]]
) -> set[ObjectKey]:
    """Return *seeds* and everything that depends on one of them, however far."""
    dependents: dict[ObjectKey, list[ObjectKey]] = {}
    for key, needed in dependencies.items():
        for other in needed:
            dependents.setdefault(other, []).append(key)
    closed, todo = set(seeds), list(seeds)
    while todo:
        for key in dependents.get(todo.pop(), ()):
            if key not in closed:
                closed.add(key)
                todo.append(key)
    return closed


def drop_objects(keys: Set[ObjectKey], wanted: Wanted, actual: Actual) -> list[Action]:
    """Return the DROPs of those *keys* that exist, dependents first; of a wanted one it is a CHANGE."""
    if not keys:
        return []
    definitions = {definition.key: definition for definition in wanted.definitions}
    actions: list[Action] = []
    for key in order_drops(keys, list_dependencies(wanted, actual)):
        found = actual.objects.get(key)
        if found is None:
            continue
        change = Change.CHANGE if key in definitions else Change.REMOVE
        text = "drop, to make it again" if key in definitions else "drop"
        statements = definitions[key].drop if key in definitions else ()
        actions.append(
            Action(
                change,
                Cause.POLICY,
                *key,
                text,
                statements or (_compose_for("DROP {kind} {object}", key[0], found),),
            )
        )
    return actions


def find_unknown(wanted: Wanted, actual: Actual) -> Iterator[Finding]:
    """Yield what stands in pgmoat's schemas, or in the way, and is not its own; it is never dropped."""
    keys = {definition.key for definition in wanted.definitions}
    for key, found in sorted(actual.objects.items()):
        if _is_ours(actual, key) or key in actual.recorded:
            continue
        kind, name = key[0], key[1]
        if key in keys:
            yield Finding(
                Severity.ERROR,
                "name-taken",
                (),
                f"{kind} {name} exists, and pgmoat did not make it (owner {found.owner})",
                "rename or drop it, or choose another name in the policy",
            )
        elif kind is not Kind.SCHEMA:
            yield Finding(
                Severity.WARNING,
                "unknown-object",
                (),
                f"{'' if kind is Kind.OTHER else kind + ' '}{name} in a schema of pgmoat is not its own",
                "move or drop it: pgmoat never drops what it did not make",
            )
    yield from _find_altered(actual)


def _find_altered(actual: Actual) -> Iterator[Finding]:
    for key, recorded in sorted(actual.recorded.items()):
        if recorded.wanted_hash is not None or key[0] not in (Kind.TABLE, Kind.VIEW):
            continue
        found = actual.objects.get(key)
        if found is None or found.hash != recorded.actual_hash:
            what = "is missing" if found is None else "was altered by hand"
            yield Finding(
                Severity.WARNING,
                "altered-table",
                (),
                f"{key[0]} {key[1]} {what}",
                "undo the change: pgmoat changes its own tables by migrations only, and does not repair them",
            )


def _is_ours(actual: Actual, key: ObjectKey) -> bool:
    """Whether *key* is free, or made by apply; the schema that destroy left behind is taken over again."""
    if key not in actual.objects or key in actual.recorded:
        return True
    return key == (Kind.SCHEMA, SYSTEM_SCHEMA) and actual.is_installed


def _find_cause(definition: Definition, actual: Actual) -> Cause | None:
    """Return why *definition* has to be made (again), None if it is in order."""
    recorded, found = actual.recorded.get(definition.key), actual.objects.get(definition.key)
    if recorded is None or recorded.wanted_hash != definition.wanted_hash:
        return Cause.POLICY
    if found is None or found.hash != recorded.actual_hash:
        return Cause.DRIFT
    return None


def _needs_drop(definition: Definition, actual: Actual, cause: Cause) -> bool:
    """Whether replacing is not enough: it keeps triggers, options and the owner that somebody set."""
    if not definition.replaces:
        return True
    recorded, found = actual.recorded.get(definition.key), actual.objects.get(definition.key)
    is_altered = found is not None and recorded is not None and found.hash != recorded.actual_hash
    return definition.kind is not Kind.FUNCTION and (cause is Cause.DRIFT or is_altered)


def _create(definition: Definition, actual: Actual, cause: Cause, *, is_new: bool) -> Iterator[Action]:
    found = actual.objects.get(definition.key)
    statements = definition.create
    if is_new:
        if definition.kind is Kind.FUNCTION:
            # PUBLIC may execute every new function; the grants that are wanted come later.
            statements = (
                *statements,
                compose("REVOKE ALL ON FUNCTION {} FROM PUBLIC", Printed(definition.name)),
            )
    elif found is not None and definition.kind is Kind.FUNCTION:
        if definition.owner and found.owner != definition.owner:
            yield _change_owner(definition.key, found, definition.owner, cause)
        # A replaced function keeps its comment.
        statements = (
            _compose_for("COMMENT ON {kind} {object} IS NULL", definition.kind, found),
            *statements,
        )
    change = Change.ADD if found is None else Change.CHANGE
    words = {Change.ADD: "create", Change.CHANGE: "make again" if is_new else "replace"}
    text = words[change]
    if cause is Cause.DRIFT:
        text += ": is missing" if found is None else ": changed by hand"
    yield Action(change, cause, *definition.key, text, statements, definition.owner)


def _diff_schemas(wanted: Wanted, actual: Actual) -> Iterator[Action]:
    for definition in wanted.definitions:
        cause = _find_cause(definition, actual)
        if definition.kind is not Kind.SCHEMA or cause is None or not _is_ours(actual, definition.key):
            continue
        if definition.key not in actual.objects:
            yield from _create(definition, actual, cause, is_new=True)
        else:
            reset = _compose_for(
                "COMMENT ON {kind} {object} IS NULL", Kind.SCHEMA, actual.objects[definition.key]
            )
            statements = (reset, *definition.create[1:])
            text = "owner and comment" + (": changed by hand" if cause is Cause.DRIFT else "")
            yield Action(Change.CHANGE, cause, *definition.key, text, statements, definition.owner)


def _hand_over(wanted: Wanted, actual: Actual) -> Iterator[Action]:
    """Yield what gives pgmoat's own tables to the owner role: destroy leaves them to whoever ran it."""
    if not (actual.is_installed and wanted.owner_role):
        return
    for key, found in sorted(actual.objects.items()):
        recorded = actual.recorded.get(key)
        is_system = key == (Kind.SCHEMA, SYSTEM_SCHEMA) or (
            recorded is not None and recorded.wanted_hash is None and key[0] in (Kind.TABLE, Kind.VIEW)
        )
        if is_system and found.owner != wanted.owner_role:
            is_left = (Kind.SCHEMA, SYSTEM_SCHEMA) not in actual.recorded
            yield _change_owner(key, found, wanted.owner_role, Cause.POLICY if is_left else Cause.DRIFT)


def _change_owner(key: ObjectKey, found: ActualObject, owner: str, cause: Cause) -> Action:
    statement = _compose_for("ALTER {kind} {object} OWNER TO {owner}", key[0], found, owner=quote.name(owner))
    return Action(Change.CHANGE, cause, *key, f"owner {found.owner} -> {owner}", (statement,))


def _compose_for(template: LiteralString, kind: Kind, found: ActualObject, **parts: sql.Composable) -> str:
    return compose(template, kind=Printed(kind.upper()), object=Printed(found.sql), **parts)
