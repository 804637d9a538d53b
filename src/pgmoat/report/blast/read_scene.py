"""
Read everything that a role could reach, and what PostgreSQL says that it does.

In: a connection. Out: Scene; the answers of has_table_privilege and the like. I/O: reads system catalogs.

This is read apart from the snapshot that the claims come from, by other statements: what one of them
overlooks, the other shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.rows import dict_row

from pgmoat.catalog.arrays import freeze_array
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.blast.trial import Key, RelationToTry, RoutineToTry, Scene, ThingToTry

_PACKAGE = "pgmoat.report.blast"
_AT_A_TIME = 200
"""Relations whose columns are asked about in one statement: it is a short one then."""

Noun = TypeVar("Noun")


def read_scene(connection: Connection[Any]) -> Scene:
    """Return what there is in the connection's database; settings made on the way are undone."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path = pg_catalog")
        relations = _read(connection, "list_relations_to_try", RelationToTry)
        routines = _read(connection, "list_routines_to_try", RoutineToTry)
        ((database, watches_ddl, watches_always),) = connection.execute(
            load_sql(_PACKAGE, "look_around")
        ).fetchall()
        return Scene(
            database=database,
            server_version=connection.info.server_version,
            relations={relation.oid: relation for relation in relations},
            routines={routine.oid: routine for routine in routines},
            things=tuple(_read(connection, "list_things_to_try", ThingToTry)),
            watches_ddl=watches_ddl,
            watches_always=watches_always,
            public=frozenset(_read_public(connection)),
        )


def _read(connection: Connection[Any], name: str, noun: type[Noun]) -> list[Noun]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return [
            noun(**{column: freeze_array(value) for column, value in row.items()})
            for row in cursor.execute(load_sql(_PACKAGE, name))
        ]


def _read_public(connection: Connection[Any]) -> Iterator[Key]:
    """Yield what PUBLIC may do to PostgreSQL's own objects, as they were installed."""
    for kind, oid, action, column in connection.execute(load_sql(_PACKAGE, "read_public_defaults")):
        yield Key(kind, oid, action, column)


def ask(connection: Connection[Any], scene: Scene) -> set[Key]:
    """Return everything that PostgreSQL says the connection's current role may do."""
    return {*_ask_relations(connection, scene), *_ask_things(connection, scene)}


def _ask_relations(connection: Connection[Any], scene: Scene) -> Iterator[Key]:
    statement = load_sql(_PACKAGE, "ask_relations", scene.server_version)
    for oids in _split(list(scene.relations)):
        for oid, action, column in connection.execute(statement, {"oids": oids}):
            yield Key("relation", oid, action, column)


def _ask_things(connection: Connection[Any], scene: Scene) -> Iterator[Key]:
    statement = load_sql(_PACKAGE, "ask_things")
    for kind, oid, name, action in connection.execute(statement, {"routines": list(scene.routines)}):
        yield Key(kind, name if kind in ("role", "parameter", "attribute") else oid, action)


def _split(oids: Sequence[int]) -> Iterable[list[int]]:
    return (list(oids[start : start + _AT_A_TIME]) for start in range(0, len(oids), _AT_A_TIME))
