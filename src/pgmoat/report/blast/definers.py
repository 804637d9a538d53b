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
from pgmoat.report.blast.snapshot import FunctionFact, RelationFact

_UNSAFE_LANGUAGES = frozenset({"c", "internal"})


@dataclass(frozen=True, slots=True)
class Hijack:
    """How a caller makes a function run the caller's own code."""

    how: str
    confidence: Confidence


def body_of(function: FunctionFact) -> Body:
    """Return what the function's text does; a body in standard SQL was resolved when it was made."""
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

    Without a pinned search_path the caller's own decides which functions, operators, tables and types the text
    means. With one, pg_temp comes first for tables and types unless it is named, and a schema in which the
    caller may create can hold a function that fits better.
    """
    if function.language in _UNSAFE_LANGUAGES or function.has_sql_body:
        return None
    body = body_of(function)
    path = path_of(function)
    has_temp = index.rights.may_make_temporary(caller)
    places = [schema.name for schema in index.rights.may_create_in(caller)]
    if path is None:
        return _judge_open(body, places, has_temp=has_temp)
    return _judge_pinned(body, path, places, has_temp=has_temp)


def _judge_open(body: Body, places: list[str], *, has_temp: bool) -> Hijack | None:
    relations = [mention.name for mention in body.mentions if not mention.schema]
    if not body.is_understood:
        is_possible = bool(places or has_temp)
        return Hijack("no search_path is pinned", Confidence.POSSIBLE) if is_possible else None
    if places and (body.open_calls or body.has_operators or relations):
        name = (*body.open_calls, *relations, "an operator")[0]
        how = f"no search_path is pinned: {name} is found first in {places[0]}, where it may create"
        return Hijack(how, Confidence.BOUNDED)
    if has_temp and relations:
        how = f"no search_path is pinned: {relations[0]} is found first among temporary tables"
        return Hijack(how, Confidence.BOUNDED)
    return None


def _judge_pinned(body: Body, path: tuple[str, ...], places: list[str], *, has_temp: bool) -> Hijack | None:
    relations = [mention.name for mention in body.mentions if not mention.schema]
    certainty = Confidence.BOUNDED if body.is_understood else Confidence.POSSIBLE
    writable = [place for place in path if place in places]
    if writable and (body.open_calls or relations or not body.is_understood):
        return Hijack(f"search_path has {writable[0]}, where it may create", certainty)
    is_temp_first = "pg_temp" not in path or path[-1] != "pg_temp"
    if has_temp and is_temp_first and (relations or not body.is_understood):
        name = relations[0] if relations else "a name"
        return Hijack(
            f"pg_temp is not last in search_path: {name} is found among temporary tables", certainty
        )
    return None


def list_touched(index: Index, function: FunctionFact) -> Iterator[tuple[RelationFact, str]]:
    """Yield people's relations that the function's text names, and what it does to them."""
    path = path_of(function) or ("public",)
    seen: set[tuple[int, str]] = set()
    for mention in body_of(function).mentions:
        schemas = (mention.schema,) if mention.schema else path
        for schema in schemas:
            relation = index.behind.relations_by_name.get((schema, mention.name))
            if relation is None:
                continue
            if (relation.oid, mention.action) not in seen and not index.is_system(relation.schema):
                seen.add((relation.oid, mention.action))
                yield relation, mention.action
            break
