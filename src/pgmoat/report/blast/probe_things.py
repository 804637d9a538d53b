"""
Write the statement that shows whether a role may use a schema, role or parameter, and does nothing.

In: Scene, keys. Out: Attempts. I/O: none.

A command gets something wrong in it that PostgreSQL looks at after the privilege: a file goes to no such
table, a type does not exist, a loop of memberships.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pgmoat.postgres.sqltext import Identifier, Literal, compose
from pgmoat.report.blast.trial import Attempt, Key, Mode, Probe, Scene, ThingToTry


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
    is_elsewhere = thing.kind == "database" and thing.name != scene.database
    if is_elsewhere or (scene.watches_ddl and (thing.kind, action) in _CREATIONS):
        return None
    make = _PROBES.get((thing.kind, action)) or _CREATIONS.get((thing.kind, action))
    return None if make is None else make(thing)


def _use_schema(schema: ThingToTry) -> Probe:
    no_such = Identifier(schema.name, "pgmoat no such table")
    # There may be one all the same, made to be planned.
    return Probe(compose("EXPLAIN SELECT FROM {}", no_such), frozenset({"42P01"}), plans=True)


def _create_in_schema(schema: ThingToTry) -> Probe:
    table = Identifier(schema.name, "pgmoat probe")
    create = compose("CREATE TABLE {} (a pg_catalog.pgmoat_no_such_type)", table)
    return Probe(create, frozenset({"42704"}), Mode.READ_WRITE)


def _create_schema(_: ThingToTry) -> Probe:
    # Names that begin with pg_ are PostgreSQL's own.
    return Probe("CREATE SCHEMA pg_pgmoat_probe", frozenset({"42939"}), Mode.READ_WRITE)


def _create_temporary(_: ThingToTry) -> Probe:
    create = 'CREATE TEMPORARY TABLE "pgmoat probe" (a pg_catalog.pgmoat_no_such_type)'
    return Probe(create, frozenset({"42704"}), Mode.READ_WRITE)


def _use_language(language: ThingToTry) -> Probe:
    # No language takes it for a program; one that has no anonymous blocks says so.
    run = compose("DO LANGUAGE {} '(('", Identifier(language.name))
    return Probe(run, frozenset({"42601", "0A000"}))


def _set_role(role: ThingToTry) -> Probe:
    return Probe(compose("SET LOCAL ROLE {}", Identifier(role.name)))


def _grant_role(role: ThingToTry) -> Probe:
    # A loop of memberships is refused, to whoever may grant the role.
    name = Identifier(role.name)
    return Probe(compose("GRANT {} TO {}", name, name), frozenset({"0LP01"}), Mode.READ_WRITE)


def _set_parameter(parameter: ThingToTry) -> Probe:
    name = Identifier(*parameter.name.split("."))
    return Probe(compose("SET LOCAL {} TO DEFAULT", name), frozenset({"22023", "55P02"}))


def _read_large_object(large_object: ThingToTry) -> Probe:
    return Probe(compose("SELECT pg_catalog.lo_open({}, 262144)", Literal(large_object.oid)))


def _write_large_object(large_object: ThingToTry) -> Probe:
    opens = compose("SELECT pg_catalog.lo_open({}, 131072)", Literal(large_object.oid))
    return Probe(opens, mode=Mode.READ_WRITE)


_Maker = Callable[[ThingToTry], Probe]
_PROBES: Mapping[tuple[str, str], _Maker] = {
    ("schema", "USAGE"): _use_schema,
    ("language", "USAGE"): _use_language,
    ("role", "SET ROLE"): _set_role,
    ("role", "ADMIN"): _grant_role,
    ("parameter", "SET"): _set_parameter,
    ("large object", "SELECT"): _read_large_object,
    ("large object", "UPDATE"): _write_large_object,
}
_CREATIONS: Mapping[tuple[str, str], _Maker] = {
    ("schema", "CREATE"): _create_in_schema,
    ("database", "CREATE"): _create_schema,
    ("database", "TEMPORARY"): _create_temporary,
}
"""What people's event triggers would hear of, though nothing is created."""


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
    question = compose(
        "SELECT pg_catalog.count(*) > 0 FROM pg_catalog.pg_user_mappings"
        " WHERE srvname = {} AND umoptions IS NOT NULL",
        Literal(server),
    )
    return Probe(question, is_question=True)
