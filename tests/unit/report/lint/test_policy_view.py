"""What agents see through a policy: names, docs and words of it, without what it hides."""

from __future__ import annotations

from pgmoat.policy.load import load_policy_text
from pgmoat.report.lint.check import LintReport, lint_subject
from pgmoat.report.lint.policy_view import PolicyView, view_through
from pgmoat.report.lint.rules import RULES
from pgmoat.report.lint.subject import Subject
from pgmoat.report.survey.snapshot import Survey
from tests.unit.report.lint.build import column, lint, objects, sample, survey, table

POLICY = """
version: 1
entities:
  orders:
    table: public.ord
    doc: One row per order of a customer.
    columns:
      id: {}
      usr_id: {name: customer_id, doc: Who ordered., references: customers}
      stat_cd:
        name: fulfillment_status
        doc: Where it stands. Pending orders need action.
        values: {1: pending, 5: shipped}
      upd_ts: {name: last_modified_at}
  customers:
    table: public.usr
    doc: One row per person or company that buys.
    columns:
      id: {}
      nm: {name: name}
agents:
  support: {entities: {orders: {}, customers: {}}}
"""


def make_survey() -> Survey:
    return survey(
        table(
            "ord",
            column("id", "int4"),
            column("usr_id", "int4"),
            column("stat_cd", "int2"),
            column("upd_ts", "timestamptz", "Set by a trigger at each change."),
            column("xfrcd"),
            comment=None,
            samples={"stat_cd": sample({"1": 50, "5": 30, "7": 2})},
        ),
        table("usr", column("id", "int4"), column("nm"), comment=None),
    )


def view(text: str = POLICY) -> PolicyView:
    return view_through(make_survey(), load_policy_text(text, "moat.yaml").policy)


def judge(text: str = POLICY) -> LintReport:
    shown = view(text)
    return lint_subject(Subject(shown.survey, shown.origins), RULES)


def test_agents_see_names_docs_and_words() -> None:
    orders = view().survey.tables["agent.orders"]
    assert [part.name for part in orders.columns] == [
        "id",
        "customer_id",
        "fulfillment_status",
        "last_modified_at",
    ]
    status = orders.columns[2]
    assert (status.type_name, status.enum_labels) == ("text", ("pending", "shipped"))
    assert status.comment == "Where it stands. Pending orders need action."
    assert orders.columns[3].comment == "Set by a trigger at each change."  # people's, as the view has it
    assert orders.table.comment == "One row per order of a customer."
    assert orders.table.primary_key == ("id",)
    key = orders.foreign_key_of("customer_id")
    assert key is not None
    assert key.references == "agent.customers"


def test_codes_are_decoded_and_those_without_a_word_are_not_shown() -> None:
    seen = view().survey.tables["agent.orders"].samples["fulfillment_status"].values
    assert [(value.value, value.rows) for value in seen] == [("pending", 50), ("shipped", 30)]


def test_a_good_policy_mends_what_the_tables_lack() -> None:
    before = lint(*make_survey().tables.values())
    assert before.score < 60
    after = judge()
    assert (objects(after), after.score) == ([], 100)


def test_a_policy_that_changes_nothing_mends_nothing() -> None:
    text = """
version: 1
entities:
  ord: {table: public.ord, columns: {id: {}, usr_id: {}, stat_cd: {}, upd_ts: {}, xfrcd: {}}}
"""
    report = judge(text)
    codes = {(finding.code, finding.remark.column) for finding in report.findings}
    assert {("PL030", None), ("PL003", "usr_id"), ("PL020", "stat_cd"), ("PL002", "xfrcd")} <= codes


def test_remedies_name_the_column_as_the_policy_lists_it() -> None:
    text = POLICY.replace("name: fulfillment_status", "name: sts_cd").replace(
        "doc: Where it stands. Pending orders need action.", ""
    )
    policy = [
        finding.remark.remedy.policy for finding in judge(text).findings if finding.remark.column == "sts_cd"
    ]
    assert policy
    assert all(line.startswith("stat_cd: ") for line in policy)
    assert all(not finding.remark.remedy.sql.startswith("COMMENT") for finding in judge(text).findings)


def test_an_entity_without_its_table_is_said_to_be_missing() -> None:
    shown = view(POLICY.replace("public.usr", "public.gone"))
    assert shown.missing == ("customers",)
    assert list(shown.survey.tables) == ["agent.orders"]
    assert shown.base_tables == {"public.ord"}


def test_an_entity_has_the_key_that_the_policy_names() -> None:
    base = survey(table("ord", column("id", "int4"), column("name"), key=()))
    text = (
        "version: 1\nentities:\n  orders: {table: public.ord, doc: One row per order here.,"
        " columns: {id: {}, name: {}}"
    )
    bare = view_through(base, load_policy_text(text + "}\n", "moat.yaml").policy)
    keyed = view_through(base, load_policy_text(text + ", key: [id]}\n", "moat.yaml").policy)
    assert [f.code for f in lint_subject(Subject(bare.survey, bare.origins), RULES).findings] == ["PL040"]
    assert lint_subject(Subject(keyed.survey, keyed.origins), RULES).findings == ()


def test_the_comment_of_the_table_is_offered_as_the_doc_that_is_missing() -> None:
    base = survey(table("ord", column("id", "int4"), comment="One row per order of a customer."))
    text = "version: 1\nentities:\n  orders: {table: public.ord, columns: {id: {}}}\n"
    shown = view_through(base, load_policy_text(text, "moat.yaml").policy)
    (finding,) = lint_subject(Subject(shown.survey, shown.origins), RULES).findings
    assert finding.remark.remedy.policy == "doc: One row per order of a customer."
    assert "agents do not see the table's comment" in finding.remark.message


def test_a_flag_that_the_policy_decodes_is_none_any_more() -> None:
    """Agents read yes and no: nothing is left to mend, and certainly not no: no."""
    flag = 'gone: {name: is_gone, doc: Whether it left., values: {0: "no", 1: "yes"}}'
    text = POLICY.replace("upd_ts: {name", f"{flag}\n      upd_ts: {{name")
    base = table(
        "ord",
        column("id", "int4"),
        column("gone", "int2"),
        comment=None,
        samples={"gone": sample({"0": 50, "1": 30})},
    )
    found = view_through(survey(base), load_policy_text(text, "moat.yaml").policy)
    report = lint_subject(Subject(found.survey, found.origins), RULES)
    assert "PL023" in {finding.code for finding in lint(base).findings}
    assert "PL023" not in {finding.code for finding in report.findings}
