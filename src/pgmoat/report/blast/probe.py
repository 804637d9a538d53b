"""
Write the statement that shows whether a role may do something, and does nothing.

In: Scene, keys. Out: Attempts. I/O: none.

EXPLAIN without ANALYZE checks the privileges of everything that the plan names and stops before the first
row: no trigger fires, no view's condition is asked. What is IMMUTABLE the planner may compute all the same:
:mod:`pgmoat.report.blast.cage` says where. A sequence is advanced in a
transaction that only reads, a procedure called with an argument that fails: both come after the check. What
has no such statement is asked only: TRUNCATE would take its lock first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set

from pgmoat.postgres.sqltext import SQL, Composable, Identifier, Literal, Printed, compose, join
from pgmoat.report.blast.trial import (
    Attempt,
    Key,
    Probe,
    RelationToTry,
    RoutineToTry,
)

COLUMN_ACTIONS = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
TABLE_ACTIONS = (*COLUMN_ACTIONS, "DELETE", "TRUNCATE", "TRIGGER")
SEQUENCE_ACTIONS = ("SELECT", "USAGE", "UPDATE")
_READ_ONLY_TRANSACTION = frozenset({"25006"})


_VIEW_ACTIONS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRIGGER", "OWN"})
_MEANINGFUL = {"v": _VIEW_ACTIONS, "f": _VIEW_ACTIONS, "m": frozenset({"SELECT", "MAINTAIN", "OWN"})}


def is_meaningful(relation: RelationToTry, action: str) -> bool:
    """Whether a privilege does anything on that kind of relation: every one can be granted on each."""
    return relation.kind not in _MEANINGFUL or action in _MEANINGFUL[relation.kind]


def list_relation_keys(relation: RelationToTry, server_version: int) -> Iterator[Key]:
    """Yield everything that could be done to a relation: per column where a privilege can be."""
    yield Key("relation", relation.oid, "OWN")
    if relation.kind == "S":
        yield from (Key("relation", relation.oid, action) for action in SEQUENCE_ACTIONS)
        return
    for action in COLUMN_ACTIONS:
        yield from (Key("relation", relation.oid, action, column) for column in relation.columns)
    others = ["DELETE", "TRUNCATE", "TRIGGER", *(["MAINTAIN"] if server_version >= 170_000 else [])]
    yield from (Key("relation", relation.oid, action) for action in others)


def probe_relation(
    relation: RelationToTry, expected: Set[Key], *, each_column: bool = True
) -> Iterator[Attempt]:
    """
    Yield attempts on a relation; *expected* are the keys that ought to pass, tried together.

    All columns that ought to be refused are one attempt for SELECT and INSERT, where PostgreSQL lets a
    statement without a column pass if the role has any. UPDATE has no such statement: it is one for each
    column, or without *each_column* for the first.
    """
    if relation.kind == "S":
        yield from _probe_sequence(relation)
        return
    if relation.is_remote:
        return
    # PostgreSQL lets nobody but superusers write to its catalogs, whatever is granted.
    for action in ("SELECT",) if relation.is_system else ("SELECT", "INSERT", "UPDATE"):
        keys = [Key("relation", relation.oid, action, column) for column in relation.columns]
        good = tuple(key for key in keys if key in expected)
        bad = tuple(key for key in keys if key not in expected)
        if good:
            yield Attempt(good, probe_columns(relation, action, good))
        if bad and not good and action != "UPDATE":
            yield Attempt(bad, probe_columns(relation, action, ()), is_any=True)
        else:
            yield from split_columns(relation, action, bad if each_column or action != "UPDATE" else bad[:1])
    if relation.is_system:
        return
    delete = compose("EXPLAIN DELETE FROM {} WHERE false", _name(relation))
    yield Attempt((Key("relation", relation.oid, "DELETE"),), Probe(delete, plans=True))


def split_columns(relation: RelationToTry, action: str, keys: Iterable[Key]) -> Iterator[Attempt]:
    """Yield an attempt for each column by itself."""
    for key in keys:
        yield Attempt((key,), probe_columns(relation, action, (key,)))


def probe_columns(relation: RelationToTry, action: str, keys: Sequence[Key]) -> Probe:
    """Return the statement that names these columns; without any, the one that needs any of them."""
    columns = [Identifier(key.column) for key in keys]
    target = _name(relation)
    if action == "SELECT":
        text = compose("EXPLAIN SELECT {} FROM {}", join(columns), target)
    elif action == "INSERT" and not columns:
        text = compose("EXPLAIN INSERT INTO {} DEFAULT VALUES", target)
    elif action == "INSERT":
        defaults = join(SQL("DEFAULT") for _ in columns)
        text = compose("EXPLAIN INSERT INTO {} ({}) VALUES ({})", target, join(columns), defaults)
    else:
        assigned = join(SQL("{} = DEFAULT").format(column) for column in columns)
        text = compose("EXPLAIN UPDATE {} SET {} WHERE false", target, assigned)
    return Probe(text, plans=not relation.is_system)


def _probe_sequence(relation: RelationToTry) -> Iterator[Attempt]:
    """Yield attempts by oid, which need no USAGE on the schema; a transaction that only reads stops them."""
    oid = Literal(relation.oid)
    key = Key("relation", relation.oid, "SELECT")
    yield Attempt((key,), Probe(compose("EXPLAIN SELECT FROM {}", _name(relation))))
    advance = compose("SELECT pg_catalog.nextval({}::pg_catalog.oid::pg_catalog.regclass)", oid)
    yield Attempt((Key("relation", relation.oid, "nextval"),), Probe(advance, _READ_ONLY_TRANSACTION))
    change = compose("SELECT pg_catalog.setval({}::pg_catalog.oid::pg_catalog.regclass, 1)", oid)
    yield Attempt((Key("relation", relation.oid, "UPDATE"),), Probe(change, _READ_ONLY_TRANSACTION))


def probe_routine(routine: RoutineToTry) -> Attempt | None:
    """
    Return the attempt to call a function that is never called; None where that cannot be written.

    Its arguments come from a subquery that the planner leaves alone, so that it does not compute an IMMUTABLE
    function before the privilege is checked; one without arguments it would.
    """
    key = Key("function", routine.oid, "EXECUTE")
    name = Identifier(routine.schema, routine.name)
    types = [type_name for type_name in routine.types if type_name is not None]
    if len(types) < len(routine.types) or routine.kind == "o" or (not types and routine.is_immutable):
        return None
    if routine.kind == "p":
        return Attempt((key,), _probe_procedure(name, types, routine)) if types else None
    arguments: list[Composable] = [
        SQL("x.{}").format(Identifier(f"a{number}")) for number in range(len(types))
    ]
    if routine.is_variadic:
        arguments[-1] = SQL("VARIADIC {}").format(arguments[-1])
    call = SQL("{}({}){}").format(name, join(arguments), SQL(" OVER ()" if routine.kind == "w" else ""))
    if not types:
        star = SQL("*" if routine.kind == "a" else "")
        call = SQL("{}({}){}").format(name, star, SQL(" OVER ()" if routine.kind == "w" else ""))
        return Attempt((key,), Probe(compose("EXPLAIN SELECT {}", call), plans=not routine.is_system))
    values = join(
        SQL("NULL::{} AS {}").format(_type(type_name), Identifier(f"a{number}"))
        for number, type_name in enumerate(types)
    )
    text = compose("EXPLAIN SELECT {} FROM (SELECT {} OFFSET 0) AS x", call, values)
    return Attempt((key,), Probe(text, plans=not routine.is_system))


def _probe_procedure(name: Identifier, types: Sequence[str], routine: RoutineToTry) -> Probe:
    values: list[Composable] = [SQL("NULL::{}").format(_type(type_name)) for type_name in types]
    values[0] = SQL("(1 / 0)::pg_catalog.text::{}").format(_type(types[0]))
    if routine.is_variadic:
        values[-1] = SQL("VARIADIC {}").format(values[-1])
    return Probe(compose("CALL {}({})", name, join(values)), frozenset({"22012"}), plans=True)


def _name(relation: RelationToTry) -> Identifier:
    return Identifier(relation.schema, relation.name)


def _type(name: str) -> Composable:
    return Printed(name)  # by format_type()
