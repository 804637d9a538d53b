"""
Write the statement that shows whether a role may do something, and does nothing.

In: Scene, keys. Out: Attempts. I/O: none.

EXPLAIN without ANALYZE checks the privileges of everything that the plan names and stops before the first row:
no trigger fires, no default is evaluated, no view's condition is asked. A command that EXPLAIN does not take gets
something wrong in it that PostgreSQL looks at after the privilege: a file goes to no such table, a type does not
exist, a loop of memberships. What has neither is asked only: TRUNCATE would take its lock first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pgmoat.postgres.sqltext import SQL, Composable, Identifier, Literal, Printed, compose, join
from pgmoat.report.blast.trial import (
    Attempt,
    Key,
    Mode,
    Probe,
    RelationToTry,
    RoutineToTry,
    Scene,
    ThingToTry,
)

COLUMN_ACTIONS = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
TABLE_ACTIONS = (*COLUMN_ACTIONS, "DELETE", "TRUNCATE", "TRIGGER")
SEQUENCE_ACTIONS = ("SELECT", "USAGE", "UPDATE")
_READ_ONLY_TRANSACTION = frozenset({"25006"})
_TRIED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_NO_SUCH_TYPE = SQL("pg_catalog.pgmoat_no_such_type")


def list_relation_keys(relation: RelationToTry, server_version: int) -> Iterator[Key]:
    """Yield everything that could be done to a relation: per column where a privilege can be."""
    if relation.kind == "S":
        yield from (Key("relation", relation.oid, action) for action in SEQUENCE_ACTIONS)
        return
    for action in COLUMN_ACTIONS:
        yield from (Key("relation", relation.oid, action, column) for column in relation.columns)
    others = ["DELETE", "TRUNCATE", "TRIGGER", *(["MAINTAIN"] if server_version >= 170_000 else [])]
    yield from (Key("relation", relation.oid, action) for action in others)


def probe_relation(relation: RelationToTry, wanted: Iterable[Key]) -> Iterator[Attempt]:
    """
    Yield attempts on a relation; *wanted* are the keys that ought to pass, tried together.

    All columns that ought to be refused are one attempt for SELECT and INSERT, where PostgreSQL lets a statement
    without a column pass if the role has any.
    """
    expected = frozenset(wanted)
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
            yield from split_columns(relation, action, bad)
    if relation.is_system:
        return
    delete = compose("EXPLAIN DELETE FROM {} WHERE false", _name(relation))
    yield Attempt((Key("relation", relation.oid, "DELETE"),), Probe(delete))


def split_columns(relation: RelationToTry, action: str, keys: Iterable[Key]) -> Iterator[Attempt]:
    """Yield an attempt for each column by itself."""
    for key in keys:
        yield Attempt((key,), probe_columns(relation, action, (key,)))


def probe_columns(relation: RelationToTry, action: str, keys: Sequence[Key]) -> Probe:
    """Return the statement that names these columns; without any, the one that needs any of them."""
    columns = [Identifier(key.column) for key in keys]
    target = _name(relation)
    if action == "SELECT":
        return Probe(compose("EXPLAIN SELECT {} FROM {}", join(columns), target))
    if action == "INSERT" and not columns:
        return Probe(compose("EXPLAIN INSERT INTO {} DEFAULT VALUES", target))
    if action == "INSERT":
        defaults = join(SQL("DEFAULT") for _ in columns)
        return Probe(compose("EXPLAIN INSERT INTO {} ({}) VALUES ({})", target, join(columns), defaults))
    assigned = join(SQL("{} = DEFAULT").format(column) for column in columns)
    return Probe(compose("EXPLAIN UPDATE {} SET {} WHERE false", target, assigned))


def _probe_sequence(relation: RelationToTry) -> Iterator[Attempt]:
    """Yield attempts by oid: it needs no USAGE on the schema. A transaction that only reads stops the rest."""
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
    function before the privilege is checked; one without arguments it would. A procedure gets an argument that
    fails after the check.
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
        return Attempt((key,), Probe(compose("EXPLAIN SELECT {}", call)))
    values = join(
        SQL("NULL::{} AS {}").format(_type(type_name), Identifier(f"a{number}"))
        for number, type_name in enumerate(types)
    )
    return Attempt((key,), Probe(compose("EXPLAIN SELECT {} FROM (SELECT {} OFFSET 0) AS x", call, values)))


def _probe_procedure(name: Identifier, types: Sequence[str], routine: RoutineToTry) -> Probe:
    values: list[Composable] = [SQL("NULL::{}").format(_type(type_name)) for type_name in types]
    values[0] = SQL("(1 / 0)::pg_catalog.text::{}").format(_type(types[0]))
    if routine.is_variadic:
        values[-1] = SQL("VARIADIC {}").format(values[-1])
    return Probe(compose("CALL {}({})", name, join(values)), frozenset({"22012"}))


def list_thing_keys(thing: ThingToTry) -> Iterator[Key]:
    """Yield everything that could be done with a schema, role and the like."""
    actions = {
        "schema": ("USAGE", "CREATE"),
        "database": ("CONNECT", "CREATE", "TEMPORARY"),
        "language": ("USAGE",),
        "foreign server": ("USAGE",),
        "foreign data wrapper": ("USAGE",),
        "tablespace": ("CREATE",),
        "large object": ("SELECT", "UPDATE"),
        "role": ("SET ROLE", "ADMIN", "INHERIT"),
        # SET of the others is everybody's, or nobody's.
        "parameter": ("ALTER SYSTEM",) if thing.is_system else ("SET", "ALTER SYSTEM"),
    }
    yield from (Key(thing.kind, thing.identity, action) for action in actions[thing.kind])


def probe_thing(thing: ThingToTry, scene: Scene) -> Iterator[Attempt]:
    """Yield attempts on a schema, database, role and the like."""
    for key in list_thing_keys(thing):
        probe = _probe_thing(thing, key.action, scene)
        if probe is not None:
            yield Attempt((key,), probe)


def _probe_thing(thing: ThingToTry, action: str, scene: Scene) -> Probe | None:
    name = Identifier(thing.name)
    match thing.kind, action:
        case "schema", "USAGE":
            no_such = Identifier(thing.name, "pgmoat no such table")
            return Probe(compose("EXPLAIN SELECT FROM {}", no_such), frozenset({"42P01"}))
        case "schema", "CREATE" if not scene.watches_ddl:
            table = Identifier(thing.name, "pgmoat probe")
            create = compose("CREATE TABLE {} (a {})", table, _NO_SUCH_TYPE)
            return Probe(create, frozenset({"42704"}), Mode.READ_WRITE)
        case "database", "CREATE" if thing.name == scene.database and not scene.watches_ddl:
            # The names that begin with pg_ are PostgreSQL's own.
            return Probe("CREATE SCHEMA pg_pgmoat_probe", frozenset({"42939"}), Mode.READ_WRITE)
        case "database", "TEMPORARY" if thing.name == scene.database and not scene.watches_ddl:
            create = compose('CREATE TEMPORARY TABLE "pgmoat probe" (a {})', _NO_SUCH_TYPE)
            return Probe(create, frozenset({"42704"}), Mode.READ_WRITE)
        case "language", "USAGE":
            # No language takes it for a program; one that has no anonymous blocks says so.
            return Probe(compose("DO LANGUAGE {} '(('", name), frozenset({"42601", "0A000"}))
        case "role", "SET ROLE":
            return Probe(compose("SET LOCAL ROLE {}", name))
        case "role", "ADMIN":
            return Probe(compose("GRANT {} TO {}", name, name), frozenset({"0LP01"}), Mode.READ_WRITE)
        case "parameter", "SET":
            parts = Identifier(*thing.name.split("."))
            return Probe(compose("SET LOCAL {} TO DEFAULT", parts), frozenset({"22023", "55P02"}))
        case "large object", "SELECT":
            return Probe(compose("SELECT pg_catalog.lo_open({}, 262144)", Literal(thing.oid)))
        case "large object", "UPDATE":
            opens = compose("SELECT pg_catalog.lo_open({}, 131072)", Literal(thing.oid))
            return Probe(opens, mode=Mode.READ_WRITE)
        case "foreign server", "USAGE":
            return None
        case _:
            return None


def probe_attributes(a_role: str) -> Iterator[Attempt]:
    """Yield attempts at what is nobody's object; *a_role* is any role that exists."""
    found: tuple[tuple[str, str, Probe], ...] = (
        ("attribute", "SUPERUSER", Probe(
            "CREATE EVENT TRIGGER pgmoat_probe ON pgmoat_no_such_event EXECUTE FUNCTION pgmoat_probe()",
            frozenset({"42601"}), Mode.READ_WRITE)),
        ("attribute", "CREATEROLE", Probe(
            compose("CREATE ROLE {}", Identifier(a_role)), frozenset({"42710"}), Mode.READ_WRITE)),
        ("attribute", "CREATEDB", Probe(
            'CREATE DATABASE "pgmoat probe" TEMPLATE "pgmoat no such database"',
            frozenset({"3D000"}), Mode.ALONE)),
        ("attribute", "REPLICATION", Probe(
            "SELECT pg_catalog.pg_drop_replication_slot('pgmoat no such slot')",
            frozenset({"42704", "55000"}))),
        ("file", "read", Probe(
            "COPY pg_catalog.pgmoat_no_such_table FROM '/pgmoat/no/such/file'", frozenset({"42P01"}))),
        ("file", "write", Probe(
            "COPY pg_catalog.pgmoat_no_such_table TO '/pgmoat/no/such/file'", frozenset({"42P01"}))),
        ("program", "run", Probe(
            "COPY pg_catalog.pgmoat_no_such_table FROM PROGRAM 'false'", frozenset({"42P01"}))),
    )  # fmt: skip
    for kind, action, probe in found:
        yield Attempt((Key(kind, "", action),), probe)


EVERYBODYS: Mapping[Key, Probe] = {
    Key("everybody", "", code): probe
    for code, probe in (
        ("read-catalog", Probe("EXPLAIN SELECT * FROM pg_catalog.pg_class")),
        ("see-activity", Probe("EXPLAIN SELECT * FROM pg_catalog.pg_stat_activity")),
        (
            "call-built-in",
            Probe("EXPLAIN SELECT pg_catalog.repeat(x.a, 2) FROM (SELECT 'a' AS a OFFSET 0) AS x"),
        ),
        ("use-resources", Probe("EXPLAIN SELECT FROM pg_catalog.generate_series(1, 2)")),
        ("change-settings", Probe("SET LOCAL work_mem TO DEFAULT")),
        ("hold-transaction", Probe("SHOW transaction_read_only")),
        ("advisory-locks", Probe("EXPLAIN SELECT pg_catalog.pg_advisory_lock(1)")),
        ("large-objects", Probe("EXPLAIN SELECT pg_catalog.lo_create(0)")),
        ("same-role-sessions", Probe("EXPLAIN SELECT pg_catalog.pg_terminate_backend(0)")),
        (
            "own-settings",
            Probe(
                "ALTER ROLE CURRENT_USER SET pgmoat_no_such_setting = 1",
                frozenset({"42704"}),
                Mode.READ_WRITE,
            ),
        ),
    )
}
"""What PostgreSQL lets every role do, by the code of the claim."""


def probe_everybodys() -> Iterator[Attempt]:
    """Yield attempts at what every role may do."""
    yield from (Attempt((key,), probe) for key, probe in EVERYBODYS.items())


def probe_stored_password(server: str) -> Probe:
    """Return the question whether the role sees the options of a user mapping of a foreign server."""
    question = (
        "SELECT count(*) > 0 FROM pg_catalog.pg_user_mappings WHERE srvname = {} AND umoptions IS NOT NULL"
    )
    return Probe(compose(question, Literal(server)), is_question=True)


def _name(relation: RelationToTry) -> Identifier:
    return Identifier(relation.schema, relation.name)


def _type(name: str) -> Composable:
    return Printed(name)  # by format_type()
