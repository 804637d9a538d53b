"""A policy after a merge: what was open is filled, and every other byte is as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgmoat.errors import AnswerRefusedError, PolicyError
from pgmoat.policy.load import load_policy_text
from pgmoat.report.draft.answer import Answer, read_answer
from pgmoat.report.draft.fill import Filled, merge_answer

POLICY = """\
# Ours.
version: 1

entities:

  orders:   # the heart of it
    table: public.orders
    columns:
      id: {}
      usr_id: {name: customer_id, references: customers}  # guess: from the name
      # DECIDE: what these codes mean; rows sampled: 1 7, 2 3
      stat_cd: {values: {1: TODO_1, 2: "TODO_2", 5: shipped}}
      upd_ts:
      note:
        doc: ""
      total: {doc: In euros.}
      # ssn: {}  # hidden: looks like a national id
    rows: customer_id in customers

  customers:
    table: public.customers
    doc: TODO
    columns: {id: {}, nm: {}}
    rows: id = task.customer_id

agents:
  clerk:
    entities: {orders: {update: [total]}, customers: {}}
"""


EXPECTED = """\
# Ours.
version: 1

entities:

  orders:   # the heart of it
    table: public.orders
    doc: One row per order.
    columns:
      id: {doc: "Its number: unique."}
      usr_id:   # guess: from the name
        name: customer_id
        references: customers
        doc: >-
          Who ordered; long long long long long long long long long long long long long long long
          long long long long long text.
      # DECIDE: what these codes mean; rows sampled: 1 7, 2 3
      stat_cd: {values: {1: new, 2: "no", 5: shipped}, name: status}
      upd_ts:
        name: updated_at
        doc: When it last changed.
      note:
        doc: "What #the clerk 'wrote'."
      total: {doc: In euros.}
      # ssn: {}  # hidden: looks like a national id
    rows: customer_id in customers

  customers:
    table: public.customers
    doc: One row per customer.
    columns: {id: {}, nm: {name: full_name, doc: Name.}}
    rows: id = task.customer_id

agents:
  clerk:
    entities: {orders: {update: [total]}, customers: {}}
"""


def merge(entities: dict[str, Any], text: str = POLICY) -> Filled:
    return merge_answer(text, make_answer(entities, text))


def make_answer(entities: dict[str, Any], text: str = POLICY) -> Answer:
    policy = load_policy_text(text, "moat.yaml").policy
    return read_answer(json.dumps({"entities": entities}), policy)


def test_all_that_is_open_is_filled_and_comments_stay() -> None:
    filled = merge(
        {
            "orders": {
                "doc": "One row per order.",
                "columns": {
                    "id": {"doc": "Its number: unique."},
                    "stat_cd": {"name": "status", "values": {"1": "new", "2": "no", "5": "sent"}},
                    "upd_ts": {"name": "updated_at", "doc": "When it last changed."},
                    "note": {"doc": "What #the clerk 'wrote'."},
                    "total": {"doc": "In dollars."},
                    "usr_id": {"name": "user_id", "doc": "Who ordered; " + "long " * 20 + "text."},
                },
            },
            "customers": {
                "doc": "One row per customer.",
                "columns": {"nm": {"name": "full_name", "doc": "Name."}},
            },
        }
    )
    assert filled.text == EXPECTED
    assert {kept.name: kept.why for kept in filled.kept} == {
        "entities.orders.columns.total.doc": "it is filled already",
        "entities.orders.columns.usr_id.name": "it has the name customer_id",
        "entities.orders.columns.stat_cd.values.5": "it is filled already",
    }
    assert len(filled.filled) == 12


def test_the_same_answer_twice_changes_nothing_more() -> None:
    entities = {"orders": {"doc": "One row per order.", "columns": {"stat_cd": {"values": {"1": "new"}}}}}
    once = merge(entities)
    again = merge_answer(once.text, make_answer(entities, once.text))
    assert (again.text, again.filled, again.kept) == (once.text, (), ())


def test_a_name_in_use_is_not_taken_away() -> None:
    columns = {"total": {"name": "amount"}, "upd_ts": {"name": "updated_at"}}
    filled = merge({"orders": {"columns": columns}})
    (kept,) = filled.kept
    assert kept.name == "entities.orders.columns.total.name"
    assert "agents.clerk.entities.orders.update.0" in kept.why
    assert "upd_ts:\n        name: updated_at\n" in filled.text


def test_a_name_that_others_look_for_by_rows_is_not_taken_away() -> None:
    text = POLICY.replace("rows: customer_id in customers", "rows: total = task.total")
    filled = merge({"orders": {"columns": {"total": {"name": "amount"}}}}, text)
    assert filled.text == text
    assert "entities.orders.rows" in filled.kept[0].why


def test_line_ends_of_windows_stay() -> None:
    text = POLICY.replace("\n", "\r\n")
    filled = merge({"orders": {"doc": "Orders.", "columns": {"id": {"doc": "word " * 30}}}}, text)
    assert filled.text.count("\n") == filled.text.count("\r\n")
    assert load_policy_text(filled.text, "moat.yaml").policy.entities["orders"].doc == "Orders."


@pytest.mark.parametrize(
    "doc",
    [
        "yes",
        "1",
        "- a",
        "a: b",
        "# c",
        "'",
        '"',
        "%d",
        "@x",
        "`",
        "{",
        "null",
        "é ñ 漢",
        "a\\nb",
        "*x",
        "&y",
        "? z",
        "!t",
    ],
)
def test_any_text_comes_back_as_it_was(doc: str) -> None:
    filled = merge({"orders": {"doc": doc, "columns": {"id": {"doc": doc}, "note": {"doc": doc}}}})
    entity = load_policy_text(filled.text, "moat.yaml").policy.entities["orders"]
    assert (entity.doc, entity.column("id").doc, entity.column("note").doc) == (doc, doc, doc)


def test_what_agents_may_do_is_the_same_after_any_merge() -> None:
    filled = merge({"orders": {"doc": "x\n    delete: soft", "columns": {"id": {"doc": "}, ssn: {}, x: {"}}}})
    before = load_policy_text(POLICY, "moat.yaml").policy
    after = load_policy_text(filled.text, "moat.yaml").policy
    assert after.agents == before.agents
    assert list(after.entities["orders"].columns) == list(before.entities["orders"].columns)
    assert after.entities["orders"].delete == before.entities["orders"].delete
    assert after.entities["orders"].column("id").doc == "}, ssn: {}, x: {"


def test_an_anchor_is_not_written_through() -> None:
    text = POLICY.replace("      id: {}\n", "      id: &one {}\n").replace(
        "      upd_ts:\n", "      upd_ts: *one\n"
    )
    filled = merge({"orders": {"columns": {"upd_ts": {"doc": "When."}}}}, text)
    assert filled.text == text
    assert filled.kept[0].why == "it could not be written there: write it by hand"


def test_a_policy_with_problems_of_its_own() -> None:
    with pytest.raises(PolicyError) as caught:
        merge_answer("version: 2\n", make_answer({}))
    assert not isinstance(caught.value, AnswerRefusedError)


def test_an_answer_for_an_older_policy() -> None:
    answer = make_answer({"customers": {"doc": "x"}, "orders": {"columns": {"note": {"doc": "y"}}}})
    text = POLICY.replace("  customers:\n    table", "  clients:\n    table").replace(
        "customers: {}", "clients: {}"
    )
    text = text.replace("references: customers", "references: clients").replace("in customers", "in clients")
    text = text.replace('      note:\n        doc: ""\n', "")
    filled = merge_answer(text, answer)
    assert filled.text == text
    assert [kept.name for kept in filled.kept] == ["entities.customers"]
