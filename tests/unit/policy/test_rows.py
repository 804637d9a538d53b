"""What `rows:` may say, and what is said about what it may not."""

from __future__ import annotations

import pytest

from pgmoat.errors import PolicyError
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.rows import ReferenceRule, RowRule, RowsSyntaxError, TaskRule, parse_rows


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("customer_id = task.customer_id", [TaskRule("customer_id", "customer_id")]),
        ("  a=task.b  ", [TaskRule("a", "b")]),
        ("order_id in orders", [ReferenceRule("order_id", "orders")]),
        ("order_id IN orders", [ReferenceRule("order_id", "orders")]),
        (
            "a = task.x and b in bs AND c = task.y",
            [TaskRule("a", "x"), ReferenceRule("b", "bs"), TaskRule("c", "y")],
        ),
        ("a = task.x\n  and b = task.y", [TaskRule("a", "x"), TaskRule("b", "y")]),
        ('"Odd and ""even""" = task.x', [TaskRule('Odd and "even"', "x")]),
        ("band = task.land", [TaskRule("band", "land")]),
        ("all", []),
        (" ALL ", []),
    ],
)
def test_rules_are_read(text: str, rules: list[RowRule]) -> None:
    parsed = parse_rows(text)
    assert list(parsed.rules) == rules
    assert parsed.is_all == (not rules)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("customer_id", "customer_id"),
        ("", ""),
        ("customer_id = 42", "customer_id = 42"),
        ("customer_id = customer_id", "customer_id = customer_id"),
        ("a = task.x or b = task.y", "a = task.x or b = task.y"),
        ("a = task.x and", "a = task.x and"),
        ("a = task.x and true", "true"),
        ("a in (SELECT 1)", "a in (SELECT 1)"),
        ("a = task.x; DROP TABLE b", "a = task.x; DROP TABLE b"),
        ("a = task.x) OR (true", "a = task.x) OR (true"),
        ("all and a = task.x", "all"),
        ("a = task.'x'", "a = task.'x'"),
        ("a = task.", "a = task."),
        ("a <> task.x", "a <> task.x"),
    ],
)
def test_anything_else_is_refused(text: str, part: str) -> None:
    with pytest.raises(RowsSyntaxError) as caught:
        parse_rows(text)
    assert caught.value.part == part


def load(**rows: str) -> list[str]:
    """Return what is said about entities with these rules, a line each."""
    entities = "\n".join(
        f"  {name}: {{table: public.{name}, columns: {{id: {{}}, a: {{}}}}{text}}}"
        for name, rule in rows.items()
        for text in ([f', rows: "{rule}"'] if rule else [""])
    )
    with pytest.raises(PolicyError) as caught:
        load_policy_text(f"version: 1\nentities:\n{entities}\n", "moat.yaml")
    return list(caught.value.findings)


def test_a_wrong_rule_is_named_with_its_place() -> None:
    (line,) = load(orders="a == task.x")
    assert line.startswith("moat.yaml:3:")
    assert "entities.orders.rows: `a == task.x` is no rule for rows" in line
    assert "customer_id = task.customer_id" in line


def test_an_unknown_entity_gets_a_suggestion() -> None:
    (line,) = load(items="a in order", orders="a = task.x")
    assert "there is no entity `order` (did you mean `orders`?)" in line


@pytest.mark.parametrize("parent", ["", "all"])
def test_a_reference_to_an_entity_without_scope_is_refused(parent: str) -> None:
    (line,) = load(items="a in orders", orders=parent)
    assert "`orders` is not scoped" in line


def test_cycles_are_refused() -> None:
    assert "leads back to itself" in load(orders="a in orders")[0]
    lines = load(a="a in b", b="a in c", c="a in a", d="a in a")
    assert len(lines) == 3
    assert all("leads back to itself through" in line for line in lines)
