"""SECURITY DEFINER functions: what their text does, and when a caller makes them do something else."""

from __future__ import annotations

import pytest

from pgmoat.report.blast.bodies import Mention, read_body
from pgmoat.report.blast.snapshot import FunctionFact, GrantFact, TriggerFact
from tests.unit.report.blast.catalogs import (
    ME,
    ORDERS,
    OWNER,
    PUBLIC_SCHEMA,
    blast,
    definer,
    find,
    grant,
    texts,
)

EXECUTE = grant(0, "EXECUTE", 300, "function", is_default=True)
TEMPORARY = grant(0, "TEMPORARY", 1, "database", is_default=True)
CREATE = grant(ME, "CREATE", PUBLIC_SCHEMA, "schema")
PINNED = ("search_path=pg_catalog, pg_temp",)


@pytest.mark.parametrize(
    ("source", "mentions"),
    [
        ("SELECT * FROM a.b", [("SELECT", "a", "b")]),
        ('SELECT * FROM "A b"."C""d"', [("SELECT", "A b", 'C"d')]),
        (
            "SELECT * FROM a, b.c x JOIN d ON true",
            [("SELECT", "", "a"), ("SELECT", "b", "c"), ("SELECT", "", "d")],
        ),
        ("INSERT INTO log VALUES (1)", [("INSERT", "", "log")]),
        ("DELETE FROM ONLY a.b", [("DELETE", "a", "b")]),
        ("UPDATE a SET x = 1 WHERE y = 'FROM secret'", [("UPDATE", "", "a")]),
        ("TRUNCATE TABLE a.b", [("TRUNCATE", "a", "b")]),
        ("SELECT 1 -- FROM secret\n /* FROM secret */", []),
        ("SELECT $x$ FROM secret $x$", []),
        ("SELECT 1 FROM a WHERE EXISTS (SELECT FROM b)", [("SELECT", "", "a"), ("SELECT", "", "b")]),
    ],
)
def test_names_are_read_word_by_word(source: str, mentions: list[tuple[str, str, str]]) -> None:
    assert list(read_body("sql", source).mentions) == [Mention(*one) for one in mentions]


@pytest.mark.parametrize(
    ("source", "is_dynamic"),
    [
        ("BEGIN EXECUTE 'SELECT 1'; END", False),
        ("BEGIN EXECUTE 'SELECT $1' USING x; END", False),
        ("BEGIN EXECUTE 'DELETE FROM ' || t; END", True),
        ("BEGIN EXECUTE format('DROP TABLE %I', t); END", True),
        ("BEGIN RETURN QUERY EXECUTE q; END", True),
        ("BEGIN x := 'EXECUTE q'; END", False),
    ],
)
def test_sql_that_is_put_together_is_seen(source: str, is_dynamic: bool) -> None:
    assert read_body("plpgsql", source).is_dynamic is is_dynamic


def test_other_languages_are_not_understood() -> None:
    assert not read_body("plpython3u", "plpy.execute('SELECT 1')").is_understood


def test_hostile_text_ends() -> None:
    read_body("sql", "(" * 100_000 + "'" * 99_999 + "$a$" * 9_999 + "/*" * 9_999)


def test_a_superusers_function_is_beyond_though_public_may_call_it_by_default() -> None:
    found = blast(
        functions=[definer("BEGIN DELETE FROM hr.salaries; END", settings=PINNED)], grants=[EXECUTE]
    )
    (claim,) = find(found, "definer-function")
    assert (claim.standing, claim.severity) == ("beyond", "high")
    assert texts(found, "write-table", "hr.salaries", "DELETE") == [
        "PUBLIC → EXECUTE on public.f() → runs as root"
    ]
    assert find(found, "hijack-function") == []


def test_a_text_in_which_a_relation_is_no_relation_reaches_nothing() -> None:
    found = blast(functions=[definer("BEGIN x := extract(year FROM salaries); END")], grants=[EXECUTE])
    assert find(found, "read-table") == []


def test_dynamic_sql_of_a_superuser_is_critical() -> None:
    found = blast(functions=[definer("BEGIN EXECUTE q; END", settings=PINNED)], grants=[EXECUTE])
    assert find(found, "definer-function")[0].severity == "critical"


@pytest.mark.parametrize(
    ("source", "settings", "grants", "is_hijacked"),
    [
        ("BEGIN PERFORM count(*); END", (), (CREATE,), True),
        ("BEGIN PERFORM count(*); END", (), (TEMPORARY,), False),
        ("BEGIN PERFORM 1 FROM orders; END", (), (TEMPORARY,), True),
        ("BEGIN PERFORM 1 FROM orders; END", (), (), False),
        ("BEGIN PERFORM 1 FROM public.orders; END", (), (TEMPORARY,), False),
        ("BEGIN PERFORM 1 FROM nowhere; END", (), (TEMPORARY,), False),
        ("BEGIN PERFORM 1 FROM orders; END", ("search_path=public",), (TEMPORARY,), True),
        ("BEGIN PERFORM 1 FROM orders; END", ("search_path=public, pg_temp",), (TEMPORARY,), False),
        ("BEGIN PERFORM 1 FROM salaries; END", ("search_path=public, hr, pg_temp",), (CREATE,), True),
        ("BEGIN PERFORM 1 FROM salaries; END", ("search_path=hr, public, pg_temp",), (), False),
    ],
)
def test_a_hijack_needs_an_open_name_and_a_place_to_create(
    source: str, settings: tuple[str, ...], grants: tuple[GrantFact, ...], is_hijacked: bool
) -> None:
    found = blast(functions=[definer(source, settings=settings)], grants=[EXECUTE, *grants])
    assert bool(find(found, "hijack-function")) is is_hijacked
    assert bool(find(found, "superuser")) is is_hijacked


def test_a_hijack_that_depends_on_more_does_not_make_a_superuser() -> None:
    function = definer("BEGIN PERFORM g(1); END", settings=("search_path=public, pg_temp",))
    found = blast(functions=[function], grants=[EXECUTE, CREATE])
    (claim,) = find(found, "hijack-function")
    assert (claim.severity, claim.ways[0].confidence) == ("medium", "possible")
    assert find(found, "superuser") == []


def test_a_body_in_standard_sql_and_c_are_not_hijacked() -> None:
    for more in ({"has_sql_body": True, "language": "sql"}, {"language": "c"}):
        found = blast(functions=[definer("SELECT 1 FROM orders", **more)], grants=[EXECUTE, CREATE])
        assert find(found, "hijack-function") == []


def test_one_closure_ends_a_hijack() -> None:
    found = blast(functions=[definer("BEGIN PERFORM count(*); END")], grants=[EXECUTE, CREATE])
    (claim,) = find(found, "hijack-function")
    assert claim.ways[0].closures[0].sql == (
        'ALTER FUNCTION public.f() SET search_path = pg_catalog, "public", pg_temp',
    )
    assert claim.ways[0].closures[0].revert == ("ALTER FUNCTION public.f() RESET search_path",)


def test_what_the_owner_reaches_is_reached_through_a_hijack() -> None:
    function = definer("BEGIN PERFORM count(*); END", owner=OWNER)
    found = blast(functions=[function], grants=[EXECUTE, CREATE])
    assert find(found, "use-role", "owner", "SET ROLE")
    assert find(found, "write-table", "public.orders", "DELETE")
    # Without USAGE on the schema the owner may DROP OWNED, and name nothing.
    assert find(found, "own-relation", "hr.salaries")
    assert find(found, "read-table", "hr.salaries") == []


def test_an_ordinary_function_is_everybodys_and_a_definer_trigger_fires() -> None:
    plain = FunctionFact(301, PUBLIC_SCHEMA, "g", "", "public.g()", OWNER)
    found = blast(functions=[plain], grants=[grant(0, "EXECUTE", 301, "function", is_default=True)])
    assert [claim.standing for claim in find(found, "call-function")] == ["base"]
    fired = blast(
        functions=[definer("BEGIN RETURN NEW; END", fires_as="trigger")],
        triggers=[TriggerFact(ORDERS, "t", 300, 4)],
        grants=[grant(ME, "INSERT")],
    )
    assert find(fired, "fire-trigger")[0].severity == "medium"


def test_a_function_that_others_run_may_be_replaced_by_its_owner() -> None:
    mine = FunctionFact(300, PUBLIC_SCHEMA, "f", "", "public.f()", ME, language="plpgsql", fires_as="trigger")
    triggers = [TriggerFact(ORDERS, "t", 300, 4)]
    (claim,) = find(blast(functions=[mine], triggers=triggers), "replace-function")
    assert claim.severity == "medium"
    (claim,) = find(blast(functions=[mine], triggers=triggers, grants=[CREATE]), "replace-function")
    assert claim.severity == "high"
    assert "as whoever writes to public.orders" in claim.message
