"""``pgmoat lint`` end to end: findings, filters, exit codes, baselines, policies, few rights."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.integration.lint.conftest import HERE, Lint
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

POLICY = str(HERE / "moat.yaml")
WANTED = {
    ("PL003", "ord.usr_id"),
    ("PL003", "ord.stat_cd"),
    ("PL004", "ord.data"),
    ("PL005", "ord_itm"),
    ("PL006", "ord.order"),
    ("PL007", "usr.SignupDate"),
    ("PL008", "ord.flg_1"),
    ("PL009", "suppliers.create_date"),
    ("PL010", "ord.duration"),
    ("PL020", "ord.stat_cd"),
    ("PL021", "ord.flg_1"),
    ("PL021", "ord.shipped_at"),
    ("PL022", "ord.pay_method"),
    ("PL023", "usr.active_flg"),
    ("PL030", "ord"),
    ("PL040", "ord_itm"),
    ("PL041", "ord.usr_id"),
    ("PL041", "ord_itm.ord_id"),
    ("PL042", "comments.object_id"),
    ("PL043", "product_attributes"),
    ("PL050", "ord.upd_ts"),
    ("PL051", "usr.SignupDate"),
    ("PL053", "usr.prefs"),
    ("PL054", "ord.unit_price"),
}
NEED_DATA = {("PL022", "ord.pay_method"), ("PL051", "usr.SignupDate"), ("PL053", "usr.prefs")}


def test_it_finds_what_is_wrong_and_leaves_alone_what_is_in_order(lint: Lint, legacy: Database) -> None:
    answer = lint(legacy, "--json")
    assert answer.code == 2
    assert answer.found >= WANTED
    assert {rule for rule, name in answer.found if name.startswith("tenants")} == set()
    assert ("PL020", "usr.ctry") not in answer.found  # ISO codes are everybody's
    scores = {table["table"]: table["score"] for table in answer.data["tables"]}
    assert scores["public.tenants"] == 100
    assert scores["public.ord"] < 60


def test_evidence_and_remedies_are_of_this_database(lint: Lint, legacy: Database) -> None:
    found = {(part["rule"], part["object"]): part for part in lint(legacy, "--json").data["findings"]}
    codes = found["PL020", "public.ord.stat_cd"]
    assert codes["message"] == "codes without a meaning: 1 (200 rows), 2 (200 rows), 5 (200 rows)"
    assert codes["policy"] == "stat_cd: {values: {1: TODO, 2: TODO, 5: TODO}}"
    assert codes["docs"].endswith("lint.md#pl020-unexplained-codes")
    assert "NULL in 33 % of 600 rows" in found["PL021", "public.ord.flg_1"]["message"]


def test_sql_of_remedies_runs_as_it_is_shown(lint: Lint, legacy: Database) -> None:
    statements = [part["sql"] for part in lint(legacy, "--json").data["findings"] if part["sql"]]
    runnable = [statement for statement in statements if "(…)" not in statement]
    assert len(runnable) > 20
    with psycopg.connect(legacy.dsn) as connection:
        for statement in runnable:
            with connection.transaction(force_rollback=True):
                connection.execute(statement.encode())


def test_without_data_only_the_catalog_speaks(lint: Lint, legacy: Database) -> None:
    answer = lint(legacy, "--json", "--no-data")
    assert answer.found >= {("PL003", "ord.stat_cd"), ("PL041", "ord.usr_id"), ("PL050", "ord.upd_ts")}
    assert answer.found.isdisjoint(NEED_DATA)
    assert not re.search(r"\d+ rows", answer.out)


def test_filters_narrow_the_report(lint: Lint, legacy: Database) -> None:
    assert {name.partition(".")[0] for _, name in lint(legacy, "--json", "--table", "usr").found} == {"usr"}
    assert {table["table"] for table in lint(legacy, "--json", "--table", "public.ord*").data["tables"]} == {
        "public.ord",
        "public.ord_itm",
    }
    assert {rule for rule, _ in lint(legacy, "--json", "--rule", "pl050").found} == {"PL050"}
    assert "PL050" not in {
        rule for rule, _ in lint(legacy, "--json", "--ignore", "timestamp-without-zone").found
    }
    assert lint(legacy, "--json", "--views").found - lint(legacy, "--json").found >= {
        ("PL002", "big_spenders.xfrcd")
    }


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--rule", "PL099"), "--rule PL099: there is no such rule", "did you mean PL009?"),
        (("--table", "users"), "--table users: there is no such table", "did you mean usr?"),
        (("--schema", "publc"), "--schema publc: it has no tables", "did you mean public?"),
        (("--write-baseline",), "--write-baseline needs --baseline FILE", "where to write"),
        (("--json", "--sarif"), "two outputs", ""),
        (("--baseline", "/nowhere/lint.json"), "cannot read /nowhere/lint.json", "--write-baseline"),
    ],
)
def test_misuse_is_an_error_with_a_hint(
    lint: Lint, legacy: Database, arguments: tuple[str, ...], message: str, hint: str
) -> None:
    answer = lint(legacy, *arguments)
    assert answer.code == 1
    assert message in answer.err
    assert hint in answer.err


def test_the_exit_code_follows_findings_or_the_score(lint: Lint, legacy: Database) -> None:
    assert lint(legacy, "--table", "tenants").code == 0
    assert lint(legacy, "--table", "products").code == 2
    assert lint(legacy, "--table", "products", "--min-score", "50").code == 0
    low = lint(legacy, "--min-score", "99")
    assert low.code == 2
    assert "is below 99" in low.out


def test_the_text_is_complete_and_short(lint: Lint, legacy: Database) -> None:
    short, full = lint(legacy), lint(legacy, "--all")
    assert "database" in short.out.splitlines()[0]
    assert "worst columns" in short.out
    assert "1 view not judged" in short.out
    assert len(short.out) < len(full.out)
    for rule, name in lint(legacy, "--json").found:
        assert rule in full.out
        assert f"public.{name}" in full.out


def test_explain_needs_no_database(lint: Lint) -> None:
    answer = lint("postgresql://nowhere.invalid/none", "--explain", "unexplained-codes")
    assert answer.code == 0
    assert answer.out.startswith("### PL020 unexplained-codes\n")
    assert "**Remedy.**" in answer.out


def test_a_baseline_fails_on_new_findings_only(lint: Lint, legacy: Database, tmp_path: Path) -> None:
    file = tmp_path / "lint.json"
    assert lint(legacy, "--baseline", str(file), "--write-baseline").code == 0
    text = file.read_text()
    again = lint(legacy, "--baseline", str(file))
    assert again.code == 0
    assert re.search(r"baseline: 0 new, \d+ old, 0 gone", again.out)
    with psycopg.connect(legacy.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.prc_hst (id integer PRIMARY KEY, made timestamp NOT NULL)")
        connection.execute("COMMENT ON TABLE public.suppliers IS 'One row per company that we buy from.'")
        try:
            answer = lint(legacy, "--baseline", str(file), "--json")
            assert answer.code == 2
            new = {(part["rule"], part["object"]) for part in answer.data["findings"] if part["is_new"]}
            assert ("PL050", "public.prc_hst.made") in new
            assert all("prc_hst" in name for _, name in new)
            assert answer.data["baseline"]["gone"] == [{"object": "public.suppliers", "rule": "PL030"}]
            blind = lint(legacy, "--baseline", str(file), "--no-data", "--rule", "PL022", "--json")
            assert (blind.code, blind.data["baseline"]["gone"]) == (0, [])
            narrow = lint(legacy, "--baseline", str(file), "--table", "usr", "--json")
            assert (narrow.code, narrow.data["baseline"]["gone"]) == (0, [])
            assert narrow.data["baseline"]["not_looked_at"] > 10
            lint(legacy, "--baseline", str(file), "--write-baseline", "--table", "prc_hst")
            assert len(file.read_text().splitlines()) == len(text.splitlines()) + len(new)  # none is lost
            assert lint(legacy, "--baseline", str(file)).code == 0
        finally:
            connection.execute("DROP TABLE public.prc_hst")
            connection.execute("COMMENT ON TABLE public.suppliers IS NULL")
    lint(legacy, "--baseline", str(file), "--write-baseline")
    assert file.read_text() == text


def test_baselines_of_tables_and_of_a_policy_are_kept_apart(
    lint: Lint, legacy: Database, tmp_path: Path
) -> None:
    file = str(tmp_path / "lint.json")
    lint(legacy, "--baseline", file, "--write-baseline")
    answer = lint(legacy, "--baseline", file, "--policy", POLICY)
    assert answer.code == 1
    assert "is the baseline of a database" in answer.err


def test_a_policy_shows_what_it_mends(lint: Lint, legacy: Database) -> None:
    answer = lint(legacy, "--policy", POLICY, "--json")
    data = answer.data
    assert data["before"]["score"] < 60
    assert data["score"] > 95
    tables = {table["table"]: table for table in data["tables"]}
    assert tables["agent.orders"]["base_table"] == "public.ord"
    assert tables["agent.orders"]["score_before"] < 60
    assert tables["agent.orders"]["score"] > 95
    assert {rule for rule, _ in answer.found} <= {"PL003", "PL032"}
    text = lint(legacy, "--policy", POLICY).out
    assert re.search(r"legibility \d+ \([DE]\) -> \d+ \(A\) of 100, 2 entities", text)
    assert "public.ord" in text


def test_through_a_policy_remedies_are_lines_of_it(lint: Lint, legacy: Database, tmp_path: Path) -> None:
    policy = tmp_path / "moat.yaml"
    policy.write_text(
        "version: 1\nentities:\n  ord: {table: public.ord, columns: {id: {}, stat_cd: {}, usr_id: {}}}\n"
    )
    found = lint(legacy, "--policy", str(policy), "--json").data["findings"]
    assert {part["object"] for part in found} == {"agent.ord", "agent.ord.stat_cd", "agent.ord.usr_id"}
    assert all(part["sql"] == "" and part["policy"] for part in found)


def test_a_role_with_few_rights_gets_names_and_a_note(
    lint: Lint, legacy: Database, server: PostgresServer
) -> None:
    with draw_role_prefix(server) as prefix, psycopg.connect(legacy.dsn, autocommit=True) as connection:
        role = sql.Identifier(f"{prefix}reader")
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(role))
        connection.execute(sql.SQL("GRANT SELECT ON public.usr TO {}").format(role))
        connection.execute(sql.SQL("GRANT SELECT (id, stat_cd) ON public.ord TO {}").format(role))
        try:
            answer = lint(legacy.dsn_for(f"{prefix}reader", "x"), "--json")
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
    assert answer.code == 2
    assert answer.found >= {("PL051", "usr.SignupDate"), ("PL020", "ord.stat_cd"), ("PL003", "ord_itm.qty")}
    assert ("PL022", "ord.pay_method") not in answer.found  # it may not read the column
    assert any("no right to SELECT" in note and "public.ord_itm" in note for note in answer.data["notes"])


def test_an_empty_database_is_in_order(lint: Lint, server: PostgresServer) -> None:
    with create_database(server) as database:
        answer = lint(database)
    assert answer.code == 0
    assert "no tables to judge" in answer.out


def test_names_cannot_write_on_the_terminal(lint: Lint, server: PostgresServer) -> None:
    with create_database(server) as database, psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(b'CREATE TABLE "a\x1b[31m[bold]b" ("x\ny" text)')
        answer = lint(database)
        assert answer.code == 2
        assert "\x1b[31m" not in answer.out
        assert "[bold]b" in answer.out
        assert json.loads(lint(database, "--sarif").out)["runs"][0]["results"]


def test_a_policy_without_its_tables_has_nothing_before_and_nothing_after(
    lint: Lint, legacy: Database, tmp_path: Path
) -> None:
    policy = tmp_path / "moat.yaml"
    policy.write_text("version: 1\nentities:\n  gone: {table: public.gone, columns: {id: {}}}\n")
    answer = lint(legacy, "--policy", str(policy))
    assert answer.code == 0
    assert "no tables to judge" in answer.out
    assert "no table in the database for gone" in answer.out


def test_two_entities_of_one_table_are_each_compared_with_it(
    lint: Lint, legacy: Database, tmp_path: Path
) -> None:
    policy = tmp_path / "moat.yaml"
    policy.write_text(
        "version: 1\nentities:\n  a: {table: public.ord, columns: {id: {}}}\n"
        "  b: {table: public.ord, columns: {id: {}, stat_cd: {}}}\n"
    )
    tables = lint(legacy, "--policy", str(policy), "--json", "--table", "public.ord").data["tables"]
    assert [table["table"] for table in tables] == ["agent.a", "agent.b"]
    assert tables[0]["score_before"] == tables[1]["score_before"]
    assert tables[0]["score"] > tables[1]["score"]


def test_sarif_of_a_policy_stands_at_its_lines(lint: Lint, legacy: Database, tmp_path: Path) -> None:
    policy = tmp_path / "my moat.yaml"
    policy.write_text(
        "version: 1\nentities:\n  ord:\n    table: public.ord\n"
        "    columns:\n      id: {}\n      stat_cd: {}\n"
    )
    results = json.loads(lint(legacy, "--policy", str(policy), "--sarif").out)["runs"][0]["results"]
    places = {
        part["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: part["locations"][0][
            "physicalLocation"
        ]
        for part in results
    }
    assert places["agent.ord.stat_cd"]["region"]["startLine"] == 7
    assert places["agent.ord"]["region"]["startLine"] == 3
    assert places["agent.ord"]["artifactLocation"]["uri"].endswith("/my%20moat.yaml")
