"""
Queries that have rows, each with one that is broken in one way and has none.

In: Worlds, a seed. Out: Cases. I/O: none.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.integration.diagnose.worlds import MOMENTS, NUMBERS, TEXTS, Link, Table, World

Chance = random.Random
BREAKAGES = ("literal", "case", "join", "date", "scope")
JOINS = frozenset({"wrong_join_key", "no_partner"})


@dataclass(frozen=True, slots=True)
class Query:
    """SQL and its parameters."""

    text: str
    parameters: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Case:
    """A query with rows, the same one broken, and what is to be said of it."""

    world: str
    breakage: str
    working: Query
    broken: Query
    kinds: frozenset[str]
    column: str  # of the broken condition; of a join one of the two
    other: str = ""  # of a join: the other one
    is_guess: bool = False  # it cannot be known


@dataclass(slots=True)
class Writer:
    """Writes values as literals or parameters, as chance has it."""

    rng: Chance
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    uses_parameters: bool = False

    def write(self, value: Any) -> str:
        """Return how *value* stands in the SQL."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if self.uses_parameters:
            name = f"v{len(self.values) + 1}"
            self.values[name] = value
            return f":{name}"
        if isinstance(value, int):
            return str(value)
        text = str(value).replace("'", "''")
        return f"'{text}'"

    def finish(self, text: str) -> Query:
        """Return the query with the parameters that were written."""
        return Query(text, self.values or None)


Condition = tuple[str, str, Any]
"""Column, operator, value."""


def repeat_chance(seed: object) -> Chance:
    """Return the same chance for the same seed."""
    return random.Random(str(seed))  # noqa: S311 - which query is broken how is no secret


def draw_case(world: World, breakage: str, rng: Chance) -> Case | None:
    """Return a case of a breakage; None where chance picked what cannot be broken so."""
    draw: Callable[[World, Chance], Case | None] = {
        "literal": _draw_literal,
        "case": _draw_case,
        "join": _draw_join,
        "date": _draw_date,
        "scope": _draw_scope,
    }[breakage]
    return draw(world, rng)


def _draw_literal(world: World, rng: Chance) -> Case | None:
    """Break a text: a letter is missing, twice there, or two have changed places."""
    picked = pick_text(world, rng)
    if picked is None:
        return None
    table, column, row, known = picked
    value = str(row[column]).rstrip()
    at = rng.randrange(1, len(value) - 1)
    broken = rng.choice(
        (
            value[:at] + value[at + 1 :],
            value[:at] + value[at] + value[at:],
            value[:at] + value[at + 1] + value[at] + value[at + 2 :],
        )
    )
    if broken.lower() in {text.lower() for text in known}:
        return None
    return _make(
        world,
        rng,
        "literal",
        table,
        row,
        working=(column, "=", value),
        broken=(column, "=", broken),
        kinds={"unknown_value"},
    )


def _draw_case(world: World, rng: Chance) -> Case | None:
    """Break a text: in other letters, or with a space around."""
    picked = pick_text(world, rng)
    if picked is None:
        return None
    table, column, row, known = picked
    value = str(row[column]).rstrip()
    broken = rng.choice((value.upper(), value.lower(), value.swapcase(), f" {value}", f"{value} "))
    if broken in known or broken == value:
        return None
    kinds = {"wrong_spaces"} if broken.strip() == value else {"wrong_case"}
    return _make(
        world,
        rng,
        "case",
        table,
        row,
        working=(column, "=", value),
        broken=(column, "=", broken),
        kinds=kinds,
    )


def _draw_date(world: World, rng: Chance) -> Case | None:
    """Break a range of days: far off, upside down, or ending at midnight."""
    table = rng.choice(list(world.tables.values()))
    columns = [name for name, kind in table.columns.items() if kind in MOMENTS or kind == "date"]
    row = rng.choice(table.rows)
    if not columns or row[column := rng.choice(columns)] is None:
        return None
    value: date = row[column]
    day = value.date() if isinstance(value, datetime) else value
    end = day + timedelta(days=rng.randrange(1, 30))
    working = [(column, ">=", day.isoformat()), (column, "<", end.isoformat())]
    way = rng.choice(("later", "earlier", "reversed", "whole_day"))
    if way == "whole_day":
        if table.columns[column] not in MOMENTS or str(value).endswith("00:00:00"):
            return None
        is_day = rng.random() < 0.5
        broken = [(column, "=" if is_day else "BETWEEN", day.isoformat())]
        return _make(world, rng, "date", table, row, working=working, broken=broken, kinds={"whole_day"})
    if way == "reversed":
        broken = [(column, ">=", end.isoformat()), (column, "<", day.isoformat())]
        return _make(world, rng, "date", table, row, working=working, broken=broken, kinds={"reversed_range"})
    years = 365 * 60 if way == "later" else -365 * 60
    broken = [
        (column, ">=", (day + timedelta(days=years)).isoformat()),
        (column, "<", (end + timedelta(days=years)).isoformat()),
    ]
    return _make(world, rng, "date", table, row, working=working, broken=broken, kinds={"out_of_range"})


def _draw_scope(world: World, rng: Chance) -> Case | None:
    """Ask for rows of another scope: by the column of the scope, or by the key of one row."""
    table = rng.choice([table for table in world.tables.values() if table.scoped is not None])
    column, own = table.scoped or "", world.scope[table.name]
    inside = [row for row in table.rows if row[column] == own]
    outside = [row for row in table.rows if row[column] not in (own, None)]
    if not inside or not outside:
        return None
    entity = rng.choice(("told", "hush"))
    by = rng.choice((column, table.key)) if entity == "told" else column
    kinds = {"hidden_out_of_scope"} if entity == "told" else {"out_of_scope"}
    row, other = rng.choice(inside), rng.choice(outside)
    seed = rng.random()
    queries = [
        _write_plain(table, f"{entity}_{table.name}", conditions, repeat_chance(seed))
        for conditions in ([(by, "=", row[by])], [(by, "=", other[by])])
    ]
    return Case(world.source.name, "scope", queries[0], queries[1], frozenset(kinds), by)


def _draw_join(world: World, rng: Chance) -> Case | None:
    """Join by another column of the same sort."""
    link = rng.choice(world.links)
    child, parent = world.tables[link.child], world.tables[link.parent]
    row = rng.choice(child.rows)
    partner = next((other for other in parent.rows if other[link.key] == row[link.column]), None)
    if partner is None:
        return None
    left, right = link.column, link.key
    if rng.random() < 0.6:
        left = rng.choice(_list_alike(child, link.column))
    else:
        right = rng.choice(_list_alike(parent, link.key))
    if (left, right) == (link.column, link.key):
        return None
    conditions = [
        *(("c", *condition) for condition in _pick_conditions(child, row, rng, {link.column, left})),
        *(("p", *condition) for condition in _pick_conditions(parent, partner, rng, {link.key, right})),
    ]
    seed, is_count = rng.random(), rng.random() < 0.3
    queries: list[Query] = []
    for first, second in ((link.column, link.key), (left, right)):
        writer = open_writer(repeat_chance(seed))
        where = " AND ".join(f'{alias}."{name}" {op} {writer.write(v)}' for alias, name, op, v in conditions)
        queries.append(
            writer.finish(
                f"SELECT {'count(*)' if is_count else f'c.{quote(child.key)}'} FROM {child.name} AS c"
                f' JOIN {parent.name} AS p ON c."{first}" = p."{second}"'
                + (f" WHERE {where}" if where else "")
            )
        )
    return Case(world.source.name, "join", queries[0], queries[1], JOINS, left, right)


def _list_alike(table: Table, column: str) -> list[str]:
    sorts = (TEXTS, NUMBERS - {"numeric"}, MOMENTS)
    sort = next((sort for sort in sorts if table.columns[column] in sort), frozenset({table.columns[column]}))
    return [name for name, kind in table.columns.items() if kind in sort and name != table.map_column]


def pick_text(world: World, rng: Chance) -> tuple[Table, str, dict[str, Any], set[str]] | None:
    """Return a table, a column, a row with a text of some length in it, and all texts of the column."""
    table = rng.choice(list(world.tables.values()))
    columns = [name for name, kind in table.columns.items() if kind in TEXTS]
    columns += [table.map_column] if table.map_column is not None else []
    row = rng.choice(table.rows)
    if not columns:
        return None
    column = rng.choice(columns)
    value = row[column]
    if not isinstance(value, str) or len(value.rstrip()) < 5 or len(value) > 60 or not value[:1].strip():
        return None
    if not any(letter.isalpha() for letter in value):
        return None
    known = {str(other[column]) for other in table.rows if other[column] is not None}
    return table, column, row, known | set(table.words.values() if column == table.map_column else ())


def _pick_conditions(
    table: Table, row: dict[str, Any], rng: Chance, without: set[str]
) -> Iterator[Condition]:
    """Yield at most two conditions that *row* meets."""
    columns = [
        name
        for name, kind in table.columns.items()
        if name not in without
        and kind in TEXTS | (NUMBERS - {"numeric"}) | {"boolean"}
        and row[name] is not None
    ]
    for name in rng.sample(columns, min(len(columns), rng.randrange(0, 3))):
        yield name, "=", row[name].rstrip() if isinstance(row[name], str) else row[name]


def _make(
    world: World,
    rng: Chance,
    breakage: str,
    table: Table,
    row: dict[str, Any],
    *,
    working: Condition | list[Condition],
    broken: Condition | list[Condition],
    kinds: set[str],
) -> Case:
    """Return the case with one of several shapes of query around the condition."""
    pairs = [part if isinstance(part, list) else [part] for part in (working, broken)]
    column = pairs[0][0][0]
    others = list(_pick_conditions(table, row, rng, {column}))
    parents = [link for link in world.links if link.child == table.name and row[link.column] is not None]
    children = [link for link in world.links if link.parent == table.name]
    shapes: list[Callable[[list[Condition], Chance], Query]] = [
        lambda conditions, chance: _write_plain(table, table.name, conditions, chance),
        lambda conditions, chance: _write_named(table, conditions, chance),
    ]
    if parents:
        up = rng.choice(parents)
        shapes.append(lambda conditions, chance: _write_joined(world, up, table, conditions, chance))
    if children:
        down = rng.choice(children)
        shapes.append(lambda conditions, chance: _write_joined(world, down, table, conditions, chance))
        shapes.append(lambda conditions, chance: _write_within(world, down, conditions, chance))
    shape, seed = rng.choice(shapes), rng.random()
    queries = [shape([*others, *pair], repeat_chance(seed)) for pair in pairs]
    return Case(world.source.name, breakage, queries[0], queries[1], frozenset(kinds), column)


def open_writer(rng: Chance) -> Writer:
    return Writer(rng, uses_parameters=rng.random() < 0.5)


def _write_plain(table: Table, entity: str, conditions: list[Condition], rng: Chance) -> Query:
    writer = open_writer(rng)
    what = rng.choice((quote(table.key), "count(*)", f"{quote(table.key)}, 1"))
    return writer.finish(f"SELECT {what} FROM {entity} WHERE {_write_conditions(conditions, '', writer)}")


def _write_named(table: Table, conditions: list[Condition], rng: Chance) -> Query:
    writer = open_writer(rng)
    names = dict.fromkeys([table.key, *(name for name, _, _ in conditions)])
    columns = ", ".join(map(quote, names))
    where = _write_conditions(conditions, "", writer)
    return writer.finish(
        f"WITH chosen AS (SELECT {columns} FROM {table.name}) SELECT {quote(table.key)} FROM chosen"
        f" WHERE {where} ORDER BY 1 LIMIT 20"
    )


def _write_joined(world: World, link: Link, table: Table, conditions: list[Condition], rng: Chance) -> Query:
    writer = open_writer(rng)
    alias = "c" if table.name == link.child else "p"
    child = world.tables[link.child]
    return writer.finish(
        f'SELECT c.{quote(child.key)} FROM {link.child} AS c JOIN {link.parent} AS p ON c."{link.column}" ='
        f' p."{link.key}" WHERE {_write_conditions(conditions, f"{alias}.", writer)}'
    )


def _write_within(world: World, link: Link, conditions: list[Condition], rng: Chance) -> Query:
    writer = open_writer(rng)
    child = world.tables[link.child]
    return writer.finish(
        f"SELECT {quote(child.key)} FROM {link.child} WHERE {quote(link.column)} IN (SELECT"
        f" {quote(link.key)} FROM {link.parent} WHERE {_write_conditions(conditions, '', writer)})"
    )


def _write_conditions(conditions: list[Condition], prefix: str, writer: Writer) -> str:
    parts: list[str] = []
    for name, operator, value in conditions:
        column = f"{prefix}{quote(name)}"
        if operator == "BETWEEN":
            parts.append(f"{column} BETWEEN {writer.write(value)} AND {writer.write(value)}")
        else:
            parts.append(f"{column} {operator} {writer.write(value)}")
    return " AND ".join(parts)


def quote(name: str) -> str:
    return f'"{name}"'
