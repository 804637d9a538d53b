"""What is tried has no effect, whatever the role may do."""

from __future__ import annotations

import pytest

from pgmoat.report.blast.probe import list_relation_keys, probe_relation, probe_routine
from pgmoat.report.blast.probe_things import (
    list_thing_keys,
    probe_attributes,
    probe_everybodys,
    probe_stored_password,
    probe_thing,
)
from pgmoat.report.blast.trial import Attempt, Key, Mode, RelationToTry, RoutineToTry, Scene, ThingToTry

ORDERS = RelationToTry(1, 9, "public", 'odd "orders"', "r", False, False, ("id", "total"))
KINDS = (
    "schema",
    "database",
    "language",
    "foreign server",
    "foreign data wrapper",
    "tablespace",
    "large object",
    "role",
    "parameter",
)


def make_scene(*, watches_ddl: bool = False) -> Scene:
    things = tuple(ThingToTry(kind, 7, f'it"s {kind}', False) for kind in KINDS)
    return Scene('it"s database', 180_000, {1: ORDERS}, {}, things, watches_ddl)


def make_routine(kind: str = "f", *types: str | None, immutable: bool = False) -> RoutineToTry:
    return RoutineToTry(5, 9, "public", "f", "f()", kind, False, False, immutable, False, types, ())


def list_all(scene: Scene) -> list[Attempt]:
    attempts = [*probe_relation(ORDERS, frozenset()), *probe_attributes("app"), *probe_everybodys()]
    attempts += probe_relation(ORDERS, frozenset(list_relation_keys(ORDERS, 180_000)))
    attempts += [attempt for thing in scene.things for attempt in probe_thing(thing, scene)]
    sequence = RelationToTry(3, 9, "public", "numbers", "S", False, False, ())
    attempts += probe_relation(sequence, frozenset())
    routines = [
        make_routine("f", "text"),
        make_routine("p", "text"),
        make_routine("a", "int4"),
        make_routine("f"),
    ]
    attempts += [attempt for routine in routines if (attempt := probe_routine(routine)) is not None]
    attempts.append(Attempt((), probe_stored_password("warehouse")))
    return attempts


def test_every_statement_ends_before_it_has_an_effect() -> None:
    """
    Either it is EXPLAIN, or it only asks, or it sets something for the transaction, or it must fail.

    A statement that could succeed and do something would be seen here.
    """
    for attempt in list_all(make_scene()):
        probe = attempt.probe
        harmless = (
            "EXPLAIN ",
            "SET LOCAL ",
            "SHOW ",
            "SELECT pg_catalog.lo_open(",
            "SELECT pg_catalog.count(",
        )
        if not probe.sql.startswith(harmless):
            assert probe.passes, probe.sql
        assert "ANALYZE" not in probe.sql.upper()
        assert ";" not in probe.sql


def test_a_sequence_is_never_advanced_where_it_could_be() -> None:
    sequences = [attempt.probe for attempt in list_all(make_scene()) if "val(" in attempt.probe.sql]
    assert len(sequences) == 2
    assert {probe.mode for probe in sequences} == {Mode.READ_ONLY}
    assert all("25006" in probe.passes for probe in sequences)


def test_only_what_postgresql_refuses_in_a_reading_transaction_may_write() -> None:
    writing = {
        attempt.probe.sql.split()[0]
        for attempt in list_all(make_scene())
        if attempt.probe.mode != Mode.READ_ONLY
    }
    assert writing == {"CREATE", "GRANT", "ALTER", "SELECT"}  # SELECT: lo_open for writing


def test_names_are_quoted() -> None:
    texts = " ".join(attempt.probe.sql for attempt in list_all(make_scene()))
    assert '"public"."odd ""orders"""' in texts
    assert '"it""s schema"' in texts


def test_what_is_refused_whole_is_one_statement_and_update_one_for_each_column() -> None:
    attempts = list(probe_relation(ORDERS, frozenset()))
    assert [(len(attempt.keys), attempt.is_any) for attempt in attempts] == [
        (2, True),
        (2, True),
        (1, False),
        (1, False),
        (1, False),
    ]
    actions = [attempt.keys[0].action for attempt in attempts]
    assert actions == ["SELECT", "INSERT", "UPDATE", "UPDATE", "DELETE"]
    assert len(list(probe_relation(ORDERS, frozenset(), each_column=False))) == 4


def test_columns_that_ought_to_pass_are_tried_together_and_the_others_alone() -> None:
    good = frozenset({Key("relation", 1, "SELECT", "id")})
    first, second, *_ = probe_relation(ORDERS, good)
    assert first.probe.sql == 'EXPLAIN SELECT "id" FROM "public"."odd ""orders"""'
    assert second.probe.sql == 'EXPLAIN SELECT "total" FROM "public"."odd ""orders"""'


def test_a_foreign_table_is_not_planned() -> None:
    remote = RelationToTry(2, 9, "public", "far", "f", False, True, ("id",))
    assert list(probe_relation(remote, frozenset())) == []


@pytest.mark.parametrize(
    "routine",
    [
        make_routine("f", immutable=True),  # the planner would compute it
        make_routine("p"),  # nothing can fail before its body
        make_routine("f", "text", None),  # no value of internal can be written
        make_routine("o", "text"),
    ],
)
def test_a_function_that_could_run_is_only_asked_about(
    routine: RoutineToTry,
) -> None:
    assert probe_routine(routine) is None


def test_nothing_is_created_where_an_event_trigger_would_hear_of_it() -> None:
    scene = make_scene(watches_ddl=True)
    texts = [attempt.probe.sql for thing in scene.things for attempt in probe_thing(thing, scene)]
    assert texts
    assert not any(text.startswith("CREATE") for text in texts)


def test_every_kind_of_thing_has_keys() -> None:
    for thing in make_scene().things:
        assert list(list_thing_keys(thing))
