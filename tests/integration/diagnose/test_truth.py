"""
What is called certain is true, where a reason that comes to mind is not: outer joins, scopes, chance, LIKE.

I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, LiteralString

import pytest

from pgmoat.runtime import Moat, Reason, Task
from tests.moat_fixtures import new_task_id, open_moat
from tests.postgres_fixtures import PostgresServer

SCHEMA: LiteralString = """
CREATE TABLE public.things (
    id bigint PRIMARY KEY, customer_id bigint, name text, n integer, share real, code uuid, day date);
INSERT INTO public.things
SELECT i, i % 10, 'w' || i, i, 0.05, ('00000000-0000-0000-0000-00000000abc' || i % 10)::uuid,
       '2020-01-01'::date + i
  FROM generate_series(1, 1000) AS i;
CREATE TABLE public.accounts (id bigint PRIMARY KEY, state text, title text);
CREATE TABLE public.letters (id bigint PRIMARY KEY, body text);
INSERT INTO public.letters SELECT i, i || repeat('long ', 60000) FROM generate_series(1, 20) AS i;
INSERT INTO public.accounts VALUES (1, 'active', 'ACADEMY DINOSAUR'), (2, 'blocked', 'VICTORY ACADEMY');
"""
COLUMNS = "{id: {}, customer_id: {}, name: {}, n: {}, share: {}, code: {}, day: {}}"
POLICY = f"""
entities:
  scoped:
    table: public.things
    columns: {COLUMNS}
    rows: customer_id = task.customer_id
  told:
    table: public.things
    columns: {COLUMNS}
    rows: customer_id = task.customer_id
    tell_hidden: [out_of_scope]
  coded:
    table: public.things
    columns: {COLUMNS}
    rows: code = task.code
  accounts:
    table: public.accounts
    columns: {{id: {{}}, state: {{}}, title: {{}}}}
  letters:
    table: public.letters
    columns: {{id: {{}}, body: {{}}}}
agents:
  reader:
    guard: {{cost: null, plan_rows: null}}
    entities: {{scoped: {{}}, told: {{}}, coded: {{}}, accounts: {{}}, letters: {{}}}}
"""
CODE = "00000000-0000-0000-0000-00000000abc3"


@pytest.fixture(scope="module")
def task(server: PostgresServer) -> Generator[Task]:
    """A task of customer 3, which sees the things 3, 13, … 993."""
    with (
        open_moat(server, SCHEMA, POLICY) as site,
        Moat(site.policy, dsns=site.dsns(), orchestrator_dsn=site.database.dsn) as moat,
    ):
        yield moat.open_task("reader", new_task_id(), scope={"customer_id": 3, "code": CODE})


def explain(task: Task, sql: str, parameters: Any = None) -> tuple[Reason, ...]:
    result = task.query(sql, parameters)
    assert not any(any(row.values()) for row in result.rows)
    return result.reasons


NO_PARTNER = "FROM scoped s LEFT JOIN told x ON x.id = s.id + 1"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT s.id {NO_PARTNER} WHERE x.n = 13",
        f"SELECT s.id {NO_PARTNER} WHERE x.n > 5",
        f"SELECT s.id {NO_PARTNER} WHERE x.n IS NOT NULL",
        f"SELECT s.id {NO_PARTNER} WHERE x.name LIKE 'w1%'",
        f"SELECT count(s.id) {NO_PARTNER} WHERE x.n = 13",
        "SELECT s.id FROM told x RIGHT JOIN scoped s ON x.id = s.id + 1 WHERE x.n = 13",
        "SELECT s.id FROM scoped s LEFT JOIN told x ON x.id = s.id AND x.n > 5000 WHERE x.name = 'w13'",
        "SELECT s.id FROM scoped s LEFT JOIN (told x JOIN coded c ON c.id = x.id) ON x.id = s.id + 1"
        " WHERE x.n = 13",
    ],
)
def test_a_relation_is_not_blamed_for_an_outer_join(task: Task, sql: str) -> None:
    (reason,) = explain(task, sql)
    assert (reason.kind, reason.certainty, reason.suggestion) == ("no_partner", "certain", None)
    assert reason.message.startswith("rows of told meet x.n")
    assert "none has a partner" in reason.message


def test_of_an_outer_join_only_what_is_so_is_said(task: Task) -> None:
    (reason,) = explain(task, f"SELECT s.id {NO_PARTNER} WHERE x.n = 5000")
    assert (reason.kind, reason.entity, reason.certainty) == ("unknown_value", "told", "certain")
    (reason,) = explain(task, f"SELECT s.id {NO_PARTNER} WHERE x.n = s.n")
    assert reason.message == "no row of the join meets x.n = s.n"
    (reason,) = explain(task, "SELECT s.id FROM scoped s LEFT JOIN told x ON x.id = s.id WHERE x.id IS NULL")
    assert reason.message == "no row of the join meets x.id IS NULL: every row there has its partner in told"
    (reason,) = explain(task, "SELECT s.id FROM scoped s LEFT JOIN told x ON x.id = s.id WHERE s.id IS NULL")
    assert reason.message == "no row of scoped meets s.id IS NULL: id is NULL in none of them"
    (reason, *_) = explain(task, f"SELECT s.id {NO_PARTNER} JOIN coded c ON c.id = x.id")
    assert reason.message == "no row of the outer join has a partner by c.id = x.id"


@pytest.mark.parametrize(
    ("where", "parameters"),
    [
        ("customer_id = 3.0 AND name = 'zz'", None),
        ("customer_id = '03' AND name = 'zz'", None),
        ("customer_id = '3 ' AND name = 'zz'", None),
        ("customer_id = :v AND name = 'zz'", {"v": 3.0}),
        (f"code = '{CODE.upper()}' AND name = 'zz'", None),
    ],
)
def test_a_value_of_the_scope_may_be_written_otherwise(task: Task, where: str, parameters: Any) -> None:
    entity = "coded" if "code" in where else "scoped"
    (reason,) = explain(task, f"SELECT id FROM {entity} WHERE {where}", parameters)
    assert (reason.kind, reason.column) == ("unknown_value", "name")


def test_a_value_beside_the_scope_is_still_told(task: Task) -> None:
    for entity, where in (("scoped", "customer_id = 4.0"), ("coded", f"code = '{CODE[:-1]}4'")):
        (reason,) = explain(task, f"SELECT id FROM {entity} WHERE {where}")
        assert (reason.kind, reason.certainty) == ("out_of_scope", "certain")


@pytest.mark.parametrize("entity", ["scoped", "told"])
@pytest.mark.parametrize(("limit", "parameters"), [("0.0", None), ("0.4", None), (":v", {"v": 0.0})])
def test_a_limit_that_is_rounded_to_0(task: Task, entity: str, limit: str, parameters: Any) -> None:
    (reason,) = explain(task, f"SELECT id FROM {entity} LIMIT {limit}", parameters)
    assert reason.kind == "limit_zero"


@pytest.mark.parametrize("where", ["random() < 0", "id = 13 AND random() < 0", "id * random() < 0"])
def test_of_chance_nothing_is_certain(task: Task, where: str) -> None:
    reasons = explain(task, f"SELECT id FROM scoped WHERE {where}")
    assert reasons
    assert {reason.certainty for reason in reasons} == {"guess"}


PATTERNS = [
    ("scoped", "name LIKE '13'", "pattern", "%13%"),
    ("scoped", "name ILIKE '13'", "pattern", "%13%"),
    ("scoped", "name LIKE 'W13'", "wrong_case", "w13"),
    ("scoped", "name LIKE 'W1'", "pattern", "%W1%"),
    ("scoped", "name LIKE 'W_13'", "wrong_case", "w113"),
    ("accounts", "title LIKE 'Academy%'", "wrong_case", "ACADEMY DINOSAUR"),
    ("accounts", "title LIKE '%dinosaur'", "wrong_case", "ACADEMY DINOSAUR"),
    ("accounts", "title LIKE '%Victory%'", "wrong_case", "VICTORY ACADEMY"),
    ("accounts", "title LIKE ' ACADEMY%'", "wrong_spaces", "ACADEMY DINOSAUR"),
    ("accounts", "title LIKE 'DINOSAUR%'", "pattern", None),
]


@pytest.mark.parametrize(("entity", "where", "kind", "suggestion"), PATTERNS)
def test_what_is_said_of_a_pattern_helps(
    task: Task, entity: str, where: str, kind: str, suggestion: str | None
) -> None:
    (reason,) = explain(task, f"SELECT id FROM {entity} WHERE {where}")
    assert (reason.kind, reason.certainty, reason.suggestion) == (kind, "certain", suggestion)
    if kind == "pattern" and suggestion is not None:
        word = "ILIKE" if f"ILIKE '{suggestion}'" in reason.message else "LIKE"
        assert task.query(f"SELECT id FROM {entity} WHERE name {word} '{suggestion}'").rows


# Of an entity that tells of rows out of scope, where no condition is one that they can be counted by.
UNCOUNTED = [
    ("name LIKE 'x_3'", "pattern"),
    ("id IN (5, 15)", "unknown_value"),
    ("id = ANY('{5,15}')", "no_match"),
    ("n IS NULL", "no_match"),
    ("(id, n) = (13, 14)", "no_match"),
    ("n > 5000", "out_of_range"),
    ("n NOT IN (SELECT NULL::int)", "not_in_null"),
    ("id IN (SELECT id FROM accounts WHERE state = 'activ')", "unknown_value"),
]


@pytest.mark.parametrize(("where", "kind"), UNCOUNTED)
def test_hidden_rows_drown_no_cause(task: Task, where: str, kind: str) -> None:
    reasons = explain(task, f"SELECT id FROM told WHERE {where}")
    assert {reason.kind for reason in reasons} == {kind}


def test_hidden_rows_that_are_a_guess_come_last(task: Task) -> None:
    first, last = explain(task, "SELECT id FROM told WHERE id = 5 AND n IN (3, 5, 13)")
    assert (first.kind, first.certainty) == ("unknown_value", "certain")
    assert (last.kind, last.certainty, last.hidden) == ("hidden_out_of_scope", "guess", 1)
    (only,) = explain(task, "SELECT id FROM told WHERE id = 5")
    assert only.message.startswith("1 row of told with id = ")
    assert only.message.endswith("5 is there, and is out of this task's scope")


def test_a_suggestion_is_not_the_opposite(task: Task) -> None:
    for value in ("inactive", "Narnia"):
        (reason,) = explain(task, f"SELECT id FROM accounts WHERE state = '{value}'")
        assert (reason.kind, reason.suggestion) == ("unknown_value", None)


def test_of_what_is_lateral_or_joined_with_itself_nothing_is_made_up(task: Task) -> None:
    (reason,) = explain(
        task, "SELECT s.id FROM scoped s, LATERAL (SELECT * FROM told t WHERE t.id = s.id AND t.n > 5000) x"
    )
    assert reason.kind == "not_explained"
    reasons = explain(
        task, "SELECT a.id FROM scoped a JOIN scoped b ON b.id = a.id WHERE a.n = 13 AND b.n = 23"
    )
    assert {reason.certainty for reason in reasons} == {"guess"}
    assert "wrong_join_key" not in {reason.kind for reason in reasons}


def test_real_is_not_numeric(task: Task) -> None:
    reasons = explain(task, "SELECT id FROM scoped WHERE share = 0.05")
    assert [(reason.kind, reason.suggestion) for reason in reasons] == [("unknown_value", "0.05::real")]
    assert task.query("SELECT id FROM scoped WHERE share = 0.05::real").rows


def test_ranges_say_what_lies_there(task: Task) -> None:
    for where, told in (
        ("day > now()", "day goes from 2020-01-04 to 2022-09-20"),
        ("day >= current_date - 7", "day goes from 2020-01-04 to 2022-09-20"),
        ("n BETWEEN 14 AND 22", "no n is between 13 and 23"),
        ("n - id > 5", "scoped.n - scoped.id is always 0"),
    ):
        (reason,) = explain(task, f"SELECT id FROM scoped WHERE {where}")
        assert (reason.kind, reason.certainty) == ("out_of_range", "certain")
        assert reason.message.endswith(told)
    (reason,) = explain(task, "SELECT id FROM scoped WHERE day > now() - :v::interval", {"v": "3 days"})
    assert "pgmoat_parameter" not in f"{reason}"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM letters WHERE body = :v",
        "SELECT id FROM letters WHERE body = :v || ''",
        "SELECT id FROM letters WHERE lower(body) = lower(:v) || 'x'",
        "SELECT id FROM letters WHERE body IN (:v, 'x', '1LONG')",
        "SELECT id FROM letters WHERE body > :v",
        "SELECT id FROM letters WHERE body BETWEEN '30' AND '31'",
        "SELECT id FROM letters WHERE body LIKE :v",
        "SELECT id FROM letters WHERE body LIKE '1LONG%'",
        "SELECT max(body) FROM letters WHERE id < 5 GROUP BY id HAVING max(body) = :v",
    ],
)
@pytest.mark.parametrize("value", ["zz", "z" + "long " * 1000, "x" + "LONG " * 60000], ids=len)
def test_long_values_are_quoted_in_short(task: Task, sql: str, value: str) -> None:
    result = task.query(sql, {"v": value} if ":v" in sql else None)
    assert result.rows == ()
    assert result.reasons
    assert all(len(warning) < 1_200 for warning in result.warnings)
    assert all(len(repr(reason)) < 3_000 for reason in result.reasons)
