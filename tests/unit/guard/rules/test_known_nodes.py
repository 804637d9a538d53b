"""What the guard was not taught it denies."""

from __future__ import annotations

from pgmoat.guard.check import Use
from pgmoat.guard.parse import Node, Statement, parse_statement
from pgmoat.guard.rules.known_nodes import check_known_nodes
from tests.unit.guard.shop import SHOP


def test_a_node_of_a_later_parser_is_refused() -> None:
    statement = parse_statement("SELECT 1")
    assert isinstance(statement, Statement)
    statement.by_kind["GraphTable"] = [Node("GraphTable", {})]
    (problem,) = check_known_nodes(statement, Use.READ, SHOP)
    assert problem.rule == "known_nodes"
    assert "GraphTable" in problem.message
