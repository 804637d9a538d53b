"""
Queries whose cause is not what comes to mind first: outer joins, chance, LIMIT, LIKE, told entities.

In: Worlds. Out: Cases. I/O: none.
"""

from __future__ import annotations

from typing import Any

from tests.integration.diagnose.cases import Case, Chance, Query, open_writer, pick_text, quote, repeat_chance
from tests.integration.diagnose.worlds import NUMBERS, TEXTS, Link, Table, World

TWISTS = ("outer", "chance", "limit", "like", "told")


def draw_twist(world: World, breakage: str, rng: Chance) -> Case | None:
    """Return a case of a twist; None where chance picked what cannot be twisted so."""
    match breakage:
        case "outer":
            return _draw_outer(world, rng)
        case "chance":
            return _draw_chance(world, rng)
        case "limit":
            return _draw_limit(world, rng)
        case "like":
            return _draw_like(world, rng)
        case _:
            return _draw_told(world, rng)


def _draw_outer(world: World, rng: Chance) -> Case | None:
    """Ask for rows on the side of an outer join that has none of these: the table itself has them."""
    link = rng.choice(world.links)
    child, parent = world.tables[link.child], world.tables[link.parent]
    partners = [
        row for row in parent.rows if any(other[link.column] == row[link.key] for other in child.rows)
    ]
    if not partners:
        return None
    if rng.random() < 0.3:
        return _draw_anti_join(world, link, child, partners)
    columns = [name for name, kind in parent.columns.items() if kind in TEXTS | (NUMBERS - {"numeric"})]
    column = rng.choice(columns)
    own = rng.choice(partners)[column]
    others = sorted({row[column] for row in parent.rows if row[column] not in (None, own)}, key=str)
    if own is None or not others:
        return None
    other, seed, turned = rng.choice(others), rng.random(), rng.random() < 0.5
    queries: list[Query] = []
    for asked in (own, other):
        writer = open_writer(repeat_chance(seed))
        on = f'c."{link.column}" = p."{link.key}" AND p.{quote(column)} = {_write(writer.write, own)}'
        tables = (f"{child.name} AS c", f"{parent.name} AS p")
        source = f"{tables[1]} RIGHT JOIN {tables[0]}" if turned else f"{tables[0]} LEFT JOIN {tables[1]}"
        where = f"p.{quote(column)} = {_write(writer.write, asked)}"
        queries.append(writer.finish(f"SELECT c.{quote(child.key)} FROM {source} ON {on} WHERE {where}"))
    return Case(world.source.name, "outer", queries[0], queries[1], frozenset({"no_partner"}), column)


def _draw_anti_join(world: World, link: Link, child: Table, partners: list[dict[str, Any]]) -> Case | None:
    """Ask for rows without a partner, where each has one."""
    keys = {row[link.key] for row in partners}
    if any(row[link.column] not in keys for row in child.rows):
        return None
    text = (
        f"SELECT c.{quote(child.key)} FROM {link.child} AS c LEFT JOIN {link.parent} AS p"
        f' ON c."{link.column}" = p."{link.key}" WHERE p.{quote(link.key)} IS'
    )
    working, broken = Query(f"{text} NOT NULL", None), Query(f"{text} NULL", None)
    return Case(world.source.name, "outer", working, broken, frozenset({"no_match"}), link.key)


def _draw_chance(world: World, rng: Chance) -> Case:
    """Let chance keep no row, by itself or beside a condition that rows meet."""
    table = rng.choice(list(world.tables.values()))
    also = f"{quote(table.key)} IS NOT NULL AND " if rng.random() < 0.5 else ""
    what = rng.choice((quote(table.key), "count(*)"))
    text = f"SELECT {what} FROM {table.name} WHERE {also}random() <"
    working, broken = Query(f"{text} 2", None), Query(f"{text} 0", None)
    return Case(
        world.source.name, "chance", working, broken, frozenset({"constant_false"}), "", is_guess=True
    )


def _draw_limit(world: World, rng: Chance) -> Case:
    """Ask for no rows, by a number that is rounded to 0 or is written otherwise."""
    table = rng.choice(list(world.tables.values()))
    entity = rng.choice((f"told_{table.name}", f"hush_{table.name}")) if table.scoped else table.name
    text = f"SELECT {quote(table.key)} FROM {entity} LIMIT"
    broken = rng.choice(
        (Query(f"{text} 0.0", None), Query(f"{text} 0.4", None), Query(f"{text} :v", {"v": 0.0}))
    )
    kinds = frozenset({"limit_zero"})
    return Case(world.source.name, "limit", Query(f"{text} 0.6", None), broken, kinds, "")


def _draw_like(world: World, rng: Chance) -> Case | None:
    """Leave the % out, or write what a text begins with in the other case."""
    picked = pick_text(world, rng)
    if picked is None:
        return None
    table, column, row, known = picked
    value = str(row[column]).rstrip()
    if set(value) & set("%_\\"):
        return None
    part, begin = value[1:-1], value[:-1].swapcase()
    folded = {text.rstrip().lower() for text in known}
    if rng.random() < 0.5:
        broken, kind = part, "pattern"
        if part != part.strip() or part.lower() in folded:
            return None
    else:
        broken, kind = f"{begin}%", "wrong_case"
        if any(text.startswith(begin) for text in known):
            return None
    queries: list[Query] = []
    seed = rng.random()
    for pattern in (f"{value}%", broken):
        writer = open_writer(repeat_chance(seed))
        text = (
            f"SELECT {quote(table.key)} FROM {table.name} WHERE {quote(column)} LIKE {writer.write(pattern)}"
        )
        queries.append(writer.finish(text))
    return Case(world.source.name, "like", queries[0], queries[1], frozenset({kind}), column)


def _draw_told(world: World, rng: Chance) -> Case | None:
    """Ask an entity that tells of rows out of scope by what such rows cannot be counted by."""
    table = rng.choice([table for table in world.tables.values() if table.scoped is not None])
    own = world.scope[table.name]
    inside = [row[table.key] for row in table.rows if row[table.scoped or ""] == own]
    outside = [row[table.key] for row in table.rows if row[table.scoped or ""] not in (own, None)]
    if not inside or len(outside) < 2 or table.columns[table.key] not in NUMBERS:
        return None
    key, above = quote(table.key), max(*inside, *outside) + 7
    working, broken, kind = rng.choice(
        (
            (f"IN ({inside[0]})", f"IN ({outside[0]}, {outside[1]})", "unknown_value"),
            (f">= {inside[0]}", f"> {above}", "out_of_range"),
            (f"BETWEEN {inside[0]} AND {above}", f"BETWEEN {above} AND {above + 9}", "out_of_range"),
            ("IS NOT NULL", "IS NULL", "no_match"),
        )
    )
    text = f"SELECT {key} FROM told_{table.name} WHERE {key}"
    queries = [Query(f"{text} {condition}", None) for condition in (working, broken)]
    return Case(world.source.name, "told", queries[0], queries[1], frozenset({kind}), table.key)


def _write(write: Any, value: Any) -> str:
    return str(write(value.rstrip() if isinstance(value, str) else value))
