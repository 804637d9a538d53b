"""A survey reads structure and a little of the data, hurts nobody, and keeps no value of a person's."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.report.survey.read import read_survey
from pgmoat.report.survey.snapshot import CheckConstraint, ForeignKey, ValueCount
from tests.postgres_fixtures import Database, PostgresServer, create_database

Connection = psycopg.Connection[Any]


def test_structure(office: Connection) -> None:
    survey = read_survey(office)
    employees = survey.tables["office.employees"]
    assert employees.table.comment == "Who works here."
    assert employees.foreign_key_of("department_id") == ForeignKey(
        "employees_department_id_fkey", ("department_id",), "office.departments", ("id",), "r"
    )
    (visits,) = survey.tables["office.visits"].foreign_keys
    assert (visits.columns, visits.references, visits.on_delete) == (
        ("employee_id", "number"), "office.badges", "c"
    )  # fmt: skip
    assert {(check.columns, check.values) for check in employees.checks} == {
        (("kind",), ("F", "P")),
        (("grade",), ("junior", "senior")),
        (("grade",), ()),
    }
    assert all(isinstance(check, CheckConstraint) for check in employees.checks)
    assert [name for name, table in survey.tables.items() if table.is_partition] == [
        "office.events_2024",
        "office.events_2025",
    ]
    assert survey.database == office.info.dbname


def test_lookups_and_codes(office: Connection) -> None:
    survey = read_survey(office)
    lookup = survey.tables["office.departments"].lookup
    assert lookup is not None
    assert (lookup.key, lookup.label) == ("id", "label")
    assert lookup.words == (("2", "Stores"), ("3", "Board"), ("10", "Sales"))
    samples = survey.tables["office.employees"].samples
    assert samples["stat_cd"].values == (ValueCount("1", 300), ValueCount("2", 100))
    assert (samples["stat_cd"].is_whole, samples["stat_cd"].rows) == (True, 400)
    assert samples["department_id"].values == ()
    events = survey.tables["office.events"].samples["kind"]
    assert {value.value: value.rows for value in events.values} == {"1": 125, "2": 125, "3": 125, "4": 125}


def test_what_values_look_like_and_that_none_is_kept(office: Connection) -> None:
    survey = read_survey(office)
    samples = survey.tables["office.employees"].samples
    assert samples["email"].looks_like == ("email",)
    assert samples["pwd"].looks_like == ("password-hash",)
    assert samples["photo"].looks_like == ("biometric",)
    assert [part.is_within for part in samples["settings"].evidence] == [True]
    assert samples["note"].shapes[0].pattern == "Aaaa aaa 999"
    kept = repr(survey)
    for value in ("person1@", "@home.example", "41111111", "Zebrawood", "1980-01-02", "ffd8ff", "dark"):
        assert value not in kept, value


def test_a_large_table_is_sampled_and_its_rare_code_comes_from_an_index(office: Connection) -> None:
    plain = read_survey(office, tables=["office.big"]).tables["office.big"]
    sample = plain.samples["state"]
    assert 200 <= sample.rows <= 1_000
    assert not sample.is_whole
    assert {value.value for value in sample.values} >= {"1", "2", "3"}
    assert sample.counted in ("statistics", "sample")
    office.execute("CREATE INDEX ON office.big (state)")
    walked = read_survey(office, tables=["office.big"]).tables["office.big"].samples["state"]
    assert {value.value for value in walked.values} == {"1", "2", "3", "9"}
    assert walked.counted == "statistics"


def test_a_large_table_is_never_read_as_a_whole(office: Connection) -> None:
    pages = office.execute("SELECT relpages FROM pg_class WHERE relname = 'big'").fetchall()[0][0]
    before = _count_fetched(office)
    read_survey(office, tables=["office.big"])
    assert 0 < _count_fetched(office) - before < pages / 4


def _count_fetched(connection: Connection) -> int:
    connection.execute("SELECT pg_stat_force_next_flush()")
    connection.execute("SELECT pg_stat_clear_snapshot()")
    query = "SELECT pg_stat_get_blocks_fetched('office.big'::regclass)"
    return connection.execute(query).fetchall()[0][0]


def test_two_surveys_of_the_same_rows_are_the_same(office: Connection) -> None:
    first, second = read_survey(office), read_survey(office)
    assert first == second


def test_no_view_is_run_and_nothing_is_written(office: Connection) -> None:
    survey = read_survey(office)
    assert survey.tables["office.traced"].unread.startswith("a view")
    assert survey.tables["office.traced"].samples == {}
    assert [column.name for column in survey.tables["office.traced"].columns] == ["one", "email"]
    assert office.execute("SELECT count(*) FROM office.ran").fetchone() == (0,)
    # Each step is READ ONLY, and says so to whatever a type's output would run.
    assert office.execute("SHOW transaction_read_only").fetchone() == ("off",)


def test_an_open_transaction_stays_as_it_was(office: Connection) -> None:
    with office.transaction():
        office.execute("SET LOCAL search_path = office")
        survey = read_survey(office)
        assert survey.tables["office.employees"].samples["stat_cd"].values
        assert office.execute("SHOW search_path").fetchone() == ("office",)
        assert office.execute("SHOW row_security").fetchone() == ("on",)
        office.execute("INSERT INTO ran VALUES (now())")


def test_only_some_and_no_samples(office: Connection) -> None:
    assert read_survey(office, schemas=["public"]).tables == {}
    survey = read_survey(office, tables=["office.badges", "office.visits"], samples=False)
    assert list(survey.tables) == ["office.badges", "office.visits"]
    assert survey.tables["office.badges"].unread == "samples were not asked for"
    assert survey.tables["office.visits"].foreign_keys


def test_no_time_is_said(office: Connection) -> None:
    survey = read_survey(office, budget_s=0)
    assert survey.tables["office.employees"].unread == "the time for samples was over"
    assert any("the time for samples was over" in note for note in survey.notes)


def test_progress_counts_to_the_end(office: Connection) -> None:
    seen: list[tuple[int, int]] = []
    read_survey(office, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] == len(seen)


def test_a_locked_table_stops_nobody(office: Connection, office_database: Database) -> None:
    with psycopg.connect(office_database.dsn) as other:
        other.execute("LOCK TABLE office.employees")
        survey = read_survey(office)
    assert "office.employees" not in survey.tables
    assert "office.employees is left out: somebody has it locked" in survey.notes
    assert survey.tables["office.departments"].lookup is not None


def test_a_database_that_checks_no_encoding(server: PostgresServer) -> None:
    with (
        create_database(server, encoding="SQL_ASCII") as database,
        psycopg.connect(database.dsn, autocommit=True, client_encoding="UTF8") as connection,
    ):
        connection.execute("CREATE TABLE old (word text)")
        connection.execute("INSERT INTO old SELECT convert_from('\\xe9e9'::bytea, 'SQL_ASCII')")
        connection.execute("CREATE TABLE fine (kind text)")
        connection.execute("INSERT INTO fine SELECT 'a' FROM generate_series(1, 9)")
        survey = read_survey(connection)
    assert survey.tables["public.old"].unread
    assert survey.tables["public.fine"].samples["kind"].values == (ValueCount("a", 9),)


def test_names_that_need_quotes_and_tables_without_columns(office: Connection) -> None:
    office.execute('CREATE TABLE office."od%d ""name" ("a %s {b}" smallint, "select" char(1))')
    office.execute("""INSERT INTO office."od%d ""name" SELECT i % 2, 'x' FROM generate_series(1, 9) AS i""")
    office.execute("CREATE TABLE office.bare ()")
    office.execute("INSERT INTO office.bare DEFAULT VALUES")
    survey = read_survey(office)
    odd = survey.tables['office.od%d "name']
    assert len(odd.samples) == 2
    assert all(sample.values for sample in odd.samples.values())
    assert survey.tables["office.bare"].unread == ""


@pytest.fixture
def reader(office: Connection, office_database: Database, role_prefix: str) -> psycopg.Connection[Any]:
    """A connection of a role that may read a little."""
    role = f"{role_prefix}reader"
    name = sql.Identifier(role)
    office.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(role)))
    office.execute(sql.SQL("GRANT USAGE ON SCHEMA office TO {}").format(name))
    office.execute(sql.SQL("GRANT SELECT ON office.departments, office.visits TO {}").format(name))
    office.execute(sql.SQL("GRANT SELECT (id, stat_cd) ON office.employees TO {}").format(name))
    office.execute("ALTER TABLE office.visits ENABLE ROW LEVEL SECURITY")
    office.execute("CREATE POLICY traced ON office.visits USING (office.leave_a_trace() = 1)")
    return psycopg.connect(office_database.dsn_for(role, role), autocommit=True)


def test_a_role_with_few_rights(reader: Connection, office: Connection) -> None:
    with reader:
        survey = read_survey(reader)
    assert survey.tables["office.departments"].lookup is not None
    assert survey.tables["office.big"].unread == "no right to SELECT from it"
    assert set(survey.tables["office.employees"].samples) == {"id", "stat_cd"}
    assert survey.tables["office.employees"].samples["stat_cd"].values
    assert "row security" in survey.tables["office.visits"].unread
    assert survey.tables["office.visits"].is_row_secured
    assert office.execute("SELECT count(*) FROM office.ran").fetchone() == (0,)
    assert any(note.startswith("the rows of ") and "office.big" in note for note in survey.notes)


def test_a_schema_that_may_not_be_used(reader: Connection, office: Connection) -> None:
    office.execute("CREATE SCHEMA closed CREATE TABLE closed.papers (id integer)")
    with reader:
        survey = read_survey(reader)
    assert survey.tables["closed.papers"].unread == "no right to use the schema closed"


def test_an_owner_that_has_to_be_become(
    server: PostgresServer, office: Connection, office_database: Database, role_prefix: str
) -> None:
    role, owner = f"{role_prefix}installer", f"{role_prefix}app"
    office.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(owner)))
    options = "NOINHERIT" if server.server_version < 160_000 else "INHERIT"
    office.execute(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + options).format(sql.Identifier(role), sql.Literal(role))
    )
    membership = "" if server.server_version < 160_000 else " WITH INHERIT FALSE, SET TRUE"
    office.execute(sql.SQL("GRANT {} TO {}" + membership).format(sql.Identifier(owner), sql.Identifier(role)))
    office.execute(sql.SQL("ALTER SCHEMA office OWNER TO {}").format(sql.Identifier(owner)))
    for table in ("employees", "departments", "big"):
        statement = sql.SQL("ALTER TABLE {} OWNER TO {}")
        office.execute(statement.format(sql.Identifier("office", table), sql.Identifier(owner)))
    with psycopg.connect(office_database.dsn_for(role, role), autocommit=True) as connection:
        survey = read_survey(connection)
        assert connection.execute("SELECT current_user").fetchone() == (role,)
    assert survey.tables["office.employees"].samples["stat_cd"].values
    assert survey.tables["office.departments"].lookup is not None
