"""
SECURITY DEFINER functions: whose rights they lend, and whether a caller can make them run other code.

In: Index, a function, a caller. Out: Hijack, relations that a function touches. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgmoat.report.blast.bodies import Body, read_body
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence
from pgmoat.report.blast.names import SECRET_CATALOGS
from pgmoat.report.blast.snapshot import FunctionFact, RelationFact

_UNSAFE_LANGUAGES = frozenset({"c", "internal"})


@dataclass(frozen=True, slots=True)
class Hijack:
    """How a caller makes a function run the caller's own code."""

    function: FunctionFact
    how: str
    confidence: Confidence
    is_path: bool = True  # a pinned search_path ends it


def body_of(function: FunctionFact) -> Body:
    """Return what the function's text does; a body in standard SQL was resolved, and is printed anew."""
    if function.has_sql_body:
        return read_body("sql", function.definition.partition("BEGIN ATOMIC")[2])
    return read_body(function.language, function.source)


def path_of(function: FunctionFact) -> tuple[str, ...] | None:
    """Return the search_path that the function pins; None if it pins none."""
    for setting in function.settings:
        name, _, value = setting.partition("=")
        if name.lower() == "search_path":
            return tuple(part.strip().strip('"') for part in value.split(",") if part.strip())
    return None


def find_hijack(index: Index, function: FunctionFact, caller: int) -> Hijack | None:
    """
    Return how a session of *caller* can have *function* run other code as its owner; None if it cannot.

    Without a pinned search_path the caller's own decides which functions, operators, tables and types the
    text means. With one, pg_temp comes first for tables and types unless it is named, and a schema in which
    the caller may create can hold what the text means to find in a later one. Whatever the path is, the text
    may call a function or read a view that the caller owns, or write where it may put a trigger.
    """
    if function.language in _UNSAFE_LANGUAGES or function.owner in index.rights.inherited(caller):
        return None
    path = path_of(function)
    places = index.rights.may_create_in(caller)
    has_temp = index.rights.may_make_temporary(caller)
    behind = _judge_behind(index, function, caller, places, has_temp=has_temp)
    if behind is not None or function.has_sql_body:
        return behind
    if not body_of(function).is_understood:
        is_open = path is None or path[-1:] != ("pg_temp",) or not set(path).isdisjoint(places)
        how = "its text was not understood, and names may be found where it may create"
        return Hijack(function, how, Confidence.POSSIBLE) if is_open and (places or has_temp) else None
    if path is None:
        return _judge_open(index, function, places, has_temp=has_temp)
    return _judge_pinned(index, function, places, has_temp=has_temp)


def _judge_behind(
    index: Index, function: FunctionFact, caller: int, places: list[str], *, has_temp: bool
) -> Hijack | None:
    """Return how what the text names is the caller's own code, whatever the search_path is."""
    held = index.rights.inherited(caller)

    def make(how: str) -> Hijack:
        return Hijack(function, how, Confidence.BOUNDED, is_path=False)

    for called in list_called(index, function):
        name = index.subjects.function(called).name
        is_callable = index.rights.has(function.owner, "function", called.oid, "EXECUTE", called.owner)
        if called.owner in held and is_callable and index.schema_name(called.schema) in places:
            return make(f"it calls {name}, into which the caller may put other code")
    for relation, action in list_touched(index, function):
        name = index.subjects.relation(relation).name
        if relation.kind == "v" and relation.owner in held and index.schema_name(relation.schema) in places:
            return make(f"it names view {name}, which the caller may make anew")
        may_hang = index.rights.has(caller, "relation", relation.oid, "TRIGGER", relation.owner)
        may_name = index.rights.may_use_schema(caller, relation.schema)
        if action != "SELECT" and may_hang and may_name and (places or has_temp):
            return make(f"it writes to {name}, on which the caller may put a trigger")
    return None


def _judge_open(index: Index, function: FunctionFact, places: list[str], *, has_temp: bool) -> Hijack | None:
    body = body_of(function)
    relations = _list_open_relations(index, function)
    if places and (body.open_calls or body.has_operators or relations):
        name = (*body.open_calls, *relations, "an operator")[0]
        how = f"no search_path is pinned: {name} is found first in {places[0]}, where it may create"
        return Hijack(function, how, Confidence.BOUNDED)
    if has_temp and relations:
        how = f"no search_path is pinned: {relations[0]} is found first among temporary tables"
        return Hijack(function, how, Confidence.BOUNDED)
    return None


def _judge_pinned(
    index: Index, function: FunctionFact, places: list[str], *, has_temp: bool
) -> Hijack | None:
    path = path_of(function) or ()
    relations = _list_open_relations(index, function)
    writable = next((place for place in path if place in places), None)
    if writable is not None:
        later = path[path.index(writable) + 1 :]
        hidden = [
            name
            for name in relations
            if any((place, name) in index.behind.relations_by_name for place in later)
        ]
        if hidden:
            how = f"search_path has {writable}, where it may create, before what {hidden[0]} means"
            return Hijack(function, how, Confidence.BOUNDED)
    if has_temp and relations and path[-1:] != ("pg_temp",):
        how = f"pg_temp is not last in search_path: {relations[0]} is found first among temporary tables"
        return Hijack(function, how, Confidence.BOUNDED)
    if writable is not None and (body_of(function).open_calls or relations):
        how = f"search_path has {writable}, where it may create what fits a call better"
        return Hijack(function, how, Confidence.POSSIBLE)
    return None


def _list_open_relations(index: Index, function: FunctionFact) -> list[str]:
    """Return relations that the text names without a schema; what looks like one and is none is left out."""
    return [
        mention.name
        for mention in body_of(function).mentions
        if not mention.schema and mention.name in index.behind.relation_names
    ]


def list_called(index: Index, function: FunctionFact) -> tuple[FunctionFact, ...]:
    """Return people's functions that the function's text calls, of a name with several all of them."""
    memo = index.behind.called
    if function.oid not in memo:
        memo[function.oid] = tuple(dict.fromkeys(_find_called(index, function)))
    return memo[function.oid]


def _find_called(index: Index, function: FunctionFact) -> Iterator[FunctionFact]:
    """Yield what list_called() returns."""
    path = path_of(function) or ("public",)
    for schema, name in body_of(function).calls:
        for place in (schema,) if schema else path:
            found = index.behind.functions_by_name.get((place, name), ())
            yield from (one for one in found if one.oid != function.oid and not index.is_system(one.schema))
            if found:
                break


def list_touched(index: Index, function: FunctionFact) -> tuple[tuple[RelationFact, str], ...]:
    """Return relations that the function's text names, people's and secret ones, and what it does to them."""
    memo = index.behind.touched
    if function.oid not in memo:
        memo[function.oid] = tuple(_find_touched(index, function))
    return memo[function.oid]


def _find_touched(index: Index, function: FunctionFact) -> Iterator[tuple[RelationFact, str]]:
    """Yield what list_touched() returns."""
    path = ("pg_catalog", *(path_of(function) or ("public",)))
    seen: set[tuple[int, str]] = set()
    for mention in body_of(function).mentions:
        schemas = (mention.schema,) if mention.schema else path
        for schema in schemas:
            relation = index.behind.relations_by_name.get((schema, mention.name))
            if relation is None:
                continue
            is_told = not index.is_system(relation.schema) or relation.name in SECRET_CATALOGS
            if (relation.oid, mention.action) not in seen and is_told:
                seen.add((relation.oid, mention.action))
                yield relation, mention.action
            break
