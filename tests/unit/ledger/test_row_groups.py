"""Rows of a held write in tables: by what a row is known, what changes, in which order."""

from __future__ import annotations

from pgmoat.ledger.approvals import HeldRow, Values
from pgmoat.ledger.row_groups import group_rows


def update(before: Values, after: Values, entity: str = "orders") -> HeldRow:
    return HeldRow(entity, "update", before, before | after)


def test_by_entity_and_operation_in_the_order_in_which_they_come() -> None:
    rows = [
        HeldRow("notes", "insert", None, {"id": "1"}),
        update({"id": "2"}, {}),
        HeldRow("notes", "insert", None, {"id": "3"}),
        HeldRow("notes", "delete", {"id": "4"}, None),
    ]
    groups = group_rows(rows, {})
    assert [(group.entity, group.operation, len(group.rows)) for group in groups] == [
        ("notes", "insert", 2),
        ("orders", "update", 1),
        ("notes", "delete", 1),
    ]


def test_key_what_changes_in_any_row_and_what_stays_in_each() -> None:
    base: Values = {"a": "1", "b": "2", "id": "3", "at": None}
    (group,) = group_rows([update(base, {"a": "9"}), update(base, {"at": "now"})], {"orders": ("at", "id")})
    assert (group.key, group.columns, group.same) == (("at", "id"), ("a",), ("b",))
    (group,) = group_rows([HeldRow("orders", "delete", base, None)], {"orders": ("id",)})
    assert (group.key, group.columns, group.same) == (("id",), ("a", "b", "at"), ())


def test_a_key_that_nobody_knows() -> None:
    (group,) = group_rows([update({"name": "x", "id": "1"}, {"name": "y"})], {"orders": ("gone",)})
    assert group.key == ("id",)
    (group,) = group_rows([update({"a": "1", "b": "2"}, {"a": "2"})], {})
    assert group.key == ("b",)
    (group,) = group_rows([update({"a": "1"}, {"a": "2"})], {})
    assert group.key == ()


def test_numbers_by_their_size_then_texts_then_null() -> None:
    keys = [None, "b", "10", "-2", "9", "9" * 5_000, "²"]
    (group,) = group_rows([HeldRow("orders", "delete", {"id": key}, None) for key in keys], {})
    assert [(row.before or {})["id"] for row in group.rows] == ["-2", "9", "10", "9" * 5_000, "b", "²", None]


def test_how_many_change_nothing() -> None:
    idle, done = update({"id": "1", "a": "x"}, {}), update({"id": "2", "a": "x"}, {"a": "y"})
    sizes = [group_rows(rows, {})[0].size for rows in ([done], [idle], [idle, done], [idle, idle])]
    assert sizes == ["1 row", "1 row, unchanged", "2 rows, 1 of them unchanged", "2 rows, unchanged"]
